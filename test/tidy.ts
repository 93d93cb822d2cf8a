/**
 * What `test/tidy.test.ts` looks for, as functions from text to findings. They take the text of a file and not its
 * name on disk, so that the tests can give them a bad example: a check that cannot fail checks nothing.
 */
import ts from 'typescript';
import { isFollowed, RULE_BOOK, type Rule, ruleIds } from './rule-book.js';

export interface SourceText {
  /** Relative to the repository, with `/`: `src/kernel/fork.ts`. */
  path: string;
  text: string;
}

export interface Finding {
  path: string;
  line: number;
  message: string;
}

// ------------------------------------------------------------------------------------------------------- layers

interface LayerRule {
  /** Layers, or single files, that may be imported. */
  may: string[];
  /** Of these only types: nothing of them is there when the program runs. */
  mayTypes?: string[];
  /** Folders whose files are put into the program as text. */
  mayQuote?: string[];
}

/** The layers that run in a browser as they do in Node, from the bottom upwards. */
const ENGINE = [
  'sim',
  'kernel',
  'text',
  'procfs',
  'program',
  'node',
  'scenario',
  'run',
  'study',
  'diagnose',
  'report',
];

/** Which room may import which: the arrows of the design. The kernel knows no time and the clock knows no kernel. */
export const LAYERS: Record<string, LayerRule> = {
  sim: { may: [] },
  kernel: { may: [] },
  // The units of time are the clock's.
  text: { may: ['sim/time'] },
  procfs: { may: ['kernel', 'text'] },
  // Which pause reaps is a fact about versions. Its table is data, and imports no room above.
  program: { may: ['kernel', 'sim', 'text', 'node/versions/pause'] },
  node: { may: ['program', 'kernel', 'text', 'sim'] },
  // A scenario describes a node and does not run one: of node and kernel it has the tables of names, versions
  // and limits.
  scenario: {
    may: ['program', 'text', 'sim', 'node/spec', 'node/versions', 'kernel/limits'],
    mayTypes: ['node'],
  },
  run: { may: ['scenario', 'procfs', 'node', 'program', 'kernel', 'text', 'sim'] },
  // It knows nothing of threads: whoever asks for a study does its runs.
  study: { may: ['run', 'scenario', 'node/versions', 'text', 'sim'], mayTypes: ['node'] },
  // Of the kernel diagnosis has the numbers of its limits.
  diagnose: { may: ['procfs', 'text', 'kernel/limits'] },
  report: {
    may: [
      'run/result',
      'run/harm',
      'run/story',
      'study',
      'diagnose',
      'procfs',
      'text',
      'sim/time',
      'kernel/limits',
    ],
    mayTypes: ['run', 'scenario', 'node'],
  },
  host: {
    may: ['report', 'study', 'run/bracket', 'run/meter', 'run/result', 'run/run', 'procfs', 'text'],
    mayTypes: ['scenario'],
  },
  lab: { may: ['procfs', 'program', 'kernel', 'text', 'sim', 'node/versions'] },
  cli: { may: [...ENGINE, 'host', 'lab'] },
  web: { may: ENGINE, mayQuote: ['scenarios'] },
  // The faces of the library: src/index.ts, src/browser.ts, and what else can be imported by itself.
  entry: { may: [...ENGINE, 'lab'] },
  index: { may: [...ENGINE, 'host', 'lab', 'browser'] },
  browser: { may: ENGINE },
};

export function isEngine(path: string): boolean {
  return ENGINE.includes(layerOf(path)) || path === 'src/browser.ts';
}

/** `src/kernel/fork.ts` is `kernel`, `src/index.ts` is `index`. */
export function layerOf(path: string): string {
  return path.split('/')[1].replace(/\.ts$/, '');
}

export interface Import {
  /** As written, or the file it means if it is one of ours. */
  target: string;
  isOurs: boolean;
  isTypeOnly: boolean;
  line: number;
}

export function importsOf(file: SourceText): Import[] {
  const source = parse(file);
  const imports: Import[] = [];
  const add = (node: ts.Node, specifier: ts.Node | undefined, isTypeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteral(specifier)) return;
    const isOurs = specifier.text.startsWith('.');
    const target = isOurs ? resolve(file.path, specifier.text) : specifier.text;
    imports.push({ target, isOurs, isTypeOnly, line: lineOf(source, node) });
  };
  walk(source, (node) => {
    if (ts.isImportDeclaration(node)) add(node, node.moduleSpecifier, isTypeImport(node));
    else if (ts.isExportDeclaration(node)) add(node, node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node, node.argument.literal, true);
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node, node.arguments[0], false);
  });
  return imports;
}

function isTypeImport(node: ts.ImportDeclaration): boolean {
  const clause = node.importClause;
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  const names = clause.namedBindings;
  if (clause.name !== undefined || names === undefined || !ts.isNamedImports(names)) return false;
  return names.elements.length > 0 && names.elements.every((element) => element.isTypeOnly);
}

/** `../kernel/fork.js` in `src/program/machine.ts` is `src/kernel/fork.ts`. */
function resolve(from: string, specifier: string): string {
  const parts = from.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/').replace(/\.js$/, '.ts');
}

export function checkLayers(file: SourceText): Finding[] {
  const layer = layerOf(file.path);
  const rule = LAYERS[layer];
  if (rule === undefined) return [{ path: file.path, line: 1, message: `src/${layer} is no layer of ours` }];
  const findings: Finding[] = [];
  for (const { target, isOurs, isTypeOnly, line } of importsOf(file)) {
    if (!isOurs) continue;
    const isAllowed = (names: string[] = []): boolean =>
      names.some((name) => target.startsWith(`src/${name}/`) || target === `src/${name}.ts`);
    if (target.startsWith(`src/${layer}/`)) continue;
    if (rule.mayQuote?.some((folder) => target.startsWith(`${folder}/`) && target.endsWith('?raw'))) continue;
    if (isAllowed(rule.may) || (isTypeOnly && isAllowed(rule.mayTypes))) continue;
    const what = isTypeOnly || !isAllowed(rule.mayTypes) ? target : `${target} (only its types)`;
    findings.push({ path: file.path, line, message: `${layer} may not import ${what}` });
  }
  return findings;
}

const VERSIONS_ROOM = 'src/node/versions/';

/** A version becomes behaviour in one room: no file outside it compares versions. */
export function checkVersions(file: SourceText): Finding[] {
  if (file.path.startsWith(VERSIONS_ROOM)) return [];
  return importsOf(file)
    .filter(({ target }) => target === `${VERSIONS_ROOM}compare.ts`)
    .map(({ line }) => ({
      path: file.path,
      line,
      message: `versions are compared in ${VERSIONS_ROOM} alone`,
    }));
}

/** Each circle of imports, those of types included: a reader of one of its files must read them all. */
export function checkCircles(files: SourceText[]): Finding[] {
  const graph = new Map(
    files.map((file) => [
      file.path,
      importsOf(file)
        .filter((imported) => imported.isOurs)
        .map((imported) => imported.target),
    ]),
  );
  const findings: Finding[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) {
      const circle = [...trail.slice(at), path].join(' -> ');
      findings.push({ path, line: 1, message: `circular import ${circle}` });
      return;
    }
    if (done.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return findings;
}

// ------------------------------------------------------------------------------------------------------- purity

/** What the engine must not know: the machine that it runs on, its clock and its random numbers. */
const BANNED_GLOBALS = new Set([
  'Buffer',
  'Date',
  'clearTimeout',
  'console',
  'crypto',
  'document',
  'fetch',
  'global',
  'globalThis',
  'localStorage',
  'navigator',
  'performance',
  'process',
  'queueMicrotask',
  'require',
  'self',
  'setImmediate',
  'setInterval',
  'setTimeout',
  'window',
]);

export function checkPurity(file: SourceText): Finding[] {
  const source = parse(file);
  const declared = declaredNames(source);
  const findings: Finding[] = [];
  const report = (node: ts.Node, name: string): void => {
    findings.push({ path: file.path, line: lineOf(source, node), message: `the engine has no ${name}` });
  };
  walk(source, (node) => {
    if (ts.isPropertyAccessExpression(node) && node.getText(source) === 'Math.random')
      report(node, 'Math.random');
    if (!ts.isIdentifier(node) || !BANNED_GLOBALS.has(node.text) || declared.has(node.text)) return;
    if (!isMemberName(node) && !isCalendar(node)) report(node, node.text);
  });
  for (const { target, line } of importsOf(file)) {
    if (target.startsWith('node:'))
      findings.push({ path: file.path, line, message: `the engine has no ${target}` });
  }
  return findings;
}

/** `Date.UTC(…)`, `Date.parse(…)`, `new Date(ms)`: of a date that is given, not of the clock. */
function isCalendar({ text, parent }: ts.Identifier): boolean {
  if (text !== 'Date') return false;
  if (ts.isPropertyAccessExpression(parent)) return ['UTC', 'parse'].includes(parent.name.text);
  return ts.isNewExpression(parent) && (parent.arguments?.length ?? 0) > 0;
}

/** `x.process`, `{process: 1}`, `interface {process: number}`: a name within something, not a global. */
function isMemberName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  if (ts.isQualifiedName(parent)) return parent.right === node;
  if (ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent)) return parent.name === node;
  if (ts.isPropertyDeclaration(parent) || ts.isMethodDeclaration(parent)) return parent.name === node;
  if (ts.isMethodSignature(parent) || ts.isAccessor(parent)) return parent.name === node;
  return ts.isNamedTupleMember(parent) && parent.name === node;
}

function declaredNames(source: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  walk(source, (node) => {
    const isDeclaration =
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isBindingElement(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isImportSpecifier(node) ||
      ts.isImportClause(node) ||
      ts.isNamespaceImport(node);
    if (isDeclaration && node.name !== undefined && ts.isIdentifier(node.name)) names.add(node.name.text);
  });
  return names;
}

// --------------------------------------------------------------------------------------------------------- text

const UNFINISHED = /\b(TODO|FIXME|XXX|HACK)\b/;
/** A path of one machine, such as where this repository is checked out. `/tmp/healthy` is Kubernetes' own example. */
const MACHINE_PATH = /(?<![\w.}])\/(work|root|home|tmp(?!\/healthy))\/[\w.-]/;

export function checkUnfinished(file: SourceText): Finding[] {
  return eachLine(file, (line) => {
    const mark = UNFINISHED.exec(line);
    return mark === null ? null : `${mark[1]}: do it, or say in docs/validity.md that it is not done`;
  });
}

export function checkMachinePaths(file: SourceText): Finding[] {
  return eachLine(file, (line) => {
    const found = MACHINE_PATH.exec(line);
    return found === null ? null : `a path of one machine: ${found[0]}…`;
  });
}

/**
 * `.only` hides every other test. A test may be skipped where it cannot run, and says why:
 * `context.skip('why')`, or a title with `skipped: why` in it.
 */
export function checkFocus(file: SourceText): Finding[] {
  const source = parse(file);
  const findings: Finding[] = [];
  walk(source, (node) => {
    if (!ts.isPropertyAccessExpression(node)) return;
    const name = node.name.text;
    if (!['only', 'skip', 'todo'].includes(name)) return;
    const on = node.expression.getText(source);
    const [first] = ts.isCallExpression(node.parent) ? node.parent.arguments : [];
    const said = first?.getText(source) ?? '';
    const isTestFunction = ['it', 'test', 'describe', 'suite'].includes(on.replace(/\..*$/, ''));
    if (isTestFunction && name === 'skip' && said.includes('skipped: ')) return;
    if (!isTestFunction && (name !== 'skip' || said !== '')) return;
    const message = isTestFunction ? `${on}.${name} switches tests off` : `${on}.skip() gives no reason`;
    findings.push({ path: file.path, line: lineOf(source, node), message });
  });
  return findings;
}

export function checkLength(file: SourceText, linesMax: number): Finding[] {
  const lines = file.text.split('\n').length - 1;
  if (lines <= linesMax) return [];
  return [
    { path: file.path, line: linesMax + 1, message: `${lines} lines do not fit a sitting (${linesMax} do)` },
  ];
}

function eachLine(file: SourceText, check: (line: string) => string | null): Finding[] {
  return file.text.split('\n').flatMap((line, index) => {
    const message = check(line);
    return message === null ? [] : [{ path: file.path, line: index + 1, message }];
  });
}

// ------------------------------------------------------------------------------------------------------- titles

export interface Title {
  text: string;
  line: number;
}

/** Titles of the tests in a file, after those of the groups around them: `K9 threads > a zombie holds …`. */
export function titlesOf(file: SourceText): Title[] {
  const source = parse(file);
  const titles: Title[] = [];
  const visit = (node: ts.Node, groups: string): void => {
    let within = groups;
    if (ts.isCallExpression(node)) {
      const called = node.expression.getText(source);
      const [first] = node.arguments;
      const text = first !== undefined && ts.isStringLiteralLike(first) ? first.text : null;
      if (/^describe(\.each\b.*)?$/s.test(called) && text !== null) within = `${groups}${text} > `;
      if (/^(it|test)(\.each\b.*)?$/s.test(called) && !called.endsWith('.each')) {
        titles.push({ text: groups + (text ?? '(no literal title)'), line: lineOf(source, node) });
      }
    }
    ts.forEachChild(node, (child) => visit(child, within));
  };
  visit(source, '');
  return titles;
}

/** Each test of the file names a rule of the kernel in its title or in that of a group around it. */
export function checkRuleInTitles(file: SourceText): Finding[] {
  return titlesOf(file)
    .filter(({ text }) => !ruleIds(text).some((id) => id.startsWith('K')))
    .map(({ text, line }) => ({
      path: file.path,
      line,
      message: `no rule of the kernel in the title "${text}"`,
    }));
}

// -------------------------------------------------------------------------------------------------------- rules

/** Each rule that the file cites stands in the rule book. */
export function checkCitedRules(file: SourceText, rules: readonly Rule[]): Finding[] {
  const known = new Set(rules.map(({ id }) => id));
  return eachLine(file, (line) => {
    const unknown = ruleIds(line).filter((id) => !known.has(id));
    return unknown.length === 0 ? null : `${unknown.join(', ')}: no such rule in ${RULE_BOOK}`;
  });
}

/** Each rule that the model follows is cited by one of these titles, or of these lists of rules of litmus files. */
export function checkShownRules(rules: readonly Rule[], titles: readonly string[]): Finding[] {
  const shown = new Set(titles.flatMap(ruleIds));
  return rules
    .filter(({ id, status }) => isFollowed(status) && !shown.has(id))
    .map(({ id, line }) => ({
      path: RULE_BOOK,
      line,
      message: `${id} is modelled, and no test or litmus cites it`,
    }));
}

/** Each test or litmus file that the rule book names beside a rule cites that rule: `cited` has the text by path. */
export function checkNamedTests(rules: readonly Rule[], cited: ReadonlyMap<string, string>): Finding[] {
  return rules.flatMap(({ id, shown, line }) =>
    [...shown.matchAll(/\]\(\.\.\/(test\/[^)]*)\)/g)]
      .filter(([, path]) => !ruleIds(cited.get(path) ?? '').includes(id))
      .map(([, path]) => ({ path: RULE_BOOK, line, message: `${path} does not cite ${id}` })),
  );
}

// ---------------------------------------------------------------------------------------------------------- tree

const parsed = new WeakMap<SourceText, ts.SourceFile>();

function parse(file: SourceText): ts.SourceFile {
  const known = parsed.get(file);
  if (known !== undefined) return known;
  const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ES2023, true);
  parsed.set(file, source);
  return source;
}

function walk(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node);
  ts.forEachChild(node, (child) => walk(child, look));
}

function lineOf(source: ts.SourceFile, node: ts.Node): number {
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}
