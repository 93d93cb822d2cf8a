import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { parseScenarioValue } from '../../src/scenario/parse.js';
import { schemas } from '../../src/scenario/schema.js';
import { briefs, LIBRARY, parse } from './support.js';

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const name = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/);
const time = fc
  .tuple(fc.integer({ min: 1, max: 48 }), fc.constantFrom('s', 'm', 'h'))
  .map(([n, unit]) => `${n}${unit}`);
const version = (...versions: string[]) => fc.constantFrom(...versions);

const handler = fc.oneof(
  fc.constantFrom({ exec: { command: ['quick-check'] } }, { exec: { program: 'slow-check' } }),
  fc.constantFrom(
    { httpGet: { port: 80, path: '/' } },
    { tcpSocket: { port: 'amqp' } },
    { grpc: { port: 9 } },
  ),
);
const probe = fc
  .tuple(
    handler,
    fc.record({
      initialDelaySeconds: maybe(fc.nat(100)),
      periodSeconds: maybe(fc.integer({ min: 1, max: 100 })),
      failureThreshold: maybe(fc.integer({ min: 1, max: 9 })),
    }),
  )
  .map(([what, when]) => ({ ...what, ...when }));
const container = fc.record({
  name,
  program: fc.constantFrom('app', 'own', 'tini -- app'),
  livenessProbe: maybe(probe),
  readinessProbe: maybe(probe),
  startupProbe: maybe(probe),
});
const pod = fc.record({
  name,
  count: maybe(fc.integer({ min: 1, max: 5 })),
  pidMax: maybe(fc.integer({ min: 301, max: 4194304 })),
  startAt: maybe(time),
  shareProcessNamespace: maybe(fc.boolean()),
  restartPolicy: maybe(fc.constantFrom('Always', 'OnFailure', 'Never')),
  terminationGracePeriodSeconds: maybe(fc.nat(100)),
  containers: fc.uniqueArray(container, { minLength: 1, maxLength: 3, selector: (each) => each.name }),
});
const node = fc.record({
  kernel: fc.record({
    version: version('6.14', '6.18.0-rc1'),
    cpus: maybe(fc.integer({ min: 1, max: 32 })),
    memory: maybe(fc.constantFrom('16Gi', '4G', 2 ** 33)),
    pidMax: maybe(fc.integer({ min: 400, max: 4194304 })),
  }),
  baseline: maybe(fc.record({ tasks: fc.integer({ min: 1, max: 200 }) })),
  kubelet: maybe(
    fc.record({ version: version('1.31', 'v1.28.3+k3s1'), podPidsLimit: maybe(fc.constantFrom(-1, 1024)) }),
  ),
  runtime: maybe(
    fc.record({ name: fc.constantFrom('containerd', 'cri-o', 'bare'), setsid: fc.constant(true) }),
  ),
  pause: maybe(version('3.0', '3.1', '3.10')),
  sshLogins: maybe(fc.record({ every: time })),
  podChurn: maybe(fc.record({ every: time })),
  cronJobs: maybe(
    fc.uniqueArray(fc.record({ name, every: time, program: fc.constant('own') }), {
      maxLength: 2,
      selector: (each) => each.name,
    }),
  ),
});
const intervention = fc.oneof(
  fc.record({ at: time, do: fc.constant('bump-pause'), version: version('3.1', '3.10') }),
  fc.record({ at: time, do: fc.constant('set-pid-max'), value: fc.integer({ min: 301, max: 4194304 }) }),
  fc.record({ at: time, do: fc.constant('drain') }),
);
const scenario = fc.record({
  apiVersion: fc.constant('pidsim/v1'),
  kind: fc.constant('Scenario'),
  metadata: fc.record({ name, title: maybe(fc.string({ minLength: 1 })), description: maybe(fc.string()) }),
  spec: fc.record({
    seed: maybe(fc.nat()),
    horizon: fc.constant('30d'),
    sampleEvery: maybe(fc.constantFrom('auto', '1h')),
    node,
    pods: fc.uniqueArray(pod, { maxLength: 3, selector: (each) => each.name }),
    programs: fc.constant({ own: { comm: 'own', steps: [{ sleep: { uniform: ['1s', '2s'] } }] } }),
    interventions: maybe(fc.array(intervention, { maxLength: 3 })),
    expect: maybe(fc.constantFrom(['exhausted == true'], ['zombies < 10', 'timeToExhaustion > 36h'])),
  }),
});

/** Keys without a value are left out, as a person would. */
const dense = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('a valid scenario', () => {
  test('means the same as data and as YAML text, in block and in flow style', () => {
    fc.assert(
      fc.property(scenario, (raw) => {
        const value = dense(raw);
        const direct = parseScenarioValue(value, { path: 'case.yaml', library: LIBRARY });
        expect(direct.ok ? [] : briefs(direct.diagnostics)).toEqual([]);
        for (const collectionStyle of ['block', 'flow'] as const) {
          const again = parse(stringify(value, { collectionStyle, lineWidth: 0 }));
          expect(again.ok && again.value).toEqual(direct.ok && direct.value);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('is valid for zod alone too, which is what editors see as JSON Schema', () => {
    fc.assert(
      fc.property(scenario, (raw) => {
        expect(schemas().scenario.safeParse(dense(raw)).error?.issues ?? []).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  test('with every default written out means the same', () => {
    fc.assert(
      fc.property(scenario, (raw) => {
        const value = dense(raw);
        const filled = schemas().scenario.parse(value);
        const again = parseScenarioValue(dense(filled), { path: 'case.yaml', library: LIBRARY });
        const direct = parseScenarioValue(value, { path: 'case.yaml', library: LIBRARY });
        // Where a limit is written is all that differs.
        const meant = (parsed: typeof again) =>
          parsed.ok && parsed.value.map(({ limitsFrom: _, ...rest }) => rest);
        expect(meant(again)).toEqual(meant(direct));
      }),
      { numRuns: 50 },
    );
  });
});
