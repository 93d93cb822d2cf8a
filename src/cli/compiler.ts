/** What V8 is told before a long simulation. */
import { setFlagsFromString } from 'node:v8';

/**
 * V8 puts functions into their callers until a caller has grown by 920 bytes of bytecode. The kernel model is many small
 * functions that call each other: with 2500 bytes a probe takes a tenth fewer instructions (docs/performance.md).
 */
export function inlineMore(): void {
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=2500');
}
