// When does this node stop forking, and what does a reaping pause change?
//
//     npm run build && node docs/examples/library.mjs
import { observeAt, parseScenario, simulate } from 'pidsim';

const scenarioFor = (pause) => `
apiVersion: pidsim/v1
kind: Scenario
metadata: {name: library-example, title: One leaking probe, description: An example for the library.}
spec:
  seed: 1
  horizon: 2d
  node:
    kernel: {version: "4.14", pidMax: 32768, memory: 16Gi}
    baseline: {tasks: 180}
    kubelet: {version: "1.7"}
    runtime: {name: docker, version: "17.12"}
    pause: "${pause}"
  pods:
    - name: rabbitmq
      containers:
        - name: rabbitmq
          program: rabbitmq-server
          livenessProbe:
            exec: {command: [rabbitmqctl, node_health_check]}
            periodSeconds: 10
            timeoutSeconds: 5
`;

for (const pause of ['3.0', '3.1']) {
  const parsed = parseScenario(scenarioFor(pause));
  if (!parsed.ok) {
    for (const { line, column, message } of parsed.diagnostics) console.error(`${line}:${column}: ${message}`);
    process.exit(2);
  }
  const [scenario] = parsed.value;
  const { outcome, projection, probes } = simulate(scenario, { until: 'exhaustion' });
  const end =
    outcome.kind === 'exhausted'
      ? `full after ${(outcome.atSeconds / 3600).toFixed(1)} h, refused by ${outcome.refusedBy}`
      : `not full after ${outcome.horizonSeconds / 3600} h; projection: ${projection.kind}`;
  console.log(`pause ${pause}: ${end}; ${probes[0].pidsPerRun.toFixed(2)} PIDs lost per probe run`);

  const defunct = observeAt(scenario, '10m', { pod: 'rabbitmq' }).filter(({ stat }) => stat.startsWith('Z'));
  console.log(`  after 10 minutes: ${defunct.length} zombies in the pod`);
}
