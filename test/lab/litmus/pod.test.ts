/** Pods of scenarios as litmus files: both worlds run them, and leave the same. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatDifference, outcomeText } from '../../../src/lab/litmus/format.js';
import { type Litmus, parseLitmus } from '../../../src/lab/litmus/litmus.js';
import { runOnModel } from '../../../src/lab/litmus/model-run.js';
import { verifyOne } from '../../../src/lab/litmus/verify.js';
import { podLitmus } from '../../../src/run/pod-litmus.js';
import { parseScenario } from '../../../src/scenario/parse.js';
import type { Scenario } from '../../../src/scenario/scenario.js';
import { parseSetting } from '../../../src/scenario/settings.js';
import { describeLive } from '../live.js';

function scenario(file: string, ...texts: string[]): Scenario {
  const settings = texts.flatMap((text) => parseSetting(text) ?? []);
  const parsed = parseScenario(readFileSync(file, 'utf8'), { path: file, settings });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
  return parsed.value[0];
}

function litmus(of: Scenario, pod: string): Litmus {
  const parsed = parseLitmus(podLitmus(of, pod)!, `${pod}.yaml`);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
  return parsed.value;
}

const INCIDENT = 'scenarios/rabbitmq-pause-3.0.yaml';
const DOCKER = 'src/web/chapters/docker.yaml';
const PODS: [Scenario, string][] = [
  [scenario(DOCKER), 'app'],
  [scenario('src/web/chapters/pause.yaml'), 'rabbitmq'],
  [scenario('src/web/chapters/orphan.yaml'), 'demo'],
  ...['rabbitmq', 'fluentd', 'kube-proxy', 'redis', 'web-3'].map((pod): [Scenario, string] => [
    scenario(INCIDENT),
    pod,
  ]),
];

describe('a pod as a litmus file', () => {
  it.each(PODS.map(([of, pod]) => [pod, of.name, of] as const))('%s of %s can be run', (pod, _, of) => {
    expect(runOnModel(litmus(of, pod)).kind).toBe('rest');
  });

  it('leaves what its PID 1 leaves: with pause 3.0 two zombies a run, with 3.1 none', () => {
    const zombiesOf = (of: Scenario): number => {
      const outcome = runOnModel(litmus(of, 'rabbitmq'));
      if (outcome.kind !== 'rest') throw new Error(outcome.kind);
      return outcome.world.inside.tasks.filter(({ stat }) => stat.startsWith('Z')).length;
    };
    expect(zombiesOf(scenario('src/web/chapters/pause.yaml'))).toBe(10);
    expect(zombiesOf(scenario('src/web/chapters/pause.yaml', 'node.pause=3.1'))).toBe(0);
  });

  it('has the container as PID 1 where it has a namespace of its own, and its own pid_max', () => {
    const own = litmus(
      scenario('src/web/chapters/pause.yaml', 'pods.rabbitmq.shareProcessNamespace=false'),
      'rabbitmq',
    );
    expect(own.init).toBe('app');
    const shared = litmus(scenario('src/web/chapters/pause.yaml'), 'rabbitmq');
    expect([shared.init, shared.limits.pidMax]).toEqual(['pause-3.0', 1_024]);
  });

  it('is nothing if there is no such pod', () => expect(podLitmus(scenario(DOCKER), 'nobody')).toBeNull());
});

describeLive('pods of scenarios on this kernel', () => {
  it('leave, process by process, what the model says', async () => {
    for (const [of, pod] of PODS) {
      const result = await verifyOne(litmus(of, pod));
      if (result.kernel.kind === 'skipped') continue;
      expect(result.verdict, `${formatDifference(result)}\n${outcomeText(result.kernel)}`).toBe('agrees');
    }
  }, 120_000);
});
