/** What the commands that make many runs have in common: options, threads, progress, an interruption. */
import type { Argv } from 'yargs';
import type { OutputFile } from '../report/files.js';
import type { Fidelity } from '../run/result.js';
import { ScenarioRunError } from '../run/run.js';
import type { Scenario } from '../scenario/scenario.js';
import type { RunJobs } from '../study/row.js';
import { parseDurationUs } from '../text/duration.js';
import { CommandError, EXIT, invalid, usageError } from './exit.js';
import { notWritten } from './files.js';
import { Interruption } from './interruption.js';
import { fidelityOption, number, text } from './options.js';
import { Progress } from './progress.js';

export interface StudyArguments {
  replications: string;
  horizon?: string;
  seed?: number;
  threads?: number;
  dir?: string;
  fidelity?: Fidelity;
}

const REPLICATIONS_MAX = 100_000;
const THREADS_MAX = 256;

export function withStudy<T>(yargs: Argv<T>, horizon: string): Argv<T & StudyArguments> {
  return yargs.options({
    replications: {
      ...text('Runs of each, with other luck and other draws; auto: until the median is known to 5 %'),
      default: 'auto',
    },
    horizon: text(`How long to simulate. Default: ${horizon}`),
    seed: number("Seed to use instead of the scenario's own"),
    threads: number('How many to use; the answer is the same with any. Default: one for each CPU'),
    fidelity: fidelityOption,
    dir: text('Folder for data and a chart; default: none is written'),
  }) as unknown as Argv<T & StudyArguments>;
}

export function replicationsOf({ replications }: StudyArguments): number | 'auto' {
  if (replications === 'auto') return 'auto';
  return wholeNumber('--replications', Number(replications), REPLICATIONS_MAX, 'a number of runs, or auto');
}

function wholeNumber(option: string, value: number, most: number, what: string): number {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
  throw usageError(`${option}: not ${what} from 1 to ${most}`);
}

/** What the options change about a scenario once it has been read. */
export function changeOf(
  { horizon, seed }: StudyArguments,
  usual?: string,
): (scenario: Scenario) => Scenario {
  const text = horizon ?? usual;
  const horizonUs = text === undefined ? undefined : parseDurationUs(text);
  if (horizonUs === null || horizonUs === 0)
    throw usageError(`--horizon ${text}: not a duration`, '--horizon 30d');
  const seeded = seededBy(seed);
  return (scenario) => ({ ...seeded(scenario), horizonUs: horizonUs ?? scenario.horizonUs });
}

/** With another seed, if one is given. */
export function seededBy(seed: number | undefined): (scenario: Scenario) => Scenario {
  if (seed !== undefined && !(Number.isSafeInteger(seed) && seed >= 0))
    throw usageError(`--seed ${seed}: not a whole number from 0`);
  return (scenario) => ({ ...scenario, seed: seed ?? scenario.seed });
}

export interface Study {
  run: RunJobs;
  onProgress: (done: number, total: number) => void;
  interruption: Interruption;
}

/** undefined: one for each CPU. */
export function threadsOf(threads: number | undefined): number | undefined {
  return threads && wholeNumber('--threads', threads, THREADS_MAX, 'a number of threads');
}

/** With the threads and the signals of a study; both are given back whatever happens. */
export async function inStudy(
  { threads }: StudyArguments,
  what: string,
  study: (study: Study) => Promise<void>,
): Promise<void> {
  const { Pool } = await import('../host/pool.js');
  const interruption = new Interruption();
  const pool = new Pool({ threads: threadsOf(threads), signal: interruption.signal });
  const progress = new Progress(1);
  const onProgress = (done: number, total: number): void =>
    progress.update(done / total, `${done} of ${total} ${what}`);
  try {
    await study({ run: pool.run, onProgress, interruption });
    interruption.throwIfAborted();
  } catch (error) {
    // The warnings have been said of the scenario as it stands.
    if (error instanceof ScenarioRunError)
      throw invalid(error.diagnostics.filter(({ severity }) => severity === 'error'));
    throw error;
  } finally {
    progress.clear();
    interruption.forget();
    await pool.close();
  }
}

export async function writeStudy({ dir }: StudyArguments, files: readonly OutputFile[]): Promise<void> {
  if (dir === undefined) return;
  if (dir === '') throw usageError('--dir names no folder', 'the folder you are in is --dir .');
  const { writeOutput, ForeignOutputError } = await import('../host/write-files.js');
  try {
    await writeOutput(dir, files);
  } catch (error) {
    throw error instanceof ForeignOutputError ? foreign(error) : notWritten(dir, error);
  }
  process.stderr.write(`data and chart are in ${dir}/\n`);
}

/** @param error says that the folder has what pidsim has not written. */
export function foreign(error: Error): CommandError {
  return usageError(error.message, 'move it away, or choose another folder with --dir');
}

export function failOnExpectations(failures: readonly string[]): void {
  if (failures.length > 0) throw new CommandError(EXIT.expectationFailed, failures.join('\n'));
}

/** Columns of the terminal; a pipe is as wide as a terminal of old. */
export function terminalWidth(): number {
  return process.stdout.columns ?? 80;
}
