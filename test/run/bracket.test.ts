/** What if the commands of which nothing is known left an orphan a run? */
import { describe, expect, test } from 'vitest';
import { assumesPrograms, bracketOf } from '../../src/run/bracket.js';
import { simulate } from '../../src/run/run.js';
import { parseScenario } from '../../src/scenario/parse.js';
import type { Assume } from '../../src/scenario/programs.js';
import type { Scenario } from '../../src/scenario/scenario.js';

function scenario(probe: string, assume: Assume = {}, more = ''): Scenario {
  const text = `
apiVersion: pidsim/v1
kind: Scenario
metadata: {name: bracket}
spec:
  horizon: 2d
  pods:
    - name: p
      containers: [{name: c, program: app, ${more}livenessProbe: {exec: {command: ${probe}}, periodSeconds: 10}}]
`;
  const parsed = parseScenario(text, { assume });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
  return parsed.value[0];
}

describe('a bracket', () => {
  test('gives the other answer if the command matters', () => {
    const result = simulate(scenario('[frobnicate]'));
    const other = simulate(scenario('[frobnicate]', { orphans: 1 }));
    expect(assumesPrograms(result)).toBe(true);
    expect(bracketOf(result, other, 1)).toMatchObject({ isSame: false, projection: { kind: 'exhausts' } });
    expect(result.projection).toMatchObject({ kind: 'never' });
  });

  test('says that the command does not matter if it does not', () => {
    const result = simulate(scenario('[frobnicate]'));
    expect(bracketOf(result, simulate(scenario('[frobnicate]')), 1).isSame).toBe(true);
  });

  test('is not asked for where every command is known, or somebody has said what it leaves', () => {
    expect(assumesPrograms(scenario('[cat, /tmp/healthy]'))).toBe(false);
    expect(assumesPrograms(scenario('[frobnicate]', { orphansOf: new Map([['frobnicate', 1]]) }))).toBe(
      false,
    );
  });
});

describe('the assumptions of a scenario', () => {
  test('are named with their place, each once', () => {
    const { assumptions } = scenario(
      '[sh, -c, "frobnicate && frobnicate"]',
      {},
      'readinessProbe: {exec: {command: [frobnicate]}}, ',
    );
    expect(assumptions.map(({ where, what }) => [where, what])).toEqual([
      [
        'spec.pods[0].containers[0].livenessProbe.exec.command',
        'which shell `sh` is in the image is not known',
      ],
      [
        'spec.pods[0].containers[0].livenessProbe.exec.command',
        'it is not known what `frobnicate` does to the process table',
      ],
    ]);
  });

  test('say where in a script something takes its healthy course', () => {
    const { assumptions } = scenario('[bash, -c, "cat a\\nif [ -f /tmp/x ]; then exit 0; fi; exit 1"]');
    expect(assumptions).toMatchObject([
      {
        where: expect.stringContaining('2:4 `[ -f /tmp/x ]`'),
        what: expect.stringContaining('taken as true'),
      },
    ]);
  });

  test('know the userland that the container says', () => {
    expect(scenario('[sh, -c, "cat a"]', {}, 'userland: busybox, ').assumptions).toEqual([]);
  });

  test('of a program with another name, or one in a file, are none', () => {
    const text = (programs: string): string => `
apiVersion: pidsim/v1
kind: Scenario
metadata: {name: alias}
spec:
  programs: {${programs}}
  pods: [{name: p, containers: [{name: c, program: app, livenessProbe: {exec: {command: [mycheck, -x]}}}]}]
`;
    const readFile = () => 'programs: {other: {comm: other, steps: [{exit: 3}]}}';
    for (const programs of ['mycheck: rabbitmqctl status', 'mycheck: {file: probe.yaml}']) {
      const parsed = parseScenario(text(programs), { readFile });
      expect(parsed.ok && parsed.warnings).toEqual([]);
      expect(parsed.ok && parsed.value[0].assumptions).toEqual([]);
    }
  });

  test('`strict` makes an error of an unknown command', () => {
    expect(() => scenario('[frobnicate]', { strict: true })).toThrow(/unknown-command/);
  });
});
