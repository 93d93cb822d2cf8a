/** What is left of the host's table of numbers. */
import type { Kernel } from '../kernel/kernel.js';
import { RESERVED_PIDS } from '../kernel/limits.js';

/** How many of the numbers below 300 are taken: they stay useful to who has them, and to nobody else (K3, K4). */
export function lowNumbersHeld(kernel: Kernel): number {
  const { taken } = kernel.namespaces[0];
  let held = 0;
  for (let number = 1; number < RESERVED_PIDS; number++) if (taken.has(number)) held++;
  return held;
}

/** The most numbers that can be taken at once. Once the cursor has passed 300, free low numbers are lost (K3). */
export function usableNumbers(kernel: Kernel): number {
  const { cursor, pidMax } = kernel.namespaces[0];
  return cursor > RESERVED_PIDS ? pidMax - RESERVED_PIDS + lowNumbersHeld(kernel) : pidMax - 1;
}

/** How many more numbers can be handed out. */
export function freeNumbers(kernel: Kernel): number {
  return Math.max(0, usableNumbers(kernel) - kernel.allocated(0));
}
