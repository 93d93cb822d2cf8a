/**
 * From the text of a script to its tree. `unbash` reads bash; what dash and ash read otherwise is here.
 *
 *     text ──► unbash ──► dash: `a &> f` is `a & > f` ──► unbash again ──► units: what is read and run at a time
 */
import { forEachChild, type ParsedScript, parse, type Statement, type SyntaxNode } from 'unbash';
import type { ShellKind, ShellName } from './kinds.js';

export interface Unit {
  statements: readonly Statement[];
  /** Nothing stands behind it: `ash` and `bash` look at that before they become its last command. */
  isLast: boolean;
  /** … not even a newline: only then does `ash`. */
  isAtEnd: boolean;
  /** What this shell does not read: it ends there. */
  refused?: SyntaxNode;
}

export type Parsed =
  | { ok: true; text: string; units: Unit[] }
  /** `pos`: where in the text it stops being a script. */
  | { ok: false; text: string; message: string; pos: number };

export function parseScript(text: string, shell: ShellKind): Parsed {
  const read = shell.name === 'dash' ? withoutBothOutputs(text) : text;
  const tree = parse(read);
  const [error] = tree.errors ?? [];
  if (error !== undefined) return { ok: false, text: read, message: error.message, pos: error.pos };
  const units = unitsOf(tree, read);
  for (const unit of units) for (const statement of unit.statements) visit(statement, look);
  return { ok: true, text: read, units };

  function look(node: SyntaxNode): void {
    const isKeyword = node.type === 'Function' && read.startsWith('function', node.pos);
    if (!isRefused(node, shell.name) && !(isKeyword && shell.name === 'dash')) return;
    const unit = units.find(({ statements }) =>
      statements.some(({ pos, end }) => pos <= node.pos && node.end <= end),
    );
    if (unit !== undefined) unit.refused ??= node;
  }
}

/** Is it of bash alone? Seen with dash 0.5.12 and busybox 1.35. */
function isRefused(node: SyntaxNode, shell: ShellName): boolean {
  switch (node.type) {
    case 'HereString':
    case 'ArrayValue':
    case 'ArithmeticFor':
    case 'Select':
      return shell !== 'bash';
    case 'Pipeline':
      return shell !== 'bash' && node.operators.includes('|&');
    case 'ProcessSubstitution':
      return shell === 'dash';
    default:
      return false;
  }
}

/** The text with `&>` as dash reads it: the command goes to the background, the file stays empty. */
function withoutBothOutputs(text: string): string {
  if (!text.includes('&>')) return text;
  const places: number[] = [];
  visit(parse(text), (node) => {
    if (node.type === 'Redirect' && node.operator.startsWith('&>')) places.push(node.pos);
  });
  let read = text;
  for (const pos of places.sort((a, b) => b - a)) {
    const at = read.indexOf('&>', pos);
    read = `${read.slice(0, at)}& >${read.slice(at + 2)}`;
  }
  return read;
}

/** Every node of a tree, the words' parts and the scripts in them included. */
export function visit(node: SyntaxNode, look: (node: SyntaxNode) => void): void {
  look(node);
  forEachChild(node, (child) => visit(child, look));
}

/** A shell reads to the end of a line, runs that, and reads on. */
function unitsOf(tree: ParsedScript, text: string): Unit[] {
  const lists: Statement[][] = [];
  let end = -1;
  for (const statement of tree.commands) {
    if (end < 0 || text.slice(end, statement.pos).includes('\n')) lists.push([]);
    lists.at(-1)!.push(statement);
    end = statement.end;
  }
  const hereEnd = lastHereDocument(tree);
  const rest = end < 0 ? '' : text.slice(Math.max(end, hereEnd));
  return lists.map((statements, index) => ({
    statements,
    isLast: index === lists.length - 1 && /^[ \t]*;?[ \t]*(#[^\n]*)?\n?$/.test(rest),
    isAtEnd: index === lists.length - 1 && /^[ \t]*;?[ \t]*(#[^\n]*)?$/.test(rest) && hereEnd < end,
  }));
}

function lastHereDocument(tree: ParsedScript): number {
  let end = -1;
  visit(tree, (node) => {
    if (node.type === 'HereDoc') end = Math.max(end, node.closing?.end ?? -1);
  });
  return end;
}

/** `line:column`, both from 1. */
export function placeIn(text: string, pos: number): string {
  const before = text.slice(0, pos).split('\n');
  return `${before.length}:${before.at(-1)!.length + 1}`;
}
