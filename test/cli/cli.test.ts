/** The command line as a stranger would use it: the built program, its output, its exit codes. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { psDocument } from '../../src/report/ps.js';
import { testWithPromtool } from '../promtool.js';

const CLI = join(import.meta.dirname, '../../dist/cli.js');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pidsim-cli-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function pidsim(args: string[], options: { input?: string; cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    cwd: folder,
    ...options,
  });
  return { status, stdout, stderr };
}

/** A node on which each probe leaves an orphan, or waits for it. */
function scenario(
  changes: { reaps?: boolean; expect?: string; horizon?: string; extra?: string } = {},
): string {
  const { reaps = false, expect: line = 'zombies >= 0', horizon = '1h', extra = '' } = changes;
  return `apiVersion: pidsim/v1
kind: Scenario
metadata: {name: small, title: A small node}
spec:
  horizon: ${horizon}
  node:
    kernel: {version: "6.18", pidMax: 1000, memory: 4Gi}
    baseline: {tasks: 20}
    runtime: {name: bare, setsid: true}
  programs:
    app: {comm: app, steps: [${reaps ? '{sigchld: reap-all}, ' : ''}pause]}
    probe: {comm: probe, steps: [{fork: {comm: orphan, steps: [{sleep: 100ms}]}}, {exit: 0}]}
${extra}  pods:
    - name: web
      containers:
        - name: app
          program: app
          livenessProbe: {exec: {program: probe}, periodSeconds: 1, failureThreshold: 100000}
  expect: ["${line}"]
`;
}

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('pidsim run', () => {
  test('the command in a summary gives the digest in it, of a run that was forwarded and of one that was not', () => {
    const path = file('again.yaml', scenario());
    for (const fidelity of ['forwarded', 'events']) {
      pidsim(['run', path, '--dir', 'again', '--charts', 'main', '--fidelity', fidelity]);
      const summary = readFileSync(join(folder, 'again/small/summary.md'), 'utf8');
      const [, command] = /^ {4}pidsim (run .*)$/m.exec(summary)!;
      const { stdout } = pidsim([...command.split(' '), '-o', 'json']);
      expect(summary, command).toContain(`digest ${JSON.parse(stdout).metadata.digest} of all `);
    }
  });

  test('prints the result as data, and writes no files then', () => {
    const { status, stdout } = pidsim(['run', file('a.yaml', scenario()), '-o', 'json']);
    const document = JSON.parse(stdout);
    expect(status).toBe(0);
    expect(document).toMatchObject({
      apiVersion: 'pidsim/v1',
      kind: 'RunResult',
      metadata: { name: 'small', seed: 1 },
    });
    expect(document.status.outcome).toMatchObject({ kind: 'exhausted', refusedBy: 'pid-max', scope: 'node' });
    expect(document.status.final.zombies).toBeGreaterThan(300);
    expect(existsSync(join(folder, 'output'))).toBe(false);
  });

  test('finds no zombie where PID 1 reaps', () => {
    const { stdout } = pidsim(['run', file('reaps.yaml', scenario({ reaps: true })), '-o', 'json']);
    expect(JSON.parse(stdout).status).toMatchObject({ outcome: { kind: 'censored' }, final: { zombies: 0 } });
  });

  test('gives a list for several scenarios', () => {
    const two = `${scenario()}---\n${scenario().replace('name: small', 'name: other')}`;
    const { stdout } = pidsim(['run', file('two.yaml', two), '-o', 'json']);
    expect(
      JSON.parse(stdout).items.map((item: { metadata: { name: string } }) => item.metadata.name),
    ).toEqual(['small', 'other']);
  });

  test('writes data and charts into a folder, the same bytes each time', () => {
    const path = file('a.yaml', scenario());
    expect(pidsim(['run', path, '--dir', 'one']).status).toBe(0);
    expect(pidsim(['run', path, '--dir', 'two']).status).toBe(0);
    const names = readdirSync(join(folder, 'one'), { recursive: true, encoding: 'utf8' }).sort();
    expect(names).toContain(join('small', 'pids.svg'));
    expect(names).toContain('index.html');
    for (const name of names.filter((each) => each.includes('.'))) {
      expect(readFileSync(join(folder, 'two', name), 'utf8'), name).toBe(
        readFileSync(join(folder, 'one', name), 'utf8'),
      );
    }
  });

  test('writes the same bytes on one thread and on three, whichever is done first', () => {
    const named = (name: string, horizon: string) =>
      scenario({ horizon }).replace('name: small', `name: ${name}`);
    const three = [named('long', '2h'), named('mid', '30m'), named('short', '1m')].join('---\n');
    const path = file('three.yaml', three);
    const [on1, on3] = ['1', '3'].map((threads) => {
      const to = ['--dir', `threads-${threads}`, '--html', `threads-${threads}.html`];
      const { status, stdout } = pidsim(['run', path, '--threads', threads, '--charts', 'main', ...to]);
      expect(status).toBe(0);
      return stdout;
    });
    expect(on3).toBe(on1);
    expect(readFileSync(join(folder, 'threads-3.html'), 'utf8')).toBe(
      readFileSync(join(folder, 'threads-1.html'), 'utf8'),
    );
    const names = readdirSync(join(folder, 'threads-1'), { recursive: true, encoding: 'utf8' });
    for (const name of names.filter((each) => each.includes('.')))
      expect(readFileSync(join(folder, 'threads-3', name)), name).toEqual(
        readFileSync(join(folder, 'threads-1', name)),
      );
    expect(readdirSync(join(folder, 'threads-3')).filter((name) => name.startsWith('.'))).toEqual([]);
  }, 60_000);

  test('a run that fails on a thread leaves no files and says why', () => {
    const broken = scenario({ horizon: '5m' })
      .replace('name: small', 'name: broken')
      .replace(
        'steps: [pause]',
        'steps: [{repeat: {times: forever, steps: [{fork: {steps: [pause], orElse: []}}]}}]',
      );
    const path = file('broken.yaml', `${scenario({ horizon: '5m' })}---\n${broken}`);
    const { status, stderr } = pidsim(['run', path, '--threads', '2', '--dir', 'broken-out']);
    expect([status, stderr]).toEqual([2, expect.stringMatching(/without blocking: it would never end/)]);
    expect(existsSync(join(folder, 'broken-out'))).toBe(false);
  }, 60_000);

  test('--start tells moments by the clock, and refuses what is no moment', () => {
    const path = file('clock.yaml', scenario());
    const { stdout } = pidsim(['run', path, '--start', '2026-03-01T10:00+01:00', '--dir', 'clock']);
    expect(stdout).toMatch(/AT +FIRST HARM/);
    expect(stdout).toMatch(/small +1 Mar 10:08:\d\d/);
    const events = readFileSync(join(folder, 'clock', 'small', 'events.csv'), 'utf8');
    expect(events).toMatch(/,2026-03-01T10:\d\d:\d\d\.\d{3}\+01:00\n/);
    for (const bad of ['2026-02-30T10:00Z', '2026-03-01', 'tomorrow']) {
      const { status, stderr } = pidsim(['run', path, '--start', bad]);
      expect([status, stderr]).toEqual([2, expect.stringContaining(`--start ${bad}: not a date and a time`)]);
    }
    const many = pidsim(['run', path, '--start', '2026-03-01T10:00Z', '--replications', '2']);
    expect([many.status, many.stderr]).toEqual([2, expect.stringContaining('--start is for single runs')]);
  }, 60_000);

  test('exits 99 when an expectation fails, and says which and what it was', () => {
    const { status, stderr } = pidsim([
      'run',
      file('e.yaml', scenario({ expect: 'exhausted == false' })),
      '-o',
      'json',
    ]);
    expect(status).toBe(99);
    expect(stderr).toContain('exhausted == false');
  });

  test('exports what Prometheus would have scraped instead of the table, or into the folder beside it', () => {
    const path = file('a.yaml', scenario());
    const { status, stdout } = pidsim(['run', path, '--export', 'openmetrics']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^# HELP node_processes_max_processes /m);
    expect(stdout.endsWith('# EOF\n')).toBe(true);
    const inFolder = pidsim(['run', path, '--export', 'openmetrics', '--dir', 'exported']);
    expect(inFolder.stdout).toContain('small');
    expect(readFileSync(join(folder, 'exported', 'openmetrics.txt'), 'utf8')).toBe(stdout);
    const many = pidsim(['run', path, '--export', 'openmetrics', '--replications', '3']);
    expect(many).toMatchObject({ status: 2, stdout: '' });
  });

  test('stops at exhaustion if asked to, and goes on to the horizon if not', () => {
    const path = file('a.yaml', scenario());
    const runs = (args: string[]) =>
      JSON.parse(pidsim(['run', path, '-o', 'json', ...args]).stdout).status.probes[0].runs;
    expect(runs(['--until', 'exhaustion'])).toBeLessThan(runs([]));
  });

  test('reads standard input', () => {
    const { status, stdout } = pidsim(['run', '-', '-o', 'csv'], { input: scenario() });
    expect(status).toBe(0);
    expect(stdout).toContain('small');
  });

  test('a program that never blocks is stopped at a stated bound', () => {
    const extra = '    bomb: {comm: bomb, steps: [{repeat: {times: forever, steps: [reap]}}]}\n';
    const text = scenario({ extra }).replace('program: app', 'program: bomb');
    const { status, stderr } = pidsim(['run', file('bomb.yaml', text), '-o', 'json']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/bomb.*without blocking/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test('a fork bomb fills its table and is refused, as in life', () => {
    const extra =
      '    bomb: {comm: bomb, steps: [{repeat: {times: forever, steps: [{fork: {steps: [pause]}}]}}]}\n';
    const text = scenario({ extra }).replace('program: app', 'program: bomb');
    const { status, stdout } = pidsim(['run', file('fork-bomb.yaml', text), '-o', 'json']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout).status.outcome).toMatchObject({ kind: 'exhausted', refusedBy: 'pid-max' });
  });

  test('Ctrl-C ends it with 130 and leaves no half-written folder', async () => {
    const path = file('long.yaml', scenario({ reaps: true, horizon: '3000d' }));
    const child = spawn(process.execPath, [CLI, 'run', path, '--dir', 'interrupted'], {
      cwd: folder,
      stdio: 'ignore',
    });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    child.kill('SIGINT');
    const code = await new Promise((resolve) => child.on('exit', resolve));
    expect(code).toBe(130);
    expect(existsSync(join(folder, 'interrupted'))).toBe(false);
  });
});

describe('bad input is a diagnostic and exit code 2, never a stack trace', () => {
  const cases: [string, string[], RegExp][] = [
    ['a file that is not there', ['run', 'nowhere.yaml'], /nowhere\.yaml: no such file/],
    ['a file without an end', ['run', '/dev/zero'], /\/dev\/zero: is no regular file/],
    ['no file at all', ['run'], /no file or folder is named.*\n.*pidsim run scenarios/],
    ['no file to look into', ['ps'], /no file or folder is named.*\n.*pidsim ps /],
    ['a program instead of a file', ['run', process.execPath], /is larger than|no text/],
    ['a name that a file of the output has', ['run', 'named.yaml'], /cannot be named "index\.html"/],
    ['a moment before the start', ['ps', 'a.yaml', '--at', '-3s'], /--at -3s: not a duration/],
    ['an unknown command', ['frobnicate'], /frobnicate/i],
    ['an unknown option', ['run', 'a.yaml', '--frobnicate'], /frobnicate/],
    ['an unknown form', ['run', 'a.yaml', '-o', 'xml'], /xml/],
    ['a moment that is no duration', ['ps', 'a.yaml', '--at', 'soon'], /soon/],
    ['a moment after the end', ['ps', 'a.yaml', '--at', '9d'], /after the end/],
    ['a pod that is not there', ['ps', 'a.yaml', '--pod', 'nobody'], /there are: web/],
    ['an unknown field', ['explain', 'scenario.spec.nodes'], /node/],
    ['no folder', ['run', 'a.yaml', '--dir', ''], /--dir names no folder/],
    ['two folders', ['run', 'a.yaml', '--dir', 'x', '--dir', 'y'], /--dir is given twice/],
    ['a folder for nothing', ['run', 'a.yaml', '--dir', 'x', '--no-write-files'], /contradict/],
    ['a seed that is none', ['run', 'a.yaml', '--seed', '-1'], /seed/],
  ];
  test.each(cases)('%s', (_, args, message) => {
    file('a.yaml', scenario());
    file('named.yaml', scenario().replace('name: small', 'name: index.html'));
    const { status, stderr, stdout } = pidsim(args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });

  test('a scenario with several mistakes: all of them, with file, line and column', () => {
    const bad = scenario()
      .replace('pidMax: 1000', 'pidMax: -1')
      .replace('periodSeconds: 1', 'periodSecond: 1');
    const { status, stderr } = pidsim(['validate', file('bad.yaml', bad)]);
    expect(status).toBe(2);
    expect(stderr).toMatch(/bad\.yaml:7:\d+: error/);
    expect(stderr).toMatch(/bad\.yaml:\d+:\d+: error.*periodSecond/);
  });
});

describe('pidsim limits', () => {
  test('shows the nearest limit first, as a table and as data', () => {
    const limited = file(
      'l.yaml',
      scenario().replace('program: app', 'program: app\n          pidsLimit: 90'),
    );
    const { status, stdout } = pidsim(['limits', limited]);
    expect(status).toBe(0);
    const [head, first] = stdout.split('\n');
    expect(head).toMatch(/^LIMIT +OF +VALUE +USED +LEFT +REFUSED$/);
    expect(first).toMatch(/^pids\.max +container web\/app +90 +\d+ +\d+ +its forks$/);
    const { limits } = JSON.parse(pidsim(['limits', limited, '-o', 'json']).stdout);
    expect(limits[0].ceilings[0]).toMatchObject({ scope: 'container', of: 'web/app', value: 90 });
    expect(pidsim(['limits', file('b.yaml', 'no')]).status).toBe(2);
  });
});

describe('pidsim ps', () => {
  test('shows the node as data, each zombie with the session that pins a PID', () => {
    const { stdout } = pidsim(['ps', file('a.yaml', scenario()), '--at', '60s', '-o', 'json']);
    const [{ processes: rows, pinnedPids }]: ReturnType<typeof psDocument>['namespaces'] =
      JSON.parse(stdout).namespaces;
    const zombies = rows.filter(({ stat }) => stat === 'Z');
    expect(zombies.length).toBeGreaterThan(50);
    expect(
      zombies.every(({ comm, pod, nspid }) => comm === 'orphan' && pod === 'web' && nspid.length === 2),
    ).toBe(true);
    expect(zombies.every(({ sid }) => !rows.some(({ pid }) => pid === sid) && pinnedPids.includes(sid))).toBe(
      true,
    );
  });

  test('shows a pod from inside, with PID 1', () => {
    const { stdout } = pidsim(['ps', file('a.yaml', scenario()), '--at', '60s', '--pod', 'web']);
    expect(stdout).toMatch(/^\s+1\s+0\s.*app$/m);
    expect(stdout).toContain('[orphan] <defunct>');
  });

  test('shows a tree in which zombies of a kind are one line', () => {
    const { stdout } = pidsim(['ps', file('a.yaml', scenario()), '--at', '60s', '--tree']);
    expect(stdout.match(/orphan/g)).toHaveLength(1);
  });

  test('shows what hangs below a process, and leaves out the kernel’s threads', () => {
    const ps = (...args: string[]) => pidsim(['ps', file('a.yaml', scenario()), '--at', '60s', ...args]);
    expect(ps().stdout).toContain('kworker');
    expect(ps('--no-kernel-threads').stdout).not.toMatch(/kworker|kthreadd/);
    const { stdout } = ps('--under', 'app', '--tree');
    const names = stdout.split('\n').map((line) => line.replace(/^.* \\_ /, ''));
    expect(names.slice(2, 5)).toEqual(['nsenter', 'app', expect.stringMatching(/^\d+ × \[orphan\] <def/)]);
    expect(stdout.match(/<defunct>/g)).toHaveLength(1);
    expect(ps('--under', 'systemd-udevd').stdout).toBe('Nothing is below systemd-udevd.\n');
    expect(ps('--under', 'ap')).toMatchObject({ status: 2, stderr: expect.stringContaining('mean `app`?') });
  });
});

describe('pidsim ps --pod', () => {
  const DIES = `apiVersion: pidsim/v1
kind: Scenario
metadata: {name: dies}
spec:
  horizon: 10m
  node: {kernel: {version: "6.18"}, runtime: {name: bare, setsid: true}}
  pods: [{name: brief, containers: [{name: c, program: brief}]}]
  programs: {brief: {comm: brief, steps: [{sleep: 1s}, {exit: 1}]}}
`;

  test('shows nothing while the only container of the pod waits for its restart', () => {
    const { status, stdout } = pidsim([
      'ps',
      file('dies.yaml', DIES),
      '--at',
      '9m',
      '--pod',
      'brief',
      '-o',
      'json',
    ]);
    expect(JSON.parse(stdout).namespaces).toEqual([]);
    expect(status).toBe(0);
  });

  test('knows a pod that there is not', () => {
    const { status, stderr } = pidsim(['ps', file('dies.yaml', DIES), '--at', '9m', '--pod', 'other']);
    expect(stderr).toContain('no pod "other"');
    expect(status).toBe(2);
  });
});

describe('pidsim diagnose', () => {
  const LIST = `PID PPID PGID SID NLWP STAT STARTED COMMAND
1 0 1 1 1 Ss Mon Nov 30 09:00:00 2026 app
${[7, 8, 9, 10, 11, 12].map((pid) => `${pid} 1 ${pid} ${pid} 1 Z Mon Nov 30 10:${pid * 3}:00 2026 curl`).join('\n')}
20 0 20 20 1 R Mon Nov 30 10:38:00 2026 ps`
    .replaceAll('10:9', '10:09')
    .replace(/10:(\d):/g, '10:0$1:');

  test('reads standard input and says the finding first', () => {
    const { status, stdout } = pidsim(['diagnose'], { input: LIST });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^app \(PID 1\) leaks: 6 zombies, 20 more per hour\.\n\nWHO {6}app/);
    expect(stdout).toContain('kill -9 of a zombie');
  });

  test('gives data, writes a scenario that runs, and writes over nothing', () => {
    const list = file('list.txt', LIST);
    const json = JSON.parse(pidsim(['diagnose', list, '-o', 'json', '--write', 'captured.yaml']).stdout);
    expect(json).toMatchObject({ kind: 'Diagnosis', verdict: 'leak', zombies: 6, pinned: 0, usable: true });
    expect(json.zombiesByParent[0]).toMatchObject({ pid: 1, comm: 'app', adopter: 'pid1-of-container' });
    expect(pidsim(['run', 'captured.yaml', '--no-write-files']).status).toBe(0);
    const again = pidsim(['diagnose', list, '--write', 'captured.yaml']);
    expect([again.status, again.stderr]).toEqual([2, 'error: --write captured.yaml: it exists\n']);
  });

  test('refuses what is no process list with what to type, and exit code 2', () => {
    const pods = pidsim(['diagnose'], { input: 'NAME READY STATUS RESTARTS AGE\nweb 1/1 Running 0 9d\n' });
    expect(pods.status).toBe(2);
    expect(pods.stderr).toMatch(
      /^error: standard input: a list of pods, not of processes\n {2}hint: Go inside: kubectl exec/,
    );
    expect(pidsim(['diagnose', 'nowhere.txt']).stderr).toBe('error: nowhere.txt: no such file or folder\n');
    expect(pidsim(['diagnose', '.']).stderr).toBe('error: .: is a folder\n');
    expect(pidsim(['diagnose', '--pid-max', '-3'], { input: LIST }).status).toBe(2);
    expect(pidsim(['diagnose', '--apart', 'soon'], { input: LIST }).status).toBe(2);
  });

  test('names both when one of two is none', () => {
    const { status, stdout, stderr } = pidsim(['diagnose', file('l.txt', LIST), file('none.txt', 'hello\n')]);
    expect(status).toBe(0);
    expect(stdout).toContain('app (PID 1) leaks');
    expect(stderr).toContain('none.txt: no process list that is known here');
  });

  test('reads what pidsim ps -o ef and any columns of it print', () => {
    const path = file('leaky.yaml', scenario());
    for (const format of ['ef', 'aux', 'ppid,pid,stat,lstart,comm']) {
      const { status, stdout } = pidsim(['ps', path, '--at', '10m', '-o', format]);
      expect(status).toBe(0);
      expect(pidsim(['diagnose'], { input: stdout }).stdout).toContain('orphan');
    }
    expect(pidsim(['ps', path, '-o', 'ef', '--at', '1m']).stdout).toMatch(
      /^UID +PID +PPID C STIME TTY +TIME CMD\n/,
    );
    expect(pidsim(['ps', path, '-o', 'pidd']).stderr).toContain('Did you mean `pid`?');
  });
});

describe('a litmus file', () => {
  const litmus = (init: string) =>
    `name: small\nquestion: Is it alone?\nrules: []\nprograms: {init: {comm: init, steps: [pause]}}\ninit: ${init}\n`;

  test('is told from a scenario by validate, and checked', () => {
    const good = file('small.yaml', litmus('init'));
    const { status, stdout } = pidsim(['validate', good, file('scenario.yaml', scenario())]);
    expect([status, stdout]).toEqual([
      0,
      expect.stringMatching(/scenario\.yaml: valid, 1 scenario\n.*small\.yaml: valid, a litmus file/),
    ]);
    const bad = pidsim(['validate', file('bad.yaml', litmus('unit'))]);
    expect([bad.status, bad.stderr]).toEqual([2, expect.stringContaining('there is no program `unit`')]);
  });

  test('is no scenario to run, and what runs it is said', () => {
    const { status, stderr } = pidsim(['run', file('small.yaml', litmus('init'))]);
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/is a litmus file and no scenario\n.*pidsim lab verify/),
    ]);
  });

  test('comes with pidsim, a few hundred times, and that is said', () => {
    const env = { ...process.env, PATH: folder, PIDSIM_LAB: '', TMPDIR: folder };
    const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, 'lab', 'verify'], {
      encoding: 'utf8',
      cwd: folder,
      env,
    });
    expect(stderr).toMatch(/^\d{3} litmus files that come with pidsim/);
    expect([status, stdout]).toEqual([3, expect.stringMatching(/\d{3} litmus files: \d{3} skipped/)]);
  });
});

describe('pidsim help', () => {
  test.each([['--help'], ['run --help'], ['ps --help'], ['lab --help'], ['lab init --help']])(
    '%s has examples',
    (args) => {
      const { status, stdout } = pidsim(args.split(' '));
      expect(status).toBe(0);
      expect(stdout).toMatch(/Examples:|Commands:/);
    },
  );

  test.each(['init', 'record'])('of lab %s says where the command goes, and what it is for', (name) => {
    expect(pidsim(['lab', name, '--help']).stdout).toMatch(
      /^pidsim lab \w+ \[options\] -- CMD…\n(pidsim .*\n)?\nRun a /,
    );
  });
});

describe('Standard output', () => {
  /** What the shell says of a command line. */
  const shell = (line: string) =>
    spawnSync('bash', ['-c', `set -o pipefail; ${line}`], {
      encoding: 'utf8',
      cwd: folder,
      env: { ...process.env, PIDSIM: `${process.execPath} ${CLI}` },
    });

  beforeAll(() => writeFileSync(join(folder, 'output.yaml'), scenario()));

  test.skipIf(!existsSync('/dev/full'))(
    'that cannot be written is a failure, and says why (needs /dev/full)',
    () => {
      const { status, stderr } = shell('$PIDSIM ps output.yaml --at 30m > /dev/full');
      expect(stderr).toBe('error: standard output: no space left on the disk\n');
      expect(status).toBe(1);
    },
  );

  test('is complete when a slow reader gets it', () => {
    const { stdout, status } = shell('$PIDSIM ps output.yaml --at 30m | (sleep 1; wc -l)');
    const whole = pidsim(['ps', 'output.yaml', '--at', '30m']).stdout.split('\n').length - 1;
    expect(whole).toBeGreaterThan(100);
    expect([Number(stdout), status]).toEqual([whole, 0]);
  });

  test('of which a reader has seen enough is no failure', () => {
    const { stdout, stderr, status } = shell('$PIDSIM ps output.yaml --at 30m | head -1');
    expect(stdout).toMatch(/PID .*CMD/);
    expect([stderr, status]).toEqual(['', 0]);
  });
});

describe('pidsim alerts test', () => {
  const rules = (expr: string): string =>
    file('rules.yml', `groups: [{name: g, rules: [{alert: Zombies, expr: '${expr}'}]}]`);
  const small = (): string => file('a.yaml', scenario());

  test('without promtool says so, and exits 3', () => {
    const { status, stderr } = pidsim(['alerts', 'test', rules('up == 0'), '--scenario', small()], {
      env: { PATH: '/nowhere' },
    });
    expect(status).toBe(3);
    expect(stderr).toContain('promtool is not installed');
  });

  testWithPromtool('a wrong rules file is refused in the words of promtool', () => {
    const { status, stderr } = pidsim(['alerts', 'test', rules('up =='), '--scenario', small()]);
    expect(status).toBe(2);
    expect(stderr).toContain('could not parse expression');
  });

  testWithPromtool('tells the lead time of a rule that sees it coming, and of one that does not', () => {
    const of = (expr: string) =>
      JSON.parse(
        pidsim(['alerts', 'test', rules(expr), '-s', small(), '--replications', '2', '-o', 'json']).stdout,
      ).items[0].verdicts[0];
    const seen = of('node_processes_state{state="Z"} > 20');
    expect(seen).toMatchObject({ alert: 'Zombies', runs: seen.fired, falseAlarmsPer30d: null });
    expect(seen.leadSeconds.p5).toBeGreaterThan(60);
    expect(of('node_processes_pids > 999')).toMatchObject({ fired: 0, leadSeconds: { p5: null, p50: null } });
  });

  testWithPromtool('reads the rules of a PrometheusRule, and says which series it has not', () => {
    const rule = (name: string, expr: string): string => `    - {alert: ${name}, expr: '${expr}'}`;
    const object = [
      'kind: PrometheusRule',
      'spec:',
      '  groups:',
      '  - name: g',
      '    rules:',
      rule('Joined', 'node_processes_pids * on (instance) group_left (nodename) node_uname_info > 5'),
      rule('Unseen', 'windows_system_threads > 5'),
      "    - {record: 'a:b', expr: 'vendor_pids'}",
      rule('Recorded', 'a:b > 5'),
    ].join('\n');
    const run = (text: string) =>
      pidsim(['alerts', 'test', file('object.yml', text), '-s', small(), '--replications', '1']);
    const { stdout } = run(object);
    expect(stdout).toMatch(/Joined +yes/);
    expect(stdout).not.toContain('Joined asks');
    expect(stdout).toContain('Unseen asks for windows_system_threads, which is not simulated');
    expect(stdout).toContain('Recorded asks for vendor_pids, which is not simulated');
    const wrong = run(object.replace('vendor_pids', 'vendor_pids =='));
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining('object.yml')]);
  });
});

describe('pidsim diagnose --live', () => {
  test('names what makes no sense', () => {
    const refused = (args: string[]): string => {
      const { status, stderr } = pidsim(['diagnose', ...args]);
      expect(status, args.join(' ')).toBe(2);
      return stderr;
    };
    expect(refused(['--live', '--alert', 'timeleft < 6h'])).toContain('Did you mean `timeLeft`?');
    expect(refused(['--live', '--alert', 'timeLeft < soon'])).toContain('a duration');
    expect(refused(['--live', '--root', folder])).toContain('no process in it');
    expect(refused(['--live', 'capture.txt'])).toContain('no capture');
    expect(refused(['--live', '--for', 'ever'])).toContain('not a duration');
    expect(refused(['--once'])).toContain('--once goes with --live');
  });
});
