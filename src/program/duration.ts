/** Durations as written in a program, to and from distributions. */
import type { Distribution } from '../sim/distribution.js';
import { parseDurationUs, printDuration } from '../text/duration.js';
import type { DurationText } from './step.js';

/** The distribution that a duration text means, in µs; null: none (`schema` says what is wrong). */
export function parseDistribution(text: DurationText): Distribution | null {
  if (typeof text === 'string') {
    const us = parseDurationUs(text);
    return us === null ? null : { kind: 'constant', us };
  }
  if ('uniform' in text) {
    const lowUs = parseDurationUs(text.uniform[0]);
    const highUs = parseDurationUs(text.uniform[1]);
    return lowUs === null || highUs === null || lowUs > highUs ? null : { kind: 'uniform', lowUs, highUs };
  }
  if ('exponential' in text) {
    const meanUs = parseDurationUs(text.exponential.mean);
    return meanUs === null ? null : { kind: 'exponential', meanUs };
  }
  const medianUs = parseDurationUs(text.lognormal.median);
  return medianUs === null ? null : { kind: 'lognormal', medianUs, sigma: text.lognormal.sigma };
}

/** The shortest text that means the distribution: the inverse of `parseDistribution`. */
export function printDistribution(distribution: Distribution): DurationText {
  switch (distribution.kind) {
    case 'constant':
      return printDuration(distribution.us);
    case 'uniform':
      return { uniform: [printDuration(distribution.lowUs), printDuration(distribution.highUs)] };
    case 'exponential':
      return { exponential: { mean: printDuration(distribution.meanUs) } };
    case 'lognormal':
      return { lognormal: { median: printDuration(distribution.medianUs), sigma: distribution.sigma } };
  }
}
