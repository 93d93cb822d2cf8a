/**
 * What if the programs of which nothing is known left an orphan a run? The answer with it, beside that
 * without.
 */
import type { Bracket, RunSummary } from './result.js';

/** Times that differ by less are the same answer. */
const TOLERANCE = 0.05;

/** Does the scenario run programs that a bracket is about? */
export function assumesPrograms({ assumptions }: Pick<RunSummary, 'assumptions'>): boolean {
  return assumptions.some(({ orphansPerRun }) => orphansPerRun === 0);
}

/** `other` is the same scenario with that many orphans of each assumed program. */
export function bracketOf(result: RunSummary, other: RunSummary, orphansPerRun: number): Bracket {
  return {
    orphansPerRun,
    isSame: isSameAnswer(answerOf(result), answerOf(other)),
    firstHarm: other.firstHarm,
    projection: other.projection,
  };
}

interface Answer {
  words: string;
  atSeconds: number | null;
}

/** The first thing that goes wrong, or where the run is heading. */
function answerOf({ firstHarm, projection }: RunSummary): Answer {
  if (firstHarm !== null) {
    const { kind, scope, limit, atSeconds } = firstHarm;
    return { words: `${kind} ${scope} ${limit?.name}`, atSeconds };
  }
  return projection?.kind === 'exhausts'
    ? { words: 'heading for it', atSeconds: projection.atSeconds }
    : { words: 'never', atSeconds: null };
}

function isSameAnswer(a: Answer, b: Answer): boolean {
  if (a.words !== b.words) return false;
  if (a.atSeconds === null || b.atSeconds === null) return a.atSeconds === b.atSeconds;
  return Math.abs(a.atSeconds - b.atSeconds) <= TOLERANCE * Math.max(a.atSeconds, b.atSeconds);
}
