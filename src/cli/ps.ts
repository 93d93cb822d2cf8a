/** `pidsim ps`: a simulated `ps -ef`. */
import type { Argv, CommandModule } from 'yargs';
import { toJson } from '../report/document.js';
import { PS_FORMATS, psDocument, psFooter, renderPs } from '../report/ps.js';
import { Run, ScenarioRunError } from '../run/run.js';
import { formatDuration, parseDurationUs } from '../text/duration.js';
import { usageError } from './exit.js';
import { loadOrExit } from './load.js';
import { assumeOf, namedFiles, withFiles } from './options.js';
import { runError } from './run-error.js';

interface Arguments {
  files?: string[];
  filename?: string[];
  at?: string;
  pod?: string;
  tree: boolean;
  output: string;
  scenario?: string;
}

export const psCommand: CommandModule<object, Arguments> = {
  command: 'ps [files..]',
  describe: 'The simulated process table at a moment, as `ps -ef` shows it',
  builder: (yargs) =>
    withFiles(yargs as Argv<Arguments>)
      .option('at', {
        type: 'string',
        nargs: 1,
        describe: 'Simulated time, such as 2h or 1h30m; default: the end of the run',
      })
      .option('pod', { type: 'string', describe: "Look from inside this pod's PID namespace" })
      .option('scenario', { type: 'string', describe: 'Name of the scenario, if the file has several' })
      .option('tree', {
        type: 'boolean',
        default: false,
        describe: 'Show a tree; zombies of one kind share a line',
      })
      .option('output', { alias: 'o', choices: PS_FORMATS, default: 'table', describe: 'Output format' })
      .example('$0 ps incident.yaml --at 2h', 'what ps -ef on the node shows after two hours')
      .example('$0 ps incident.yaml --at 2h --pod rabbitmq', 'the same from inside the pod')
      .example('$0 ps incident.yaml --at 2h -o json', 'as data: pid, ppid, pgid, sid, stat, comm, nspid, …'),
  handler(args) {
    const scenario = chosenScenario(args);
    const atUs = momentUs(args.at, scenario.horizonUs);
    try {
      const run = new Run({ ...scenario, horizonUs: Math.max(atUs, 1) });
      while (!run.advance(atUs));
      const rows = run.processes(args.pod) ?? restingBetweenRestarts(args.pod ?? '', run);
      if (rows === null) throw noSuchPod(args.pod ?? '', run, atUs);
      if (args.output === 'json') process.stdout.write(toJson(psDocument(rows)));
      else
        process.stdout.write(
          `${renderPs(rows, { tree: args.tree, wide: args.output === 'wide' })}${psFooter(rows)}\n`,
        );
    } catch (error) {
      if (error instanceof ScenarioRunError) throw runError(error);
      throw error;
    }
  },
};

function chosenScenario(args: Arguments) {
  const scenarios = loadOrExit(
    namedFiles(args, 'pidsim ps scenarios/healthy-node.yaml --at 2h'),
    assumeOf(args),
  );
  const named =
    args.scenario === undefined ? scenarios : scenarios.filter(({ name }) => name === args.scenario);
  const names = scenarios.map(({ name }) => name).join(', ');
  if (named.length === 0) throw usageError(`there is no scenario "${args.scenario}"`, `there are: ${names}`);
  if (named.length > 1)
    throw usageError('ps shows one scenario at a time', `add --scenario with one of: ${names}`);
  return named[0];
}

function momentUs(at: string | undefined, horizonUs: number): number {
  if (at === undefined) return horizonUs;
  const atUs = parseDurationUs(at);
  if (atUs === null)
    throw usageError(
      `--at ${at}: not a duration from the start of the run on`,
      'such as 2h, 1h30m, 90s, 250ms',
    );
  if (atUs > horizonUs) {
    throw usageError(
      `--at ${at} is after the end of the run (${formatDuration(horizonUs)})`,
      'lengthen `spec.horizon`',
    );
  }
  return atUs;
}

/** A pod whose only container waits to be restarted has no namespace at that moment, and so no process. */
function restingBetweenRestarts(pod: string, run: Run): [] | null {
  return run.podNames.includes(pod) ? [] : null;
}

function noSuchPod(pod: string, run: Run, atUs: number) {
  const names = run.podNames;
  const hint = names.length === 0 ? 'no pod runs at that moment' : `there are: ${names.join(', ')}`;
  return usageError(`no pod "${pod}" at ${formatDuration(atUs)}`, hint);
}
