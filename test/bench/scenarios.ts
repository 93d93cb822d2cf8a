import { readFileSync } from 'node:fs';
import { parseScenario } from '../../src/scenario/parse.js';
import type { Scenario } from '../../src/scenario/scenario.js';

export function scenarioOf(text: string): Scenario {
  const parsed = parseScenario(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics, null, 2));
  return parsed.value[0];
}

export const INCIDENT_FILE = 'test/bench/scenarios/incident.yaml';
export const INCIDENT = scenarioOf(readFileSync(INCIDENT_FILE, 'utf8'));

/**
 * 110 pods, one exec probe each every 10 s that forks one child and waits for it; in 30 days 28.5 M probes.
 * With a real runtime every exec comes with runc and its threads, 18 tasks; with `bare` it is the probe and
 * its child.
 */
export function hundredAndTenPods(horizon: string, runtime?: string): Scenario {
  return manyPods(110, horizon, runtime);
}

/** The same with more of them. */
export function manyPods(
  count: number,
  horizon: string,
  runtime = '{name: containerd, version: "1.7"}',
): Scenario {
  // A pod has a thousand copies at most.
  const parts = Array.from({ length: Math.ceil(count / 1_000) }, (_, part) =>
    Math.min(1_000, count - 1_000 * part),
  );
  return scenarioOf(`
apiVersion: pidsim/v1
kind: Scenario
metadata: {name: pods, title: Pods with a healthy probe each}
spec:
  horizon: ${horizon}
  node:
    kernel: {version: "6.1", pidMax: 4194304, memory: 64Gi}
    kubelet: {version: "1.28"}
    runtime: ${runtime}
  programs:
    app: {comm: app, steps: [pause]}
    probe: {comm: probe, steps: [{fork: {steps: [{exit: 0}]}}, {wait: any}, {exit: 0}]}
  pods:
${parts.map(podsOf).join('')}`);
}

function podsOf(count: number, part: number): string {
  return `
    - name: ${part === 0 ? 'pod' : `pod${part}`}
      count: ${count}
      containers:
        - name: app
          program: app
          livenessProbe: {exec: {program: probe}, periodSeconds: 10}
`;
}
