import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assembleFtrace } from '../../../src/lab/record/ftrace.js';
import {
  type Imported,
  type ImportedTrace,
  importTrace,
  importTraceFile,
} from '../../../src/lab/record/import.js';
import { completeWaits, pidsIn, widestMoment } from '../../../src/lab/record/trace.js';
import { parseTrace, type TraceEvent } from '../../../src/program/catalogue/trace.js';
import shipped from '../../../src/program/catalogue/traces/rabbitmqctl.json' with { type: 'json' };
import { describeLive, itWith } from '../live.js';
import { type ModelledRun, modelRuns } from '../namespace/model.js';

const SHIPPED_TRACE = `${shipped.lines.join('\n')}\n`;

/** Tab-separated text, as program/catalogue/trace.ts reads it. */
function printTrace(events: readonly TraceEvent[]): string {
  const lines = events.map(({ timeUs, event, task, child, name }) =>
    [timeUs, event, task, child === 0 ? '' : child, name].join('\t'),
  );
  return ['time_us\tevent\ttask\tchild\tname', ...lines, ''].join('\n');
}

/** With the sizes of its trace. */
function imported(text: string, file = 'trace') {
  const result = importTrace(text, file);
  if (!result.ok) throw new Error(JSON.stringify(result.diagnostics));
  const { events } = result.value;
  const durationUs = events[events.length - 1].timeUs - events[0].timeUs;
  return { ...result.value, ...pidsIn(events), widest: widestMoment(events), durationUs };
}

/** `FILE:LINE CODE` of each diagnostic. */
function wrong(result: Imported): string[] {
  return result.ok ? [] : result.diagnostics.map(({ file, line, code }) => `${file}:${line} ${code}`);
}

function modelled({ name, programs }: ImportedTrace, runs = 1): ModelledRun[] {
  return modelRuns(name, programs, runs);
}

const table = (...lines: string[]): string =>
  ['time_us event task child name', ...lines].join('\n').replaceAll(' ', '\t') + '\n';

describe('the shipped trace of rabbitmqctl node_health_check', () => {
  const value = imported(SHIPPED_TRACE);

  it('has 26 processes and 19 extra threads, 26 of them alive at the widest', () => {
    expect(value).toMatchObject({
      format: 'table',
      name: 'rabbitmqctl',
      processes: 26,
      threads: 19,
      widest: 26,
    });
    expect(value.durationUs).toBe(353_999);
  });

  it('becomes a program that leaves two zombies, pins two PIDs and uses 45', () => {
    for (const run of modelled(value, 3)) {
      expect(run).toMatchObject({
        status: 0,
        zombies: 2,
        pinned: 2,
        live: 0,
        pidsUsed: 45,
        durationUs: 353_999,
      });
    }
  });

  it('says what it had to infer', () => {
    expect(value.notes).toContainEqual(
      expect.stringContaining('which parent waited for which child is inferred'),
    );
    expect(value.notes).toContainEqual(expect.stringContaining('beam.smp ignores SIGCHLD'));
  });
});

describe('a table with waits', () => {
  const waited = table('0 exec 1  sh', '10 fork 1 2 sh', '50 exit 2', '60 wait 1 2', '99 exit 1 3');
  const left = table(
    '0 exec 1  sh',
    '10 fork 1 2 sh',
    '20 fork 1 3 sh',
    '50 exit 2',
    '60 wait 1 2',
    '70 exit 3',
    '99 exit 1',
  );

  it('leaves nothing where the parent waited', () => {
    expect(modelled(imported(waited))[0]).toMatchObject({ zombies: 0, status: 3, durationUs: 99 });
  });

  it('leaves a zombie where it did not', () => {
    expect(modelled(imported(left))[0]).toMatchObject({ zombies: 1, pinned: 1, pidsUsed: 3 });
  });

  it('needs nothing inferred', () => {
    expect(imported(left).notes).toEqual([]);
  });
});

describe('strace output', () => {
  const STDERR = `1700000000.000000 execve("/bin/sh", ["sh", "-c", "sleep 1 & exit 7"], 0x7ffe /* 9 vars */) = 0
1700000000.001000 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLDstrace: Process 701 attached
, child_tidptr=0x7f) = 701
[pid   700] 1700000000.002000 wait4(-1, 0x7ffe, WNOHANG, NULL) = 0
[pid   701] 1700000000.002500 setsid() = 701
[pid   700] 1700000000.003000 exit_group(7)                 = ?
[pid   700] 1700000000.003100 +++ exited with 7 +++
1700000000.004000 execve("/bin/sleep", ["sleep", "1"], 0x55 /* 9 vars */) = 0
1700000001.004000 exit_group(0) = ?
1700000001.004100 +++ exited with 0 +++
`;

  it('without PIDs is read by what is still alive', () => {
    const value = imported(STDERR, 'stderr.txt');
    expect(value).toMatchObject({ format: 'strace', name: 'sh', processes: 2, threads: 0, widest: 2 });
    expect(value.events.map(({ event, task, child }) => [event, task, child])).toEqual([
      ['exec', 1, 0],
      ['fork', 1, 2],
      ['setsid', 2, 0],
      ['exit', 1, 7],
      ['exec', 2, 0],
      ['exit', 2, 0],
    ]);
    expect(modelled(value)[0]).toMatchObject({ status: 7, zombies: 1, pinned: 0, pidsUsed: 2 });
  });

  it('takes a vfork’s child from its first line, and its birth from the call’s beginning', () => {
    const value = imported(`10  1.000000 execve("/bin/sh", ["sh"], 0x1) = 0
10  1.000100 vfork( <unfinished ...>
11  1.000200 execve("/bin/true", ["true"], 0x1 <unfinished ...>
10  1.000300 <... vfork resumed>) = 11
11  1.000310 <... execve resumed>) = 0
10  1.000400 wait4(11,  <unfinished ...>
11  1.000500 +++ exited with 0 +++
10  1.000600 <... wait4 resumed>[{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 11
10  1.000700 +++ exited with 0 +++
`);
    expect(value.events.find(({ event }) => event === 'fork')).toMatchObject({
      timeUs: 100,
      task: 1,
      child: 2,
    });
    expect(value.events.find(({ event }) => event === 'wait')).toMatchObject({
      timeUs: 600,
      task: 1,
      child: 2,
    });
    expect(modelled(value)[0]).toMatchObject({ zombies: 0, pidsUsed: 2 });
  });

  it('tells threads from processes by CLONE_THREAD', () => {
    const value = imported(`10  1.000000 execve("/app", ["app"], 0x1) = 0
10  1.000100 clone3({flags=CLONE_VM|CLONE_FS|CLONE_THREAD|CLONE_SYSVSEM, child_tid=0x7, exit_signal=0}, 88) = 11
10  1.000200 clone3({flags=CLONE_VM|CLONE_VFORK|CLONE_CLEAR_SIGHAND, exit_signal=SIGCHLD}, 88) = 12
12  1.000250 +++ exited with 0 +++
10  1.000260 waitid(P_PID, 12, {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=12, si_status=0}, WEXITED, NULL) = 0
11  1.100300 +++ exited with 0 +++
10  1.200400 +++ exited with 0 +++
`);
    expect(value).toMatchObject({ processes: 2, threads: 1, widest: 3 });
    expect(modelled(value)[0]).toMatchObject({ zombies: 0, pidsUsed: 3 });
  });

  it('does not take a peek with WNOWAIT for a wait', () => {
    const value = imported(`10  1.000000 execve("/app", ["app"], 0x1) = 0
10  1.000100 fork() = 11
11  1.000200 +++ exited with 0 +++
10  1.000300 waitid(P_PID, 11, {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=11}, WNOHANG|WEXITED|WNOWAIT, NULL) = 0
10  1.000400 +++ killed by SIGKILL +++
`);
    expect(modelled(value)[0]).toMatchObject({ zombies: 1, status: 137 });
  });

  it('uses the tracer’s own PIDs where it says them', () => {
    const value = imported(`5010  1.000000 execve("/app", ["app"], 0x1) = 0
5010  1.000100 clone(flags=SIGCHLD) = 3 /* 5011 in strace's PID NS */
5011  1.000200 +++ exited with 0 +++
5010  1.000300 wait4(-1, NULL, 0, NULL) = 3 /* 5011 in strace's PID NS */
5010  1.000400 +++ exited with 0 +++
`);
    expect(modelled(value)[0]).toMatchObject({ zombies: 0, pidsUsed: 2 });
  });

  it('leaves out execs that failed', () => {
    const value = imported(`10  1.000000 execve("/app", ["app"], 0x1) = 0
10  1.000100 execve("/no/such", ["such"], 0x1) = -1 ENOENT (No such file or directory)
10  1.000400 +++ exited with 0 +++
`);
    expect(value.programs.get('app')).toMatchObject({ comm: 'app', steps: [{ sleep: '400us' }] });
  });
});

describeLive('a command under the real strace', () => {
  const script = '(sleep 0.2 &); echo a | cat; setsid -f sleep 0.1; exit 3';

  for (const [how, args] of [
    ['-o', ['-f', '-ttt']],
    ['-o, processes only', ['-f', '-ttt', '-e', 'trace=process,setsid,setpgid']],
  ] as const) {
    itWith(['strace', 'bash'], `becomes a program that leaves what it left (${how})`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'pidsim-test-'));
      try {
        const file = join(folder, 'trace');
        try {
          execFileSync('strace', [...args, '-o', file, 'bash', '-c', script], { stdio: 'ignore' });
        } catch (error) {
          expect((error as { status: number }).status).toBe(3);
        }
        const result = importTraceFile(file);
        expect(wrong(result)).toEqual([]);
        if (result.ok)
          expect(modelled(result.value)[0]).toMatchObject({ status: 3, zombies: 2, pinned: 1, live: 0 });
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  }
});

describe('a bad trace', () => {
  it('is told with file and line, a few of each kind', () => {
    const text = table('0 exec 1  sh', '5 fork 3 2 sh', '6 exit 9', '7 sleep 1', 'x exec 1  a');
    expect(wrong(importTrace(text, 'bad.tsv'))).toEqual(['bad.tsv:5 not-a-trace', 'bad.tsv:6 not-a-trace']);
    const order = table(
      '0 exec 1  sh',
      '5 fork 3 2 sh',
      '6 fork 1 1 sh',
      '7 exit 1',
      '8 setsid 1',
      '9 wait 1 8',
    );
    expect(wrong(importTrace(order, 'bad.tsv'))).toEqual([
      'bad.tsv:3 unknown-task',
      'bad.tsv:4 task-born-twice',
      'bad.tsv:6 task-ended',
      'bad.tsv:7 task-ended',
      'bad.tsv:7 unknown-task',
    ]);
  });

  it('does not repeat itself for every line', () => {
    const result = importTrace('some prose\n'.repeat(1000), 'prose.txt');
    expect(wrong(result)).toHaveLength(3);
    if (!result.ok) expect(result.diagnostics[2].message).toMatch(/and \d+ more like these/);
  });

  it('is strace without times, and then the hint has the options', () => {
    const result = importTrace(
      '10 execve("/bin/true", ["true"], 0x1) = 0\n10 +++ exited with 0 +++\n',
      'trace',
    );
    expect(wrong(result)).toEqual(['trace:1 no-time', 'trace:2 no-time']);
    if (!result.ok) expect(result.diagnostics[0].hint).toContain('strace -f -ttt');
  });

  it('is strace without a process in it', () => {
    expect(
      wrong(importTrace('10  1.000000 openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3\n', 'trace')),
    ).toEqual(['trace:0 empty-trace']);
  });

  it('is empty, binary, a folder, or not there', () => {
    expect(wrong(importTrace('', 'empty'))).toEqual(['empty:0 not-a-trace']);
    expect(wrong(importTrace('\x7fELF\0\0', 'program'))).toEqual(['program:0 not-a-trace']);
    expect(wrong(importTraceFile('test'))).toEqual(['test:0 unreadable']);
    expect(wrong(importTraceFile('test/no-such-trace'))).toEqual(['test/no-such-trace:0 unreadable']);
  });

  it('never makes it throw', () => {
    const words = fc.constantFrom(
      '10 ',
      '[pid 7] ',
      '1.000001 ',
      'fork() = 8',
      'execve("/a") = 0',
      '+++ exited with 0 +++',
      'vfork( <unfinished ...>',
    );
    const cells = fc.constantFrom('0', '1', '2', '-1', 'fork', 'exec', 'wait', 'thread', 'exit', 'x', '');
    const line = fc.oneof(
      fc.array(words, { maxLength: 4 }).map((parts) => parts.join('')),
      fc.array(cells, { maxLength: 5 }).map((parts) => parts.join('\t')),
      fc.string({ maxLength: 20 }),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const result = importTrace(lines.join('\n'), 'fuzz');
        if (!result.ok) expect(result.diagnostics.length).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a trace of the scheduler’s events', () => {
  const FTRACE = `# tracer: nop
            bash-900   [000] .....    10.000001: task_newtask: pid=901 comm=bash clone_flags=1200000 oom_score_adj=0
            bash-900   [000] .....    10.000100: sched_process_exec: filename=/usr/bin/my app pid=900 old_pid=900
          my app-900   [000] .....    10.000200: task_newtask: pid=902 comm=my app clone_flags=1200000 oom_score_adj=0
          my app-900   [000] .....    10.000210: sys_clone -> 0x9
     a-b [x] c-d-902   [001] .....    10.000220: sys_clone -> 0x0
     a-b [x] c-d-902   [001] .....    10.000300: sys_setpgid(pid: 0, pgid: 0)
     a-b [x] c-d-902   [001] .....    10.000310: sys_setpgid -> 0x0
          my app-900   [000] .....    10.000320: sys_setpgid(pid: 9, pgid: 9)
          my app-900   [000] .....    10.000400: task_newtask: pid=903 comm=my app clone_flags=3d0f00 oom_score_adj=0
     a-b [x] c-d-902   [001] .....    10.000500: sys_exit_group(error_code: 10)
     a-b [x] c-d-902   [001] .....    10.000510: sched_process_exit: comm=a-b pid=902 prio=120 group_dead=true
          my app-900   [000] .....    10.000600: sys_wait4 -> 0x9
          my app-900   [000] .....    10.000610: sys_wait4 -> 0xfffffffffffffff6
           other-999   [000] .....    10.000620: sched_process_exit: comm=other pid=999 prio=120 group_dead=true
          my app-903   [000] .....    10.000700: sched_process_exit: comm=my app pid=903 prio=120 group_dead=false
          my app-900   [000] .....    10.000800: sched_process_exit: comm=my app pid=900 prio=120 group_dead=true
`;

  it('begins at the command’s exec, knows PIDs inside by what clone answered, and leaves out strangers', () => {
    const events = assembleFtrace(FTRACE, { hostPid: 900, pid: 5, comm: 'my app' }).finish(3);
    expect(printTrace(events).trimEnd().split('\n').slice(1)).toEqual([
      '0\texec\t1\t\tmy app',
      '100\tfork\t1\t3\tmy app',
      '200\tsetpgid\t3\t\t',
      '300\tthread\t1\t4\tmy app',
      '410\texit\t3\t16\tmy app',
      '500\twait\t1\t3\t',
      '600\texit\t4\t\tmy app',
      '700\texit\t1\t3\tmy app',
    ]);
    expect(widestMoment(events)).toBe(3);
  });
});

describe('what the state at rest adds to a trace', () => {
  const event = (timeUs: number, kind: TraceEvent['event'], task: number, child = 0): TraceEvent => ({
    timeUs,
    event: kind,
    task,
    child,
    name: kind === 'exec' ? 'app' : '',
  });
  const events = [event(0, 'exec', 1), event(10, 'fork', 1, 2), event(50, 'exit', 1), event(60, 'exit', 2)];

  it('is a wait for a child that is dead and gone, and a parent that lived to see it', () => {
    const completed = completeWaits(events, new Set());
    expect(completed.map(({ timeUs, event: kind }) => [timeUs, kind])).toEqual([
      [0, 'exec'],
      [10, 'fork'],
      [60, 'exit'],
      [60, 'wait'],
      [61, 'exit'],
    ]);
  });

  it('is nothing for a child that is a zombie at rest', () => {
    expect(completeWaits(events, new Set([2]))).toEqual(events);
  });
});

describe('the printed form of a trace', () => {
  it('is read back as it was', () => {
    const events = imported(SHIPPED_TRACE).events;
    expect(parseTrace(printTrace(events))).toEqual({ ok: true, events });
    expect(printTrace(events)).toBe(SHIPPED_TRACE);
  });

  it('goes through a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pidsim-test-'));
    const file = join(folder, 'trace.tsv');
    writeFileSync(file, SHIPPED_TRACE);
    expect(readFileSync(file, 'utf8')).toBe(SHIPPED_TRACE);
    const result = importTraceFile(file, { name: 'health-check' });
    rmSync(folder, { recursive: true });
    expect(result.ok && [...result.value.programs.keys()]).toEqual(['health-check']);
  });
});

/** `sh -c 'sleep 0.1; (sleep 0.2 &); true'`, as `strace -ff -ttt -e trace=process` writes it. */
const SET = {
  100: `1700000000.000000 execve("/bin/sh", ["sh"], 0x7ffd /* 9 vars */) = 0
1700000000.010000 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD) = 101
1700000000.010500 wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 101
1700000000.111000 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD) = 102
1700000000.111500 wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 102
1700000000.114000 exit_group(0) = ?
1700000000.114100 +++ exited with 0 +++
`,
  101: `1700000000.010600 execve("/bin/sleep", ["sleep", "0.1"], 0x7ffd /* 9 vars */) = 0
1700000000.110600 exit_group(0) = ?
1700000000.110700 +++ exited with 0 +++
`,
  102: `1700000000.111600 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD) = 103
1700000000.112000 exit_group(0) = ?
1700000000.112100 +++ exited with 0 +++
`,
  103: `1700000000.112200 execve("/bin/sleep", ["sleep", "0.2"], 0x7ffd /* 9 vars */) = 0
1700000000.312200 exit_group(0) = ?
1700000000.312300 +++ exited with 0 +++
`,
};

describe('a set of files that strace -ff wrote', () => {
  function inFolder<T>(pids: readonly number[], act: (base: string) => T): T {
    const folder = mkdtempSync(join(tmpdir(), 'pidsim-set-'));
    for (const pid of pids) writeFileSync(join(folder, `probe.${pid}`), SET[pid as keyof typeof SET]);
    try {
      return act(join(folder, 'probe'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
  const ALL = [100, 101, 102, 103];

  it('is one trace, whichever of its files is named, or what was given to -o', () => {
    const leftBy = (name: string) =>
      inFolder(ALL, (base) => {
        const result = importTraceFile(`${base}${name}`);
        if (!result.ok) throw new Error(JSON.stringify(result.diagnostics));
        expect(result.value.notes.at(-1)).toContain('4 files');
        const [{ zombies, pinned }] = modelled(result.value);
        return [result.value.name, zombies, pinned];
      });
    expect(leftBy('')).toEqual(['sh', 1, 1]);
    expect(leftBy('.100')).toEqual(['sh', 1, 1]);
    expect(leftBy('.103')).toEqual(['sh', 1, 1]);
  });

  it('of which a file is missing is an error that names it', () => {
    const missing = inFolder([100, 101, 102], (base) => importTraceFile(base));
    expect(missing.ok ? '' : missing.diagnostics[0].message).toMatch(/probe\.103 is missing$/);
  });

  it('one file alone, without its children, makes no program in silence', () => {
    expect(wrong(importTrace(SET[100], 'one'))).toEqual(['one:0 incomplete-trace']);
    expect(wrong(importTrace(SET[101], 'one'))).toEqual([]);
  });
});
