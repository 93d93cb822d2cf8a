/**
 * Plain data as YAML for people to read. A value that fits stands on one line, as `{sleep: 1s}`; one that
 * does not fit stands below its key, one part per line.
 */

const WIDTH = 100;
/** Less at the top, so that even a short list stands there with one part per line. */
const WIDTH_AT_TOP = 50;
/** Words and durations need no quotes, unless YAML would read them as something else. */
const PLAIN =
  /^(?!(?:true|false|null|yes|no|on|off|y|n)$)(?:[a-z_/][\w./()+-]*|\d+(?:\.\d+)?(?:us|ms|s|m|h|d))$/i;

/** @param value of numbers, strings, booleans, null, lists and objects; a key without a value is left out. */
export function writeYaml(value: object): string {
  return `${blockOf(value, WIDTH_AT_TOP, WIDTH).join('\n')}\n`;
}

function blockOf(value: object, width: number, below: number): string[] {
  const part = (head: string, item: unknown): string[] => {
    const text = flow(item);
    const fits = head.length + text.length < width;
    if (typeof item !== 'object' || item === null || fits || text.length <= 2) return [`${head} ${text}`];
    const lines = blockOf(item, below - 2, below - 2);
    if (head !== '-') return [head, ...lines.map((line) => `  ${line}`)];
    return lines.map((line, index) => `${index === 0 ? '- ' : '  '}${line}`);
  };
  if (Array.isArray(value)) return value.flatMap((item) => part('-', item));
  return entriesOf(value).flatMap(([key, item]) => part(`${flow(key)}:`, item));
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null)
    return `{${entriesOf(value)
      .map(([key, item]) => `${flow(key)}: ${flow(item)}`)
      .join(', ')}}`;
  return typeof value === 'string' && PLAIN.test(value) ? value : JSON.stringify(value);
}

const entriesOf = (value: object): [string, unknown][] =>
  Object.entries(value).filter(([, item]) => item !== undefined);
