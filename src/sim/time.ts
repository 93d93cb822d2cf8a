/** Time is whole microseconds. In a double that is exact to 285 years, and to 4 us at 1,000 years. */
export const US_PER_MS = 1_000;
export const US_PER_SECOND = 1_000_000;
export const US_PER_MINUTE = 60 * US_PER_SECOND;
export const US_PER_HOUR = 60 * US_PER_MINUTE;
export const US_PER_DAY = 24 * US_PER_HOUR;
export const US_PER_YEAR = 365.25 * US_PER_DAY;

/** No event is later: 2^56 us, which is 2,283 years. */
export const LATEST_US = 2 ** 56;
