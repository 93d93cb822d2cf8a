/** Each field of the tables in src/node/versions, at every version that changes it and at the last one before. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { KubeletSpec, RuntimeName, RuntimeSpec } from '../../src/node/spec.js';
import { atLeast } from '../../src/node/versions/compare.js';
import { type Fact, sinceWhen, valuesAt } from '../../src/node/versions/fact.js';
import { KERNEL, kernelRules } from '../../src/node/versions/kernel.js';
import { KUBELET, kubeletRules } from '../../src/node/versions/kubelet.js';
import { PAUSE, pauseProgramName } from '../../src/node/versions/pause.js';
import { RUNTIME, runtimeRules } from '../../src/node/versions/runtime.js';
import { versionsPage } from '../pages/versions.js';
import { node } from './world.js';

const kubelet = (version: string, more: Partial<KubeletSpec> = {}): KubeletSpec =>
  node({ kubelet: { version, ...more } }).kubelet;
const runtime = (name: RuntimeName, version: string): RuntimeSpec =>
  node({ runtime: { name, version } }).runtime;
const modeOf = (
  kubeletVersion: string,
  name: RuntimeName,
  version: string,
  dockerDisableSharedPid: boolean | null = null,
) => kubeletRules(kubelet(kubeletVersion, { dockerDisableSharedPid }), runtime(name, version)).defaultPidMode;

/** What a field is at these versions, the oldest first. */
type Said = Record<string, unknown>;

const NO_LIMIT = Number.POSITIVE_INFINITY;

const KERNEL_SAYS: Record<string, Record<string, Said>> = {
  kernel: {
    exhaustionErrno: {
      '3.10.0-1160.el7': 'ENOMEM',
      '4.0': 'ENOMEM',
      '4.1': 'EAGAIN',
      '6.18.44-amd64': 'EAGAIN',
    },
    orphansLeaveNamespace: { '3.10': true, '4.10': true, '4.11': false, '4.14.32': false },
    subreaperCoversExisting: { '4.10': false, '4.11': true },
    perNamespacePidMax: { '6.9': false, '6.13': false, '6.14': true },
    execRefusedIf: { '3.16': 'at-limit', '5.13': 'at-limit', '5.14': 'above-limit', '6.1': 'above-limit' },
  },
  'cgroup v1': { pidsEventsOn: { '4.14': 'forker', '6.18': 'forker' } },
  'cgroup v2': { pidsEventsOn: { '6.9': 'forker', '6.10': 'forker', '6.11': 'limiter' } },
};

const KUBELET_SAYS: Record<string, Said> = {
  sharedPidFlag: {
    '1.6': 'none',
    '1.7': 'shared',
    '1.8': 'separate',
    '1.11': 'separate',
    '1.12': 'none',
  },
  knowsShareProcessNamespace: { '1.9': false, '1.10': true },
  startsSidecars: { '1.28': false, '1.29': true },
  startJitter: { '1.20': 'always', '1.21': 'near-kubelet-start' },
  timeoutCounts: { '1.19': false, '1.20': true },
  capacityKnowsThreadsMax: { '1.23.17': false, '1.24': true },
  taskCountBits: { '1.23.17': 16, '1.24': 32 },
  limitsPods: { '1.10': false, '1.13': false, '1.14': true },
  limitsKubepods: { '1.14': false, '1.15': true },
  evictsForPids: { '1.13': false, '1.14': true },
  evictionRanksByProcesses: { '1.30': false, '1.31': true },
};

/** `kubelet`: with Docker, whose own version does not matter here. */
const RUNTIME_SAYS: Record<'kubelet' | RuntimeName, Record<string, Said>> = {
  kubelet: {
    onTimeout: { '1.19': 'ignored', '1.20': 'left-running' },
    pauseImage: {
      '1.7': '3.0',
      '1.9.11': '3.0',
      '1.10': '3.1',
      'v1.17.3': '3.1',
      '1.18': '3.2',
      '1.21': '3.4.1',
      '1.22': '3.5',
      '1.23': '3.6',
      '1.24': '3.7',
      '1.25': '3.8',
      '1.26': '3.9',
      '1.31': '3.10',
      '1.34': '3.10.1',
      '1.36': '3.10.2',
    },
  },
  docker: {
    heedsSharedPidFlag: { '1.12.6': false, '1.13.1': true, '17.12.1-ce': true },
    startErrors: { '17.12': 'counted', '20.10': 'counted' },
    onHealthTimeout: {
      '1.13.1': 'term-main',
      '17.09': 'term-main',
      '17.11': 'left-running',
      '20.10.17': 'left-running',
      '20.10.18': 'kill-main',
      '28.0': 'kill-main',
    },
    shimPer: { '17.12': 'container', '20.10': 'container' },
    shimTaskCount: { '17.12': 11 },
    daemonComm: { '17.12': 'dockerd' },
    shimComm: { '17.12': 'docker-containerd-shim', '18.09': 'containerd-shim' },
    readsOutputToItsEnd: { '20.10': false },
    monitorPerExec: { '20.10': false },
    infraWhenIsolated: { '20.10': true },
    networkTearDown: { '20.10': 'tried-first' },
    refusedStartExits: { '20.10': true },
    shimInService: { '20.10': true },
    containerPidsMax: { '20.10': NO_LIMIT },
  },
  containerd: {
    heedsSharedPidFlag: { '1.7': false },
    pauseImage: {
      '1.1': '3.1',
      '1.4': '3.2',
      '1.5': '3.5',
      '1.6': '3.6',
      '1.7': '3.8',
      '2.0': '3.10',
      '2.2': '3.10.1',
      '2.3': '3.10.2',
    },
    startErrors: { '1.7': 'discarded' },
    onTimeout: { '1.2': 'kill-main', '2.1': 'kill-main' },
    onHealthTimeout: { '1.2': 'kill-main' },
    shimPer: { '1.3': 'container', '1.4': 'pod' },
    shimTaskCount: { '1.6': 11 },
    daemonComm: { '1.6': 'containerd' },
    shimComm: { '1.6': 'containerd-shim' },
    readsOutputToItsEnd: { '1.6': true },
    monitorPerExec: { '1.6': false },
    infraWhenIsolated: { '1.6': true },
    networkTearDown: { '1.6': 'last' },
    refusedStartExits: { '1.6': true },
    shimInService: { '1.6': true },
    containerPidsMax: { '1.6': NO_LIMIT },
  },
  'cri-o': {
    heedsSharedPidFlag: { '1.0': false },
    pauseImage: {
      '1.12': '3.1',
      '1.18': '3.2',
      '1.21': '3.5',
      '1.24': '3.6',
      '1.28': '3.9',
      '1.34': '3.10.1',
    },
    startErrors: { '1.30': 'discarded' },
    onTimeout: { '1.19': 'kill-main', '1.20': 'kill-group' },
    onHealthTimeout: { '1.19': 'kill-main' },
    shimPer: { '1.30': 'container' },
    shimTaskCount: { '1.26': 2, '1.27': 1 },
    daemonComm: { '1.30': 'crio' },
    shimComm: { '1.30': 'conmon' },
    readsOutputToItsEnd: { '1.30': false },
    monitorPerExec: { '1.30': true },
    infraWhenIsolated: { '1.21': true, '1.22': false },
    networkTearDown: { '1.16': 'tried-first', '1.17': 'first', '1.33': 'first', '1.34': 'tried-once' },
    refusedStartExits: { '1.30': false },
    shimInService: { '1.30': false },
    containerPidsMax: { '1.22': 1024, '1.23': 1024, '1.24': NO_LIMIT },
  },
  bare: {
    heedsSharedPidFlag: { '0.0': false },
    startErrors: { '0.0': 'discarded' },
    onTimeout: { '0.0': 'kill-main' },
    onHealthTimeout: { '0.0': 'kill-main' },
    shimPer: { '0.0': 'none' },
    shimTaskCount: { '0.0': 11 },
    daemonComm: { '0.0': 'nsenter' },
    shimComm: { '0.0': 'nsenter' },
    readsOutputToItsEnd: { '0.0': false },
    monitorPerExec: { '0.0': false },
    infraWhenIsolated: { '0.0': false },
    networkTearDown: { '0.0': 'first' },
    refusedStartExits: { '0.0': true },
    shimInService: { '0.0': true },
    containerPidsMax: { '0.0': NO_LIMIT },
  },
};

const PAUSE_SAYS = {
  program: {
    '1.0': 'pause-3.0',
    '2.0': 'pause-3.0',
    '3.0': 'pause-3.0',
    '3.1': 'pause-3.1',
    '3.9': 'pause-3.1',
    '3.10': 'pause-3.1',
    '3.10.2': 'pause-3.1',
  },
};

/** The versions and values of one field that `said` leaves out. */
function missing(said: Said | undefined, fact: Fact<unknown>, product: string): string[] {
  const [first, ...changes] = fact.history[product]!;
  const versions = Object.keys(said ?? {});
  const known = changes.filter(([since]) => !versions.includes(since)).map(([since]) => `at ${since}`);
  const isOld = versions.some((version) => changes.every(([since]) => !atLeast(version, since)));
  return isOld ? known : [`${first} at first`, ...known];
}

/**
 * `field of product: what is missing` for the fields of a table. containerd stands for the runtimes without a
 * name.
 */
function untested(
  table: Record<string, Fact<unknown>>,
  says: Record<string, Record<string, Said>>,
): string[] {
  return Object.entries(table).flatMap(([field, fact]) =>
    Object.keys(fact.history).flatMap((product) =>
      missing(says[product === 'others' ? 'containerd' : product]?.[field], fact, product).map(
        (what) => `${field} of ${product}: ${what}`,
      ),
    ),
  );
}

/** [field, version, value] */
function lines(says: Record<string, Said>): [string, string, unknown][] {
  return Object.entries(says).flatMap(([field, said]) =>
    Object.entries(said).map(([version, value]): [string, string, unknown] => [field, version, value]),
  );
}

describe('a version', () => {
  test('is compared number by number, not as text', () => {
    expect(atLeast('1.10', '1.9')).toBe(true);
    expect(atLeast('1.9', '1.10')).toBe(false);
    expect(atLeast('17.12.1-ce', '1.13.1')).toBe(true);
    expect(atLeast('v1.23.6+k3s1', '1.23.6')).toBe(true);
    expect(atLeast('1.23', '1.23.1')).toBe(false);
  });
});

describe('a table of facts', () => {
  const shape: Fact<string> = {
    rule: 'R1',
    what: '',
    source: '',
    history: { lamp: ['dark', ['1.2', 'dim'], ['1.10', 'bright']], sun: ['bright'] },
  };

  test.each([
    ['1.1', 'dark'],
    ['1.2', 'dim'],
    ['1.9', 'dim'],
    ['1.10', 'bright'],
    ['2.0', 'bright'],
  ])('gives at %s what held last: %s', (version, value) => {
    expect(valuesAt({ shape }, [['lamp', version]])).toEqual({ shape: value });
  });

  test('follows the first product that has a history, and is wrong if there is none', () => {
    const of = (...products: string[]) =>
      valuesAt(
        { shape },
        products.map((product) => [product, '1.0'] as const),
      ).shape;
    expect(of('moon', 'sun', 'lamp')).toBe('bright');
    expect(of('lamp', 'sun')).toBe('dark');
    expect(() => of('moon')).toThrow('no history of shape');
  });

  test('knows since when a value holds', () => {
    expect(sinceWhen(shape, 'lamp', 'bright')).toBe('1.10');
    expect(sinceWhen(shape, 'lamp', 'dark')).toBeUndefined();
    expect(sinceWhen(shape, 'sun', 'bright')).toBeUndefined();
  });

  test('is tested at each of its versions, and before the first', () => {
    expect(
      untested({ shape }, { lamp: { shape: { '1.2': 'dim' } }, sun: { shape: { '1.0': 'bright' } } }),
    ).toEqual(['shape of lamp: dark at first', 'shape of lamp: at 1.10']);
    expect(untested(KERNEL, KERNEL_SAYS)).toEqual([]);
    expect(untested(KUBELET, { kubelet: KUBELET_SAYS })).toEqual([]);
    expect(untested(RUNTIME, RUNTIME_SAYS)).toEqual([]);
    expect(untested(PAUSE, { pause: PAUSE_SAYS })).toEqual([]);
  });
});

describe('K5, K7, K21, K24, R62: the kernel', () => {
  test.each(lines(KERNEL_SAYS.kernel))('%s at %s is %s', (field, version, value) => {
    expect(kernelRules(version)).toMatchObject({ [field]: value });
    expect(kernelRules(version, 'v2')).toMatchObject({ [field]: value });
  });

  test.each(lines(KERNEL_SAYS['cgroup v1']))(
    'K37: %s at %s with cgroup v1 is %s',
    (field, version, value) => {
      expect(kernelRules(version, 'v1')).toMatchObject({ [field]: value });
    },
  );

  test.each(lines(KERNEL_SAYS['cgroup v2']))(
    'K37: %s at %s with cgroup v2 is %s',
    (field, version, value) => {
      expect(kernelRules(version, 'v2')).toMatchObject({ [field]: value });
    },
  );

  test.each(['', 'six', 'v6.18', '6'])('has no rules for the version `%s`', (version) => {
    expect(kernelRules(version)).toBeNull();
  });
});

describe('R11, R18, R20 to R22, R24, R25: the kubelet', () => {
  test.each(lines(KUBELET_SAYS))('%s at %s is %s', (field, version, value) => {
    expect(kubeletRules(kubelet(version), runtime('docker', '20.10'))).toMatchObject({ [field]: value });
  });
});

describe('R2, R3, R15, R17, R28, R34, R42, R48, R59, R49, R50: the runtime', () => {
  const { kubelet: byKubelet, ...byRuntime } = RUNTIME_SAYS;

  test.each(lines(byKubelet))('with Docker %s at kubelet %s is %s', (field, version, value) => {
    expect(runtimeRules(runtime('docker', '17.12'), kubelet(version))).toMatchObject({ [field]: value });
  });

  for (const [name, says] of Object.entries(byRuntime)) {
    test.each(lines(says))(`with ${name} %s at %s is %s, whatever the kubelet`, (field, version, value) => {
      for (const k of ['1.7', '1.30']) {
        const rules = runtimeRules(runtime(name as RuntimeName, version), kubelet(k));
        expect(rules).toMatchObject({ [field]: value });
      }
    });
  }

  test('R29, K11: runc makes a session leader; without a runtime it is as the scenario says', () => {
    const of = (name: RuntimeName, setsid: boolean) =>
      runtimeRules({ ...runtime(name, '1.0'), setsid }, kubelet('1.30'));
    expect(of('containerd', false)).toMatchObject({
      setsid: true,
      runc: { taskCount: { exec: 7, create: 8, other: 5 }, stageCount: 2, initTaskCount: 5 },
    });
    expect(of('bare', true)).toMatchObject({ setsid: true, runc: null });
    expect(of('bare', false)).toMatchObject({ setsid: false, runc: null });
  });
});

describe('R1: pause', () => {
  test.each(lines(PAUSE_SAYS))(
    'reaps from version 3.1 on and not before: its %s at %s is %s',
    (_, version, name) => {
      expect(pauseProgramName(version)).toBe(name);
    },
  );
});

describe('R3: the PID namespace of a pod that does not say', () => {
  test('kubelet 1.7 with Docker from 1.13.1 shares the namespace of a pod by default', () => {
    expect(modeOf('1.7', 'docker', '1.13.1')).toBe('pod');
    expect(modeOf('1.7.9', 'docker', '17.12')).toBe('pod');
  });

  test('nothing else does: an older Docker, a kubelet before or after, another runtime', () => {
    expect(modeOf('1.7', 'docker', '1.12.6')).toBe('container');
    expect(modeOf('1.6', 'docker', '17.12')).toBe('container');
    expect(modeOf('1.8', 'docker', '17.12')).toBe('container');
    expect(modeOf('1.7', 'cri-o', '1.0')).toBe('container');
    expect(modeOf('1.30', 'containerd', '1.7')).toBe('container');
  });

  test('--docker-disable-shared-pid turns it off in 1.7, on in 1.8 to 1.11, and is gone in 1.12', () => {
    expect(modeOf('1.7', 'docker', '17.03', true)).toBe('container');
    expect(modeOf('1.8', 'docker', '17.03', false)).toBe('pod');
    expect(modeOf('1.11', 'docker', '17.03', false)).toBe('pod');
    expect(modeOf('1.12', 'docker', '17.03', false)).toBe('container');
  });
});

test('docs/versions.md is what `npm run docs:reference` writes', () => {
  const page = readFileSync('docs/versions.md', 'utf8');
  expect(page).toBe(versionsPage());
  expect(page).toContain('| `exhaustionErrno` | K5 | kernel | `ENOMEM`; from 4.1 `EAGAIN` |');
  expect(page).toContain('| cri-o | `1024`; from 1.24 no limit |');
});
