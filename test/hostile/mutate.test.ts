/** Two thousand changed inputs, always the same; `npm run test:hostile` tries as many others as are asked for. */
import { expect, test } from 'vitest';
import { mutated, seeds, tryOut } from './mutate.js';

const COUNT = 2_000;

test('of real inputs with something changed none throws, hangs or gives a number that is not finite', () => {
  const all = seeds();
  const outcomes = new Map<string, number>();
  for (let index = 0; index < COUNT; index++) {
    const seed = all[index % all.length];
    const text = mutated(seed.text, `hostile/${index}`);
    let outcome: string;
    try {
      outcome = tryOut(seed, text);
    } catch (error) {
      throw new Error(`${seed.name}, change ${index}: ${(error as Error).stack}\n${text.slice(0, 2_000)}`);
    }
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  // Some are refused and some are read: else the changes would be too wild, or none.
  for (const outcome of ['refused', 'scenario', 'litmus', 'capture'])
    expect(outcomes.get(outcome), outcome).toBeGreaterThan(50);
}, 300_000);
