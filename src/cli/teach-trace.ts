/** `pidsim teach trace`: one line for each transition, as strace would print it. */
import type { CommandModule } from 'yargs';
import { transitionWords } from '../report/transition-words.js';
import { Run, ScenarioRunError } from '../run/run.js';
import type { Transition } from '../run/transitions.js';
import { US_PER_SECOND } from '../sim/time.js';
import { formatDuration, parseDurationUs } from '../text/duration.js';
import { invalid, usageError } from './exit.js';
import { loadOrExit } from './load.js';
import { type FileArguments, loadOptions, namedFiles, text, withFiles } from './options.js';

interface Arguments extends FileArguments {
  from: string;
  to?: string;
}

export const traceCommand: CommandModule<object, Arguments> = {
  command: 'trace [files..]',
  describe: 'What happens to processes and PIDs between two moments, one line a transition',
  builder: (yargs) =>
    withFiles<Arguments>(yargs)
      .options({
        from: { ...text('Simulated time, such as 30s'), default: '0s' },
        to: text('Default: a second later'),
      })
      .example('$0 teach trace incident.yaml --from 30s --to 31s', 'a run of the health check, step by step'),
  handler(args) {
    const files = namedFiles(args, 'pidsim teach trace scenarios/rabbitmq-pause-3.0.yaml --from 30s');
    const [scenario, ...others] = loadOrExit(files, loadOptions(args));
    if (others.length > 0) throw usageError('trace shows one scenario at a time', 'name a file with one');
    const fromUs = momentUs('from', args.from, scenario.horizonUs);
    const toUs =
      args.to === undefined
        ? Math.min(fromUs + US_PER_SECOND, scenario.horizonUs)
        : momentUs('to', args.to, scenario.horizonUs);
    if (toUs < fromUs) throw usageError(`--to ${args.to} is before --from ${args.from}`);
    try {
      const run = new Run(scenario, { strokes: false, transition: print });
      run.isWatched = fromUs === 0;
      // A trace from 0 s has what happens at 0 s too.
      if (fromUs > 0) while (!run.advance(fromUs - 1));
      run.isWatched = true;
      while (!run.advance(toUs));
    } catch (error) {
      if (error instanceof ScenarioRunError) throw invalid(error.diagnostics);
      throw error;
    }
  },
};

function print(told: Transition): void {
  process.stdout.write(`${(told.timeUs / US_PER_SECOND).toFixed(6)}  ${transitionWords(told)}\n`);
}

function momentUs(option: 'from' | 'to', text: string, horizonUs: number): number {
  const us = parseDurationUs(text);
  if (us === null)
    throw usageError(
      `--${option} ${text}: not a duration from the start of the run on`,
      'such as 30s, 1h30m',
    );
  if (us > horizonUs)
    throw usageError(`--${option} ${text} is after the end of the run (${formatDuration(horizonUs)})`);
  return us;
}
