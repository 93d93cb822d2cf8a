/** Where benchmarks put what they build and measure. Not part of the repository. */
export const CACHE = '.cache/bench';
