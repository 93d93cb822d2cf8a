/** docs/versions.md: the tables of src/node/versions as a page. */
import type { Fact, History } from '../../src/node/versions/fact.js';
import { KERNEL } from '../../src/node/versions/kernel.js';
import { KUBELET } from '../../src/node/versions/kubelet.js';
import { PAUSE } from '../../src/node/versions/pause.js';
import { RUNTIME } from '../../src/node/versions/runtime.js';

const INTRO = `# What changed in which version

Written by \`npm run docs:reference\` from the tables in [src/node/versions](../src/node/versions); a test holds this page to
them. The first value of a field holds for all versions before the first change. The rules are those of
[rules.md](rules.md). A fact about a version that is not here changes nothing in the model.
`;

const TABLES: readonly [title: string, facts: Record<string, Fact<unknown>>][] = [
  ['Linux', KERNEL],
  ['Kubelet', KUBELET],
  ['Container runtimes', RUNTIME],
  ['Pause', PAUSE],
];

const HEAD = '| field | rule | of | value | meaning | source |\n|---|---|---|---|---|---|\n';

export function versionsPage(): string {
  const sections = TABLES.map(([title, facts]) => {
    const rows = Object.entries(facts).flatMap(([field, fact]) => rowsOf(field, fact));
    return `## ${title}\n\n${HEAD}${rows.join('\n')}\n`;
  });
  return [INTRO, ...sections].join('\n');
}

/** One row for each product; what they have in common stands in the first. */
function rowsOf(field: string, { rule, what, source, history }: Fact<unknown>): string[] {
  return Object.entries(history).map(([product, values], index) => {
    const of = `${product} | ${told(values!)}`;
    return index === 0 ? `| \`${field}\` | ${rule} | ${of} | ${what} | ${source} |` : `| | | ${of} | | |`;
  });
}

/** `ENOMEM`; from 4.1 `EAGAIN` */
function told([first, ...changes]: History<unknown>): string {
  return [valueText(first), ...changes.map(([since, value]) => `from ${since} ${valueText(value)}`)].join(
    '; ',
  );
}

function valueText(value: unknown): string {
  if (value === Number.POSITIVE_INFINITY) return 'no limit';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return `\`${value}\``;
}
