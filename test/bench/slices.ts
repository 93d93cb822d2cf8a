/**
 * The 110 pods in slices, for `npm run bench:turns`: one for each byte read, whose microseconds a probe it
 * prints. Begins with a line when everything has been compiled. Arguments: `runc` or `bare`, then flags for
 * V8.
 */
import { readSync, writeSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { compileFor } from '../../src/cli/compiler.js';
import { Run } from '../../src/run/run.js';
import { hundredAndTenPods } from './scenarios.js';

/** Some tenth of a second each. */
const HOURS_PER_SLICE = 2;
const SLICES_TO_WARM_UP = 12;
const PROBES_PER_SLICE = HOURS_PER_SLICE * 360 * 110;
const US_PER_HOUR = 3_600_000_000;

const [runtime, ...flags] = process.argv.slice(2);
const scenario = runtime === 'bare' ? hundredAndTenPods('365d', '{name: bare}') : hundredAndTenPods('365d');
compileFor(scenario);
for (const flag of flags) setFlagsFromString(flag);
const run = new Run(scenario);
let hours = 0;

function slice(): void {
  hours += HOURS_PER_SLICE;
  while (!run.advance(hours * US_PER_HOUR));
}

for (let i = 0; i < SLICES_TO_WARM_UP; i++) slice();
writeSync(1, 'ready\n');
const byte = Buffer.alloc(1);
while (readSync(0, byte) === 1) {
  const start = performance.now();
  slice();
  writeSync(1, `${((performance.now() - start) * 1000) / PROBES_PER_SLICE}\n`);
}
