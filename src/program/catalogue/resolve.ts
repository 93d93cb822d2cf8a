/**
 * From a command line, as a manifest or a probe has it, to a program:
 *
 *     [/bin/sh, -c, "timeout 5 rabbitmqctl status"]
 *        └─► shell ─► timeout ─► rabbitmqctl status
 *
 * A command is looked for in the library as a whole, then without the path, then without options, then (for
 * programs that are the same whatever their arguments) by its first word alone. Wrappers around a command are
 * made up (wrappers.ts), and scripts are compiled (shell/). What is not known then is assumed, unless that is
 * an error (`strict`).
 */
import { truncateComm } from '../comm.js';
import { usualCourse } from '../shell/course.js';
import {
  type CompiledScript,
  compileScript,
  type Found,
  type Invocation,
  SHELLS,
  type ShellKind,
} from '../shell/index.js';
import { LONG_US, lifeOf } from '../shell/life.js';
import type { ExecBody, ProgramLibrary, ProgramProblem, ProgramSource, Step } from '../step.js';
import { shOf, type Userland } from '../userland.js';
import { type Assumption, assumedProgram, assumedServer, unknownWords } from './assumed.js';
import { CATALOGUE } from './entries.js';
import { invocationOf } from './invocation.js';
import { runsUnseen } from './measured.js';
import { basename, joinWords, splitWords } from './words.js';
import { wrapperOf } from './wrappers.js';

interface ResolvedCommand {
  ok: true;
  /** A name under which a library with these programs over the catalogue (`programLibrary`) knows it. */
  name: string;
  source: ProgramSource;
  /** What was taken for granted, each for a warning. */
  assumed: Assumption[];
}

export type Resolution = ResolvedCommand | { ok: false; problem: ProgramProblem };

export interface ResolveOptions {
  /** What `sh`, `timeout` and `wget` are; null: not known. */
  userland?: Userland | null;
  /** What a container runs: an unknown command stays until it is ended. */
  stays?: boolean;
  /** Scripts in the container, by their paths. */
  files?: Readonly<Record<string, string>>;
  /** An unknown command is a problem, not an assumption. */
  strict?: boolean;
  /** Orphans of each run of an assumed program; by name, and of all others. */
  orphansOf?: ReadonlyMap<string, number>;
  orphans?: number;
}

/** The program that a command line runs, as exec would be given it. */
export function resolveCommand(
  command: readonly string[],
  library: ProgramLibrary,
  options: ResolveOptions = { strict: true },
): Resolution {
  return new Resolver(library, options).resolve(command);
}

/** The same for a name that may be a command line: `tini -- rabbitmq-server`. Never an assumption. */
export function resolveName(name: string, library: ProgramLibrary, options: ResolveOptions = {}): Resolution {
  const source = library.get(name);
  if (source !== undefined && !MADE_UP.has(source)) return { ok: true, name, source, assumed: [] };
  return resolveCommand(splitWords(name) ?? [name], library, { ...options, strict: true });
}

/**
 * Sources of made-up programs. A library answers to their names as well, but a command line is not meant to
 * find them there: joined by spaces it no longer says which words belong together.
 */
const MADE_UP = new WeakSet<ProgramSource>();

/** A made-up program's source, for a library: another object than that of any program with a name. */
export function madeUpSource(source: ProgramSource): ProgramSource {
  const copy = { ...source };
  MADE_UP.add(copy);
  return copy;
}

function madeUp(command: readonly string[], source: ProgramSource, assumed: Assumption[]): ResolvedCommand {
  MADE_UP.add(source);
  return { ok: true, name: joinWords(command), source, assumed };
}

/** How a process becomes it: by name, or by its steps if it is made up and so has no name of its own. */
function bodyOf({ name, source }: ResolvedCommand): ExecBody {
  return MADE_UP.has(source) ? { comm: source.comm, steps: source.steps } : { program: name };
}

const WHICH_SH: Assumption = {
  what: 'which shell `sh` is in the image is not known',
  effect: 'taken for dash (Debian, Ubuntu); `userland:` of the container says it',
  isUsual: true,
};

const SH_IS_BASH: Assumption = {
  what: 'the script is not one for dash',
  effect: 'so `sh` is taken for bash; `userland:` of the container says it',
  isUsual: true,
};

/** What dash would refuse, so that the script would never do anything. */
const NOT_FOR_DASH = [
  /\bpipefail\b|\[\[ |[<>]\(|<<<|\|&|\bfunction [A-Za-z_]|(^|[\s;])\w+(\+=|=\()/,
  /(^|[\n;&|{] *)(\(\(|(source|let|declare|typeset|shopt) )|\$\{\w+(:\d|\^|,|\/)/,
];

function needsBash(script: string): boolean {
  return NOT_FOR_DASH.some((pattern) => pattern.test(script));
}

/** Layers of wrappers around a command that can be meant in earnest. */
const DEPTH_MAX = 8;

/** Courses of its scripts that are tried for one command. */
const TRIALS_MAX = 60;

class Resolver {
  private depth = 0;
  private trialsLeft = TRIALS_MAX;
  private stays: boolean;
  /** Scripts that are being read: one that runs itself is not followed. */
  private readonly reading: string[] = [];

  constructor(
    private readonly library: ProgramLibrary,
    private readonly options: ResolveOptions,
  ) {
    this.stays = options.stays === true;
  }

  resolve(command: readonly string[]): Resolution {
    if (command.length === 0) return unknown(command);
    if (++this.depth > DEPTH_MAX) return unknown(command, 'too many commands inside commands');
    const resolution =
      this.file(command) ?? this.direct(command) ?? this.wrapped(command) ?? this.assumed(command);
    this.depth--;
    return resolution;
  }

  /** The script that a command is, of those in the container. */
  private file(command: readonly string[]): Resolution | null {
    const [first, ...args] = command;
    const [path, text] = this.fileCalled(first);
    if (text === null || [command.join(' '), first, basename(first)].some((name) => this.isOwn(name)))
      return null;
    const [, line = '/bin/sh'] = /^#!\s*([^\n]*)/.exec(text) ?? [];
    const [interpreter, ...options] = line.replace(/^\S*\benv\s+(-S\s+)?/, '').split(/\s+/);
    const shell = this.shellOf([interpreter, text]);
    if (shell === null) return null;
    const kind = { ...shell.kind, comm: truncateComm(basename(path)) };
    return this.script(kind, { script: text, options, args: [path, ...args] }, command, path);
  }

  /** A program that the scenario describes goes before everything. */
  private isOwn(name: string): boolean {
    const source = this.library.get(name);
    return source !== undefined && !MADE_UP.has(source) && CATALOGUE.get(name)?.build() !== source;
  }

  /** A name without a path is looked for where commands are. */
  private fileCalled(name: string): [path: string, text: string | null] {
    const { files = {} } = this.options;
    const isFound = (path: string) =>
      path === name || (!name.includes('/') && /bin\/[^/]*$/.test(path) && basename(path) === name);
    const path = Object.keys(files).find(isFound) ?? name;
    return [path, Object.hasOwn(files, path) && !this.reading.includes(path) ? files[path] : null];
  }

  private direct(command: readonly string[]): Resolution | null {
    const [first, ...rest] = command;
    const file = basename(first);
    const plain = rest.filter((word) => !word.startsWith('-'));
    const lines = [command, [file, ...rest], [file, ...plain]].map((words) => words.join(' '));
    for (const name of [...lines, first, file]) {
      const source = this.library.get(name);
      if (source === undefined || MADE_UP.has(source)) continue;
      const ours = CATALOGUE.get(name);
      if (ours?.build() === source) {
        if (ours.stays && !this.stays && rest.length > 0) return null;
        if (this.stays && ours.server !== undefined) return this.direct([ours.server]);
        if (ours.interprets && !this.stays && runsUnseen(command)) return null;
      }
      const isWhole = name !== first && name !== file;
      if (isWhole || rest.length === 0 || this.takesAnyArguments(name, source)) {
        if (ours?.build() === source && this.isMadeUpHere(command)) return null;
        return { ok: true, name, source, assumed: [] };
      }
    }
    return null;
  }

  /** A program of the catalogue that does something else with these arguments or in this userland. */
  private isMadeUpHere(command: readonly string[]): boolean {
    return wrapperOf(command, this.options.userland ?? null)?.comesFirst === true;
  }

  /** The catalogue says which of its own do; a scenario's program with a name of one word does so. */
  private takesAnyArguments(name: string, source: ProgramSource): boolean {
    const entry = CATALOGUE.get(name);
    return entry === undefined || entry.anyArguments === true || entry.build() !== source;
  }

  private wrapped(command: readonly string[]): Resolution | null {
    const shell = this.shellOf(command);
    if (shell !== null) return this.shell(shell.kind, shell.words, command);
    const wrapper = wrapperOf(command, this.options.userland ?? null);
    if (wrapper === null) return null;
    if (wrapper.inner === null) return madeUp(command, wrapper.build({ program: '' }, null), wrapper.assumed);
    const inner = this.resolve(wrapper.inner);
    if (!inner.ok) return inner;
    if (wrapper.isSame) return inner;
    const body = bodyOf(inner);
    const found = { comm: inner.source.comm, steps: inner.source.steps, body };
    return madeUp(command, wrapper.build(body, { found, library: this.library }), [
      ...inner.assumed,
      ...wrapper.assumed,
    ]);
  }

  /** `sh` is what the userland says; `busybox sh` is ash. */
  private shellOf(command: readonly string[]): { kind: ShellKind; words: readonly string[] } | null {
    const [first, second] = command;
    const file = basename(first);
    if (file === 'busybox' && (second === 'sh' || second === 'ash'))
      return { kind: { ...SHELLS.ash, comm: second }, words: command.slice(1) };
    if (file === 'sh') {
      const { userland = null } = this.options;
      const isBash = userland === null && command.some(needsBash);
      return { kind: isBash ? shOf('rhel') : shOf(userland), words: command };
    }
    return Object.hasOwn(SHELLS, file) ? { kind: SHELLS[file], words: command } : null;
  }

  private shell(kind: ShellKind, words: readonly string[], command: readonly string[]): Resolution | null {
    const invocation = invocationOf(words);
    if (invocation === null) return this.interactive(kind, command);
    if ('file' in invocation) {
      const { file, options } = invocation;
      const [path, text] = this.fileCalled(file[0]);
      const known = text && this.script(kind, { script: text, options, args: file }, command, path);
      return known || (this.direct(file) ?? this.scriptFile(file, command));
    }
    return this.script(kind, invocation, command);
  }

  /** `path`: of the file that it is in; none: it stands in the command. Null: the file is no script. */
  private script(
    kind: ShellKind,
    invocation: Invocation,
    command: readonly string[],
    path: string | null = null,
  ): Resolution | null {
    const isFile = path !== null;
    const whichSh = kind.name === 'bash' ? SH_IS_BASH : WHICH_SH;
    let assumed: Assumption[] = [];
    let problem: ProgramProblem | null = null;
    let isMeant = false;
    const { stays } = this;
    const find = (inner: readonly string[], isLast: boolean): Found => {
      this.stays = stays && isLast;
      const resolved = this.resolve(inner);
      this.stays = stays;
      if (resolved.ok) {
        const { comm, steps } = resolved.source;
        assumed.push(...resolved.assumed);
        const { endUs, status } = lifeOf(steps, this.library);
        isMeant ||= status !== 0 || endUs >= LONG_US;
        return { body: bodyOf(resolved), comm, steps };
      }
      problem ??= resolved.problem;
      return { body: { comm: 'unknown', steps: [{ exit: 127 }] }, comm: 'unknown', steps: [] };
    };
    const host = { find, file: (name: string) => this.fileCalled(name)[1], library: this.library };
    const follow = (turned?: ReadonlySet<string>): CompiledScript => {
      assumed = kind.isSh && !this.options.userland ? [whichSh] : [];
      if (isFile) this.reading.push(path);
      const followed = compileScript(kind, invocation, host, isFile, turned);
      if (isFile) this.reading.pop();
      return followed;
    };
    const courseOf = (turned: ReadonlySet<string>) => {
      const course = --this.trialsLeft < 0 ? null : follow(turned);
      return course?.ok && problem === null ? { ...course, steps: course.source.steps } : null;
    };
    let compiled = follow();
    if (!compiled.ok && isFile) return null;
    if (!compiled.ok)
      return refused(`this is no shell script: ${compiled.message}`, 'Write it as the shell is to read it.');
    // What a container runs goes on for ever, and a command that does so or fails has its reason.
    if (problem === null && !stays && !isMeant) {
      const first = { ...compiled, steps: compiled.source.steps };
      const turned = usualCourse(first, courseOf, this.library);
      problem = null;
      if (turned.size > 0 || this.trialsLeft < TRIALS_MAX) compiled = follow(turned) as typeof compiled;
    }
    if (problem !== null) return { ok: false, problem };
    const effect = 'what follows from it is as in a probe’s usual course';
    const within = path === null ? '' : `${path} `;
    const notes = compiled.assumptions.map((note) => ({ ...note, where: within + note.where, effect }));
    return madeUp(command, compiled.source, [...notes, ...distinct(assumed)]);
  }

  /** A shell without a script reads its stdin: nothing in a probe, a terminal as what a container runs. */
  private interactive(kind: ShellKind, command: readonly string[]): Resolution {
    const steps: Step[] = this.stays
      ? [{ sigchld: 'reap-all' }, { 'on-term': 'ignore' }, 'pause']
      : [{ sleep: '1ms' }];
    const effect = this.stays
      ? 'taken to wait for input for ever'
      : 'taken to find nothing to read, and to end';
    const what = `what \`${joinWords(command)}\` reads is not known`;
    return madeUp(command, { comm: kind.comm, steps }, [{ what, effect }]);
  }

  /** A script that a shell reads from a file of which nothing is known. */
  private scriptFile(file: readonly string[], command: readonly string[]): Resolution {
    if (this.options.strict) return unknown(command);
    if (this.stays) return this.assumed(file);
    const { source, assumption } = assumedProgram(`${basename(file[0])}.sh`, this.orphansOf(file[0]));
    return madeUp(command, { ...source, comm: basename(command[0]) }, [
      { ...assumption, what: assumption.what.replace('.sh`', '`') },
    ]);
  }

  private assumed(command: readonly string[]): Resolution {
    const [file] = command;
    if (isWindows(file))
      return refused(
        `\`${file}\` is a command of Windows, and these nodes are Linux`,
        'A pod with `os: {name: windows}` is left out.',
      );
    if (this.options.strict) return unknown(command);
    const { orphansOf } = this.options;
    if (ERLANG_TOOL.test(basename(file)) && !orphansOf?.has(file) && !orphansOf?.has(basename(file)))
      return this.erlangTool(command);
    const { source, assumption } = this.stays
      ? assumedServer(file)
      : assumedProgram(file, this.orphansOf(file));
    return madeUp(command, source, [assumption]);
  }

  /**
   * A command of RabbitMQ's tools behind options with values; one that has not been measured starts an Erlang
   * VM, as those that have been.
   */
  private erlangTool(command: readonly string[]): Resolution {
    const [file, ...words] = command;
    for (const word of words) {
      const name = `${basename(file)} ${word}`;
      const known = CATALOGUE.has(name) ? this.library.get(name) : undefined;
      if (known !== undefined) return { ok: true, name, source: known, assumed: [] };
    }
    const source = this.library.get(MEASURED_TOOL);
    if (source === undefined) return unknown(command);
    const what = `what \`${quoted(command)}\` does to the process table has not been measured`;
    const effect = `taken as \`${MEASURED_TOOL}\` of RabbitMQ 3.10.8, which starts such a virtual machine`;
    return { ok: true, name: MEASURED_TOOL, source, assumed: [{ what, effect }] };
  }

  private orphansOf(file: string): number {
    const { orphansOf, orphans = 0 } = this.options;
    return orphansOf?.get(file) ?? orphansOf?.get(basename(file)) ?? orphans;
  }
}

const ERLANG_TOOL = /^rabbitmq(ctl|-diagnostics|-plugins|-queues|-streams|-upgrade)$/;
const MEASURED_TOOL = 'rabbitmqctl node_health_check';

function distinct(assumed: readonly Assumption[]): Assumption[] {
  return [...new Map(assumed.map((assumption) => [JSON.stringify(assumption), assumption])).values()];
}

function isWindows(file: string): boolean {
  return /^[A-Za-z]:[\\/]|\.(exe|cmd|bat|ps1)$|^(cmd|powershell|pwsh)$/i.test(file);
}

function refused(message: string, hint?: string): Resolution {
  const problem: ProgramProblem = { path: [], code: 'unknown-command', message };
  return { ok: false, problem: hint === undefined ? problem : { ...problem, hint } };
}

/** A command as a person is told of it: a script of many lines by its first. */
export function quoted(command: readonly string[]): string {
  const words = command.map((word) => {
    const lines = word.trimEnd().split('\n');
    return lines.length === 1 ? word : `${lines[0]}… (${lines.length} lines)`;
  });
  return joinWords(words);
}

function unknown(command: readonly string[], why?: string): Resolution {
  if (command.length === 0) return refused('the command is empty');
  const line = quoted(command);
  return refused(
    `${unknownWords(line)}${why === undefined ? '' : ` (${why})`}`,
    'Describe it under `programs:` by the name of the command, or record it where it can be run: ' +
      `\`pidsim lab record -- ${line}\`.`,
  );
}
