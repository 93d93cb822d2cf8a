/**
 * A behaviour that changed with a version, as data.
 *
 * The tables of this folder are the only place where a version becomes behaviour. docs/versions.md is
 * generated from them, and each field has a test for each of its values (test/node/versions.test.ts).
 */
import { atLeast } from './compare.js';

/** What held at first, then each version that changed it and what it became. Oldest first. */
export type History<T> = readonly [first: T, ...changes: (readonly [since: string, value: T])[]];

export interface Fact<T> {
  /** Of docs/rules.md. */
  readonly rule: string;
  /** One sentence for docs/versions.md: what the values mean. */
  readonly what: string;
  /** The commit, the pull request or the file that says so. */
  readonly source: string;
  /** By product: one that has no history of its own follows another, as dockershim follows the kubelet. */
  readonly history: Readonly<Partial<Record<string, History<T>>>>;
}

export type Values<Facts> = { [Field in keyof Facts]: Facts[Field] extends Fact<infer T> ? T : never };

/**
 * The value of every field at these versions. A field follows the first of the products that it has a history
 * for.
 *
 * @throws Error if it has a history for none of them: the table is wrong.
 */
export function valuesAt<Facts extends Record<string, Fact<unknown>>>(
  facts: Facts,
  versions: readonly (readonly [product: string, version: string])[],
): Values<Facts> {
  const values = Object.entries(facts).map(([field, { history }]) => {
    const [product, version] = versions.find(([name]) => history[name] !== undefined) ?? ['', ''];
    const found = history[product];
    if (found === undefined) throw new Error(`no history of ${field} for ${versions.join(' or ')}`);
    return [field, valueAt(found, version)];
  });
  return Object.fromEntries(values) as Values<Facts>;
}

function valueAt<T>([first, ...changes]: History<T>, version: string): T {
  return changes.findLast(([since]) => atLeast(version, since))?.[1] ?? first;
}

/** The first version with this value; undefined if it has always had it, or never. */
export function sinceWhen<T>({ history }: Fact<T>, product: string, value: T): string | undefined {
  const [, ...changes] = history[product] ?? [];
  return changes.find(([, become]) => become === value)?.[0];
}
