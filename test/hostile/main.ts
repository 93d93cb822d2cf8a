/** `npm run test:hostile -- [COUNT] [FIRST]`: changed inputs by the hundred thousand, with the slowest named. */
import { mutated, seeds, tryOut } from './mutate.js';

const [count = 100_000, first = 0] = process.argv.slice(2).map(Number);
const SLOW_MS = 2_000;
const all = seeds();
let failures = 0;
let slowest = { ms: 0, what: '' };
for (let index = first; index < first + count; index++) {
  const seed = all[index % all.length];
  const text = mutated(seed.text, `hostile/${index}`);
  const startedMs = performance.now();
  try {
    tryOut(seed, text);
  } catch (error) {
    failures++;
    console.log(`FAILED ${seed.name}, change ${index}: ${(error as Error).stack}`);
  }
  const ms = performance.now() - startedMs;
  if (ms > slowest.ms) slowest = { ms, what: `${seed.name}, change ${index}` };
  if (ms > SLOW_MS) console.log(`SLOW ${Math.round(ms)} ms: ${seed.name}, change ${index}`);
}
console.log(
  `${count} inputs from ${first} on: ${failures} failed; the slowest took ${Math.round(slowest.ms)} ms (${slowest.what})`,
);
process.exitCode = failures > 0 ? 1 : 0;
