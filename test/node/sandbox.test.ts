import { describe, expect, test } from 'vitest';
import { PIDS_UNLIMITED } from '../../src/kernel/cgroups.js';
import { cgroupId } from '../../src/kernel/kernel.js';
import { APP, container, ORPHAN, PLAIN, pod, probe, program, S, World } from './world.js';

const leaky = (pidMode: 'container' | 'pod' | 'node', more = {}) =>
  pod({ pidMode, containers: [container({ probes: [probe({ program: ORPHAN })] })], ...more });

const runs = (world: World) => world.node.counters.probeRuns;

describe('who is PID 1, and who adopts', () => {
  test('R7: isolated: the entrypoint is PID 1 of its own namespace, pause of another', () => {
    const world = new World({ pods: [pod({ pidMode: 'container' })] }).to(5);
    expect(world.inside('web')).toEqual(['app']);
    expect(world.on('pause')[0].nspid).toHaveLength(2);
    expect(world.on('pause')[0].nspid[1]).toBe(1);
  });

  test('R8: shared: pause is PID 1 and the entrypoint is not', () => {
    const world = new World({ pods: [pod({ pidMode: 'pod' })] }).to(5);
    expect(world.inside('web')).toEqual(['pause', 'app']);
    expect(world.on('app')[0].nspid[1]).not.toBe(1);
  });

  test('host PID namespace: everything in the pod has one PID only, the host’s', () => {
    const world = new World({ pods: [leaky('node')] }).to(5);
    expect(world.on('app')[0].nspid).toHaveLength(1);
    expect(world.on('pause')[0].nspid).toHaveLength(1);
  });

  test('R3: without an answer in the pod, kubelet and runtime decide', () => {
    const old = { kubelet: { version: '1.7' }, runtime: { name: 'docker' as const, version: '17.12' } };
    expect(new World({ ...old, pods: [pod()] }).to(5).inside('web')).toEqual(['pause', 'app']);
    expect(new World({ pods: [pod()] }).to(5).inside('web')).toEqual(['app']);
  });

  test('docker run: the entrypoint is PID 1 and there is no pause', () => {
    const docker = { runtime: { name: 'docker' as const, version: '24.0' } };
    const world = new World({ ...docker, pods: [pod({ sandboxless: true })] }).to(5);
    expect(world.inside('web')).toEqual(['app']);
    expect(world.on('pause')).toHaveLength(0);
  });

  test('R34: CRI-O 1.22 has no pause for an isolated pod, and has one for a shared one', () => {
    const crio = (version: string, pidMode: 'container' | 'pod') =>
      new World({ runtime: { name: 'cri-o', version }, pods: [pod({ pidMode })] }).to(5).on('pause').length;
    expect(crio('1.22', 'container')).toBe(0);
    expect(crio('1.22', 'pod')).toBe(1);
    expect(crio('1.21', 'container')).toBe(1);
  });
});

describe('who frees what a probe leaves', () => {
  test('R5, R6: an orphan of an exec goes to the namespace’s init; pause 3.0 keeps it, pause 3.1 does not', () => {
    const kept = new World({ pause: '3.0', pods: [leaky('pod')] }).to(105);
    const [orphan] = kept.on('orphan');
    expect(orphan.ppid).toBe(kept.on('pause')[0].pid);
    expect(kept.zombies).toBe(runs(kept));
    expect(new World({ pause: '3.1', pods: [leaky('pod')] }).to(105).zombies).toBe(0);
  });

  test('R5: before Linux 4.11 it went to the shim outside, which reaps', () => {
    const world = new World({ pause: '3.0', kernel: { version: '4.9' }, pods: [leaky('pod')] }).to(105);
    expect(world.zombies).toBe(0);
  });

  test('K11: each orphan that is kept costs two PIDs, its own and its session’s', () => {
    const world = new World({ pause: '3.0', pods: [leaky('pod')] }).to(105);
    expect(world.kernel.pinned()).toBe(world.zombies);
  });

  test('R4: the command itself is always reaped by the shim', () => {
    const plain = pod({ pidMode: 'pod', containers: [container({ probes: [probe({ program: PLAIN })] })] });
    const world = new World({ pause: '3.0', pods: [plain] }).to(105);
    expect(world.result().probes[0].succeeded).toBeGreaterThan(9);
    expect([world.zombies, world.kernel.pinned()]).toEqual([0, 0]);
  });

  test('host PID namespace: the host’s init reaps at once, whatever pause does', () => {
    expect(new World({ pause: '3.0', pods: [leaky('node')] }).to(105).zombies).toBe(0);
  });

  test('R7: isolated: the restart of a container frees all its zombies', () => {
    const restart = { atUs: 105 * S, do: 'restart-container' as const, pod: 'web', container: 'app' };
    const world = new World({ pods: [leaky('container')], interventions: [restart] }).to(104);
    expect(world.zombies).toBe(runs(world));
    world.to(108);
    expect([world.zombies, world.kernel.pinned()]).toEqual([0, 0]);
    expect(world.result().pods[0].restarts).toBe(1);
  });

  test('R8: shared: the restart of a container frees nothing and adds its killed descendants', () => {
    const restart = { atUs: 105 * S, do: 'restart-container' as const, pod: 'web', container: 'app' };
    const withChild = program('app', [
      { 'on-term': 'exit' },
      { fork: { comm: 'worker', steps: ['pause'] } },
      'pause',
    ]);
    const given = (pause: string) => ({
      pause,
      pods: [
        pod({
          pidMode: 'pod',
          containers: [container({ program: withChild, probes: [probe({ program: ORPHAN })] })],
        }),
      ],
      interventions: [restart],
    });
    const world = new World(given('3.0')).to(104);
    const before = world.zombies;
    world.to(108);
    expect(world.zombies).toBe(before + 1);
    expect(
      world
        .on('worker')
        .map(({ stat }) => stat[0])
        .sort(),
    ).toEqual(['S', 'Z']);
    expect(new World(given('3.1')).to(108).zombies).toBe(0);
  });

  test('R27: the death of the sandbox frees every zombie and every pinned PID', () => {
    const drop = { atUs: 105 * S, do: 'delete-pod' as const, pod: 'web', recreate: false };
    const world = new World({ pause: '3.0', pods: [leaky('pod')], interventions: [drop] }).to(104);
    expect(world.kernel.allocated()).toBeGreaterThan(120);
    world.to(110);
    expect([world.zombies, world.kernel.pinned(), world.kernel.allocated()]).toEqual([0, 0, 100]);
  });
});

describe('R28: what a pod costs at rest', () => {
  const tasksOf = (name: 'docker' | 'containerd' | 'cri-o' | 'bare', version: string, containers: number) => {
    const names = Array.from({ length: containers }, (_, index) => container({ name: `c${index}` }));
    return (
      new World({ runtime: { name, version }, pods: [pod({ containers: names })] }).to(5).kernel.allocated() -
      100
    );
  };

  test('Docker: a shim of 11 tasks for every container and one for pause', () => {
    expect(tasksOf('docker', '17.12', 1)).toBe(2 * 11 + 1 + 1);
    expect(tasksOf('docker', '17.12', 3)).toBe(4 * 11 + 1 + 3);
  });

  test('containerd from 1.4 on: one shim for the whole pod', () => {
    expect(tasksOf('containerd', '1.7', 3)).toBe(11 + 1 + 3);
    expect(tasksOf('containerd', '1.3', 3)).toBe(4 * 11 + 1 + 3);
  });

  test('bare: the processes themselves and nothing else', () => {
    expect(tasksOf('bare', '1', 3)).toBe(3);
  });

  test('R49: CRI-O has a conmon for each exec, which ends with its command; containerd has none', () => {
    const slow = probe({ program: program('slow', [{ sleep: '5s' }]), periodUs: 60 * S, timeoutUs: 30 * S });
    const shims = (name: 'cri-o' | 'containerd', comm: string) => {
      const pods = [pod({ containers: [container({ probes: [slow] })] })];
      const world = new World({ runtime: { name, version: '1.21' }, pods }).to(3);
      while (world.on('slow').length === 0) world.to(world.run.sim.nowUs / S + 1);
      const during = world.on(comm).length;
      return { during, after: world.to(world.run.sim.nowUs / S + 20).on(comm).length };
    };
    expect(shims('cri-o', 'conmon')).toEqual({ during: 3, after: 2 });
    expect(shims('containerd', 'containerd-shim')).toEqual({ during: 1, after: 1 });
  });

  test('the host has exactly the tasks that the scenario gives it', () => {
    for (const baselineTaskCount of [20, 57, 180, 1_000]) {
      expect(new World({ baselineTaskCount }).to(1).kernel.allocated()).toBe(baselineTaskCount);
    }
  });
});

describe('cgroups', () => {
  test('R22: podPidsLimit is the limit of the pod’s own cgroup; -1 sets none', () => {
    const bomb = program('app', [
      { repeat: { times: 500, steps: [{ fork: { steps: ['pause'], orElse: [] } }] } },
      'pause',
    ]);
    const given = { pods: [pod({ containers: [container({ program: bomb })] })] };
    const limited = new World({ ...given, kubelet: { podPidsLimit: 50 } }).to(5);
    expect(limited.on('app')).toHaveLength(49);
    expect(limited.run.summary().exhaustions).toEqual([]);
    expect(limited.eventKinds()).toContain('fork-refused');
    expect(new World(given).to(5).on('app')).toHaveLength(501);
  });

  test('R22: the kubepods limit is capacity less what is reserved, from kubelet 1.15 on', () => {
    const max = (version: string, reservedPids: number) => {
      const { kernel, node } = new World({ kubelet: { version, reservedPids } });
      return kernel.pidsMax(node.kubepods);
    };
    expect(max('1.30', 1_000)).toBe(32_768 - 1_000);
    expect(max('1.14', 1_000)).toBe(PIDS_UNLIMITED);
  });

  const full = program('app', [
    { repeat: { times: 60, steps: [{ fork: { steps: ['pause'], orElse: [] } }] } },
    'pause',
  ]);
  const inFullPod = (command: typeof PLAIN, execIntoFullCgroup: number) =>
    new World({
      kubelet: { podPidsLimit: 40 },
      runtime: { execIntoFullCgroup },
      pods: [pod({ containers: [container({ program: full, probes: [probe({ program: command })] })] })],
    }).to(60);

  test('R23, R41: a command that gets into a full pod runs, unless it forks', () => {
    const forks = program('sh', [{ fork: { steps: [{ exit: 0 }] } }, { wait: 'any' }]);
    const totals = (command: typeof PLAIN) => inFullPod(command, 1).result().probes[0];
    expect(totals(PLAIN)).toMatchObject({ failed: 0, errored: 0 });
    expect(totals(forks)).toMatchObject({ succeeded: 0, errored: 0 });
  });

  test('R48: CRI-O up to 1.23 stops a container at 1,024 tasks, and not its neighbour', () => {
    const forking = (comm: string, times: number) =>
      program(comm, [{ repeat: { times, steps: [{ fork: { steps: ['pause'], orElse: [] } }] } }, 'pause']);
    const containers = [
      container({ name: 'a', program: forking('bomb', 1_100) }),
      container({ name: 'b', program: forking('modest', 10) }),
    ];
    const on = (name: 'cri-o' | 'containerd', version: string) => {
      const world = new World({ runtime: { name, version }, pods: [pod({ containers })] }).to(5);
      return [world.on('bomb').length, world.on('modest').length];
    };
    expect(on('cri-o', '1.23')).toEqual([1_024, 11]);
    expect(on('cri-o', '1.24')).toEqual([1_101, 11]);
    expect(on('containerd', '1.6')).toEqual([1_101, 11]);
  });

  test('R58: a container’s own limit stops it alone, before the runtime’s default and the pod’s', () => {
    const forking = (comm: string) =>
      program(comm, [
        { repeat: { times: 300, steps: [{ fork: { steps: ['pause'], orElse: [] } }] } },
        'pause',
      ]);
    const counts = (pidsLimit: number | undefined, containerPidsLimit?: number, podPidsLimit = -1) => {
      const containers = [
        container({ name: 'a', program: forking('a'), ...(pidsLimit === undefined ? {} : { pidsLimit }) }),
        container({ name: 'b', program: forking('b') }),
      ];
      const given = { kubelet: { podPidsLimit }, runtime: containerPidsLimit ? { containerPidsLimit } : {} };
      const world = new World({ ...given, pods: [pod({ containers })] }).to(5);
      const [refusal] = world.result().symptoms.podRefusals;
      return [world.on('a').length, world.on('b').length, refusal?.limitOf];
    };
    expect(counts(undefined)).toEqual([301, 301, undefined]);
    expect(counts(100)).toEqual([100, 301, 'container']);
    expect(counts(undefined, 200)).toEqual([200, 200, 'container']);
    expect(counts(100, 200)).toEqual([100, 200, 'container']);
    expect(counts(Number.POSITIVE_INFINITY, 200)).toEqual([301, 200, 'container']);
    expect(counts(undefined, undefined, 350).at(-1)).toBe('pod');
  });

  test.each([
    [1, 0],
    [2, 1],
    [4, 3],
  ])(
    'R58: with a limit of %i of its own a container starts, and forks %i: measured with runc 1.1.5',
    (pidsLimit, forks) => {
      const forking = program('sh', [
        { repeat: { times: 8, steps: [{ fork: { steps: ['pause'], orElse: [] } }] } },
        'pause',
      ]);
      const world = new World({
        pods: [pod({ containers: [container({ program: forking, pidsLimit })] })],
      }).to(5);
      expect(world.on('sh')).toHaveLength(1 + forks);
      expect(world.result().symptoms.podCreatesFailed).toBe(0);
    },
  );

  test('R41, R46: one that does not get in is an error, and gives back what it took', () => {
    const world = inFullPod(PLAIN, 0);
    expect(world.result().probes[0]).toMatchObject({ succeeded: 0, failed: 0 });
    expect(world.result().probes[0].errored).toBeGreaterThan(3);
    expect(world.kernel.pidsCurrent(cgroupId(2))).toBe(40);
    expect(world.on('runc')).toEqual([]);
  });

  test('shims are in no pod’s cgroup', () => {
    const world = new World({ pods: [pod({ containers: [container({ program: APP })] })] }).to(5);
    expect(world.kernel.pidsCurrent(world.node.kubepods)).toBe(2);
  });
});

describe('what the kubelet reads', () => {
  const available = (version: string, threadsMax: number) =>
    new World({ baselineTaskCount: 70_000, kubelet: { version }, kernel: { pidMax: 4_194_304, threadsMax } })
      .node.pidAvailable;

  test('R20: up to 1.23 it takes pid_max for the capacity; from 1.24 on it knows threads-max', () => {
    expect(available('1.23', 100_000)).toBe(4_194_304 - (70_000 - 65_536));
    expect(available('1.24', 100_000)).toBe(100_000 - 70_000);
  });

  test('R21: up to 1.23 its count of tasks starts again at 65,536', () => {
    expect(available('1.23', 200_000)).toBeGreaterThan(4_194_304 - 65_536);
    expect(available('1.24', 5_000_000)).toBe(4_194_304 - 70_000);
  });
});
