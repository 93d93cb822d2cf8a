/** What `explain` answers, and how its text is set. */
import { fillLines } from '../text/table.js';

export type Explanation = { ok: true; text: string } | { ok: false; message: string; hint?: string };

const WIDTH = 100;

/** A paragraph in lines, each indented. */
export function indent(text: string, spaces: number): string[] {
  return fillLines(text.split(' '), WIDTH - spaces).map((line) => ' '.repeat(spaces) + line);
}
