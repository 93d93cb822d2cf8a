import { describe, expect, test } from 'vitest';
import { US_PER_DAY, US_PER_HOUR, US_PER_SECOND } from '../../src/sim/time.js';
import { HEAD, parse, scenarioOf } from './support.js';

const POD = (more = '', container = '') => `  pods:
    - name: p
${more}      containers:
        - name: c
          program: app
${container}`;

describe('a scenario that says almost nothing', () => {
  const scenario = scenarioOf('  seed:\n');

  test('is a healthy node of today', () => {
    expect(scenario).toMatchObject({
      path: 'case.yaml',
      name: 'case',
      title: 'case',
      description: '',
      seed: 1,
      horizonUs: 30 * US_PER_DAY,
      sampleEveryUs: null,
      node: {
        kernel: { version: '6.12', pidMax: 32768, threadsMax: 131072 },
        baselineTaskCount: 180,
        kubelet: {
          version: '1.31',
          podPidsLimit: -1,
          reservedPids: 0,
          evictionPidAvailable: null,
          dockerDisableSharedPid: null,
        },
        runtime: {
          name: 'containerd',
          version: '1.7',
          setsid: true,
          execIntoFullCgroup: 0.57,
          networkPlugin: 'bridge',
        },
        pause: '3.8',
        sshLogins: null,
        podChurn: null,
        cronJobs: [],
        pods: [],
        interventions: [],
      },
      expect: [],
      assumptions: [],
    });
  });

  test('differs from one whose null values are written out by nothing', () => {
    expect(scenarioOf('  node:\n  pods:\n  programs:\n  interventions:\n  expect:\n')).toEqual(scenario);
  });
});

describe('limits derive from sizes', () => {
  const kernel = (text: string) => scenarioOf(`  node: {kernel: ${text}}`).node.kernel;

  test('K6, R44: pid_max is 1024 for each CPU, and 32768 at least', () => {
    expect(kernel('{cpus: 2}').pidMax).toBe(32768);
    expect(kernel('{cpus: 224}').pidMax).toBe(229376);
    expect(kernel('{cpus: 96}').pidMax).toBe(98304);
    expect(kernel('{cpus: 8192}').pidMax).toBe(4194304);
    expect(kernel('{cpus: 96, pidMax: 32768}').pidMax).toBe(32768);
  });

  test('K40: threads-max is one for each 128 KiB, unless given', () => {
    expect(kernel('{memory: 2Gi}').threadsMax).toBe(16384);
    expect(kernel('{memory: 16Gi}').threadsMax).toBe(131072);
    expect(kernel('{memory: 2Gi, threadsMax: 5000}').threadsMax).toBe(5000);
  });

  test('R20: a percentage of pid.available is of pid_max alone up to kubelet 1.23, then of the lower limit', () => {
    const threshold = (version: string) =>
      scenarioOf(
        `  node: {kernel: {memory: 1Gi}, kubelet: {version: "${version}", evictionHard: {pid.available: 10%}}}`,
      ).node.kubelet.evictionPidAvailable;
    expect(threshold('1.23')).toBe(3276);
    expect(threshold('1.24')).toBe(819);
  });

  test('R24: there is no threshold unless somebody sets one', () => {
    expect(scenarioOf('  node: {kubelet: {evictionHard: {}}}').node.kubelet.evictionPidAvailable).toBeNull();
    expect(
      scenarioOf('  node: {kubelet: {evictionHard: {pid.available: 1000}}}').node.kubelet
        .evictionPidAvailable,
    ).toBe(1000);
  });
});

describe('R2: pause', () => {
  const pause = (node: string) => scenarioOf(`  node: ${node}`).node.pause;

  test('3.0 is what kubelet 1.7 on Docker has, and no containerd', () => {
    expect(pause('{kubelet: {version: "1.7"}, runtime: {name: docker, version: "17.12"}}')).toBe('3.0');
    expect(pause('{kubelet: {version: "1.7"}, runtime: {name: containerd, version: "1.1"}}')).toBe('3.1');
  });

  test('is what the scenario says, quoted or not', () => {
    expect(pause('{pause: "3.0"}')).toBe('3.0');
    expect(pause('{pause: 3.1}')).toBe('3.1');
  });
});

describe('a pod', () => {
  const pod = (more = '', container = '') => scenarioOf(POD(more, container)).node.pods[0];

  test('runs its program with the defaults of Kubernetes', () => {
    const { containers, ...rest } = pod();
    expect(rest).toEqual({
      name: 'p',
      count: 1,
      pidMode: null,
      sandboxless: false,
      hostNetwork: false,
      pidMax: null,
      startAtUs: 0,
      stopAtUs: null,
      restartPolicy: 'Always',
      terminationGraceUs: 30 * US_PER_SECOND,
    });
    expect(containers).toMatchObject([{ name: 'c', program: { name: 'app' }, probes: [] }]);
  });

  test('R3: leaves the PID mode to the kubelet unless it says which', () => {
    expect(pod().pidMode).toBeNull();
    expect(pod('      shareProcessNamespace: true\n').pidMode).toBe('pod');
    expect(pod('      shareProcessNamespace: false\n').pidMode).toBe('container');
    expect(pod('      hostPID: true\n').pidMode).toBe('node');
    expect(pod('      hostPID: false\n').pidMode).toBeNull();
  });

  test('without a sandbox is a docker run', () => {
    expect(pod('      sandbox: none\n').sandboxless).toBe(true);
  });

  test('R13: has probes with the kubelet’s defaults: delay 0, period 10, timeout 1, success 1, failure 3', () => {
    expect(pod('', '          livenessProbe: {tcpSocket: {port: 5672}}\n').containers[0].probes).toEqual([
      {
        type: 'liveness',
        action: { kind: 'network', how: 'tcpSocket' },
        initialDelayUs: 0,
        periodUs: 10 * US_PER_SECOND,
        timeoutUs: US_PER_SECOND,
        successThreshold: 1,
        failureThreshold: 3,
      },
    ]);
  });

  test('R14: has exec probes that are programs, and others that are none', () => {
    const probes = pod(
      '',
      `          livenessProbe: {exec: {program: quick-check}}
          readinessProbe: {httpGet: {port: http, path: /ready}}
          startupProbe: {grpc: {port: 9090}}
`,
    ).containers[0].probes;
    expect(probes).toMatchObject([
      { type: 'liveness', action: { kind: 'exec', program: { name: 'quick-check' } } },
      { type: 'readiness', action: { kind: 'network', how: 'httpGet' } },
      { type: 'startup', action: { kind: 'network', how: 'grpc' } },
    ]);
  });

  test('may have a pid_max of its own from kernel 6.14 on (K7)', () => {
    const text = `  node: {kernel: {version: "6.14"}}\n${POD('      pidMax: 800\n')}`;
    expect(scenarioOf(text).node.pods[0].pidMax).toBe(800);
  });
});

describe('a program of the scenario', () => {
  const text = (name: string) => `  programs:
    ${name}: {comm: mine, steps: [{sleep: 1s}]}
${POD('', `          livenessProbe: {exec: {program: ${name}}}\n`)}`;

  test('is found by its name', () => {
    expect(scenarioOf(text('mine')).node.pods[0].containers[0].probes[0].action).toMatchObject({
      program: { comm: 'mine' },
    });
  });

  test('comes before one of the catalogue', () => {
    expect(scenarioOf(text('quick-check')).node.pods[0].containers[0].probes[0].action).toMatchObject({
      program: { comm: 'mine' },
    });
  });

  test('may be called anything, even what every object inherits', () => {
    expect(scenarioOf(text('constructor')).node.pods[0].containers[0].probes[0].action).toMatchObject({
      program: { comm: 'mine' },
    });
  });
});

describe('interventions', () => {
  const three = `  pods:
    - {name: p, count: 3, containers: [{name: c, program: app, livenessProbe: {exec: {program: quick-check}}}]}
  interventions:
`;
  const interventions = (line: string) => scenarioOf(`${three}    - ${line}\n`).node.interventions;

  test('on a pod with copies are one for each copy', () => {
    expect(interventions('{at: 1h, do: delete-pod, pod: p}')).toEqual(
      [0, 1, 2].map((copy) => ({ atUs: US_PER_HOUR, do: 'delete-pod', pod: `p-${copy}`, recreate: true })),
    );
  });

  test('on one copy are one', () => {
    expect(interventions('{at: 1h, do: delete-pod, pod: p-2, recreate: false}')).toEqual([
      { atUs: US_PER_HOUR, do: 'delete-pod', pod: 'p-2', recreate: false },
    ]);
  });

  test('that change a probe say only what changes', () => {
    const line =
      '{at: 1h, do: change-probe, pod: p-0, container: c, probe: livenessProbe, periodSeconds: 60}';
    expect(interventions(line)).toEqual([
      {
        atUs: US_PER_HOUR,
        do: 'change-probe',
        pod: 'p-0',
        container: 'c',
        probe: 'liveness',
        periodUs: 60 * US_PER_SECOND,
      },
    ]);
  });

  test('that remove a probe say so', () => {
    const line = '{at: 1h, do: change-probe, pod: p-0, container: c, probe: livenessProbe, remove: true}';
    expect(interventions(line)).toMatchObject([{ do: 'change-probe', remove: true }]);
  });

  test('bump pause, set pid_max and drain', () => {
    expect(interventions('{at: 1h, do: bump-pause, version: 3.1}')).toMatchObject([{ version: '3.1' }]);
    expect(interventions('{at: 1h, do: set-pid-max, value: 65536}')).toMatchObject([{ pidMax: 65536 }]);
    expect(interventions('{at: 1h, do: drain}')).toEqual([{ atUs: US_PER_HOUR, do: 'drain' }]);
  });
});

describe('YAML', () => {
  test('anchors and merges are expanded', () => {
    const scenario = scenarioOf(`  pods:
    - name: a
      containers:
        - &c {name: c, program: app, livenessProbe: &probe {exec: {program: quick-check}}}
    - name: b
      containers:
        - {<<: *c, readinessProbe: *probe}
`);
    expect(scenario.node.pods[1].containers[0].probes.map(({ type }) => type)).toEqual([
      'liveness',
      'readiness',
    ]);
  });

  test('a mistake behind an alias is shown where it is written', () => {
    const parsed = parse(`${HEAD}  pods:
    - name: a
      containers:
        - &c {name: c, program: nothing}
    - name: b
      containers: [*c]
`);
    expect(parsed.ok ? [] : parsed.diagnostics.map(({ line, column }) => [line, column])).toEqual([
      [8, 33],
      [8, 33],
    ]);
  });

  test('many uses of one anchor are no bomb', () => {
    const pods = Array.from({ length: 500 }, (_, index) => `    - {name: p${index}, containers: *c}\n`).join(
      '',
    );
    const text = `  pods:\n    - name: first\n      containers: &c [{name: c, program: app}]\n${pods}`;
    expect(scenarioOf(text).node.pods).toHaveLength(501);
  });

  test('line ends of Windows and a byte order mark do no harm', () => {
    const parsed = parse(`\ufeff${HEAD}  seed: 7\n`.replaceAll('\n', '\r\n'));
    expect(parsed).toMatchObject({ ok: true, value: [{ seed: 7 }] });
  });
});
