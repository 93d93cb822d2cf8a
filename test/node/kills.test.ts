import { describe, expect, test } from 'vitest';
import { SIGKILL, SIGTERM } from '../../src/kernel/kernel.js';
import type { Program } from '../../src/program/code.js';
import { container, type NodeGiven, ORPHAN, pod, probe, program, S, World } from './world.js';

type Signal = 'TERM' | 'KILL';
const RUNTIMES: NodeGiven['runtime'][] = [
  { name: 'docker', version: '17.12' },
  { name: 'containerd', version: '1.3' },
  { name: 'containerd', version: '1.7' },
  { name: 'cri-o', version: '1.21' },
  { name: 'cri-o', version: '1.30' },
  { name: 'bare', version: '0.0', setsid: false },
];
const named = (runtime: NodeGiven['runtime']): string => `${runtime?.name} ${runtime?.version}`;

/** After a second, and every 5 s: kills a process that it can name. */
const killer = (target: 'parent' | 'group' | 'self', signal: Signal): Program =>
  program('killer', [
    { sleep: '1s' },
    { repeat: { times: 'forever', steps: [{ kill: { target, signal } }, { sleep: '5s' }] } },
  ]);

const busy = (given: NodeGiven): NodeGiven => ({
  kubelet: { version: '1.20' },
  sshLogins: { everyUs: 20 * S, lastsUs: 20 * 1_000_000 },
  podChurn: { everyUs: 30 * S, lastsUs: 30 * S },
  cronJobs: [{ name: 'job', everyUs: 7 * S, startAtUs: 0, program: program('job', [{ sleep: '3s' }]) }],
  pods: (['container', 'pod', 'node'] as const).map((pidMode) =>
    pod({
      name: pidMode,
      pidMode,
      containers: [container({ probes: [probe({ program: ORPHAN, periodUs: S })] })],
    }),
  ),
  ...given,
});

describe('a program that kills what is around it', () => {
  const where = {
    'a cron job': (command: Program): NodeGiven => ({
      cronJobs: [{ name: 'killer', everyUs: 20 * S, startAtUs: 0, program: command }],
    }),
    'a container with hostPID': (command: Program): NodeGiven => ({
      pods: [pod({ pidMode: 'node', containers: [container({ program: command })] })],
    }),
    'a probe with hostPID': (command: Program): NodeGiven => ({
      pods: [pod({ pidMode: 'node', containers: [container({ probes: [probe({ program: command })] })] })],
    }),
    'a container of its own namespace': (command: Program): NodeGiven => ({
      pods: [pod({ containers: [container({ program: command })] })],
    }),
    'plain docker': (command: Program): NodeGiven => ({
      pods: [pod({ sandboxless: true, containers: [container({ program: command })] })],
    }),
  };
  const cases = Object.entries(where).flatMap(([place, given]) =>
    (['parent', 'group', 'self'] as const).flatMap((target) =>
      (['TERM', 'KILL'] as const).flatMap((signal) =>
        RUNTIMES.map((runtime) => [place, target, signal, named(runtime), given, runtime] as const),
      ),
    ),
  );

  test.each(cases)('%s kills its %s with SIG%s on %s: the run goes on', (...args) => {
    const [, target, signal, , given, runtime] = args;
    const world = new World({ ...busy({ runtime }), ...given(killer(target, signal)), runtime }).to(120);
    expect(world.result().horizonSeconds).toBe(1_000_000);
    expect(world.kernel.taskCount()).toBeLessThan(400);
  });
});

describe.each(RUNTIMES.map((runtime) => [named(runtime), runtime] as const))('on %s', (_name, runtime) => {
  test.each(['TERM', 'KILL'] as const)(
    'any process may die of SIG%s at any time, and what restarts comes back',
    (signal) => {
      const world = new World(busy({ runtime })).to(10);
      const { kernel } = world;
      const killed = new Set<string>();
      for (let step = 0; step < 800; step++) {
        while (!world.run.advance(10 * S + step * 237_000));
        const tasks = kernel.listTasks().filter((row) => row.task !== kernel.init && row.stat[0] !== 'Z');
        const comms = [...new Set(tasks.map(({ comm }) => comm))].filter(
          (comm) => !/^kworker|^systemd/.test(comm),
        );
        const comm = comms[step % comms.length];
        if (comm === undefined) continue;
        const victims = tasks.filter((row) => row.comm === comm);
        killed.add(comm);
        kernel.kill(kernel.init, victims[step % victims.length].task, signal === 'KILL' ? SIGKILL : SIGTERM);
      }
      kernel.checkInvariants();
      expect([...killed]).toEqual(expect.arrayContaining(['app', 'sshd', 'cron']));
      world.to(1_000);
      if (signal === 'TERM') return;
      const { host } = world.node.context;
      expect([host.runtime.isUp, host.sshd.isUp, host.cron.isUp, host.kubelet?.isUp ?? true]).toEqual([
        true,
        true,
        true,
        true,
      ]);
      expect(world.node.kubelet.slots.map(({ current }) => current?.state)).toEqual(Array(3).fill('running'));
      expect(world.result().final.zombies).toBeLessThan(1_500);
    },
  );
});

describe('what dies comes back as on a real host', () => {
  const JOBS = [{ name: 'job', everyUs: 20 * S, startAtUs: 20 * S, program: program('job', ['pause']) }];

  const cronKilledWith = (signal: Parameters<World['kernel']['kill']>[2]): World => {
    const world = new World({ cronJobs: JOBS }).to(10);
    const { kernel, node } = world;
    kernel.kill(kernel.init, node.context.host.cron.task, signal);
    return world.to(110);
  };

  test('systemd takes a cron that dies of SIGTERM for ended, and no job is started any more', () => {
    const world = cronKilledWith(SIGTERM);
    expect([world.on('cron'), world.on('job')]).toEqual([[], []]);
    expect(world.eventKinds().filter((kind) => kind === 'daemon-died')).toHaveLength(1);
  });

  test('of SIGKILL it is started again, and so are its jobs, each below a cron of its own (R67)', () => {
    const world = cronKilledWith(SIGKILL);
    expect([world.on('cron').length, world.on('job').length]).toEqual([6, 5]);
    expect(world.eventKinds().filter((kind) => kind === 'daemon-died')).toHaveLength(1);
    expect(world.eventKinds().filter((kind) => kind === 'daemon-restarted')).toHaveLength(1);
  });

  test.each(['TERM', 'KILL'] as const)(
    'a job that sends SIG%s to its parent ends the cron that waits for it, not the one that starts jobs',
    (signal) => {
      const killing = program('job', [{ kill: { target: 'parent', signal } }, 'pause']);
      const world = new World({ cronJobs: [{ ...JOBS[0], program: killing }] }).to(110);
      expect([world.on('cron').length, world.on('job').length, world.zombies]).toEqual([1, 5, 0]);
      expect(world.eventKinds()).not.toContain('daemon-died');
    },
  );

  test('with a shim its containers die, pause too, and the kubelet makes the pod again', () => {
    const world = new World({ pods: [pod()] }).to(10);
    const [shim] = world.kernel.listTasks().filter(({ comm }) => comm === 'containerd-shim');
    world.kernel.kill(world.kernel.init, shim.task, SIGKILL);
    expect(world.to(10.01).on('app')).toEqual([]);
    world.to(30);
    expect(world.inside('web')).toEqual(['app']);
    expect(world.on('containerd-shim')).toHaveLength(1);
    expect(world.kernel.allocated()).toBe(113);
  });

  test('without a containerd containers go on; no exec and no pod is started until it is back, 5 s later', () => {
    const late = pod({ name: 'late', startAtUs: 21 * S });
    const containers = [container({ probes: [probe({ periodUs: S })] })];
    const world = new World({ pods: [pod({ containers }), late] }).to(20);
    const [daemon] = world.kernel.listTasks().filter(({ comm }) => comm === 'containerd');
    world.kernel.kill(world.kernel.init, daemon.task, SIGKILL);
    const before = world.result().probes[0];
    world.to(24.5);
    expect(world.result().probes[0].succeeded).toBe(before.succeeded);
    expect(world.result().probes[0].errored).toBeGreaterThan(before.errored + 2);
    expect([world.inside('web'), world.inside('late')]).toEqual([['app'], []]);
    world.to(60);
    expect(world.result().probes[0].succeeded).toBeGreaterThan(before.succeeded + 30);
    expect([world.inside('web'), world.inside('late')]).toEqual([['app'], ['app']]);
    expect(world.result().pods.map(({ restarts }) => restarts)).toEqual([0, 0]);
  });

  test('a service whose start is refused five times within ten seconds stays down', () => {
    const hog = program('hog', [
      { repeat: { times: 1_000, steps: [{ fork: { steps: ['pause'], orElse: [] } }] } },
      'pause',
    ]);
    const world = new World({
      kernel: { pidMax: 400 },
      sshLogins: { everyUs: 20 * S, lastsUs: 20 * 1_000_000 },
      pods: [pod({ containers: [container({ program: hog })] })],
      interventions: [{ atUs: 100 * S, do: 'set-pid-max', pidMax: 4_000 }],
    }).to(50);
    const [sshd] = world.kernel.listTasks().filter(({ comm }) => comm === 'sshd');
    world.kernel.kill(world.kernel.init, sshd.task, SIGKILL);
    // Its PID is below 300, and lost since the first wrap.
    const ok = world.to(300).node.counters.sshOk;
    expect(ok).toBe(0);
    expect(world.on('sshd')).toEqual([]);
  });
});
