/** What `explain` answers, and how its text is set. */
import { fillLines } from '../text/table.js';

export type Explanation = { ok: true; text: string } | { ok: false; message: string; hint?: string };

const WIDTH = 100;

/** A paragraph in lines, each indented. */
export function indent(text: string, spaces: number): string[] {
  return fillLines(text.split(' '), WIDTH - spaces).map((line) => ' '.repeat(spaces) + line);
}

/** Lines of a head, and sections with a title each; one without a text is left out. */
export function page(head: readonly string[], sections: Readonly<Record<string, string>>): string {
  const lines = Object.entries(sections).flatMap(([title, text]) =>
    text === '' ? [] : ['', `${title}:`, ...indent(text, 4)],
  );
  return [...head, ...lines, ''].join('\n');
}
