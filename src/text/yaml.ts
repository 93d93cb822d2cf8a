/**
 * YAML text to plain values, each of which can still be found in the text.
 *
 *     text ──► composed YAML ──► checks: syntax, aliases, depth ──► plain value
 *                   └──────────────── locate(path) ──────────────► line, column
 *
 * Nothing here knows what a scenario is.
 */
import {
  type Alias,
  Composer,
  type CST,
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Pair,
  type ParsedNode,
  Parser,
  type YAMLMap,
} from 'yaml';
import { ALIASES_MAX, DOCUMENT_DEPTH_MAX, DOCUMENT_VALUES_MAX, FILE_CHARACTERS_MAX } from './bounds.js';
import { type DiagnosticCode, diagnosticOf } from './codes.js';
import type { Diagnostic } from './diagnostic.js';
import { grouped } from './figures.js';

/** Keys of mappings and indices of lists, from the root. */
export type Path = readonly (string | number)[];

/** Which end of `key: value` is meant. */
export type Aim = 'key' | 'value';

export interface Position {
  line: number;
  column: number;
  /** Where it is another file than the document's own. */
  file?: string;
}

/** One YAML document as a plain value. */
export interface SourceDocument {
  file: string;
  value: unknown;
  /** Where the key or the value at the path stands; the nearest enclosing one when the path leads nowhere. */
  locate(path: Path, aim: Aim): Position;
  /** A scalar as it was written: `1.10` where the value is 1.1. Undefined when there is no such scalar. */
  written(path: Path): string | undefined;
}

export interface YamlText {
  /** Only those without an error of their own. */
  documents: SourceDocument[];
  diagnostics: Diagnostic[];
}

/** How much is read at all. */
export interface TextSize {
  charactersMax: number;
  valuesMax: number;
  /** What to do with a larger one. */
  remedy?: string;
  /** A key that stands twice is a warning, and the last one counts, as for most readers of manifests. */
  takesLastOfTwo?: boolean;
}

const SCENARIO_SIZE: TextSize = { charactersMax: FILE_CHARACTERS_MAX, valuesMax: DOCUMENT_VALUES_MAX };

/** Every document of the text that is not empty. Never throws. */
export function readYaml(text: string, file: string, size = SCENARIO_SIZE): YamlText {
  const found = { documents: [] as SourceDocument[], diagnostics: [] as Diagnostic[] };
  const complain = complainer(file, found.diagnostics);
  if (text.includes('\0')) {
    complain('not-text', NOWHERE, 'the file is no text');
    return found;
  }
  if (text.length > size.charactersMax) {
    const message = `the file has ${grouped(text.length)} characters; at most ${size.charactersMax} are read`;
    complain('file-too-large', NOWHERE, message, { hint: size.remedy });
    return found;
  }
  if (isTooDeep(text)) {
    complain('yaml-syntax', NOWHERE, TOO_DEEP);
    return found;
  }
  const lines = new LineCounter();
  const composed = compose(text, lines);
  if (composed === null) {
    complain('yaml-syntax', NOWHERE, TOO_DEEP);
    return found;
  }
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  for (const document of composed) {
    reportSyntax(document, text, positionAt, complain);
    const second = secondKeys(document.contents);
    for (const { offset, key } of second) {
      const message = `the key \`${key}\` stands twice in one mapping`;
      if (size.takesLastOfTwo)
        complain('duplicate-key', positionAt(offset), `${message}; the last counts`, { severity: 'warning' });
      else complain('duplicate-key', positionAt(offset), message);
    }
    const isBroken = document.errors.length > 0 || (second.length > 0 && !size.takesLastOfTwo);
    if (isBroken || document.contents === null || isNothing(document.contents)) continue;
    const trouble = findTrouble(document, size.valuesMax);
    if (trouble === null) found.documents.push(new ComposedDocument(file, document, positionAt));
    else complain(trouble.code, positionAt(offsetOf(trouble.node)), trouble.message);
  }
  if (found.documents.length === 0 && found.diagnostics.length === 0) {
    complain('empty-file', { line: 1, column: 1 }, 'the file is empty');
  }
  return found;
}

/** A document that was never text: positions are unknown (0), which means the whole file. */
export function documentOf(value: unknown, file: string): SourceDocument {
  return { file, value, locate: () => NOWHERE, written: () => undefined };
}

const TOO_DEEP = `mappings and lists are nested more than ${DOCUMENT_DEPTH_MAX} deep`;

/** So many brackets are looked at before they are parsed, each level of which takes a kilobyte. */
const MANY_BRACKETS = 10_000;

/** Are brackets open inside one another beyond all measure? Counted word by word, without a tree. */
function isTooDeep(text: string): boolean {
  if ((text.match(/[[{]/g)?.length ?? 0) < MANY_BRACKETS) return false;
  let depth = 0;
  for (const word of new Lexer().lex(text)) {
    if (word === '[' || word === '{') depth++;
    else if (word === ']' || word === '}') depth--;
    if (depth > MANY_BRACKETS) return true;
  }
  return false;
}

/** Keys that stand in their mapping for the second time. The package's own search is quadratic. */
function secondKeys(contents: unknown): { offset: number; key: string }[] {
  const found: { offset: number; key: string }[] = [];
  const rest: unknown[] = [contents];
  while (rest.length > 0) {
    const node = rest.pop();
    if (isPair(node)) rest.push(node.value, node.key);
    if (!isCollection(node)) continue;
    for (let index = node.items.length - 1; index >= 0; index--) rest.push(node.items[index]);
    if (!isMap(node)) continue;
    const known = new Set<unknown>();
    for (const { key } of node.items) {
      if (!isScalar(key) || isMerge(key)) continue;
      const { size } = known;
      if (known.add(key.value).size === size)
        found.push({ offset: offsetOf(key), key: key.source ?? String(key.value) });
    }
  }
  return found;
}

export const NOWHERE: Position = { line: 0, column: 0 };

type Complain = (
  code: DiagnosticCode,
  at: Position,
  message: string,
  more?: { hint?: string; severity?: 'warning' },
) => void;

function complainer(file: string, diagnostics: Diagnostic[]): Complain {
  return (code, at, message, more) => {
    diagnostics.push(diagnosticOf({ file, ...at }, code, message, more));
  };
}

/**
 * Null when nested too deeply. The `yaml` package parses tokens without recursion and composes them with it,
 * and near the end of the stack an error may be fatal instead of a RangeError: so the tokens are measured in
 * between.
 */
function compose(text: string, lines: LineCounter): Document.Parsed[] | null {
  const tokens = tokensOf(text, lines);
  if (tokens === null || isDeeperThan(DOCUMENT_DEPTH_MAX, tokens)) return null;
  const composer = new Composer({ merge: true, uniqueKeys: false, logLevel: 'error' });
  return [...composer.compose(tokens)] as Document.Parsed[];
}

/** Null: so many levels end at once that the parser, which closes one inside the other, runs out of stack. */
function tokensOf(text: string, lines: LineCounter): CST.Token[] | null {
  try {
    return [...new Parser(lines.addNewLine).parse(text)];
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function isDeeperThan(depthMax: number, tokens: readonly CST.Token[]): boolean {
  let level: CST.Token[] = [...tokens];
  // One more for the document itself.
  for (let depth = 0; depth <= depthMax + 1; depth++) {
    level = level.flatMap((token) => {
      if (token.type === 'document') return token.value ? [token.value] : [];
      return 'items' in token
        ? token.items.flatMap(({ key, value }) => [key, value].filter((part) => part != null))
        : [];
    });
    if (level.length === 0) return false;
  }
  return true;
}

const TEMPLATE_HINT =
  'This looks like a template. Render it first, for instance with `helm template`, and read the result.';

function reportSyntax(
  document: Document.Parsed,
  text: string,
  positionAt: (offset: number) => Position,
  complain: Complain,
): void {
  for (const { code, message, pos } of document.errors) {
    const hint = text.includes('{{') ? TEMPLATE_HINT : undefined;
    const at = positionAt(Math.max(0, pos[0]));
    if (code === 'TAB_AS_INDENT') {
      complain('tab-indentation', at, 'a tab is used as indentation');
    } else {
      complain('yaml-syntax', at, sentence(message), { hint });
    }
  }
  for (const { message, pos } of document.warnings) {
    complain('yaml-syntax', positionAt(Math.max(0, pos[0])), sentence(message), { severity: 'warning' });
  }
}

function sentence(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}

function isNothing(node: ParsedNode): boolean {
  return isScalar(node) && node.value === null;
}

interface Trouble {
  code: DiagnosticCode;
  node: unknown;
  message: string;
}

/** What makes a document dangerous to expand: aliases without anchor, in a circle, too many; bad merges. */
function findTrouble(document: Document.Parsed, valuesMax: number): Trouble | null {
  let trouble: Trouble | null = null;
  const sizes = new Map<unknown, number>();
  // An alias means the last anchor of its name before it: of those passed so far, in the order of the text.
  const anchors = new Map<string, unknown>();
  let aliases = 0;
  const measureAlias = (alias: Alias): number => {
    const target = anchors.get(alias.source);
    if (++aliases > ALIASES_MAX)
      trouble ??= { code: 'alias-bomb', node: alias, message: `more than ${grouped(ALIASES_MAX)} aliases` };
    if (target === undefined) {
      trouble ??= {
        code: 'yaml-syntax',
        node: alias,
        message: `the alias *${alias.source} has no anchor before it`,
      };
      return 1;
    }
    if (sizes.get(target) === IN_PROGRESS) {
      trouble ??= { code: 'alias-bomb', node: alias, message: `the alias *${alias.source} contains itself` };
      return 1;
    }
    return sizes.get(target) ?? measure(target);
  };
  const measure = (node: unknown): number => {
    if (trouble !== null) return 1;
    if (isAlias(node)) return measureAlias(node);
    if ((isScalar(node) || isCollection(node)) && node.anchor !== undefined) anchors.set(node.anchor, node);
    if (isPair(node)) {
      if (isMerge(node.key) && !isMergeable(node.value, anchors)) {
        trouble ??= {
          code: 'yaml-syntax',
          node: node.key,
          message: '`<<` merges a mapping, and this is none',
        };
      }
      return measure(node.key) + measure(node.value);
    }
    if (!isCollection(node)) return 1;
    sizes.set(node, IN_PROGRESS);
    let size = 1;
    for (const item of node.items) {
      size += measure(item);
      if (size > valuesMax) {
        const bound = grouped(valuesMax);
        const message = `with its aliases expanded the document has more than ${bound} values`;
        trouble ??= { code: 'alias-bomb', node: isPair(item) ? (item.value ?? item.key) : item, message };
      }
    }
    sizes.set(node, size);
    return size;
  };
  measure(document.contents);
  return trouble;
}

function isMerge(key: unknown): boolean {
  return isScalar(key) && key.source === '<<' && key.type === 'PLAIN';
}

/** A mapping or a list of mappings, perhaps behind aliases. */
function isMergeable(value: unknown, anchors: ReadonlyMap<string, unknown>): boolean {
  const meant = (node: unknown): unknown => (isAlias(node) ? anchors.get(node.source) : node);
  const node = meant(value);
  return isSeq(node) ? node.items.every((item) => isMap(meant(item))) : isMap(node);
}

const IN_PROGRESS = -1;

function offsetOf(node: unknown): number {
  return (node as ParsedNode | null)?.range?.[0] ?? 0;
}

class ComposedDocument implements SourceDocument {
  readonly value: unknown;
  private readonly pairs = new WeakMap<object, Map<string, Pair>>();

  constructor(
    readonly file: string,
    private readonly document: Document.Parsed,
    private readonly positionAt: (offset: number) => Position,
  ) {
    this.value = document.toJS({ maxAliasCount: -1 });
  }

  locate(path: Path, aim: Aim): Position {
    let node: unknown = this.document.contents;
    let found = offsetOf(node);
    for (const [index, step] of path.entries()) {
      const pair = this.child(node, step);
      if (pair === null) break;
      const isKey = aim === 'key' && index === path.length - 1;
      found = offsetOf(pair.key !== null && (isKey || isUnwritten(pair.value)) ? pair.key : pair.value);
      node = pair.value;
    }
    return this.positionAt(found);
  }

  written(path: Path): string | undefined {
    let node: unknown = this.document.contents;
    for (const step of path) node = this.child(node, step)?.value;
    const scalar = isAlias(node) ? node.resolve(this.document) : node;
    return isScalar(scalar) ? scalar.source : undefined;
  }

  /** The pairs of a mapping by their keys. Of two with one key the last counts. */
  private pairsOf(node: YAMLMap): Map<string, Pair> {
    const known = this.pairs.get(node);
    if (known !== undefined) return known;
    const pairs = new Map(
      node.items.flatMap((pair) => (isScalar(pair.key) ? [[String(pair.key.value), pair]] : [])),
    );
    this.pairs.set(node, pairs);
    return pairs;
  }

  /** The node one step further down; its key is null in a list. Looks behind aliases and `<<` merges. */
  private child(parent: unknown, step: string | number): { key: unknown; value: unknown } | null {
    const node = isAlias(parent) ? parent.resolve(this.document) : parent;
    if (isSeq(node)) {
      const value = node.items[Number(step)];
      return value === undefined ? null : { key: null, value };
    }
    if (!isMap(node)) return null;
    const named = this.pairsOf(node).get(String(step));
    if (named) return named;
    for (const { key, value } of node.items) {
      const merged = isScalar(key) && key.source === '<<' ? this.child(value, step) : null;
      if (merged) return merged;
    }
    return null;
  }
}

/** `name:` with nothing behind it: the value stands nowhere, so its key is shown instead. */
function isUnwritten(value: unknown): boolean {
  return value === null || (isScalar(value) && value.source === '');
}
