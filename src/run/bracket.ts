/**
 * What if every assumed program, one of which nothing is known, left an orphan per run? If that changes the
 * answer, each of them is tried alone, to tell which one matters.
 */
import type { Bracket, OtherAnswer, RunSummary } from './result.js';

/** Times that differ by less are the same answer. */
const TOLERANCE = 0.05;
/** At most so many programs are tried alone. */
export const ALONE_MAX = 10;

/** The commands that a bracket is about, each once. */
export function assumedCommands({ assumptions }: Pick<RunSummary, 'assumptions'>): string[] {
  const assumed = assumptions.filter(({ orphansPerRun }) => orphansPerRun === 0);
  return [...new Set(assumed.flatMap(({ command }) => command ?? []))];
}

/**
 * @param run simulates the scenario again with so many orphans per run of the command, or of each assumed
 * program if the command is null. It gives null if it was interrupted.
 */
export async function bracketOf(
  result: RunSummary,
  orphansPerRun: number,
  run: (command: string | null) => Promise<RunSummary | null>,
  aloneMax = ALONE_MAX,
): Promise<Bracket | null> {
  const all = await run(null);
  if (all === null) return null;
  const bracket: Bracket = { orphansPerRun, ...otherAnswer(result, all), ofEach: [], untried: 0 };
  const commands = assumedCommands(result);
  if (bracket.isSame || commands.length < 2) return bracket;
  for (const command of commands.slice(0, aloneMax)) {
    const one = await run(command);
    if (one === null) return null;
    bracket.ofEach.push({ command, ...otherAnswer(result, one) });
  }
  return { ...bracket, untried: commands.length - bracket.ofEach.length };
}

function otherAnswer(result: RunSummary, other: RunSummary): OtherAnswer {
  const { firstHarm, projection } = other;
  return { isSame: isSameAnswer(answerOf(result), answerOf(other)), firstHarm, projection };
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
