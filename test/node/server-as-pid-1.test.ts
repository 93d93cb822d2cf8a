/** A recorded server whose start script is PID 1 of its container, and adopts what its own tools leave behind. */
import { expect, test } from 'vitest';
import { simulate } from '../../src/run/run.js';
import { scenarioOf } from '../scenario/support.js';

const CHECK = 'livenessProbe: {exec: {command: [rabbitmqctl, node_health_check]}, timeoutSeconds: 5}';

const queue = (program: string, probe = '') =>
  simulate(
    scenarioOf(`
  horizon: 2h
  node: {kubelet: {version: "1.31"}, runtime: {name: containerd, version: "1.7"}}
  pods:
    - name: queue
      containers:
        - {name: rabbitmq, program: ${program}${probe === '' ? '' : `, ${probe}`}}
`),
  ).pods[0];

test('rabbitmq-server by itself runs on: an orphan that ends is not the child that its script waits for', () => {
  expect(queue('rabbitmq-server')).toMatchObject({ restarts: 0, downSinceSeconds: null, zombies: 0 });
});

test('its script reaps the orphans of a health check while it waits', () => {
  expect(queue('rabbitmq-server', CHECK)).toMatchObject({ restarts: 0, zombies: 0 });
});

test('a program that waits for nobody leaves them, two or three a run', () => {
  const { zombies, restarts } = queue('app', CHECK);
  expect(restarts).toBe(0);
  expect(zombies).toBeGreaterThan(2 * 700);
});
