/** Every ceiling of a node, the nearest first. */
import { describe, expect, test } from 'vitest';
import { renderCeilings } from '../../src/report/ceilings.js';
import { ceilingsOf, eachLimit } from '../../src/run/ceilings.js';
import { container, type NodeGiven, pod, World } from '../node/world.js';

const ceilings = (given: NodeGiven) => ceilingsOf(new World(given).to(60).node);
const EVERYTHING: NodeGiven = {
  kernel: { pidMax: 32_768, threadsMax: 120_000 },
  kubelet: { podPidsLimit: 1_000, reservedPids: 1_000 },
  runtime: { tasksMax: 512 },
  pods: [pod({ pidMax: 2_000, containers: [container({ pidsLimit: 100 })] })],
};

describe('the ceilings of a node', () => {
  test('R22, R58, R59, K7: all of them, the one with the least room first', () => {
    const found = ceilings(EVERYTHING).map(({ scope, of, value, used }) => [scope, of, value, used]);
    expect(found.map(([scope]) => scope)).toEqual([
      'container',
      'service',
      'pod',
      'namespace',
      'all-pods',
      'node',
      'node',
    ]);
    expect(found[0]).toEqual(['container', 'web/app', 100, 1]);
    expect(found[2]).toEqual(['pod', 'web', 1_000, 2]);
    expect(found[4]).toEqual(['all-pods', null, 31_768, 2]);
  });

  test('a row reads the same of those below the node', () => {
    const { node } = new World(EVERYTHING).to(60);
    const read: [string, number, number][] = [];
    eachLimit(node, (of, used, value) => read.push([of.replace('_', '-'), used, value]));
    const below = ceilingsOf(node).filter(({ scope }) => scope !== 'node');
    expect(below).toHaveLength(5);
    expect(read.sort()).toEqual(below.map(({ scope, used, value }) => [scope, used, value]).sort());
  });

  test.each([
    ['nobody else has one', {}, []],
    [
      'one container of many has one',
      { containers: [container({ pidsLimit: 100 })] },
      [['container', 1, 100]],
    ],
    ['one namespace of many has one', { pidMax: 2_000 }, [['namespace', 1, 1_701]]],
  ])('a row reads limits of pods too: %s', (_, given, expected) => {
    const pods = [pod({ name: 'many', count: 3 }), pod(given)];
    const { node } = new World({ runtime: { tasksMax: 512 }, pods }).to(60);
    const read: unknown[][] = [];
    eachLimit(node, (...limit) => read.push(limit));
    expect(read.filter(([of]) => of !== 'all_pods' && of !== 'service')).toEqual(expected);
  });

  test('those that nobody has set are not there', () => {
    const bare = ceilings({ runtime: { name: 'bare', version: '0.0' } });
    expect(bare.map(({ limit }) => limit)).toEqual(['pid_max', 'threads-max']);
  });

  test('K3: of pid_max only what can be used counts', () => {
    const [{ value, used }] = ceilings({
      kernel: { pidMax: 1_000 },
      runtime: { name: 'bare', version: '0.0' },
    });
    expect(value).toBeLessThan(1_000);
    expect(value).toBe(700 + used);
  });

  test('R62: a uid is there with its lowest RLIMIT_NPROC and all its tasks; without a limit it is not', () => {
    const of = (uid: number, nprocMax: number) =>
      pod({ name: `p${nprocMax}`, containers: [container({ user: { uid, nprocMax } })] });
    const users = (pods: ReturnType<typeof pod>[]) =>
      ceilings({ pods }).filter(({ scope }) => scope === 'user');
    expect(users([of(7, 60), of(7, 50), of(8, Number.POSITIVE_INFINITY)])).toMatchObject([
      { limit: 'RLIMIT_NPROC', of: '7', value: 50, used: 2, left: 48 },
    ]);
    const told: unknown[] = [];
    const { node } = new World({ pods: [of(7, 60), of(7, 50)] }).to(60);
    eachLimit(node, (...limit) => limit[0] === 'user' && told.push(limit));
    expect(told).toEqual([['user', 2, 50]]);
  });

  test('of copies the nearest stands for all', () => {
    const pods = [pod({ count: 3, containers: [container({ pidsLimit: 100 })] })];
    const [nearest, ...rest] = ceilings({ pods });
    expect(nearest).toMatchObject({ scope: 'container', of: 'web-0/app', copies: 3 });
    expect(rest.some(({ scope }) => scope === 'container')).toBe(false);
  });

  test('the table has at most 80 columns, however long the names', () => {
    const name = 'a-namespace-of-a-length/and-a-pod-of-a-length-that-is-greater-still';
    const lines = renderCeilings(ceilings({ ...EVERYTHING, pods: [pod({ name })] })).split('\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
  });
});
