/**
 * What people do about a node that fills, as settings of its scenario: each can be repeated with `--set`.
 * Whether a fix helps is for the runs to say.
 */
import { sinceWhen, valuesAt } from '../node/versions/fact.js';
import { KUBELET, kubeletRules } from '../node/versions/kubelet.js';
import type { Scenario } from '../scenario/scenario.js';
import type { Setting } from '../scenario/settings.js';
import { isMapping, textOf } from '../text/value.js';

export interface Fix {
  name: string;
  /** What it takes, for a person who has to do it. */
  costs: string;
  /** Is it meant to end the leak, or to live with it? Whether it does is for the runs to say. */
  aim: 'cause' | 'symptom' | null;
  /** What is set; null: it is not tried, and `why` says why. */
  settings: Setting[] | null;
  why?: string;
}

/** What a fix needs of the document to change it. */
interface Subject {
  scenario: Scenario;
  containers: Container[];
  interventions: unknown[];
}

interface Container {
  path: string[];
  podPath: string[];
  pod: string;
  source: Record<string, unknown>;
  podSource: Record<string, unknown>;
}

interface Plan {
  name: string;
  costs: string;
  aim: Fix['aim'];
  /** Settings; or why it is not tried. */
  make: (subject: Subject) => Setting[] | string;
}

const SIX = 6;
/** `periodSeconds` and `timeoutSeconds` where a manifest says nothing. */
const PERIOD_SECONDS = 10;
const TIMEOUT_SECONDS = 1;
const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'];

const PLANS: readonly Plan[] = [
  { name: 'none', costs: 'nothing', aim: null, make: () => [] },
  {
    name: 'pause 3.1',
    costs: 'a new pause image on every node; each pod made anew',
    aim: 'cause',
    make: ({ scenario }) =>
      scenario.node.pods.every(({ sandboxless }) => sandboxless)
        ? 'no pod has a sandbox'
        : [set(['node', 'pause'], '3.1')],
  },
  {
    name: 'PID namespace shared',
    costs: 'a line in each pod',
    aim: 'cause',
    make: (subject) => sharing(subject, true),
  },
  {
    name: 'PID namespace not shared',
    costs: 'a line in each pod, or a kubelet flag',
    aim: 'cause',
    make: (subject) => sharing(subject, false),
  },
  ...['tini', 'dumb-init', 'tini -s'].map(
    (init): Plan => ({
      name: `${init} as entrypoint`,
      costs: 'a new image of each workload',
      aim: 'cause',
      make: (subject) => wrapped(subject, [...init.split(' '), '--']),
    }),
  ),
  {
    name: 'httpGet instead of exec',
    costs: 'an endpoint in each workload',
    aim: 'cause',
    make: (subject) =>
      ofExecProbes(subject, ({ exec: _, ...probe }) => ({ ...probe, httpGet: { path: '/', port: 80 } })),
  },
  {
    name: `probe period x ${SIX}`,
    costs: 'failures are seen later',
    aim: 'symptom',
    make: (subject) =>
      ofExecProbes(subject, (probe) => {
        return { ...probe, periodSeconds: SIX * numberOf(probe.periodSeconds, PERIOD_SECONDS) };
      }),
  },
  {
    name: 'timeout in the script',
    costs: 'a word in each probe',
    aim: 'symptom',
    make: (subject) => ofExecProbes(subject, withTimeout),
  },
  {
    name: 'coreutils, not busybox',
    costs: 'another base image',
    aim: 'cause',
    make: ({ containers }) => {
      const own = containers.filter(({ source }) => isBusybox(source));
      return own.length === 0
        ? 'no image is known to be busybox'
        : own.map(({ path }) => set([...path, 'userland'], 'debian'));
    },
  },
  {
    name: 'podPidsLimit 1024',
    costs: 'a line in each kubelet’s configuration',
    aim: 'symptom',
    make: ({ scenario }) => needs(scenario, 'limitsPods') ?? [set(['node', 'kubelet', 'podPidsLimit'], 1024)],
  },
  {
    name: 'eviction at pid.available 10 %',
    costs: 'a line in each kubelet’s configuration; pods are moved',
    aim: 'symptom',
    make: ({ scenario }) =>
      needs(scenario, 'evictsForPids') ?? [
        set(['node', 'kubelet', 'evictionHard'], { 'pid.available': '10%' }),
      ],
  },
  {
    name: 'pid_max 4194304',
    costs: 'a sysctl on every node',
    aim: 'symptom',
    make: () => [set(['node', 'kernel', 'pidMax'], 4_194_304)],
  },
  {
    name: 'nightly restart',
    costs: 'each pod that has exec probes is down once a day',
    aim: 'symptom',
    make: (subject) => restarts(subject, '1d'),
  },
];

/** In the order of the list; the first changes nothing. */
export function fixesOf(scenario: Scenario, document: unknown): Fix[] {
  const subject = subjectOf(scenario, document);
  return PLANS.map(({ make, ...fix }) => {
    const made = make(subject);
    return typeof made === 'string' ? { ...fix, settings: null, why: made } : { ...fix, settings: made };
  });
}

/** Every so often each pod with an exec probe is deleted and made again. */
export function restartEvery(scenario: Scenario, document: unknown, every: string): Setting[] {
  const made = restarts(subjectOf(scenario, document), every);
  return typeof made === 'string' ? [] : made;
}

function subjectOf(scenario: Scenario, document: unknown): Subject {
  const spec = isMapping(document) && isMapping(document.spec) ? document.spec : {};
  const pods = Array.isArray(spec.pods) ? spec.pods.filter(isMapping) : [];
  const containers = pods.flatMap((podSource, index): Container[] => {
    const own = Array.isArray(podSource.containers) ? podSource.containers.filter(isMapping) : [];
    const podPath = ['pods', String(index)];
    return own.map((source, place) => {
      const path = [...podPath, 'containers', String(place)];
      return { path, podPath, pod: textOf(podSource.name), source, podSource };
    });
  });
  const interventions = Array.isArray(spec.interventions) ? spec.interventions : [];
  return { scenario, containers, interventions };
}

function set(path: readonly string[], value: unknown): Setting {
  const written = typeof value === 'string' ? value : JSON.stringify(value);
  const text = `${path.map((key) => key.replaceAll('.', '\\.')).join('.')}=${written}`;
  return { text, path, value, written };
}

function sharing(subject: Subject, shared: boolean): Setting[] | string {
  const { scenario } = subject;
  const { kubelet } = scenario.node;
  const rules = valuesAt(KUBELET, [['kubelet', kubelet.version]]);
  if (!rules.knowsShareProcessNamespace) {
    const isSo = (kubeletRules(kubelet, scenario.node.runtime).defaultPidMode === 'pod') === shared;
    if (isSo) return `it is so: ${shared ? 'this kubelet shares it' : 'this kubelet shares none'}`;
    if (rules.sharedPidFlag !== 'none') return [set(['node', 'kubelet', 'dockerDisableSharedPid'], !shared)];
    return `needs Kubernetes ${sinceWhen(KUBELET.knowsShareProcessNamespace, 'kubelet', true)}`;
  }
  const pods = new Map(
    subject.containers
      .filter(({ podSource }) => podSource.hostPID !== true && podSource.sandbox !== 'none')
      .filter(({ podSource }) => (podSource.shareProcessNamespace === true) !== shared)
      .map(({ podPath }) => [podPath.join('.'), podPath]),
  );
  if (pods.size === 0) return `it is so: no pod ${shared ? 'has one each' : 'shares it'}`;
  return [...pods.values()].map((path) => set([...path, 'shareProcessNamespace'], shared));
}

/** The same command with an init before it. */
function wrapped(subject: Subject, init: readonly string[]): Setting[] | string {
  const own = subject.containers.flatMap(({ path, source }) => {
    const { program, command } = source;
    if (typeof program === 'string') return [set([...path, 'program'], `${init.join(' ')} ${program}`)];
    if (Array.isArray(command)) return [set([...path, 'command'], [...init, ...command])];
    return [];
  });
  return own.length === 0 ? 'of no container is it known what it runs' : own;
}

function ofExecProbes(
  subject: Subject,
  change: (probe: Record<string, unknown>) => Record<string, unknown> | null,
): Setting[] | string {
  const own = subject.containers.flatMap(({ path, source }) =>
    PROBES.flatMap((key) => {
      const probe = source[key];
      const changed = isMapping(probe) && isMapping(probe.exec) ? change(probe) : null;
      return changed === null ? [] : [set([...path, key], changed)];
    }),
  );
  return own.length === 0 ? 'there is no exec probe that it could change' : own;
}

/** The command ends itself, with all that it has started, a second before the kubelet would end it alone. */
function withTimeout(probe: Record<string, unknown>): Record<string, unknown> | null {
  const { command } = probe.exec as Record<string, unknown>;
  if (!Array.isArray(command) || command[0] === 'timeout') return null;
  const seconds = Math.max(1, numberOf(probe.timeoutSeconds, TIMEOUT_SECONDS) - 1);
  const timeoutSeconds = Math.max(seconds + 1, numberOf(probe.timeoutSeconds, TIMEOUT_SECONDS));
  return { ...probe, timeoutSeconds, exec: { command: ['timeout', String(seconds), ...command] } };
}

function isBusybox({ userland, image }: Record<string, unknown>): boolean {
  return userland === 'busybox' || (userland === undefined && /alpine|busybox/.test(textOf(image ?? '')));
}

function restarts(subject: Subject, every: string): Setting[] | string {
  const pods = new Set(
    subject.containers
      .filter(({ source }) => PROBES.some((key) => isMapping(source[key]) && isMapping(source[key].exec)))
      .map(({ pod }) => pod),
  );
  if (pods.size === 0) return 'no pod has an exec probe';
  const made = [...pods].map((pod) => ({ do: 'delete-pod', every, pod }));
  return [set(['interventions'], [...subject.interventions, ...made])];
}

function needs({ node }: Scenario, fact: 'limitsPods' | 'evictsForPids'): string | null {
  if (valuesAt(KUBELET, [['kubelet', node.kubelet.version]])[fact]) return null;
  return `needs Kubernetes ${sinceWhen(KUBELET[fact], 'kubelet', true)}`;
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}
