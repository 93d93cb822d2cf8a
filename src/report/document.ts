/** The machine-readable result: one document per run, a list for several. */
import type { BlameRow, RunResult } from '../run/result.js';
import { hundredths } from '../text/figures.js';

export const API_VERSION = 'pidsim/v1';

/**
 * Rates are in hundredths. `blameWhenFull`: when the node refused its first fork; null: it never did.
 *
 * @param options the real time is left out of a document that has to be the same bytes every time.
 */
export function runResultDocument(result: RunResult, options = { wallSeconds: true }) {
  const { scenario, seed, digest, engineEvents, wallSeconds } = result;
  const { outcome, exhaustions, final, pods, probes, symptoms, projection, expectations } = result;
  return {
    apiVersion: API_VERSION,
    kind: 'RunResult',
    metadata: {
      name: scenario.name,
      scenario: scenario.path,
      seed,
      digest,
      engineEvents,
      ...(options.wallSeconds ? { wallSeconds: Math.round(wallSeconds * 1000) / 1000 } : {}),
    },
    status: {
      outcome,
      exhaustions,
      final,
      pods,
      probes,
      symptoms,
      projection,
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

export function runResultList(results: readonly RunResult[], options?: { wallSeconds: boolean }) {
  return {
    apiVersion: API_VERSION,
    kind: 'List',
    items: results.map((result) => runResultDocument(result, options)),
  };
}

/** The document of one run, or the list of several. */
export function resultsDocument(results: readonly RunResult[]) {
  return results.length === 1 ? runResultDocument(results[0]) : runResultList(results);
}

/** JSON as it is printed and written: two blanks, a final newline. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
