/** One command of a script: its words and redirections, and what it is: a function, builtin or process. */
import type { AndOr, Assignment, Command, CommandNode, PipelineNode, Redirection, Word } from 'unbash';
import { forEachStepList } from '../check.js';
import type { Step } from '../step.js';
import { BUILTIN_ACTIONS } from './builtins.js';
import { BUILTINS } from './kinds.js';
import { looksFor, readsInput } from './readers.js';
import { type Flags, type Found, failuresOf, Shell } from './shell.js';
import type { State } from './state.js';
import { known, SUCCESS, textOf, UNKNOWN, type Value } from './values.js';
import { fieldsOf, hereLines, valueOfWord } from './words.js';

/** Functions that call themselves, `eval` in `eval`: deeper is not followed. */
export const DEPTH_MAX = 12;
/** What a shell does itself and writes to its stdout. */
const WRITERS = new Set(['echo', 'printf', 'pwd']);
/** … and has a status by what stands in variables. */
const DECIDES = new Set(['[', '[[', 'test', 'exit', 'return', 'let']);
/** Longer than any probe: as good as for ever. */
export const HOUR_US = 3_600_000_000;

export abstract class Commands extends Shell {
  protected depth = 0;
  /** What the process of the command at hand does before it becomes it: in bash, `<( )` of a redirection. */
  private ahead: Step[] = [];

  protected abstract node(node: PipelineNode | AndOr, state: State, out: Step[], flags: Flags): void;

  protected command(node: Command, state: State, out: Step[], flags: Flags): void {
    const { inputUs, inputLines } = state;
    const isRead = this.readers.length;
    const before = out.length;
    state.hasSubstituted = false;
    const words = [...(node.name === undefined ? [] : [node.name]), ...node.suffix].filter(isArgument);
    const fields = words.flatMap((word) => this.fields(word, state, out));
    const { jobs } = state;
    const isAhead =
      this.kind.name === 'bash' && fields.length > 0 && this.isProcess(textOf(fields[0]), state);
    const ahead: Step[] = [];
    if (isAhead) state.jobs = [];
    this.redirect(node.redirects, state, isAhead ? ahead : out);
    if (isAhead) state.jobs = jobs;
    this.ahead = ahead;
    const assigned = node.prefix.filter((part) => part.type === 'Assignment');
    const isUnread = this.kind.name !== 'bash' && assigned.some(({ append }) => append);
    if (!isUnread) for (const assignment of assigned) this.assign(assignment, state, out, fields.length > 0);
    if (isUnread) state.status = known(127);
    else if (!state.isDead) {
      if (fields.length > 0) this.run(node, fields, state, out, flags);
      else if (!state.hasSubstituted) state.status = SUCCESS;
    }
    // Where `exec` sends all output is read until the script ends.
    const isForGood = fields.length === 1 && textOf(fields[0]) === 'exec' && node.redirects.some(isUsed);
    if (!isForGood) this.endReaders(out.slice(before), isRead);
    const hasReadHere = node.redirects.some(isInput);
    if (!hasReadHere) return;
    state.inputUs = inputUs;
    state.inputLines = inputLines;
  }

  protected fields(word: Word | Assignment, state: State, out: Step[]): Value[] {
    if (word.type === 'Word') return fieldsOf(this, word, state, out);
    const isKept = this.kind.name === 'bash' && state.fixed.has(word.name);
    const value = this.assign(word, state, out, isKept);
    const text = textOf(value);
    return [text === null ? { unknown: true, like: `${word.name}=$…` } : { text: `${word.name}=${text}` }];
  }

  protected assign(node: Assignment, state: State, out: Step[], isTemporary: boolean): Value {
    const { name, value, append } = node;
    const isBash = this.kind.name === 'bash';
    if (state.fixed.has(name) && !(isTemporary && isBash)) this.fatal(1, state, out);
    if (value.type === 'ArrayValue') {
      const held = append ? state.valueOf(name) : { items: [] };
      const before = textOf(held) === '' ? { items: [] } : held;
      const items = value.elements.flatMap((word) => fieldsOf(this, word, state, out));
      const whole = 'items' in before ? { items: [...before.items, ...items] } : UNKNOWN;
      state.variables.set(name, whole);
      return whole;
    }
    const read = valueOfWord(this, value, state, out);
    const before = textOf(state.valueOf(name));
    const more = textOf(read);
    const whole = !append ? read : before === null || more === null ? UNKNOWN : { text: before + more };
    if (!isTemporary) state.variables.set(name, node.index === undefined ? whole : UNKNOWN);
    return whole;
  }

  /** A function, a command of the shell's own, or a process. */
  protected run(node: Command, fields: readonly Value[], state: State, out: Step[], flags: Flags): void {
    const [first, ...args] = fields;
    const name = textOf(first);
    const body = name === null ? undefined : state.functions.get(name);
    if (body !== undefined) {
      this.call(node, body.type === 'CompoundList' ? null : body, args, state, out, flags);
      return;
    }
    if (name !== null && (this.functionNames.has(name) || this.isOthersBuiltin(name))) {
      // Not defined on this way, or in another shell.
      state.status = known(127);
      return;
    }
    if (name === 'command' || name === 'builtin' || name === 'exec') {
      const bare = args.slice(args.findIndex((arg) => !/^-/.test(textOf(arg) ?? '')));
      const asks = args.some((arg) => /^-[vV]$/.test(textOf(arg) ?? ''));
      if (asks)
        state.status = { is: 'open', why: `whether there is a command ${textOf(bare[0]) ?? ''}`.trim() };
      else if (args.length === 0) {
        if (name === 'exec' && node.redirects.some(isOutput)) this.mark('closes', out);
        state.status = SUCCESS;
      } else if (name === 'exec') this.become(node, bare, state, out);
      else if (/^(exec|command)$/.test(textOf(bare[0]) ?? '')) this.run(node, bare, state, out, flags);
      else if (this.isBuiltin(textOf(bare[0]) ?? '')) this.builtin(node, bare, state, out, flags);
      else this.process(node, bare, state, out, flags);
      return;
    }
    if (name !== null && BUILTINS[this.kind.name].has(name)) this.builtin(node, fields, state, out, flags);
    else this.process(node, fields, state, out, flags);
  }

  private isOthersBuiltin(name: string): boolean {
    return BUILTINS.bash.has(name) && !this.isBuiltin(name);
  }

  private isProcess(name: string | null, { functions }: State): boolean {
    return name === null || !(functions.has(name) || this.isBuiltin(name));
  }

  protected isBuiltin(name: string | undefined): boolean {
    return name === undefined || BUILTINS[this.kind.name].has(name);
  }

  protected builtin(node: Command, fields: readonly Value[], state: State, out: Step[], flags: Flags): void {
    const name = textOf(fields[0]) ?? '';
    const action = Object.hasOwn(BUILTIN_ACTIONS, name) ? BUILTIN_ACTIONS[name] : null;
    if (action === null) {
      if (WRITERS.has(name) && !node.redirects.some(isOutput)) this.mark('writes', out);
      state.status = SUCCESS;
    } else {
      const inside: Step[] = [];
      if (DECIDES.has(name)) this.noteUsual(node, state);
      const status = action({ shell: this, name, args: fields.slice(1), state, out: inside, node, flags });
      if (node.redirects.some(isOutput)) this.detach(inside);
      out.push(...inside);
      if (status !== undefined) state.status = status;
    }
  }

  /** What these steps fork, or become, has another stdout: bash's forks stand in loops that try again. */
  protected detach(steps: readonly Step[]): void {
    this.forgetWrites(steps);
    for (const step of steps) {
      if (typeof step === 'string') continue;
      if ('fork' in step || 'exec' in step) this.detached.add(step);
      else forEachStepList(step, (inner) => this.detach(inner));
    }
  }

  protected call(
    node: Command,
    body: CommandNode | null,
    args: readonly Value[],
    state: State,
    out: Step[],
    { tested }: Flags,
  ): void {
    if (body === null || this.depth >= DEPTH_MAX) {
      this.note(node, 'this is nested too deep to follow; taken to start nothing');
      state.status = SUCCESS;
      return;
    }
    this.depth++;
    this.calls++;
    const { positional, errorTrap } = state;
    state.errorTrap = null;
    state.positional = [...args];
    const inside: Step[] = [];
    this.within('function', state, inside, (_frame, steps) =>
      this.node(body, state, steps, { last: false, tested }),
    );
    if (node.redirects.some(isOutput)) this.detach(inside);
    out.push(...inside);
    state.positional = positional;
    state.errorTrap ??= errorTrap;
    this.calls--;
    this.depth--;
  }

  protected process(node: Command, fields: readonly Value[], state: State, out: Step[], flags: Flags): void {
    const isDetached = node.redirects.some(isOutput);
    const mayBecome =
      this.kind.name === 'bash'
        ? this.becomes.has(node) && state.handlers.size === 0
        : flags.last && state.handlers.size === 0 && !state.hadHandlers;
    const becomes = mayBecome && state.exitTrap === null;
    const found = this.found(node, fields, state, becomes);
    if (becomes) {
      const step = this.exec(found.body, state, out);
      if (isDetached) this.detached.add(step);
      return;
    }
    const label = this.label();
    const step = this.fork(label, [...this.ahead, { exec: found.body }], out);
    if (isDetached) this.detached.add(step);
    this.wait(label, state, out);
    state.failures = failuresOf(found.steps);
  }

  protected become(node: Command, fields: readonly Value[], state: State, out: Step[]): void {
    const step = this.exec(this.found(node, fields, state, true).body, state, out);
    if (node.redirects.some(isOutput)) this.detached.add(step);
  }

  /** What runs, and for how long, if it reads a pipe. */
  protected found(node: Command, fields: readonly Value[], state: State, isExec = false): Found {
    const words = fields.map((field) => textOf(field) ?? (('unknown' in field && field.like) || '$…'));
    if (textOf(fields[0]) === null)
      this.note(node, 'which command this is is not known; taken as a plain one');
    if (isExec && state.level === 0 && /(^|\/)setsid$/.test(words[0])) words.splice(1, 0, '-f');
    const found = this.host.find(words, isExec || node.pos === this.lastAt);
    const finds = !looksFor(words) || this.choose(node, !this.findsNothing.has(node));
    if (!finds) this.note(node, 'whether this finds something is not known; taken as nothing', true);
    const reads = state.inputUs !== null && state.inputUs > 0 && readsInput(words);
    if (finds && !reads) return found;
    const input: Step = state.inputUs! >= HOUR_US ? 'pause' : { sleep: `${Math.round(state.inputUs!)}us` };
    const steps = [...(reads ? [input] : []), ...found.steps, ...(finds ? [] : [{ exit: 1 } as Step])];
    return { comm: found.comm, steps, body: { comm: found.comm, steps } };
  }

  awaitInput(state: State, out: Step[]): void {
    if (!state.inputUs) return;
    this.emit(out, state.inputUs >= HOUR_US ? 'pause' : { sleep: `${Math.round(state.inputUs)}us` });
    state.inputUs = 0;
  }

  protected redirect(redirects: readonly Redirection[], state: State, out: Step[]): void {
    for (const redirect of redirects) {
      if (redirect.type === 'HereDoc') {
        state.inputUs = 0;
        state.inputLines = hereLines(this, redirect.body, state, out);
        continue;
      }
      const target = redirect.target === undefined ? UNKNOWN : valueOfWord(this, redirect.target, state, out);
      if (!isInput(redirect)) continue;
      const text = textOf(target);
      state.inputUs =
        text === '/dev/null' ? null : redirect.target?.text.startsWith('<(') ? state.inputUs : 0;
      state.inputLines = redirect.type === 'HereString' && text !== null ? text.split('\n') : null;
    }
  }
}

function isArgument(part: Word | Assignment | Redirection): part is Word | Assignment {
  return part.type === 'Word' || part.type === 'Assignment';
}

export function isInput(redirect: Redirection): boolean {
  return redirect.type !== 'Redirect' || redirect.operator === '<' || redirect.operator === '<>';
}

/** Is it of stdin, stdout or stderr, which all commands have? */
function isUsed({ descriptor }: Redirection): boolean {
  return descriptor === undefined || (descriptor.type === 'FileDescriptor' && descriptor.value < 3);
}

/** Does it give the command another stdout? */
export function isOutput(redirect: Redirection): boolean {
  if (redirect.type !== 'Redirect' || redirect.operator.includes('<')) return false;
  const { descriptor } = redirect;
  return descriptor === undefined || (descriptor.type === 'FileDescriptor' && descriptor.value === 1);
}
