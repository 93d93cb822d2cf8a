/** Commands that a shell does itself, each with what it does to status, knowledge and other processes. */
import type { Command } from 'unbash';
import { SIGTERM } from '../../kernel/signals.js';
import type { SignalName, Step } from '../step.js';
import { calculated, expressionOf } from './arithmetic.js';
import { type Flags, type Frame, PLAIN, type Shell } from './shell.js';
import type { State } from './state.js';
import { test } from './tests.js';
import { FAILURE, jobOfPid, known, type Status, SUCCESS, textOf, UNKNOWN, type Value } from './values.js';

interface Call {
  shell: Shell;
  name: string;
  args: readonly Value[];
  state: State;
  out: Step[];
  node: Command;
  flags: Flags;
}

type Builtin = (call: Call) => Status | undefined;

const nothing: Builtin = () => SUCCESS;

export const BUILTIN_ACTIONS: Readonly<Record<string, Builtin>> = {
  ':': nothing,
  true: nothing,
  false: () => FAILURE,
  test: ({ args, state }) => test(args, state),
  '[': ({ args, state }) => (textOf(args.at(-1)) === ']' ? test(args.slice(0, -1), state) : known(2)),
  '[[': ({ args, state }) => test(args.slice(0, -1), state),
  exit: leave,
  return: giveBack,
  break: (call) => loopJump(call, 'loop'),
  continue: (call) => loopJump(call, 'pass'),
  wait: awaitJobs,
  kill: killProcesses,
  trap: setTrap,
  set: setOptions,
  shift: shiftArguments,
  unset: ({ args, state }) => {
    for (const name of args) {
      const text = textOf(name);
      if (text !== null && text === text.toLowerCase()) state.variables.delete(text);
      else if (text !== null) state.variables.set(text, { text: '' });
    }
    return SUCCESS;
  },
  readonly: ({ args, state }) => {
    const names = args.map((arg) => (textOf(arg) ?? ('like' in arg ? arg.like! : '')).split('=')[0]);
    state.fixed = new Set([...state.fixed, ...names]);
    return SUCCESS;
  },
  local: ({ shell, state, out }) => {
    if (shell.calls > 0) return SUCCESS;
    if (shell.kind.name === 'bash') return FAILURE;
    shell.fatal(2, state, out);
  },
  read: readLine,
  mapfile: readAll,
  readarray: readAll,
  type: lookUp,
  hash: lookUp,
  getopts: nextOption,
  let: ({ args, state }) =>
    args.map((arg) => calculated(expressionOf(textOf(arg) ?? '$…'), state)).at(-1) ?? FAILURE,
  '.': sourced,
  source: sourced,
  eval: ({ shell, args, state, out, node, flags }) => {
    const texts = args.map(textOf);
    if (texts.includes(null)) {
      shell.note(node, 'what is evaluated here is not known; taken to start nothing');
      return SUCCESS;
    }
    state.status = SUCCESS;
    // bash forgets there that `-e` does not matter, if a process does nothing else.
    const isAll = flags.last && shell.kind.name === 'bash';
    shell.evaluate(texts.join(' '), state, out, { last: false, tested: flags.tested && !isAll });
    return;
  },
};

/** More than there are is an error, which ends dash. */
function shiftArguments({ shell, args, state, out }: Call): Status | undefined {
  const count = Number(textOf(args[0]) ?? 1);
  if (count <= state.positional.length) {
    state.positional = state.positional.slice(count);
    return SUCCESS;
  }
  if (shell.kind.name !== 'dash') return FAILURE;
  shell.fatal(2, state, out);
}

/** `exit`, at the status that it names. */
function leave({ shell, args, state, out }: Call): undefined {
  takeStatus(args[0], state);
  shell.end(state, out);
}

function giveBack({ shell, args, state, out }: Call): Status | undefined {
  const frame = shell.frameFor('function');
  if (frame === null && shell.kind.name === 'bash' && shell.calls === 0) return known(2);
  takeStatus(args[0], state);
  if (frame === null) shell.end(state, out);
  else shell.jump(frame, state, out);
}

/** `exit 3`, `exit $?`, `exit $rc`; without a word the status stays. */
function takeStatus(value: Value | undefined, state: State): void {
  if (value === undefined) return;
  const text = textOf(value);
  if (text !== null) state.status = /^\d+$/.test(text) ? known(Number(text)) : known(2);
  else if ('statusOf' in value && value.statusOf === state.statusCount) {
    if (state.status.is !== 'waited') state.status = { is: 'waited' };
  } else state.status = { is: 'open', why: 'a status' };
}

function loopJump({ shell, args, state, out }: Call, kind: Frame['kind']): Status | undefined {
  const frame = shell.frameFor(kind, Number(textOf(args[0]) ?? 1));
  if (frame === null) return SUCCESS;
  state.status = SUCCESS;
  shell.jump(frame, state, out);
}

function awaitJobs(call: Call): Status | undefined {
  const { shell, args, state, out } = call;
  if (args.length === 0) {
    for (const each of state.jobs) shell.emit(out, { wait: each });
    if (state.jobs.length > 0) state.statusCount++;
    state.done = shell.kind.name === 'bash' ? [] : [...state.done, ...state.jobs];
    state.jobs = [];
    return SUCCESS;
  }
  const isAny = /^-[nf]/.test(textOf(args[0]) ?? '');
  if (isAny && !(shell.kind.name === 'ash' && args.length > 1)) return awaitFirst(call);
  let status: Status | undefined;
  for (const job of args.slice(isAny ? 1 : 0)) status = awaitJob(call, job);
  return status;
}

function awaitJob({ shell, state, out, node }: Call, job: Value): Status | undefined {
  const text = textOf(job);
  const label = text?.startsWith('%') ? (state.jobs.at(Number(text.slice(1)) - 1) ?? null) : jobOfPid(text);
  if (label !== null && [...state.jobs, ...state.done].includes(label)) {
    for (const each of shell.jobOf.get(label) ?? [label]) shell.wait(each, state, out);
    return;
  }
  if (label !== null || text !== null) return known(127);
  shell.note(node, 'which process is waited for is not known; taken as none');
  return SUCCESS;
}

/** `wait -n`. bash: also of named jobs, of which ash waits for each. */
function awaitFirst({ shell, state, out }: Call): Status | undefined {
  if (shell.kind.name === 'dash') return known(2);
  if (state.jobs.length === 0) return known(127);
  const isAsh = shell.kind.name === 'ash';
  shell.emit(out, ...(isAsh ? firstSuccess(state.jobs.length) : [{ wait: 'any' } as Step]));
  state.noteStatus();
  if (isAsh) state.failures = [129];
}

/** ash 1.35 waits on, for so many, until one of them does not fail. */
function firstSuccess(jobs: number): Step[] {
  if (jobs === 0) return [{ status: 129 }];
  return [{ wait: 'any' }, { if: { status: 0, steps: [], else: firstSuccess(jobs - 1) } }];
}

const SIGNALS: Readonly<Record<string, SignalName>> = {
  KILL: 'KILL',
  '9': 'KILL',
  CHLD: 'CHLD',
  '17': 'CHLD',
};
/** What a job in the background ignores. */
const IGNORED_BY_JOBS = new Set(['INT', '2', 'QUIT', '3']);

function killProcesses({ shell, args, state, out, node }: Call): Status | undefined {
  let signal = String(SIGTERM);
  let at = 0;
  const first = textOf(args[0]);
  if (first === '-l' || first === '-L') return SUCCESS;
  if (first === '-s' || first === '-n') {
    signal = textOf(args[1]) ?? signal;
    at = 2;
  } else if (first?.startsWith('-') && first !== '--') {
    signal = first.slice(1);
    at = 1;
  }
  if (textOf(args[at]) === '--') at++;
  const targets = args.slice(at);
  if (targets.length === 0) return known(shell.kind.name === 'ash' ? 1 : 2);
  let status: Status = SUCCESS;
  for (const target of targets) status = killOne(shell, signal.replace(/^SIG/, ''), target, state, out, node);
  return state.isDead ? undefined : status;
}

function killOne(
  shell: Shell,
  signal: string,
  target: Value,
  state: State,
  out: Step[],
  node: Command,
): Status {
  if ('self' in target) {
    if (signal === '0') return SUCCESS;
    const handler = state.handlers.get(named(signal));
    if (state.level > 1) shell.note(node, 'this shell is killed from too deep within; taken not to be');
    else if (handler !== undefined) shell.evaluate(handler, state, out, PLAIN);
    else {
      const target = state.level === 0 ? 'self' : 'parent';
      shell.emit(out, { kill: { target, signal: SIGNALS[signal] ?? 'TERM' } });
    }
    return SUCCESS;
  }
  const text = textOf(target);
  const job = text?.startsWith('%') ? (state.jobs.at(-1) ?? null) : jobOfPid(text);
  const isLast = state.lastJob === job && !state.hasOthersJob;
  if (job === null || !(state.jobs.includes(job) || isLast)) {
    const why = `the process that \`kill\` is meant for`;
    if (signal === '0') return { is: 'open', why: `whether there is ${why}` };
    shell.note(node, `${why} is not known; taken as one that it does no harm to`);
    return SUCCESS;
  }
  if (IGNORED_BY_JOBS.has(signal)) return SUCCESS;
  const sent = signal === '0' ? 'CHLD' : (SIGNALS[signal] ?? 'TERM');
  if (sent !== 'CHLD') shell.kills(job, sent === 'KILL' ? 137 : 143);
  shell.emit(out, { status: 0 }, { kill: { target: job, signal: sent }, orElse: [{ status: 1 }] });
  state.noteStatus();
  return state.status;
}

function setTrap({ shell, args, state, out }: Call): Status {
  const [action, ...signals] = args.map(textOf);
  if (action === undefined || action === '-l' || action === '-p') return SUCCESS;
  const isReset = action === '-' || signals.length === 0;
  for (const given of signals.length === 0 ? [action] : signals) {
    const signal = given?.toUpperCase().replace(/^SIG/, '') ?? '';
    if (signal === 'ERR') {
      if (shell.kind.name === 'dash') return FAILURE;
      state.errorTrap = isReset || action === '' ? null : action;
    }
    if (signal === 'EXIT' || signal === '0') state.exitTrap = isReset || action === '' ? null : action;
    else if (isReset || action === '') state.handlers.delete(named(signal));
    else state.handlers.set(named(signal), action ?? '');
    if (named(signal) === 'TERM') {
      const handler = action !== null && /\bexit\b/.test(action) ? 'exit' : 'ignore';
      shell.emit(out, { 'on-term': isReset ? 'default' : action === '' ? 'ignore' : handler });
    }
  }
  if (!isReset && action !== '') state.hadHandlers = true;
  return SUCCESS;
}

function named(signal: string): string {
  return signal === '15' ? 'TERM' : signal;
}

function setOptions({ shell, args, state, out }: Call): Status | undefined {
  const words = [...args];
  while (words.length > 0) {
    const text = textOf(words[0]);
    if (text === null || !/^[-+]/.test(text)) break;
    words.shift();
    if (text === '--' || text === '-') {
      state.positional = words;
      return SUCCESS;
    }
    const isOn = text.startsWith('-');
    if (!applyOptions(text.slice(1), isOn, textOf(words[0]), shell, state)) {
      shell.fatal(2, state, out);
      return;
    }
    if (text.endsWith('o')) words.shift();
  }
  if (words.length > 0) state.positional = words;
  return SUCCESS;
}

/** False: the shell has no such option, and ends. */
export function applyOptions(
  letters: string,
  isOn: boolean,
  name: string | null,
  shell: Shell,
  state: State,
): boolean {
  if (letters.includes('e')) state.errexit = isOn;
  if (letters.includes('u') || name === 'nounset') state.nounset = isOn;
  if (!letters.endsWith('o')) return true;
  if (name === 'errexit') state.errexit = isOn;
  if (name !== 'pipefail') return true;
  if (shell.kind.name === 'dash') return false;
  state.pipefail = isOn;
  return true;
}

/** `getopts ab:c name`: the next option, at `OPTIND` of the arguments; several may stand in one word. */
function nextOption({ args, state }: Call): Status {
  const [letters = null, name = null, ...given] = args.map(textOf);
  const words = given.length > 0 ? given : state.positional.map(textOf);
  const index = Number(textOf(state.variables.get('OPTIND')) ?? 1);
  const at = Number(textOf(state.variables.get(' at')) ?? 1);
  const set = (key: string, text: string): unknown => state.variables.set(key, { text });
  const word = words.at(index - 1) ?? null;
  const letter = word?.at(at);
  if (letters === null || name === null || !word?.startsWith('-') || letter === undefined || word === '--') {
    if (word === '--') set('OPTIND', String(index + 1));
    if (name !== null) set(name, '?');
    return FAILURE;
  }
  const isKnown = letter !== ':' && letters.includes(letter);
  const takes = isKnown && letters.includes(`${letter}:`);
  const isWhole = takes || at + 1 >= word.length;
  const rest = takes ? word.slice(at + 1) : '';
  const value = takes && rest === '' ? words.at(index) : rest;
  const isMissing = takes && value === undefined;
  set(name, isMissing && letters.startsWith(':') ? ':' : isKnown && !isMissing ? letter : '?');
  state.variables.set(
    'OPTARG',
    takes ? (typeof value === 'string' ? { text: value } : UNKNOWN) : { text: letter },
  );
  set('OPTIND', String(index + (isWhole ? 1 : 0) + (takes && rest === '' ? 1 : 0)));
  set(' at', String(isWhole ? 1 : at + 1));
  return SUCCESS;
}

function readLine({ shell, args, state, out, node }: Call): Status {
  const names = args.map(textOf).filter((name) => name !== null && /^[A-Za-z_]\w*$/.test(name));
  shell.awaitInput(state, out);
  if (state.inputLines === null) {
    if (state.inputUs === null) return FAILURE;
    shell.note(node, 'what is read here is not known; taken as one line', true);
    state.inputLines = [];
    for (const name of names) state.variables.set(name as string, UNKNOWN);
    return SUCCESS;
  }
  const [line, ...rest] = state.inputLines;
  state.inputLines = rest;
  const words = (line ?? '').trim().split(/\s+/);
  names.forEach((name, index) => {
    const text = index === names.length - 1 ? words.slice(index).join(' ') : (words[index] ?? '');
    state.variables.set(name as string, { text });
  });
  return line === undefined ? FAILURE : SUCCESS;
}

function readAll({ shell, args, state, out }: Call): Status {
  shell.awaitInput(state, out);
  const name = textOf(args.at(-1));
  const lines = state.inputLines?.map((text) => ({ text }));
  if (name !== null) state.variables.set(name, lines === undefined ? UNKNOWN : { items: lines });
  return SUCCESS;
}

function lookUp({ args }: Call): Status {
  return { is: 'open', why: `whether there is a command ${textOf(args.at(-1)) ?? 'of that name'}` };
}

function sourced({ shell, args, state, out, node, flags }: Call): Status | undefined {
  const path = textOf(args[0]);
  const text = path === '/dev/null' ? '' : (shell.host.file?.(path ?? '') ?? null);
  if (text !== null) {
    shell.evaluate(text, state, out, { ...flags, last: false });
    return;
  }
  // What it sets is not known.
  state.nounset = false;
  const what = path === null ? 'a file whose name is not known' : `the file ${path}`;
  shell.note(node, `what ${what} does is not known; taken to start nothing`);
  return SUCCESS;
}
