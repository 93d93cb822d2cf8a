import { describe, expect, test } from 'vitest';
import { parseScenario } from '../../src/scenario/parse.js';
import { parseSetting } from '../../src/scenario/settings.js';

const TEXT = `apiVersion: pidsim/v1
kind: Scenario
metadata: {name: test}
spec:
  horizon: 1h
  pods:
    - name: web
      containers:
        - {name: app, program: app, livenessProbe: {exec: {command: ["true"]}}}
        - {name: side, program: app}
    - {name: shop/db, containers: [{name: db, program: app, livenessProbe: {exec: {command: ["true"]}}}]}
`;

function read(text: string, ...given: string[]) {
  const settings = given.map((each) => parseSetting(each)!);
  return parseScenario(text, { path: 'a.yaml', settings });
}

function scenarioWith(...given: string[]) {
  const parsed = read(TEXT, ...given);
  if (!parsed.ok) throw new Error(parsed.diagnostics.map(({ message }) => message).join('\n'));
  return parsed.value[0];
}

const periods = (scenario: ReturnType<typeof scenarioWith>) =>
  scenario.node.pods.flatMap(({ containers }) =>
    containers.map(({ probes }) => probes.map(({ periodUs }) => periodUs / 1e6)),
  );

describe('--set PATH=VALUE', () => {
  test('sets what is written, and what nobody has written', () => {
    expect(scenarioWith().node.pause).not.toBe('3.0');
    const changed = scenarioWith('node.pause=3.0', 'horizon=2h', 'node.kernel.pidMax=40000');
    expect([changed.node.pause, changed.horizonUs / 3.6e9, changed.node.kernel.pidMax]).toEqual([
      '3.0',
      2,
      40_000,
    ]);
    expect(changed.settings).toEqual(['node.pause=3.0', 'horizon=2h', 'node.kernel.pidMax=40000']);
    expect(scenarioWith().settings).toBeUndefined();
  });

  test('a star is each; where there is no probe, none is made', () => {
    const changed = scenarioWith('pods.*.containers.*.livenessProbe.periodSeconds=60');
    expect(periods(changed)).toEqual([[60], [], [60]]);
    expect(periods(scenarioWith())).toEqual([[10], [], [10]]);
  });

  test('an entry of a list is meant by its name or its index, and a later setting counts', () => {
    const path = 'containers.app.livenessProbe.periodSeconds';
    expect(periods(scenarioWith(`pods.web.${path}=20`, `pods.0.${path}=30`))).toEqual([[30], [], [10]]);
    expect(periods(scenarioWith('pods.shop/db.containers.0.livenessProbe.periodSeconds=7'))).toEqual([
      [10],
      [],
      [7],
    ]);
    expect(
      scenarioWith("pods.1.containers.0.livenessProbe.exec.command=[sleep, '1']").node.pods[1].name,
    ).toBe('shop/db');
  });

  test('what is wrong with it is said by the schema, at the setting, and the file keeps its places', () => {
    const parsed = read(`${TEXT}  sede: 3\n`, 'node.kernel.pidMax=many');
    expect(parsed.ok).toBe(false);
    const diagnostics = parsed.ok ? [] : parsed.diagnostics;
    expect(diagnostics.map(({ file, line }) => [file, line])).toEqual(
      expect.arrayContaining([
        ['--set node.kernel.pidMax=many', 0],
        ['a.yaml', 12],
      ]),
    );
  });

  test('a path that leads nowhere is an error', () => {
    const parsed = read(TEXT, 'pods.nobody.count=3');
    expect(parsed.ok ? [] : parsed.diagnostics).toMatchObject([
      { file: '--set pods.nobody.count=3', message: 'nothing in it is at `pods.nobody.count`' },
    ]);
  });

  test('what is no PATH=VALUE is none', () => {
    for (const text of ['', 'a', '=3', 'a..b=3', 'a b=3', '__proto__.x=1', 'a=[1'])
      expect([text, parseSetting(text)]).toEqual([text, null]);
    expect(parseSetting('a\\.b.c=')).toMatchObject({ path: ['a.b', 'c'], value: null });
  });

  test('in a fleet it is set on each node, but for what the fleet has for all', () => {
    const pods = '[{name: p, containers: [{name: c, program: app}]}]';
    const fleet = `apiVersion: pidsim/v1
kind: Fleet
metadata: {name: f}
spec: {horizon: 1h, nodes: [{name: a, pods: ${pods}}, {name: b, pods: ${pods}}]}
`;
    const parsed = read(fleet, 'node.pause=3.0', 'horizon=3h');
    expect(parsed.ok && parsed.value.map(({ node, horizonUs }) => [node.pause, horizonUs / 3.6e9])).toEqual([
      ['3.0', 3],
      ['3.0', 3],
    ]);
  });
});
