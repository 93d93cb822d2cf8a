import type { RandomStream } from './random.js';

/** How long something takes, in microseconds. */
export type Distribution =
  | { kind: 'constant'; us: number }
  /** Every length from `lowUs` to `highUs` alike. */
  | { kind: 'uniform'; lowUs: number; highUs: number }
  | { kind: 'exponential'; meanUs: number }
  /** The logarithm is normal: half of all draws are below `medianUs`, 68 % within a factor e^sigma of it. */
  | { kind: 'lognormal'; medianUs: number; sigma: number };

/** No draw is longer: 2^55 us, which is 1,141 years. */
export const LONGEST_US = 2 ** 55;

/** Half a step of the generator: moves a draw to the middle of its step, so that it is never 0 or 1. */
const HALF_STEP = 2 ** -33;

/**
 * One draw: whole microseconds, from 0 to `LONGEST_US`.
 *
 * By inversion: exactly one uniform number per draw, and a larger one gives a longer time (none for a
 * constant). So streams stay in step between two scenarios whatever the distributions are, which polar and
 * ziggurat methods, with their hidden spare values and rejections, would break.
 */
export function sampleUs(distribution: Distribution, stream: RandomStream): number {
  if (stream.choose !== undefined) return chosenUs(distribution, stream);
  return Math.min(Math.max(Math.round(quantile(distribution, stream)), 0), LONGEST_US);
}

/** The same of a stream that chooses: whole microseconds can be counted, where there is a longest. */
function chosenUs(distribution: Distribution, stream: RandomStream): number {
  if (distribution.kind === 'constant') return sampleUs(distribution, NO_CHANCE);
  const hasLongest = distribution.kind === 'uniform';
  const lowUs = hasLongest ? sampleUs({ kind: 'constant', us: distribution.lowUs }, NO_CHANCE) : 0;
  const highUs = hasLongest ? sampleUs({ kind: 'constant', us: distribution.highUs }, NO_CHANCE) : Infinity;
  return lowUs + stream.choose!(1 + highUs - lowUs, (other) => sampleUs(distribution, other) - lowUs);
}

const NO_CHANCE: RandomStream = { uniform: () => 0 };

/** True with probability `p`: one uniform number. */
export function isLucky(p: number, stream: RandomStream): boolean {
  if (stream.choose === undefined) return stream.uniform() < p;
  const isCertain = p <= 0 || p >= 1;
  const draw = (other: RandomStream) => (isLucky(p, other) ? 0 : 1);
  return stream.choose(isCertain ? 1 : 2, isCertain ? () => 0 : draw) === 0 && p > 0;
}

function quantile(distribution: Distribution, stream: RandomStream): number {
  switch (distribution.kind) {
    case 'constant':
      return distribution.us;
    case 'uniform':
      return distribution.lowUs + (distribution.highUs - distribution.lowUs) * stream.uniform();
    case 'exponential':
      return -distribution.meanUs * Math.log(1 - (stream.uniform() + HALF_STEP));
    case 'lognormal':
      return (
        distribution.medianUs * Math.exp(distribution.sigma * normalQuantile(stream.uniform() + HALF_STEP))
      );
  }
}

/**
 * The value that a standard normal variable stays below with probability `p`, 0 < p < 1; relative error below
 * 1e-15.
 *
 * Algorithm AS 241, function PPND16: Michael J. Wichura, "The Percentage Points of the Normal Distribution",
 * Applied Statistics 37 (1988), 477-484. The coefficients of each rational function are given from the
 * highest power down, rounded to doubles.
 */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(CENTRE_ABOVE, r)) / polynomial(CENTRE_BELOW, r);
  }
  const r = Math.sqrt(-Math.log(q < 0 ? p : 1 - p));
  const magnitude =
    r <= 5
      ? polynomial(SHOULDER_ABOVE, r - 1.6) / polynomial(SHOULDER_BELOW, r - 1.6)
      : polynomial(TAIL_ABOVE, r - 5) / polynomial(TAIL_BELOW, r - 5);
  return q < 0 ? -magnitude : magnitude;
}

function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (let i = 0; i < coefficients.length; i++) sum = sum * x + coefficients[i];
  return sum;
}

const CENTRE_ABOVE = [
  2.5090809287301227e3, 3.343057558358813e4, 6.72657709270087e4, 4.592195393154987e4, 1.373169376550946e4,
  1.9715909503065513e3, 1.3314166789178438e2, 3.3871328727963665,
];
const CENTRE_BELOW = [
  5.226495278852854e3, 2.8729085735721943e4, 3.930789580009271e4, 2.1213794301586597e4, 5.394196021424751e3,
  6.871870074920579e2, 4.231333070160091e1, 1,
];
const SHOULDER_ABOVE = [
  7.745450142783414e-4, 2.2723844989269184e-2, 2.417807251774506e-1, 1.2704582524523684, 3.6478483247632045,
  5.769497221460691, 4.630337846156546, 1.4234371107496835,
];
const SHOULDER_BELOW = [
  1.0507500716444169e-9, 5.475938084995345e-4, 1.5198666563616457e-2, 1.4810397642748008e-1,
  6.897673349851e-1, 1.6763848301838038, 2.053191626637759, 1,
];
const TAIL_ABOVE = [
  2.0103343992922881e-7, 2.7115555687434876e-5, 1.2426609473880784e-3, 2.6532189526576124e-2,
  2.9656057182850487e-1, 1.7848265399172913, 5.463784911164114, 6.657904643501103,
];
const TAIL_BELOW = [
  2.0442631033899397e-15, 1.421511758316446e-7, 1.8463183175100548e-5, 7.868691311456133e-4,
  1.4875361290850615e-2, 1.369298809227358e-1, 5.99832206555888e-1, 1,
];
