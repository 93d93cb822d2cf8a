/** A fleet of many nodes: how many come to harm by when, which first, group by group. */
import type { Replicated } from '../../study/replicate.js';
import { timeOf } from '../../study/tornado.js';
import { formatSeconds } from '../../text/duration.js';
import { formatCount } from '../../text/figures.js';
import { printable } from '../../text/printable.js';
import { plainTable } from '../../text/table.js';

const DAY = 86_400;

interface FleetGroup {
  name: string;
  nodes: number;
  /** Of each replication: how many nodes come to harm within the horizon. */
  harmed: number[];
  /** In all replications: the node that is harmed first. null: none is. */
  first: { node: string; atSeconds: number } | null;
}

/** Every group of every fleet, then each fleet as a whole. */
function fleetGroups(all: readonly Replicated[]): FleetGroup[] {
  const groups = new Map<string, Replicated[]>();
  const add = (name: string, one: Replicated): void =>
    void groups.set(name, [...(groups.get(name) ?? []), one]);
  for (const one of all) if (one.scenario.group !== undefined) add(one.scenario.group, one);
  const isSeveral = groups.size > 1;
  return [
    ...[...groups].map(([name, nodes]) => groupOf(name, nodes)),
    ...(isSeveral ? [groupOf('all nodes', all)] : []),
  ];
}

function groupOf(name: string, nodes: readonly Replicated[]): FleetGroup {
  const counts = Math.max(...nodes.map(({ rows }) => rows.length));
  const harmed = Array.from({ length: counts }, (_, replication) =>
    harmedBy(nodes, replication, Number.POSITIVE_INFINITY),
  );
  let first: FleetGroup['first'] = null;
  for (const { rows, scenario } of nodes)
    for (const { firstHarm } of rows)
      if (firstHarm !== null && (first === null || firstHarm.atSeconds < first.atSeconds))
        first = { node: scenario.nodeName ?? scenario.name, atSeconds: firstHarm.atSeconds };
  return { name, nodes: nodes.length, harmed, first };
}

/** A node without chance in it has one run, which stands for all. */
function harmedBy(nodes: readonly Replicated[], replication: number, seconds: number): number {
  return nodes.filter(({ rows }) => {
    const row = rows[Math.min(replication, rows.length - 1)];
    return row.firstHarm !== null && timeOf(row) <= seconds;
  }).length;
}

/** At each time the count of harmed nodes: the least, the middle and the most of the replications. */
export function fan(
  all: readonly Replicated[],
  points = 60,
): { time: number; low: number; middle: number; high: number }[] {
  const horizon = Math.max(...all.map(({ rows }) => rows[0].horizonSeconds));
  const replications = Math.max(...all.map(({ rows }) => rows.length));
  return Array.from({ length: points + 1 }, (_, index) => {
    const time = (horizon * index) / points;
    const counts = Array.from({ length: replications }, (__, replication) =>
      harmedBy(all, replication, time),
    ).sort((a, b) => a - b);
    const at = (part: number): number => counts[Math.round(part * (counts.length - 1))];
    return { time, low: at(0.05), middle: at(0.5), high: at(0.95) };
  });
}

export function fleetText(all: readonly Replicated[]): string {
  const groups = fleetGroups(all);
  const horizon = Math.max(...all.map(({ rows }) => rows[0].horizonSeconds));
  const rows = groups.map(({ name, nodes, harmed, first }) => [
    printable(name),
    formatCount(nodes),
    rangeOf(harmed),
    first === null ? `none in ${formatSeconds(horizon)}` : formatSeconds(first.atSeconds),
    first === null ? '' : printable(first.node),
  ]);
  const table = plainTable([['GROUP', 'NODES', 'HARMED', 'FIRST AFTER', 'WHICH'], ...rows], {
    align: ['left', 'right', 'right', 'right', 'left'],
  });
  const days = milestones(horizon).map((seconds) => {
    const counts = all[0].rows.map((_row, replication) => harmedBy(all, replication, seconds));
    return `${formatSeconds(seconds)}: ${rangeOf(counts)}`;
  });
  return `${table.join('\n')}\n\nNodes harmed by ${days.join(', ')}.\n`;
}

function rangeOf(counts: readonly number[]): string {
  const [low, high] = [Math.min(...counts), Math.max(...counts)];
  return low === high ? formatCount(low) : `${formatCount(low)} to ${formatCount(high)}`;
}

/** Round times up to the horizon, and the horizon. */
function milestones(horizon: number): number[] {
  const round = [0.5, 1, 2, 3, 7, 14, 30, 90, 365]
    .map((days) => days * DAY)
    .filter((seconds) => seconds < horizon);
  return [...round, horizon];
}
