/** What manifests of public repositories have that a tidy one has not. */
import { expect, test } from 'vitest';
import { parseManifests, parseScenario } from '../../src/scenario/parse.js';

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

const said = (text: string, path = 'file.yaml') => {
  const parsed = parseManifests([{ path, text }]);
  const all = parsed.ok ? parsed.warnings : parsed.diagnostics;
  return all.map(({ line, code, message, hint }) => ({ line, code, message, hint }));
};
const podsOf = (text: string) => {
  const parsed = parseManifests([{ path: 'file.yaml', text }]);
  return parsed.ok ? parsed.value[0].node.pods.map(({ name, count }) => [name, count]) : parsed.diagnostics;
};
const POD = '{containers: [{name: c, image: busybox, command: [app]}]}';

test('a byte order mark stands before a manifest, in YAML and in JSON, and changes nothing', () => {
  expect(podsOf(`\ufeffkind: Pod\nmetadata: {name: a}\nspec: ${POD}\n`)).toEqual([['a', 1]]);
  const json = JSON.stringify({
    kind: 'Pod',
    metadata: { name: 'a' },
    spec: { containers: [{ name: 'c', command: ['app'] }] },
  });
  expect(podsOf(`\ufeff${json}`)).toEqual([['a', 1]]);
  const scenario = parseScenario(`\ufeffkind: Pod\nmetadata: {name: a}\nspec: ${POD}\n`, { path: 'a.yaml' });
  expect(scenario.ok).toBe(true);
});

test('replicas in quotes, as a template leaves them, are a number; what is none is said to be taken for 1', () => {
  const of = (replicas: string) =>
    `kind: Deployment\nmetadata: {name: a}\nspec: {replicas: ${replicas}, template: {spec: ${POD}}}\n`;
  expect(podsOf(of('"3"'))).toEqual([['a', 3]]);
  for (const none of ['three', '1.5', '-2', '"{N}"']) {
    expect(podsOf(of(none))).toEqual([['a', 1]]);
    expect(said(of(none))).toContainEqual(
      expect.objectContaining({
        line: 3,
        code: 'bad-quantity',
        message: expect.stringContaining('taken as 1'),
      }),
    );
  }
  expect(said(of('2')).map(({ code }) => code)).not.toContain('bad-quantity');
});

test('a set of whole pods has them all, under their own names', () => {
  const pod = (name: string) => `  - {kind: Pod, metadata: {name: ${name}}, spec: ${POD}}\n`;
  const text = `kind: StrimziPodSet\nmetadata: {name: set}\nspec:\n  pods:\n${pod('kafka-0')}${pod('kafka-1')}`;
  expect(podsOf(text)).toEqual([
    ['set-kafka-0', 1],
    ['set-kafka-1', 1],
  ]);
});

test('a container without a name, as Knative takes it, is called as Knative does', () => {
  const text = `apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: hello}
spec: {template: {spec: {containers: [{image: "ghcr.io/x/hello", command: [app]}, {name: s, image: y, command: [app]}]}}}
`;
  const parsed = parseManifests([{ path: 'file.yaml', text }]);
  const pods = parsed.ok ? parsed.value[0].node.pods : [];
  expect(pods.map(({ name, containers }) => [name, containers.map((each) => each.name)])).toEqual([
    ['hello', ['user-container', 's']],
  ]);
});

test('of an operator’s resource alone the pods are asked for that the operator makes', () => {
  const cluster =
    'apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: db}\nspec: {instances: 3}\n';
  expect(said(cluster)).toMatchObject([
    {
      message: 'nothing in it runs pods (1 object without pods left out, 1 kind: Cluster)',
      hint: 'An operator makes the pods of Cluster: name those, as `kubectl get pods -A -o yaml` prints them.',
    },
  ]);
  const kustomization =
    'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n';
  expect(said(kustomization)[0].hint).toBe(
    'Build it first: `kubectl kustomize FOLDER`, and read the result.',
  );
  const role = 'apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r}\n';
  expect(said(role)[0].hint).toBe(
    'Name a file with one, as `kubectl get -o yaml` or `helm template` prints it.',
  );
});

test('an image that is blank, for an ImageStream to fill in, is called as its container', () => {
  const text = `kind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: db, image: " "}]}\n`;
  const parsed = parseManifests([{ path: 'file.yaml', text }]);
  expect(parsed.ok && parsed.value[0].assumptions.map(({ what }) => what)).toEqual([
    'what the image `db` runs is not said',
  ]);
});
