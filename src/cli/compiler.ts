/** What V8 is told before a long simulation. */
import { setFlagsFromString } from 'node:v8';
import type { Scenario } from '../scenario/scenario.js';

/** That many take about a second, from which on a better program is worth its longer compilation. */
const MANY_PROBE_RUNS = 1_000_000;

/**
 * V8 puts functions into their callers until a caller has grown by 920 bytes of bytecode. The kernel model is many small
 * functions that call each other: with 2500 bytes a probe takes a seventh fewer instructions. But the compiler takes
 * longer, and a short run is over before that pays: the incident would take a fifth longer (docs/performance.md).
 */
export function compileFor(scenario: Scenario): void {
  if (probeRuns(scenario) >= MANY_PROBE_RUNS)
    setFlagsFromString('--max-inlined-bytecode-size-cumulative=2500');
}

/** How often the scenario's probes run until its horizon, if nothing comes between. */
function probeRuns({ node, horizonUs }: Scenario): number {
  const perPod = node.pods.map(({ count, containers }) => {
    const probes = containers.flatMap((container) => container.probes);
    return count * probes.reduce((sum, { periodUs }) => sum + horizonUs / periodUs, 0);
  });
  return perPod.reduce((sum, runs) => sum + runs, 0);
}
