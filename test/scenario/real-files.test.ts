/** What manifests of public repositories have that a tidy one has not. */
import { expect, test } from 'vitest';
import { parseManifests } from '../../src/scenario/parse.js';

test('a name that Kubernetes would not take is read as one that it would, and that is said', () => {
  const text = `kind: StatefulSet
metadata: {name: RELEASE-NAME-queue}
spec: {template: {spec: {containers: [{name: c, command: [app]}]}}}
---
kind: Pod
metadata: {name: "clean-<node>"}
spec: {containers: [{name: c, command: [app]}]}
`;
  const parsed = parseManifests([{ path: 'chart.yaml', text }]);
  expect(parsed.ok && parsed.value[0].node.pods.map(({ name }) => name)).toEqual([
    'release-name-queue',
    'clean-node',
  ]);
  const said = parsed.ok ? parsed.warnings.filter(({ code }) => code === 'bad-name') : [];
  expect(said.map(({ line, message }) => `${line} ${message}`)).toEqual([
    '2 Kubernetes takes no name like `RELEASE-NAME-queue`; read as `release-name-queue`',
    '6 Kubernetes takes no name like `clean-<node>`; read as `clean-node`',
  ]);
});

test('a Rollout that has its pods from a Deployment, which is scaled to 0, has its own number of them', () => {
  const text = `kind: Deployment
metadata: {name: web}
spec: {replicas: 0, template: {spec: {containers: [{name: c, command: [app]}]}}}
---
kind: Rollout
metadata: {name: web}
spec: {replicas: 5, workloadRef: {apiVersion: apps/v1, kind: Deployment, name: web}}
`;
  const parsed = parseManifests([{ path: 'rollout.yaml', text }]);
  const pods = parsed.ok ? parsed.value[0].node.pods : [];
  expect(pods.map(({ name, count }) => [name, count])).toEqual([['web', 5]]);
  const other = parseManifests([
    { path: 'rollout.yaml', text: text.replace('kind: Deployment, name: web', 'kind: Deployment, name: db') },
  ]);
  expect(other.ok).toBe(false);
});
