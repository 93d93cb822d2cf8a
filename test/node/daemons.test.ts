/** Daemons of the node that a full table takes down, and what comes of it. */
import { describe, expect, test } from 'vitest';
import { HOST_NS } from '../../src/kernel/kernel.js';
import { APP, container, leaveFree, type NodeGiven, pod, probe, program, S, World } from './world.js';

const QUICK = program('check', [{ sleep: '100ms' }]);
const checked = (given: NodeGiven): World =>
  new World({
    kernel: { pidMax: 600 },
    pods: [
      pod({ containers: [container({ program: APP, probes: [probe({ program: QUICK, periodUs: S })] })] }),
    ],
    ...given,
  });
const times = (world: World, kind: string, subject: string): number[] =>
  world
    .result()
    .events.filter((event) => event.kind === kind && event.subject === subject)
    .map(({ timeSeconds }) => timeSeconds);

describe('R51: a Go daemon that needs a thread', () => {
  test('gets one while PIDs are free, and aborts when none is', () => {
    const world = checked({ daemonThreadsEveryUs: 60 * S });
    world.to(300);
    expect(world.eventKinds()).not.toContain('daemon-died');
    leaveFree(world, 0);
    world.to(400);
    // Its own threads are free then, and the other daemon finds room.
    expect(times(world, 'daemon-died', 'containerd')).toHaveLength(1);
    expect(times(world, 'daemon-died', 'kubelet')).toHaveLength(0);
  });

  test('needs none unless the scenario says how often', () => {
    const world = checked({}).to(300);
    leaveFree(world, 0);
    expect(world.to(2_000).eventKinds()).not.toContain('daemon-died');
  });

  test('leaves room for its own restart: its threads are gone, and systemd starts it again after RestartSec', () => {
    const world = checked({ daemonThreadsEveryUs: 60 * S }).to(300);
    leaveFree(world, 0);
    world.to(420);
    const [died] = times(world, 'daemon-died', 'containerd');
    const [back] = times(world, 'daemon-restarted', 'containerd');
    expect(back - died).toBeCloseTo(5, 3);
  });
});

describe('R51: while the kubelet is down', () => {
  test('nothing is probed, and its probes start anew when it is back, at moments of their own', () => {
    const world = checked({}).to(100);
    const runs = () => world.result().probes[0].runs;
    const { kernel } = world;
    kernel.exit(world.node.context.host.kubelet!.task, 134);
    world.to(100.5);
    const before = runs();
    world.to(109.9);
    expect(runs()).toBe(before);
    world.to(120);
    expect(runs() - before).toBeGreaterThan(7);
    expect(runs() - before).toBeLessThan(11);
  });

  test('no pod is made or deleted; both are done when it is back', () => {
    const world = new World({
      pods: [pod({ name: 'late', startAtUs: 105 * S }), pod({ name: 'early', stopAtUs: 105 * S })],
    }).to(100);
    world.kernel.exit(world.node.context.host.kubelet!.task, 134);
    world.to(109);
    expect(world.inside('early')).toEqual(['app']);
    expect(world.inside('late')).toEqual([]);
    world.to(115);
    expect(world.inside('early')).toEqual([]);
    expect(world.inside('late')).toEqual(['app']);
  });

  test('what runs goes on', () => {
    const world = checked({}).to(100);
    world.kernel.exit(world.node.context.host.kubelet!.task, 134);
    expect(world.to(105).inside('web')).toEqual(['app']);
  });
});

describe('R52: the node', () => {
  const killed = (free: number): World => {
    const world = checked({}).to(100);
    const { kernel } = world;
    kernel.exit(world.node.context.host.kubelet!.task, 134);
    leaveFree(world, free);
    return world;
  };

  test('is NotReady once its kubelet has been away for 40 s, and Ready when it is back', () => {
    const world = killed(0).to(139.9);
    expect(world.eventKinds()).not.toContain('node-not-ready');
    world.to(140.1);
    expect(world.eventKinds()).toContain('node-not-ready');
    world.kernel.setPidMax(HOST_NS, 700);
    world.to(200);
    expect(world.eventKinds()).toContain('node-ready');
  });

  test('stays Ready over a restart of the kubelet', () => {
    expect(killed(50).to(1_000).eventKinds()).not.toContain('node-not-ready');
  });

  test('is NotReady when the runtime has been down for 30 s', () => {
    const world = checked({}).to(100);
    world.kernel.exit(world.node.context.host.runtime.task, 134);
    leaveFree(world, 0);
    expect(world.to(129).eventKinds()).not.toContain('node-not-ready');
    expect(world.to(131).eventKinds()).toContain('node-not-ready');
  });
});

describe('R59: TasksMax of the runtime’s service', () => {
  const charged = (world: World) => world.kernel.pidsCurrent(world.node.context.host.service);
  const THREADS = 1 + 24;
  const SHIM = 11;
  /** runc and the process that it makes, until that is moved. */
  const CREATE = 11;
  const limited = (tasksMax: number, given: NodeGiven = {}) =>
    new World({ runtime: { name: 'docker', version: '20.10', tasksMax }, ...given });
  const plain = (name: string) => pod({ name, sandboxless: true });

  test('counts the daemon and its shims, and not what runs in containers', () => {
    const many = program('many', [{ threads: 50 }, 'pause']);
    const pods = [pod({ sandboxless: true, containers: [container({ program: many })] })];
    expect(charged(limited(512).to(5))).toBe(THREADS);
    expect(charged(limited(512, { pods }).to(5))).toBe(THREADS + SHIM);
  });

  test('conmon leaves the service of CRI-O', () => {
    const world = limited(512, { runtime: { name: 'cri-o', version: '1.30', tasksMax: 512 }, pods: [pod()] });
    expect(world.to(5).on('conmon').length).toBeGreaterThan(0);
    expect(charged(world)).toBe(THREADS);
  });

  test('a full service starts no container and refuses no fork within one', () => {
    const forks = program('forks', [
      { sleep: '60s' },
      { fork: { comm: 'child', steps: ['pause'] } },
      'pause',
    ]);
    const pods = [
      pod({ name: 'first', sandboxless: true, containers: [container({ program: forks })] }),
      { ...plain('second'), startAtUs: 10 * S },
    ];
    const world = limited(THREADS + SHIM + CREATE, { pods }).to(100);
    expect(world.inside('first')).toEqual(['forks', 'child']);
    expect(world.inside('second')).toEqual([]);
    expect(world.result().symptoms).toMatchObject({ podsNeverCreated: 1 });
    expect(world.result().symptoms.podRefusals).toMatchObject([{ pod: 'second', limitOf: 'service' }]);
    expect(
      limited(THREADS + 2 * SHIM + CREATE, { pods })
        .to(100)
        .inside('second'),
    ).toEqual(['app']);
  });

  test('a daemon that is started again is in it, however full it is', () => {
    const world = limited(THREADS + SHIM + CREATE, { pods: [plain('web')] }).to(5);
    world.kernel.exit(world.node.context.host.runtime.task, 134);
    expect(charged(world.to(6))).toBe(SHIM);
    expect(charged(world.to(10))).toBe(SHIM + 1);
  });
});
