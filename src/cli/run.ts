/** `pidsim run`: the main job. Scenarios in; a table on stdout, files and charts in a folder. */
import type { CommandModule } from 'yargs';
import { type Finished, ORPHANS, type RunOrder, runScenario } from '../host/run-scenario.js';
import type { Staged } from '../host/write-files.js';
import { expectationFailures } from '../report/message.js';
import { CHART_CHOICES, type ChartChoice, METRICS_FILE, OVERVIEW_FILES } from '../report/overview-files.js';
import {
  OUTPUT_FORMATS,
  type OutputFormat,
  renderResults,
  TABLE_SORTS,
  type TableSort,
} from '../report/table.js';
import { ALONE_MAX, assumedCommands } from '../run/bracket.js';
import { type Fidelity, RUN_ENDS, type RunEnd, type RunResult } from '../run/result.js';
import { type Run, ScenarioRunError } from '../run/run.js';
import type { Scenario } from '../scenario/scenario.js';
import { epochSeconds, readStart } from '../text/wall-clock.js';
import { compileFor } from './compiler.js';
import { invalid, usageError } from './exit.js';
import { notWritten, writeNamed } from './files.js';
import { Interruption } from './interruption.js';
import { hasGroups, type Loaded, load, scenariosOrExit, withOrphans } from './load.js';
import {
  choice,
  type FileArguments,
  fidelityOption,
  loadOptions,
  namedFiles,
  number,
  on,
  outputOption,
  text,
  withFiles,
} from './options.js';
import { Progress } from './progress.js';
import { failOnExpectations, foreign, seededBy, threadsOf } from './study.js';

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
/** At most so many runs with one assumed command alone: a fleet has many nodes, and a person waits. */
const ALONE_ALL_MAX = 40;
const DEFAULT_DIR = 'output';
/** Forms for a person; with the others, files are written only where `--dir` says. */
const FOR_PEOPLE: readonly OutputFormat[] = ['table', 'wide'];

export const runCommand: CommandModule<object, Arguments> = {
  command: 'run [files..]',
  describe: 'Simulate scenarios and manifests: a table on the terminal, data and charts in a folder',
  builder: (yargs) =>
    withFiles<Arguments>(yargs)
      .options({
        output: outputOption(OUTPUT_FORMATS),
        dir: text(`Folder for data and charts; default: ${DEFAULT_DIR}/, or none with -o json, yaml or csv`),
        'write-files': on('Write data and charts; --no-write-files: only the table'),
        charts: choice(CHART_CHOICES, 'Of each scenario: every chart, or the main one alone'),
        html: text(`One page with everything, charts too, of up to ${PAGE_SCENARIOS_MAX} scenarios`),
        sort: choice(TABLE_SORTS, 'Rows of the table: the first harm first, or in the order of the files'),
        start: text('When the simulation begins: axes, rows and events have times of day. 2026-03-01T10:00Z'),
        until: choice(
          RUN_ENDS,
          'Simulate to the horizon, with all symptoms, or stop when the node is full, or at the first harm',
        ),
        bracket: on('Run again as if assumed commands left an orphan a run; --no-bracket: do not'),
        export: {
          choices: ['openmetrics'] as const,
          describe:
            'What exporters would have shown, instead of the table; ' +
            `with --dir: as ${METRICS_FILE} there`,
        },
        fidelity: fidelityOption,
        seed: number("Seed to use instead of the scenario's own"),
        replications: text(
          'How sure? So many runs of each, with other luck and draws; auto: until the median is known to 5 %',
        ),
        threads: number('How many to use; the answer is the same with any. Default: one for each CPU'),
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
      const { results, metrics } = await simulated(loaded, start, args, interruption);
      if (metrics !== null) process.stdout.write(metrics);
      else process.stdout.write(renderResults(results, args.output, { ...terminal(), sort: args.sort }));
      interruption.throwIfAborted();
      failOnExpectations(
        results.flatMap(({ scenario, expectations }) => expectationFailures(scenario.name, expectations)),
      );
    } finally {
      interruption.forget();
    }
  },
};

/** Runs all of them and writes their files. @returns also the metrics, if these are to be printed. */
async function simulated(
  loaded: readonly Loaded[],
  start: string | undefined,
  args: Arguments,
  interruption: Interruption,
): Promise<{ results: RunResult[]; metrics: string | null }> {
  const seeded = seededBy(args.seed);
  const scenarios = scenariosOrExit(loaded).map(seeded);
  const { length: count } = scenarios;
  checkPage(count, args);
  const othersOf = args.bracket ? otherScenarios(loaded, scenarios, seeded) : () => [];
  const staged = writesFiles(args) ? await stageFiles(scenarios, args, interruption) : null;
  try {
    const options = { until: args.until, fidelity: args.fidelity };
    const page = args.html !== undefined;
    const wants = { metrics: args.export !== undefined, page, allRows: page || count === 1 };
    const { charts } = args;
    const orderOf = (index: number): RunOrder => {
      const scenario = scenarios[index];
      compileFor(scenario, options);
      const folder = staged?.folder ?? null;
      return { scenario, others: othersOf(index), options, start, charts, folder, wants };
    };
    const finished = await runAll(scenarios, orderOf, args, interruption);
    const results = finished.map(({ result }) => result);
    let metrics: string | null = null;
    if (args.export !== undefined) {
      const { openMetrics } = await import('../report/openmetrics.js');
      const metered = finished.flatMap((each) => each.metered ?? []);
      metrics = openMetrics(metered, epochSeconds(start));
    }
    if (staged !== null && (await finishFiles(staged, results, metrics, interruption)))
      process.stderr.write(`data and charts are in ${dirOf(args)}/, see ${dirOf(args)}/index.html\n`);
    await writePage(finished, args, interruption);
    return { results, metrics: args.dir === undefined ? metrics : null };
  } catch (error) {
    const isOfFiles = /^E[A-Z]+$/.test((error as NodeJS.ErrnoException).code ?? '');
    if (staged === null || !isOfFiles) throw error;
    throw notWritten(dirOf(args), error);
  } finally {
    await staged?.discard();
  }
}

/** yargs takes an option that is given twice for a list. */
function checkDir({ dir, writeFiles }: Arguments): void {
  if (dir === undefined) return;
  if (typeof dir !== 'string') throw usageError('--dir is given twice', 'name one folder');
  if (dir === '') throw usageError('--dir names no folder', 'the folder you are in is --dir .');
  if (!writeFiles)
    throw usageError('--dir and --no-write-files contradict each other', 'leave one of them out');
}

/** As moments are written in results. */
function startOf({ start }: Arguments): string | undefined {
  if (start === undefined) return undefined;
  const read = readStart(start);
  if (read === null)
    throw usageError(`--start ${start}: not a date and a time with its zone`, '--start 2026-03-01T10:00Z');
  return read;
}

/**
 * With an orphan a run of all commands that are assumed, and of each alone. Which of them are tried is
 * decided before the first run, so that it does not depend on which run ends first.
 */
function otherScenarios(
  loaded: readonly Loaded[],
  scenarios: readonly Scenario[],
  seeded: (scenario: Scenario) => Scenario,
): (index: number) => RunOrder['others'] {
  const reread = withOrphans(loaded, ORPHANS);
  let aloneLeft = ALONE_ALL_MAX;
  const commands = scenarios.map((scenario): (string | null)[] => {
    const assumed = assumedCommands(scenario);
    const alone = assumed.length < 2 ? [] : assumed.slice(0, Math.min(ALONE_MAX, aloneLeft));
    aloneLeft -= alone.length;
    return assumed.length === 0 ? [] : [null, ...alone];
  });
  return (index) => commands[index].map((command) => ({ command, scenario: seeded(reread(index, command)) }));
}

/** On all cores, or one after another; an interruption ends it, and what is finished by then is kept. */
async function runAll(
  scenarios: readonly Scenario[],
  orderOf: (index: number) => RunOrder,
  { threads }: Arguments,
  interruption: Interruption,
): Promise<Finished[]> {
  const { length: count } = scenarios;
  const { Pool } = await import('../host/pool.js');
  const pool = new Pool({ threads: threadsOf(threads), signal: interruption.signal });
  const progress = new Progress(count);
  const all: Finished[] = [];
  try {
    if (pool.isFor(count)) {
      let done = 0;
      await pool.runScenarios(count, orderOf, (index, finished) => {
        all[index] = finished;
        progress.update(++done, `${done} of ${count} scenarios`);
      });
    } else {
      const drive = async (run: Run): Promise<boolean> => {
        while (!run.isOver && !interruption.aborted) {
          run.advance();
          progress.update(all.length + run.progress, run.scenario.name);
          await interruption.breathe();
        }
        return !interruption.aborted;
      };
      for (let index = 0; index < count; index++) {
        const finished = await runScenario(orderOf(index), drive);
        if (finished === null) break;
        all.push(finished);
      }
    }
  } catch (error) {
    if (error instanceof ScenarioRunError) throw invalid(error.diagnostics);
    throw error;
  } finally {
    progress.clear();
    await pool.close();
  }
  return all.filter((finished) => finished !== undefined);
}

function writesFiles({ dir, writeFiles, output, export: exported }: Arguments): boolean {
  return dir !== undefined || (writeFiles && exported === undefined && FOR_PEOPLE.includes(output));
}

function dirOf({ dir = DEFAULT_DIR }: Arguments): string {
  return dir;
}

async function stageFiles(
  scenarios: readonly Scenario[],
  args: Arguments,
  { signal }: Interruption,
): Promise<Staged> {
  const [{ checkNames }, { stageOutput, ForeignOutputError }] = await Promise.all([
    import('../report/files.js'),
    import('../host/write-files.js'),
  ]);
  const names = scenarios.map(({ name }) => name);
  checkNames(names);
  const paths = [...names.map((name) => `${name}/`), ...OVERVIEW_FILES];
  if (args.export !== undefined) paths.push(METRICS_FILE);
  try {
    return await stageOutput(dirOf(args), paths, { signal });
  } catch (error) {
    throw error instanceof ForeignOutputError ? foreign(error) : notWritten(dirOf(args), error);
  }
}

/** Writes the files about all scenarios, and moves everything to its place. @returns false: interrupted. */
async function finishFiles(
  staged: Staged,
  results: readonly RunResult[],
  metrics: string | null,
  interruption: Interruption,
): Promise<boolean> {
  const { signal } = interruption;
  if (signal.aborted) return false;
  const [{ overviewFiles }, { writeFiles }] = await Promise.all([
    import('../report/files.js'),
    import('../host/write-files.js'),
  ]);
  const files = overviewFiles(results);
  if (metrics !== null) files.push({ path: METRICS_FILE, text: () => metrics });
  try {
    await writeFiles(staged.folder, files, { signal });
    await staged.commit();
    return true;
  } catch (error) {
    if (interruption.aborted) return false;
    throw error;
  }
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
  finished: readonly Finished[],
  { html }: Arguments,
  { aborted }: Interruption,
): Promise<void> {
  if (html === undefined || aborted || finished.length === 0) return;
  const [{ onePage }, { renderSvg }] = await Promise.all([
    import('../report/files.js'),
    import('../host/render.js'),
  ]);
  const results = finished.map(({ result }) => result);
  const charts = finished.map((each) => each.charts);
  const text = await onePage(results, charts, renderSvg);
  writeNamed(html, text);
  process.stderr.write(`the page is ${html}\n`);
}

function terminal(): { width: number | null; color: boolean } {
  const { isTTY, columns } = process.stdout;
  const color = isTTY && process.env.NO_COLOR === undefined && process.env.TERM !== 'dumb';
  return { width: isTTY ? columns : null, color };
}
