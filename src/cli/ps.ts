/** `pidsim ps`: a simulated `ps -ef`. */
import type { CommandModule } from 'yargs';
import { toJson } from '../report/document.js';
import {
  PS_FORMATS,
  partOf,
  psDocument,
  psFooter,
  renderColumns,
  renderPs,
  unknownColumns,
} from '../report/ps.js';
import type { Fidelity, NamespaceProcesses, NodeProcess } from '../run/result.js';
import { Run, ScenarioRunError } from '../run/run.js';
import { US_PER_SECOND } from '../sim/time.js';
import { formatDuration, parseDurationUs } from '../text/duration.js';
import { didYouMean } from '../text/suggest.js';
import { invalid, usageError } from './exit.js';
import { loadOrExit } from './load.js';
import {
  type FileArguments,
  fidelityOption,
  loadOptions,
  namedFiles,
  off,
  on,
  text,
  withFiles,
} from './options.js';

interface Arguments extends FileArguments {
  at?: string;
  pod?: string;
  container?: string;
  tree: boolean;
  under?: string;
  kernelThreads: boolean;
  fidelity: Fidelity;
  output: string;
  scenario?: string;
}

export const psCommand: CommandModule<object, Arguments> = {
  command: 'ps [files..]',
  describe: 'The simulated process table at a moment, as `ps -ef` shows it',
  builder: (yargs) =>
    withFiles<Arguments>(yargs)
      .options({
        at: text('Simulated time, such as 2h or 1h30m; default: the end of the run'),
        pod: text('Look from inside this pod: one listing for each PID namespace that it has'),
        container: { alias: 'c', ...text('Only the PID namespace of this container') },
        scenario: text('Name of the scenario, or of the node of a fleet, if the file has several'),
        tree: off('Show a tree; zombies of one kind share a line'),
        under: text(
          'Only what is below processes of this name, or below this PID; with --tree also what is above',
        ),
        'kernel-threads': on('Also the threads of the kernel itself; --no-kernel-threads: without them'),
        output: {
          alias: 'o',
          ...text('table, wide, json, ef, aux, or columns as of ps -o: pid,ppid,stat,lstart,comm'),
          default: 'table',
        },
        fidelity: fidelityOption,
      })
      .example('$0 ps incident.yaml --at 2h', 'what ps -ef on the node shows after two hours')
      .example('$0 ps incident.yaml --at 2h --pod rabbitmq', 'the same from inside the pod')
      .example('$0 ps incident.yaml --at 2h --tree --under pause', 'for a projector: what hangs below pause')
      .example('$0 ps incident.yaml --at 2h -o ef', 'the columns of ps -ef; also -o pid,ppid,lstart,comm')
      .example('$0 ps incident.yaml --at 2h -o json', 'as data: the processes, and the pinned PIDs'),
  handler(args) {
    refuseColumns(args);
    const scenario = chosenScenario(args);
    const atUs = momentUs(args.at, scenario.horizonUs);
    try {
      // A listing needs no rows of a timeline.
      const horizonUs = Math.max(atUs, 1);
      const run = new Run(
        { ...scenario, horizonUs, sampleEveryUs: horizonUs },
        { starts: true, fidelity: args.fidelity },
      );
      while (!run.advance(atUs));
      const listings = listingsOf(args, run, atUs).map((listing) => part(listing, args));
      if (args.output === 'json') process.stdout.write(toJson(psDocument(listings)));
      else
        process.stdout.write(
          listings.map((listing) => rendered(listing, listings.length, args, atUs)).join('\n'),
        );
    } catch (error) {
      if (error instanceof ScenarioRunError) throw invalid(error.diagnostics);
      throw error;
    }
  },
};

/** The node's, or the pod's: one for each of its PID namespaces. */
function listingsOf({ pod, container }: Arguments, run: Run, atUs: number): NamespaceProcesses[] {
  if (pod === undefined) {
    if (container !== undefined) throw usageError('--container without --pod', 'name its pod too: --pod POD');
    return [{ containers: [], processes: run.processes()! }];
  }
  const name = podNamed(pod, run);
  const found = run.podProcesses(name);
  if (found === null) {
    if (!run.podNames.includes(name)) throw noSuchPod(pod, run, atUs);
    return [{ containers: [], processes: [] }];
  }
  if (container === undefined) return found;
  const chosen = found.filter(({ containers }) => containers.includes(container));
  if (chosen.length > 0) return chosen;
  const names = found.flatMap(({ containers }) => containers).join(', ');
  throw usageError(
    `no container "${container}" runs in pod "${pod}" at ${formatDuration(atUs)}`,
    names === '' ? 'none runs at that moment' : `there are: ${names}`,
  );
}

interface Listing extends NamespaceProcesses {
  /** The whole of which it is a part. */
  among: NodeProcess[];
}

function part(listing: NamespaceProcesses, { under, kernelThreads, tree }: Arguments): Listing {
  const { processes: among } = listing;
  const processes = partOf(among, { under, kernelThreads, withAncestors: tree });
  if (processes !== null) return { ...listing, processes, among };
  const hint = didYouMean(
    under!,
    among.map(({ comm }) => comm),
  );
  throw usageError(`--under ${under}: no process has that name or PID at that moment`, hint);
}

/** Without its namespace a pod is meant too, if no other is called the same. */
function podNamed(pod: string, { podNames }: Run): string {
  const alike = podNames.filter((name) => name.endsWith(`/${pod}`));
  return !podNames.includes(pod) && alike.length === 1 ? alike[0] : pod;
}

function rendered(listing: Listing, count: number, args: Arguments, atUs: number): string {
  const { containers, processes, among } = listing;
  const head = count > 1 ? `PID namespace of ${containers.join(', ')}\n` : '';
  // What another program may read has no footer.
  if (!isTable(args.output)) return head + renderColumns(processes, args.output, atUs / US_PER_SECOND);
  if (args.under !== undefined && processes.length === 0) return `${head}Nothing is below ${args.under}.\n`;
  const table = renderPs(processes, { tree: args.tree, wide: args.output === 'wide' });
  return `${head}${table}${psFooter(processes, among)}\n`;
}

function isTable(output: string): boolean {
  return output === 'table' || output === 'wide' || output === 'json';
}

function refuseColumns({ output, tree }: Arguments): void {
  if (isTable(output)) return;
  const [hint] = unknownColumns(output);
  if (hint !== undefined)
    throw usageError(`-o ${output}: no such format or column`, `${hint}; formats: ${PS_FORMATS.join(', ')}`);
  if (tree) throw usageError('--tree draws a table of its own', 'leave out -o, or --tree');
}

function chosenScenario(args: Arguments) {
  const files = namedFiles(args, 'pidsim ps scenarios/healthy-node.yaml --at 2h');
  const scenarios = loadOrExit(files, loadOptions(args));
  const { scenario: wanted } = args;
  const named =
    wanted === undefined
      ? scenarios
      : scenarios.filter(({ name, nodeName }) => name === wanted || nodeName === wanted);
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

function noSuchPod(pod: string, run: Run, atUs: number) {
  const names = run.podNames;
  const hint = names.length === 0 ? 'no pod runs at that moment' : `there are: ${names.join(', ')}`;
  return usageError(`no pod "${pod}" at ${formatDuration(atUs)}`, hint);
}
