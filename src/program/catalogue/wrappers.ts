/** Commands that run a command (inits, `timeout`, `env`, `su`), and those that differ by userland. */
import { parseDurationUs } from '../../text/duration.js';
import { normaliseProgram } from '../normalise.js';
import type { Found } from '../shell/index.js';
import { lifeOf, stepsUntil } from '../shell/life.js';
import type { ExecBody, ProgramLibrary, ProgramSource, SignalName, Step } from '../step.js';
import type { Userland } from '../userland.js';
import type { Assumption } from './assumed.js';
import { type InitName, wrap } from './programs.js';
import { busyboxTimeout, coreutilsTimeout, type Limit } from './timeouts.js';
import { basename } from './words.js';
import wrappers from './wrappers.json' with { type: 'json' };

export interface Wrapper {
  /** The command inside; null: there is none, it is a program of its own. */
  inner: readonly string[] | null;
  /** It becomes the command inside, and leaves nothing of its own. */
  isSame?: boolean;
  /** It is another program than the catalogue has by that name. */
  comesFirst?: boolean;
  assumed: Assumption[];
  build(inner: ExecBody, known: { found: Found; library: ProgramLibrary } | null): ProgramSource;
}

export function wrapperOf(command: readonly string[], userland: Userland | null): Wrapper | null {
  const [first, ...rest] = command;
  const file = basename(first);
  if (file === 'busybox' && rest.length > 0) return appletOf(rest);
  if (Object.hasOwn(INITS, file)) return initOf(INITS[file], command);
  if (file === 'coreutils-timeout') return timeoutOf(rest, 'debian');
  if (file === 'timeout') return timeoutOf(rest, userland);
  if (file === 'sleep') return sleepOf(command);
  if (Object.hasOwn(ENDLESS, file)) return endlessOf(file, rest);
  if (file === 'wget' && userland === 'busybox') return busyboxWget(rest);
  if (file === 'setsid') return setsidOf(rest);
  if (file === 'xargs') return xargsOf(rest, userland);
  if (file === 'find') return findOf(rest);
  if (file === 'flock') return flockOf(rest);
  if (file === 'su' || file === 'sudo' || file === 'runuser') return userChange(file, rest);
  if (Object.hasOwn(EXECUTORS, file)) return executorOf(EXECUTORS[file], command);
  return null;
}

function same(inner: readonly string[]): Wrapper | null {
  if (inner.length === 0) return null;
  return { inner, isSame: true, assumed: [], build: () => ({ comm: '', steps: [] }) };
}

function alone(source: ProgramSource, comesFirst = false): Wrapper {
  return { inner: null, comesFirst, assumed: [], build: () => source };
}

function appletOf([applet, ...rest]: readonly string[]): Wrapper | null {
  if (applet === 'timeout') return timeoutOf(rest, 'busybox');
  if (applet === 'wget') return busyboxWget(rest) ?? same(['wget', ...rest]);
  return same([applet, ...rest]);
}

interface InitCommand {
  init: InitName;
  valued: readonly string[];
  variants: Readonly<Record<string, InitName>>;
}
const INITS = wrappers.inits as Readonly<Record<string, InitCommand>>;

/** Options up to `--` or the first word that is none; what follows is the child's command. */
function initOf({ init, valued, variants }: InitCommand, command: readonly string[]): Wrapper | null {
  const { options, rest } = splitOptions(command.slice(1), valued);
  if (rest.length === 0) return null;
  const variant = Object.entries(variants).find(([option]) => options.includes(option));
  return { inner: rest, assumed: [], build: (inner) => wrap(variant ? variant[1] : init, inner) };
}

const WHICH_TIMEOUT: Assumption = {
  what: 'which `timeout` the image has is not known',
  effect:
    'taken for busybox’s (Alpine), which leaves an orphan on every run; set `userland: debian` for ' +
    'coreutils’, which leaves none',
};

/** `timeout [options] 5 COMMAND`, and busybox’s older `timeout -t 5 COMMAND`. */
function timeoutOf(words: readonly string[], userland: Userland | null): Wrapper | null {
  const { options, rest } = splitOptions(words, ['-s', '-k', '-t', '--signal', '--kill-after']);
  const old = /^-t(\d*)$/.exec(words.find((word) => word.startsWith('-t')) ?? '');
  const hasOwn = /^[\d.]+[smhd]?$/.test(rest[0] ?? '') || /^\$/.test(rest[0] ?? '');
  const inner = hasOwn ? rest.slice(1) : rest;
  if (inner.length === 0) return null;
  const amount = hasOwn ? rest[0] : old?.[1] || (old === null ? '' : (words[words.indexOf('-t') + 1] ?? ''));
  const limitUs =
    parseDurationUs(/^[\d.]+$/.test(amount) ? `${amount}s` : amount) || Number.POSITIVE_INFINITY;
  const wanted = options.find((option) => /^(-s|--signal)/.test(option));
  const named = wanted === undefined ? '' : wanted.length > 2 ? wanted : words[words.indexOf(wanted) + 1];
  const signal: SignalName = /KILL|9/.test(named) ? 'KILL' : 'TERM';
  return {
    inner,
    assumed: userland === null ? [WHICH_TIMEOUT] : [],
    build: (body, known) => {
      const lifeUs = known === null ? 0 : lifeOf(known.found.steps, known.library).endUs;
      const until = (us: number, end: readonly Step[]): Step[] =>
        known === null ? [] : stepsUntil(known.found.steps, known.library, us, end);
      const limit: Limit = { limitUs, lifeUs, signal, until };
      return (userland ?? 'busybox') === 'busybox'
        ? busyboxTimeout(body, limit)
        : coreutilsTimeout(body, limit);
    },
  };
}

/** For each TLS connection busybox `wget` forks a helper, and does not wait for it (R38). */
function busyboxWget(args: readonly string[]): Wrapper | null {
  const connections = args.filter((arg) => arg.startsWith('https://')).length;
  if (connections === 0) return null;
  const helper: Step = {
    fork: { steps: [{ exec: { comm: 'ssl_client', steps: [{ sleep: '30ms' }] } }], orElse: [{ exit: 1 }] },
  };
  const source: ProgramSource = {
    comm: 'wget',
    source:
      'busybox bug 15967; observed with busybox 1.35: one orphan for each TLS connection, none with http',
    description: 'busybox wget of an https address: leaves the helper that speaks TLS, unwaited.',
    steps: [...Array.from({ length: connections }, () => helper), { sleep: '40ms' }],
  };
  return alone(source, true);
}

interface Executor {
  words: number;
  valued: readonly string[];
}
const EXECUTORS: Readonly<Record<string, Executor>> = wrappers.executors;

/** Sets something up and becomes the command. */
function executorOf({ words, valued }: Executor, command: readonly string[]): Wrapper | null {
  const { rest } = splitOptions(command.slice(1), valued);
  const args = rest.slice(words);
  const at = args.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word));
  return at < 0 ? null : same(args.slice(at));
}

/** `su USER -c SCRIPT`, `sudo -u USER COMMAND`: a process that waits for its child. */
function userChange(file: string, words: readonly string[]): Wrapper | null {
  const at = words.findIndex((word) => word === '-c' || word.startsWith('--command'));
  const { rest } = splitOptions(words, ['-u', '-g', '-s', '-p', '-h', '-C', '--user', '--group', '--shell']);
  const script = words[at]?.includes('=') ? words[at].slice(words[at].indexOf('=') + 1) : words[at + 1];
  const inner = at >= 0 && file !== 'sudo' && script !== undefined ? ['sh', '-c', script] : rest;
  if (at < 0 && file === 'su') return null;
  return waitsFor(file, inner, [], [{ exit: 'waited' }]);
}

/** A process that forks the command, waits for it (null: does not), and does something then. */
function waitsFor(
  comm: string,
  inner: readonly string[],
  before: Step[],
  after: Step[] | null,
): Wrapper | null {
  if (inner.length === 0) return null;
  const build = (body: ExecBody): ProgramSource => ({
    comm,
    description: `${comm}: forks the command${after === null ? '' : ' and waits for it'}.`,
    steps: [
      { fork: { label: 'command', steps: [...before, { exec: body }], orElse: [{ exit: 1 }] } },
      ...(after === null ? [] : [{ wait: 'command' } as Step, ...after]),
    ],
  });
  return { inner, assumed: [], build };
}

/** `setsid [-w] COMMAND`. It forks only if it leads its group, as what a shell has become may: `-f`. */
function setsidOf(words: readonly string[]): Wrapper | null {
  const { options, rest } = splitOptions(words, []);
  const has = (letter: string, name: string) =>
    options.some((option) => option === name || (/^-\w/.test(option) && option.includes(letter)));
  if (has('f', '--fork'))
    return waitsFor('setsid', rest, ['setsid'], has('w', '--wait') ? [{ exit: 'waited' }] : null);
  const description = 'setsid: becomes the command, in a session of its own.';
  const build = (body: ExecBody) => ({
    comm: 'setsid',
    description,
    steps: ['setsid', { exec: body }] as Step[],
  });
  return rest.length === 0 ? null : { inner: rest, assumed: [], build };
}

/** Once, whatever it reads; 123 if the command fails, or what busybox’s has by then, which waits for all. */
function xargsOf(words: readonly string[], userland: Userland | null): Wrapper | null {
  const { rest } = splitOptions(words, ['-I', '-n', '-P', '-d', '-L', '-s', '-E', '-a']);
  const all: Step = { if: { status: 0, steps: [{ wait: 'all' }], else: [{ wait: 'all' }, { status: 1 }] } };
  const end: Step = { if: { status: 0, steps: [], else: [{ exit: 123 }] } };
  return waitsFor('xargs', rest, [], userland === 'busybox' ? [all, end] : [end]);
}

const FOUND_ONCE: Assumption = {
  what: 'how many files `find` finds is not known',
  effect: 'taken as one',
  isUsual: true,
};

/** `find … -exec COMMAND ;` succeeds whatever the command does, `-exec COMMAND +` only if that does. */
function findOf(words: readonly string[]): Wrapper | null {
  const at = words.findIndex((word) => /^-(exec|execdir|ok)$/.test(word));
  const end = words.findIndex((word, index) => index > at && (word === ';' || word === '+'));
  if (at < 0 || end < 0) return null;
  const status: Step =
    words[end] === ';' ? { exit: 0 } : { if: { status: 0, steps: [], else: [{ exit: 1 }] } };
  const wrapper = waitsFor('find', words.slice(at + 1, end), [], [status]);
  return wrapper && { ...wrapper, comesFirst: true, assumed: [FOUND_ONCE] };
}

/** `flock [options] FILE COMMAND…` or `-c SCRIPT`; with a number alone it locks that and ends. */
function flockOf(words: readonly string[]): Wrapper | null {
  const { rest } = splitOptions(words, ['-w', '--timeout', '-E']);
  const [, ...inner] = rest;
  if (inner.length === 0) return alone({ comm: 'flock', steps: [{ sleep: '1ms' }] });
  return waitsFor('flock', inner[0] === '-c' ? ['sh', ...inner] : inner, [], [{ exit: 'waited' }]);
}

const ENDLESS: Readonly<Record<string, { if?: string; unless?: string }>> = wrappers.endless;

/** `top` and `ping` go on until they are ended, `tail -f` and `nc -l` too: as it says in the command line. */
function endlessOf(file: string, args: readonly string[]): Wrapper | null {
  const option = new RegExp(ENDLESS[file].if ?? ENDLESS[file].unless!);
  const isEndless = args.some((arg) => option.test(arg)) === (ENDLESS[file].if !== undefined);
  if (isEndless) return alone({ comm: file, steps: ['pause'] }, true);
  // `tail` by itself is the program of the catalogue, which stays.
  return file === 'tail' && args.length > 0 ? alone({ comm: file, steps: [{ sleep: '2ms' }] }, true) : null;
}

/** `sleep 5`, `sleep 1m 30s`, `sleep infinity`; with anything else it fails at once. */
function sleepOf([, ...amounts]: readonly string[]): Wrapper | null {
  if (amounts.some((amount) => /^inf(inity)?$/.test(amount)))
    return alone({ comm: 'sleep', steps: ['pause'] });
  const matches = amounts.map((amount) => /^(\d+(?:\.\d{1,6})?)([smhd]?)$/.exec(amount));
  if (amounts.length === 0 || amounts.some((amount) => amount.includes('$…'))) return null;
  if (matches.includes(null)) return alone({ comm: 'sleep', steps: [{ sleep: '1ms' }, { exit: 1 }] });
  const steps = matches.map((match): Step => ({ sleep: `${match![1]}${match![2] || 's'}` }));
  return alone(normaliseProgram({ comm: 'sleep', steps }));
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
