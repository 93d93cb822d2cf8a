/** What the programs of the catalogue do on the simulated kernel. Each claim stands beside its opposite. */
import { describe, expect, test } from 'vitest';
import { CATALOGUE, catalogue, INIT_NAMES, wrap } from '../../src/program/catalogue/index.js';
import { compileProgram, compileSource } from '../../src/program/compile.js';
import { normaliseProgram } from '../../src/program/normalise.js';
import type { Step } from '../../src/program/step.js';
import { US_PER_SECOND } from '../../src/sim/time.js';
import { printLibrary, printProgram } from './print.js';
import { readAlone } from './read.js';
import { World } from './world.js';

const LIBRARY = catalogue();
const NAMES = [...LIBRARY.keys()];

describe.each(NAMES)('%s', (name) => {
  const source = LIBRARY.get(name)!;
  const compiled = compileProgram(name, LIBRARY);

  test('is a valid program in its one spelling, and says where it comes from', () => {
    expect(readAlone(JSON.parse(JSON.stringify(source)))).toEqual({ ok: true, source });
    expect(normaliseProgram(source)).toEqual(source);
    expect(source.description).toMatch(/\.$/);
    expect(source.source).toBeTruthy();
  });

  test('compiles, and prints back to itself', () => {
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
    expect(printProgram(compiled.program)).toEqual(source);
    const again = compileProgram(name, printLibrary(compiled.program));
    expect(again.ok && again.program.code).toEqual(compiled.program.code);
  });
});

describe('an init around any program', () => {
  test.each(INIT_NAMES)('%s compiles', (init) => {
    expect(compileSource('x', wrap(init, 'rabbitmq-server'), LIBRARY).ok).toBe(true);
  });
});

/** A probe that leaves one orphan, which ends 100 ms after it. */
const ORPHAN: Step[] = [{ fork: { comm: 'orphan', steps: [{ sleep: '100ms' }] } }];

/** Zombies after 20 such probes, all orphans dead. */
function leftOf20(init: string): number {
  const world = new World(init);
  world.run('1s');
  const before = world.zombies;
  for (let probe = 0; probe < 20; probe++) world.exec(ORPHAN);
  world.run('1s');
  world.kernel.checkInvariants();
  return world.zombies - before;
}

describe('of 20 orphans of exec probes, a PID 1 leaves (K43)', () => {
  test.each(['pause-3.0', 'app', 'app-no-wait', 'sleep', 'tail', 'bash -c'])('all: %s', (init) => {
    expect(leftOf20(init)).toBe(20);
  });

  test.each([
    'pause-3.1',
    'pause-3.9',
    'tini',
    'tini -s',
    'dumb-init',
    'catatonit',
    'sh-dash -c',
    'bash script',
  ])('none: %s', (init) => {
    expect(leftOf20(init)).toBe(0);
  });

  test.each([
    'redis-server',
    'mariadbd',
    'memcached',
    'node-server',
    'python-server',
    'java-server',
    'php-server',
  ])('all: %s, as measured', (server) => expect(leftOf20(server)).toBe(20));

  test.each(['nginx', 'postgres', 'apache2', 'php-fpm', 'haproxy', 'supervisord', 'beam.smp'])(
    'none: %s, as measured',
    (server) => expect(leftOf20(server)).toBe(0),
  );

  test('all, if it is an application that waits only for its own child, and reaps that one every time', () => {
    expect(leftOf20('app-waits-own-child')).toBe(20);
    const world = new World('app-waits-own-child');
    world.run('10m');
    expect(world.zombies).toBe(0);
  });

  test('20 zombies and 20 pinned PIDs when the probes are session leaders, 20 zombies alone when not (K11)', () => {
    const cost = (setsid: boolean): [number, number] => {
      const world = new World('pause-3.0');
      for (let probe = 0; probe < 20; probe++) world.exec(ORPHAN, '1m', setsid);
      world.run('1s');
      return [world.zombies, world.pinned];
    };
    expect(cost(true)).toEqual([20, 20]);
    // Without setsid they stay in the group of whoever made them enter, which is not of this namespace.
    expect(cost(false)).toEqual([20, 0]);
  });
});

describe('an init that is not PID 1', () => {
  /**
   * Zombies that a container's own orphan leaves: main forks a child that forks, exits, and is waited for.
   */
  function leftUnder(pid1: string, init: string): number {
    const world = new World(pid1);
    const orphaning: Step[] = [
      { fork: { comm: 'middle', steps: [{ fork: { comm: 'orphan', steps: [{ sleep: '1s' }] } }] } },
      { wait: 'any' },
      'pause',
    ];
    const programs = new Map([['orphaning', { comm: 'main', steps: orphaning }]]);
    world.enter(wrap(init as 'tini', 'orphaning'), true, programs);
    world.run('10s');
    return world.zombies;
  }

  test('reaps the orphans of its own descendants if it is a subreaper: tini -s, catatonit', () => {
    expect(leftUnder('pause-3.0', 'tini -s')).toBe(0);
    expect(leftUnder('pause-3.0', 'catatonit')).toBe(0);
  });

  test('does not otherwise: tini, dumb-init, a shell', () => {
    expect(leftUnder('pause-3.0', 'tini')).toBe(1);
    expect(leftUnder('pause-3.0', 'dumb-init')).toBe(1);
    expect(leftUnder('pause-3.0', 'sh-dash -c')).toBe(1);
  });

  test('does not reap what an exec probe orphans, subreaper or not: that goes to PID 1', () => {
    for (const init of ['tini', 'tini -s']) {
      const world = new World('pause-3.0');
      world.enter(init);
      for (let probe = 0; probe < 5; probe++) world.exec(ORPHAN);
      world.run('1s');
      expect(world.zombies).toBe(5);
    }
  });
});

describe('an init ends when its main child does, with its status', () => {
  test.each(INIT_NAMES)('%s', (init) => {
    const world = new World('pause-3.1');
    const programs = new Map([['failing', { comm: 'failing', steps: [{ sleep: '1s' }, { exit: 7 }] }]]);
    expect(world.exec(wrap(init, 'failing'), '1m', true, programs)).toBe(7);
  });
});

describe('a probe command leaves, under a PID 1 that does not reap (R9)', () => {
  /** Zombies and pinned PIDs per run, after 10 runs and a pause of 30 s. */
  function leftBy(command: string): [number, number] {
    const world = new World('pause-3.0');
    for (let run = 0; run < 10; run++) world.exec(command);
    world.run('30s');
    return [world.zombies / 10, world.pinned / 10];
  }

  test('nothing: a plain binary, coreutils timeout', () => {
    expect(leftBy('plain-binary')).toEqual([0, 0]);
    expect(leftBy('coreutils-timeout')).toEqual([0, 0]);
  });

  test.each([
    'redis-cli',
    'mysqladmin',
    'psql',
    'pg_isready',
    'curl',
    'wget',
    'nc',
    'pgrep',
    'node',
    'java',
    'python3',
  ])('nothing: %s, as measured', (command) => expect(leftBy(command)).toEqual([0, 0]));

  test('2 to 3 zombies and 2 pinned PIDs: the commands of RabbitMQ 3.8 and later', () => {
    for (const command of [
      'rabbitmq-diagnostics ping',
      'rabbitmqctl-3.8 status',
      'rabbitmq-diagnostics check_running',
    ]) {
      const [zombies, pinned] = leftBy(command);
      expect([zombies >= 2, zombies <= 3, pinned], command).toEqual([true, true, 2]);
    }
  });

  test('1 zombie: busybox timeout, whose watcher leads a session of its own and so pins nothing', () => {
    expect(leftBy('busybox timeout')).toEqual([1, 0]);
  });

  test('1 zombie and 1 pinned PID: a script with a background job', () => {
    expect(leftBy('script-background-job')).toEqual([1, 1]);
  });

  test('3 zombies: rabbitmqctl of 2017', () => {
    expect(leftBy('rabbitmqctl status')[0]).toBe(3);
  });

  test('an orphan of a script that was killed for its slowness, none of one that was not', () => {
    expect(leftBy('script-outlives-timeout')).toEqual([0, 0]);
    const world = new World('pause-3.0');
    const task = world.enter('script-outlives-timeout');
    world.run('1s');
    world.killAndReap(task);
    world.run('1m');
    expect([world.zombies, world.pinned]).toEqual([1, 1]);
  });

  test('nothing at all under a PID 1 that reaps', () => {
    for (const command of [
      'busybox timeout',
      'script-background-job',
      'rabbitmqctl status',
      'rabbitmqctl node_health_check',
    ]) {
      const world = new World('pause-3.1');
      for (let run = 0; run < 10; run++) world.exec(command);
      world.run('30s');
      expect([world.zombies, world.pinned, world.tasks], command).toEqual([0, 0, 1]);
    }
  });

  test('a busybox timeout’s watcher is gone 0 to 1 s after its command', () => {
    const world = new World('pause-3.0');
    world.exec('busybox timeout');
    expect([world.zombies, world.tasks]).toEqual([0, 2]);
    world.run('1s');
    expect([world.zombies, world.tasks]).toEqual([1, 2]);
  });
});

describe('rabbitmqctl node_health_check, 3.10.8', () => {
  const RUNS = 400;

  test('leaves 2 inet_gethost per run, each with a pinned PID, and erl_child_setup in about a quarter of the runs', () => {
    const world = new World('pause-3.0');
    for (let run = 0; run < RUNS; run++) expect(world.exec('rabbitmqctl node_health_check')).toBe(0);
    world.kernel.checkInvariants();
    const [, ...left] = world.listing.toSorted();
    const count = (line: string): number => left.filter((other) => other === line).length;
    expect(count('Z inet_gethost')).toBe(2 * RUNS);
    expect(world.pinned).toBe(2 * RUNS);
    // 26 % of 400 is 104; four standard deviations are 35.
    const third = count('Zs erl_child_setup');
    expect(third).toBeGreaterThan(69);
    expect(third).toBeLessThan(139);
    expect(left.length).toBe(2 * RUNS + third);
  });

  test('is 26 tasks at its widest, 20 of them the Erlang VM', () => {
    const world = new World('pause-3.1');
    world.enter('rabbitmqctl node_health_check');
    let widest = 0;
    for (let ms = 0; ms < 400; ms++) {
      world.run('1ms');
      widest = Math.max(widest, world.tasks - 1);
    }
    expect(widest).toBe(26);
  });

  test('R64: leaves the third in no run or in every run, where the share of its race is 0 or 1', () => {
    for (const [share, zombies] of [
      [0, 2],
      [1, 3],
    ]) {
      const source = CATALOGUE.get('rabbitmqctl node_health_check')!.withShare!(share);
      const world = new World('pause-3.0');
      for (let run = 0; run < 20; run++) world.exec(source, '1m', true);
      expect([world.zombies, world.pinned]).toEqual([20 * zombies, 40]);
    }
  });

  test('leaves a PID 1 that reaps alone', () => {
    const world = new World('pause-3.1');
    world.exec('rabbitmqctl node_health_check');
    expect(world.listing).toEqual(['S pause']);
  });
});

describe('rabbitmq-server', () => {
  const world = new World('pause-3.0');
  world.enter('rabbitmq-server');
  world.run('10s');

  test('comes to rest with 29 tasks, 20 of them the Erlang VM', () => {
    expect(world.tasks - 1 - world.zombies).toBe(29);
    expect(world.kernel.listTasks(world.namespace).find(({ comm }) => comm === 'beam.smp')!.threads).toBe(20);
  });

  test('has left the inner inet_gethost of two pairs, epmd’s middle process, and perhaps an erl_child_setup', () => {
    const zombies = world.listing.filter((line) => line.startsWith('Z') && line !== 'Zs erl_child_setup');
    expect(zombies).toEqual(['Z inet_gethost', 'Zs epmd', 'Z inet_gethost']);
  });

  test('has a daemon in the session of that dead middle process (K45)', () => {
    const epmd = world.kernel.listTasks(world.namespace).filter(({ comm }) => comm === 'epmd');
    const [middle, daemon] = epmd;
    expect([middle.stat, daemon.stat]).toEqual(['Zs', 'S']);
    expect([daemon.ppid, daemon.sid]).toEqual([1, middle.pid]);
  });

  test('leaves nothing behind under a PID 1 that reaps', () => {
    const reaped = new World('pause-3.1');
    reaped.enter('rabbitmq-server');
    reaped.run('10s');
    expect([reaped.tasks, reaped.zombies]).toEqual([30, 0]);
  });
});

describe('the incident in a namespace of 800 PIDs', () => {
  /** Runs probes until one fails: which, how, and the zombies then. */
  function firstFailure(seed: number): {
    probe: number;
    status: number | null;
    zombies: number;
    world: World;
  } {
    const world = new World('pause-3.0', { pidMax: 800, seed });
    world.enter('rabbitmq-server');
    world.run('10s');
    for (let probe = 1; probe <= 200; probe++) {
      const status = world.exec('rabbitmqctl node_health_check', '2m');
      if (status !== 0) return { probe, status, zombies: world.zombies, world };
      world.run('9s');
    }
    throw new Error('200 probes succeeded');
  }

  // Measured: probes 119 and, on another day, 116; with 277 and 290 zombies.
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('fails near probe 117 with about 270 zombies (seed %i)', (seed) => {
    const { probe, status, zombies, world } = firstFailure(seed);
    expect(probe).toBeGreaterThan(112);
    expect(probe).toBeLessThan(123);
    expect(zombies).toBeGreaterThan(258);
    expect(zombies).toBeLessThan(284);
    expect([69, 134, 143]).toContain(status);
    world.kernel.checkInvariants();
  });

  test('goes on failing', () => {
    const { world } = firstFailure(1);
    for (let probe = 0; probe < 20; probe++)
      expect(world.exec('rabbitmqctl node_health_check', '2m')).toBeGreaterThan(0);
  });

  test('does not happen with pause 3.1', () => {
    const world = new World('pause-3.1', { pidMax: 800 });
    world.enter('rabbitmq-server');
    world.run('10s');
    for (let probe = 0; probe < 300; probe++) expect(world.exec('rabbitmqctl node_health_check')).toBe(0);
    expect(world.zombies).toBe(0);
  });
});

describe('an application whose main thread has ended (decision 0003)', () => {
  test('is defunct and holds 9 PIDs, and no reaping PID 1 clears it', () => {
    const world = new World('pause-3.1');
    world.enter([{ fork: { steps: [{ exec: { program: 'app-main-thread-exits' } }] } }]);
    world.run('1h');
    expect(world.listing).toContain('Zl app');
    expect(world.tasks).toBe(1 + 9 + 1);
  });

  test('unlike one that has exited, which the same PID 1 clears at once', () => {
    const world = new World('pause-3.1');
    world.exec([{ fork: { comm: 'app', steps: [{ sleep: '1s' }] } }]);
    world.run('1h');
    expect(world.listing).toEqual(['S pause']);
  });
});

describe('a fork that is refused (K44)', () => {
  /** Status and seconds of a shell that has the last PID of its namespace, for as long as stated. */
  function outcome(shell: string, freedAfter: string): [number | null, number] {
    const world = new World('pause-3.0', { pidMax: 400 });
    world.enter([{ threads: 399 - 3 }, { sleep: freedAfter }]);
    world.run('1ms');
    const startUs = world.sim.nowUs;
    const programs = new Map([['command', { comm: 'command', steps: [{ exit: 0 }] }]]);
    const status = world.exec(wrap(shell as 'bash script', 'command'), '1m', true, programs);
    return [status, Math.round((world.sim.nowUs - startUs) / US_PER_SECOND)];
  }

  test('ends dash at once with status 2', () => {
    expect(outcome('sh-dash -c', '1h')).toEqual([2, 0]);
    expect(outcome('sh-dash -c', '5s')).toEqual([2, 0]);
  });

  test('is tried again by bash for 15 s, which then ends with status 254', () => {
    expect(outcome('bash script', '1h')).toEqual([254, 15]);
  });

  test('goes well for bash if there is room again by then', () => {
    expect(outcome('bash script', '5s')).toEqual([0, 7]);
  });
});

describe('busybox timeout in a namespace that is nearly full (R39)', () => {
  const statusWith = (free: number): number | null => {
    const world = new World('pause-3.0', { pidMax: 400 });
    world.enter([{ threads: 399 - 3 - free }, { sleep: '1h' }]);
    world.run('1ms');
    return world.exec('busybox timeout');
  };

  test('exits with 1 if either of its forks is refused, and runs the command if neither is', () => {
    expect([statusWith(0), statusWith(1), statusWith(2)]).toEqual([1, 1, 0]);
  });
});
