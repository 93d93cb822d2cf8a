/** `if`, `case` and loops: ways through a script. */
import type { AndOr, ArithmeticFor, Case, CompoundList, For, If, PipelineNode, While, Word } from 'unbash';
import type { Step } from '../step.js';
import { globToRegExp } from './globs.js';
import { Processes } from './processes.js';
import { type Flags, type Later, TESTED } from './shell.js';
import type { State } from './state.js';
import { visit } from './syntax.js';
import { known, type Status, SUCCESS, textOf, UNKNOWN } from './values.js';
import { fieldsOf, valueOfWord } from './words.js';

/** Passes of a loop that are told apart. */
const PASSES_MAX = 40;
/** Of a `for`. */
const ITEMS_MAX = 200;

interface Loop {
  place: While | ArithmeticFor;
  body: CompoundList;
  isUntil: boolean;
  test(state: State, out: Step[]): void;
  after?(state: State): void;
}

export abstract class Branches extends Processes {
  protected if(
    node: If,
    clauses: readonly { clause: CompoundList; then: CompoundList }[],
    state: State,
    out: Step[],
    flags: Flags,
    later: Later,
  ): void {
    const [first, ...others] = clauses;
    const elseFails = node.else !== undefined && fails(node.else.commands.map(({ command }) => command));
    const thenFails = fails(first.then.commands.map(({ command }) => command));
    const healthy = !thenFails || elseFails;
    if (thenFails !== elseFails) this.expect(first.clause.commands.at(-1)?.command, elseFails);
    this.list(first.clause.commands, state, out, TESTED);
    if (state.isDead) return;
    const otherwise = (way: State, steps: Step[]): void => {
      if (others.length > 0) {
        this.if(node, others, way, steps, flags, later);
        return;
      }
      if (node.else === undefined) way.status = SUCCESS;
      this.list(node.else?.commands ?? [], way, steps, flags, later);
    };
    this.branch(
      state,
      out,
      (way, steps) => this.list(first.then.commands, way, steps, flags, later),
      otherwise,
      first.clause,
      healthy,
    );
  }

  /** What is to succeed, or not, while all is well: the last command of it may have nothing to find. */
  protected expect(node: PipelineNode | AndOr | undefined, success: boolean): void {
    if (node?.type === 'Pipeline') {
      const isNegated = node.prefixes.filter(({ type }) => type === 'Negation').length % 2 === 1;
      this.expect(node.commands.at(-1), success !== isNegated);
    } else if (node?.type === 'Command' && !success) this.findsNothing.add(node);
  }

  protected for(node: For, state: State, out: Step[], flags: Flags): void {
    const inside = { ...flags, last: false };
    const words = node.wordlist?.flatMap((word) =>
      word.parts?.some(({ type }) => type === 'Glob') ? [UNKNOWN] : fieldsOf(this, word, state, out),
    );
    const items = words ?? state.positional;
    if (items.some((item) => 'unknown' in item))
      this.note(node.name, 'what this loops over is not known; taken as one item for each word', true);
    if (items.length === 0) state.status = SUCCESS;
    this.within('loop', state, out, (_frame, steps) => {
      for (const item of items.slice(0, ITEMS_MAX)) {
        if (state.isDead || this.isTooLong) return;
        state.variables.set(node.name.value, item);
        this.within('pass', state, steps, (_pass, pass) =>
          this.list(node.body.commands, state, pass, inside),
        );
      }
    });
  }

  protected while(node: While, state: State, out: Step[], flags: Flags): void {
    // Without `break` it ends when its command fails, which it does in time.
    this.expect(node.clause.commands.at(-1)?.command, node.kind === 'until');
    const test = (way: State, steps: Step[]): void => this.list(node.clause.commands, way, steps, TESTED);
    this.loop({ place: node, body: node.body, isUntil: node.kind === 'until', test }, state, out, flags);
  }

  protected loop(
    { place, body: { commands }, isUntil, test, after }: Loop,
    state: State,
    out: Step[],
    flags: Flags,
  ): void {
    const inside = { ...flags, last: false };
    this.within('loop', state, out, (frame, steps) => {
      for (let pass = 0; !state.isDead && !this.isTooLong; pass++) {
        if (pass === PASSES_MAX) this.forget(place, state);
        const before = state.clone();
        const once: Step[] = [];
        test(state, once);
        if (!state.isDead) {
          const leave = (way: State, to: Step[]): void => {
            // That of the body, unless the clause has waited for another child since.
            const isBodys = before.status.is === 'known' || before.statusCount === way.statusCount;
            way.status = pass > 0 && isBodys ? before.status : SUCCESS;
            this.jump(frame, way, to);
          };
          const goOn = (way: State, to: Step[]): void => {
            this.within('pass', way, to, (_frame, body) => this.list(commands, way, body, inside));
            after?.(way);
          };
          this.branch(state, once, isUntil ? leave : goOn, isUntil ? goOn : leave, place, isUntil);
        }
        if (state.isDead || !state.knowsTheSameAs(before)) {
          steps.push(...once);
          if (pass > PASSES_MAX) return;
          continue;
        }
        const forever: Step = { repeat: { times: 'forever', steps: once.length > 0 ? once : ['pause'] } };
        steps.push(isBusy(once) ? 'pause' : forever);
        state.isDead = true;
      }
    });
  }

  /** What a loop sets is not known if it goes round too often to follow. */
  protected forget(node: While | ArithmeticFor, state: State): void {
    this.note(node, `after ${PASSES_MAX} passes of this loop its variables are taken as not known`);
    visit(node, (inside) => {
      if (inside.type === 'Assignment') state.variables.set(inside.name, UNKNOWN);
      if (inside.type === 'ArithmeticWord') state.variables.set(inside.value, UNKNOWN);
    });
  }

  protected case(node: Case, state: State, out: Step[], flags: Flags): void {
    const before = state.status;
    const subject = valueOfWord(this, node.word, state, out);
    if (state.isDead) return;
    // Only bash takes the status of a $( ) there.
    if (this.kind.name !== 'bash' && before.is === 'known') state.status = before;
    if ('statusOf' in subject && subject.statusOf === state.statusCount) {
      this.caseOfStatus(node, 0, state.status, state, out, flags);
      return;
    }
    const text = textOf(subject);
    const chosen =
      text === null
        ? (node.items.find(({ body }) => !fails(body.commands.map(({ command }) => command))) ??
          node.items.at(0))
        : node.items.find(({ pattern }) => pattern.some((word) => globToRegExp(patternOf(word)).test(text)));
    if (text === null)
      this.note(node.word, 'this is not known; taken as the first way that does not fail', true);
    if (chosen === undefined || chosen.body.commands.length === 0) state.status = SUCCESS;
    else this.list(chosen.body.commands, state, out, flags);
  }

  /** `asked`: the status that is looked at, which it stays until a command has another. */
  protected caseOfStatus(
    node: Case,
    index: number,
    asked: Status,
    state: State,
    out: Step[],
    flags: Flags,
  ): void {
    const item = node.items.at(index);
    if (item === undefined) {
      state.status = SUCCESS;
      return;
    }
    const value = item.pattern.map(patternOf).find((pattern) => /^\d+$/.test(pattern));
    const take = (way: State, steps: Step[]): void => {
      const isEmpty = item.body.commands.length === 0;
      way.status = isEmpty ? SUCCESS : value === undefined ? asked : known(Number(value));
      this.list(item.body.commands, way, steps, flags);
    };
    if (value === undefined) {
      take(state, out);
      return;
    }
    state.status = { is: 'compared', value: Number(value), ifSame: 0, ifOther: 1 };
    this.branch(
      state,
      out,
      take,
      (way, steps) => {
        const failed = value === '0' || (asked.is === 'waited' && asked.failed);
        this.caseOfStatus(node, index + 1, { is: 'waited', failed }, way, steps, flags);
      },
      item,
    );
  }
}

function patternOf(word: Word): string {
  return word.parts?.some(({ type }) => type === 'Glob') ? word.text.replace(/^"|"$/g, '') : word.value;
}

/** Is it the way of a probe that fails: one that ends with a status that is not 0? */
export function fails(commands: readonly (PipelineNode | AndOr)[]): boolean {
  return commands.some((command, index) => {
    const isLast = index === commands.length - 1;
    if (command.type === 'BraceGroup') return fails(command.body.commands.map((inside) => inside.command));
    if (command.type !== 'Command') return false;
    const name = command.name?.value;
    if (name === 'false') return isLast;
    if (name !== 'exit' && name !== 'return') return false;
    const [status] = command.args;
    return status?.type === 'Word' && /^[1-9]\d*$/.test(status.value);
  });
}

/** A loop that would go round without a rest: it has no process and no sleep in it. */
function isBusy(steps: readonly Step[]): boolean {
  return !JSON.stringify(steps).match(/"(fork|sleep|wait|exec|pause|break)"/);
}
