/** `kind: Fleet`, presets, and what is said of settings that do nothing. */
import { describe, expect, test } from 'vitest';
import { resultsDocument } from '../../src/report/document.js';
import { fleetSentence } from '../../src/report/fleet.js';
import { renderResults } from '../../src/report/table.js';
import { simulate } from '../../src/run/run.js';
import { explain } from '../../src/scenario/explain.js';
import { isPreset, PRESET_NAMES, PRESETS } from '../../src/scenario/presets.js';
import { briefs, diagnosticsOf, HEAD, parse, scenarioOf } from './support.js';

const FLEET = `apiVersion: pidsim/v1
kind: Fleet
metadata: {name: two, title: "Which of two?"}
spec:
  seed: 5
  horizon: 1h
  programs:
    leak: {comm: leak, steps: [{fork: {steps: [{sleep: 10ms}]}}, {sleep: 20ms}]}
  nodes:
    - name: a
      node: {kernel: {pidMax: 600}}
      pods: [{name: p, containers: [{name: c, program: app, readinessProbe: {exec: {command: [leak]}, periodSeconds: 1}}]}]
    - name: b.example
      seed: 9
      horizon: 30m
      pods: [{name: p, containers: [{name: c, program: app}]}]
`;

describe('a fleet', () => {
  const parsed = parse(FLEET);
  const scenarios = parsed.ok ? parsed.value : [];

  test('is a scenario for each node, which has from the fleet what it does not say itself', () => {
    expect(parsed.ok ? [] : briefs(parsed.diagnostics)).toEqual([]);
    expect(scenarios).toMatchObject([
      {
        name: 'two.a',
        title: 'Which of two?',
        nodeName: 'a',
        fleet: { name: 'two' },
        seed: 5,
        horizonUs: 3.6e9,
      },
      { name: 'two.b.example', nodeName: 'b.example', seed: 9, horizonUs: 1.8e9 },
    ]);
  });

  test('comes out as one result with a summary and a result for each node', () => {
    const results = scenarios.map((scenario) => simulate(scenario));
    const document = resultsDocument(results);
    expect(document).toMatchObject({
      kind: 'FleetResult',
      metadata: { name: 'two' },
      status: {
        summary: { nodes: 2, exhausted: 1, firstExhausted: { node: 'a' }, withFullPods: 0 },
        nodes: [
          { kind: 'RunResult', metadata: { name: 'two.a', fleet: 'two', node: 'a' } },
          { kind: 'RunResult', metadata: { name: 'two.b.example', fleet: 'two', node: 'b.example' } },
        ],
      },
    });
    expect(fleetSentence('two', results)).toMatch(/^two: 1 of 2 nodes is full, the first a after \d/);
    const table = renderResults(results, 'table');
    expect(table.split('\n').filter((line) => line.startsWith('two'))).toHaveLength(3);
  });

  test('survives the way to a worker', () => {
    expect(structuredClone(scenarios)).toEqual(scenarios);
  });

  test.each<[string, string, string[]]>([
    ['without nodes', FLEET.replace(/ {4}- name: a[\s\S]*/, ''), ['9:3 missing-key']],
    ['with two nodes of one name', FLEET.replace('b.example', 'a'), ['13:13 duplicate-name']],
    ['with a mistake in one node', FLEET.replace('seed: 9', 'sede: 9'), ['14:7 unknown-key']],
    ['with a mistake in what they share', FLEET.replace('sleep: 20ms', 'sleep: 20'), ['8:74 wrong-type']],
    [
      'with an unknown kind of node',
      FLEET.replace('kernel: {pidMax: 600}', 'preset: ubuntu'),
      ['11:22 unknown-value'],
    ],
  ])('%s is told of it once', (_, text, expected) => {
    expect(briefs(diagnosticsOf(text))).toEqual(expected);
  });
});

describe('a preset', () => {
  test.each(PRESET_NAMES)('%s can be run, and each of its values has a reason', (name) => {
    const scenario = scenarioOf(`  horizon: 1h\n  node: {preset: ${name}}\n`);
    expect(simulate(scenario).outcome.kind).toBe('censored');
    for (const { why } of PRESETS[name].facts) expect(why.length).toBeGreaterThan(5);
    const explained = explain(`preset ${name}`);
    expect(explained).toMatchObject({ ok: true, text: expect.stringContaining('NOT KNOWN') });
  });

  test('gives way to what is written', () => {
    const { node } = scenarioOf(
      '  node: {preset: openshift-4.16, kernel: {memory: 64Gi}, kubelet: {podPidsLimit: 100}}\n',
    );
    expect(node).toMatchObject({
      kernel: { version: '5.14', pidMax: 4_194_304, threadsMax: 524_288 },
      kubelet: { version: '1.29', podPidsLimit: 100 },
      runtime: { name: 'cri-o', version: '1.29' },
    });
  });

  test('leaves its runtime’s version out with another runtime', () => {
    const { node } = scenarioOf('  node: {preset: kubeadm-1.7-docker, runtime: {name: containerd}}\n');
    expect(node).toMatchObject({
      runtime: { name: 'containerd', version: '1.7' },
      pause: '3.8',
      kubelet: { version: '1.7' },
    });
  });

  test('may be chosen in place of the file’s own', () => {
    const parsed = parse(`${HEAD}  node: {preset: docker-host}\n`, { preset: 'eks-al2023' });
    expect(parsed.ok && parsed.value[0].node.kernel.version).toBe('6.1');
  });

  test('is one of a list', () => {
    expect(isPreset('eks-al2023')).toBe(true);
    expect(isPreset('eks')).toBe(false);
    expect(explain('presets')).toMatchObject({ ok: true, text: expect.stringContaining('openshift-4.16') });
    expect(explain('preset eks-al2032')).toMatchObject({ ok: false, hint: 'Did you mean `eks-al2023`?' });
  });
});

describe('a pause image', () => {
  const POD = 'containers: [{name: c, program: app}]';
  const said = (spec: string) => briefs(diagnosticsOf(HEAD + spec));

  test('on a node on which no pod shares its PID namespace is of no consequence, and what to set is said (R7)', () => {
    const spec = `  node: {pause: "3.1"}\n  pods: [{name: p, ${POD}}]\n`;
    expect(said(spec)).toEqual(['5:17 no-effect?']);
    expect(diagnosticsOf(HEAD + spec)[0].hint).toContain('shareProcessNamespace: true');
  });

  test.each([
    [
      'where a pod shares it',
      `  node: {pause: "3.1"}\n  pods: [{name: p, shareProcessNamespace: true, ${POD}}]\n`,
    ],
    [
      'where kubelet 1.7 shares it by default (R3)',
      `  node: {pause: "3.1", kubelet: {version: "1.7"}, runtime: {name: docker}}\n  pods: [{name: p, ${POD}}]\n`,
    ],
    ['of a preset', `  node: {preset: eks-al2023}\n  pods: [{name: p, ${POD}}]\n`],
    ['without pods', '  node: {pause: "3.1"}\n'],
  ])('%s is no news', (_, spec) => expect(said(spec)).toEqual([]));
});

describe('what goes with kinds of container', () => {
  const inPod = (text: string, node = '') =>
    briefs(diagnosticsOf(`${HEAD}${node}  pods:\n    - name: p\n${text}`));

  test('a sidecar on a kubelet that has none is obeyed, and said (R53)', () => {
    const text =
      '      initContainers: [{name: s, program: app, restartPolicy: Always}]\n      containers: [{name: c, program: app}]\n';
    expect(inPod(text)).toEqual([]);
    expect(inPod(text, '  node: {kubelet: {version: "1.28"}}\n')).toEqual(['8:63 needs-newer-version?']);
  });

  test('an image alone is assumed to run something quiet, and as an init container to end', () => {
    const text =
      '      initContainers: [{name: i, image: "a:1"}]\n      containers: [{name: c, image: "b:1"}]\n';
    expect(inPod(text)).toEqual(['7:41 assumed-program?', '8:37 assumed-program?']);
    const { node } = scenarioOf(`  horizon: 1m\n  pods:\n    - name: p\n${text}`);
    expect(
      simulate(scenarioOf(`  horizon: 1m\n  pods:\n    - name: p\n${text}`)).pods[0].downSinceSeconds,
    ).toBeNull();
    expect(node.pods[0].containers.map(({ program }) => program.comm)).toEqual(['a', 'b']);
  });

  test('`lasts` without `every` does nothing', () => {
    expect(inPod('      lasts: 5m\n      containers: [{name: c, program: app}]\n')).toEqual([
      '7:7 no-effect?',
    ]);
  });
});
