/** The node as it is now, as a row of the timeline. Reading changes nothing. */
import type { Node } from '../node/node.js';
import { US_PER_SECOND } from '../sim/time.js';
import { freePids } from './capacity.js';
import { ceilingsOf } from './ceilings.js';
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

/** What only a recording keeps. */
export function readLimits(node: Node): RecordedRow {
  const row = Object.fromEntries(RECORDED_COLUMNS.map((column) => [column, 0])) as RecordedRow;
  for (const slot of node.kubelet.slots) {
    row.restarts += node.kubelet.restartsIn(slot);
    row.evictions += slot.evicted?.times ?? 0;
  }
  for (const { scope, used, value } of ceilingsOf(node)) {
    if (scope === 'node' || scope === 'user') continue;
    const of: Limited = scope === 'all-pods' ? 'all_pods' : scope;
    const isFuller = row[`${of}_pids_max`] === 0 || used * row[`${of}_pids_max`] > row[`${of}_pids`] * value;
    if (isFuller) [row[`${of}_pids`], row[`${of}_pids_max`]] = [used, value];
  }
  return row;
}
