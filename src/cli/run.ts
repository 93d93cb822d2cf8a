/** `pidsim run`: the main job. Scenarios in; a table on stdout, files and charts in a folder. */
import type { CommandModule } from 'yargs';
import type { Node } from '../node/node.js';
import { expectationFailures } from '../report/message.js';
import { CHART_CHOICES, type ChartChoice, METRICS_FILE } from '../report/overview-files.js';
import {
  OUTPUT_FORMATS,
  type OutputFormat,
  renderResults,
  TABLE_SORTS,
  type TableSort,
} from '../report/table.js';
import { ALONE_MAX, assumedCommands, bracketOf } from '../run/bracket.js';
import { Meter, type Metered } from '../run/meter.js';
import { type Fidelity, RUN_ENDS, type RunEnd, type RunResult } from '../run/result.js';
import { Run, type RunOptions, ScenarioRunError } from '../run/run.js';
import type { Scenario } from '../scenario/scenario.js';
import { epochSeconds, readStart } from '../text/wall-clock.js';
import { compileFor } from './compiler.js';
import { CommandError, EXIT, usageError } from './exit.js';
import { reasonOf } from './files.js';
import { Interruption } from './interruption.js';
import { invalid } from './invalid.js';
import { hasGroups, load, scenariosOrExit, withOrphans } from './load.js';
import {
  type FileArguments,
  fidelityOption,
  loadOptions,
  namedFiles,
  outputOption,
  withFiles,
  withNode,
} from './options.js';
import { Progress } from './progress.js';

interface Arguments extends FileArguments {
  output: OutputFormat;
  dir?: string;
  writeFiles: boolean;
  charts: ChartChoice;
  html?: string;
  sort: TableSort;
  start?: string;
  until: RunEnd;
  seed?: number;
  fidelity: Fidelity;
  bracket: boolean;
  export?: 'openmetrics';
  replications?: string;
  threads?: number;
}

/** A larger page is slow to open and too long to read. */
const PAGE_SCENARIOS_MAX = 20;
/** Of each run of an assumed command, in the other half of the bracket. */
const ORPHANS = 1;
/** So many runs with one assumed command alone: a fleet has many nodes, and a person waits. */
const ALONE_ALL_MAX = 40;
const DEFAULT_DIR = 'output';
/** Forms for a person; with the others, files are written only where `--dir` says. */
const FOR_PEOPLE: readonly OutputFormat[] = ['table', 'wide'];

export const runCommand: CommandModule<object, Arguments> = {
  command: 'run [files..]',
  describe: 'Simulate scenarios and manifests: a table on the terminal, data and charts in a folder',
  builder: (yargs) =>
    withNode(withFiles<Arguments>(yargs))
      .option('output', outputOption(OUTPUT_FORMATS))
      .option('dir', {
        type: 'string',
        describe: `Folder for data and charts; default: ${DEFAULT_DIR}/, or none with -o json, yaml or csv`,
      })
      .option('write-files', {
        type: 'boolean',
        default: true,
        describe: 'Write data and charts; --no-write-files: only the table',
      })
      .option('charts', {
        choices: CHART_CHOICES,
        default: 'all' as const,
        describe: 'Of each scenario: every chart, or the main one alone',
      })
      .option('html', {
        type: 'string',
        nargs: 1,
        describe: `One page with everything, charts too, of up to ${PAGE_SCENARIOS_MAX} scenarios`,
      })
      .option('sort', {
        choices: TABLE_SORTS,
        default: 'harm' as const,
        describe: 'Rows of the table: the first harm first, or in the order of the files',
      })
      .option('start', {
        type: 'string',
        nargs: 1,
        describe: 'When the simulation begins: axes, rows and events have times of day. 2026-03-01T10:00Z',
      })
      .option('until', {
        choices: RUN_ENDS,
        default: 'horizon' as const,
        describe:
          'Simulate to the horizon, with all symptoms, or stop when the node is full, or at the first harm',
      })
      .option('bracket', {
        type: 'boolean',
        default: true,
        describe: 'Run again as if assumed commands left an orphan a run; --no-bracket: do not',
      })
      .option('export', {
        choices: ['openmetrics'] as const,
        describe: `What exporters would have shown, instead of the table; with --dir: as ${METRICS_FILE} there`,
      })
      .option('fidelity', fidelityOption)
      .option('seed', { type: 'number', describe: "Seed to use instead of the scenario's own" })
      .option('replications', {
        type: 'string',
        nargs: 1,
        describe:
          'How sure? So many runs of each, with other luck and draws; auto: until the median is known to 5 %',
      })
      .option('threads', {
        type: 'number',
        nargs: 1,
        describe: 'For --replications. Default: one for each CPU',
      })
      .example('$0 run scenarios', 'every scenario of a folder, charts in output/')
      .example('$0 run chart.yaml --node eks-al2023', 'a manifest, as helm template or kubectl get print it')
      .example('$0 run node.yaml -o json', 'the result as data, no files')
      .example('$0 run node.yaml --export openmetrics >node.txt', 'for a Prometheus, or promtool')
      .example('$0 run node.yaml --until exhaustion --seed 7', 'another random draw, up to exhaustion'),
  async handler(args) {
    checkDir(args);
    const start = startOf(args);
    const loaded = load(namedFiles(args, 'pidsim run scenarios'), loadOptions(args));
    if (args.replications !== undefined || hasGroups(loaded)) {
      const single = (['html', 'export', 'start'] as const).find((option) => args[option] !== undefined);
      if (single !== undefined)
        throw usageError(`--${single} is for single runs`, 'leave out --replications');
      const { replications = '1' } = args;
      return (await import('./run-many.js')).runMany(loaded, { ...args, replications });
    }
    const interruption = new Interruption();
    try {
      const seeded = (scenario: Scenario): Scenario => withSeed(scenario, args.seed);
      const scenarios = scenariosOrExit(loaded).map(seeded);
      checkPage(scenarios.length, args);
      const reread = withOrphans(loaded, ORPHANS);
      const others = (index: number, command: string | null) => seeded(reread(index, command));
      const metered: Metered[] = [];
      const options = { until: args.until, fidelity: args.fidelity };
      const exported = args.export === undefined ? null : metered;
      const results = await runAll(scenarios, args.bracket ? others : null, options, interruption, exported);
      if (start !== undefined) for (const result of results) result.start = start;
      await writeFiles(results, args, interruption, metered);
      await writePage(results, args, interruption);
      if (args.export !== undefined && args.dir === undefined)
        process.stdout.write(
          (await import('../report/openmetrics.js')).openMetrics(metered, epochSeconds(results[0]?.start)),
        );
      else process.stdout.write(renderResults(results, args.output, { ...terminal(), sort: args.sort }));
      interruption.throwIfAborted();
      failOnExpectations(results);
    } finally {
      interruption.forget();
    }
  },
};

/** yargs takes an option that is given twice for a list. */
function checkDir({ dir, writeFiles }: Arguments): void {
  if (dir === undefined) return;
  if (typeof dir !== 'string') throw usageError('--dir is given twice', 'name one folder');
  if (dir === '') throw usageError('--dir names no folder', 'the folder you are in is --dir .');
  if (!writeFiles)
    throw usageError('--dir and --no-write-files contradict each other', 'leave one of them out');
}

/** In the form in which moments are written. */
function startOf({ start }: Arguments): string | undefined {
  if (start === undefined) return undefined;
  const read = readStart(start);
  if (read === null)
    throw usageError(`--start ${start}: not a date and a time with its zone`, '--start 2026-03-01T10:00Z');
  return read;
}

function withSeed(scenario: Scenario, seed: number | undefined): Scenario {
  if (seed === undefined) return scenario;
  if (!Number.isSafeInteger(seed) || seed < 0) throw usageError(`--seed ${seed}: not a whole number from 0`);
  return { ...scenario, seed };
}

/** One after another; an interruption ends it, and what is finished by then is kept. */
async function runAll(
  scenarios: readonly Scenario[],
  others: ((index: number, command: string | null) => Scenario) | null,
  options: Pick<RunOptions, 'until' | 'fidelity'>,
  interruption: Interruption,
  metered: Metered[] | null,
): Promise<RunResult[]> {
  const progress = new Progress(scenarios.length);
  const results: RunResult[] = [];
  try {
    const advance = async (run: Run): Promise<boolean> => {
      while (!run.isOver && !interruption.aborted) {
        run.advance();
        progress.update(results.length + run.progress, run.scenario.name);
        await interruption.breathe();
      }
      return !interruption.aborted;
    };
    let aloneLeft = ALONE_ALL_MAX;
    for (const [index, scenario] of scenarios.entries()) {
      compileFor(scenario, options);
      let meter: Meter | null = null;
      const observe = (node: Node): Meter => (meter = new Meter(node, scenario.name));
      const clock = (): number => performance.now() / 1000;
      const run = new Run(scenario, { ...options, clock, ...(metered !== null && { observe }) });
      if (!(await advance(run))) break;
      const result = run.result();
      if (others !== null && assumedCommands(scenario).length > 0) {
        const rerun = async (command: string | null) => {
          const other = new Run(others(index, command), { until: 'harm', record: false });
          return (await advance(other)) ? other.summary() : null;
        };
        const bracket = await bracketOf(result, ORPHANS, rerun, Math.min(ALONE_MAX, aloneLeft));
        if (bracket === null) break;
        aloneLeft -= bracket.ofEach.length;
        result.bracket = bracket;
      }
      results.push(result);
      if (meter !== null) metered?.push((meter as Meter).metered);
    }
  } catch (error) {
    if (error instanceof ScenarioRunError) throw invalid(error.diagnostics);
    throw error;
  } finally {
    progress.clear();
  }
  return results;
}

function writesFiles({ dir, writeFiles, output, export: exported }: Arguments): boolean {
  return dir !== undefined || (writeFiles && exported === undefined && FOR_PEOPLE.includes(output));
}

async function writeFiles(
  results: RunResult[],
  args: Arguments,
  interruption: Interruption,
  metered: readonly Metered[],
): Promise<void> {
  if (!writesFiles(args) || interruption.aborted) return;
  const dir = args.dir ?? DEFAULT_DIR;
  // Charting is a large part of the program, and not everybody wants a chart.
  const [{ outputFiles }, { writeOutput, ForeignOutputError }] = await Promise.all([
    import('../report/files.js'),
    import('../host/write-files.js'),
  ]);
  const progress = new Progress(1);
  try {
    const files = outputFiles(results, args.charts);
    if (args.export !== undefined) {
      const { openMetrics } = await import('../report/openmetrics.js');
      files.push({ path: METRICS_FILE, text: () => openMetrics(metered, epochSeconds(results[0]?.start)) });
    }
    await writeOutput(dir, files, {
      signal: interruption.signal,
      onProgress: (done: number, total: number) => progress.update(done / total, `charts in ${dir}/`),
    });
  } catch (error) {
    if (interruption.aborted) return;
    if (error instanceof ForeignOutputError)
      throw usageError(error.message, 'move it away, or choose another folder with --dir');
    throw new CommandError(EXIT.failure, `error: ${dir}: ${reasonOf(error)}`);
  } finally {
    progress.clear();
  }
  process.stderr.write(`data and charts are in ${dir}/, see ${dir}/index.html\n`);
}

function checkPage(count: number, { html }: Arguments): void {
  if (html === undefined) return;
  if (typeof html !== 'string' || html === '')
    throw usageError('--html names no file', 'name one: --html page.html');
  if (count > PAGE_SCENARIOS_MAX)
    throw usageError(
      `--html is for up to ${PAGE_SCENARIOS_MAX} scenarios, and these are ${count}`,
      'with --dir each has a page of its own',
    );
}

async function writePage(
  results: RunResult[],
  { html }: Arguments,
  { aborted }: Interruption,
): Promise<void> {
  if (html === undefined || aborted || results.length === 0) return;
  const [{ onePage }, { renderSvg }, { writeFile }] = await Promise.all([
    import('../report/files.js'),
    import('../host/render.js'),
    import('node:fs/promises'),
  ]);
  const text = await onePage(results, renderSvg);
  try {
    await writeFile(html, text);
  } catch (error) {
    throw new CommandError(EXIT.failure, `error: ${html}: ${reasonOf(error)}`);
  }
  process.stderr.write(`the page is ${html}\n`);
}

function terminal(): { width: number | null; color: boolean } {
  const { isTTY, columns } = process.stdout;
  const color = isTTY && process.env.NO_COLOR === undefined && process.env.TERM !== 'dumb';
  return { width: isTTY ? columns : null, color };
}

function failOnExpectations(results: readonly RunResult[]): void {
  const failures = results.flatMap((result) => expectationFailures(result));
  if (failures.length > 0) throw new CommandError(EXIT.expectationFailed, failures.join('\n'));
}
