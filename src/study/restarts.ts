/** How often has a pod to be made anew, if nothing else is done? */
import type { Fidelity } from '../run/result.js';
import { estimateOf } from './estimate.js';
import { replicate, type Template } from './replicate.js';
import type { RunJobs } from './row.js';

/** What people put into a cron job, the rarest first. */
const INTERVALS = ['7d', '3d', '2d', '1d', '12h', '6h', '3h', '2h', '1h'];
const RUNS = 3;

export interface Restarts {
  /** The rarest with which no run is harmed; null: not even the last of the list is often enough. */
  enough: string | null;
  /** The next rarer, with which some are; null: the first of the list is enough. */
  tooRare: string | null;
}

/** @param withRestarts the scenario with its pods made anew so often. */
export async function restartsNeeded(
  withRestarts: (every: string) => Template,
  runJobs: RunJobs,
  fidelity?: Fidelity,
): Promise<Restarts> {
  const isEnough = async (every: string): Promise<boolean> => {
    const [done] = await replicate(
      [withRestarts(every)],
      { replications: RUNS, until: 'harm', fidelity },
      runJobs,
    );
    return done.rows.length > 0 && estimateOf(done.rows).harmed.value === 0;
  };
  // All before `low` are too rare, all from `high` on are enough.
  let [low, high] = [0, INTERVALS.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (await isEnough(INTERVALS[middle])) high = middle;
    else low = middle + 1;
  }
  return { enough: INTERVALS[low] ?? null, tooRare: INTERVALS[low - 1] ?? null };
}
