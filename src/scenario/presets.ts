/**
 * Kinds of node whose kernel, limits, kubelet and runtime are known. A preset is what somebody could have
 * written under `node:`, each value with its source; what is written beside it goes before.
 */
import { didYouMean } from '../text/suggest.js';
import { isMapping } from '../text/value.js';
import { type Explanation, indent } from './explanation.js';

export const PRESET_NAMES = [
  'ubuntu-24.04',
  'kubeadm-1.7-docker',
  'eks-al2023',
  'openshift-4.16',
  'docker-host',
] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

/** Of a manifest that says nothing of a node. */
export const DEFAULT_PRESET: PresetName = 'ubuntu-24.04';

interface PresetFact {
  /** As under `node:`; null: it is so anyway. */
  set: readonly [path: string, value: unknown] | null;
  /** Why, and who says so. */
  why: string;
}

export interface Preset {
  title: string;
  facts: readonly PresetFact[];
  /** What is assumed or left open. */
  unknown: string;
}

const MEMORY_SOLD_AS_16: PresetFact = {
  set: ['kernel.memory', '15976Mi'],
  why: 'A machine sold with 16 GiB, of which the kernel sees some 2.5 % less: threads-max is 127,808 (AKS issue 2279: 127,811).',
};
const SYSTEMD_PID_MAX = 'systemd 243 and later write kernel.pid_max = 4194304 (sysctl.d/50-pid-max.conf)';
const NO_LIMITS: PresetFact = {
  set: null,
  why:
    'No podPidsLimit, nothing reserved, no threshold on pid.available: Kubernetes’ own defaults ' +
    '(pkg/kubelet/apis/config/v1beta1/defaults.go, node-pressure-eviction.md).',
};

export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  'ubuntu-24.04': {
    title: 'Ubuntu 24.04 with kubeadm 1.30 and containerd 1.7',
    facts: [
      { set: ['kernel.version', '6.8'], why: 'The general-availability kernel of Ubuntu 24.04.' },
      { set: ['kernel.pidMax', 4_194_304], why: `${SYSTEMD_PID_MAX}; Ubuntu 24.04 has systemd 255.` },
      MEMORY_SOLD_AS_16,
      { set: ['kubelet.version', '1.30'], why: 'kubeadm 1.30.' },
      NO_LIMITS,
      { set: ['runtime.name', 'containerd'], why: 'kubeadm needs a CRI runtime since 1.24.' },
      {
        set: ['runtime.version', '1.7'],
        why: 'Ubuntu 24.04’s package. Its sandbox_image is pause 3.8; its unit has TasksMax=infinity (containerd.service).',
      },
    ],
    unknown: 'Processes of the host: 180 tasks are assumed. CPUs: 4 are assumed.',
  },
  'kubeadm-1.7-docker': {
    title: 'The node of the incident: kubelet 1.7, Docker 17.12, pause 3.0',
    facts: [
      {
        set: ['kernel.version', '4.14'],
        why: 'coreos/bugs issue 2410: Kubernetes 1.7.10 on kernel 4.14.32.',
      },
      {
        set: ['kernel.pidMax', 32_768],
        why: 'The kernel’s default up to 32 CPUs; systemd was older than 243.',
      },
      MEMORY_SOLD_AS_16,
      {
        set: ['kubelet.version', '1.7'],
        why: 'The one version that shares PID namespaces by default (PR 45236).',
      },
      {
        set: null,
        why: 'No PID limits of pods: podPidsLimit works from 1.14, the limit of all pods from 1.15 on.',
      },
      { set: ['runtime.name', 'docker'], why: 'The default of the time.' },
      {
        set: ['runtime.version', '17.12'],
        why: 'coreos/bugs issue 2410: Docker 17.12.1-ce. Its unit has TasksMax=infinity where systemd knows it.',
      },
      { set: ['pause', '3.0'], why: 'kubelet 1.9 and earlier (kubernetes PR 57517).' },
    ],
    unknown: 'Processes of the host: 180 tasks are assumed. CPUs: 4 are assumed.',
  },
  'eks-al2023': {
    title: 'Amazon EKS 1.31 on Amazon Linux 2023',
    facts: [
      { set: ['kernel.version', '6.1'], why: 'Amazon Linux 2023’s kernel.' },
      {
        set: ['kernel.pidMax', 4_194_304],
        why: 'systemd 252 sets it (amazon-eks-ami PR 1434). The older AL2 image had 32768 up to September 2023 (issue 737).',
      },
      MEMORY_SOLD_AS_16,
      { set: ['kubelet.version', '1.31'], why: 'A version of EKS on this image.' },
      NO_LIMITS,
      { set: ['runtime.name', 'containerd'], why: 'The image’s only runtime.' },
      { set: ['runtime.version', '1.7'], why: 'The image’s package; its unit has TasksMax=infinity.' },
      {
        set: ['pause', '3.10'],
        why: 'eks/pause 3.10 since December 2024, 3.5 before (amazon-eks-ami PR 2099): both reap.',
      },
    ],
    unknown: 'Processes of the host: 180 tasks are assumed. CPUs: 4 are assumed; m5.xlarge has as many.',
  },
  'openshift-4.16': {
    title: 'OpenShift 4.16: RHEL CoreOS 9.4, kubelet 1.29, CRI-O 1.29',
    facts: [
      { set: ['kernel.version', '5.14'], why: 'RHEL 9.4.' },
      {
        set: ['kernel.pidMax', 4_194_304],
        why: 'systemd 252 sets it; RHEL has it from 8.2 on (Red Hat bug 1744214).',
      },
      MEMORY_SOLD_AS_16,
      { set: ['kubelet.version', '1.29'], why: 'OpenShift 4.16 is Kubernetes 1.29.' },
      {
        set: ['kubelet.podPidsLimit', 4096],
        why: 'machine-config-operator PR 3085 (2022-04), in place of CRI-O’s own limit of containers.',
      },
      { set: ['runtime.name', 'cri-o'], why: 'OpenShift’s only runtime.' },
      {
        set: ['runtime.version', '1.29'],
        why: 'CRI-O has Kubernetes’ version. It sets no limit of its own (machine-config-operator PR 4162), and runs no pause in a pod that shares no PID namespace.',
      },
    ],
    unknown:
      'Processes of the host: 180 tasks are assumed. The pause of pods that share a PID namespace is /usr/bin/pod, which ' +
      'reaps since August 2020 (openshift/images PR 27): taken for pause 3.9.',
  },
  'docker-host': {
    title: 'A machine with Docker 28 and no Kubernetes',
    facts: [
      { set: ['kernel.version', '6.8'], why: 'Ubuntu 24.04’s kernel.' },
      { set: ['kernel.pidMax', 4_194_304], why: `${SYSTEMD_PID_MAX}.` },
      MEMORY_SOLD_AS_16,
      { set: ['runtime.name', 'docker'], why: 'Docker.' },
      {
        set: ['runtime.version', '28.0'],
        why: 'Containers have no PID limit by default (`--pids-limit`); docker.service has TasksMax=infinity.',
      },
    ],
    unknown:
      'Its pods need `sandbox: none`: there is no kubelet. With pods of Kubernetes it is a node with cri-dockerd, and its ' +
      'kubelet is assumed to be 1.31. Processes of the host: 180 tasks are assumed.',
  },
};

export function isPreset(name: unknown): name is PresetName {
  return (PRESET_NAMES as readonly unknown[]).includes(name);
}

/** The preset as it would stand under `node:`. */
export function presetNode(name: PresetName): Record<string, unknown> {
  const node: Record<string, unknown> = {};
  for (const { set } of PRESETS[name].facts) {
    if (set === null) continue;
    const [path, value] = set;
    const steps = path.split('.');
    const last = steps.pop()!;
    let parent = node;
    for (const step of steps) parent = (parent[step] ??= {}) as Record<string, unknown>;
    parent[last] = value;
  }
  return node;
}

/** What is written, and below it what the preset has. A runtime by another name brings its own version. */
export function withPreset(written: unknown, preset: PresetName): unknown {
  if (written !== undefined && written !== null && !isMapping(written)) return written;
  const base = presetNode(preset);
  const runtime = isMapping(written?.runtime) ? written.runtime : {};
  const known = base.runtime as Record<string, unknown>;
  if (runtime.name !== undefined && runtime.name !== known.name) {
    delete base.runtime;
    delete base.pause;
  }
  return merged(base, written ?? {});
}

function merged(base: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = Object.assign(Object.create(null), base);
  for (const [key, value] of Object.entries(over)) {
    const below = base[key];
    if (value === undefined || value === null) continue;
    result[key] = isMapping(below) && isMapping(value) ? merged(below, value) : value;
  }
  return result;
}

/** `pidsim explain presets`. */
export function explainPresets(): Explanation {
  const lines = PRESET_NAMES.flatMap((name) => [
    name + (name === DEFAULT_PRESET ? '  (the default of manifests)' : ''),
    ...indent(PRESETS[name].title, 4),
  ]);
  const head = [
    'Kinds of node: `node: {preset: NAME}` in a scenario, `--node NAME` on the command line.',
    '',
  ];
  return {
    ok: true,
    text: [...head, ...lines, '', '`pidsim explain preset NAME`: what it sets, and why.'].join('\n'),
  };
}

/** `pidsim explain preset NAME`. */
export function explainPreset(name: string): Explanation {
  if (!isPreset(name)) {
    const hint = didYouMean(name, PRESET_NAMES) ?? `There are: ${PRESET_NAMES.join(', ')}.`;
    return { ok: false, message: `there is no preset \`${name}\``, hint };
  }
  const { title, facts, unknown } = PRESETS[name];
  const lines = facts.flatMap(({ set, why }) => [
    `  ${set === null ? '(not set)' : `${set[0]}: ${set[1]}`}`,
    ...indent(why, 6),
  ]);
  return {
    ok: true,
    text: [`PRESET:   ${name}`, '', title, '', ...lines, '', 'NOT KNOWN:', ...indent(unknown, 4)].join('\n'),
  };
}
