/** Decision 14: a result is the same whether the kernel takes an awaited exit in one step or in two. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Machine } from '../../src/program/machine.js';
import type { RunResult } from '../../src/run/result.js';
import { simulate } from '../../src/run/run.js';
import { parseScenario } from '../../src/scenario/parse.js';
import type { Scenario } from '../../src/scenario/scenario.js';
import { US_PER_HOUR } from '../../src/sim/time.js';

/** Long enough for a table to be full for some hours. */
const LONGEST_US = 24 * US_PER_HOUR;

afterEach(() => {
  vi.restoreAllMocks();
});

function scenarioOf(text: string): Scenario {
  const readFile = (path: string): string => readFileSync(`scenarios/${path}`, 'utf8');
  const parsed = parseScenario(text, { readFile });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
  const [scenario] = parsed.value;
  return { ...scenario, horizonUs: Math.min(scenario.horizonUs, LONGEST_US) };
}

/** The result without the figures of how much work it was. */
function whatCame({ engineEvents: _, wallSeconds: __, ...rest }: RunResult): unknown {
  return rest;
}

const RUNTIMES = ['{name: docker, version: "17.12"}', '{name: containerd}', '{name: cri-o}', '{name: bare}'];

/**
 * Probes that fork, fail and time out, and a container that exits: all that a shim, a conmon or an init waits
 * for.
 */
const busy = (runtime: string) => `
apiVersion: pidsim/v1
kind: Scenario
metadata: {name: busy, title: Busy}
spec:
  horizon: 30m
  node: {kernel: {version: "6.1", pidMax: 32768, memory: 16Gi}, kubelet: {version: "1.28"}, runtime: ${runtime}}
  programs:
    brief: {comm: brief, steps: [{sleep: 50s}, {exit: 1}]}
    probe: {comm: probe, steps: [{fork: {steps: [{exit: 0}]}}, {wait: any}, {exit: waited}]}
    slow: {comm: slow, steps: [{fork: {steps: [{sleep: 3s}]}}, {sleep: 2s}]}
    failing: {comm: failing, steps: [{fork: {steps: [{fork: {steps: [{exit: 1}]}}, {exit: 3}]}}, {wait: all}, {exit: waited}]}
  pods:
    - name: web
      count: 7
      containers:
        - {name: app, program: brief, livenessProbe: {exec: {program: probe}, periodSeconds: 1}}
        - {name: side, program: brief, readinessProbe: {exec: {program: slow}, periodSeconds: 4}}
        - {name: last, program: brief, livenessProbe: {exec: {program: failing}, periodSeconds: 5}}
`;

const shipped = readdirSync('scenarios')
  .filter((name) => name.endsWith('.yaml'))
  .map((name): [string, string] => [`scenarios/${name}`, readFileSync(`scenarios/${name}`, 'utf8')]);
const own = RUNTIMES.map((runtime): [string, string] => [runtime, busy(runtime)]);

describe('an awaited exit leads to the same result in one step and in two turns', () => {
  test.each([...shipped, ...own])('in %s', (_name, text) => {
    const scenario = scenarioOf(text);
    const atOnce = simulate(scenario);
    const exitAwaited = vi.spyOn(Machine.prototype, 'exitAwaited').mockReturnValue(false);
    const inTwoTurns = simulate(scenario);
    expect(exitAwaited).toHaveBeenCalled();
    expect(inTwoTurns.engineEvents).toBeGreaterThan(atOnce.engineEvents);
    expect(whatCame(atOnce)).toEqual(whatCame(inTwoTurns));
  });
});
