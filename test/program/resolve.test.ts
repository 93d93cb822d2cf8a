import { describe, expect, test } from 'vitest';
import { programLibrary, resolveCommand, resolveName } from '../../src/program/catalogue/index.js';
import { compileSource } from '../../src/program/compile.js';
import type { ProgramSource } from '../../src/program/step.js';

const OWN = new Map<string, ProgramSource>([
  ['check.sh', { comm: 'check.sh', steps: [{ sleep: '1ms' }] }],
  ['my app', { comm: 'my-app', steps: ['pause'] }],
]);
const LIBRARY = programLibrary(OWN);

/** The name that a command line leads to; it must compile under that name. */
function nameOf(...command: string[]): string {
  const resolution = resolveCommand(command, LIBRARY);
  if (!resolution.ok) return resolution.problem.message;
  const compiled = compileSource(resolution.name, resolution.source, LIBRARY);
  expect(compiled.ok || compiled.problems).toBe(true);
  expect(LIBRARY.get(resolution.name)).toEqual(resolution.source);
  return resolution.name;
}

/** What the processes of a command are called, in the order of their birth and their execs. */
function comms(...command: string[]): string[] {
  const resolution = resolveCommand(command, LIBRARY);
  if (!resolution.ok) throw new Error(resolution.problem.message);
  const compiled = compileSource(resolution.name, resolution.source, LIBRARY);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return compiled.program.entries.map(({ comm }) => comm);
}

function steps(...command: string[]): unknown {
  const resolution = resolveCommand(command, LIBRARY);
  if (!resolution.ok) throw new Error(resolution.problem.message);
  return resolution.source.steps;
}

describe('a command line finds its program', () => {
  test.each([
    ['as a whole', ['rabbitmqctl', 'node_health_check'], 'rabbitmqctl node_health_check'],
    ['without its path', ['/usr/sbin/rabbitmqctl', 'status'], 'rabbitmqctl status'],
    ['without its options', ['rabbitmqctl', '-q', 'status'], 'rabbitmqctl status'],
    ['whatever its arguments are, if it is always the same', ['cat', '/tmp/healthy'], 'cat'],
    ['in the scenario, by its file name', ['/scripts/check.sh', '--fast'], 'check.sh'],
    ['in the scenario, by its words', ['my', 'app'], 'my app'],
    ['as a script file that a shell runs', ['sh', '/scripts/check.sh'], 'check.sh'],
    ['behind assignments', ['env', 'A=1', 'B=2', 'cat', 'x'], 'cat'],
    ['behind a change of user', ['gosu', 'redis', 'redis-cli', 'ping'], 'redis-cli'],
  ])('%s', (_, command, name) => {
    expect(nameOf(...command)).toBe(name);
  });

  test('the scenario’s own before the catalogue’s', () => {
    const own = programLibrary(new Map([['cat', { comm: 'cat', steps: [{ sleep: '1h' }] }]]));
    expect(resolveCommand(['/bin/cat', 'x'], own)).toMatchObject({ source: { steps: [{ sleep: '1h' }] } });
  });

  test('not by its first word alone, if its arguments decide what it does', () => {
    expect(nameOf('rabbitmqctl', 'list_queues')).toContain('it is not known what');
  });
});

describe('a wrapper around a known command is made up', () => {
  test.each([
    [
      ['tini', '--', 'rabbitmq-server'],
      ['tini', 'rabbitmq-server'],
    ],
    [
      ['/sbin/tini', '-g', '-p', 'SIGTERM', '--', 'my', 'app'],
      ['tini', 'my-app'],
    ],
    [
      ['docker-init', '--', 'app'],
      ['tini', 'app'],
    ],
    [
      ['dumb-init', 'app'],
      ['dumb-init', 'app'],
    ],
    [
      ['catatonit', '--', 'tini', '--', 'app'],
      ['catatonit', 'tini', 'app'],
    ],
    [
      ['sh', '-c', 'timeout 5 rabbitmqctl status'],
      ['sh', 'timeout', 'rabbitmqctl'],
    ],
    [
      ['busybox', 'timeout', '-s', 'KILL', '5', 'cat', 'x'],
      ['timeout', 'cat'],
    ],
    [
      ['coreutils-timeout', '5s', 'cat'],
      ['timeout', 'cat'],
    ],
  ])('%j', (command, names) => {
    nameOf(...command);
    expect(comms(...command)).toEqual(names);
  });

  test('tini -s is a subreaper, tini is not', () => {
    expect(steps('tini', '-s', '--', 'app')).toContainEqual({ subreaper: true });
    expect(steps('tini', '--', 'app')).not.toContainEqual({ subreaper: true });
  });

  test('dash forks the last command, bash becomes it (R37)', () => {
    expect(steps('sh', '-c', 'cat x')).toContainEqual({
      fork: { label: 'job-1', steps: [{ exec: { program: 'cat' } }] },
    });
    expect(steps('bash', '-c', 'cat x')).toContainEqual({ exec: { program: 'cat' } });
    expect(steps('sh', '-c', 'exec cat x')).toContainEqual({ exec: { program: 'cat' } });
  });

  test('commands in a list run one after another, in a pipe together, with & for themselves', () => {
    const shape = (script: string): unknown[] =>
      (steps('sh', '-c', script) as (string | object)[]).map((step) =>
        typeof step === 'string' ? step : Object.keys(step)[0],
      );
    expect(shape('cat a && cat b; cat c')).toEqual([
      'sigchld',
      'fork',
      'wait',
      'fork',
      'wait',
      'fork',
      'wait',
      'exit',
    ]);
    expect(shape('cat a | grep b')).toEqual(['sigchld', 'fork', 'fork', 'wait', 'wait', 'exit']);
    expect(shape('cat a & cat b')).toEqual(['sigchld', 'fork', 'fork', 'wait', 'exit']);
  });

  test('what stands behind || is not run, and builtins are no processes', () => {
    expect(steps('sh', '-c', 'set -e; cd /tmp && cat "$FILE" > /dev/null 2>&1 || exit 1')).toEqual([
      { sigchld: 'reap-all' },
      { fork: { label: 'job-1', steps: [{ exec: { program: 'cat' } }] } },
      { wait: 'job-1' },
      { exit: 'waited' },
    ]);
    expect(steps('sh', '-c', 'exit 3')).toContainEqual({ exit: 3 });
  });

  test('sleep sleeps for as long as it is told to', () => {
    expect(steps('sleep', '0.5')).toEqual([{ sleep: '500ms' }]);
    expect(steps('sleep', '2m')).toEqual([{ sleep: '2m' }]);
    expect(steps('sleep', 'infinity')).toEqual(['pause']);
  });

  test('which timeout it is has to be assumed, and is said', () => {
    const assumed = (...command: string[]): number => {
      const resolution = resolveCommand(command, LIBRARY);
      return resolution.ok ? resolution.assumed.length : -1;
    };
    expect(assumed('timeout', '5', 'cat')).toBe(1);
    expect(assumed('sh', '-c', 'timeout 5 cat')).toBe(1);
    expect(assumed('busybox', 'timeout', '5', 'cat')).toBe(0);
    expect(assumed('coreutils-timeout', '5', 'cat')).toBe(0);
  });
});

describe('a command of which nothing is known', () => {
  test('is a problem that says how to describe or record it', () => {
    const resolution = resolveCommand(['/opt/check', 'a b'], LIBRARY);
    expect(resolution).toEqual({
      ok: false,
      problem: {
        path: [],
        code: 'unknown-command',
        message: "it is not known what `/opt/check 'a b'` does to the process table",
        hint:
          'Describe it under `programs:` by the name of the command, or record it where it can be run: ' +
          "`pidsim lab record -- /opt/check 'a b'`.",
      },
    });
  });

  test('is named by itself, not by what is wrapped around it', () => {
    expect(nameOf('tini', '--', 'sh', '-c', 'cat x && /opt/check')).toContain('`/opt/check`');
  });

  test.each([
    ['no command', []],
    ['a substitution', ['sh', '-c', 'test $(pgrep -c x) = 1']],
    ['a compound command', ['sh', '-c', 'if cat x; then exit 1; fi']],
    ['an open quote', ['sh', '-c', "cat 'x"]],
    ['a name that every object has', ['constructor']],
    ['wrappers without end', Array.from({ length: 50 }, () => 'tini')],
  ])('%s', (_, command) => {
    expect(resolveCommand(command, LIBRARY).ok).toBe(false);
  });
});

describe('a program named in a scenario', () => {
  test('may be a command line in one string', () => {
    expect(resolveName('tini -- my app', LIBRARY).ok).toBe(true);
    expect(resolveName("sh -c 'cat a && cat b'", LIBRARY).ok).toBe(true);
    expect(resolveName('tini -- nobody', LIBRARY).ok).toBe(false);
  });

  test.each([
    ['pause-3.0', 'default'],
    ['pause-2.0', 'default'],
    ['pause-3.0.1', 'default'],
    ['pause-3.1', 'reap-all'],
    ['pause-3.9', 'reap-all'],
    ['pause-3.10.2', 'reap-all'],
    ['pause-3.1-eksbuild.1', 'reap-all'],
    ['pause-4.0', 'reap-all'],
  ])('%s has SIGCHLD at %s (R1)', (name, sigchld) => {
    const handler = LIBRARY.get(name)!.steps.some((step) => typeof step === 'object' && 'sigchld' in step);
    expect(handler).toBe(sigchld === 'reap-all');
  });

  test('pause of no version is nobody', () => {
    expect(LIBRARY.get('pause-latest')).toBeUndefined();
  });
});
