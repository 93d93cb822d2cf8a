/** Uncertain inputs: what may be written, and what is drawn. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PART_MAX, PART_MIN, readDistribution } from '../../src/scenario/uncertain.js';
import { drawInputs, inputsOf } from '../../src/study/inputs.js';
import { parseDurationUs } from '../../src/text/duration.js';
import { parse } from '../scenario/support.js';
import { leaky, template } from './support.js';

const draws = (raw: unknown): unknown[] =>
  [0.05, 0.5, 0.95].map((part) => readDistribution(raw)!(part).value);

describe('a distribution', () => {
  test('of two ends: one in twenty draws lies below the first, and one above the second', () => {
    expect(draws('150 to 600')).toEqual([150, 300, 600]);
    expect(draws('8s to 32s')).toEqual(['8s', '16s', '32s']);
    expect(draws('-10 to 10')).toEqual([-10, 0, 10]);
    expect(draws('1Gi to 4Gi')).toEqual([2 ** 30, 2 ** 31, 2 ** 32].map(String));
  });

  test('uniform, in the unit that it is written in; counts stay whole, shares do not', () => {
    expect(draws({ uniform: ['0s', '100s'] })).toEqual(['5s', '50s', '1m35s']);
    expect(draws({ uniform: [0, 200] })).toEqual([10, 100, 190]);
    expect(draws({ uniform: [0, 1] })).toEqual([0.05, 0.5, 0.95]);
  });

  test('a list, alike or by weights', () => {
    expect(draws(['a', 'b'])).toEqual(['a', 'b', 'b']);
    expect(draws(['a', { value: 'b', weight: 98 }, 'c'])).toEqual(['b', 'b', 'b']);
    expect(draws([{ value: 'a', weight: 0 }, 'b'])).toEqual(['b', 'b', 'b']);
  });

  test.each([
    '5',
    '5 to',
    '5 to 3',
    '3 to 3',
    'a to b',
    [1],
    [{ value: 1, weight: -1 }, 2],
    { uniform: [1] },
    7,
    null,
  ])('is not %j', (raw) => expect(readDistribution(raw)).toBeNull());

  test('a larger part of all draws never gives a smaller value', () => {
    const part = fc.double({ min: PART_MIN, max: PART_MAX, noNaN: true });
    const raw = fc.constantFrom<unknown>('150 to 400', '8s to 15s', { uniform: [3, 90] }, ['x', 'y', 'z']);
    fc.assert(
      fc.property(raw, part, part, (distribution, a, b) => {
        const at = readDistribution(distribution)!;
        expect(at(Math.min(a, b)).rank).toBeLessThanOrEqual(at(Math.max(a, b)).rank);
      }),
    );
  });

  test('what is drawn can be read again', () => {
    fc.assert(
      fc.property(fc.double({ min: PART_MIN, max: PART_MAX, noNaN: true }), (part) => {
        expect(parseDurationUs(readDistribution('8s to 15s')!(part).value as string)).not.toBeNull();
      }),
    );
  });
});

const UNCERTAIN = `  uncertain:
    node.baseline.tasks: 40 to 90
    pods.web.containers.app.livenessProbe.periodSeconds: {uniform: [2, 9]}
`;

describe('the draws of a replication', () => {
  const inputs = inputsOf(template(leaky(UNCERTAIN)).scenario);
  const values = (seed: number, replication: number, some = inputs) =>
    Object.fromEntries(
      [...drawInputs(some, seed, replication).values].map(([name, { value }]) => [name, value]),
    );

  test('are the same for the same seed and replication, and others for another', () => {
    expect(values(1, 7)).toEqual(values(1, 7));
    expect(values(1, 7)).not.toEqual(values(1, 8));
    expect(values(1, 7)).not.toEqual(values(2, 7));
  });

  test('of one input do not depend on which others there are', () => {
    const [first] = inputs;
    expect(values(1, 7, [first])[first.name]).toBe(values(1, 7)[first.name]);
  });

  test('of an unknown command are 0 or 1 orphans a run, and a setting wins over a draw', () => {
    const unknown = template(leaky(UNCERTAIN)).with(
      'pods.web.containers.app.livenessProbe.exec.command=[mycheck]',
    );
    const own = inputsOf(unknown.scenario);
    expect(own.map(({ name }) => name)).toContain('orphans of mycheck');
    const { variation } = drawInputs(own, 1, 0);
    expect([0, 1]).toContain(variation.orphansOf.get('mycheck'));
    const varied = template(leaky(UNCERTAIN)).with('node.baseline.tasks=77').vary(variation);
    expect(varied.ok && varied.value.node.baselineTaskCount).toBe(77);
  });

  test('of a profile with a race are its share of lost races; without the profile there is no such input', () => {
    const rabbit = template(leaky()).with(
      'pods.web.containers.app.livenessProbe.exec.command=[rabbitmqctl, node_health_check]',
    );
    expect(inputsOf(rabbit.scenario).map(({ name }) => name)).toEqual([
      'race of rabbitmqctl node_health_check',
    ]);
    expect(inputsOf(template(leaky()).scenario)).toEqual([]);
  });
});

test('what says nothing, and a PATH that is none, are errors at their line', () => {
  const parsed = parse(leaky('  uncertain:\n    node.baseline.tasks: many\n    "a..b": 1 to 2\n'));
  expect(parsed.ok).toBe(false);
  const found = parsed.ok ? [] : parsed.diagnostics.map(({ code, line }) => [code, line]);
  expect(found).toEqual([
    ['bad-uncertain', 19],
    ['bad-uncertain', 20],
  ]);
});
