/** From the tree of a script to steps: what this shell forks, becomes, waits for and ends with. */
import type {
  AndOr,
  CommandNode,
  PipelineNode,
  Statement,
  TestExpression,
  TestLogicalExpression,
} from 'unbash';
import type { Step } from '../step.js';
import { calculated, evaluate } from './arithmetic.js';
import { Branches, fails } from './branches.js';
import { DEPTH_MAX } from './commands.js';
import { type Flags, type Later, NO_MORE, PLAIN, TESTED } from './shell.js';
import type { State } from './state.js';
import { parseScript, type Unit, visit } from './syntax.js';
import { both, either, testExpression } from './tests.js';
import { known, SUCCESS } from './values.js';
import { valueOfWord } from './words.js';

/** How deep branches may be nested whose ways are each followed to the end of the script. */
const PARTED_MAX = 5;
/** How many characters of script may be read for that, each way counted. */
const FOLLOWED_MAX = 10_000;

export class ShellCompiler extends Branches {
  private parted = 0;

  units([unit, ...others]: readonly Unit[], state: State, out: Step[]): void {
    if (unit === undefined) {
      this.end(state, out);
      return;
    }
    const { statements, isLast, isAtEnd, refused } = unit;
    if (refused !== undefined) {
      this.refuse(refused, state, out);
      return;
    }
    if (this.kind.name === 'bash' && isLast) this.markLast(statements);
    if (others.length === 0) this.expect(lastOf(statements), true);
    this.list(
      statements,
      state,
      out,
      { ...PLAIN, last: this.kind.name === 'ash' && isAtEnd },
      {
        statements: others.flatMap((other) => other.statements),
        go: (way, steps) => this.units(others, way, steps),
      },
    );
  }

  list(
    statements: readonly Statement[],
    state: State,
    out: Step[],
    flags: Flags,
    later: Later = NO_MORE,
  ): void {
    const last = flags.last && this.kind.name !== 'bash';
    for (const [index, statement] of statements.entries()) {
      if (state.isDead) return;
      if (this.isTooLong) {
        this.note(statement, 'the script is too long to follow any further; taken to end here');
        return;
      }
      const isLast = index === statements.length - 1;
      const rest = statements.slice(index + 1);
      const behind = [...rest, ...later.statements];
      const inside = { ...flags, last: last && isLast };
      const follow = (way: State, steps: Step[]): void => this.list(rest, way, steps, flags, later);
      if (this.parts(statement, behind)) {
        this.parted++;
        this.node(statement.command, state, out, inside, { statements: behind, go: follow });
        this.parted--;
        return;
      }
      this.statement(statement, state, out, inside);
      const name = keptStatus(statement);
      if (name === null || !this.mayPart(behind) || !this.isLost(name, behind, state)) continue;
      state.status = { is: 'waited' };
      this.parted++;
      this.withStatus([0, ...state.failures], state, out, (way, steps) => {
        const { status } = way;
        if (status.is === 'known') way.variables.set(name, { text: String(status.value) });
        way.status = SUCCESS;
        follow(way, steps);
      });
      this.parted--;
      return;
    }
    if (!state.isDead) later.go(state, out);
  }

  private mayPart(behind: readonly Statement[]): boolean {
    const characters = (behind.at(-1)?.end ?? 0) - (behind.at(0)?.pos ?? 0);
    return this.parted < PARTED_MAX && characters * 2 ** (this.parted + 1) < FOLLOWED_MAX;
  }

  /** Do its ways set something differently that is looked at behind it? Then each is followed to the end. */
  protected parts({ command, background }: Statement, behind: readonly Statement[]): boolean {
    if (background || !this.mayPart(behind) || !/^(AndOr|If)$/.test(command.type)) return false;
    const names = new Set<string>();
    let setsTrap = false;
    visit(command, (node) => {
      if (node.type === 'Command') setsTrap ||= node.name?.value === 'trap';
      if (node.type === 'Assignment') names.add(node.name);
      if (node.type === 'Function') names.add(node.name.value);
    });
    return setsTrap || (names.size > 0 && behind.some((statement) => mentions(statement, names)));
  }

  /** Is the status that the variable holds looked at when another child may have had one since? */
  protected isLost(name: string, behind: readonly Statement[], state: State): boolean {
    const held = state.variables.get(name);
    if (held === undefined || !('statusOf' in held) || held.statusOf !== state.statusCount) return false;
    let hasWaited = false;
    return behind.some((statement) => {
      visit(statement, (node) => {
        if (node.type === 'Command') hasWaited ||= !this.isBuiltin(node.name?.value);
        // What is calculated with it is not known either.
        if (node.type === 'ArithmeticExpansion') hasWaited = true;
      });
      return hasWaited && mentions(statement, new Set([name]));
    });
  }

  protected statement(statement: Statement, state: State, out: Step[], flags: Flags): void {
    if (statement.background) this.job(statement.command, state, out, flags);
    else this.node(statement.command, state, out, flags);
  }

  protected node(
    node: PipelineNode | AndOr,
    state: State,
    out: Step[],
    flags: Flags,
    later: Later = NO_MORE,
  ): void {
    switch (node.type) {
      case 'AndOr':
        this.andOr(node, 0, state, out, flags, later);
        return;
      case 'If':
        this.if(node, [node, ...node.elif], state, out, flags, later);
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
        this.noteUsual(node, state);
        if (this.kind.name === 'dash') state.status = known(127);
        else this.test(node.expression, state, out);
        break;
      case 'ArithmeticCommand':
        this.noteUsual(node, state);
        state.status = this.kind.name === 'bash' ? calculated(node.expression, state) : known(127);
        break;
      default:
        this.compound(node, state, out, flags);
        return;
    }
    this.endIfFailed(node, state, out, flags);
  }

  /** `[[ a || b ]]`: as `[[ a ]] || [[ b ]]`. */
  private test(expression: TestExpression, state: State, out: Step[]): void {
    if (expression.type === 'TestGroup') this.test(expression.expression, state, out);
    else if (expression.type === 'TestLogical') this.tests(expression, 0, state, out);
    else state.status = testExpression(expression, state, (word) => valueOfWord(this, word, state, out));
  }

  private tests(expression: TestLogicalExpression, index: number, state: State, out: Step[]): void {
    const { operands, operator } = expression;
    this.test(operands[index], state, out);
    const { status } = state;
    if (index === operands.length - 1) return;
    if (status.is === 'open') {
      this.tests(expression, index + 1, state, out);
      state.status = (operator === '&&' ? both : either)(status, state.status);
      return;
    }
    const goOn = (way: State, steps: Step[]): void => this.tests(expression, index + 1, way, steps);
    const stay = (): void => {};
    this.branch(state, out, operator === '&&' ? goOn : stay, operator === '&&' ? stay : goOn, expression);
  }

  protected compound(node: CommandNode, state: State, out: Step[], flags: Flags): void {
    switch (node.type) {
      case 'BraceGroup':
        this.list(node.body.commands, state, out, flags);
        return;
      case 'For':
        this.for(node, state, out, flags);
        return;
      case 'While':
        this.while(node, state, out, flags);
        return;
      case 'ArithmeticFor':
        evaluate(node.initialize, state);
        this.loop(
          {
            place: node,
            body: node.body,
            isUntil: false,
            test: (way) => {
              way.status = node.test === undefined ? SUCCESS : calculated(node.test, way);
            },
            after: (way) => evaluate(node.update, way),
          },
          state,
          out,
          flags,
        );
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

  protected andOr(node: AndOr, index: number, state: State, out: Step[], flags: Flags, later: Later): void {
    const isLast = index === node.commands.length - 1;
    const end = node.operators.findIndex((operator, at) => at > index && operator !== node.operators[index]);
    const next = node.commands.slice(index + 1, end < 0 ? undefined : end + 1);
    if (next.some((each) => fails([each]))) this.expect(node.commands[index], node.operators[index] === '||');
    this.node(node.commands[index], state, out, isLast ? flags : TESTED);
    this.rest(node, index, state, out, flags, later);
  }

  /** What stands behind the element of an && and || list that has just been done. */
  protected rest(node: AndOr, index: number, state: State, out: Step[], flags: Flags, later: Later): void {
    const operator = node.operators[index];
    if (state.isDead) return;
    if (operator === undefined) {
      later.go(state, out);
      return;
    }
    const next = node.commands[index + 1];
    const onward = (way: State, steps: Step[]): void => this.andOr(node, index + 1, way, steps, flags, later);
    const past = (way: State, steps: Step[]): void => this.rest(node, index + 1, way, steps, flags, later);
    const isAnd = operator === '&&';
    const healthy = !(isAnd && fails([next]));
    this.branch(state, out, isAnd ? onward : past, isAnd ? past : onward, node.commands[index], healthy);
  }

  /** A shell that reads what it does not understand ends, before it has done anything of that line. */
  private refuse(place: { pos: number; end: number }, state: State, out: Step[]): void {
    this.note(place, `${this.kind.name} does not read this: it ends here, with status 2`);
    this.fatal(2, state, out);
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
    for (const { statements, refused } of parsed.units) {
      if (state.isDead) break;
      if (refused !== undefined) this.refuse(refused, state, out);
      else this.list(statements, state, out, { ...flags, last: false });
    }
    this.depth--;
    this.text = text;
  }
}

function mentions(statement: Statement, names: ReadonlySet<string>): boolean {
  let found = false;
  visit(statement, (node) => {
    if (node.type === 'SimpleExpansion') found ||= names.has(node.text.slice(1));
    if (node.type === 'ParameterExpansion') found ||= names.has(node.parameter);
    if (node.type === 'ArithmeticWord') found ||= names.has(node.value.replace(/^\$/, ''));
    if (node.type === 'Command') found ||= names.has(node.name?.value ?? '');
  });
  return found;
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
