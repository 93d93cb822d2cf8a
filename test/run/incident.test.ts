/** The three symptoms of the incident: on the node of 2018 they come by themselves, whatever the luck. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RunEventKind, RunResult } from '../../src/run/result.js';
import { simulate } from '../../src/run/run.js';
import { parseScenario } from '../../src/scenario/parse.js';
import type { Scenario } from '../../src/scenario/scenario.js';
import { US_PER_HOUR } from '../../src/sim/time.js';

const SYMPTOMS: readonly RunEventKind[] = ['pod-create-failed', 'pod-delete-stuck', 'ssh-refused'];
const SEEDS = 20;
const WITHIN_SECONDS = 4 * 3_600;
const UNTIL_US = 25 * US_PER_HOUR;

function scenario(name: string): Scenario {
  const parsed = parseScenario(readFileSync(`scenarios/${name}.yaml`, 'utf8'));
  if (!parsed.ok) throw new Error(parsed.diagnostics.map(({ message }) => message).join('\n'));
  return { ...parsed.value[0], horizonUs: UNTIL_US };
}

/** Which of the symptoms show within four hours of the first refused fork. */
function symptomsOf({ exhaustions, events }: RunResult): RunEventKind[] {
  const fullSeconds = exhaustions[0]?.atSeconds ?? Number.POSITIVE_INFINITY;
  return SYMPTOMS.filter((symptom) =>
    events.some(
      ({ kind, timeSeconds }) =>
        kind === symptom && timeSeconds >= fullSeconds && timeSeconds <= fullSeconds + WITHIN_SECONDS,
    ),
  );
}

describe('R31 R45 on a node of 2018 that a health check under pause 3.0 has filled', () => {
  it('pods are neither created nor deleted and logins are refused within 4 h, in 19 of 20 runs', () => {
    const whole = scenario('rabbitmq-pause-3.0');
    const complete = Array.from({ length: SEEDS }, (_, index) =>
      symptomsOf(simulate({ ...whole, seed: 1_001 + index })),
    ).filter((symptoms) => symptoms.length === SYMPTOMS.length);
    expect(complete.length).toBeGreaterThanOrEqual(SEEDS - 1);
  }, 240_000);

  it('RabbitMQ is down, for the most of the time that is left', () => {
    const { pods, exhaustions } = simulate(scenario('rabbitmq-pause-3.0'));
    const rabbitmq = pods.find(({ name }) => name === 'rabbitmq')!;
    const leftSeconds = UNTIL_US / 1_000_000 - exhaustions[0].atSeconds;
    expect(rabbitmq.downSeconds).toBeGreaterThan(leftSeconds / 2);
  });

  it('and with pause 3.1 nothing of it happens', () => {
    const result = simulate(scenario('rabbitmq-pause-3.1'));
    expect(result.exhaustions).toEqual([]);
    expect(result.events.filter(({ kind }) => SYMPTOMS.includes(kind))).toEqual([]);
    expect(result.pods.filter(({ downSeconds }) => downSeconds > 0).map(({ name }) => name)).toEqual([]);
  });
});

describe('R45 the tip in delete-the-leaking-pod', () => {
  const late = (seed: number): RunResult => {
    const parsed = parseScenario(
      readFileSync('scenarios/delete-the-leaking-pod.yaml', 'utf8').replace('{at: 16h,', '{at: 30h,'),
    );
    if (!parsed.ok) throw new Error(parsed.diagnostics[0].message);
    return simulate({ ...parsed.value[0], seed });
  };
  const stuck = ({ events }: RunResult): boolean =>
    events.some(({ kind, subject }) => kind === 'pod-delete-stuck' && subject === 'rabbitmq');

  it('holds: after 30 h the deletion gets stuck with seed 1, and frees the node with seed 3', () => {
    const [first, third] = [late(1), late(3)];
    expect([stuck(first), stuck(third)]).toEqual([true, false]);
    expect(first.final.zombies).toBeGreaterThan(17_000);
    expect(third.final.zombies).toBeLessThan(2_000);
  });
});
