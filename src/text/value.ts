/** Plain values, as a reader finds them and as a message shows them. */

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const LETTERS_SHOWN = 40;

/** A value as a message shows it: on one line, and not too long. */
export function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > LETTERS_SHOWN ? `${line.slice(0, LETTERS_SHOWN - 1)}…` : line;
}

/** A plain value as a text. Of anything else, nothing: a mapping may even say how it wants to be printed. */
export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : '';
}
