import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { BadLabOption, pidsCgroupRoot } from '../../../src/lab/namespace/setup.js';
import { programFromSnapshots, programsFromTraces, programsYaml } from '../../../src/lab/record/program.js';
import {
  CommandNotRun,
  MEASURES,
  programName,
  RECORD_SOURCES,
  type Recording,
  recordCommand,
  spreadOf,
} from '../../../src/lab/record/record.js';
import type { RecordedRun } from '../../../src/lab/record/recorded-run.js';
import { formatRecording } from '../../../src/lab/record/text.js';
import { readAlone } from '../../program/read.js';
import { describeLive, expectNothingLeft, isInstalled, itWith, markedEnvironment } from '../live.js';
import { modelRuns } from '../namespace/model.js';

const RUNS = 2;

/** A probe command, and what a run of it leaves behind and uses. */
interface Probe {
  says: string;
  command: string[];
  zombies: number;
  pinned: number;
  live: number;
  pidsUsed: number;
  status: number;
}

const PROBES: Probe[] = [
  {
    says: 'a plain binary leaves nothing',
    command: ['true'],
    zombies: 0,
    pinned: 0,
    live: 0,
    pidsUsed: 1,
    status: 0,
  },
  {
    says: 'a pipeline whose shell waits leaves nothing',
    command: ['sh', '-c', 'echo a | cat | cat; exit 4'],
    zombies: 0,
    pinned: 0,
    live: 0,
    pidsUsed: 4,
    status: 4,
  },
  {
    says: 'a background job leaves a zombie, which pins the shell’s PID',
    command: ['sh', '-c', 'sleep 0.2 & exit 3'],
    zombies: 1,
    pinned: 1,
    live: 0,
    pidsUsed: 2,
    status: 3,
  },
  {
    says: 'a daemon in a session of its own pins no PID but its own',
    command: ['sh', '-c', 'setsid -f sleep 0.2'],
    zombies: 1,
    pinned: 0,
    live: 0,
    pidsUsed: 3,
    status: 0,
  },
  {
    says: 'a double fork in a session of its own pins the middle process’s PID',
    command: ['setsid', '-w', 'sh', '-c', 'sleep 0.2 & :'],
    zombies: 1,
    pinned: 1,
    live: 0,
    pidsUsed: 3,
    status: 0,
  },
  {
    says: 'a daemon that stays is alive, not a zombie',
    command: ['sh', '-c', 'setsid -f sleep 1000'],
    zombies: 0,
    pinned: 0,
    live: 1,
    pidsUsed: 3,
    status: 0,
  },
];

const record = (command: string[], more: object = {}): Promise<Recording> =>
  recordCommand(command, { runs: RUNS, settleMs: 600, ...more });

/** Those in which it matters which process waited for which. */
const TELLING = PROBES.filter(({ zombies, live }) => zombies + live > 0);

describeLive(
  'a recorded command',
  () => {
    for (const probe of PROBES) {
      const { says, command, status, ...left } = probe;
      itWith([command[0]], `${says}, and its program does the same in the model`, async () => {
        const recording = await record(command);
        for (const run of recording.runs) expect(run).toMatchObject({ status, timedOut: false, ...left });
        expectSameInModel(recording, probe);
      });
    }

    for (const source of RECORD_SOURCES.filter((each) => each !== 'tracefs')) {
      itWith(
        source === 'strace' ? ['strace'] : [],
        `becomes the same program without tracefs (${source})`,
        async () => {
          for (const probe of TELLING) {
            const recording = await record(probe.command, { source });
            expect(recording.source).toBe(source);
            expectSameInModel(recording, probe);
          }
        },
      );
    }

    it('without a session of its own pins nothing: its group is outside', async () => {
      const recording = await record(['sh', '-c', 'sleep 0.2 & exit 0'], { setsid: false });
      for (const run of recording.runs) expect(run).toMatchObject({ zombies: 1, pinned: 0 });
      const [name] = recording.programs.keys();
      for (const run of modelRuns(name, recording.programs, RUNS, { setsid: false })) {
        expect(run).toMatchObject({ zombies: 1, pinned: 0 });
      }
    });

    itWith(
      ['busybox'],
      'that ends a moment after its exit was traced is waited for: busybox timeout leaves one zombie',
      async () => {
        const recording = await record(['busybox', 'timeout', '5', 'true'], { settleMs: 1500 });
        for (const run of recording.runs) expect(run).toMatchObject({ zombies: 1, live: 0 });
        const [name] = recording.programs.keys();
        for (const run of modelRuns(name, recording.programs, RUNS))
          expect(run).toMatchObject({ zombies: 1, live: 0 });
      },
    );

    itWith(['perl'], 'whose parent ignores SIGCHLD leaves nothing, as the kernel reaps', async () => {
      const recording = await record(['perl', '-e', '$SIG{CHLD} = "IGNORE"; fork or exit; sleep 1']);
      for (const run of recording.runs) expect(run).toMatchObject({ zombies: 0, pinned: 0, pidsUsed: 2 });
      const [name] = recording.programs.keys();
      for (const run of modelRuns(name, recording.programs, RUNS))
        expect(run).toMatchObject({ zombies: 0, pidsUsed: 2 });
    });

    it('is given as the `programs:` of a scenario', async () => {
      const recording = await record(['sh', '-c', 'sleep 0.1 & exit 3'], { name: 'my-probe' });
      const document = parse(programsYaml(recording.programs)) as { programs: Record<string, unknown> };
      expect(Object.keys(document.programs)).toEqual(['my-probe']);
      expect(readAlone(document.programs['my-probe'])).toMatchObject({ ok: true, source: { comm: 'sh' } });
      expect(formatRecording(recording)).toMatch(
        /Each run leaves 2 PIDs taken for good, .* Every run failed: .*\n\nZombies: 1 sleep\./,
      );
    });
  },
  { concurrent: true },
);

function expectSameInModel(
  recording: Recording,
  { command, status, zombies, pinned, live, pidsUsed }: Probe,
): void {
  const [name] = recording.programs.keys();
  for (const run of modelRuns(name, recording.programs, RUNS)) {
    expect([command, run]).toEqual([command, { ...run, status, zombies, pinned, live, pidsUsed }]);
  }
}

describeLive('nothing is left of a command', () => {
  it('that does not exist', async () => {
    const { mark, env } = markedEnvironment();
    await expect(record(['pidsim-no-such-command'], { env })).rejects.toThrow(CommandNotRun);
    await expect(record(['/etc/passwd'], { env })).rejects.toThrow('it is not executable');
    await expectNothingLeft(mark);
  });

  it('that never ends: it is killed at the timeout', async () => {
    const { mark, env } = markedEnvironment();
    const { runs, notes } = await record(['sh', '-c', 'sleep 1000 & sleep 1000'], {
      env,
      runs: 1,
      timeoutMs: 400,
    });
    expect(runs[0]).toMatchObject({ timedOut: true, signal: 'SIGKILL', live: 2 });
    expect(notes).toContain('1 of 1 runs were killed at the timeout');
    await expectNothingLeft(mark);
  });

  it('that ignores every signal it can', async () => {
    const { mark, env } = markedEnvironment();
    const stubborn = ['sh', '-c', 'trap "" HUP INT TERM; while :; do sleep 1; done'];
    expect((await record(stubborn, { env, runs: 1, timeoutMs: 400 })).runs[0].timedOut).toBe(true);
    await expectNothingLeft(mark);
  });

  it('that writes a gigabyte: it is counted, and its end kept', async () => {
    const { mark, env } = markedEnvironment();
    const before = process.memoryUsage().rss;
    const write = 'head -c 1000000000 /dev/zero; echo; echo the end';
    const { runs, outputTail } = await record(['sh', '-c', write], { env, runs: 1, timeoutMs: 60_000 });
    expect(runs[0]).toMatchObject({ timedOut: false, outputBytes: 1_000_000_009 });
    expect(outputTail.endsWith('\nthe end\n')).toBe(true);
    expect(outputTail.length).toBeLessThanOrEqual(2048);
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
    await expectNothingLeft(mark);
  });

  it('that daemonises', async () => {
    const { mark, env } = markedEnvironment();
    const { runs } = await record(['sh', '-c', 'setsid -f sh -c "sleep 1000 & sleep 1000"'], {
      env,
      runs: 2,
    });
    expect(runs.map(({ live }) => live)).toEqual([3, 3]);
    await expectNothingLeft(mark);
  });

  it('that forks without end: its cgroup stops it', async () => {
    const { mark, env } = markedEnvironment();
    const { runs } = await record(['sh', '-c', 'while :; do sleep 1000 & done'], {
      env,
      runs: 1,
      source: 'snapshots',
    });
    expect(runs[0].status).toBe(2);
    expect(runs[0].live).toBeGreaterThan(900);
    expect(runs[0].live).toBeLessThanOrEqual(1000);
    await expectNothingLeft(mark);
  });

  it('whose recording is interrupted', async () => {
    const { mark, env } = markedEnvironment();
    const interruption = new AbortController();
    setTimeout(() => interruption.abort(new Error('interrupted')), 400);
    await expect(record(['sleep', '1000'], { env, signal: interruption.signal })).rejects.toThrow(
      'interrupted',
    );
    await expectNothingLeft(mark);
  });

  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    it(`whose recorder is ended by ${signal}`, async () => {
      const { mark, env } = markedEnvironment();
      const code = `import('./src/lab/record/record.ts').then((lab) => lab.recordCommand(['sh', '-c', 'setsid -f sleep 1000; sleep 1000']))`;
      const recorder = spawn(process.execPath, ['--import', 'tsx', '-e', code], { env, stdio: 'ignore' });
      const cgroup = (): boolean =>
        readdirSync(pidsCgroupRoot() ?? '/proc').some((name) =>
          name.startsWith(`pidsim-probe-${recorder.pid}-`),
        );
      for (let waited = 0; waited < 20_000 && !cgroup(); waited += 50) await sleep(50);
      await sleep(500);
      const left = new Promise((resolve) => recorder.once('exit', resolve));
      recorder.kill(signal);
      await left;
      for (let waited = 0; waited < 5000 && cgroup(); waited += 50) await sleep(50);
      expect(cgroup()).toBe(false);
      await expectNothingLeft(mark);
    });
  }
});

describe('options that make no sense', () => {
  it('are refused before anything is run', async () => {
    for (const runs of [0, -1, 1.5, Number.NaN, 100_000])
      await expect(recordCommand(['true'], { runs })).rejects.toThrow(BadLabOption);
    await expect(recordCommand(['true'], { timeoutMs: 0 })).rejects.toThrow('timeout is a time');
  });
});

describe('what is said of several runs', () => {
  const run = (zombies: number, durationUs: number): RecordedRun => ({
    status: 0,
    signal: null,
    timedOut: false,
    durationUs,
    outputBytes: 0,
    zombies,
    pinned: zombies,
    live: 0,
    pid: 2,
    left: [],
    pidsUsed: 3,
    widest: 2,
    restless: false,
    events: [
      { timeUs: 0, event: 'exec', task: 1, child: 0, name: 'probe' },
      { timeUs: 10, event: 'fork', task: 1, child: 2, name: 'probe' },
      { timeUs: 20, event: 'exit', task: 2, child: 0, name: 'probe' },
      ...(zombies === 0 ? [{ timeUs: 30, event: 'wait' as const, task: 1, child: 2, name: '' }] : []),
      { timeUs: durationUs, event: 'exit', task: 1, child: 0, name: 'probe' },
    ],
  });

  const text = (...runs: Partial<RecordedRun>[]): string => {
    const all = runs.map((each) => ({ ...run(0, 10), ...each }));
    const spread = Object.fromEntries(
      MEASURES.map((measure) => [measure, spreadOf(all.map((each) => each[measure]))]),
    ) as Recording['spread'];
    const [command, notes] = [['probe'], []];
    return formatRecording({
      command,
      source: 'tracefs',
      notes,
      runs: all,
      spread,
      programs: new Map(),
      outputTail: '',
    });
  };

  it('is that it leaves nothing behind, if it succeeded', () => {
    expect(text({})).toContain('It leaves nothing behind: it can be run as often as you like.');
    expect(text({}, { status: 1 })).toContain('as often as you like');
  });

  it('is no promise if every run failed: its server may be down', () => {
    for (const end of [{ status: 2 }, { status: null, signal: 'SIGKILL', timedOut: true }]) {
      expect(text(end)).toContain('These runs left nothing behind. Every run failed:');
      expect(text(end)).not.toContain('as often as you like');
    }
    expect(text({ status: 2, zombies: 1 })).toContain('Each run leaves 1 PID taken for good');
  });

  it('is what is taken for good, and apart from it what is alive', () => {
    expect(text({ zombies: 1, live: 1 })).toContain(
      'Each run leaves 1 PID taken for good, as long as PID 1 does not reap, and 1 process alive.',
    );
    expect(text({ live: 2 })).toContain('Each run leaves 2 processes alive.');
    expect(text({ zombies: 1 }, { zombies: 2 })).toContain('Each run leaves 1.5 PIDs taken for good');
  });

  it('is the least, the middle and the most that was measured', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ min: 1, median: 2, max: 3 });
    expect(spreadOf([4, 1, 2, 3])).toEqual({ min: 1, median: 2, max: 4 });
  });

  it('is one program where they agree', () => {
    const notes: string[] = [];
    expect([...programsFromTraces('probe', 'here', [run(1, 100), run(1, 200)], notes).keys()]).toEqual([
      'probe',
    ]);
    expect(notes).toEqual([]);
  });

  it('is a draw between two where they do not, as often as each was seen', () => {
    const notes: string[] = [];
    const programs = programsFromTraces(
      'probe',
      'here',
      [run(1, 100), run(0, 100), run(1, 100), run(1, 100)],
      notes,
    );
    expect([...programs.keys()]).toEqual(['probe', 'probe-1', 'probe-2']);
    expect(notes[0]).toContain('3 of 4 left 1 zombies, 1 pinned, 0 alive, 1 of 4 left 0 zombies');
    const modelled = modelRuns('probe', programs, 400);
    expect(modelled.filter(({ zombies }) => zombies === 1).length / 400).toBeCloseTo(0.75, 1);
  });

  it('keeps apart, without a trace, a session leader and a process left in the session of a reaped leader', () => {
    const task = { ppid: 1, stat: 'Z', comm: 'inner', threads: 1 };
    const left = [
      { ...task, pid: 5, pgid: 4, sid: 4 },
      { ...task, pid: 6, pgid: 6, sid: 6 },
      { ...task, pid: 7, pgid: 2, sid: 2 },
    ];
    const recorded = { ...run(3, 1000), left, zombies: 3, pinned: 2, pidsUsed: 9, events: null };
    const [modelled] = modelRuns('probe', programFromSnapshots('probe', 'here', ['probe'], [recorded]), 1);
    expect(modelled).toMatchObject({ zombies: 3, pinned: 2, live: 0, pidsUsed: 9 });
  });

  it('goes by the name of the command’s file', () => {
    expect(programName(['/usr/sbin/rabbitmqctl', 'status'])).toBe('rabbitmqctl');
    expect(programName(['./My Probe.sh'])).toBe('my-probe.sh');
    expect(programName(['/'])).toBe('command');
  });
});

describe('the tests of the lab', () => {
  it('look for commands where the shell would', () => {
    expect(isInstalled('sh')).toBe(true);
    expect(isInstalled('pidsim-no-such-command')).toBe(false);
    expect(existsSync('src/lab/namespace/keeper.c')).toBe(true);
  });
});
