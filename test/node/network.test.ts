/** R50: a pod's network plugin needs PIDs too, as the pod comes and as it goes. */
import { describe, expect, test } from 'vitest';
import { HOST_NS } from '../../src/kernel/kernel.js';
import type { PodSpec, RuntimeName } from '../../src/node/spec.js';
import { container, leaveFree, pod, program, S, World } from './world.js';

/** A pod whose container waits in its back-off goes while only five PIDs are free: enough for `runc kill`. */
function going(
  name: RuntimeName,
  networkPlugin: 'bridge' | 'none',
  more: Partial<PodSpec> = {},
  version = '1.30',
): World {
  const job = container({ program: program('app', [{ sleep: '1s' }]) });
  const world = new World({
    kernel: { pidMax: 600 },
    runtime: { name, version, networkPlugin },
    pods: [pod({ stopAtUs: 100 * S, pidMode: 'pod', containers: [job], ...more })],
  }).to(99);
  expect(world.on('pause')).toHaveLength(1);
  leaveFree(world, 5);
  return world.to(105);
}

describe('R45, R50: a pod that goes', () => {
  test.each(['docker', 'containerd', 'cri-o'] as const)(
    'stays Terminating with %s if its plugin is refused, and goes without one',
    (runtime) => {
      expect(going(runtime, 'bridge').node.counters).toMatchObject({ podsDeleteStuck: 1 });
      expect(going(runtime, 'none').node.counters).toMatchObject({ podsDeleteStuck: 0 });
      expect(going(runtime, 'bridge', { hostNetwork: true }).node.counters).toMatchObject({
        podsDeleteStuck: 0,
      });
    },
  );

  test('its pause process is ended all the same by docker and containerd; CRI-O leaves it', () => {
    const left = (runtime: RuntimeName) => going(runtime, 'bridge').on('pause').length;
    expect([left('docker'), left('containerd'), left('cri-o')]).toEqual([0, 0, 1]);
  });

  test('with CRI-O stays for ever from 1.17 on, and from 1.34 on goes at the second try', () => {
    const stuck = (version: string) => going('cri-o', 'bridge', {}, version).to(300).on('pause').length;
    expect(['1.16', '1.17', '1.33', '1.34'].map(stuck)).toEqual([0, 1, 1, 0]);
  });

  test('goes when PIDs are free again', () => {
    const world = going('containerd', 'bridge');
    world.kernel.setPidMax(HOST_NS, 700);
    world.to(200);
    expect(world.eventKinds()).toContain('pod-deleted');
    expect(world.on('containerd-shim')).toEqual([]);
  });
});

describe('R50: a pod that comes', () => {
  const coming = (free: number, networkPlugin: 'bridge' | 'none') => {
    const world = new World({
      kernel: { pidMax: 600 },
      runtime: { networkPlugin },
      pods: [pod({ startAtUs: 100 * S })],
    }).to(99);
    leaveFree(world, free);
    return world.to(103);
  };

  test('needs 12 PIDs for its network before it gets a shim', () => {
    const tried = (free: number) => coming(free, 'bridge').kernel.cursor();
    const last = coming(11, 'none').kernel.cursor();
    expect(tried(11)).toBe(last);
  });

  test('comes up with 25 PIDs free, for its shim and the making of its container, with a plugin or without', () => {
    for (const plugin of ['bridge', 'none'] as const) {
      expect(coming(25, plugin).node.counters.podsRunning).toBe(1);
      expect(coming(24, plugin).node.counters.podsRunning).toBe(0);
    }
  });
});
