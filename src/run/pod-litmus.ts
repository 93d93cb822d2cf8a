/**
 * A pod of a scenario as a litmus file: its PID 1, its containers and some runs of its exec probes, as the
 * same programs. What the scenario leaves to chance is fixed: otherwise the model and the real kernel would
 * draw different values.
 */

import { nodePrograms } from '../node/programs.js';
import type { ProbeSpec } from '../node/spec.js';
import { kubeletRules } from '../node/versions/kubelet.js';
import { catalogue } from '../program/catalogue/index.js';
import { mapStepLists } from '../program/check.js';
import type { Program } from '../program/code.js';
import { parseDistribution } from '../program/duration.js';
import type { DurationText, ProgramSource, Step } from '../program/step.js';
import type { Scenario } from '../scenario/scenario.js';
import { LAB_PID_MAX } from '../text/bounds.js';
import { printDuration } from '../text/duration.js';
import { type LitmusText, litmusText } from './litmus-text.js';
import { pidModeOf } from './node-facts.js';

/** Enough runs of a probe to show what each leaves. */
const RUNS = 5;
/** By then the containers have started. */
const FIRST_US = 1_000_000;
/** So long after the last run the processes are listed. */
const SETTLED_US = 5_000_000;

/** Null: there is no such pod. */
export function podLitmus({ node, title }: Scenario, podName: string): string | null {
  const pod = node.pods.find(
    ({ name, count }) => name === podName || (count > 1 && podName.startsWith(`${name}-`)),
  );
  if (pod === undefined) return null;
  const programs = new Map<string, ProgramSource>();
  const add = (program: Program): string => {
    for (const { name, source } of program.entries)
      programs.set(name, { comm: source.comm, steps: source.steps.map(settled) });
    return program.name;
  };
  // If each container has a namespace of its own, only the first with an exec probe is shown.
  const { defaultPidMode } = kubeletRules(node.kubelet, node.runtime);
  const isShared = pidModeOf(pod, defaultPidMode) === 'pod';
  const probed = pod.containers.filter(({ probes }) => probes.some(({ action }) => action.kind === 'exec'));
  const containers = isShared ? pod.containers : [probed[0] ?? pod.containers[0]];
  const init = add(isShared ? nodePrograms(catalogue()).pause(node.pause) : containers[0].program);
  const enter = [
    ...(isShared ? containers : []).map(({ program }) => ({
      at: '100ms',
      program: add(program),
      setsid: true,
    })),
    ...containers.flatMap(({ probes }) => probes.flatMap((probe) => entryOf(probe, add))),
  ];
  const litmus: LitmusText = {
    name: pod.name.replace(/\W+/g, '-'),
    question: title,
    rules: [],
    limits: { pidMax: pidMaxOf(pod.pidMax ?? node.kernel.pidMax) },
    programs: Object.fromEntries(programs),
    init,
    ...(enter.length === 0 ? {} : { enter }),
    // Without it a litmus ends at rest, which some programs never reach.
    until: printDuration(lastRunUs(containers.flatMap(({ probes }) => probes)) + SETTLED_US),
  };
  const what = `Pod ${pod.name}, with ${RUNS} runs of each exec probe`;
  return litmusText(litmus, [
    `${what}, to be run as real processes: pidsim lab verify FILE`,
    'What the scenario leaves to chance is fixed: the likelier course, and the middle of each duration.',
  ]);
}

function entryOf({ action, initialDelayUs, periodUs }: ProbeSpec, add: (program: Program) => string) {
  if (action.kind !== 'exec') return [];
  const [at, every] = [Math.max(initialDelayUs, FIRST_US), periodUs].map(printDuration);
  return [{ at, every, times: RUNS, program: add(action.program), setsid: true }];
}

function lastRunUs(probes: readonly ProbeSpec[]): number {
  const runs = probes.map(
    ({ initialDelayUs, periodUs }) => Math.max(initialDelayUs, FIRST_US) + (RUNS - 1) * periodUs,
  );
  return Math.max(FIRST_US, ...runs);
}

function pidMaxOf(pidMax: number): number {
  return pidMax > LAB_PID_MAX.most ? LAB_PID_MAX.usual : Math.max(LAB_PID_MAX.least, pidMax);
}

function settled(step: Step): Step {
  if (typeof step === 'string') return step;
  if ('sleep' in step) return { sleep: middleOf(step.sleep) };
  const inside = mapStepLists(step, (steps) => steps.map(settled));
  if ('chance' in inside) return { chance: { ...inside.chance, p: Math.round(inside.chance.p) } };
  return inside;
}

function middleOf(text: DurationText): string {
  const duration = parseDistribution(text)!;
  if (duration.kind === 'constant') return printDuration(duration.us);
  if (duration.kind === 'uniform') return printDuration(Math.round((duration.lowUs + duration.highUs) / 2));
  return printDuration(Math.round(duration.kind === 'exponential' ? duration.meanUs : duration.medianUs));
}
