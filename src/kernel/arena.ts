/** What the tables of the kernel have in common: a typed array of rows, which grows. */

import { PID_MAX_LIMIT } from './limits.js';

/** "No such row": ends lists, stands for the parent of the first task. */
export const NONE = -1;

type IntegerArray = Int32Array | Uint32Array | Int16Array | Uint16Array | Uint8Array;

/** Up to so many rows a table doubles; then it gets room for all rows that there can ever be. */
const SMALL = 65_536;

/**
 * A longer array of the same type with the same beginning, for a table with rows of so many numbers.
 *
 * The last step is a large one because room costs nothing: the operating system gives a page when it is first written
 * to. What does cost is copying, and touching new pages for it: a fifth of the time to fill four million numbers. There
 * can be no more rows than numbers on the host.
 */
export function lengthened<A extends IntegerArray>(array: A, rowLength: number): A {
  const isSmall = array.length < SMALL * rowLength;
  const longer = new (array.constructor as new (length: number) => A)(
    isSmall ? array.length * 2 : PID_MAX_LIMIT * rowLength,
  );
  longer.set(array);
  return longer;
}
