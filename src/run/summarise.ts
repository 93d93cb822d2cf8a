/** What a run has come to by now. Everything in it is a copy, and making it changes nothing. */
import { originId } from '../kernel/kernel.js';
import type { PodSlot, ProbeAccount } from '../node/kubelet/kubelet.js';
import type { Node } from '../node/node.js';
import type { Scenario } from '../scenario/scenario.js';
import { US_PER_SECOND } from '../sim/time.js';
import { blame, countsOf } from './blame.js';
import { mostPids, usablePids } from './capacity.js';
import { evaluate } from './expectations.js';
import { ROOM_AGAIN } from './fullness.js';
import { firstHarm } from './harm.js';
import { nodeFacts } from './node-facts.js';
import { project } from './projection.js';
import { readNode } from './reading.js';
import { Recording } from './recording.js';
import type {
  Exhaustion,
  FinalState,
  Outcome,
  PodSummary,
  ProbeSummary,
  Projection,
  RunRecording,
  RunSummary,
  Symptoms,
  TimelineRow,
} from './result.js';
import type { Watch } from './watch.js';

/** What a summary is made from. */
export interface RunParts {
  scenario: Scenario;
  node: Node;
  watch: Watch;
  until: RunSummary['until'];
  fidelity: RunSummary['fidelity'];
  wallSeconds: number;
}

export function summarise({ scenario, node, watch, until, fidelity, wallSeconds }: RunParts): RunSummary {
  const { sim, machine } = node.context;
  const now = readNode(node);
  const { name, title, description, path, fleet, nodeName, madeFrom, settings } = scenario;
  const membership = fleet === undefined ? {} : { fleet: fleet.name, node: nodeName! };
  const exhaustions = watch.fullness.exhaustionsWith(now);
  const outcome = outcomeOf(exhaustions, now.time_s);
  const summary = {
    scenario: {
      name,
      title,
      description,
      path,
      ...membership,
      ...(madeFrom && { madeFrom }),
      ...(settings && { settings: [...settings] }),
    },
    seed: scenario.seed,
    node: nodeFacts(scenario, node),
    until,
    fidelity,
    digest: (fidelity === 'events' ? sim : watch.state).digest.hex(),
    engineEvents: sim.eventCount + machine.transitions,
    wallSeconds,
    horizonSeconds: scenario.horizonUs / US_PER_SECOND,
    endSeconds: now.time_s,
    outcome,
    exhaustions,
    projection: outcome.kind === 'censored' ? projectionOf(scenario, node, watch, now) : null,
    final: finalState(now),
    pods: podSummaries(node),
    probes: node.kubelet.probes.map((account) => probeSummary(account, watch)),
    symptoms: symptomsOf(node, watch),
    assumptions: scenario.assumptions.map((made) => ({ ...made })),
    blame: blame(node, sim.nowUs),
    blameWhenFull: watch.fullness.blame?.map((row) => ({ ...row })) ?? null,
  };
  const harmed = { ...summary, firstHarm: firstHarm(summary) };
  return { ...harmed, expectations: evaluate(scenario.expect, harmed) };
}

/** Ends with a row for this moment. Null: the run records nothing. */
export function recordingOf({ node, watch }: RunParts): RunRecording | null {
  const now = readNode(node);
  const hasRoomAgain = watch.fullness.hasRoomAgain(now.free);
  const told = hasRoomAgain ? watch.observers.newsOf(...ROOM_AGAIN) : null;
  return watch.recording?.with(now, told === null ? [] : [told]) ?? null;
}

export function lastRowOf(node: Node): RunRecording {
  return new Recording(node).with(readNode(node), []);
}

function outcomeOf([first]: Exhaustion[], horizonSeconds: number): Outcome {
  if (first === undefined) return { kind: 'censored', horizonSeconds };
  const { atSeconds, refusedBy } = first;
  return { kind: 'exhausted', atSeconds, refusedBy, scope: 'node' };
}

function projectionOf(scenario: Scenario, node: Node, watch: Watch, now: TimelineRow): Projection {
  const { kernel, kubeletRules, runtimeRules } = node.context;
  const { runc } = runtimeRules;
  const transient = runc === null ? 0 : runc.taskCount.exec + runc.initTaskCount;
  const lastChangeSeconds = Math.max(watch.growth.lastChangeSeconds, watch.refusals.lastSeconds);
  return project(watch.growth.with(now), lastChangeSeconds, {
    usablePids: usablePids(kernel) - transient,
    threadsMax: kernel.threadsMax,
    mostPids: mostPids(kernel, scenario.node, kubeletRules.defaultPidMode),
  });
}

function finalState(now: TimelineRow): FinalState {
  const { tasks, zombies, pinned, allocated, pid_max: pidMax, loadavg_tasks: loadavgTasks } = now;
  return { tasks, zombies, pinned, allocated, pidMax, loadavgTasks };
}

type PodCounts = Pick<PodSummary, 'zombies' | 'pinned' | 'tasks'>;

/** What is in a pod's cgroup or pinned by it; shims are outside, in the cgroup of the runtime. */
function podSummaries(node: Node): PodSummary[] {
  const { slots } = node.kubelet;
  const sums = new Map(slots.map(({ name }) => [name, { zombies: 0, pinned: 0, tasks: 0 }]));
  node.context.origins.all.forEach(({ pod, kind }, index) => {
    const sum = pod === null || kind === 'shim' ? undefined : sums.get(pod);
    if (sum === undefined) return;
    const counts = countsOf(node.context.kernel, originId(index));
    sum.zombies += counts.zombies;
    sum.pinned += counts.pinned;
    sum.tasks += counts.tasks;
  });
  return slots.map((slot) => podSummary(slot, sums.get(slot.name)!));
}

function podSummary(slot: PodSlot, counts: PodCounts): PodSummary {
  const { sinceUs, totalUs, mostly } = slot.downtime;
  const { evicted } = slot;
  return {
    name: slot.name,
    ...counts,
    restarts: slot.restarts,
    downSinceSeconds: sinceUs === null ? null : sinceUs / US_PER_SECOND,
    downSeconds: totalUs / US_PER_SECOND,
    mostlyDown:
      slot.isWanted && mostly !== null
        ? { sinceSeconds: mostly.sinceUs / US_PER_SECOND, upSeconds: mostly.upUs / US_PER_SECOND }
        : null,
    evicted: evicted && {
      atSeconds: evicted.firstUs / US_PER_SECOND,
      times: evicted.times,
      threshold: evicted.threshold,
    },
    comesBack: slot.spec.recreate ?? false,
  };
}

function probeSummary(account: ProbeAccount, { leaks }: Watch): ProbeSummary {
  const { pod, container, type, totals } = account;
  const { runs, succeeded, failed, errored, firstFailedRun } = totals;
  const leak = leaks.perRun(account);
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

function symptomsOf({ counters }: Node, { firstTimes, refusals }: Watch): Symptoms {
  return {
    firstForkRefusedSeconds: firstTimes.forkRefusedSeconds,
    podRefusals: refusals.all(),
    firstProbeFailureSeconds: firstTimes.probeFailureSeconds,
    firstSshRefusedSeconds: firstTimes.sshRefusedSeconds,
    sshRefused: counters.sshRefused,
    firstPodCreateFailedSeconds: firstTimes.podCreateFailedSeconds,
    podCreatesFailed: counters.podsCreateFailed,
    firstPodNotCreated: firstTimes.podNotCreated && { ...firstTimes.podNotCreated },
    podsNeverCreated: counters.podsNeverCreated,
    podDeletesStuck: counters.podsDeleteStuck,
  };
}
