/** The table of PIDs against a plain array and scans. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PidBitmap } from '../../src/kernel/bitmap.js';
import { PID_MAX_LIMIT } from '../../src/kernel/limits.js';

const SIZE = 70_000;

function firstFree(taken: Uint8Array, from: number, limit: number): number {
  for (let number = from; number < limit; number++) if (taken[number] === 0) return number;
  return -1;
}

type Move = { kind: 'take' | 'takeRun' | 'freeRun' | 'freeOne'; at: number; length: number };

const move = fc.record({
  kind: fc.constantFrom('take', 'takeRun', 'freeRun', 'freeOne'),
  at: fc.nat(SIZE - 1),
  // Whole words of every level are to become full and open again: 32, 1024 and 32768 PIDs.
  length: fc.oneof(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 900, max: 40_000 })),
}) as fc.Arbitrary<Move>;

/** The same on both; what is taken already is not taken again, nor what is free freed. */
function play(bitmap: PidBitmap, taken: Uint8Array, { kind, at, length }: Move): void {
  const isFree = kind === 'take' || kind === 'takeRun';
  const from = isFree ? firstFree(taken, at, SIZE) : taken.indexOf(1, at);
  if (from < 0) return;
  let end = from + 1;
  while (kind.endsWith('Run') && end < SIZE && end < from + length && (taken[end] === 0) === isFree) end++;
  if (kind === 'take') bitmap.take(from);
  else if (kind === 'takeRun') bitmap.takeRun(from, end - from);
  else if (kind === 'freeRun') bitmap.freeRun(from, end - from);
  else bitmap.free(from);
  taken.fill(isFree ? 1 : 0, from, end);
}

it('K2 the next free PID is the one that a scan finds, however the table has been filled', () => {
  const sequence = fc.array(move, { minLength: 1, maxLength: 60, size: 'max' });
  const places = fc.array(fc.nat(SIZE + 100), { minLength: 20, maxLength: 20 });
  fc.assert(
    fc.property(sequence, places, (moves, froms) => {
      const bitmap = new PidBitmap();
      const taken = new Uint8Array(SIZE + 200);
      for (const each of moves) {
        play(bitmap, taken, each);
        for (const from of [...froms, each.at, each.at + 1]) {
          const limit = from % 3 === 0 ? SIZE : from + (from % 200);
          const next = firstFree(taken, from, Math.min(limit, taken.length));
          expect(bitmap.nextFree(from, Math.min(limit, taken.length))).toBe(next);
          expect(bitmap.has(from)).toBe(taken[from] === 1);
          expect(bitmap.countBelow(from)).toBe(taken.slice(0, from).reduce((sum, bit) => sum + bit, 0));
        }
      }
      expect(bitmap.count()).toBe(taken.reduce((sum, bit) => sum + bit, 0));
    }),
    { numRuns: 40, seed: 20261123 },
  );
});

it('K2 a run is free from end to end and not longer than asked', () => {
  const bitmap = new PidBitmap();
  for (const number of [40, 95, 96, 200]) bitmap.take(number);
  expect(bitmap.runLength(41, 100, 1000)).toBe(54);
  expect(bitmap.runLength(41, 10, 1000)).toBe(10);
  expect(bitmap.runLength(41, 100, 60)).toBe(19);
  for (let from = 97; from < 200; from++) {
    const length = bitmap.runLength(from, 500, 1000);
    expect(length).toBeGreaterThan(0);
    for (let number = from; number < from + length; number++) expect(bitmap.has(number)).toBe(false);
  }
});

it('K2 a short run is taken where all of it is free and known to be, and nothing of it elsewhere', () => {
  const bitmap = new PidBitmap();
  const taken = new Uint8Array(1200);
  const place = fc.tuple(fc.nat(1023), fc.integer({ min: 1, max: 40 }));
  fc.assert(
    fc.property(fc.array(place, { maxLength: 40 }), (places) => {
      for (const [from, length] of places) {
        const isFree = taken.subarray(from, from + length).every((bit) => bit === 0);
        const took = bitmap.takeIfFree(from, length);
        expect(took).toBe(isFree && length < 32 && from + length <= 1024);
        if (took) taken.fill(1, from, from + length);
      }
      for (let number = 0; number < 1024; number++) expect(bitmap.has(number)).toBe(taken[number] === 1);
      // Half of what is taken is given back, for the next sequence.
      for (let number = 0; number < 1024; number += 2) {
        if (taken[number] === 1) bitmap.free(number);
        taken[number] = 0;
      }
      for (let from = 0; from < 1024; from += 50) {
        if (taken[from] === 1) bitmap.freeRun(from, 1);
        taken[from] = 0;
      }
      expect(bitmap.nextFree(0, 1024)).toBe(firstFree(taken, 0, 1024));
    }),
    { seed: 20261123 },
  );
});

it('K2 the one free PID among 4194304 is found from anywhere before it', () => {
  const bitmap = new PidBitmap();
  bitmap.takeRun(0, PID_MAX_LIMIT);
  expect(bitmap.nextFree(300, PID_MAX_LIMIT)).toBe(-1);
  for (const number of [0, 31, 32, 1023, 1024, 32_767, 32_768, 1_048_576, PID_MAX_LIMIT - 1]) {
    bitmap.free(number);
    for (const from of [0, number - 1, number]) {
      expect(bitmap.nextFree(Math.max(0, from), PID_MAX_LIMIT)).toBe(number);
    }
    expect(bitmap.nextFree(number + 1, PID_MAX_LIMIT)).toBe(-1);
    bitmap.take(number);
  }
  expect(bitmap.count()).toBe(PID_MAX_LIMIT);
});
