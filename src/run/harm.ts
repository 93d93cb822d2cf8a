/**
 * What harms a workload, as data: a fork refused by a limit, an eviction, a pod that could not be started.
 * The first harm is the answer of a run; the others are what else matters.
 */
import type { Harm, Limit, RunSummary } from './result.js';

/** A limit that has no room again for so long is full; shorter than that is a moment. */
export const HARM_LASTS_SECONDS = 60;

type Account = Pick<RunSummary, 'exhaustions' | 'pods' | 'symptoms'>;

/** The first harm of each kind and limit, in order of time. Of two at one moment a refusal comes first. */
export function harmsOf({ exhaustions, pods, symptoms }: Account): Harm[] {
  /** null: it still goes on when the run ends, so no end of it is known. */
  const lasting = (seconds: number | null): Harm['lasts'] =>
    seconds === null || seconds >= HARM_LASTS_SECONDS ? 'for-good' : 'moment';
  const harms: Harm[] = [];
  for (const { atSeconds, untilSeconds, limit } of exhaustions.slice(0, 1)) {
    const lasts = lasting(untilSeconds && untilSeconds - atSeconds);
    harms.push({ kind: 'refused', scope: 'node', of: 'node', atSeconds, lasts, limit });
  }
  for (const {
    limitOf,
    of,
    atSeconds,
    untilSeconds,
    times,
    firstForSeconds,
    limit,
  } of symptoms.podRefusals) {
    if (harms.some((known) => known.scope === limitOf && known.of === of)) continue;
    const lasts = lasting(untilSeconds === null && times === 1 ? null : firstForSeconds);
    harms.push({ kind: 'refused', scope: limitOf, of, atSeconds, lasts, limit });
  }
  for (const { name, evicted, comesBack, downSinceSeconds } of pods) {
    if (evicted === null) continue;
    const lasts = comesBack && downSinceSeconds === null ? 'moment' : 'for-good';
    const limit: Limit = { name: 'pid.available', value: evicted.threshold };
    harms.push({ kind: 'evicted', scope: 'pod', of: name, atSeconds: evicted.atSeconds, lasts, limit });
  }
  const { firstPodNotCreated } = symptoms;
  if (firstPodNotCreated !== null) {
    const { pod, atSeconds, untilSeconds } = firstPodNotCreated;
    const lasts = lasting(untilSeconds && untilSeconds - atSeconds);
    harms.push({ kind: 'not-started', scope: 'pod', of: pod, atSeconds, lasts, limit: null });
  }
  return harms.sort((a, b) => a.atSeconds - b.atSeconds);
}

export function firstHarm(account: Account): Harm | null {
  return harmsOf(account)[0] ?? null;
}
