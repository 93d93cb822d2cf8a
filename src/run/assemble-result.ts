/** From a run that is over to its result. */

import type { PodSlot, ProbeAccount } from '../node/kubelet/kubelet.js';
import type { Node } from '../node/node.js';
import type { Scenario } from '../scenario/scenario.js';
import type { Simulation } from '../sim/simulation.js';
import { US_PER_SECOND } from '../sim/time.js';
import { blame, countsOf } from './blame.js';
import { mostPids, usablePids } from './capacity.js';
import { evaluate } from './expectations.js';
import { project } from './projection.js';
import type { Recorder } from './recorder.js';
import type { FinalState, Outcome, PodSummary, ProbeSummary, RunResult, Symptoms } from './result.js';

/** Of a run (run.ts), what its result is made from. */
interface RunParts {
  scenario: Scenario;
  node: Node;
  recorder: Recorder;
  sim: Simulation;
  until: RunResult['until'];
}

export function summarise(run: RunParts, wallSeconds: number): RunResult {
  const { scenario, node, recorder, sim } = run;
  recorder.row();
  const { name, title, description, path } = scenario;
  const outcome = outcomeOf(recorder, sim.nowUs);
  const result = {
    scenario: { name, title, description, path },
    seed: scenario.seed,
    until: run.until,
    digest: sim.digest.hex(),
    engineEvents: sim.eventCount + node.context.machine.transitions,
    wallSeconds,
    horizonSeconds: scenario.horizonUs / US_PER_SECOND,
    outcome,
    exhaustions: recorder.fullness.exhaustions,
    projection: outcome.kind === 'censored' ? projectionOf(run) : null,
    final: finalState(node),
    pods: node.kubelet.slots.map((slot) => podSummary(node, slot)),
    probes: node.kubelet.probes.map((account) => probeSummary(account, recorder)),
    symptoms: symptomsOf(node, recorder),
    timeline: recorder.timeline,
    events: recorder.log.events,
    blame: blame(node, sim.nowUs),
    blameWhenFull: recorder.fullness.blame,
  };
  return { ...result, expectations: evaluate(scenario.expect, result) };
}

function seconds(us: number | null): number | null {
  return us === null ? null : us / US_PER_SECOND;
}

function outcomeOf(recorder: Recorder, nowUs: number): Outcome {
  const [first] = recorder.fullness.exhaustions;
  if (first === undefined) return { kind: 'censored', horizonSeconds: nowUs / US_PER_SECOND };
  const { atSeconds, refusedBy } = first;
  return { kind: 'exhausted', atSeconds, refusedBy, scope: 'node' };
}

function projectionOf({ node, recorder, scenario }: RunParts): ReturnType<typeof project> {
  const { kernel, kubeletRules, runtimeRules } = node.context;
  const { runc } = runtimeRules;
  const transient = runc === null ? 0 : runc.hostTaskCount + runc.initTaskCount;
  return project(recorder.timeline, recorder.lastChangeUs / US_PER_SECOND, {
    usablePids: usablePids(kernel) - transient,
    threadsMax: kernel.threadsMax,
    mostPids: mostPids(kernel, scenario.node, kubeletRules.defaultPidMode),
  });
}

function finalState(node: Node): FinalState {
  const { kernel } = node.context;
  const zombies = kernel.zombies(0);
  return {
    tasks: kernel.taskCount(0) - zombies,
    zombies,
    pinned: kernel.pinned(0),
    allocated: kernel.allocated(0),
    pidMax: kernel.pidMax(0),
    loadavgTasks: kernel.nrThreads,
  };
}

/** What is in the pod's cgroup or pinned by it; shims are outside, in the runtime's own. */
function podSummary(node: Node, slot: PodSlot): PodSummary {
  const sum = { zombies: 0, pinned: 0, tasks: 0 };
  node.context.origins.all.forEach((origin, index) => {
    if (origin.pod !== slot.name || origin.kind === 'shim') return;
    const counts = countsOf(node.context.kernel, index);
    sum.zombies += counts.zombies;
    sum.pinned += counts.pinned;
    sum.tasks += counts.tasks;
  });
  return { name: slot.name, ...sum, restarts: node.kubelet.restartsIn(slot) };
}

function probeSummary(account: ProbeAccount, recorder: Recorder): ProbeSummary {
  const { pod, container, type, totals } = account;
  const { runs, succeeded, failed, errored, firstFailedRun } = totals;
  const leak = recorder.leaks.perRun(account);
  return {
    pod,
    container,
    type,
    runs,
    succeeded,
    failed,
    errored,
    zombiesPerRun: leak.zombies,
    pidsPerRun: leak.pids,
    firstFailedRun: firstFailedRun === 0 ? null : firstFailedRun,
  };
}

function symptomsOf(node: Node, recorder: Recorder): Symptoms {
  const { sshRefused, podsCreateFailed, podsDeleteStuck } = node.counters;
  return {
    firstForkRefusedSeconds: seconds(recorder.firstForkRefusedUs),
    podRefusals: recorder.podRefusals,
    firstProbeFailureSeconds: seconds(recorder.firstProbeFailureUs),
    firstSshRefusedSeconds: seconds(recorder.firstSshRefusedUs),
    sshRefused,
    firstPodCreateFailedSeconds: seconds(recorder.firstPodCreateFailedUs),
    podCreatesFailed: podsCreateFailed,
    podDeletesStuck: podsDeleteStuck,
  };
}
