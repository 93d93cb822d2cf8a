/** Kubernetes objects on the command line. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const CLI = join(import.meta.dirname, '../../dist/cli.js');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pidsim-cluster-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function pidsim(args: string[], input?: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    encoding: 'utf8',
    cwd: folder,
    input,
  });
  return { status, stdout, stderr };
}

function file(name: string, text: string | Buffer): string {
  writeFileSync(join(folder, name), text);
  return name;
}

const pod = (name: string, node: string) => `
- apiVersion: v1
  kind: Pod
  metadata: {name: ${name}, namespace: shop}
  spec:
    nodeName: ${node}
    containers:
      - {name: c, image: "registry.example/x:1", livenessProbe: {exec: {command: [script-background-job]}, periodSeconds: 5}}
      - {name: d, image: "registry.example/x:1"}
  status: {phase: Running}`;
const PODS = `apiVersion: v1\nkind: List\nitems:${pod('a', 'n-1')}${pod('a', 'n-2')}`;
const NODES = JSON.stringify({
  kind: 'NodeList',
  items: ['n-1', 'n-2'].map((name) => ({
    metadata: { name },
    status: {
      capacity: { cpu: '4', memory: '8Gi' },
      nodeInfo: {
        kernelVersion: '6.8.0',
        kubeletVersion: 'v1.30.1',
        containerRuntimeVersion: 'containerd://1.7.2',
        osImage: 'Ubuntu 24.04 LTS',
      },
    },
  })),
});
const CHART = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {template: {spec: {containers: [{name: web, image: "shop/web:1", livenessProbe: {exec: {command: [script-background-job]}}}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: web}
`;

describe('pidsim run', () => {
  test('takes pods and nodes from several files, and gives a fleet', () => {
    const files = [file('pods.yaml', PODS), file('nodes.json', NODES)];
    const { status, stdout, stderr } = pidsim(['run', ...files, '-o', 'json']);
    expect(status).toBe(0);
    const { kind, status: result } = JSON.parse(stdout);
    expect(kind).toBe('FleetResult');
    expect(result.summary).toMatchObject({ nodes: 2 });
    expect(result.nodes.map((node: { metadata: { node: string } }) => node.metadata.node)).toEqual([
      'n-1',
      'n-2',
    ]);
    const [probe] = result.nodes[0].status.probes;
    expect(probe.pod).toBe('shop/a');
    expect(probe.zombiesPerRun).toBeCloseTo(1, 2);
    expect(stderr).toMatch(/pods.yaml: warning\[assumed-node\]: every node: pid_max/);
  });

  test('takes a manifest from a pipe, on the kind of node that is named', () => {
    const { status, stdout } = pidsim(['run', '-f', '-', '--node', 'openshift-4.16', '-o', 'json'], CHART);
    expect(status).toBe(0);
    // 4,096 PIDs for each pod.
    expect(JSON.parse(stdout).status.symptoms.podRefusals[0]).toMatchObject({
      pod: 'web',
      refusedBy: 'pids-cgroup',
    });
  });

  test('writes a folder for each node, and how to run it again', () => {
    const { status, stdout } = pidsim(['run', 'pods.yaml', 'nodes.json', '--dir', 'out']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/pods: 2 of 2 nodes are full, the first n-[12] after \d/);
    expect(readdirSync(join(folder, 'out'))).toEqual(
      expect.arrayContaining(['pods.n-1', 'pods.n-2', 'index.html']),
    );
    expect(readFileSync(join(folder, 'out/pods.n-2/summary.md'), 'utf8')).toContain(
      '    pidsim run pods.yaml nodes.json --seed 2',
    );
  });

  test('takes a folder of manifests together', () => {
    mkdirSync(join(folder, 'k8s'));
    file('k8s/web.yaml', CHART);
    file(
      'k8s/db.json',
      JSON.stringify({
        kind: 'Pod',
        metadata: { name: 'db' },
        spec: { containers: [{ name: 'c', image: 'x' }] },
      }),
    );
    expect(pidsim(['validate', 'k8s']).stdout).toBe('k8s/db.json, k8s/web.yaml: valid, 1 scenario\n');
  });

  test('run says three warnings of a kind before its answer, and validate each of them', () => {
    const probes = ['a', 'b', 'c', 'd', 'e'].map(
      (name) => `
  - metadata: {name: ${name}}
    kind: Pod
    spec: {containers: [{name: c, image: shop/checked, livenessProbe: {exec: {command: [check-${name}]}}}]}`,
    );
    const named = file('five.yaml', `kind: List\napiVersion: v1\nitems:${probes.join('')}`);
    const assumed = (text: string) => text.match(/\[assumed-program\]/g);
    const { stderr } = pidsim(['run', named, '--set', 'horizon=1m', '--no-write-files']);
    expect(assumed(stderr)).toHaveLength(3);
    expect(stderr).toMatch(/and 3 more assumed-program: `pidsim validate` lists them\n\d+ warnings/);
    const all = pidsim(['validate', named]).stderr;
    expect(assumed(all)).toHaveLength(6);
    expect(all).not.toContain('lists them');
    // What to do is the same for each of them.
    expect(all.match(/hint: If the assumption is wrong/g)).toHaveLength(1);
  });

  test('is read in UTF-16 too, as `>` of PowerShell writes it', () => {
    const marked = Buffer.from(`\ufeff${CHART}`, 'utf16le');
    expect(pidsim(['validate', file('windows.yaml', marked)])).toMatchObject({ status: 0 });
    expect(pidsim(['validate', file('odd.yaml', marked.subarray(2))]).stderr).toContain('not-text');
  });

  test('does not know every kind of node', () => {
    const { status, stderr } = pidsim(['run', file('chart.yaml', CHART), '--node', 'eks-al2024']);
    expect(status).toBe(2);
    expect(stderr).toBe(
      'error: --node eks-al2024: there is no such kind of node\n  hint: Did you mean `eks-al2023`?\n',
    );
  });

  test('says of a chart that nobody has rendered nothing but that', () => {
    mkdirSync(join(folder, 'chart'));
    file('chart/values.yaml', 'image: x\n');
    file(
      'chart/web.yaml',
      'kind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\n  {{- if .Values.x }}\n  x: 1\n  {{- end }}\n',
    );
    const { status, stderr } = pidsim(['run', 'chart']);
    expect(status).toBe(2);
    expect(stderr.match(/error\[/g)).toHaveLength(1);
    expect(stderr).toMatch(/chart\/web.yaml:\d+:1: error\[template\]/);
  });
});

describe('pidsim import', () => {
  test('writes what run runs: the same digest', () => {
    const { status, stdout } = pidsim(['import', file('chart.yaml', CHART)]);
    expect(status).toBe(0);
    const digestOf = (path: string) =>
      JSON.parse(pidsim(['run', path, '-o', 'json', '--until', 'exhaustion']).stdout).metadata.digest;
    expect(digestOf(file('imported.yaml', stdout))).toBe(digestOf('chart.yaml'));
    expect(stdout).toMatch(
      /^# Made by `pidsim import` from chart.yaml\.\n# 1 object without pods left out, 1 kind: Service\n/,
    );
    expect(stdout).toContain('    # Deployment web\n    - name: web\n');
  });

  test('writes into a file, and refuses what is a scenario already', () => {
    expect(pidsim(['import', 'chart.yaml', '--write', 'written.yaml'])).toMatchObject({
      status: 0,
      stdout: '',
    });
    const { status, stderr } = pidsim(['import', 'written.yaml']);
    expect(status).toBe(2);
    expect(stderr).toMatch(/written.yaml: no Kubernetes objects/);
  });
});

describe('pidsim ps', () => {
  test('of a pod whose containers share no PID namespace shows each, or the one that is named', () => {
    const args = ['ps', 'pods.yaml', '--scenario', 'n-1', '--at', '1m', '--pod', 'shop/a'];
    const { stdout } = pidsim(args);
    expect(stdout.match(/^PID namespace of [cd]$/gm)).toEqual(['PID namespace of c', 'PID namespace of d']);
    const only = pidsim([...args, '--container', 'd']).stdout;
    expect(only).not.toMatch(/namespace of|defunct/);
    expect(only.match(/ x$/gm)).toHaveLength(1);
    expect(pidsim([...args.slice(0, -1), 'a', '-c', 'd']).stdout).toBe(only);
    expect(pidsim([...args, '-c', 'e'])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/there are: c, d/),
    });
    expect(pidsim(['ps', 'chart.yaml', '-c', 'e'])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/without --pod/),
    });
  });

  test('of a fleet needs to know which node', () => {
    expect(pidsim(['ps', 'pods.yaml']).stderr).toMatch(/add --scenario with one of: pods.n-1, pods.n-2/);
  });
});
