/**
 * A run with every probe simulated beside the same run forwarded: what can be asked of both, and how much was
 * left out.
 */
import { isDeepStrictEqual } from 'node:util';
import { Run, type RunOptions } from '../../src/run/run.js';
import type { Scenario } from '../../src/scenario/scenario.js';

export interface Both {
  /** Where the two differ first: a path and both values. Empty: nowhere. */
  difference: string;
  /** Runs of probes in each. */
  probeRuns: number;
  /** What was simulated: of the calendar, and forks, ends, releases and refusals. */
  events: { calendar: number; kernel: number };
  forwarded: { calendar: number; kernel: number };
}

export function runBoth(scenario: Scenario, options: RunOptions = {}): Both {
  const [events, forwarded] = (['events', 'forwarded'] as const).map((fidelity) => {
    const run = new Run(scenario, { starts: true, ...options, fidelity });
    while (!run.isOver) run.advance();
    run.machine.kernel.checkInvariants();
    return run;
  });
  return {
    difference: differenceOf(stateOf(events), stateOf(forwarded), ''),
    probeRuns: events.node.counters.probeRuns,
    events: countsOf(events),
    forwarded: countsOf(forwarded),
  };
}

function countsOf({ sim, machine }: Run) {
  return { calendar: sim.eventCount, kernel: machine.transitions };
}

/** All but what says how it was run. */
function stateOf(run: Run) {
  const { digest: _, fidelity: __, engineEvents: ___, wallSeconds: ____, ...result } = run.result();
  return {
    result,
    processes: run.processes(),
    inPods: run.podNames.map((pod) => run.podProcesses(pod)),
    pinned: run.machine.kernel.pinnedPids(),
    cursor: run.machine.kernel.cursor(),
  };
}

function differenceOf(a: unknown, b: unknown, path: string): string {
  if (isDeepStrictEqual(a, b)) return '';
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null)
    return `${path}: ${a}, ${b}`;
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const difference = differenceOf(a[key as never], b[key as never], `${path}.${key}`);
    if (difference !== '') return difference;
  }
  return `${path}: ${JSON.stringify(a)}, ${JSON.stringify(b)}`;
}
