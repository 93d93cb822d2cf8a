/** What the tables of the kernel have in common: a typed array of rows, which grows. */

/** "No such row": ends lists, stands for the parent of the first task. */
export const NONE = -1;

/** From this many numbers on a table grows by a quarter: two million zombies are not to be held twice. */
const LARGE = 2 ** 20;

/**
 * The next capacity of a table that is full, in numbers: small tables double, large ones grow by a quarter.
 */
export function nextCapacity(capacity: number, rowLength: number): number {
  if (capacity < LARGE) return capacity * 2;
  return Math.ceil((capacity * 5) / 4 / rowLength) * rowLength;
}

type IntegerArray = Int32Array | Uint32Array | Int16Array | Uint16Array | Uint8Array;

/** A longer array of the same type with the same beginning. */
export function lengthened<A extends IntegerArray>(array: A, length: number): A {
  const longer = new (array.constructor as new (length: number) => A)(length);
  longer.set(array);
  return longer;
}
