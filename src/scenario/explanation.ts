/** What `explain` answers, and how its text is set. */

export type Explanation = { ok: true; text: string } | { ok: false; message: string; hint?: string };

const WIDTH = 100;

/** A paragraph in lines, each indented. */
export function indent(text: string, spaces: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && spaces + line.length + 1 + word.length > WIDTH) {
      lines.push(' '.repeat(spaces) + line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, ' '.repeat(spaces) + line];
}
