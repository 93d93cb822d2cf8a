/** Kubernetes' units: memory quantities, counts or percentages, version strings. */

const SUFFIX_FACTORS: Readonly<Record<string, number>> = {
  ...{ m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/**
 * `16Gi`, `512Mi`, `4G`, `129e6`, `1073741824` to bytes, rounded up; null when it is not a quantity.
 * Kubernetes: apimachinery/pkg/api/resource/quantity.go, "decimalSI", "binarySI" and "decimalExponent".
 */
export function parseQuantity(text: string | number): number | null {
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:[eE]([+-]?\d{1,2})|(Ki|[kMGTPE]i?|m)?)$/.exec(String(text));
  if (!match) return null;
  const [, digits, exponent, suffix] = match;
  const factor = exponent === undefined ? SUFFIX_FACTORS[suffix ?? ''] : 10 ** Number(exponent);
  return factor === undefined ? null : Math.ceil(Number(digits) * factor);
}

/** `1000`, or `"10%"` of a capacity, to a count; null when it is neither. */
export function parseCountOrPercentage(text: string | number, capacity: number): number | null {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(String(text));
  if (!match) return null;
  const value = Number(match[1]);
  if (match[2] === '%') return value > 100 ? null : Math.floor((capacity * value) / 100);
  return Number.isSafeInteger(value) ? value : null;
}

/** `4.14`, `v1.31.2`, `17.12.1-ce`, `1.27.4+k3s1`, `6.18.0-rc1`: two numbers at least. */
export const VERSION_PATTERN = /^v?\d{1,5}(?:\.\d{1,5}){1,5}(?:[-+~][0-9A-Za-z][-+~.0-9A-Za-z]{0,60})?$/;
