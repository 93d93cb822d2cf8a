/** Refusals explained to people (refusals.json): why a fork was refused, what follows, and what helps. */
import type { PodRefusal, Refuser } from '../run/result.js';
import type { Reading } from '../run/story.js';
import refusals from './refusals.json' with { type: 'json' };

interface RefusalText {
  /** Why the fork was refused, as a clause. */
  cause: string;
  consequence: string;
  remedy: string;
}

/** At node scope, whatever the reading. */
export const REFUSALS: Record<Refuser, RefusalText> = refusals;

/** At node scope, with the reading of the moment. */
export function explainRefusal(refusedBy: Refuser, reading: Reading): RefusalText {
  const isAlive = (reading.zombies + reading.pinned) * 2 < reading.allocated;
  return refusedBy === 'pid-max' && isAlive ? refusals['live-tasks'] : REFUSALS[refusedBy];
}

/** By a limit below the node's. */
export function explainPodRefusal({ refusedBy, limitOf }: PodRefusal): RefusalText {
  if (limitOf !== 'pod') return refusals[limitOf];
  return refusedBy === 'pid-max' ? refusals['pod-pid-max'] : REFUSALS[refusedBy];
}
