/**
 * From a command line, as a manifest or a probe has it, to a program:
 *
 *     [/bin/sh, -c, "timeout 5 rabbitmqctl status"]
 *        └─► shell ─► timeout ─► rabbitmqctl status      (names all the way: each layer execs the next by name)
 *
 * A command is looked for in the library as a whole, then without the path, then without options, then (for programs
 * that are the same whatever their arguments) by its first word alone. Wrappers around a known command are made up.
 */
import { normaliseProgram } from '../normalise.js';
import type { ProgramLibrary, ProgramProblem, ProgramSource } from '../step.js';
import { CATALOGUE } from './entries.js';
import { type InitName, wrap } from './inits.js';
import { busyboxTimeout, coreutilsTimeout } from './probes.js';
import { programOfScript, SHELLS } from './shell.js';
import { joinWords, splitWords } from './words.js';

export interface ResolvedCommand {
  ok: true;
  /** A name under which a library with these programs over the catalogue (`programLibrary`) knows it. */
  name: string;
  source: ProgramSource;
  /** Sentences on what was taken for granted, for a warning. */
  assumed: string[];
}

export type Resolution = ResolvedCommand | { ok: false; problem: ProgramProblem };

/** The program that a command line runs, as exec would be given it. */
export function resolveCommand(command: readonly string[], library: ProgramLibrary): Resolution {
  return new Resolver(library).resolve(command);
}

/** The same for a name that may be a command line in one string: `tini -- rabbitmq-server`. */
export function resolveName(name: string, library: ProgramLibrary): Resolution {
  const source = library.get(name);
  if (source !== undefined && !MADE_UP.has(source)) return { ok: true, name, source, assumed: [] };
  return resolveCommand(splitWords(name) ?? [name], library);
}

/**
 * Sources of made-up programs. A library answers to their names as well, but a command line is not meant to find them
 * there: joined by spaces it no longer says which words belong together.
 */
const MADE_UP = new WeakSet<ProgramSource>();

/** A made-up program's source, for a library: another object than that of any program with a name of its own. */
export function madeUpSource(source: ProgramSource): ProgramSource {
  const copy = { ...source };
  MADE_UP.add(copy);
  return copy;
}

function madeUp(command: readonly string[], source: ProgramSource, assumed: string[]): ResolvedCommand {
  MADE_UP.add(source);
  return { ok: true, name: joinWords(command), source, assumed };
}

/** Layers of wrappers around a command that can be meant in earnest. */
const DEPTH_MAX = 8;

class Resolver {
  private depth = 0;

  constructor(private readonly library: ProgramLibrary) {}

  resolve(command: readonly string[]): Resolution {
    if (command.length === 0) return unknown(command);
    if (++this.depth > DEPTH_MAX) return unknown(command, 'too many commands inside commands');
    const resolution = this.direct(command) ?? this.wrapper(command) ?? unknown(command);
    this.depth--;
    return resolution;
  }

  private direct(command: readonly string[]): Resolution | null {
    const [first, ...rest] = command;
    const file = basename(first);
    const plain = rest.filter((word) => !word.startsWith('-'));
    for (const name of [
      command.join(' '),
      [file, ...rest].join(' '),
      [file, ...plain].join(' '),
      first,
      file,
    ]) {
      const source = this.library.get(name);
      if (source === undefined || MADE_UP.has(source)) continue;
      const isWhole = name !== first && name !== file;
      if (isWhole || rest.length === 0 || this.takesAnyArguments(name, source)) {
        return { ok: true, name, source, assumed: [] };
      }
    }
    return null;
  }

  /** The catalogue says which of its own do; a scenario that names a program by one word means it with any. */
  private takesAnyArguments(name: string, source: ProgramSource): boolean {
    const entry = CATALOGUE.get(name);
    return entry === undefined || entry.anyArguments === true || entry.build() !== source;
  }

  private wrapper(command: readonly string[]): Resolution | null {
    const [first, ...rest] = command;
    const file = basename(first);
    if (file === 'busybox' && rest.length > 0) return this.busybox(rest, command);
    if (Object.hasOwn(INITS, file)) return this.init(INITS[file as keyof typeof INITS], command);
    if (Object.hasOwn(SHELLS, file)) return this.shell(file, command);
    if (file === 'timeout' || file === 'coreutils-timeout') return this.timeout(file, rest, command);
    if (file === 'sleep') return sleepOf(command);
    if (Object.hasOwn(EXECUTORS, file)) return this.executor(EXECUTORS[file], command);
    return null;
  }

  private busybox([applet, ...rest]: string[], command: readonly string[]): Resolution | null {
    if (applet === 'timeout') return this.timeout('busybox timeout', rest, command);
    return this.resolve([applet === 'sh' ? 'ash' : applet, ...rest]);
  }

  /** Options up to `--` or the first word that is none; what follows is the child's command. */
  private init({ init, valued, variants }: InitCommand, command: readonly string[]): Resolution | null {
    const { options, rest } = splitOptions(command.slice(1), valued);
    if (rest.length === 0) return null;
    const variant = Object.entries(variants).find(([option]) => options.includes(option));
    return this.around(command, rest, (name) => wrap(variant ? variant[1] : init, name));
  }

  private shell(shell: string, command: readonly string[]): Resolution | null {
    const at = command.findIndex((word) => /^-[a-z]*c$/.test(word));
    if (at < 0) {
      // A script file: the shell itself runs it, so it is the program of that name.
      const { rest } = splitOptions(command.slice(1), []);
      return rest.length === 0 ? null : this.direct(rest);
    }
    const script = command[at + 1];
    if (script === undefined) return null;
    const read = programOfScript(SHELLS[shell], script, (words) => {
      const inner = this.resolve(words);
      return inner.ok ? inner : null;
    });
    if (read.ok) return madeUp(command, read.source, read.assumed);
    return read.command === null
      ? unknown(command, 'a script with more than plain commands')
      : unknown(read.command);
  }

  private timeout(which: string, words: readonly string[], command: readonly string[]): Resolution | null {
    const { rest } = splitOptions(words, ['-s', '-k', '--signal', '--kill-after']);
    const inner = /^[\d.]+[smhd]?$/.test(rest[0] ?? '') ? rest.slice(1) : rest;
    if (inner.length === 0) return null;
    const resolution = this.around(
      command,
      inner,
      which === 'coreutils-timeout' ? coreutilsTimeout : busyboxTimeout,
    );
    if (resolution.ok && which === 'timeout') {
      resolution.assumed.push(
        '`timeout` is taken for busybox’s (Alpine), which leaves an orphan on every run; for coreutils’ (Debian) write ' +
          '`coreutils-timeout`',
      );
    }
    return resolution;
  }

  /** Sets something up and becomes the command. */
  private executor(words: number, command: readonly string[]): Resolution | null {
    const { rest } = splitOptions(command.slice(1), []);
    const arguments_ = rest.slice(words);
    const inner = arguments_.slice(arguments_.findIndex((word) => !isAssignment(word)));
    return inner.length === 0 ? null : this.resolve(inner);
  }

  private around(
    command: readonly string[],
    inner: string[],
    build: (name: string) => ProgramSource,
  ): Resolution {
    const resolved = this.resolve(inner);
    if (!resolved.ok) return resolved;
    return madeUp(command, build(resolved.name), resolved.assumed);
  }
}

interface InitCommand {
  init: InitName;
  /** Options that are followed by a value. */
  valued: readonly string[];
  variants: Readonly<Record<string, InitName>>;
}

const TINI: InitCommand = { init: 'tini', valued: ['-p', '-e'], variants: { '-s': 'tini -s' } };
const INITS = {
  tini: TINI,
  'docker-init': TINI,
  'dumb-init': { init: 'dumb-init', valued: ['-r', '--rewrite'], variants: {} },
  catatonit: { init: 'catatonit', valued: [], variants: {} },
} satisfies Record<string, InitCommand>;

/** Programs that exec their arguments, by how many of these come before the command. */
const EXECUTORS: Readonly<Record<string, number>> = { env: 0, nohup: 0, gosu: 1, 'su-exec': 1 };

function isAssignment(word: string): boolean {
  return /^[A-Za-z_]\w*=/.test(word);
}

function splitOptions(
  words: readonly string[],
  valued: readonly string[],
): { options: string[]; rest: string[] } {
  const options: string[] = [];
  let index = 0;
  for (; index < words.length && words[index].startsWith('-'); index++) {
    if (words[index] === '--') return { options, rest: words.slice(index + 1) };
    options.push(words[index]);
    if (valued.includes(words[index])) index++;
  }
  return { options, rest: words.slice(index) };
}

/** `sleep 5`, `sleep 1m`, `sleep infinity`. */
function sleepOf(command: readonly string[]): Resolution | null {
  const [, amount] = command;
  if (amount === 'infinity' || amount === 'inf') {
    return madeUp(command, { comm: 'sleep', steps: ['pause'] }, []);
  }
  const match = /^(\d+(?:\.\d{1,6})?)([smhd]?)$/.exec(amount ?? '');
  if (match === null) return null;
  const source: ProgramSource = { comm: 'sleep', steps: [{ sleep: `${match[1]}${match[2] || 's'}` }] };
  return madeUp(command, normaliseProgram(source), []);
}

function basename(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function unknown(command: readonly string[], why?: string): Resolution {
  if (command.length === 0)
    return { ok: false, problem: { path: [], code: 'unknown-command', message: 'the command is empty' } };
  const line = joinWords(command);
  return {
    ok: false,
    problem: {
      path: [],
      code: 'unknown-command',
      message: `it is not known what \`${line}\` does to the process table${why === undefined ? '' : ` (${why})`}`,
      hint:
        'Describe it under `programs:` by the name of the command, or record it where it can be run: ' +
        `\`pidsim lab record -- ${line}\`.`,
    },
  };
}
