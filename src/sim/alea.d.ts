/** seedrandom's `alea` alone: the published types have only the package's main file, which needs `crypto`. */
declare module 'seedrandom/lib/alea.js' {
  /** A generator of numbers in [0, 1), multiples of 2^-32, from Johannes Baagøe's Alea. */
  export default function alea(seed: string): () => number;
}
