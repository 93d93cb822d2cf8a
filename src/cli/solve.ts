/** `pidsim solve`: which value is safe? */
import type { CommandModule } from 'yargs';
import { toJson } from '../report/document.js';
import { solvedDocument, solvedText } from '../report/study/sweep.js';
import { type Expectation, parseExpectation } from '../scenario/expect.js';
import { parseSetting, valueAt } from '../scenario/settings.js';
import { type Scalar, scalarOf } from '../scenario/uncertain.js';
import { US_PER_SECOND } from '../sim/time.js';
import { replicate } from '../study/replicate.js';
import { type Search, solve } from '../study/solve.js';
import { parseDurationUs } from '../text/duration.js';
import { CommandError, EXIT, usageError } from './exit.js';
import { type LoadedTemplate, load, templatesOrExit } from './load.js';
import { type FileArguments, loadOptions, namedFiles, outputOption, text, withFiles } from './options.js';
import { changeOf, inStudy, replicationsOf, type StudyArguments, terminalWidth, withStudy } from './study.js';

interface Arguments extends FileArguments, StudyArguments {
  output: (typeof FORMATS)[number];
  for: string;
  until: string;
  between?: string;
}

const FORMATS = ['table', 'json'] as const;
/** Of the time in the condition: to see by how much it is missed. */
const HORIZON_FACTOR = 2;

export const solveCommand: CommandModule<object, Arguments> = {
  command: 'solve [files..]',
  describe: 'Which value is safe: the smallest or largest with which a condition holds',
  builder: (yargs) =>
    withStudy(withFiles<Arguments>(yargs), "the scenario's own, or twice the time in --until")
      .options({
        for: { ...text('PATH of a number or a duration'), demandOption: 'name a PATH, as for --set' },
        until: {
          ...text("What is to hold over all runs: 'p5(firstHarm) >= 7d', 'P(harm by 30d) < 0.01'"),
          demandOption: "name a condition: 'p5(firstHarm) >= 7d'",
        },
        between: text('Values to look between: 1..600'),
        output: outputOption(FORMATS),
      })
      .example(
        "$0 solve a.yaml --for 'pods.*.containers.*.livenessProbe.periodSeconds' --until 'p5(firstHarm) " +
          ">= 7d'",
        'the shortest period that lasts a week',
      ),
  async handler(args) {
    const condition = conditionOrExit(args.until);
    const loaded = load(
      namedFiles(args, 'pidsim solve my.yaml --for PATH --until CONDITION'),
      loadOptions(args),
    );
    const [template, ...others] = templatesOrExit(loaded, changeOf(args, horizonFor(condition)));
    if (others.length > 0)
      throw usageError(`--for is about one scenario, and these are ${others.length + 1}`);
    const range = rangeOrExit(template, args);
    await inStudy(args, 'runs of this value', async ({ run, onProgress, interruption }) => {
      const until = condition.subject === 'firstHarm' ? 'harm' : 'horizon';
      const options = {
        replications: replicationsOf(args),
        until,
        fidelity: args.fidelity,
        onProgress,
      } as const;
      const tryOut: Search['tryOut'] = async (written) => {
        const changed = template.with([parseSetting(`${args.for}=${written}`)!]);
        if (!changed.ok) return null;
        const [replicated] = await replicate([changed.value], options, run);
        interruption.throwIfAborted('there is no answer yet');
        return replicated;
      };
      const solved = await solve({ ...range, condition, tryOut });
      const text =
        args.output === 'json'
          ? toJson(solvedDocument(args.for, condition, solved))
          : solvedText(args.for, condition, solved, terminalWidth());
      process.stdout.write(text);
      if (solved.kind === 'never') throw new CommandError(EXIT.expectationFailed);
    });
  },
};

function conditionOrExit(text: string): Expectation {
  const parsed = parseExpectation(text);
  if (!parsed.ok) throw usageError(`--until: ${parsed.message}`, parsed.hint);
  if (parsed.value.over === undefined)
    throw usageError(`--until ${text}: of one run`, "of many runs: 'p5(firstHarm) >= 7d', 'P(harm) < 0.01'");
  return parsed.value;
}

/** Beyond the moment that the condition is about. */
function horizonFor({ over, kind, value }: Expectation): string | undefined {
  const us = over?.kind === 'share' ? over.byUs : kind === 'duration' ? (value as number) : null;
  return us === null ? undefined : `${Math.ceil((HORIZON_FACTOR * us) / US_PER_SECOND)}s`;
}

function rangeOrExit(
  template: LoadedTemplate,
  { for: path, between }: Arguments,
): Pick<Search, 'start' | 'least' | 'most' | 'isWhole' | 'write'> {
  if (parseSetting(`${path}=1`) === null)
    throw usageError(`--for ${path}: no PATH`, '--for node.kernel.pidMax');
  if (between !== undefined) {
    const ends = /^(\S+?)\.\.(\S+)$/.exec(between);
    const [low, high] = ends === null ? [null, null] : [scalarOf(ends[1]), scalarOf(ends[2])];
    if (low === null || high === null || low.number >= high.number)
      throw usageError(`--between ${between}: not FROM..TO`, '--between 1..600');
    return { start: low.number, least: low.number, most: high.number, ...kindOf(high) };
  }
  const written = valueAt(template.source?.value, path);
  const start = scalarOf(written);
  if (start === null)
    throw usageError(
      `--for ${path}: the scenario says no number there to begin with`,
      'say where to look: --between 1..600',
    );
  return { start: start.number, least: 0, most: Number.MAX_SAFE_INTEGER, ...kindOf(start) };
}

/** Durations are searched in whole seconds. */
function kindOf({ isWhole, write }: Scalar): Pick<Search, 'isWhole' | 'write'> {
  const isDuration = parseDurationUs(String(write(US_PER_SECOND))) === US_PER_SECOND;
  return {
    isWhole,
    write: isDuration ? (us) => write(Math.max(1, Math.round(us / US_PER_SECOND)) * US_PER_SECOND) : write,
  };
}
