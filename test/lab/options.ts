/** The options of the lab's own scripts, which are no part of `pidsim`. */
import { type ParseArgsConfig, parseArgs } from 'node:util';

const EXIT_USAGE = 2;

/** What was given; with `--help` the usage, and with anything unknown a message and exit code 2. */
export function optionsOrExit<O extends NonNullable<ParseArgsConfig['options']>>(
  usage: string,
  options: O,
): ReturnType<typeof parseArgs<{ options: O }>>['values'] {
  if (process.argv.includes('--help')) {
    process.stdout.write(usage);
    process.exit(0);
  }
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exit(EXIT_USAGE);
  }
}

/** A number from `least` to `most`, or a message and exit code 2. Not given: undefined. */
export function numberOrExit(
  name: string,
  text: string | undefined,
  { least = 0, most = Number.POSITIVE_INFINITY, whole = false },
): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
  const range = Number.isFinite(most) ? ` from ${least} to ${most}` : ` of at least ${least}`;
  console.error(`--${name} is a ${whole ? 'whole ' : ''}number${range}, not "${text}"`);
  process.exit(EXIT_USAGE);
}
