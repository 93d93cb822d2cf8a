/** Groups of a fleet: many nodes from one template. */
import { describe, expect, test } from 'vitest';
import { parseScenario } from '../../src/scenario/parse.js';
import { parseSetting } from '../../src/scenario/settings.js';
import { briefs } from './support.js';

const FLEET = `apiVersion: pidsim/v1
kind: Fleet
metadata: {name: prod}
spec:
  seed: 10
  nodes:
    - {name: odd, pods: []}
  groups:
    - name: worker
      count: 4
      template:
        node: {pause: "3.0"}
        pods: [{name: web, containers: [{name: app, program: app}]}]
      uncertain: {node.baseline.tasks: 150 to 400}
      waves: {part: 50%, every: 2d, startAt: 1d, interventions: [{do: delete-pod, pod: web}]}
    - {name: spare, template: {}}
`;

const read = (text: string, options = {}) => {
  const parsed = parseScenario(text, { path: 'fleet.yaml', ...options });
  if (!parsed.ok) throw new Error(briefs(parsed.diagnostics).join('\n'));
  return parsed.value;
};

describe('a group', () => {
  const nodes = read(FLEET);

  test('is so many nodes with numbers; one of one has the name alone', () => {
    expect(nodes.map(({ nodeName, group }) => [nodeName, group])).toEqual([
      ['odd', undefined],
      ['worker-0', 'worker'],
      ['worker-1', 'worker'],
      ['worker-2', 'worker'],
      ['worker-3', 'worker'],
      ['spare', 'spare'],
    ]);
  });

  test('has for each node a seed of its own, and what is uncertain for each', () => {
    expect(nodes.map(({ seed }) => seed)).toEqual([10, 11, 12, 13, 14, 15]);
    expect(nodes.map(({ uncertain }) => uncertain.length)).toEqual([0, 1, 1, 1, 1, 0]);
  });

  test('is rolled out in waves, seconds apart within one', () => {
    const hours = nodes.slice(1, 5).map(({ node }) => node.interventions[0].atUs / 3_600e6);
    expect(hours.map(Math.floor)).toEqual([24, 24, 72, 72]);
    expect(new Set(hours).size).toBe(4);
  });

  test('one of its nodes by itself is the same as among the others', () => {
    expect(read(FLEET, { onlyNode: 'worker-2' })).toEqual([nodes[3]]);
    expect(read(FLEET, { onlyNode: 'odd' })).toEqual([nodes[0]]);
  });

  test('can be set to another size, and what is set in a node is set in each', () => {
    const settings = ['groups.worker.count=2', 'node.pause=3.1'].map((text) => parseSetting(text)!);
    const changed = read(FLEET, { settings });
    expect(changed.map(({ nodeName }) => nodeName)).toEqual(['odd', 'worker-0', 'worker-1', 'spare']);
    expect(changed.every(({ node }) => node.pause === '3.1')).toBe(true);
  });
});

test('a mistake in a template is told once, at its line; one beside it at its own', () => {
  const wrong = (from: string, to: string): string[] => {
    const parsed = parseScenario(FLEET.replace(from, to), { path: 'fleet.yaml' });
    const found = briefs(parsed.ok ? parsed.warnings : parsed.diagnostics);
    expect(new Set(found).size).toBe(found.length);
    return found;
  };
  expect(wrong('pause: "3.0"', 'puase: "3.0"')).toContain('12:16 unknown-key');
  expect(wrong('150 to 400', 'many')).toContain('14:40 bad-uncertain');
  expect(wrong('part: 50%', 'part: half')).toContain('15:21 bad-percentage');
  expect(wrong('pod: web}', 'pod: wob}')).toContain('15:14 unknown-pod');
  expect(wrong('count: 4', 'count: 0')).toContain('10:14 out-of-range');
  expect(wrong('name: odd', 'name: worker-1')).toContain('9:13 duplicate-name');
});

test('a fleet without nodes and groups is an error', () => {
  const parsed = parseScenario('apiVersion: pidsim/v1\nkind: Fleet\nmetadata: {name: a}\nspec: {}\n');
  expect(parsed.ok).toBe(false);
});
