/** What an operator does: every name checked, one intervention for each copy of a pod. */
import { minPidMax } from '../kernel/limits.js';
import { type Intervention, PROBE_TYPES, type ProbeType, type Schedule } from '../node/spec.js';
import { US_PER_SECOND } from '../sim/time.js';
import { didYouMean } from '../text/suggest.js';
import type { ResolveContext } from './context.js';
import { parseCondition } from './expect.js';
import { resolveAction } from './resolve-handler.js';
import { micros, warnBeyondHorizon } from './resolve-node.js';
import { instanceNames } from './resolve-pods.js';
import type { InterventionSource, PodSource } from './schema.js';

type ChangeSource = Extract<InterventionSource, { do: 'change-probe' }>;

export interface Targets {
  pods: readonly PodSource[];
  cpus: number;
  /** Pods or containers were left out because they were wrong: a name may be one of theirs. */
  isIncomplete: boolean;
}

export function resolveInterventions(
  sources: InterventionSource[],
  targets: Targets,
  context: ResolveContext,
): Intervention[] {
  // Probes that exist at the start or that some intervention adds: those may be changed without saying what
  // they do.
  const probes = new Set<string>();
  for (const { name, initContainers, containers } of targets.pods) {
    for (const container of [...initContainers, ...containers]) {
      for (const type of PROBE_TYPES) {
        if (container[`${type}Probe`]) probes.add(`${name}/${container.name}/${type}`);
      }
    }
  }
  return sources.flatMap((source) => {
    const schedule = resolveSchedule(source, context);
    return resolveIntervention(source, schedule, targets, probes, context);
  });
}

function resolveSchedule(source: InterventionSource, context: ResolveContext): Schedule {
  const { findings, horizonUs } = context;
  const { at, every, when } = source;
  if (at === undefined && every === undefined && !findings.isInvalid(source))
    findings.error(findings.of(source), 'missing-key', 'nothing says when it is done', {
      hint: 'Add `at:` or `every:`.',
    });
  const schedule: Schedule = { atUs: micros(at ?? every ?? '0s') };
  if (schedule.atUs > horizonUs) warnBeyondHorizon(source, at === undefined ? 'every' : 'at', context);
  if (every !== undefined) schedule.everyUs = micros(every);
  if (when !== undefined) {
    const parsed = parseCondition(when);
    if (parsed.ok) schedule.when = parsed.value;
    else
      findings.error(findings.of(source, 'when'), 'bad-expectation', parsed.message, { hint: parsed.hint });
  }
  return schedule;
}

function resolveIntervention(
  source: InterventionSource,
  schedule: Schedule,
  targets: Targets,
  probes: Set<string>,
  context: ResolveContext,
): Intervention[] {
  const { findings } = context;
  switch (source.do) {
    case 'bump-pause':
      return [{ ...schedule, do: 'bump-pause', version: String(source.version) }];
    case 'drain':
      return [{ ...schedule, do: 'drain' }];
    case 'set-pid-max': {
      const { cpus } = targets;
      const least = minPidMax(cpus);
      if (source.value < least) {
        const message = `${source.value} is too small: the kernel’s least for ${cpus} CPUs is ${least}`;
        findings.error(findings.of(source, 'value'), 'out-of-range', message);
      }
      return [{ ...schedule, do: 'set-pid-max', pidMax: source.value }];
    }
    case 'delete-pod': {
      const { names } = findPod(source, targets, context);
      return names.map((pod) => ({ ...schedule, do: 'delete-pod', pod, recreate: source.recreate }));
    }
    case 'restart-container': {
      const { names, pod } = findPod(source, targets, context);
      if (!pod || !hasContainer(source, pod, targets, context)) return [];
      const { container } = source;
      return names.map((name) => ({ ...schedule, do: 'restart-container', pod: name, container }));
    }
    case 'change-probe':
      return changeProbe(source, schedule, targets, probes, context);
  }
}

/** The copies that a name means: all of them for the name of the pod, one for the name of a copy. */
function findPod(
  source: InterventionSource & { pod: string },
  { pods, isIncomplete }: Targets,
  { findings }: ResolveContext,
): { names: string[]; pod: PodSource | null } {
  for (const pod of pods) {
    const names = instanceNames(pod);
    if (pod.name === source.pod) return { names, pod };
    if (names.includes(source.pod)) return { names: [source.pod], pod };
  }
  // Without its namespace it is meant too, if no other is called the same.
  const alike = pods.filter(({ name }) => name.endsWith(`/${source.pod}`));
  if (alike.length === 1) return { names: instanceNames(alike[0]), pod: alike[0] };
  if (!isIncomplete) {
    findings.error(findings.of(source, 'pod'), 'unknown-pod', `there is no pod \`${source.pod}\``, {
      get hint() {
        const names = pods.flatMap((pod) => [pod.name, ...instanceNames(pod)]);
        return didYouMean(source.pod, names);
      },
    });
  }
  return { names: [], pod: null };
}

function hasContainer(
  source: InterventionSource & { container: string },
  pod: PodSource,
  { isIncomplete }: Targets,
  { findings }: ResolveContext,
): boolean {
  const names = [...pod.containers, ...pod.initContainers].map(({ name }) => name);
  if (names.includes(source.container)) return true;
  if (isIncomplete) return false;
  const message = `pod \`${pod.name}\` has no container \`${source.container}\``;
  findings.error(findings.of(source, 'container'), 'unknown-container', message, {
    get hint() {
      return didYouMean(source.container, names) ?? `Its containers: ${names.join(', ')}.`;
    },
  });
  return false;
}

function changeProbe(
  source: ChangeSource,
  schedule: Schedule,
  targets: Targets,
  probes: Set<string>,
  context: ResolveContext,
): Intervention[] {
  const { findings } = context;
  const { names, pod } = findPod(source, targets, context);
  const action = resolveAction(source, context);
  if (!pod || !hasContainer(source, pod, targets, context)) return [];
  const { container, remove } = source;
  const probe = source.probe.replace(/Probe$/, '') as ProbeType;
  const key = `${pod.name}/${container}/${probe}`;
  if (
    !probes.has(key) &&
    (remove || action === undefined) &&
    !targets.isIncomplete &&
    !findings.isInvalid(source)
  ) {
    const message = `container \`${container}\` has no ${source.probe}`;
    findings.error(findings.of(source, 'probe'), 'unknown-probe', message);
  }
  probes.add(key);
  if (remove && (action !== undefined || changesTimes(source))) {
    const message = 'a probe that is removed cannot be changed too';
    findings.error(findings.of(source, 'remove'), 'conflict', message, { aim: 'key' });
  }
  const change: Omit<Extract<Intervention, { do: 'change-probe' }>, 'pod'> = {
    ...schedule,
    do: 'change-probe',
    container,
    probe,
  };
  if (remove) change.remove = true;
  if (action) change.action = action;
  if (source.periodSeconds !== undefined) change.periodUs = source.periodSeconds * US_PER_SECOND;
  if (source.timeoutSeconds !== undefined) change.timeoutUs = source.timeoutSeconds * US_PER_SECOND;
  if (source.failureThreshold !== undefined) change.failureThreshold = source.failureThreshold;
  return names.map((name) => ({ ...change, pod: name }));
}

function changesTimes({ periodSeconds, timeoutSeconds, failureThreshold }: ChangeSource): boolean {
  return [periodSeconds, timeoutSeconds, failureThreshold].some((value) => value !== undefined);
}
