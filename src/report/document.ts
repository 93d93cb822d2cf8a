/** The machine-readable result: one document per run, a list for several. */
import type {
  BlameRow,
  Bracket,
  Exhaustion,
  ExpectationResult,
  FinalState,
  Outcome,
  PodSummary,
  ProbeSummary,
  Projection,
  RunResult,
  Symptoms,
} from '../run/result.js';
import { hundredths } from '../text/figures.js';

export const API_VERSION = 'pidsim/v1';

export interface RunResultDocument {
  apiVersion: typeof API_VERSION;
  kind: 'RunResult';
  metadata: {
    name: string;
    scenario: string;
    seed: number;
    digest: string;
    engineEvents: number;
    /** Real time. Absent from what is written to files: there every run of the same seed gives the same bytes. */
    wallSeconds?: number;
  };
  status: {
    outcome: Outcome;
    exhaustions: Exhaustion[];
    final: FinalState;
    pods: PodSummary[];
    probes: ProbeSummary[];
    symptoms: Symptoms;
    projection: Projection | null;
    /** What was taken for granted of commands and images that are not known. */
    assumptions: RunResult['assumptions'];
    /** The answer if each assumed program left one orphan a run. */
    bracket?: Bracket;
    expectations: ExpectationResult[];
    /** At the end of the run, rates in hundredths. */
    blame: BlameRow[];
    /** When the node refused its first fork; null: it never did. */
    blameWhenFull: BlameRow[] | null;
  };
}

export interface RunResultList {
  apiVersion: typeof API_VERSION;
  kind: 'List';
  items: RunResultDocument[];
}

/** What is left out of a document that has to be the same bytes every time. */
export interface DocumentOptions {
  wallSeconds: boolean;
}

export function runResultDocument(
  result: RunResult,
  options: DocumentOptions = { wallSeconds: true },
): RunResultDocument {
  const { outcome, exhaustions, final, pods, probes, symptoms, projection, expectations } = result;
  const blameWhenFull = result.blameWhenFull?.map(blameRow) ?? null;
  return {
    apiVersion: API_VERSION,
    kind: 'RunResult',
    metadata: {
      name: result.scenario.name,
      scenario: result.scenario.path,
      seed: result.seed,
      digest: result.digest,
      engineEvents: result.engineEvents,
      ...(options.wallSeconds ? { wallSeconds: Math.round(result.wallSeconds * 1000) / 1000 } : {}),
    },
    status: {
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
      blameWhenFull,
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

export function runResultList(results: readonly RunResult[], options?: DocumentOptions): RunResultList {
  return {
    apiVersion: API_VERSION,
    kind: 'List',
    items: results.map((result) => runResultDocument(result, options)),
  };
}

/** The document of one run, or the list of several. */
export function resultsDocument(
  results: readonly RunResult[],
  options?: DocumentOptions,
): RunResultDocument | RunResultList {
  return results.length === 1 ? runResultDocument(results[0], options) : runResultList(results, options);
}

/** JSON as it is printed and written: two blanks, a final newline. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
