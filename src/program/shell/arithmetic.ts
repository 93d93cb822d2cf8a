/** `$(( ))` and `(( ))`, as far as the values are known. Assignments in them are done. */
import { type ArithmeticExpression, parse } from 'unbash';
import type { State } from './state.js';
import { FAILURE, type Status, SUCCESS, textOf, UNKNOWN } from './values.js';

/** The value, or null where it is not known. */
export function evaluate(expression: ArithmeticExpression | undefined, state: State): number | null {
  if (expression === undefined) return 0;
  switch (expression.type) {
    case 'ArithmeticWord':
      return wordValue(expression.value, state);
    case 'ArithmeticGroup':
      return evaluate(expression.expression, state);
    case 'ArithmeticUnary':
      return unary(expression, state);
    case 'ArithmeticTernary': {
      const test = evaluate(expression.test, state);
      if (test === null) return null;
      return evaluate(test === 0 ? expression.alternate : expression.consequent, state);
    }
    case 'ArithmeticBinary':
      return binary(expression, state);
    default:
      return null;
  }
}

/** What `(( ))` and `let` end with: 1 if the value is 0. */
export function calculated(expression: ArithmeticExpression | undefined, state: State): Status {
  const value = evaluate(expression, state);
  if (value === null) return { is: 'open', why: 'a calculation' };
  return value === 0 ? FAILURE : SUCCESS;
}

/** From `first` on, no further than to `last`; null: too many to tell apart. */
export function series(first: number, last: number, step = first <= last ? 1 : -1): readonly number[] | null {
  const count = Math.max(0, Math.floor((last - first) / step) + 1);
  return count <= SERIES_MAX ? Array.from({ length: count }, (_, index) => first + index * step) : null;
}

const SERIES_MAX = 200;

export function expressionOf(text: string): ArithmeticExpression | undefined {
  const [statement] = parse(`((${text}))`).commands;
  return statement?.command.type === 'ArithmeticCommand' ? statement.command.expression : undefined;
}

function wordValue(word: string, state: State): number | null {
  if (/^-?(0x)?[0-9a-f]+$/i.test(word) && /^-?\d/.test(word)) return Number(word);
  const name = nameOf(word);
  if (name === null) return null;
  const text = /^\d+$/.test(name) ? textOf(state.positional[Number(name) - 1]) : textOf(state.valueOf(name));
  if (text === null) return null;
  return text.trim() === '' ? 0 : /^-?\d+$/.test(text.trim()) ? Number(text) : null;
}

function nameOf(word: string): string | null {
  return /^\$?\{?([A-Za-z_]\w*|\d)\}?$/.exec(word)?.[1] ?? null;
}

function assign(target: ArithmeticExpression, value: number | null, state: State): number | null {
  const name = target.type === 'ArithmeticWord' ? nameOf(target.value) : null;
  if (name !== null) state.variables.set(name, value === null ? UNKNOWN : { text: String(value) });
  return value;
}

function unary(
  { operator, operand, prefix }: Extract<ArithmeticExpression, { type: 'ArithmeticUnary' }>,
  state: State,
): number | null {
  const value = evaluate(operand, state);
  if (operator === '++' || operator === '--') {
    const next = value === null ? null : value + (operator === '++' ? 1 : -1);
    assign(operand, next, state);
    return prefix ? next : value;
  }
  return value === null ? null : (UNARY[operator]?.(value) ?? null);
}

function binary(
  { operator, left, right }: Extract<ArithmeticExpression, { type: 'ArithmeticBinary' }>,
  state: State,
): number | null {
  if (operator === '=') return assign(left, evaluate(right, state), state);
  const a = evaluate(left, state);
  if (operator === '&&' && a === 0) return 0;
  if (operator === '||' && a !== null && a !== 0) return 1;
  const b = evaluate(right, state);
  if (/^(<<|>>|[-+*/%&|^])=$/.test(operator))
    return assign(left, calculate(operator.slice(0, -1), a, b), state);
  return calculate(operator, a, b);
}

export function calculate(operator: string, a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : (BINARY[operator]?.(a, b) ?? null);
}

const UNARY: Readonly<Record<string, (a: number) => number>> = {
  '-': (a) => -a,
  '+': (a) => a,
  '!': (a) => Number(a === 0),
  '~': (a) => ~a,
};

const BINARY: Readonly<Record<string, (a: number, b: number) => number | null>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => (b === 0 ? null : Math.trunc(a / b)),
  '%': (a, b) => (b === 0 ? null : a % b),
  '**': (a, b) => a ** b,
  '<<': (a, b) => a << b,
  '>>': (a, b) => a >> b,
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  '<': (a, b) => Number(a < b),
  '>': (a, b) => Number(a > b),
  '<=': (a, b) => Number(a <= b),
  '>=': (a, b) => Number(a >= b),
  '==': (a, b) => Number(a === b),
  '!=': (a, b) => Number(a !== b),
  '&&': (a, b) => Number(a !== 0 && b !== 0),
  '||': (a, b) => Number(a !== 0 || b !== 0),
  ',': (_, b) => b,
};
