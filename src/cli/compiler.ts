/** What V8 is told before a long simulation. */
import { setFlagsFromString } from 'node:v8';
import type { RunOptions } from '../run/run.js';
import type { Scenario } from '../scenario/scenario.js';

/** That many take about a second, from which on a better program is worth its longer compilation. */
const MANY_PROBE_RUNS = 1_000_000;

/**
 * V8 puts functions into their callers: those of up to 460 bytes of bytecode, until a caller has grown by
 * 920. The kernel model is many small functions that call each other, and the second limit cuts them off
 * wherever it happens to be reached, which depends on what got hot first: no two processes have the same
 * machine code. Without it the first limit alone decides, so what is large and called from several places
 * exists once. A probe takes a fifth less time, and about the same in each process. But the compiler takes
 * longer, and a short run is over before that pays (docs/performance.md).
 */
const FLAGS = ['--max-inlined-bytecode-size=250', '--max-inlined-bytecode-size-cumulative=10000'];

/** A run that is forwarded, or that ends as soon as something is full, is short, however far the horizon. */
export function compileFor(
  scenario: Scenario,
  { until, fidelity }: Pick<RunOptions, 'until' | 'fidelity'> = {},
): void {
  if (fidelity === 'forwarded' || (until ?? 'horizon') !== 'horizon') return;
  if (probeRuns(scenario) >= MANY_PROBE_RUNS) for (const flag of FLAGS) setFlagsFromString(flag);
}

/** How often the scenario's probes run until its horizon, if nothing comes between. */
function probeRuns({ node, horizonUs }: Scenario): number {
  const perPod = node.pods.map(({ count, containers }) => {
    const probes = containers.flatMap((container) => container.probes);
    return count * probes.reduce((sum, { periodUs }) => sum + horizonUs / periodUs, 0);
  });
  return perPod.reduce((sum, runs) => sum + runs, 0);
}
