/** Whom V8 is told to compile at length for. */
import { spawnSync } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import { beforeEach, expect, it, vi } from 'vitest';
import { compileFor } from '../../src/cli/compiler.js';
import { parseScenario } from '../../src/scenario/parse.js';
import type { Scenario } from '../../src/scenario/scenario.js';

vi.mock('node:v8', () => ({ setFlagsFromString: vi.fn() }));

beforeEach(() => void vi.mocked(setFlagsFromString).mockClear());

/** One pod for a year, whose probe runs once in so many seconds: 31,536,000 s. */
function scenarioWith(periodSeconds: number, count: number): Scenario {
  const parsed = parseScenario(`
apiVersion: pidsim/v1
kind: Scenario
metadata: {name: year, title: A year}
spec:
  horizon: 365d
  node:
    kernel: {version: "6.1", pidMax: 32768, memory: 8Gi}
    kubelet: {version: "1.28"}
    runtime: {name: bare}
  programs:
    app: {comm: app, steps: [pause]}
    probe: {comm: probe, steps: [{exit: 0}]}
  pods:
    - name: pod
      count: ${count}
      containers:
        - {name: app, program: app, livenessProbe: {exec: {program: probe}, periodSeconds: ${periodSeconds}}}
`);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
  return parsed.value[0];
}

it('a scenario with a million probe runs ahead of it gets functions put into their callers by size alone', () => {
  compileFor(scenarioWith(30, 1));
  const flags = vi.mocked(setFlagsFromString).mock.calls.map(([flag]) => flag);
  expect(flags.map((flag) => flag.replace(/=\d+$/, ''))).toEqual([
    '--max-inlined-bytecode-size',
    '--max-inlined-bytecode-size-cumulative',
  ]);
  // V8 says nothing when it is told a flag that it does not have; Node, at its start, does.
  expect(spawnSync(process.execPath, [...flags, '-e', '0']).status).toBe(0);
  expect(spawnSync(process.execPath, ['--max-inlined-nothing=1', '-e', '0']).status).not.toBe(0);
});

it('so does one that gets there with many pods', () => {
  compileFor(scenarioWith(300, 10));
  expect(setFlagsFromString).toHaveBeenCalled();
});

it('one that is forwarded, or ends when the node is full, is short', () => {
  compileFor(scenarioWith(300, 10), { fidelity: 'forwarded' });
  compileFor(scenarioWith(300, 10), { until: 'exhaustion' });
  expect(setFlagsFromString).not.toHaveBeenCalled();
});

it('a shorter one is left to what V8 does by itself', () => {
  compileFor(scenarioWith(300, 1));
  expect(setFlagsFromString).not.toHaveBeenCalled();
});
