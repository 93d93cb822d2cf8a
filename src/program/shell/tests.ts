/** `test`, `[` and `[[`: their status, as far as it is known. */
import type { TestExpression, Word } from 'unbash';
import { globToRegExp } from './globs.js';
import type { State } from './state.js';
import { FAILURE, known, negated, type Status, SUCCESS, textOf, type Value } from './values.js';

/** What every container has: then a test for it is no assumption. */
const HERE: Readonly<Record<string, 'd' | 'f' | 'c'>> = {
  ...{ '/': 'd', '/tmp': 'd', '/dev': 'd', '/proc': 'd', '/etc': 'd' },
  ...{ '/etc/passwd': 'f', '/bin/sh': 'f', '/dev/null': 'c' },
};

const BINARY = /^(=|==|!=|<|>|-eq|-ne|-lt|-le|-gt|-ge|-nt|-ot|-ef|=~)$/;
const UNARY = /^-[abcdefghknoprstuvwxzGLNOS]$/;

/** The status of `test` with these arguments. */
export function test(args: readonly Value[], state: State): Status {
  const texts = args.map(textOf);
  if (args.length === 0) return FAILURE;
  if (args.length === 1) return nonEmpty(args[0]);
  if (args.length === 3 && texts[1] !== null && BINARY.test(texts[1]))
    return binary(args[0], texts[1], args[2], state);
  const or = texts.lastIndexOf('-o');
  if (or > 0 && args.length > 2)
    return either(test(args.slice(0, or), state), test(args.slice(or + 1), state));
  const and = texts.lastIndexOf('-a');
  if (and > 0 && args.length > 2)
    return both(test(args.slice(0, and), state), test(args.slice(and + 1), state));
  if (texts[0] === '!') return negated(test(args.slice(1), state));
  if (args.length === 2 && texts[0] !== null && UNARY.test(texts[0])) return unary(texts[0], args[1]);
  if (texts[0] === '(' && texts.at(-1) === ')') return test(args.slice(1, -1), state);
  return texts.includes(null) ? open('what is tested here') : known(2);
}

/** The status of `[[ … ]]`; `expand` gives the value of a word. */
export function testExpression(
  expression: TestExpression,
  state: State,
  expand: (word: Word) => Value,
): Status {
  const of = (inner: TestExpression): Status => testExpression(inner, state, expand);
  switch (expression.type) {
    case 'TestUnary':
      return unary(expression.operator, expand(expression.operand));
    case 'TestBinary': {
      const { operator, left, right } = expression;
      return /^(==|=|!=)$/.test(operator)
        ? matches(expand(left), operator, expand(right), state)
        : binary(expand(left), operator, expand(right), state);
    }
    case 'TestNot':
      return expression.negations.length % 2 === 1 ? negated(of(expression.operand)) : of(expression.operand);
    case 'TestGroup':
      return of(expression.expression);
    default:
      return expression.operands.map(of).reduce(expression.operator === '&&' ? both : either);
  }
}

function open(why: string): Status {
  return { is: 'open', why };
}

function given(is: boolean): Status {
  return is ? SUCCESS : FAILURE;
}

function nonEmpty(value: Value): Status {
  const text = textOf(value);
  if (text !== null) return given(text !== '');
  return 'unknown' in value ? open('whether a text is empty') : SUCCESS;
}

function unary(operator: string, value: Value): Status {
  if (operator === '-n') return nonEmpty(value);
  if (operator === '-z') return negated(nonEmpty(value));
  if (operator === '-t') return FAILURE;
  const text = textOf(value);
  const kind = text !== null && Object.hasOwn(HERE, text) ? HERE[text] : null;
  if (kind === null) return open(`a test of the file ${text ?? 'that a variable names'}`);
  return given(operator === `-${kind}` || !/^-[bcdfhkpLSgu]$/.test(operator));
}

/** Comparisons that the status of a child can be looked at with: which value, and what if it is that. */
const OF_STATUS: Readonly<Record<string, (n: number) => { value: number; ifSame: 0 | 1 } | null>> = {
  '-eq': (n) => ({ value: n, ifSame: 0 }),
  '=': (n) => ({ value: n, ifSame: 0 }),
  '==': (n) => ({ value: n, ifSame: 0 }),
  '-ne': (n) => ({ value: n, ifSame: 1 }),
  '!=': (n) => ({ value: n, ifSame: 1 }),
  '-gt': (n) => (n === 0 ? { value: 0, ifSame: 1 } : null),
  '-ge': (n) => (n === 1 ? { value: 0, ifSame: 1 } : null),
  '-le': (n) => (n === 0 ? { value: 0, ifSame: 0 } : null),
  '-lt': (n) => (n === 1 ? { value: 0, ifSame: 0 } : null),
};

function binary(left: Value, operator: string, right: Value, state: State): Status {
  const [a, b] = [textOf(left), textOf(right)];
  if (a !== null && b !== null) return compare(a, operator, b);
  if ('statusOf' in right && /^(=|==|!=|-eq|-ne)$/.test(operator) && a !== null)
    return binary(right, operator, left, state);
  const asked = 'statusOf' in left && left.statusOf === state.statusCount && b !== null && /^\d+$/.test(b);
  const seen = asked && Object.hasOwn(OF_STATUS, operator) ? OF_STATUS[operator](Number(b)) : null;
  if (seen !== null) return { is: 'compared', ...seen, ifOther: 1 - seen.ifSame };
  return open('what is compared here');
}

function matches(left: Value, operator: string, right: Value, state: State): Status {
  const [text, pattern] = [textOf(left), textOf(right)];
  if (text === null || pattern === null) return binary(left, operator, right, state);
  return given(globToRegExp(pattern).test(text) === (operator !== '!='));
}

function compare(a: string, operator: string, b: string): Status {
  if (operator === '=~') return open('a match of a regular expression');
  if (/^-(nt|ot|ef)$/.test(operator)) return open('a comparison of files');
  const text = OF_TEXTS[operator];
  if (text !== undefined) return given(text(a, b));
  const [left, right] = [a.trim(), b.trim()];
  const number = OF_NUMBERS[operator];
  const areNumbers = [left, right].every((each) => /^[-+]?\d+$/.test(each));
  return areNumbers && number !== undefined ? given(number(Number(left), Number(right))) : known(2);
}

const OF_TEXTS: Readonly<Record<string, (a: string, b: string) => boolean>> = {
  '=': (a, b) => a === b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
};
const OF_NUMBERS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '-eq': (a, b) => a === b,
  '-ne': (a, b) => a !== b,
  '-lt': (a, b) => a < b,
  '-le': (a, b) => a <= b,
  '-gt': (a, b) => a > b,
  '-ge': (a, b) => a >= b,
};

export function both(a: Status, b: Status): Status {
  if (a.is === 'known') return a.value === 0 ? b : a;
  return b.is === 'known' ? (b.value === 0 ? a : b) : notBoth(a, b);
}

export function either(a: Status, b: Status): Status {
  if (a.is === 'known') return a.value === 0 ? a : b;
  return b.is === 'known' ? (b.value === 0 ? b : a) : notBoth(a, b);
}

/** Two values of one status are not looked at in one test. */
function notBoth(a: Status, b: Status): Status {
  return a.is === 'open' ? a : b.is === 'open' ? b : open('what is compared here');
}
