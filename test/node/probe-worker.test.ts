import { describe, expect, test } from 'vitest';
import type { ProbeSpec } from '../../src/node/spec.js';
import type { Program } from '../../src/program/code.js';
import type { NodeGiven } from './world.js';
import { APP, container, FAILING, PLAIN, pod, probe, program, S, World } from './world.js';

const OLD: NodeGiven = { kubelet: { version: '1.19' }, runtime: { name: 'docker', version: '19.03' } };

function probed(probes: ProbeSpec[], given: NodeGiven = {}, main: Program = APP): World {
  return new World({ ...given, pods: [pod({ containers: [container({ program: main, probes })] })] });
}

const lasting = (seconds: number) => program('slow', [{ sleep: `${seconds}s` }]);
const totals = (world: World, index = 0) => world.result().probes[index];

/** Times at which the command was seen to begin, at a resolution of 100 ms. */
function starts(world: World, comm: string, untilSeconds: number): number[] {
  const times: number[] = [];
  let known = new Set<number>();
  for (let tenth = 0; tenth <= untilSeconds * 10; tenth++) {
    const now = new Set(
      world
        .to(tenth / 10)
        .on(comm)
        .map(({ pid }) => pid),
    );
    for (const pid of now) if (!known.has(pid)) times.push(tenth / 10);
    known = now;
  }
  return times;
}

describe('when a probe runs', () => {
  test('R10: from start to start it is the period, if the probe is shorter', () => {
    const world = probed([probe({ program: lasting(0.5), periodUs: 10 * S })]);
    const times = starts(world, 'slow', 60);
    expect(times.length).toBeGreaterThan(4);
    for (let i = 1; i < times.length; i++) expect(times[i] - times[i - 1]).toBeCloseTo(10, 0);
  });

  test('R10: if the probe is longer than the period, the next one begins where it ends: never two at once', () => {
    const world = probed([probe({ program: lasting(4), periodUs: 3 * S, timeoutUs: 60 * S })]);
    const times = starts(world, 'slow', 40);
    // 4 s and the 50 ms of the set-up.
    for (let i = 2; i < times.length; i++) expect(times[i] - times[i - 1]).toBeCloseTo(4.05, 0);
    expect(times.length).toBeGreaterThan(8);
  });

  test('R10: probes of different types run side by side', () => {
    const slow = { program: lasting(4), periodUs: 5 * S, timeoutUs: 60 * S };
    const world = probed([probe({ ...slow, type: 'liveness' }), probe({ ...slow, type: 'readiness' })]);
    let most = 0;
    for (let second = 0; second < 40; second++) most = Math.max(most, world.to(second).on('slow').length);
    expect(most).toBe(2);
  });

  test('R11: the first run falls anywhere in the first period', () => {
    const first = (replication: number) => {
      const world = new World(
        { pods: [pod({ containers: [container({ probes: [probe({ periodUs: 20 * S })] })] })] },
        1_000,
        { replication },
      );
      for (let second = 0; ; second++) if (world.to(second).node.counters.probeRuns > 0) return second;
    };
    const firsts = [0, 1, 2, 3, 4, 5, 6, 7].map(first);
    expect(Math.max(...firsts) - Math.min(...firsts)).toBeGreaterThan(5);
    expect(Math.max(...firsts)).toBeLessThanOrEqual(21);
  });

  test('R11: a kubelet from 1.21 on that has run for longer than a period starts at once; before, it did not', () => {
    const late = (version: string) => {
      const given = pod({
        startAtUs: 1_000 * S,
        containers: [container({ probes: [probe({ periodUs: 100 * S })] })],
      });
      const world = new World({ kubelet: { version }, pods: [given] });
      return world.to(1_101).node.counters.probeRuns;
    };
    // The first tick is before the container runs; so the first run is a period later.
    expect(late('1.21')).toBe(1);
    const jittered = probed([probe({ periodUs: 100 * S })], OLD).to(99.9);
    expect(jittered.node.counters.probeRuns).toBe(1);
  });

  test('R12: not before the container is as old as initialDelaySeconds', () => {
    const world = probed([probe({ initialDelayUs: 45 * S })]);
    expect(world.to(45).node.counters.probeRuns).toBe(0);
    expect(world.to(56).node.counters.probeRuns).toBe(1);
  });

  test('R12: until the startup probe has succeeded, no other runs; then it runs no more', () => {
    const never = probed([probe({ type: 'startup', program: FAILING, failureThreshold: 1e6 }), probe()]);
    never.to(100);
    expect(totals(never, 0).runs).toBeGreaterThan(5);
    expect(totals(never, 1).runs).toBe(0);
    const once = probed([probe({ type: 'startup', program: PLAIN }), probe()]);
    once.to(100);
    expect(totals(once, 0).runs).toBe(1);
    expect(totals(once, 1).runs).toBeGreaterThan(5);
  });

  test('R14: a network probe costs no process and not a single PID', () => {
    const cursor = (probes: ProbeSpec[]) => probed(probes).to(500).kernel.cursor();
    const http = probe({ action: { kind: 'network', how: 'httpGet' } });
    expect(cursor([http])).toBe(cursor([]));
    expect(cursor([probe()])).toBeGreaterThan(cursor([]) + 500);
    expect(totals(probed([http]).to(500)).succeeded).toBeGreaterThan(40);
  });

  test('R29: an exec needs 17 PIDs at once, for a moment', () => {
    const world = probed([probe({ program: lasting(0.5), periodUs: 100 * S })]);
    let most = 0;
    for (let ms = 0; ms < 102_000; ms += 10) {
      while (!world.run.advance(ms * 1_000));
      if (world.node.counters.probeRuns > 0) most = Math.max(most, world.kernel.allocated() - 100 - 13);
    }
    expect(most).toBe(17);
  });
});

describe('what becomes of a result', () => {
  test('failureThreshold failures of the liveness probe in a row restart the container', () => {
    const world = probed([probe({ type: 'liveness', program: FAILING, failureThreshold: 3, periodUs: S })]);
    world.to(0.1);
    while (totals(world).runs < 3) world.to(world.run.sim.nowUs / S + 0.1);
    expect(world.result().pods[0].restarts).toBe(0);
    expect(world.to(world.run.sim.nowUs / S + 0.2).result().pods[0].restarts).toBe(1);
  });

  test('of the readiness probe they restart nothing ', () => {
    const world = probed([probe({ program: FAILING, failureThreshold: 3, periodUs: S })]).to(60);
    expect(world.result().pods[0].restarts).toBe(0);
    expect(totals(world).failed).toBeGreaterThan(50);
  });

  test('a success in between begins the count anew', () => {
    const sometimes = program('flaky', [{ chance: { p: 0.5, steps: [{ exit: 1 }] } }]);
    const flaky = (failureThreshold: number) =>
      probed([probe({ type: 'liveness', program: sometimes, failureThreshold, periodUs: S })])
        .to(200)
        .result().pods[0].restarts;
    expect(flaky(1)).toBeGreaterThan(2);
    expect(flaky(50)).toBe(0);
  });

  test('R12: after a failure the probe is on hold until there is a new container', () => {
    // A container that ignores SIGTERM takes its 30 s of grace to go.
    const deaf = program('app', [{ 'on-term': 'ignore' }, 'pause']);
    const failing = probe({ type: 'liveness', program: FAILING, failureThreshold: 1, periodUs: S });
    const world = probed([failing], {}, deaf);
    world.to(25);
    expect(totals(world).runs).toBe(1);
  });

  test('R30: restarts come at once, then after 10, 20, 40 s', () => {
    const crash = program('app', [{ sleep: '1s' }, { exit: 1 }]);
    const restarts = (seconds: number) => probed([], {}, crash).to(seconds).result().pods[0].restarts;
    expect(restarts(4)).toBe(1);
    expect(restarts(12)).toBe(1);
    expect(restarts(14)).toBe(2);
    expect(restarts(33)).toBe(2);
    expect(restarts(36)).toBe(3);
    expect(restarts(73)).toBe(3);
    expect(restarts(76)).toBe(4);
  });

  test('R30: no wait is longer than 300 s, and ten minutes of running make all forgotten', () => {
    const crash = program('app', [{ sleep: '1s' }, { exit: 1 }]);
    const world = probed([], {}, crash).to(3_000);
    const before = world.result().pods[0].restarts;
    world.to(6_100);
    expect(world.result().pods[0].restarts - before).toBeGreaterThanOrEqual(10);
    const slow = program('app', [{ sleep: '601s' }, { exit: 1 }]);
    const often = probed([], {}, slow).to(6_100);
    expect(often.result().pods[0].restarts).toBe(10);
  });
});

describe('a command that cannot be started', () => {
  /** The pod's namespace has room for the application and little else. */
  const crowded = (given: NodeGiven): World => {
    const crowd = program('app', [
      { repeat: { times: 298, steps: [{ fork: { steps: ['pause'], orElse: [] } }] } },
      'pause',
    ]);
    const live = probe({ type: 'liveness', periodUs: S });
    return new World({
      ...given,
      pods: [
        pod({
          pidMax: 301,
          pidMode: 'container',
          containers: [container({ program: crowd, probes: [live] })],
        }),
      ],
    }).to(20);
  };

  test('R15: a CRI runtime discards it: no failure is counted and nothing is restarted', () => {
    const world = crowded({});
    expect(totals(world)).toMatchObject({ succeeded: 0, failed: 0 });
    expect(totals(world).errored).toBeGreaterThan(10);
    expect(world.result().pods[0].restarts).toBe(0);
  });

  test('R15: it is tried three times at each tick', () => {
    const world = crowded({});
    const before = { refusals: world.kernel.forkRefusals, runs: totals(world).errored };
    world.to(40);
    expect(world.kernel.forkRefusals - before.refusals).toBe(3 * (totals(world).errored - before.runs));
  });

  test('R15: with dockershim it is a failure, and the container is restarted', () => {
    const world = crowded({ kubelet: { version: '1.23' }, runtime: { name: 'docker', version: '20.10' } });
    expect(totals(world)).toMatchObject({ succeeded: 0, failed: 3, errored: 0 });
    // PID 1 has no handler for SIGTERM: it goes at the end of the grace period.
    world.to(45);
    expect(world.result().pods[0].restarts).toBeGreaterThan(0);
  });

  test('R16: a fork refused within the command is a failure on every runtime', () => {
    const forks = program('sh', [{ fork: { steps: [{ exit: 0 }] } }, { wait: 'any' }]);
    const crowd = program('app', [
      { repeat: { times: 50, steps: [{ fork: { steps: ['pause'], orElse: [] } }] } },
      'pause',
    ]);
    for (const name of ['containerd', 'docker', 'cri-o'] as const) {
      const world = probed(
        [probe({ program: forks })],
        { kubelet: { podPidsLimit: 20 }, runtime: { name, version: '1.30', execIntoFullCgroup: 1 } },
        crowd,
      );
      expect(totals(world.to(60))).toMatchObject({ succeeded: 0, errored: 0 });
      expect(totals(world).failed).toBeGreaterThan(3);
    }
  });
});

describe('timeouts', () => {
  const parent = program('sh', [{ fork: { comm: 'child', steps: [{ sleep: '8s' }] } }, { wait: 'any' }]);
  const slow = (given: NodeGiven, type: 'liveness' | 'readiness' = 'readiness') =>
    probed([probe({ type, program: parent, periodUs: 10 * S, timeoutUs: S })], given);

  test('R17: containerd kills the command alone: its child goes on, and is an orphan', () => {
    const world = slow({});
    let seen = false;
    for (let second = 0; second < 14; second++) {
      world.to(second);
      const [child] = world.on('child');
      if (child !== undefined && world.on('sh').length === 0) {
        seen = true;
        expect(child.ppid).toBe(world.on('app')[0].pid);
      }
    }
    expect(seen).toBe(true);
    expect(totals(world.to(60)).failed).toBeGreaterThan(3);
    expect(world.zombies).toBeGreaterThan(3);
  });

  test('R17: dockershim before 1.20 ignores the timeout: slow probes succeed and leave nothing', () => {
    const world = slow(OLD).to(60);
    expect(totals(world)).toMatchObject({ failed: 0, errored: 0 });
    expect(totals(world).succeeded).toBeGreaterThan(3);
    expect(world.zombies).toBe(0);
  });

  test('R17: dockershim from 1.20 on fails the probe and lets the command run: they pile up', () => {
    const endless = program('sh', [{ sleep: '100s' }]);
    const world = probed([probe({ program: endless, periodUs: 10 * S, timeoutUs: S })], {
      kubelet: { version: '1.22' },
      runtime: { name: 'docker', version: '20.10' },
    }).to(65);
    expect(world.on('sh').length).toBeGreaterThan(4);
    expect(totals(world).failed).toBeGreaterThan(4);
  });

  test('R17: a conmon that kills the group takes the child with it, and still leaves it to the init', () => {
    const world = slow({ runtime: { name: 'cri-o', version: '1.30' } });
    for (let second = 0; second < 40; second++) {
      world.to(second);
      if (world.on('sh').length === 0)
        expect(world.on('child').every(({ stat }) => stat[0] === 'Z')).toBe(true);
    }
    expect(world.zombies).toBeGreaterThan(1);
  });

  test('R18: before 1.20 a timeout on containerd is no failure: tried three times, nothing restarted', () => {
    const containerd: NodeGiven['runtime'] = { name: 'containerd', version: '1.4' };
    const before = slow({ kubelet: { version: '1.19' }, runtime: containerd }, 'liveness').to(100);
    expect(totals(before).failed).toBe(0);
    expect(totals(before).errored).toBeGreaterThan(5);
    expect(before.result().pods[0].restarts).toBe(0);
    // Each try leaves an orphan.
    expect(before.zombies).toBeGreaterThan(2 * totals(before).errored);
    const after = slow({ kubelet: { version: '1.20' }, runtime: containerd }, 'liveness').to(100);
    expect(totals(after).failed).toBeGreaterThan(2);
    expect(after.result().pods[0].restarts).toBeGreaterThan(0);
  });
});

describe('while a pod is being deleted', () => {
  test('readiness is probed to the end of the grace period, liveness no more', () => {
    const deaf = program('app', [{ 'on-term': 'ignore' }, 'pause']);
    const runs = (type: 'liveness' | 'readiness') => {
      const containers = [container({ program: deaf, probes: [probe({ type, periodUs: S })] })];
      const world = new World({ pods: [pod({ stopAtUs: 100 * S, containers })] }).to(101);
      const before = totals(world).runs;
      return totals(world.to(200)).runs - before;
    };
    expect(runs('readiness')).toBeGreaterThan(25);
    expect(runs('liveness')).toBe(0);
  });
});

describe('docker run', () => {
  test('its health check waits a whole interval first, and a failing one restarts nothing', () => {
    const check = probe({ type: 'liveness', program: FAILING, periodUs: 10 * S });
    const world = new World({
      runtime: { name: 'docker', version: '24.0' },
      pods: [pod({ sandboxless: true, containers: [container({ probes: [check] })] })],
    });
    expect(world.to(9).node.counters.probeRuns).toBe(0);
    expect(world.to(100).node.counters.probeRuns).toBeGreaterThan(7);
    expect(world.result().pods[0].restarts).toBe(0);
  });
});
