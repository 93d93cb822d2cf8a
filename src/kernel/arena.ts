/** What the tables of the kernel have in common: a typed array of rows, which grows. */
import { PID_MAX_LIMIT } from './limits.js';

/** The next free row, or NONE, as a field keeps it that is never negative in a row in use; and back. */
export function asFree(row: number): number {
  return -2 - row;
}

/** Math.min, but of integers: V8 computes that one with doubles. */
export function lesser(a: number, b: number): number {
  return a < b ? a : b;
}

type IntegerArray = Int32Array | Uint32Array | Int16Array | Uint16Array | Uint8Array;

/** Up to so many rows a table doubles, then it grows by half. */
const SMALL = 2 ** 20;

/**
 * A longer array of the same type with the same beginning, for a table with rows of so many numbers.
 *
 * Doubling all the way would copy less, but could leave a table of two million zombies as much room again. No
 * table has more rows than the host has PIDs.
 */
export function lengthened<A extends IntegerArray>(array: A, rowLength: number): A {
  const rows = array.length / rowLength;
  const more = rows < SMALL ? rows * 2 : Math.min(Math.ceil(rows * 1.5), PID_MAX_LIMIT);
  const longer = new (array.constructor as new (length: number) => A)(more * rowLength);
  longer.set(array);
  return longer;
}
