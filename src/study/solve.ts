/**
 * The smallest or the largest value of one setting with which a condition over many runs holds.
 *
 *     where it is now ─► double, halve ─► one that holds beside one that does not ─► bisect
 *
 * The condition is assumed to change only once between small and large values. A figure whose interval lies
 * on both sides of the bound may be on either: then the answer says that it is not sure.
 */
import type { Expectation } from '../scenario/expect.js';
import type { Scalar } from '../scenario/uncertain.js';
import { type Figure, figureOf, holdsOf } from './estimate.js';
import type { Replicated } from './replicate.js';

/** What one value has come to. */
export interface Tried {
  number: number;
  written: string;
  holds: boolean;
  /** Does the whole interval of the figure say so? */
  isSure: boolean;
  figure: Figure;
  runs: number;
}

export type Solved =
  | {
      kind: 'found';
      /** The last value with which it holds, and its neighbour, with which it does not. */
      holds: Tried;
      fails: Tried;
      /** By what part the figure changes if the value does by one; null: too near to tell, or not finite. */
      elasticity: number | null;
      tried: Tried[];
    }
  /** It holds with every value that was tried, or with none. */
  | { kind: 'always' | 'never'; tried: Tried[] };

export interface Search {
  /** Where to begin. */
  start: number;
  least: number;
  most: number;
  isWhole: boolean;
  write: Scalar['write'];
  condition: Expectation;
  /** Runs of the scenario with this value; null: the value is not valid. */
  tryOut: (written: string) => Promise<Replicated | null>;
}

/** Values nearer than this part of each other are one answer. */
const RESOLUTION = 0.02;
/** Outwards each step is so much wider than the last. */
const WIDENING = 1.5;
const STEPS_MAX = 16;
/** When the figure has stopped changing, further values will not change it either. */
const SAME = 0.01;
const SAME_STEPS = 3;

export async function solve(search: Search): Promise<Solved> {
  const { isWhole, write, condition, tryOut, least, most } = search;
  const tried = new Map<number, Tried | null>();
  const at = async (wanted: number): Promise<Tried | null> => {
    const number = Math.min(
      most,
      Math.max(least, isWhole ? Math.round(wanted) : Number(wanted.toPrecision(4))),
    );
    const known = tried.get(number);
    if (known !== undefined) return known;
    const written = String(write(number));
    const replicated = await tryOut(written);
    const found = replicated === null ? null : judge(number, written, replicated, condition);
    tried.set(number, found);
    return found;
  };
  const first = await at(search.start);
  const bounds = first === null ? null : ((await lookOut(first, 2, at)) ?? (await lookOut(first, 0.5, at)));
  const all = (): Tried[] =>
    [...tried.values()].flatMap((each) => each ?? []).sort((a, b) => a.number - b.number);
  if (bounds === null) return { kind: first?.holds ? 'always' : 'never', tried: all() };
  let [low, high] = bounds;
  while (high.number - low.number > RESOLUTION * high.number && !(isWhole && high.number - low.number <= 1)) {
    const middle = low.number > 0 ? Math.sqrt(low.number * high.number) : (low.number + high.number) / 2;
    const next = await at(
      isWhole ? Math.min(high.number - 1, Math.max(low.number + 1, Math.round(middle))) : middle,
    );
    if (next === null) break;
    if (next.holds === low.holds) low = next;
    else high = next;
  }
  const [holds, fails] = low.holds ? [low, high] : [high, low];
  return { kind: 'found', holds, fails, elasticity: elasticityOf(all(), holds), tried: all() };
}

/** From a value outwards, until the answer is another one. null: it never is. */
async function lookOut(
  first: Tried,
  factor: number,
  at: (number: number) => Promise<Tried | null>,
): Promise<[low: Tried, high: Tried] | null> {
  let last = first;
  let same = 0;
  let power = 1;
  for (let step = 0; step < STEPS_MAX && same < SAME_STEPS; step++) {
    const next = await at(last.number === 0 ? factor : last.number * factor ** power);
    if (next === null || next.number === last.number) return null;
    if (next.holds !== last.holds) return next.number > last.number ? [last, next] : [next, last];
    same = isSame(last.figure.value, next.figure.value) ? same + 1 : 0;
    last = next;
    power *= WIDENING;
  }
  return null;
}

function isSame(a: number | null, b: number | null): boolean {
  return a === null || b === null ? a === b : Math.abs(a - b) <= SAME * Math.max(a, b);
}

function judge(number: number, written: string, { rows }: Replicated, condition: Expectation): Tried {
  const figure = figureOf(condition, rows);
  const holds = holdsOf(condition, figure) === true;
  const ends = [figure.low, figure.high].map((end) => holdsOf(condition, { ...figure, value: end }) === true);
  return { number, written, holds, isSure: ends.every((end) => end === holds), figure, runs: rows.length };
}

/** From the nearest two values around the answer, a tenth apart at least, whose figures are known. */
function elasticityOf(tried: readonly Tried[], { number }: Tried): number | null {
  const known = tried.filter(
    ({ figure, number: each }) => figure.value !== null && figure.value > 0 && each > 0,
  );
  const below = known.findLast((each) => each.number < number * 0.95);
  const above =
    known.find((each) => each.number >= number * 1.05) ?? known.find((each) => each.number >= number);
  if (below === undefined || above === undefined || above.number / below.number < 1.1) return null;
  return Math.log(above.figure.value! / below.figure.value!) / Math.log(above.number / below.number);
}
