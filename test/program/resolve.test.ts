import { describe, expect, test } from 'vitest';
import {
  programLibrary,
  type ResolveOptions,
  resolveCommand,
  resolveName,
} from '../../src/program/catalogue/index.js';
import { invocationOf } from '../../src/program/catalogue/invocation.js';
import { quoted } from '../../src/program/catalogue/resolve.js';
import { forEachStepList } from '../../src/program/check.js';
import { compileSource } from '../../src/program/compile.js';
import type { ProgramSource, Step } from '../../src/program/step.js';
import { type Userland, userlandOf } from '../../src/program/userland.js';

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
  const found = [resolution.source.comm];
  const visit = (list: readonly Step[]): void => {
    for (const step of list) {
      if (typeof step === 'object' && 'exec' in step)
        found.push('program' in step.exec ? LIBRARY.get(step.exec.program)!.comm : step.exec.comm);
      forEachStepList(step, visit);
    }
  };
  visit(resolution.source.steps);
  return found;
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

  test.each([
    ['top', ['top'], ['top', '-bn1']],
    ['top of one user', ['/usr/bin/top', '-b', '-u', 'nginx'], ['top', '-b', '-n', '1']],
    ['ping', ['ping', '-i', '5', 'db'], ['ping', '-4c1', 'db']],
    ['tail', ['tail', '-n', '0', '-f', '/log'], ['tail', '-n', '1', '/log']],
    ['tail by its long option', ['tail', '--follow=name', '/log'], ['tail', '-c', '10', '/log']],
    ['nc', ['nc', '-lk', '-p', '80'], ['nc', '-z', 'localhost', '80']],
  ])('%s goes on until it is ended, or not, as its options say', (_, endless, ending) => {
    expect(steps(...endless)).toEqual(['pause']);
    expect(steps(...ending)).not.toContain('pause');
  });

  test('not by its first word alone, if its arguments decide what it does', () => {
    expect(nameOf('rabbitmqctl', 'list_vhosts')).toContain('it is not known what');
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
    expect(shape('cat a && cat b; cat c')).toEqual(['sigchld', 'fork', 'wait', 'if', 'fork', 'wait', 'exit']);
    expect(shape('cat a | grep b')).toEqual(['sigchld', 'fork', 'fork', 'wait', 'wait', 'exit']);
    expect(shape('cat a & cat b')).toEqual(['sigchld', 'fork', 'fork', 'wait', 'exit']);
  });

  test('what stands behind || is run if the command fails, and builtins are no processes', () => {
    expect(steps('sh', '-c', 'set -e; cd /tmp && cat "$FILE" > /dev/null 2>&1 || exit 1')).toEqual([
      { sigchld: 'reap-all' },
      { fork: { label: 'job-1', steps: [{ exec: { program: 'cat' } }] } },
      { wait: 'job-1' },
      { if: { status: 0, steps: [], else: [{ exit: 1 }] } },
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
      return resolution.ok ? resolution.assumed.filter(({ isUsual }) => !isUsual).length : -1;
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
    ['an open quote', ['sh', '-c', "cat 'x"]],
    ['a name that every object has', ['constructor']],
    ['wrappers without end', Array.from({ length: 50 }, () => 'tini')],
  ])('%s', (_, command) => {
    expect(resolveCommand(command, LIBRARY).ok).toBe(false);
  });
});

describe('a command of which nothing is known, where that is no error', () => {
  const assume = (command: string[], options: ResolveOptions = {}) => {
    const resolution = resolveCommand(command, LIBRARY, options);
    if (!resolution.ok) throw new Error(resolution.problem.message);
    return resolution;
  };

  test('is taken for a plain program, and that is said', () => {
    const { source, assumed } = assume(['/opt/check', '-x']);
    expect(source).toMatchObject({ comm: 'check', steps: [{ sleep: '2ms' }] });
    expect(assumed).toEqual([
      {
        what: 'it is not known what `/opt/check` does to the process table',
        effect: 'taken as a plain program that starts no other',
        orphansPerRun: 0,
        command: '/opt/check',
      },
    ]);
  });

  test('is taken for the measured one, if it is of RabbitMQ’s tools', () => {
    const { name, assumed } = assume(['rabbitmq-diagnostics', '-q', 'observer']);
    expect(name).toBe('rabbitmqctl node_health_check');
    expect(assumed[0].effect).toContain('3.10.8');
  });

  test('is no assumption where it was measured, whatever its options', () => {
    const words = (line: string) => assume(line.split(' '));
    for (const [line, name] of [
      ['rabbitmq-diagnostics -q ping', 'rabbitmq-diagnostics ping'],
      ['rabbitmq-diagnostics --timeout 30 check_running', 'rabbitmq-diagnostics check_running'],
      ['redis-cli -p 6380 ping', 'redis-cli'],
      ['pg_isready -U app', 'pg_isready'],
      ['node --version', 'node'],
    ])
      expect(words(line), line).toMatchObject({ name, assumed: [] });
  });

  test('of an interpreter: code in the command line can be read, a file or a class cannot', () => {
    const assumed = (...command: string[]) => assume(command).assumed.length;
    expect(assumed('python3', '-c', 'cursor.execute("SELECT 1")')).toBe(0);
    expect(assumed('node', '-e', "require('http').get('http://localhost')")).toBe(0);
    expect(assumed('python3', '-c', 'import subprocess; subprocess.run(["x"])')).toBe(1);
    expect(assumed('node', '-e', "require('child_process').exec('x')")).toBe(1);
    expect(assumed('perl', '-e', 'print `ls`')).toBe(1);
    expect(assumed('python3', '/check.py')).toBe(1);
    expect(assumed('java', '-cp', 'app.jar', 'Check')).toBe(1);
    // Its threads were measured, whatever it runs.
    expect(assume(['java', '-jar', 'x.jar']).source.steps[0]).toMatchObject({ threads: 17 });
  });

  test('a server is what a container runs, not what a probe does with the same program', () => {
    const nginx = ['nginx', '-g', 'daemon off;'];
    expect(assume(nginx, { stays: true })).toMatchObject({ name: 'nginx', assumed: [] });
    expect(assume(['tini', '--', ...nginx], { stays: true }).assumed).toEqual([]);
    expect(
      assume(['sh', '-c', 'exec nginx -g "daemon off;"'], { stays: true, userland: 'debian' }).assumed,
    ).toEqual([]);
    expect(assume(['nginx', '-t']).assumed).toHaveLength(1);
    expect(assume(['python', 'app.py'], { stays: true })).toMatchObject({
      name: 'python-server',
      assumed: [],
    });
  });

  test('is taken for a script that waits, if its name says so', () => {
    expect(assume(['/health/check.bash']).source.steps).toContainEqual({ exit: 'waited' });
  });

  test('leaves orphans if the caller says so', () => {
    const named = assume(['frobnicate'], { orphansOf: new Map([['frobnicate', 2]]) });
    expect(named.source.steps.filter((step) => typeof step === 'object' && 'fork' in step)).toHaveLength(2);
    expect(assume(['other'], { orphans: 1 }).assumed[0].effect).toBe('taken to leave 1 orphan a run');
  });

  test('a command of Windows is never taken for one that runs', () => {
    expect(resolveCommand(['cmd.exe', '/c', 'dir'], LIBRARY, {}).ok).toBe(false);
  });

  test('a script of many lines is quoted by its first', () => {
    const script = `cat a\n'${'x\n'.repeat(130)}`;
    const resolution = resolveCommand(['sh', '-c', 'frobnicate\ncat b\ncat c'], LIBRARY);
    expect(resolution.ok || resolution.problem.message).toBe(
      'it is not known what `frobnicate` does to the process table',
    );
    expect(quoted(['sh', '-c', script])).toBe(`sh -c 'cat a… (131 lines)'`);
  });
});

describe('the userland decides', () => {
  const comm = (userland: Userland | null, ...command: string[]): unknown => {
    const resolution = resolveCommand(command, LIBRARY, { userland });
    return resolution.ok && resolution.source.steps;
  };

  test('R37: whether `sh` forks its last command', () => {
    const forks = (userland: Userland | null) =>
      JSON.stringify(comm(userland, 'sh', '-c', 'cat x')).includes('fork');
    expect([forks('debian'), forks('busybox'), forks('rhel'), forks(null)]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  test('R38: an address is known by its beginning, whatever a variable adds to it', () => {
    const text = (address: string) => {
      const resolution = resolveCommand(['sh', '-c', `wget -qO- ${address}`], LIBRARY, {
        userland: 'busybox',
      });
      return JSON.stringify(resolution.ok && resolution.source.steps);
    };
    expect(text('"https://localhost:$PORT/"')).toContain('ssl_client');
    expect(text('https://$HOST/x')).toContain('ssl_client');
    expect(text('"http://localhost:$PORT/"')).not.toContain('ssl_client');
  });

  test('R38: busybox wget leaves its helper for each https address, and none for http', () => {
    const wget = (userland: Userland, address: string) =>
      JSON.stringify(comm(userland, 'wget', '-q', address));
    expect(wget('busybox', 'https://x/')).toContain('ssl_client');
    expect(wget('busybox', 'http://x/')).not.toContain('fork');
    expect(wget('debian', 'https://x/')).not.toContain('fork');
  });

  test('which `timeout` there is', () => {
    const last = (userland: Userland) => JSON.stringify(comm(userland, 'timeout', '5', 'cat'));
    expect(last('busybox')).toContain('setsid');
    expect(last('debian')).toContain('setpgid');
  });

  test.each([
    ['redis:7-alpine', 'busybox'],
    ['docker.io/library/busybox:1.36', 'busybox'],
    ['registry.access.redhat.com/ubi9/ubi:9.4', 'rhel'],
    ['amazonlinux:2', 'rhel'],
    ['postgres:16-bookworm', 'debian'],
    ['ubuntu:24.04', 'debian'],
    ['example.org/app:1.2@sha256:abc', null],
  ])('an image tells its own by its name: %s', (image, userland) => {
    expect(userlandOf(image)).toBe(userland);
  });
});

describe('a shell as it is called', () => {
  test.each([
    [['sh', '-c', 'exit 3'], { script: 'exit 3', options: ['-c'], args: [] }],
    [['/bin/sh', '-c', '-e', 'exit 3'], { script: 'exit 3', options: ['-c', '-e'], args: [] }],
    [['bash', '-ec', 'a', 'name', 'x'], { script: 'a', options: ['-ec'], args: ['name', 'x'] }],
    [['bash', '-euo', 'pipefail', '-c', 'a'], { script: 'a', options: ['-euo', 'pipefail', '-c'], args: [] }],
    [['bash', '-o', 'pipefail', '-c', 'a'], { script: 'a', options: ['-o', 'pipefail', '-c'], args: [] }],
    [['bash', '--norc', '--rcfile', 'f', '-c', 'a'], { script: 'a', options: ['-c'], args: [] }],
    [['sh', '-x', '/run.sh', 'a'], { file: ['/run.sh', 'a'], options: ['-x'] }],
    [['sh'], null],
  ])('%j', (command, invocation) => {
    expect(invocationOf(command)).toEqual(invocation);
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

describe('a script that the container has', () => {
  const files = {
    '/health/probe.sh': '#!/bin/bash -e\nx=$1\n"$(dirname "$0")/more.sh" || exit 1\ncat /a &\n',
    '/health/more.sh': '. /health/lib.sh\ncheck\nexit 3\n',
    '/health/lib.sh': 'check() { mysqladmin ping; }\n',
    '/health/self.sh': '#!/bin/sh\n/health/self.sh\n',
    '/health/broken.sh': '#!/bin/sh\nif then fi\n',
    '/health/check.py': '#!/usr/bin/env python3\nimport os\n',
    '/usr/local/sbin/health-check': '#!/usr/bin/env bash\nid; cat /a\n',
  };
  const resolve = (command: string[], more: ResolveOptions = {}) => {
    const resolution = resolveCommand(command, LIBRARY, { userland: 'debian', files, ...more });
    if (!resolution.ok) throw new Error(resolution.problem.message);
    return resolution;
  };
  const text = (...command: string[]) => JSON.stringify(resolve(command).source.steps);

  test('is what a command of its name does, as is what that runs or reads', () => {
    const { source, assumed } = resolve(['/health/probe.sh', '5']);
    expect(source.comm).toBe('probe.sh');
    expect(JSON.stringify(source.steps)).toMatch(/"comm":"more.sh".*mysqladmin.*"program":"cat"/s);
    expect(assumed).toEqual([]);
    expect(text('bash', '-c', '/health/probe.sh 5')).toContain('mysqladmin');
    expect(text('sh', '/health/more.sh')).toContain('mysqladmin');
    expect(text('sh', '-c', 'health-check')).toContain('"program":"cat"');
  });

  test('is of no account where the scenario describes the program', () => {
    const own = { files: { '/scripts/check.sh': 'mysqladmin ping' } };
    expect(resolve(['/scripts/check.sh'], own).name).toBe('check.sh');
  });

  test('is not that of another path, or in another language', () => {
    const unknown = (...command: string[]) => resolve(command).assumed.map(({ command: name }) => name);
    expect(unknown('/other/probe.sh')).toEqual(['/other/probe.sh']);
    expect(unknown('probe.sh2')).toEqual(['probe.sh2']);
    expect(unknown('/health/check.py')).toEqual(['/health/check.py']);
  });

  test('is an assumption if it runs itself, or is no script', () => {
    expect(resolve(['/health/self.sh']).assumed.map(({ command }) => command)).toEqual(['/health/self.sh']);
    expect(resolve(['/health/broken.sh']).assumed.map(({ command }) => command)).toEqual([
      '/health/broken.sh',
    ]);
  });

  // Measured: bash, dash and ash run `slow` of a file and wait, and become that of `-c` in two of the three.
  test('R37: is never what the shell becomes, unlike the last command of -c', () => {
    const waits = (command: string[], userland: Userland) =>
      JSON.stringify(resolve(command, { userland, files: { '/s.sh': 'id; id' } }).source.steps).split(
        '"wait"',
      ).length - 1;
    for (const userland of ['debian', 'rhel', 'busybox'] as const)
      expect(waits(['sh', '/s.sh'], userland)).toBe(2);
    expect(waits(['sh', '-c', 'id; id'], 'rhel')).toBe(1);
  });
});
