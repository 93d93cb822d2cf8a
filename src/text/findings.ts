/** Collects diagnostics, and remembers where every value that was read stands in which file. */
import { type DiagnosticCode, diagnosticOf } from './codes.js';
import type { Diagnostic } from './diagnostic.js';
import type { Objection } from './objection.js';
import type { Aim, Path, SourceDocument } from './yaml.js';

/** A spot in a file: a document and a path in it. Line and column are looked up if something is wrong. */
export interface Place {
  document: SourceDocument;
  path: Path;
}

export function below(place: Place, ...path: Path): Place {
  return { document: place.document, path: [...place.path, ...path] };
}

export interface Remark {
  /** A getter where it takes time to find: only what is shown is asked for it. */
  readonly hint?: string;
  /** Point at the key instead of the value. */
  aim?: Aim;
}

/** At most so many findings of one kind (severity and code) are shown: by then the mistake is plain. */
const SAME_KIND_MAX = 20;

export class Findings {
  readonly diagnostics: Diagnostic[] = [];
  /** Of all that has been found, shown or not. */
  total = 0;
  /** How many there are of each kind, shown or not, and the first that is not. */
  private readonly kinds = new Map<string, { count: number; next?: Diagnostic }>();
  /** Nodes of a fleet share a good deal, and what is wrong with it is said once. */
  private readonly seen = new Set<string>();
  private readonly places = new WeakMap<object, { place: Place; parts: Readonly<Record<string, Place>> }>();

  private readonly incomplete = new WeakSet<object>();
  private readonly invalidKeys = new WeakMap<object, Set<string>>();

  /** @param earlier what has been found already, by the reader of the text. */
  constructor(earlier: readonly Diagnostic[] = []) {
    this.addAll(earlier);
  }

  error(place: Place, code: DiagnosticCode, message: string, remark: Remark = {}): void {
    this.add('error', place, code, message, remark);
  }

  /** What a check says about the value at the place. */
  addObjection(place: Place, objection: Objection): void {
    const { code, message, path = [] } = objection;
    this.error(below(place, ...path), code, message, objection);
  }

  /** Names that stand twice in a list that was read, each at the second. */
  refuseSameNames(list: readonly { name: string }[], message: (name: string) => string): void {
    const names = new Set<string>();
    for (const each of list) {
      if (names.has(each.name)) this.error(this.of(each, 'name'), 'duplicate-name', message(each.name));
      names.add(each.name);
    }
  }

  warning(place: Place, code: DiagnosticCode, message: string, remark: Remark = {}): void {
    this.add('warning', place, code, message, remark);
  }

  private add(
    severity: Diagnostic['severity'],
    { document, path }: Place,
    code: DiagnosticCode,
    message: string,
    remark: Remark,
  ): void {
    if (this.isKnown(document.file, path, code, message)) return;
    // To find a place takes time in a large file, so it is looked for only if it is shown.
    this.count(`${severity} ${code}`, () => {
      const place = { file: document.file, ...document.locate(path, remark.aim ?? 'value') };
      return diagnosticOf(place, code, message, { hint: remark.hint, severity });
    });
  }

  private isKnown(...what: unknown[]): boolean {
    const key = JSON.stringify(what);
    const isKnown = this.seen.has(key);
    this.seen.add(key);
    return isKnown;
  }

  private count(name: string, diagnostic: () => Diagnostic): void {
    const kind = this.kinds.get(name) ?? { count: 0 };
    this.kinds.set(name, kind);
    kind.count++;
    this.total++;
    if (kind.count <= SAME_KIND_MAX) this.diagnostics.push(diagnostic());
    else kind.next ??= diagnostic();
  }

  /** All that is to be shown, with how many more there are of a kind. */
  all(): Diagnostic[] {
    const more = [...this.kinds.values()].flatMap(({ count, next }) => {
      if (next === undefined) return [];
      const rest = count - SAME_KIND_MAX;
      if (rest === 1) return [next];
      return [{ ...next, message: `${next.message}, and ${rest - 1} more like this` }];
    });
    return [...this.diagnostics, ...more];
  }

  /** This key of an object was wrong, and has been left out or taken its default. It is not missing. */
  markInvalid(value: object, key: string): void {
    const keys = this.invalidKeys.get(value) ?? new Set();
    this.invalidKeys.set(value, keys.add(key));
  }

  /** Was this key wrong? Without a key: was any? */
  isInvalid(value: object, key?: string): boolean {
    const keys = this.invalidKeys.get(value);
    return key === undefined ? keys !== undefined : keys?.has(key) === true;
  }

  /** Says that entries of this list or mapping were left out because they were wrong. */
  markIncomplete(value: object): void {
    this.incomplete.add(value);
  }

  isIncomplete(value: object): boolean {
    return this.incomplete.has(value);
  }

  addAll(diagnostics: readonly Diagnostic[]): void {
    for (const diagnostic of diagnostics) {
      const { file, line, column, severity, code, message } = diagnostic;
      if (!this.isKnown(file, line, column, code, message))
        this.count(`${severity} ${code}`, () => diagnostic);
    }
  }

  /** Where an object or list that was read comes from, and where those of its parts that stand elsewhere. */
  place(value: object, place: Place, parts: Readonly<Record<string, Place>> = {}): void {
    this.places.set(value, { place, parts });
  }

  /** Where something inside an object or list stands that was read before. */
  of(value: object, ...path: Path): Place {
    const known = this.places.get(value);
    if (known === undefined) throw new Error('this value was not read from a document');
    const [first, ...rest] = path;
    const part = first !== undefined && Object.hasOwn(known.parts, first) ? known.parts[first] : undefined;
    return part ? below(part, ...rest) : below(known.place, ...path);
  }
}

/** In reading order: the main file first, the others as they appear; within a file by line and column. */
export function inReadingOrder(diagnostics: readonly Diagnostic[], mainFile: string): Diagnostic[] {
  const files = [...new Set([mainFile, ...diagnostics.map(({ file }) => file)])];
  return [...diagnostics].sort(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
}
