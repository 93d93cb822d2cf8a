/** On which of its uncertain inputs does the answer hang? */
import type { Replicated } from './replicate.js';
import type { Row } from './row.js';

export interface Bar {
  input: string;
  /** Of the third of the runs with the lowest, highest values: the mean time without harm, to the horizon. */
  lowSeconds: number;
  highSeconds: number;
  /** The values that these thirds have: from the least to the greatest, as they were drawn. */
  low: string;
  high: string;
  /** The part of the variance of the times that goes with the order of the values: 0 to 1. */
  share: number;
}

/** The most telling first. Empty: nothing is uncertain, or there are too few runs to tell. */
export function tornado({ rows, draws, inputs }: Pick<Replicated, 'rows' | 'draws' | 'inputs'>): Bar[] {
  const third = Math.floor(rows.length / 3);
  if (third < 2) return [];
  const times = rows.map(timeOf);
  return inputs
    .map(({ name }) => {
      const drawn = draws.map((draw) => draw.get(name)!);
      const order = [...rows.keys()].sort((a, b) => drawn[a].rank - drawn[b].rank || a - b);
      const mean = (indices: number[]): number =>
        indices.reduce((sum, index) => sum + times[index], 0) / indices.length;
      const span = (indices: number[]): string => {
        const [first, last] = [indices[0], indices[indices.length - 1]].map((index) => drawn[index].value);
        return first === last ? shown(first) : `${shown(first)} to ${shown(last)}`;
      };
      const low = order.slice(0, third);
      const high = order.slice(-third);
      const share = correlation(ranksOf(drawn.map(({ rank }) => rank)), ranksOf(times)) ** 2;
      return {
        input: name,
        lowSeconds: mean(low),
        highSeconds: mean(high),
        low: span(low),
        high: span(high),
        share,
      };
    })
    .sort((a, b) => b.share - a.share);
}

function shown(value: unknown): string {
  return String(typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(2)) : value);
}

/** Until the first harm, or to the end. */
export function timeOf({ firstHarm, endSeconds }: Row): number {
  return firstHarm?.atSeconds ?? endSeconds;
}

/** Places in the order of the values; equal values share the middle of their places. */
function ranksOf(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((a, b) => values[a] - values[b]);
  const ranks = new Array<number>(values.length);
  for (let first = 0; first < order.length; ) {
    let last = first;
    while (last + 1 < order.length && values[order[last + 1]] === values[order[first]]) last++;
    for (let place = first; place <= last; place++) ranks[order[place]] = (first + last) / 2;
    first = last + 1;
  }
  return ranks;
}

/** Pearson's; of ranks it is Spearman's. 0: one of them is always the same. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [both, squareA, squareB] = [0, 0, 0];
  for (const [index, value] of a.entries()) {
    both += (value - meanA) * (b[index] - meanB);
    squareA += (value - meanA) ** 2;
    squareB += (b[index] - meanB) ** 2;
  }
  return squareA === 0 || squareB === 0 ? 0 : both / Math.sqrt(squareA * squareB);
}
