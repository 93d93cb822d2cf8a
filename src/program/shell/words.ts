/** Expansion of words: what they stand for as far as that is known; a `$( )` in them is run. */
import type { HereDocBody, ParameterExpansionPart, Word, WordPart } from 'unbash';
import type { Step } from '../step.js';
import { evaluate, series } from './arithmetic.js';
import { globToRegExp } from './globs.js';
import type { Shell } from './shell.js';
import { type State, settle } from './state.js';
import { pidText, textOf, UNKNOWN, type Value } from './values.js';

/** A longer text is not cut up: a pattern with many stars would be tried in too many ways. */
const CUT_MAX = 200;

/** A piece of a word. `splits`: it stands outside of quotes, so white space in it ends a word. */
interface Piece {
  value: Value;
  splits: boolean;
}

/** The fields that a word of a command becomes: none, one or more. */
export function fieldsOf(shell: Shell, word: Word, state: State, out: Step[]): Value[] {
  const all = allIn(word, state);
  if (all !== null) return all;
  const braces = word.parts?.findIndex(({ type }) => type === 'BraceExpansion') ?? -1;
  if (shell.kind.name === 'bash' && braces >= 0) return bracedIn(word.parts!, braces, shell, state, out);
  const pieces = piecesOf(shell, word, state, out);
  const joined = textOf(join(pieces));
  const isQuoted = pieces.some(({ value, splits }) => !splits && /\s/.test(textOf(value) ?? ''));
  if (joined !== null && !isQuoted && pieces.some(({ splits }) => splits))
    return joined
      .split(/[ \t\n]+/)
      .filter((field) => field !== '')
      .map((text) => ({ text }));
  const whole = join(pieces);
  if (!('unknown' in whole) || isQuoted || !pieces.every(({ splits }) => splits)) return [whole];
  const like = (text: string): Value => (text.includes('$…') ? { unknown: true, like: text } : { text });
  return whole.like === undefined ? [whole] : (whole.like.match(/\S+/g) ?? []).map(like);
}

/** `{1..3}` or `{a,b}`, with what stands around it. */
function bracedIn(parts: readonly WordPart[], at: number, shell: Shell, state: State, out: Step[]): Value[] {
  const pieces = (some: readonly WordPart[]) =>
    some.flatMap((part) => partOf(shell, part, state, out, false));
  const [before, after] = [pieces(parts.slice(0, at)), pieces(parts.slice(at + 1))];
  return bracesOf(parts[at].text).map((text) =>
    join([...before, { value: { text: `${text}` }, splits: false }, ...after]),
  );
}

function bracesOf(text: string): readonly (string | number)[] {
  const [, first, last] = /^\{(-?\d+)\.\.(-?\d+)\}$/.exec(text) ?? [];
  if (last !== undefined) return series(Number(first), Number(last)) ?? [text];
  return /[{}'"$`]|\.\./.test(text.slice(1, -1)) ? [text] : text.slice(1, -1).split(',');
}

/** What the word is as one text: in an assignment, after `case`, in `[[`, in a here-document. */
export function valueOfWord(shell: Shell, word: Word | HereDocBody, state: State, out: Step[]): Value {
  return join(piecesOf(shell, word, state, out));
}

/** The lines of a here-document. */
export function hereLines(shell: Shell, body: HereDocBody, state: State, out: Step[]): string[] {
  const text = textOf(valueOfWord(shell, body, state, out)) ?? body.text;
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

function join(pieces: readonly Piece[]): Value {
  if (pieces.length === 1) return pieces[0].value;
  const texts = pieces.map(({ value }) => textOf(value));
  const text = texts.map((each) => each ?? '$…').join('');
  return texts.includes(null) ? { unknown: true, like: text } : { text };
}

function piecesOf(shell: Shell, word: Word | HereDocBody, state: State, out: Step[]): Piece[] {
  const { value = word.text } = word as Partial<Word>;
  if (word.parts === undefined) return [{ value: { text: value }, splits: false }];
  return word.parts.flatMap((part) => partOf(shell, part, state, out, true));
}

/** `"$@"`, `$@` or `$*`: the arguments of the script or of the function; `"${name[@]}"`. */
function allIn(word: Word, state: State): Value[] | null {
  if (/^"?\$(\{?)[@*]\}?"?$/.test(word.text)) return [...state.positional];
  const [, name] = /^"?\$\{(\w+)\[[@*]\]\}"?$/.exec(word.text) ?? [];
  const value = name === undefined ? UNKNOWN : state.valueOf(name);
  return 'items' in value ? [...value.items] : null;
}

function partOf(shell: Shell, part: WordPart, state: State, out: Step[], splits: boolean): Piece[] {
  const plain = (text: string): Piece[] => [{ value: { text: `${text}` }, splits: false }];
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
    case 'AnsiCQuoted':
      return plain(part.value);
    case 'Glob':
    case 'ExtendedGlob':
    case 'BraceExpansion':
      return plain(part.text);
    case 'DoubleQuoted':
    case 'LocaleString': {
      const inside = part.parts.flatMap((child) => partOf(shell, child, state, out, false));
      return inside.length === 0 ? plain('') : inside;
    }
    case 'SimpleExpansion':
      if (part.text === '$?' && state.status.is === 'compared') settle({ state, steps: out });
      if (state.nounset && isUnset(part.text.slice(1), state)) failUnset(shell, state, out);
      return [{ value: parameter(part.text.slice(1), state), splits }];
    case 'ParameterExpansion':
      return [{ value: expansion(shell, part, state, out), splits }];
    case 'CommandExpansion':
      return [{ value: shell.substitute(part.script, state, out, backquoted(part.text)), splits }];
    case 'ArithmeticExpansion': {
      const usual = state.usualIn(part.text).length > 0 ? { isUsual: true } : {};
      const value = evaluate(part.expression, state);
      return [{ value: value === null ? UNKNOWN : { text: String(value), ...usual }, splits: false }];
    }
    default:
      shell.reads(part, state, out);
      return plain('/dev/fd/63');
  }
}

/** With a backslash in it the parser reads it on its own, and counts from its start. */
function backquoted(text: string): string | null {
  return text.startsWith('`') && text.includes('\\') ? text.slice(1, -1) : null;
}

/** `$name`, `$?`, `$!`, `$$`, `$#`, `$1`. */
function parameter(name: string, state: State): Value {
  if (name === '?') {
    const { status } = state;
    if (status.is === 'known') return { text: String(status.value) };
    return status.is === 'waited' ? { statusOf: state.statusCount } : UNKNOWN;
  }
  if (name === '!') return { text: state.lastJob === null ? '' : pidText(state.lastJob) };
  if (name === '$') return { self: true };
  if (name === '#') return { text: String(state.positional.length) };
  if (name === '@' || name === '*') {
    const texts = state.positional.map(textOf);
    return texts.includes(null) ? UNKNOWN : { text: texts.join(' ') };
  }
  if (/^[1-9]\d*$/.test(name)) return state.positional[Number(name) - 1] ?? { text: '' };
  return state.valueOf(name);
}

/** Is it sure that it has no value? The environment has names in capitals, or such as `http_proxy`. */
function isUnset(name: string, { positional, lastJob, hasOthersJob, variables }: State): boolean {
  if (/^\d+$/.test(name)) return Number(name) > positional.length;
  if (name === '!') return lastJob === null && !hasOthersJob;
  return /^[a-z][a-z0-9_]*$/.test(name) && !name.endsWith('_proxy') && !variables.has(name);
}

function failUnset(shell: Shell, state: State, out: Step[]): void {
  shell.fatal(state.level > 0 || state.errexit ? 1 : 127, state, out);
}

/** `${x#…}`, `##`, `%`, `%%`: what is left if the shortest or the longest beginning or end is taken off. */
function without(text: string, operator: string, pattern: string): string {
  const lengths = Array.from({ length: text.length + 1 }, (_, length) => length);
  if (operator.length > 1) lengths.reverse();
  const isEnd = operator.startsWith('%');
  const part = (length: number): string => (isEnd ? text.slice(text.length - length) : text.slice(0, length));
  const found = lengths.find((length) => globToRegExp(pattern).test(part(length))) ?? 0;
  return isEnd ? text.slice(0, text.length - found) : text.slice(found);
}

function expansion(shell: Shell, part: ParameterExpansionPart, state: State, out: Step[]): Value {
  const value = parameter(part.parameter, state);
  const { operation } = part;
  const asks = operation?.type === 'Default' && operation.operator.endsWith('?');
  const minds = asks || (state.nounset && operation?.type !== 'Default');
  if (minds && isUnset(part.parameter, state)) failUnset(shell, state, out);
  if (part.prefix === '#' && 'items' in value) return { text: String(value.items.length) };
  if (part.index !== undefined || part.prefix === '!') return UNKNOWN;
  const text = textOf(value);
  if (part.prefix === '#') return text === null ? UNKNOWN : { text: String(text.length) };
  if (operation === undefined) return value;
  if (operation.type === 'Remove') {
    const pattern = textOf(valueOfWord(shell, operation.operand, state, out));
    const isShort = text !== null && text.length <= CUT_MAX;
    return !isShort || pattern === null ? UNKNOWN : { text: without(text, operation.operator, pattern) };
  }
  if (operation.type !== 'Default') {
    if (!/^(Replace|Slice|CaseModification|Transform)$/.test(operation.type) || shell.kind.name === 'bash')
      return UNKNOWN;
    if (shell.kind.name === 'ash' && /^(Replace|Slice)$/.test(operation.type)) return UNKNOWN;
    shell.note(part, `${shell.kind.name} cannot expand this: it ends here, with status 2`);
    shell.fatal(2, state, out);
    return UNKNOWN;
  }
  const { operator } = operation;
  if ('unknown' in value) {
    if (/\$\(|`/.test(operation.operand.text) && !operator.endsWith('+'))
      shell.note(part, `whether ${part.parameter} is set is not known; taken as set`, true);
    return UNKNOWN;
  }
  const isSet = text === null || (operator.startsWith(':') ? text !== '' : !isUnset(part.parameter, state));
  if (operator.endsWith('+')) return isSet ? valueOfWord(shell, operation.operand, state, out) : { text: '' };
  if (asks && !isSet && !state.isDead) failUnset(shell, state, out);
  if (asks || isSet) return value;
  const other = valueOfWord(shell, operation.operand, state, out);
  if (operator.endsWith('=')) state.variables.set(part.parameter, other);
  return other;
}
