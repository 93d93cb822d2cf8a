/** docs/rules.md as data: which rules there are, and whether the model follows them. */
import { readFileSync } from 'node:fs';

export const RULE_STATUSES = ['modelled', 'in part', 'not modelled yet', 'left out'] as const;
export type RuleStatus = (typeof RULE_STATUSES)[number];

export interface Rule {
  id: string;
  status: RuleStatus;
  source: string;
  /** The column with the files that model it. */
  where: string;
  /** The column with what shows it, or why it is not modelled. */
  shown: string;
  /** In docs/rules.md. */
  line: number;
}

const COLUMN_COUNT = 6;

/** The rows of the page's tables. A row that is wrong in form is in `problems`. */
export function parseRuleBook(text: string): {
  rules: Rule[];
  problems: { line: number; message: string }[];
} {
  const rules: Rule[] = [];
  const problems: { line: number; message: string }[] = [];
  for (const [index, row] of text.split('\n').entries()) {
    if (!/^\| *[KR]\d+ *\|/.test(row)) continue;
    const line = index + 1;
    const cells = row.split(/(?<!\\)\|/).map((cell) => cell.trim());
    const [, id, , source, status, where, shown] = cells;
    const problem = (message: string): void => {
      problems.push({ line, message: `${id}: ${message}` });
    };
    const next = `${id[0]}${rules.filter((rule) => rule.id[0] === id[0]).length + 1}`;
    if (cells.length !== COLUMN_COUNT + 2) problem(`${cells.length - 2} columns`);
    else if (id !== next) problem(`${next} would be next`);
    else if (!(RULE_STATUSES as readonly string[]).includes(status)) problem(`no status \`${status}\``);
    else if (source === '') problem('no source');
    else if (shown === '') problem('neither a test nor a reason');
    else if (isFollowed(status as RuleStatus) !== (where !== ''))
      problem('modelled, but nowhere, or the reverse');
    else rules.push({ id, status: status as RuleStatus, source, where, shown, line });
  }
  return { rules, problems };
}

/** Does the model follow a rule of this status, perhaps not to the letter? */
export function isFollowed(status: RuleStatus): boolean {
  return status === 'modelled' || status === 'in part';
}

/** Rule ids in a text, those of a range such as `K10-K12` or `K10 to K12` one by one. */
export function ruleIds(text: string): string[] {
  return [...text.matchAll(/\b([KR])(\d+)\b(?:\s*(?:-|–|to)\s*\1(\d+)\b)?/g)].flatMap(
    ([, letter, from, to]) => {
      const first = Number(from);
      const last = Number(to ?? from);
      return Array.from({ length: last - first + 1 }, (_, index) => `${letter}${first + index}`);
    },
  );
}

export const RULE_BOOK = 'docs/rules.md';

export function readRuleBook(): ReturnType<typeof parseRuleBook> {
  return parseRuleBook(readFileSync(new URL(`../${RULE_BOOK}`, import.meta.url), 'utf8'));
}
