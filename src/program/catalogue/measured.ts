/** What was run for real: commands that start no other process, and servers as PID 1 (measured.json). */
import { plural } from '../../text/figures.js';
import { truncateComm } from '../comm.js';
import type { ProgramSource, Step } from '../step.js';
import type { CatalogueEntry } from './entry.js';
import measured from './measured.json' with { type: 'json' };
import { basename } from './words.js';

interface Command {
  of: string;
  /** How long it lives, at least and at most. */
  ms: number[];
  threads?: number;
  /** Other names of it. */
  also?: string[];
  /** It runs what somebody wrote: what that starts is not measured. */
  interprets?: boolean;
  note?: string;
}

interface Server {
  of: string;
  also?: string[];
  /** The interpreters whose server it is. */
  runs?: string[];
  /** How soon it reaps what it did not fork; absent: never. */
  reaps?: string;
  /** … because it ignores SIGCHLD. */
  ignores?: boolean;
  /** It ends on SIGTERM, as PID 1 too. */
  term?: boolean;
  threads?: number;
  workers?: number;
  workerThreads?: number;
  note?: string;
}

const COMMANDS: Readonly<Record<string, Command>> = measured.commands;
const SERVERS: Readonly<Record<string, Server>> = measured.servers;

function withNote(description: string, note?: string): string {
  return note === undefined ? description : `${description} ${note}`;
}

function sourceOf(of: string, how: string): string {
  return `Measured ${measured.date}: ${of} (Debian 12), Linux 6.18, 2 busy CPUs, ${how}`;
}

function threadsOf(count = 0): Step[] {
  return count === 0 ? [] : [{ threads: count, orElse: [{ exit: 1 }] }];
}

function commandOf(name: string, { of, ms: [low, high], threads, note }: Command): ProgramSource {
  const what = threads === undefined ? 'starts no other' : `has ${threads} threads more and starts no other`;
  return {
    comm: truncateComm(name),
    source: sourceOf(of, '10 runs'),
    description: withNote(
      `One process that ${what}; it leaves nothing and lives ${low} to ${high} ms.`,
      note,
    ),
    steps: [...threadsOf(threads), { sleep: { uniform: [`${low}ms`, `${high}ms`] } }],
  };
}

function serverOf(name: string, server: Server): ProgramSource {
  const { of, reaps, ignores, term, threads = 0, workers = 0, workerThreads = 0, note } = server;
  const tasks = plural(1 + threads + workers * (1 + workerThreads), 'task');
  const strangers = reaps === undefined ? 'does not reap strangers' : `reaps strangers ${reaps}`;
  const worker: Step = { fork: { steps: [...threadsOf(workerThreads), 'pause'], orElse: [{ exit: 1 }] } };
  return {
    comm: truncateComm(server.runs?.[0] ?? name),
    source: sourceOf(of, 'as PID 1, 60 orphans of an exec'),
    description: withNote(`A server: ${tasks} at rest; as PID 1 it ${strangers}.`, note),
    steps: [
      ...(reaps === undefined ? [] : [{ sigchld: ignores ? 'ignore' : 'reap-all' } as const]),
      ...(term ? [{ 'on-term': 'exit' } as const] : []),
      ...threadsOf(threads),
      ...Array.from({ length: workers }, () => worker),
      'pause',
    ],
  };
}

/** The catalogue’s entries of both kinds, under all their names. */
export function measuredEntries(): [string, CatalogueEntry][] {
  const servers = Object.entries(SERVERS);
  const commands = Object.entries(COMMANDS).flatMap(([name, command]) =>
    [name, ...(command.also ?? [])].map((each): [string, CatalogueEntry] => {
      const source = commandOf(each, command);
      const server = servers.find(([, { runs }]) => runs?.includes(each))?.[0];
      const { interprets } = command;
      return [each, { build: () => source, anyArguments: true, server, interprets }];
    }),
  );
  const stay = servers.flatMap(([name, server]) =>
    [name, ...(server.also ?? [])].map((each): [string, CatalogueEntry] => {
      const source = serverOf(each, server);
      return [each, { build: () => source, anyArguments: true, stays: true }];
    }),
  );
  return [...commands, ...stay];
}

/** How a command that was measured passes its time, whatever it leaves. */
export function measuredSteps(name: string): Step[] | null {
  const found = Object.entries(COMMANDS).find(
    ([key, { also }]) => key === name || also?.includes(name) === true,
  );
  return found === undefined ? null : commandOf(name, found[1]).steps;
}

/** What starts a process, or may, in the languages that probes are written in. */
const STARTS =
  /child_process|subprocess|pcntl|proc_open|passthru|popen|\b(system|spawn\w*|fork|exec[lv]?p?e?|qx)\b/i;

/** Does an interpreter run what cannot be seen here, a file or a class, and not code in the command line? */
export function runsUnseen([first, ...args]: readonly string[]): boolean {
  if (args.length > 0 && args.every((arg) => /^--?v(ersion)?$/i.test(arg))) return false;
  const at = args.findIndex((arg) => /^(-[cepr]|--eval|--print)$/.test(arg));
  const code = at < 0 ? undefined : args[at + 1];
  if (code === undefined) return true;
  return STARTS.test(code) || (/^(php|perl)/.test(basename(first)) && code.includes('`'));
}
