import { describe, expect, test } from 'vitest';
import { US_PER_SECOND } from '../../src/sim/time.js';
import { briefs, HEAD, parse } from './support.js';

const STATEFUL_SET = `apiVersion: v1
kind: Service
metadata: {name: queue}
spec: {clusterIP: None}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: queue
  labels: {app: queue}
spec:
  serviceName: queue
  replicas: 3
  template:
    metadata: {labels: {app: queue}}
    spec:
      terminationGracePeriodSeconds: 60
      shareProcessNamespace: true
      initContainers: [{name: setup, image: busybox}]
      containers:
        - name: queue
          image: registry.example/queue:3.7@sha256:0
          ports: [{containerPort: 5672, name: amqp}]
          livenessProbe:
            exec: {command: [quick-check]}
            initialDelaySeconds: 30
            periodSeconds: 20
            terminationGracePeriodSeconds: 5
        - name: exporter
          command: [app]
          readinessProbe: {httpGet: {path: /, port: 9419, scheme: HTTP}}
`;

function withManifest(manifest: string, entry = 'manifest: m.yaml', path = 'folder/case.yaml') {
  const asked: string[] = [];
  const parsed = parse(`${HEAD}  pods:\n    - {${entry}}\n`, {
    path,
    readFile: (name) => {
      asked.push(name);
      return name.endsWith('m.yaml') ? manifest : null;
    },
  });
  const diagnostics = parsed.ok ? parsed.warnings : parsed.diagnostics;
  return {
    asked,
    diagnostics,
    pods: parsed.ok ? parsed.value[0].node.pods : [],
    said: briefs(diagnostics),
    files: diagnostics.map(({ file }) => file),
  };
}

describe('a StatefulSet', () => {
  const { pods, said, files } = withManifest(STATEFUL_SET);

  test('is one pod on this node, with its containers and probes', () => {
    expect(pods).toMatchObject([
      {
        name: 'queue',
        count: 1,
        pidMode: 'pod',
        terminationGraceUs: 60 * US_PER_SECOND,
        restartPolicy: 'Always',
        containers: [
          { name: 'setup', role: 'init' },
          {
            name: 'queue',
            probes: [
              {
                type: 'liveness',
                action: { kind: 'exec', program: { name: 'quick-check' } },
                initialDelayUs: 30 * US_PER_SECOND,
                periodUs: 20 * US_PER_SECOND,
                timeoutUs: US_PER_SECOND,
              },
            ],
          },
          { name: 'exporter', program: { name: 'app' }, probes: [{ action: { how: 'httpGet' } }] },
        ],
      },
    ]);
  });

  test('comes with warnings for what is left out or assumed, at their place in the manifest', () => {
    expect(said).toEqual(['6:18 ignored-kind?', '19:45 assumed-program?', '22:18 assumed-program?']);
    expect(files).toEqual(['folder/case.yaml', 'folder/m.yaml', 'folder/m.yaml']);
  });

  test('whose image is not known runs something quiet, called as the image', () => {
    expect(pods[0].containers[1].program).toMatchObject({ comm: 'queue' });
  });
});

describe('beside a manifest', () => {
  test('a container’s program may be said', () => {
    const { pods, said } = withManifest(
      STATEFUL_SET,
      'manifest: m.yaml, containers: {queue: {program: app}}',
    );
    expect(pods[0].containers[1].program.name).toBe('app');
    expect(said.filter((brief) => brief.includes('assumed'))).toEqual(['19:45 assumed-program?']);
  });

  test('an unknown program or container is reported in the scenario', () => {
    const unknown = withManifest(STATEFUL_SET, 'manifest: m.yaml, containers: {queue: {program: ap}}');
    expect(unknown.diagnostics).toContainEqual(
      expect.objectContaining({ file: 'folder/case.yaml', line: 6, column: 56, code: 'unknown-program' }),
    );
    const stranger = withManifest(STATEFUL_SET, 'manifest: m.yaml, containers: {quue: {program: app}}');
    expect(stranger.diagnostics).toContainEqual(
      expect.objectContaining({
        file: 'folder/case.yaml',
        line: 6,
        column: 39,
        code: 'unknown-container',
        hint: 'Did you mean `queue`?',
      }),
    );
  });

  test('count says how many are on this node, whatever the replicas', () => {
    expect(withManifest(STATEFUL_SET, 'manifest: m.yaml, count: 2').pods[0].count).toBe(2);
  });

  test('a pid_max that the kernel cannot have is reported in the scenario', () => {
    const { diagnostics } = withManifest(STATEFUL_SET, 'manifest: m.yaml, pidMax: 800');
    expect(diagnostics).toContainEqual(
      expect.objectContaining({ file: 'folder/case.yaml', line: 6, column: 34, code: 'needs-newer-version' }),
    );
  });
});

describe('the path of a manifest', () => {
  test.each([
    ['m.yaml', 'folder/case.yaml', 'folder/m.yaml'],
    ['./m.yaml', 'folder/case.yaml', 'folder/m.yaml'],
    ['../m.yaml', 'folder/case.yaml', 'folder/../m.yaml'],
    ['/abs/m.yaml', 'folder/case.yaml', '/abs/m.yaml'],
    ['m.yaml', 'case.yaml', 'm.yaml'],
    ['m.yaml', '<text>', 'm.yaml'],
  ])('%s in %s is asked for as it is written, and called %s', (manifest, path, expected) => {
    const { asked, files } = withManifest(STATEFUL_SET, `manifest: ${manifest}`, path);
    expect(asked).toEqual([manifest]);
    expect(files[1]).toBe(expected);
  });
});

describe('a manifest', () => {
  test('may be of any kind with a pod template, or a List of them', () => {
    const spec = 'containers: [{name: c, command: [app]}]';
    const list = `apiVersion: v1
kind: List
items:
  - {kind: Pod, metadata: {name: a}, spec: {hostPID: true, restartPolicy: Never, ${spec}}}
  - {kind: Deployment, metadata: {name: b}, spec: {template: {spec: {${spec}}}}}
  - {kind: DaemonSet, metadata: {name: d}, spec: {template: {spec: {${spec}}}}}
`;
    const { pods, said } = withManifest(list);
    expect(said).toEqual([]);
    expect(pods).toMatchObject([
      { name: 'a', pidMode: 'node', restartPolicy: 'Never' },
      { name: 'b', pidMode: null },
      { name: 'd', pidMode: null },
    ]);
  });

  test.each<[string, string, string[]]>([
    ['that is empty', '', ['1:1 empty-file']],
    ['that is broken', 'a: [', ['1:5 yaml-syntax']],
    ['that is a text', 'hello', ['6:18 not-a-manifest', '1:1 not-a-manifest']],
    ['that has only a Service', 'kind: Service', ['6:18 not-a-manifest']],
    ['without a name', 'kind: Pod\nspec: {containers: [{name: c, command: [app]}]}', ['1:1 missing-key']],
    ['without a pod', 'kind: Deployment\nmetadata: {name: d}\nspec: {}', ['1:7 missing-key']],
    ['without containers', 'kind: Pod\nmetadata: {name: d}\nspec: {}', ['3:7 missing-key']],
    [
      'with a misspelt probe key, which kubectl would refuse too',
      'kind: Pod\nmetadata: {name: d}\nspec: {containers: [{name: c, command: [app], livenessProbe: {tcpSocket: {port: 1}, periodSecond: 3}}]}',
      ['3:85 unknown-key'],
    ],
  ])('%s', (_, text, expected) => expect(withManifest(text).said).toEqual(expected));

  test('with two pods of one name as the scenario’s other pod is reported', () => {
    const text = 'kind: Pod\nmetadata: {name: d}\nspec: {containers: [{name: c, command: [app]}]}';
    expect(withManifest(`${text}\n---\n${text}`).said).toEqual(['6:18 duplicate-name']);
  });
});
