/** `pidsim teach`: the page as a file, and a trace. `npm test` builds `dist/` first. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const INCIDENT = join(ROOT, 'scenarios/rabbitmq-pause-3.0.yaml');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pidsim-teach-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function teach(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'dist/cli.js'), 'teach', ...args],
    {
      encoding: 'utf8',
      cwd: folder,
    },
  );
  return { status, stdout, stderr };
}

describe('teach page', () => {
  test('writes the page and says how to open it', () => {
    const { status, stdout } = teach('page');
    expect(status).toBe(0);
    expect(stdout).toBe(
      `pidsim.html is written. Open it in a browser: ${pathToFileURL(join(folder, 'pidsim.html')).href}\n`,
    );
    expect(readFileSync(join(folder, 'pidsim.html'), 'utf8')).toContain('<title>Defunct');
    expect(teach('page', 'other.html').stdout).toContain('other.html is written.');
  });

  test('says why it cannot', () => {
    const { status, stderr } = teach('page', 'no/such/folder.html');
    expect([status, stderr]).toEqual([2, 'error: no/such/folder.html: no such file or folder\n']);
  });
});

describe('teach trace', () => {
  test('has a line for each transition of a health check: the orphan, the zombie, and the pinned PID', () => {
    const { status, stdout } = teach('trace', INCIDENT, '--from', '41s', '--to', '42s');
    expect(status).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(100);
    const times = lines.map((line) => Number.parseFloat(line));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times[0]).toBeGreaterThanOrEqual(41);
    expect(times.at(-1)).toBeLessThanOrEqual(42);
    const words = lines.map((line) => line.replace(/^\d+\.\d{6} {2}/, '').replace(/\d+\/\d+/g, 'P'));
    expect(words).toEqual(
      expect.arrayContaining([
        'inet_gethost P forks inet_gethost P',
        'inet_gethost P is an orphan of inet_gethost P: pause P adopts it, as PID 1 of the namespace',
        'PID P belongs to nobody and stays taken: it is the session or group of inet_gethost P',
        'SIGCHLD to pause P from inet_gethost P: nothing happens',
      ]),
    );
  });

  test('with pause 3.1 the same orphan is reaped', () => {
    const { stdout } = teach('trace', INCIDENT, '--from', '41s', '--to', '42s', '--set', 'node.pause=3.1');
    expect(stdout).toMatch(/SIGCHLD to pause \S+ from inet_gethost \S+: it has a handler, which will run\n/);
    expect(stdout).toMatch(/pause \S+ waits and takes the status of inet_gethost \S+: the zombie is gone\n/);
  });

  test('is one second long if nothing else is said, and is empty where nothing happens', () => {
    const { stdout } = teach('trace', INCIDENT, '--from', '41s');
    expect(stdout).toBe(teach('trace', INCIDENT, '--from', '41s', '--to', '42s').stdout);
    expect(teach('trace', INCIDENT, '--from', '40.5s', '--to', '40.6s')).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
  });

  test('begins with what happens at the first moment', () => {
    const chapter = join(ROOT, 'src/web/chapters/defunct.yaml');
    const { stdout } = teach('trace', chapter, '--to', '0s');
    expect(stdout).toMatch(/^0\.000000 {2}nsenter 2 forks nsenter/);
    expect(stdout).toContain('parent 6/2 forks child 7/3\n');
    expect(teach('trace', chapter, '--from', '1us', '--to', '1s').stdout).toBe('');
  });

  test.each([
    [['--from', 'soon'], '--from soon: not a duration'],
    [['--from', '3d'], '--from 3d is after the end of the run (2 d)'],
    [['--from', '5s', '--to', '4s'], '--to 4s is before --from 5s'],
  ])('%j is refused', (args, message) => {
    const { status, stderr } = teach('trace', INCIDENT, ...args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('teach quiz', () => {
  test('asks, and with -c answers step by step with the reason', () => {
    const asked = teach('quiz', '-A', 'a+b,b*,b+c,b!,a?b');
    expect(asked.status).toBe(0);
    expect(asked.stdout).toContain('b starts a session of its own');
    expect(asked.stdout).not.toContain('zombie: nobody');
    const { stdout } = teach('quiz', '-A', 'a+b,b*,b+c,b!,a?b', '-c');
    expect(stdout).toContain('c 3 is an orphan of b 2: a 1 adopts it, as PID 1 of the namespace\n');
    expect(stdout).toContain('PID 2 belongs to nobody and stays taken: it is the session or group of c 3\n');
    expect(stdout.trimEnd().endsWith('Pinned: PID 2.')).toBe(true);
  });

  test('with -t shows the trees and asks for the actions, with -c it tells them', () => {
    const { stdout } = teach('quiz', '-A', 'a+b,b*,b+c,b!,a?b', '-t');
    expect(stdout).toContain('  a 1\n   \\_ b 2, leads a session\n       \\_ c 3\n');
    expect(stdout).toContain('  a 1\n   \\_ c 3\n  Pinned: PID 2.\n');
    expect(stdout.match(/which action\?/g)).toHaveLength(5);
    expect(stdout).not.toMatch(/forks|exits/);
    const told = teach('quiz', '-A', 'a+b,b*,b+c,b!,a?b', '-t', '-c').stdout;
    expect(told).toContain('4. b!   b exits\n');
    expect(told).not.toContain('which action?');
  });

  test('with -t and -F shows only the first tree and the last, with -c the actions between them', () => {
    const { stdout } = teach('quiz', '-A', 'a+b,b*,b+c,b!,a?b', '-t', '-F');
    expect(stdout).toContain('  a 1\n\n  which 5 actions?\n\n  a 1\n   \\_ c 3\n  Pinned: PID 2.\n');
    expect(stdout).not.toMatch(/b 2|forks|exits/);
    const told = teach('quiz', '-A', 'a+b,b*,b+c,b!,a?b', '-t', '-F', '-c').stdout;
    expect(told).toContain('  b!   b exits\n  a?b  a waits for b\n\n  a 1\n   \\_ c 3\n');
  });

  test('with a limit says which fork is refused', () => {
    const { stdout } = teach('quiz', '-A', 'a+b,b!,a+c', '--pids-max', '2', '-c');
    expect(stdout).toContain('pids.max of their cgroup is 2');
    expect(stdout).toContain('a 1 cannot fork: EAGAIN, a cgroup has pids.max tasks\n');
    expect(teach('quiz', '-A', 'a+b,b!,a+c', '-c').stdout).not.toContain('EAGAIN');
  });

  test('as a litmus file is what `lab verify` reads', () => {
    const { stdout } = teach('quiz', '-s', '7', '--litmus');
    expect(stdout).toContain('\nname: quiz-7\n');
    writeFileSync(join(folder, 'quiz-7.yaml'), stdout);
    const cli = join(ROOT, 'dist/cli.js');
    const { status } = spawnSync(process.execPath, [cli, 'validate', 'quiz-7.yaml'], { cwd: folder });
    expect(status).toBe(0);
  });

  test('has the same problem for a seed each time, and another one for another seed', () => {
    const { stdout } = teach('quiz', '-s', '7');
    expect(teach('quiz', '-s', '7').stdout).toBe(stdout);
    expect(teach('quiz', '-s', '8').stdout).not.toBe(stdout);
  });

  test.each([
    [['-A', 'a+b,a?b'], 'error: --actions: a?b: b lives, so a would block\n'],
    [['-A', 'nonsense'], 'error: --actions nonsense: not a list of actions\n'],
    [['-s', '2', '--reaps'], 'error: --reaps goes with --actions: the seed decides that, too\n'],
    [['-A', 'a+b', '--pids-max', '0'], 'error: --pids-max 0: a whole number from 1 on is needed\n'],
    [['-s', '2', '-t', '--litmus'], 'error: Arguments litmus and tree are mutually exclusive\n'],
    [['-s', '2', '-F'], 'error: Implications failed:\n final -> tree\n'],
    [['-s', '1.5'], 'error: --seed 1.5: a whole number is needed\n'],
  ])('%j is refused', (args, message) => {
    const { status, stderr } = teach('quiz', ...args);
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });
});
