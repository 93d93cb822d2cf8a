/** From the tree of a script to steps: what this shell forks, becomes, waits for and ends with. */
import type { AndOr, CommandNode, PipelineNode, Statement } from 'unbash';
import type { Step } from '../step.js';
import { evaluate } from './arithmetic.js';
import { Branches, fails } from './branches.js';
import { DEPTH_MAX } from './commands.js';
import { type Flags, PLAIN, TESTED } from './shell.js';
import type { State } from './state.js';
import { parseScript, type Unit, visit } from './syntax.js';
import { testExpression } from './tests.js';
import { FAILURE, known, SUCCESS } from './values.js';
import { valueOfWord } from './words.js';

export class ShellCompiler extends Branches {
  units(units: readonly Unit[], state: State, out: Step[]): void {
    for (const { statements, isLast, isAtEnd } of units) {
      if (state.isDead) return;
      if (this.kind.name === 'bash' && isLast) this.markLast(statements);
      if (units.at(-1)?.statements === statements) this.expect(lastOf(statements), true);
      this.list(statements, state, out, { ...PLAIN, last: this.kind.name === 'ash' && isAtEnd });
    }
  }

  list(statements: readonly Statement[], state: State, out: Step[], flags: Flags): void {
    const last = flags.last && this.kind.name !== 'bash';
    for (const [index, statement] of statements.entries()) {
      if (state.isDead) return;
      if (this.isTooLong) {
        this.note(statement, 'the script is too long to follow any further; taken to end here');
        return;
      }
      const isLast = index === statements.length - 1;
      this.statement(statement, state, out, { ...flags, last: last && isLast });
      const name = keptStatus(statement);
      if (name === null || isLast || !this.isLost(name, statements.slice(index + 1), state)) continue;
      const rest = statements.slice(index + 1);
      this.followEach(name, [0, ...state.failures], rest, state, out, flags);
      return;
    }
  }

  /** Goes on in a way for each status that the variable may hold; the last stands for all others. */
  protected followEach(
    name: string,
    [status, ...others]: readonly number[],
    rest: readonly Statement[],
    state: State,
    out: Step[],
    flags: Flags,
  ): void {
    const follow = (way: State, steps: Step[]): void => {
      way.variables.set(name, { text: String(status) });
      way.status = SUCCESS;
      this.list(rest, way, steps, flags);
    };
    if (others.length === 0) {
      follow(state, out);
      return;
    }
    state.status = { is: 'compared', value: status, ifSame: 0, ifOther: 1 };
    const otherwise = (way: State, steps: Step[]): void =>
      this.followEach(name, others, rest, way, steps, flags);
    this.branch(state, out, follow, otherwise, rest[0]);
  }

  /** Is the status that the variable holds looked at when another child has had one since? */
  protected isLost(name: string, rest: readonly Statement[], state: State): boolean {
    const held = state.variables.get(name);
    if (held === undefined || !('statusOf' in held) || held.statusOf !== state.statusCount) return false;
    let hasWaited = false;
    let isLost = false;
    for (const statement of rest)
      visit(statement, (node) => {
        if (node.type === 'SimpleExpansion' && node.text === `$${name}`) isLost ||= hasWaited;
        if (node.type === 'ParameterExpansion' && node.parameter === name) isLost ||= hasWaited;
        if (node.type === 'Command') hasWaited ||= !this.isBuiltin(node.name?.value);
      });
    return isLost;
  }

  protected statement(statement: Statement, state: State, out: Step[], flags: Flags): void {
    if (statement.background) this.job(statement.command, state, out);
    else this.node(statement.command, state, out, flags);
  }

  protected node(node: PipelineNode | AndOr, state: State, out: Step[], flags: Flags): void {
    switch (node.type) {
      case 'AndOr':
        this.andOr(node, 0, state, out, flags);
        return;
      case 'Pipeline':
        this.pipeline(node, state, out, flags);
        return;
      case 'Command':
        this.command(node, state, out, flags);
        break;
      case 'Subshell':
        this.subshell(node, state, out, flags);
        break;
      case 'Redirected':
        this.redirected(node, state, out, flags);
        break;
      case 'TestCommand':
        state.status =
          this.kind.name === 'dash'
            ? known(127)
            : testExpression(node.expression, state, (word) => valueOfWord(this, word, state, out));
        break;
      case 'ArithmeticCommand': {
        const value = evaluate(node.expression, state);
        state.status =
          value === null ? { is: 'open', why: 'a calculation' } : value === 0 ? FAILURE : SUCCESS;
        break;
      }
      default:
        this.compound(node, state, out, flags);
        return;
    }
    this.endIfFailed(node, state, out, flags);
  }

  protected compound(node: CommandNode, state: State, out: Step[], flags: Flags): void {
    switch (node.type) {
      case 'BraceGroup':
        this.list(node.body.commands, state, out, flags);
        return;
      case 'If':
        this.if(node, [node, ...node.elif], state, out, flags);
        return;
      case 'For':
        this.for(node, state, out, flags);
        return;
      case 'While':
        this.while(node, state, out, flags);
        return;
      case 'Case':
        this.case(node, state, out, flags);
        return;
      case 'Function':
        state.functions.set(node.name.value, node.body);
        state.status = SUCCESS;
        return;
      default:
        this.note(node, 'this is not understood; taken to start nothing');
        state.status = SUCCESS;
    }
  }

  protected andOr(node: AndOr, index: number, state: State, out: Step[], flags: Flags): void {
    const isLast = index === node.commands.length - 1;
    const end = node.operators.findIndex((operator, at) => at > index && operator !== node.operators[index]);
    const next = node.commands.slice(index + 1, end < 0 ? undefined : end + 1);
    if (next.some((each) => fails([each]))) this.expect(node.commands[index], node.operators[index] === '||');
    this.node(node.commands[index], state, out, isLast ? flags : TESTED);
    this.rest(node, index, state, out, flags);
  }

  /** What stands behind the element of an && and || list that has just been done. */
  protected rest(node: AndOr, index: number, state: State, out: Step[], flags: Flags): void {
    const operator = node.operators[index];
    if (operator === undefined || state.isDead) return;
    const next = node.commands[index + 1];
    const onward = (way: State, steps: Step[]): void => this.andOr(node, index + 1, way, steps, flags);
    const past = (way: State, steps: Step[]): void => this.rest(node, index + 1, way, steps, flags);
    const isAnd = operator === '&&';
    const healthy = !(isAnd && fails([next]));
    this.branch(state, out, isAnd ? onward : past, isAnd ? past : onward, node.commands[index], healthy);
  }

  evaluate(script: string, state: State, out: Step[], flags: Flags): void {
    const parsed = parseScript(script, this.kind);
    if (!parsed.ok || this.depth >= DEPTH_MAX) {
      this.note({ pos: 0, end: 0 }, `\`${script}\` is not understood; taken to start nothing`);
      return;
    }
    const { text } = this;
    this.text = parsed.text;
    this.depth++;
    for (const { statements } of parsed.units)
      if (!state.isDead) this.list(statements, state, out, { ...flags, last: false });
    this.depth--;
    this.text = text;
  }
}

/** The command that a script ends with, whose status is its own. */
function lastOf(statements: readonly Statement[]): PipelineNode | AndOr | undefined {
  const { command, background = false } = statements.at(-1) ?? {};
  if (background) return undefined;
  return command?.type === 'AndOr' ? command.commands.at(-1) : command;
}

/** The variable that `rc=$?` sets, or null. */
function keptStatus({ command, background }: Statement): string | null {
  if (background || command.type !== 'Command' || command.name !== undefined) return null;
  const [only] = command.prefix;
  const isKept =
    only?.type === 'Assignment' && only.value.type === 'Word' && /^"?\$\{?\?\}?"?$/.test(only.value.text);
  return isKept ? only.name : null;
}
