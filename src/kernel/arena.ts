/** What the tables of the kernel have in common: parallel typed arrays that grow. */

/** "No such index": ends lists, stands for the parent of the first task. */
export const NONE = -1;

/**
 * The next capacity of a table that is full. Small tables double; large ones grow by a quarter, because a table of
 * two million zombies is one that nobody wants to hold twice.
 */
export function nextCapacity(capacity: number): number {
  return capacity < 65_536 ? capacity * 2 : Math.ceil((capacity * 5) / 4);
}

type IntegerArray = Int32Array | Uint32Array | Int16Array | Uint16Array | Uint8Array;

/** A longer array of the same type with the same beginning. */
export function lengthened<A extends IntegerArray>(array: A, length: number): A {
  const longer = new (array.constructor as new (length: number) => A)(length);
  longer.set(array);
  return longer;
}
