/** Execs that are no probes. */
import { describe, expect, test } from 'vitest';
import { HOST_NS } from '../../src/kernel/kernel.js';
import type { ExecSpec } from '../../src/node/spec.js';
import { container, leaveFree, type NodeGiven, ORPHAN, PLAIN, pod, program, S, World } from './world.js';

const SHELL = program('bash', ['pause']);
const into = (exec: Partial<ExecSpec>, given: NodeGiven = {}): World => {
  const execs = [{ everyUs: 60 * S, startAtUs: 60 * S, program: SHELL, ...exec }];
  return new World({
    kernel: { pidMax: 600 },
    pods: [pod({ containers: [container({ execs })] })],
    ...given,
  });
};

describe('R60: an exec that is no probe', () => {
  test('starts whether or not the one before has ended, and nobody ends it', () => {
    expect(into({}).to(59).inside('web')).toEqual(['app']);
    expect(into({}).to(61).inside('web')).toEqual(['app', 'bash']);
    expect(into({}).to(301).on('bash')).toHaveLength(5);
  });

  test('leaves what it leaves, and is reaped itself', () => {
    expect(into({ program: ORPHAN }).to(301).zombies).toBe(5);
    expect(into({ program: PLAIN }).to(301).zombies).toBe(0);
  });

  test('has an account of its own', () => {
    const { blame } = into({}).to(301).result();
    expect(blame.find(({ origin }) => origin === 'exec')).toMatchObject({ program: 'bash', tasks: 5 });
  });

  test('is refused on a full node, which is said once, and gets in again when there is room', () => {
    const world = into({}).to(30);
    leaveFree(world, 5);
    const refused = () => world.result().events.filter(({ detail }) => detail.startsWith('an exec'));
    world.to(301);
    expect(world.on('bash')).toEqual([]);
    expect(refused()).toHaveLength(1);
    world.kernel.setPidMax(HOST_NS, 700);
    expect(world.to(361).on('bash')).toHaveLength(1);
  });

  test('needs a container that runs and a kubelet, which docker exec does not', () => {
    const down = (given: NodeGiven = {}) => {
      const world = into({ everyUs: 4 * S, startAtUs: 104 * S }, given).to(100);
      world.kernel.exit(world.node.context.host.kubelet!.task, 134);
      return world.to(109).on('bash').length;
    };
    const execs = [{ everyUs: 4 * S, startAtUs: 104 * S, program: SHELL }];
    const plain = [pod({ sandboxless: true, containers: [container({ execs })] })];
    expect(down()).toBe(0);
    expect(down({ pods: plain })).toBe(2);
    const late = [pod({ startAtUs: 200 * S, containers: [container({ execs })] })];
    expect(into({}, { pods: late }).to(199).on('bash')).toEqual([]);
    expect(into({}, { pods: late }).to(210).on('bash').length).toBeGreaterThan(0);
  });
});
