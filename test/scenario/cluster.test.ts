/** What a cluster says about itself, as a fleet; what a chart says, as a scenario. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { simulate } from '../../src/run/run.js';
import { importedYaml } from '../../src/scenario/manifest/import.js';
import { isManifest } from '../../src/scenario/manifest/text.js';
import { parseManifests, parseScenario } from '../../src/scenario/parse.js';
import type { Scenario } from '../../src/scenario/scenario.js';
import { US_PER_HOUR } from '../../src/sim/time.js';
import { briefs, HEAD, LIBRARY, parse } from './support.js';

const file = (name: string) => ({ path: name, text: readFileSync(`test/scenario/clusters/${name}`, 'utf8') });
const CLUSTER = [file('pods.yaml'), file('nodes.json'), file('configz-birch-2.json')];

function read(texts: { path: string; text: string }[], more = {}) {
  const parsed = parseManifests(texts, { library: LIBRARY, ...more });
  return {
    scenarios: parsed.ok ? parsed.value : [],
    said: (parsed.ok ? parsed.warnings : parsed.diagnostics).map(
      ({ code, message }) => `${code}: ${message}`,
    ),
    briefs: briefs(parsed.ok ? parsed.warnings : parsed.diagnostics),
  };
}

const CONTAINERS = 'containers: [{name: c, image: x, command: [app]}]';
const template = (kind: string, name: string, more = '') =>
  `apiVersion: v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: {${more}template: {spec: {${CONTAINERS}}}}\n---\n`;

const one = (text: string, more = {}) => read([{ path: 'm.yaml', text }], more);
const podNames = ({ node }: Scenario) => node.pods.map(({ name }) => name);

describe('a dump of a cluster', () => {
  const { scenarios, said } = read(CLUSTER);
  const [first, second] = scenarios;

  test('is a fleet with a node for each node that has pods', () => {
    expect(scenarios.map(({ name }) => name)).toEqual(['pods.birch-1', 'pods.birch-2']);
    expect(scenarios.map(({ nodeName, fleet }) => `${fleet?.name}/${nodeName}`)).toEqual([
      'pods/birch-1',
      'pods/birch-2',
    ]);
  });

  test('has pods of one name in two namespaces, and mirror pods like others', () => {
    expect(podNames(first)).toEqual(['kube-system/etcd-birch-1']);
    expect(podNames(second)).toEqual(['shop/cart-7d4f-x2x9k', 'bank/cart-7d4f-x2x9k']);
  });

  test('leaves out what has ended, and says so in one line', () => {
    expect(said).toContain(
      'ignored-pods: left out: 2 that have succeeded, 1 that has failed, 1 that is on no node yet',
    );
  });

  test('has sidecars, ephemeral containers that run, hooks, and no container that has ended for good', () => {
    const [cart, bank] = second.node.pods;
    expect(cart).toMatchObject({ pidMode: 'pod', terminationGraceUs: 40_000_000 });
    expect(cart.containers.map(({ name, role, restartPolicy }) => [name, role, restartPolicy])).toEqual([
      ['migrate', 'init', undefined],
      ['log', 'sidecar', undefined],
      ['cart', undefined, undefined],
      ['debug-2', undefined, 'Never'],
    ]);
    expect(cart.containers[2]).toMatchObject({
      postStart: { kind: 'exec', program: { name: 'quick-check' } },
      preStop: { kind: 'wait', us: 5_000_000 },
      probes: [{ type: 'readiness', action: { how: 'grpc' } }],
    });
    expect(bank.containers.map(({ name }) => name)).toEqual(['still']);
  });

  test('has each node’s own versions and limits', () => {
    expect(first.node).toMatchObject({
      kernel: { version: '6.1.0-18-amd64', pidMax: 4_194_304, threadsMax: 128_002 },
      kubelet: { version: '1.29.3', podPidsLimit: -1, evictionPidAvailable: null },
      runtime: { name: 'containerd', version: '1.7.13' },
    });
    // systemd 219 leaves pid_max to the kernel.
    expect(second.node).toMatchObject({
      kernel: { pidMax: 32_768 },
      kubelet: {
        version: '1.23.17-eks-ce1d5eb',
        podPidsLimit: 1024,
        reservedPids: 800,
        evictionPidAvailable: 3276,
        evictionSoftPid: { available: 4915, graceUs: 90_000_000 },
      },
      runtime: { name: 'docker', version: '20.10.25' },
      pause: '3.9',
    });
  });

  test('says what is assumed, of which node', () => {
    expect(said.filter((line) => line.startsWith('assumed-node'))).toEqual([
      expect.stringMatching(/birch-1: pid_max .* 4194304 \(Debian .* systemd 243 or later\)/),
      expect.stringMatching(
        /birch-1: podPidsLimit and evictionHard are in none of these files .*PIDPressure never fires/,
      ),
      expect.stringMatching(/birch-2: pid_max .* kernel’s own default \(Amazon Linux 2 has systemd 219\)/),
    ]);
  });

  test('gives every node another seed', () => {
    expect(scenarios.map(({ seed }) => seed)).toEqual([1, 2]);
  });

  test('without Node objects takes the nodes for the usual kind, and for another if one is named', () => {
    const plain = read([CLUSTER[0]]);
    expect(plain.scenarios[0].node.kubelet.version).toBe('1.30');
    expect(plain.said).toContainEqual(expect.stringMatching(/every node: no Node object says what it is/));
    const named = read(CLUSTER, { preset: 'openshift-4.16' });
    expect(named.scenarios[1].node).toMatchObject({
      kubelet: { podPidsLimit: 4096 },
      runtime: { name: 'cri-o' },
    });
  });

  test('of nodes and a chart has the DaemonSets on each node, and the rest on the first', () => {
    const chart = {
      path: 'chart.yaml',
      text: template('DaemonSet', 'agent') + template('Deployment', 'web'),
    };
    const { scenarios: made, said: told } = read([chart, CLUSTER[1]]);
    expect(made.map(podNames)).toEqual([['agent', 'web'], ['agent'], ['agent']]);
    expect(made[2].node).toMatchObject({
      kernel: { version: '6.8', pidMax: 32_768 },
      runtime: { name: 'cri-o' },
    });
    expect(told).toContainEqual(expect.stringMatching(/all of it is put on birch-1$/));
    const added = read([CLUSTER[0], chart]);
    expect(added.scenarios.map(podNames)[0]).toEqual(['kube-system/etcd-birch-1', 'agent']);
    expect(added.said).toContain(
      'ignored-pods: left out, because nothing says on which node: Deployment web',
    );
  });

  test('of nodes alone says that there are no pods', () => {
    expect(read([CLUSTER[1]]).said).toEqual(['not-a-manifest: only 3 nodes, and no pod']);
  });
});

describe('a kubelet’s configuration', () => {
  const limitOf = (name: string, limit: number) => ({
    path: name,
    text: JSON.stringify({ kubeletconfig: { podPidsLimit: limit } }),
  });
  const limits = (...configs: { path: string; text: string }[]) =>
    read([CLUSTER[0], CLUSTER[1], ...configs]).scenarios.map(({ node }) => node.kubelet.podPidsLimit);

  test('is that of the node after which its file is named', () => {
    expect(limits(limitOf('a/birch-1.json', 11), limitOf('a/birch-2.json', 22))).toEqual([11, 22]);
    expect(limits(limitOf('birch-20.json', 200))).toEqual([-1, -1]);
  });

  test('is for all nodes without another if the file says nothing', () => {
    expect(limits(limitOf('configz.json', 7), limitOf('x_birch-2_y.json', 22))).toEqual([7, 22]);
  });
});

describe('a manifest', () => {
  test('of any kind with a pod template is read', () => {
    const kinds = [
      'Deployment',
      'StatefulSet',
      'DaemonSet',
      'ReplicaSet',
      'ReplicationController',
      'Job',
      'Rollout',
      'DeploymentConfig',
      'Service',
    ];
    const { scenarios } = one(kinds.map((kind) => template(kind, kind.toLowerCase())).join(''));
    expect(podNames(scenarios[0])).toEqual(kinds.map((kind) => kind.toLowerCase()));
  });

  test('of a kind that nobody knows is read wherever its templates are', () => {
    const text = `apiVersion: ray.io/v1\nkind: RayCluster\nmetadata: {name: ray}\nspec:
  headGroupSpec: {template: {spec: {${CONTAINERS}}}}
  workerGroupSpecs: [{name: small, template: {spec: {${CONTAINERS}}}}]\n`;
    expect(podNames(one(text).scenarios[0])).toEqual(['ray-headgroupspec', 'ray-small']);
  });

  test('of a CronJob is a pod that recurs, as often as its schedule on average', () => {
    const cronJob = (schedule: string) =>
      one(
        `kind: CronJob\nmetadata: {name: j}\nspec: {schedule: "${schedule}", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, ${CONTAINERS}}}}}}`,
      );
    const every = (schedule: string) =>
      (cronJob(schedule).scenarios[0].node.pods[0].recurs?.everyUs ?? 0) / US_PER_HOUR;
    expect(every('*/5 * * * *')).toBeCloseTo(1 / 12);
    expect(every('0 3 * * *')).toBe(24);
    expect(every('0 9-17 * * mon-fri')).toBeCloseTo((24 / 9) * (7 / 5), 3);
    expect(every('@hourly')).toBe(1);
    expect(every('TZ=Europe/Berlin 30 1,13 * * 0,6')).toBeCloseTo(12 * 3.5, 3);
    expect(cronJob('whenever').said).toContainEqual(expect.stringMatching(/is no schedule; once an hour/));
  });

  describe('says as whom its containers run (R62)', () => {
    const pod = (spec: string) => one(`apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {${spec}}`);
    const uids = (spec: string) =>
      pod(spec).scenarios[0].node.pods[0].containers.map(({ user }) => user?.uid ?? 0);
    const container = (name: string, more = '') => `{name: ${name}, image: x, command: [app]${more}}`;
    const own = (uid: string | number) => `, securityContext: {runAsUser: ${uid}}`;
    const all = `containers: [${container('a')}, ${container('b', own(2))}, ${container('c', own(0))}]`;

    test('the pod, unless the container does', () => {
      expect(uids(`securityContext: {runAsUser: 1, fsGroup: 9}, ${all}`)).toEqual([1, 2, 0]);
      expect(uids(all)).toEqual([0, 2, 0]);
      expect(uids(`initContainers: [${container('i')}], securityContext: {runAsUser: 1}, ${all}`)).toEqual([
        1, 1, 2, 0,
      ]);
    });

    test('but for a pod in a user namespace: its uids are its own', () => {
      expect(uids(`hostUsers: false, securityContext: {runAsUser: 1}, ${all}`)).toEqual([0, 0, 0]);
      expect(uids(`hostUsers: true, securityContext: {runAsUser: 1}, ${all}`)).toEqual([1, 2, 0]);
    });

    test('and what is no uid is an error at its place', () => {
      const wrong = (spec: string) => pod(spec).briefs;
      expect(wrong(`securityContext: {runAsUser: app}, containers: [${container('a')}]`)).toContain(
        '4:37 wrong-type',
      );
      expect(wrong(`containers: [${container('a', own(-1))}]`)).toContain('4:86 out-of-range');
    });
  });

  test('R62, K39: two pods of one uid share a limit that the runtime gives them; two uids do not', () => {
    const greedy = (name: string, uid: number) =>
      `kind: Pod\nmetadata: {name: ${name}}\nspec: {securityContext: {runAsUser: ${uid}}, containers: [{name: c, image: x, command: [greedy]}]}\n---\n`;
    const programs =
      'programs: {greedy: {comm: greedy, steps: [{repeat: {times: 60, steps: [{fork: {comm: kid, orElse: [], steps: [pause]}}]}}, pause]}}';
    const refused = (uid: number) => {
      const files: Record<string, string> = { 'm.yaml': greedy('a', 1000) + greedy('b', uid) };
      const text = `${HEAD}  horizon: 5m\n  node: {runtime: {ulimits: {nproc: 100}}}\n  pods: [{manifest: m.yaml}]\n  ${programs}\n`;
      const parsed = parse(text, { readFile: (path: string) => files[path] ?? null });
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
      return simulate(parsed.value[0]).firstHarm;
    };
    expect(refused(1000)).toMatchObject({ scope: 'user', limit: { value: 100 } });
    expect(refused(1001)).toBeNull();
  });

  test('counts its replicas on the one node, a DaemonSet once', () => {
    const text =
      template('Deployment', 'web', 'replicas: 3, ') +
      template('DaemonSet', 'agent') +
      template('Deployment', 'off', 'replicas: 0, ');
    const { scenarios, said } = one(text);
    expect(scenarios[0].node.pods.map(({ name, count }) => `${name} ${count}`)).toEqual(['web 3', 'agent 1']);
    expect(said).toContain('ignored-pods: left out: 1 scaled to 0');
  });

  test('is put on the usual kind of node, which is said, or on the one that is named', () => {
    const usual = one(template('Job', 'j'));
    expect(usual.scenarios[0].node).toMatchObject({
      kernel: { pidMax: 4_194_304, threadsMax: 127_808 },
      runtime: { name: 'containerd', version: '1.7' },
    });
    expect(usual.said).toContainEqual(
      expect.stringMatching(/^assumed-node: no node is named: taken for ubuntu-24.04/),
    );
    const old = one(template('Job', 'j'), { preset: 'kubeadm-1.7-docker' });
    expect(old.scenarios[0].node).toMatchObject({ kernel: { pidMax: 32_768 }, pause: '3.0' });
    expect(old.said).toEqual([]);
  });

  test('may be an OpenShift Template, with its parameters filled in', () => {
    const text = `kind: Template\nmetadata: {name: t}\nparameters: [{name: NAME, value: web}, {name: N, value: "2"}]\nobjects:
- kind: DeploymentConfig
  metadata: {name: "\${NAME}-dc"}
  spec: {replicas: "\${{N}}", template: {spec: {${CONTAINERS}}}}\n`;
    expect(one(text).scenarios[0].node.pods).toMatchObject([{ name: 'web-dc', count: 2 }]);
  });

  test('of a workload and of its own pods counts once', () => {
    const owned = (kind: string, name: string, uid: string, owner: string, spec: string) =>
      `kind: ${kind}\nmetadata: {name: ${name}, uid: ${uid}${owner === '' ? '' : `, ownerReferences: [{kind: X, name: x, uid: ${owner}, controller: true}]`}}\nspec: {${spec}}\n---\n`;
    const inside = `template: {spec: {${CONTAINERS}}}`;
    const { scenarios, said } = one(
      owned('Deployment', 'web', 'd', '', inside) +
        owned('ReplicaSet', 'web-1', 'r', 'd', inside) +
        owned('Pod', 'web-1-a', 'p', 'r', CONTAINERS) +
        owned('Deployment', 'api', 'd2', '', inside) +
        owned('ReplicaSet', 'api-1', 'r2', 'd2', inside),
    );
    expect(podNames(scenarios[0])).toEqual(['web-1-a', 'api']);
    expect(said).toContain('ignored-pods: left out: 3 that another object in the file stands for');
  });

  test('of a Deployment and a StatefulSet of one name has both', () => {
    expect(
      podNames(one(template('Deployment', 'web') + template('StatefulSet', 'web')).scenarios[0]),
    ).toEqual(['web-deployment', 'web-statefulset']);
  });

  test('says in one line what has no pods', () => {
    const others = ['Service', 'Service', 'ConfigMap', 'Secret', 'Role', 'RoleBinding'];
    const text = others.map((kind, index) => `kind: ${kind}\nmetadata: {name: o${index}}\n---\n`).join('');
    expect(one(text + template('Job', 'j')).said).toContain(
      'ignored-kind: 6 objects without pods left out, 5 kinds: 2 Service, ConfigMap, Secret, Role, …',
    );
  });

  test('says of each image once that what it runs is assumed', () => {
    const text = ['a', 'b', 'c']
      .map(
        (name) => `kind: Pod\nmetadata: {name: ${name}}\nspec: {containers: [{name: c, image: same}]}\n---\n`,
      )
      .join('');
    expect(one(text).said.filter((line) => line.startsWith('assumed-program'))).toHaveLength(1);
  });

  test('says of many images in one line that what they run is assumed', () => {
    const text = Array.from(
      { length: 9 },
      (_, index) =>
        `kind: Pod\nmetadata: {name: p${index}}\nspec: {containers: [{name: c, image: "i:${index}"}]}\n---\n`,
    ).join('');
    expect(one(text).said.filter((line) => line.startsWith('assumed-program'))).toEqual([
      expect.stringMatching(
        /^assumed-program: what 9 images run is not known; .*\(i:0, i:1, i:2, i:3, and 5 more\)$/,
      ),
    ]);
  });

  test('for Windows is left out, and a Windows command elsewhere is an error with its place', () => {
    const windows = `kind: Pod\nmetadata: {name: w}\nspec: {os: {name: windows}, ${CONTAINERS}}\n---\n`;
    expect(one(windows + template('Job', 'j')).said).toContain('ignored-pods: left out: 1 for Windows nodes');
    const command =
      'kind: Pod\nmetadata: {name: w}\nspec: {containers: [{name: c, command: [app], livenessProbe: {exec: {command: [powershell.exe, -Command, Get-Date]}}}]}\n';
    const { briefs: found } = one(command);
    expect(found.filter((each) => each.includes('unknown-command'))).toEqual(['3:79 unknown-command']);
  });

  test('with a quantity that is none says so, and only then', () => {
    const of = (memory: string) =>
      one(
        `kind: Pod\nmetadata: {name: w}\nspec: {containers: [{name: c, image: x, command: [app], resources: {limits: {memory: ${memory}}}}]}\n`,
      ).briefs.filter((each) => each.includes('quantity'));
    expect(of('12Zi')).toEqual(['3:86 bad-quantity?']);
    for (const right of ['12Gi', '500m', '0.5', '1e9', '"2"']) expect(of(right)).toEqual([]);
  });

  test('with a misspelt key that was meant to be a probe says so', () => {
    const text =
      'kind: Pod\nmetadata: {name: w}\nspec: {containers: [{name: c, command: [app], livenesProbe: {exec: {command: [x]}}}]}\n';
    expect(one(text).briefs).toContain('3:47 unknown-key?');
  });
});

describe('a template', () => {
  test.each([
    [
      'of Helm',
      'kind: Deployment\nmetadata:\n  name: {{ include "x.name" . }}\n  labels: {{- include "x" . | nindent 4 }}\n',
    ],
    [
      'of Helm that happens to be YAML',
      'kind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: "{{ .Chart.Name }}", image: x}]}\n',
    ],
    [
      'of Helm whose name is a mapping to YAML',
      'kind: Pod\nmetadata:\n  name: {{ .Release.Name }}\nspec: {containers: [{name: x, image: x}]}\n',
    ],
    ['of Jinja', 'kind: Pod\n{% if x %}\nmetadata: {name: x}\n{% endif %}\n'],
  ])('%s is one error: render it first', (_, text) => {
    expect(one(text).said).toEqual(['template: this is a template and not yet a manifest']);
  });

  test('language in an alert rule or a workflow is none', () => {
    const rules = 'kind: ConfigMap\nmetadata: {name: r}\ndata: {x: "{{ $labels.pod }} is down"}\n---\n';
    expect(one(rules + template('Job', 'j')).scenarios).toHaveLength(1);
  });
});

describe('bad manifests', () => {
  test('say at most twenty of a kind, and how many more', () => {
    const pods = Array.from(
      { length: 500 },
      (_, index) =>
        `kind: Pod\nmetadata: {name: p${index}}\nspec: {containers: [{name: c, command: [app], livenessProbe: {exec: {command: [app]}, periodSeconds: -${index}}}]}\n---\n`,
    );
    const wrong = one(pods.join('')).said.filter((line) => line.startsWith('out-of-range'));
    expect(wrong).toHaveLength(21);
    expect(wrong[20]).toMatch(/and 479 more like this$/);
  });

  test.each<[string, string, string]>([
    [
      'a probe that does two things',
      'livenessProbe: {exec: {command: [app]}, httpGet: {port: 1}}',
      'conflict',
    ],
    ['a timeout of 0', 'livenessProbe: {exec: {command: [app]}, timeoutSeconds: 0}', 'out-of-range'],
    ['a hook that does nothing', 'lifecycle: {preStop: {}}', 'missing-key'],
    [
      'a hook that does two things',
      'lifecycle: {preStop: {sleep: {seconds: 1}, exec: {command: [app]}}}',
      'conflict',
    ],
    ['a command that is a text', 'command: app', 'wrong-type'],
  ])('%s is said with its place', (_, more, code) => {
    const { briefs: found } = one(
      `kind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n    - {name: c, image: x, ${more}}\n`,
    );
    expect(found).toContainEqual(expect.stringMatching(new RegExp(`^5:\\d+ ${code}$`)));
  });

  test('with 20,000 pods on one node are too many, which is said once', () => {
    const items = Array.from({ length: 20_000 }, (_, index) => ({
      kind: 'Pod',
      metadata: { name: `p${index}` },
      spec: { containers: [{ name: 'c', image: 'x', command: ['app'] }] },
    }));
    const { said } = one(JSON.stringify({ kind: 'List', apiVersion: 'v1', items }));
    expect(said.filter((line) => line.startsWith('out-of-range'))).toEqual([
      expect.stringMatching(/^out-of-range: 20,000 workloads, and nothing says on which nodes/),
    ]);
  });

  test('that are cut off say where', () => {
    expect(one('{"kind": "List",\n "items": [{"kind": "Pod"').briefs).toEqual(['2:26 json-syntax']);
  });

  test('in YAML of more than 20 MB are to be asked for in JSON', () => {
    const { said, briefs: found } = one(`kind: Pod\n# ${'x'.repeat(20_000_000)}`);
    expect(found).toEqual(['0:0 file-too-large']);
    expect(said[0]).toMatch(/at most 20000000 are read/);
  });

  test('with a key twice take the last, and say so', () => {
    const text = 'kind: Pod\nmetadata: {name: a, name: b}\nspec: {containers: [{name: c, command: [app]}]}\n';
    expect(one(text).briefs).toContain('2:21 duplicate-key?');
    expect(podNames(one(text).scenarios[0])).toEqual(['b']);
  });

  test.each([
    [
      'NAMESPACE   NAME    READY\nshop        web     1/1\n',
      'not-a-manifest: this is the table that kubectl prints for people',
    ],
    [
      '{"kind":"Status","status":"Failure","message":"pods is forbidden"}',
      'not-a-manifest: kubectl got no objects but an answer: pods is forbidden',
    ],
  ])('that are none but kubectl’s own words (%j) say so', (text, expected) => {
    expect(isManifest(text)).toBe(true);
    expect(one(text).said[0]).toBe(expected);
  });

  test('of zero bytes are no text', () => {
    expect(one('kind: Pod\n\0').briefs).toEqual(['0:0 not-text']);
  });
});

describe('an import', () => {
  test('writes what is run: the same digest', () => {
    const text = template('Deployment', 'web', 'replicas: 2, ') + template('StatefulSet', 'db');
    const { yaml } = importedYaml([{ path: 'm.yaml', text }]);
    const direct = one(text).scenarios[0];
    const again = parse(yaml!);
    if (!again.ok) throw new Error(briefs(again.diagnostics).join());
    const digest = (scenario: Scenario) => simulate({ ...scenario, horizonUs: US_PER_HOUR }).digest;
    expect(again.value[0].name).toBe(direct.name);
    expect(digest(again.value[0])).toBe(digest(direct));
  });

  test('of a cluster is a fleet that is run the same', () => {
    const { yaml } = importedYaml(CLUSTER);
    const again = parse(yaml!);
    const { scenarios } = read(CLUSTER);
    const nodes = (all: readonly Scenario[]) =>
      all.map(({ name, seed, node }) => JSON.stringify([name, seed, node]));
    expect(nodes(again.ok ? again.value : [])).toEqual(nodes(scenarios));
    expect(yaml).toContain('# assumed pid_max: Debian GNU/Linux 12 (bookworm) has systemd 243 or later');
    expect(parseYaml(yaml!)).toMatchObject({ kind: 'Fleet', spec: { horizon: '7d' } });
  });
});

describe('a scenario with `manifest:`', () => {
  const withPods = (entry: string, text = CLUSTER[0].text) => {
    const parsed = parse(`${HEAD}  pods:\n    - {manifest: pods.yaml${entry}}\n`, { readFile: () => text });
    return {
      scenarios: parsed.ok ? parsed.value : [],
      diagnostics: parsed.ok ? parsed.warnings : parsed.diagnostics,
    };
  };

  test('has a node for each of several nodes that its pods are on', () => {
    const { scenarios } = withPods('');
    expect(scenarios.map(({ name }) => name)).toEqual(['case.birch-1', 'case.birch-2']);
    expect(scenarios.map(podNames)).toEqual([
      ['kube-system/etcd-birch-1'],
      ['shop/cart-7d4f-x2x9k', 'bank/cart-7d4f-x2x9k'],
    ]);
  });

  test('finds the pod of an intervention without its namespace, if there is only one', () => {
    const entry = (node: string, pod: string) =>
      parse(
        `${HEAD}  pods: [{manifest: pods.yaml, node: ${node}}]\n  interventions: [{at: 1h, do: delete-pod, pod: ${pod}}]\n`,
        {
          readFile: () => CLUSTER[0].text,
        },
      );
    const found = entry('birch-1', 'etcd-birch-1');
    expect(found.ok && found.value[0].node.interventions).toMatchObject([
      { pod: 'kube-system/etcd-birch-1' },
    ]);
    expect(entry('birch-2', 'cart-7d4f-x2x9k').ok).toBe(false);
    expect(entry('birch-2', 'shop/cart-7d4f-x2x9k').ok).toBe(true);
  });

  test.each<[string, string[]]>([
    [', node: birch-1', ['kube-system/etcd-birch-1']],
    [', namespace: bank', ['bank/cart-7d4f-x2x9k']],
    [', workload: Deployment/cart', ['shop/cart-7d4f-x2x9k']],
    [', workload: deploy/cart', ['shop/cart-7d4f-x2x9k']],
    [', workload: ReplicaSet/cart-7d4f', ['shop/cart-7d4f-x2x9k']],
    [', workload: Pod/etcd-birch-1', ['kube-system/etcd-birch-1']],
  ])('and with%s chooses from it', (entry, names) => {
    const { scenarios } = withPods(entry);
    expect(scenarios.map(podNames)).toEqual([names]);
  });

  test.each([
    [', node: birch-3', 'Did you mean `birch-1`?'],
    [', namespace: bamk', 'Did you mean `bank`?'],
    [', workload: Deployment/kart', 'Did you mean `Deployment/cart`?'],
    [', workload: StatefulSet/orders', expect.stringMatching(/^It has .*Deployment\/cart/)],
  ])('and with%s says what there is', (entry, hint) => {
    expect(withPods(entry).diagnostics).toContainEqual(
      expect.objectContaining({ code: 'unknown-value', hint }),
    );
  });
});

describe('a text', () => {
  test.each<[string, boolean]>([
    ['kind: Pod', true],
    ['{"apiVersion":"v1","items":[{"kind":"Node"}]}', true],
    ['- kind: Pod', true],
    ['{"kubeletconfig": {}}', true],
    ['{"metadata":{"name":"a","creationTimestamp":null},"spec":{}}', true],
    [`${HEAD}  pods: [{name: a, kind: Pod}]`, false],
    ['kind: Scenario', false],
    ['kind: Fleet', false],
    ['a: 1', false],
    ['', false],
  ])('%j has Kubernetes objects: %s', (text, expected) => expect(isManifest(text)).toBe(expected));

  test('with a mapping for its kind is an error and no exception', () => {
    expect(parseScenario('apiVersion: v1\nkind: {toString: Scenario}\n').ok).toBe(false);
    expect(parseScenario(`a:\n  ${'? '.repeat(2000)}x\nb: 1\n`).ok).toBe(false);
    expect(parseScenario(`${HEAD}  node:\n    <<: 1\n`)).toMatchObject({
      ok: false,
      diagnostics: [{ line: 6, code: 'yaml-syntax' }],
    });
  });
});
