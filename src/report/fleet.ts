/** What the nodes of a fleet have come to, all together. */
import { harmsOf } from '../run/harm.js';
import type { RunResult } from '../run/result.js';
import { formatSeconds } from '../text/duration.js';
import { formatCount, plural } from '../text/figures.js';

/** The nodes of each fleet, by its name, in their order. */
export function fleetsOf(results: readonly RunResult[]): Map<string, RunResult[]> {
  const fleets = new Map<string, RunResult[]>();
  for (const result of results) {
    const { fleet } = result.scenario;
    if (fleet !== undefined) fleets.set(fleet, [...(fleets.get(fleet) ?? []), result]);
  }
  return fleets;
}

/** Of its nodes; `zombies` and `pinned` at the end, over all of them. */
export function fleetSummary(members: readonly RunResult[]) {
  const full = members.flatMap(({ outcome, scenario }) =>
    outcome.kind === 'exhausted'
      ? [{ node: scenario.node!, atSeconds: outcome.atSeconds, refusedBy: outcome.refusedBy }]
      : [],
  );
  const projected = members.flatMap(({ projection, scenario }) =>
    projection?.kind === 'exhausts' ? [{ node: scenario.node!, atSeconds: projection.atSeconds }] : [],
  );
  return {
    nodes: members.length,
    exhausted: full.length,
    /** null: none was full. */
    firstExhausted: earliest(full),
    /** Nodes with room on which a pod was refused forks. */
    withFullPods: sum(members, (result) =>
      Number(result.exhaustions.length === 0 && harmsOf(result).length > 0),
    ),
    /** Of those that were not full: the one that would be first; null: none would. */
    firstProjected: earliest(projected),
    zombies: sum(members, ({ final }) => final.zombies),
    pinned: sum(members, ({ final }) => final.pinned),
    podsDown: sum(members, ({ pods }) => pods.filter(({ mostlyDown }) => mostlyDown !== null).length),
  };
}

function earliest<T extends { atSeconds: number }>(all: readonly T[]): T | null {
  return all.reduce<T | null>(
    (first, each) => (first === null || each.atSeconds < first.atSeconds ? each : first),
    null,
  );
}

function sum(members: readonly RunResult[], value: (result: RunResult) => number): number {
  return members.reduce((total, result) => total + value(result), 0);
}

/** `prod: 2 of 40 nodes are full, the first node-7 after 3.1 d; 1,204 zombies in all`. */
export function fleetSentence(name: string, members: readonly RunResult[]): string {
  const summary = fleetSummary(members);
  const { nodes, exhausted, firstExhausted, firstProjected, withFullPods, podsDown } = summary;
  const parts: string[] = [];
  if (firstExhausted !== null) {
    const { node, atSeconds } = firstExhausted;
    const many = `${exhausted} of ${plural(nodes, 'node')} ${exhausted === 1 ? 'is' : 'are'} full`;
    parts.push(`${many}, the first ${node} after ${formatSeconds(atSeconds)}`);
  } else parts.push(nodes === 1 ? 'its one node is not full' : `none of ${nodes} nodes is full`);
  if (firstProjected !== null)
    parts.push(
      `at its rate ${firstProjected.node} is next, after ${formatSeconds(firstProjected.atSeconds)}`,
    );
  if (withFullPods > 0) parts.push(`on ${formatCount(withFullPods)} a pod is full`);
  if (podsDown > 0) parts.push(`${plural(podsDown, 'pod')} down at the end`);
  parts.push(`${plural(summary.zombies, 'zombie')} in all`);
  return `${name}: ${parts.join('; ')}`;
}
