/** The machine-readable result: one document per run, a list for several. */
import type { BlameRow, RunResult } from '../run/result.js';
import { hundredths } from '../text/figures.js';
import { fleetSummary, fleetsOf } from './fleet.js';

export const API_VERSION = 'pidsim/v1';

/**
 * Rates are in hundredths. `blameWhenFull`: when the node refused its first fork; null: it never did.
 *
 * @param options the real time is left out of a document that has to be the same bytes every time.
 */
export function runResultDocument(result: RunResult, options = { wallSeconds: true }) {
  const { scenario, seed, fidelity, digest, engineEvents, wallSeconds, node, firstHarm } = result;
  const { outcome, exhaustions, final, pods, probes, symptoms, projection, expectations } = result;
  return {
    apiVersion: API_VERSION,
    kind: 'RunResult',
    metadata: {
      name: scenario.name,
      ...(scenario.fleet === undefined ? {} : { fleet: scenario.fleet, node: scenario.node }),
      scenario: scenario.path,
      ...(scenario.settings === undefined ? {} : { set: scenario.settings }),
      ...(result.start === undefined ? {} : { start: result.start }),
      seed,
      fidelity,
      digest,
      engineEvents,
      ...(options.wallSeconds ? { wallSeconds: Math.round(wallSeconds * 1000) / 1000 } : {}),
    },
    status: {
      firstHarm,
      node,
      outcome,
      exhaustions,
      final,
      pods,
      probes,
      symptoms,
      projection,
      assumptions: result.assumptions,
      ...(result.bracket === undefined ? {} : { bracket: result.bracket }),
      expectations,
      blame: result.blame.map(blameRow),
      blameWhenFull: result.blameWhenFull?.map(blameRow) ?? null,
    },
  };
}

function blameRow(row: BlameRow): BlameRow {
  return {
    ...row,
    createdPerHour: hundredths(row.createdPerHour),
    reapedPerHour: hundredths(row.reapedPerHour),
  };
}

type ResultDocument = ReturnType<typeof runResultDocument> | ReturnType<typeof fleetDocument>;

/** One document for each scenario, and one for all nodes of a fleet. */
function documentsOf(results: readonly RunResult[]) {
  const fleets = fleetsOf(results);
  return results.flatMap((result): ResultDocument[] => {
    const { fleet } = result.scenario;
    if (fleet === undefined) return [runResultDocument(result)];
    const members = fleets.get(fleet)!;
    return members[0] === result ? [fleetDocument(fleet, members)] : [];
  });
}

/** What the nodes of a fleet have come to: all together, and one by one. */
function fleetDocument(name: string, members: readonly RunResult[]) {
  return {
    apiVersion: API_VERSION,
    kind: 'FleetResult',
    metadata: { name, scenario: members[0].scenario.path },
    status: { summary: fleetSummary(members), nodes: members.map((result) => runResultDocument(result)) },
  };
}

/** The document of one run or of one fleet, or the list of several. */
export function resultsDocument(results: readonly RunResult[]) {
  const items = documentsOf(results);
  return items.length === 1 ? items[0] : listDocument(items);
}

export function listDocument<T>(items: T[]) {
  return { apiVersion: API_VERSION, kind: 'List', items };
}

/** JSON as it is printed and written: two blanks, a final newline. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
