/** `pidsim sweep plan | run | merge | manifest`: a sweep on many machines. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import * as z from 'zod';
import { toJson } from '../report/document.js';
import { jobManifest, slurmScript } from '../report/study/manifest.js';
import { estimateOf } from '../study/estimate.js';
import {
  isTooMuch,
  jobsOf,
  merged,
  type Plan,
  planOf,
  planSchema,
  SHARDS_MAX,
  type Shard,
  shardOf,
  shardSchema,
  unitCount,
  unitsOf,
  type Work,
} from '../study/plan.js';
import { prepare, replicatedOf } from '../study/replicate.js';
import { cellsOf, settingsOfCell } from '../study/sweep.js';
import { usageError } from './exit.js';
import { notWritten, readerBeside, readSources, reasonOf } from './files.js';
import { type LoadedTemplate, loadTexts, orExit, templatesOrExit } from './load.js';
import {
  type FileArguments,
  loadOptions,
  namedFiles,
  number,
  outputOption,
  text,
  texts,
  withFiles,
} from './options.js';
import { changeOf, inStudy, replicationsOf, type StudyArguments, withStudy } from './study.js';
import { axisOrExit, FORMATS, renderSweep, type SweepFormat } from './sweep-output.js';

// ------------------------------------------------------------------------------------------------------ plan

interface PlanArguments extends FileArguments, StudyArguments {
  vary: string[];
  shards: number;
}

export const planCommand: CommandModule<object, PlanArguments> = {
  command: 'plan [files..]',
  describe: 'Write a plan with all that is needed, for as many machines as there are shards',
  builder: (yargs) =>
    withStudy(withFiles<PlanArguments>(yargs), "the scenario's own")
      .options({
        vary: { ...texts('As for a sweep; without: replications of the scenario as it is'), default: [] },
        shards: { ...number('Parts to divide it into'), default: 1 },
      })
      .example('$0 sweep plan a.yaml --replications 1000 --shards 20 > plan.json', '20 parts of 50 runs'),
  handler(args) {
    const { shards, node, horizon, seed, fidelity, set = [], assume = [], strict = false } = args;
    const replications = replicationsOf(args);
    if (replications === 'auto')
      throw usageError('a plan has a fixed number of runs', 'say it: --replications 100');
    if (!Number.isSafeInteger(shards) || shards < 1 || shards > SHARDS_MAX)
      throw usageError(`--shards ${shards}: not a number from 1 to ${SHARDS_MAX}`);
    const sources = readSources(namedFiles(args, 'pidsim sweep plan my.yaml --replications 100 --shards 4'));
    const references = new Map<string, string>();
    const reader = (path: string) => (reference: string) => {
      const text = readerBeside(path)(reference);
      if (text !== null) references.set(reference, text);
      return text;
    };
    const work: Work = {
      version: versionOfPidsim(),
      sources,
      references: [],
      axes: args.vary.map(axisOrExit),
      replications,
      node: node ?? null,
      settings: set,
      assume,
      strict,
      horizon: horizon ?? null,
      seed: seed ?? null,
      fidelity: fidelity ?? null,
    };
    if (isTooMuch(work)) throw usageError(`${unitCount(work)} runs are too many for one plan`);
    const template = templateOf(work, reader);
    for (const cell of cellsOf(work.axes)) templateAt(template, work, cell);
    work.references = [...references].map(([path, text]) => ({ path, text }));
    process.stdout.write(toJson(planOf(work, shards)));
  },
};

/** The one scenario of a plan. */
function templateOf(
  work: Work,
  readerFor?: (path: string) => (reference: string) => string | null,
): LoadedTemplate {
  const { sources, references, node, settings: set, assume, strict, horizon, seed } = work;
  const known = new Map(references.map(({ path, text }) => [path, text]));
  const reader = readerFor ?? (() => (reference: string) => known.get(reference) ?? null);
  const options = loadOptions({ node: node ?? undefined, set, assume, strict });
  const change = changeOf({ horizon: horizon ?? undefined, seed: seed ?? undefined, replications: '' });
  // Warnings are said when the plan is made.
  const templates = templatesOrExit(loadTexts(sources, reader, options), change, readerFor === undefined);
  if (templates.length !== 1)
    throw usageError(`a plan is of one scenario, and these are ${templates.length}`);
  return templates[0];
}

function templateAt(template: LoadedTemplate, { axes }: Work, cell: readonly string[]): LoadedTemplate {
  return cell.length === 0 ? template : orExit(template.with(settingsOfCell(axes, cell)));
}

// ------------------------------------------------------------------------------------------------------- run

interface ShardArguments {
  plan: string;
  shard?: string;
  dir: string;
  threads?: number;
}

export const shardCommand: CommandModule<object, ShardArguments> = {
  command: 'run <plan>',
  describe: 'Do one shard of a plan; which one: --shard, else the array of Kubernetes or Slurm',
  builder: (yargs) =>
    withPlan<ShardArguments>(yargs)
      .options({
        shard: text('i/N from 0, or i. Default: JOB_COMPLETION_INDEX, else SLURM_ARRAY_TASK_ID'),
        dir: { ...text('Folder for shard-I.json'), default: '.' },
        threads: number('Default: one for each CPU'),
      })
      .example('$0 sweep run plan.json --shard 3/20 --dir rows', 'the fourth of twenty'),
  async handler(args) {
    const plan = readPlan(args.plan);
    const shard = shardNumber(args.shard, plan.shards, process.env);
    const digest = digestOf(plan.work);
    const path = join(args.dir, `shard-${shard}.json`);
    const known = readShard(path);
    if (known !== null && known.digest === digest && known.rows.length === unitsOf(plan, shard).length) {
      process.stderr.write(`${path} is there already\n`);
      return;
    }
    checkVersion(plan.work);
    const template = templateOf(plan.work);
    const threads = { replications: '', threads: args.threads };
    await inStudy(threads, 'runs', async ({ run, onProgress, interruption }) => {
      const units = unitsOf(plan, shard);
      const jobs = jobsOf(units, plan.work, (cell) => prepare(templateAt(template, plan.work, cell)));
      const rows = await run(jobs, (done) => onProgress(done, jobs.length));
      interruption.throwIfAborted('nothing of this shard is kept');
      writeWhole(args.dir, path, toJson(shardOf(digest, plan, shard, rows)));
      process.stderr.write(`${rows.length} runs are in ${path}\n`);
    });
  },
};

/** Either not there or complete, whenever the machine stops. */
function writeWhole(dir: string, path: string, text: string): void {
  try {
    mkdirSync(dir, { recursive: true });
    const temporary = `${path}.${process.pid}.part`;
    writeFileSync(temporary, text);
    renameSync(temporary, path);
  } catch (error) {
    throw notWritten(path, error);
  }
}

/** --shard wins over Kubernetes' index, and that over Slurm's. What contradicts the plan is an error. */
export function shardNumber(
  option: string | undefined,
  shards: number,
  environment: Readonly<Record<string, string | undefined>>,
): number {
  const { JOB_COMPLETION_INDEX: index, SLURM_ARRAY_TASK_ID: task } = environment;
  const [name, number] =
    option !== undefined
      ? ['--shard', ofOption(option, shards)]
      : index !== undefined
        ? ['JOB_COMPLETION_INDEX', Number(index)]
        : task !== undefined
          ? ['SLURM_ARRAY_TASK_ID', ofSlurm(environment)]
          : ['', Number.NaN];
  if (name === '' && shards === 1) return 0;
  if (name === '') throw usageError(`which of ${shards} shards?`, '--shard 0/20');
  if (!Number.isSafeInteger(number) || number < 0 || number >= shards)
    throw usageError(`${name}: not a shard from 0 to ${shards - 1}, of which the plan has ${shards}`);
  return number;
}

function ofOption(option: string, shards: number): number {
  const match = /^(\d+)(?:\/(\d+))?$/.exec(option);
  if (match === null) throw usageError(`--shard ${option}: not i/N`, '--shard 0/20');
  if (match[2] !== undefined && Number(match[2]) !== shards)
    throw usageError(`--shard ${option}: the plan has ${shards} shards`, 'N is from the plan');
  return Number(match[1]);
}

/** An array may begin elsewhere than at 0, and count in steps. */
function ofSlurm(environment: Readonly<Record<string, string | undefined>>): number {
  const [id, first, step] = ['ID', 'MIN', 'STEP'].map((name) => environment[`SLURM_ARRAY_TASK_${name}`]);
  return (Number(id) - Number(first ?? 0)) / Number(step ?? 1);
}

// ------------------------------------------------------------------------------------------- merge, manifest

interface MergeArguments {
  plan: string;
  parts: string[];
  output: SweepFormat;
}

export const mergeCommand: CommandModule<object, MergeArguments> = {
  command: 'merge <plan> <parts..>',
  describe: 'Put the shards together: what the sweep would have printed in one piece',
  builder: (yargs) =>
    withPlan<MergeArguments>(yargs)
      .positional('parts', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Files of shards, or folders of them',
      })
      .option('output', outputOption(FORMATS)) as unknown as Argv<MergeArguments>,
  handler({ plan: path, parts, output }) {
    const { work } = readPlan(path);
    const shards = parts.flatMap(filesOf).map((file) => {
      const shard = readShard(file);
      if (shard === null) throw usageError(`${file} is no finished shard`, 'pidsim sweep run PLAN');
      return shard;
    });
    const rows = merged(work, digestOf(work), shards);
    if (typeof rows === 'string') throw usageError(rows);
    checkVersion(work);
    const template = templateOf(work);
    const { axes, replications } = work;
    const cells = cellsOf(axes).map((at, index) => {
      const own = rows.slice(index * replications, (index + 1) * replications);
      const replicated = replicatedOf(templateAt(template, work, at), own);
      return { at, replicated, estimate: estimateOf(own) };
    });
    process.stdout.write(renderSweep(axes, cells, output));
  },
};

const MANIFESTS = { k8s: jobManifest, slurm: slurmScript };

interface ManifestArguments {
  kind: keyof typeof MANIFESTS;
  plan: string;
}

export const manifestCommand: CommandModule<object, ManifestArguments> = {
  command: 'manifest <kind> <plan>',
  describe: 'A Kubernetes Job or a Slurm script that does all shards of a plan',
  builder: (yargs) =>
    withPlan<ManifestArguments>(yargs).positional('kind', {
      choices: Object.keys(MANIFESTS) as (keyof typeof MANIFESTS)[],
      demandOption: true,
      describe: 'k8s or slurm',
    }) as unknown as Argv<ManifestArguments>,
  handler({ kind, plan: path }) {
    process.stdout.write(MANIFESTS[kind](path, readPlan(path).shards));
  },
};

// ----------------------------------------------------------------------------------------------------- files

function withPlan<T extends { plan: string }>(yargs: Argv<object>): Argv<T> {
  return yargs.positional('plan', {
    type: 'string',
    demandOption: true,
    describe: 'What `pidsim sweep plan` has written',
  }) as unknown as Argv<T>;
}

function readPlan(path: string): Plan {
  const [{ text }] = readSources([path]);
  const read = planSchema.safeParse(jsonOf(text));
  if (!read.success)
    throw usageError(
      `${path} is no plan: ${z.prettifyError(read.error).split('\n')[0]}`,
      'pidsim sweep plan',
    );
  return read.data;
}

/** null: none that is complete. */
function readShard(path: string): Shard | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return null;
  }
  const read = shardSchema.safeParse(jsonOf(text));
  return read.success ? read.data : null;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function filesOf(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
  } catch (error) {
    throw usageError(`${path}: ${reasonOf(error)}`);
  }
  return readdirSync(path)
    .filter((name) => /^shard-\d+\.json$/.test(name))
    .map((name) => join(path, name));
}

/** Of the work alone: into how many shards it is divided changes no row. */
function digestOf(work: Work): string {
  return createHash('sha256').update(JSON.stringify(work)).digest('hex');
}

function versionOfPidsim(): string {
  return (
    JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
  ).version;
}

/** Rows of another version would be compared with ours as if they were the same. */
function checkVersion({ version }: Work): void {
  const own = versionOfPidsim();
  if (version !== own)
    throw usageError(`the plan is of pidsim ${version}, and this is ${own}`, 'plan it anew');
}
