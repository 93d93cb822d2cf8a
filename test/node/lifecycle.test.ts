/** Init containers, sidecars, lifecycle hooks and recurring pods, as the kubelet runs them. */
import { describe, expect, test } from 'vitest';
import { KERNEL, SIGKILL } from '../../src/kernel/kernel.js';
import type { HookAction, PodSpec } from '../../src/node/spec.js';
import { APP, container, FAILING, ORPHAN, PLAIN, pod, probe, program, S, World } from './world.js';

const SHARED_30 = { pidMode: 'pod' } as const;
const named = (comm: string) => program(comm, [{ 'on-term': 'exit' }, 'pause']);
/** Ends by itself after a while. */
const task = (comm: string, lasts: `${number}s`) => program(comm, [{ sleep: lasts }]);
const exec = (hook: typeof APP): HookAction => ({ kind: 'exec', program: hook });
const comms = (world: World) =>
  (world.run.processes() ?? [])
    .map(({ comm }) => comm)
    .filter((comm) => /^(init|side|app|hook|late)/.test(comm));

describe('R53 init containers', () => {
  const world = (more: Partial<PodSpec> = {}) =>
    new World({
      pause: '3.0',
      pods: [
        pod({
          containers: [
            container({ name: 'init-1', program: task('init-1', '5s'), role: 'init' }),
            container({ name: 'init-2', program: task('init-2', '5s'), role: 'init' }),
            container({ name: 'app' }),
          ],
          ...more,
        }),
      ],
    });

  test('run one after another, each to its end, before the others', () => {
    const run = world();
    expect(comms(run.to(3))).toEqual(['init-1']);
    expect(comms(run.to(8))).toEqual(['init-2']);
    expect(comms(run.to(13))).toEqual(['app']);
    expect(run.node.counters.podsRunning).toBe(1);
    expect(run.result().pods[0]).toMatchObject({ restarts: 0, downSinceSeconds: null });
  });

  test('that fail are tried again, and the others wait', () => {
    const run = new World({
      pods: [pod({ containers: [container({ name: 'init', program: FAILING, role: 'init' }), container()] })],
    }).to(60);
    expect(comms(run)).toEqual([]);
    expect(run.node.counters.podsRunning).toBe(0);
    expect(run.node.kubelet.slots[0].current!.containers[0].restarts).toBeGreaterThanOrEqual(2);
  });

  test('that fail with `restartPolicy: Never` are not tried again', () => {
    const run = new World({
      pods: [
        pod({
          restartPolicy: 'Never',
          containers: [container({ name: 'init', program: FAILING, role: 'init' }), container()],
        }),
      ],
    }).to(600);
    expect(run.result().pods[0]).toMatchObject({ restarts: 0, downSinceSeconds: null });
    expect(run.kernel.allocated()).toBe(100);
    expect(run.eventKinds()).not.toContain('pod-created');
  });

  test('do not run again when another container restarts, but they do in a new sandbox', () => {
    const run = world().to(20);
    const [{ current }] = run.node.kubelet.slots;
    current!.restartContainer(current!.containers[2], 'test');
    expect(comms(run.to(22))).toEqual(['app']);
    expect(current!.containers[0].runtime.generation).toBe(1);
    run.kernel.kill(KERNEL, current!.sandbox.infra, SIGKILL);
    run.to(60);
    expect(current!.containers[0].runtime.generation).toBe(2);
    expect(comms(run)).toEqual(['app']);
  });

  test('leave what they leak where the PID namespace is shared, and nothing where it is not', () => {
    const leaky = (more: Partial<PodSpec>) =>
      new World({
        pause: '3.0',
        pods: [
          pod({
            containers: [container({ name: 'init', program: ORPHAN, role: 'init' }), container()],
            ...more,
          }),
        ],
      }).to(30).zombies;
    expect(leaky(SHARED_30)).toBe(1);
    expect(leaky({ pidMode: 'container' })).toBe(0);
  });
});

describe('R53 a sidecar', () => {
  const sidecar = (more = {}) =>
    container({ name: 'side', program: named('side'), role: 'sidecar', ...more });

  test('starts before the others and stays', () => {
    const run = new World({ pods: [pod({ containers: [sidecar(), container()] })] }).to(5);
    expect(comms(run)).toEqual(['side', 'app']);
  });

  test('is probed like any other container, and its probe leaks like any other', () => {
    const probed = sidecar({
      program: APP,
      probes: [probe({ type: 'liveness', program: ORPHAN, periodUs: S })],
    });
    expect(new World({ pods: [pod({ containers: [probed, container()] })] }).to(60).zombies).toBeGreaterThan(
      50,
    );
  });

  test('lets the others start only when its startup probe has succeeded', () => {
    const slow = probe({ type: 'startup', program: PLAIN, initialDelayUs: 20 * S, periodUs: S });
    const run = new World({ pods: [pod({ containers: [sidecar({ probes: [slow] }), container()] })] });
    expect(comms(run.to(15))).toEqual(['side']);
    expect(comms(run.to(25))).toEqual(['side', 'app']);
  });

  test('is stopped when the others have stopped', () => {
    const slow = program('app', [{ 'on-term': 'ignore' }, 'pause']);
    const run = new World({
      pods: [pod({ stopAtUs: 100 * S, containers: [sidecar(), container({ program: slow })] })],
    });
    expect(comms(run.to(125))).toEqual(['side', 'app']);
    expect(comms(run.to(135))).toEqual([]);
  });

  test('ends with a pod whose other containers have ended for good', () => {
    const containers = [sidecar(), container({ program: task('app', '10s') })];
    const run = new World({ pods: [pod({ restartPolicy: 'Never', containers })] });
    expect(comms(run.to(5))).toEqual(['side', 'app']);
    expect(comms(run.to(20))).toEqual([]);
  });

  test('restarts, whatever the pod’s policy', () => {
    const containers = [sidecar({ program: task('side', '3s') }), container()];
    const run = new World({ pods: [pod({ restartPolicy: 'Never', containers })] }).to(60);
    expect(run.node.kubelet.slots[0].current!.containers[0].restarts).toBeGreaterThan(1);
  });
});

describe('a container with a policy of its own', () => {
  test('ends for good in a pod that restarts the others', () => {
    const once = container({ name: 'once', program: task('late', '3s'), restartPolicy: 'Never' });
    const run = new World({ pods: [pod({ containers: [once, container()] })] }).to(60);
    expect(comms(run)).toEqual(['app']);
    expect(run.result().pods[0]).toMatchObject({ restarts: 0, downSinceSeconds: null });
  });
});

describe('R57 a pod that has ended', () => {
  const job = (more: Partial<PodSpec>) =>
    new World({ pods: [pod({ containers: [container({ program: task('app', '10s') })], ...more })] }).to(60);

  test('leaves nothing on the node, and is not down', () => {
    for (const restartPolicy of ['Never', 'OnFailure'] as const) {
      const run = job({ restartPolicy });
      expect(run.kernel.allocated()).toBe(100);
      expect(run.result().pods[0]).toMatchObject({ restarts: 0, downSinceSeconds: null });
    }
  });

  test('with a container that runs on has not', () => {
    const containers = [container({ name: 'a', program: task('app', '10s') }), container({ name: 'b' })];
    expect(job({ restartPolicy: 'Never', containers }).node.counters.podsRunning).toBe(1);
  });

  test('has not ended if it always restarts', () => {
    expect(job({ restartPolicy: 'Always' }).result().pods[0].restarts).toBeGreaterThan(1);
  });

  test('frees the zombies of its sandbox', () => {
    const leaky = { pidMode: 'pod', containers: [container({ program: ORPHAN })] } as const;
    const run = (restartPolicy: 'Never' | 'Always') =>
      new World({
        pause: '3.0',
        pods: [pod({ ...leaky, containers: [...leaky.containers], restartPolicy })],
      }).to(60).zombies;
    expect(run('Never')).toBe(0);
    expect(run('Always')).toBeGreaterThan(0);
  });
});

describe('R54 a postStart hook', () => {
  const hooked = (hook: typeof APP, more = {}) =>
    new World({ pods: [pod({ containers: [container({ postStart: exec(hook), ...more })] })] });

  test('runs once, right after the start', () => {
    const run = hooked(task('hook', '5s'));
    expect(comms(run.to(3))).toEqual(['app', 'hook']);
    expect(comms(run.to(10))).toEqual(['app']);
    expect(run.to(100).on('hook')).toEqual([]);
  });

  test('keeps the probes waiting to its end', () => {
    const probes = [probe({ type: 'liveness', periodUs: S })];
    const run = hooked(task('hook', '20s'), { probes }).to(15);
    expect(run.result().probes[0].runs).toBe(0);
    expect(run.to(30).result().probes[0].runs).toBeGreaterThan(5);
  });

  test('keeps the containers behind it waiting to its end', () => {
    const first = container({ name: 'first', postStart: exec(task('hook', '20s')) });
    const run = new World({ pods: [pod({ containers: [first, container({ program: named('late') })] })] });
    expect(comms(run.to(15))).toEqual(['app', 'hook']);
    expect(comms(run.to(25))).toEqual(['app', 'late']);
  });

  test('that fails has its container killed and started again; one that succeeds has not', () => {
    expect(hooked(FAILING).to(100).result().pods[0].restarts).toBeGreaterThan(1);
    expect(hooked(PLAIN).to(100).result().pods[0].restarts).toBe(0);
  });

  test('leaves its orphans to PID 1 of the container', () => {
    expect(hooked(ORPHAN).to(10).zombies).toBe(1);
    const blamed = hooked(ORPHAN).to(10).result().blame;
    expect(blamed.find(({ origin }) => origin === 'hook')).toMatchObject({ container: 'app', zombies: 1 });
  });
});

describe('R55 a preStop hook', () => {
  const stopped = (preStop: HookAction, more: Partial<PodSpec> = {}) =>
    new World({ pods: [pod({ stopAtUs: 100 * S, containers: [container({ preStop })], ...more })] });

  test('runs before SIGTERM', () => {
    const run = stopped(exec(task('hook', '10s')));
    expect(comms(run.to(99))).toEqual(['app']);
    expect(comms(run.to(105))).toEqual(['app', 'hook']);
    expect(comms(run.to(112))).toEqual([]);
  });

  test('is within the grace period: a deaf container is killed at its end all the same', () => {
    const deaf = program('app', [{ 'on-term': 'ignore' }, 'pause']);
    const run = new World({
      pods: [
        pod({
          stopAtUs: 100 * S,
          containers: [container({ program: deaf, preStop: exec(task('hook', '10s')) })],
        }),
      ],
    });
    expect(run.to(128).on('app')).toHaveLength(1);
    expect(run.to(132).on('app')).toEqual([]);
  });

  test('that takes longer than the grace period is not waited for; two seconds are left', () => {
    const run = stopped(exec(task('hook', '500s')), { terminationGraceUs: 20 * S });
    expect(comms(run.to(119))).toEqual(['app', 'hook']);
    expect(comms(run.to(121))).toEqual([]);
  });

  test('that fails changes nothing', () => {
    expect(comms(stopped(exec(FAILING)).to(102))).toEqual([]);
  });

  test('that sleeps starts no process and delays the end', () => {
    const run = stopped({ kind: 'wait', us: 10 * S });
    expect(comms(run.to(105))).toEqual(['app']);
    expect(comms(run.to(112))).toEqual([]);
  });

  test('is left out without a grace period', () => {
    const run = stopped(exec(task('hook', '10s')), { terminationGraceUs: 0 });
    expect(comms(run.to(102))).toEqual([]);
  });

  test('runs before a restart too', () => {
    const run = stopped(exec(task('hook', '10s')), { stopAtUs: null }).to(10);
    const [{ current }] = run.node.kubelet.slots;
    current!.restartContainer(current!.containers[0], 'test');
    expect(comms(run.to(15))).toEqual(['app', 'hook']);
    expect(comms(run.to(25))).toEqual(['app']);
    expect(run.result().pods[0].restarts).toBe(1);
  });
});

describe('a pod that recurs, as a CronJob’s', () => {
  const recurring = (main: typeof APP) =>
    new World({
      pods: [
        pod({
          restartPolicy: 'Never',
          recurs: { everyUs: 300 * S, lastsUs: 60 * S },
          containers: [container({ program: main })],
        }),
      ],
    });

  test('is there from time to time, and for its time', () => {
    const run = recurring(APP);
    expect(comms(run.to(290))).toEqual([]);
    expect(comms(run.to(310))).toEqual(['app']);
    expect(comms(run.to(370))).toEqual([]);
    expect(comms(run.to(610))).toEqual(['app']);
    expect(run.to(3_000).node.counters.podsCreated).toBe(9);
    expect(run.to(3_100).kernel.allocated()).toBe(100);
  });

  test('goes as soon as its containers have ended', () => {
    const run = recurring(task('app', '5s'));
    expect(run.to(304).node.counters.podsRunning).toBe(1);
    expect(run.to(310).node.counters.podsRunning).toBe(0);
    expect(run.kernel.allocated()).toBe(100);
  });
});
