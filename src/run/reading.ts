/** The node as it is now, as a row of the timeline. Reading changes nothing. */
import type { Node } from '../node/node.js';
import { US_PER_SECOND } from '../sim/time.js';
import { freePids } from './capacity.js';
import { eachLimit } from './ceilings.js';
import { type Limited, RECORDED_COLUMNS, type RecordedRow, type TimelineRow } from './result.js';

export function readNode(node: Node): TimelineRow {
  const { kernel, sim } = node.context;
  const { counters } = node;
  const zombies = kernel.zombies();
  return {
    time_s: sim.nowUs / US_PER_SECOND,
    tasks: kernel.taskCount() - zombies,
    zombies,
    pinned: kernel.pinned(),
    allocated: kernel.allocated(),
    pid_max: kernel.pidMax(),
    free: freePids(kernel),
    loadavg_tasks: kernel.nrThreads,
    kubelet_pid_available: node.pidAvailable,
    pods_running: counters.podsRunning,
    probe_runs: counters.probeRuns,
    probe_failures: counters.probeFailures,
    fork_refusals: kernel.forkRefusals,
    ssh_ok: counters.sshOk,
    ssh_refused: counters.sshRefused,
    pods_created: counters.podsCreated,
    pods_create_failed: counters.podsCreateFailed,
    pods_deleted: counters.podsDeleted,
    pods_delete_stuck: counters.podsDeleteStuck,
  };
}

const NO_LIMITS = Object.fromEntries(RECORDED_COLUMNS.map((column) => [column, 0])) as RecordedRow;

/** What only a recording keeps. */
export function readLimits(node: Node, time_s: number): RecordedRow & { time_s: number } {
  const row = { ...NO_LIMITS, time_s, restarts: node.kubelet.restarts, evictions: node.kubelet.evictions };
  const fullest = new Map<Limited, [used: number, value: number]>();
  eachLimit(node, (of, used, value) => {
    const known = fullest.get(of);
    if (known === undefined || isFuller(used, value, ...known)) fullest.set(of, [used, value]);
  });
  for (const [of, limit] of fullest) [row[`${of}_pids`], row[`${of}_pids_max`]] = limit;
  return row;
}

/** Is a larger share of it in use, or the same share with less left? */
function isFuller(used: number, value: number, otherUsed: number, otherValue: number): boolean {
  const difference = used * otherValue - otherUsed * value;
  return difference > 0 || (difference === 0 && value - used < otherValue - otherUsed);
}
