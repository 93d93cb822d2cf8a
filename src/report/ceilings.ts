/** The ceilings of a node as a table of at most 80 columns. */
import type { Ceiling, CeilingScope } from '../run/ceilings.js';
import { formatCount } from '../text/figures.js';
import { printable } from '../text/printable.js';
import { plainTable } from '../text/table.js';
import words from './words.json' with { type: 'json' };

/** Whose limit it is, and what it refuses. */
const WORDS = words.ceilings as unknown as Readonly<Record<CeilingScope, [of: string, refused: string]>>;
const NAME_MAX = 21;

export function renderCeilings(ceilings: readonly Ceiling[]): string {
  const rows = ceilings.map((ceiling) => [
    ceiling.limit,
    nameOf(ceiling),
    ...[ceiling.value, ceiling.used, ceiling.left].map(formatCount),
    WORDS[ceiling.scope][1],
  ]);
  const head = ['LIMIT', 'OF', 'VALUE', 'USED', 'LEFT', 'REFUSED'];
  const align = ['left', 'left', 'right', 'right', 'right'] as const;
  return `${plainTable([head, ...rows], { align }).join('\n')}\n`;
}

/** `pod web-3 of 60`; of a long name the end tells it apart. */
function nameOf({ scope, of, copies }: Ceiling): string {
  const [kind] = WORDS[scope];
  if (of === null) return kind;
  const more = copies > 1 ? ` of ${copies}` : '';
  const room = NAME_MAX - kind.length - 1 - more.length;
  const name = printable(of);
  return `${kind} ${name.length <= room ? name : `…${name.slice(1 - room)}`}${more}`;
}
