/**
 * `npm run bench:instructions`: how many machine instructions one probe of the 110 pods takes, and in which functions.
 *
 * Time on a shared machine varies by a third from one quarter of an hour to the next; the number of instructions does not.
 * valgrind counts them, for two horizons, and their difference is what is left when everything has been compiled. V8
 * writes down where it puts the code of which function (`--perf-basic-prof`).
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { CACHE } from './cache.js';

const PROGRAM = `${CACHE}/program/probes.js`;
const USAGE = `npm run bench:instructions -- [options]
  --hours N   of simulated time, and twice as many in a second run (default 6)
  --top N     how many functions (default 40)
`;

/** Instructions by function, as V8 names it, of one run. */
interface Count {
  probeRuns: number;
  byFunction: Map<string, number>;
  /** Node, V8's compiler, its garbage collector, the C library. */
  elsewhere: number;
}

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    hours: { type: 'string', default: '6' },
    top: { type: 'string', default: '40' },
  },
});

async function report(hours: number, top: number): Promise<void> {
  const [short, long] = await Promise.all([count(hours), count(2 * hours)]);
  const runs = long.probeRuns - short.probeRuns;
  const perProbe = [...long.byFunction]
    .map(([name, instructions]): [string, number] => [
      name,
      (instructions - (short.byFunction.get(name) ?? 0)) / runs,
    ])
    .sort(([, a], [, b]) => b - a);
  const total = perProbe.reduce((sum, [, instructions]) => sum + instructions, 0);
  const line = (instructions: number, name: string): string =>
    `${Math.round(instructions).toLocaleString('en-US').padStart(8)}  ${name}\n`;
  process.stdout.write(line(total, `instructions a probe, in ${runs.toLocaleString('en-US')} probe runs`));
  process.stdout.write(
    line((long.elsewhere - short.elsewhere) / runs, 'and outside of compiled functions\n'),
  );
  for (const [name, instructions] of perProbe.slice(0, top)) process.stdout.write(line(instructions, name));
}

async function count(hours: number): Promise<Count> {
  mkdirSync(CACHE, { recursive: true });
  const dir = mkdtempSync(join(tmpdir(), 'pidsim-instructions-'));
  const counts = join(dir, 'callgrind');
  try {
    const { stdout, stderr } = await promisify(execFile)('valgrind', [
      '--tool=callgrind',
      '--dump-instr=yes',
      '--smc-check=all-non-file',
      `--callgrind-out-file=${counts}`,
      process.execPath,
      // Compilation in the same thread, and compiled code stays where it is.
      '--single-threaded',
      '--no-compact-code-space',
      '--perf-basic-prof',
      PROGRAM,
      String(hours),
    ]);
    const pid = /^==(\d+)==/m.exec(stderr)![1];
    const map = `/tmp/perf-${pid}.map`;
    const places = new Places(readFileSync(map, 'utf8'));
    rmSync(map);
    return { probeRuns: Number(stdout), ...sumUp(readFileSync(counts, 'utf8'), places) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Which function is at an address: lines of start, length (hexadecimal) and name; a later one replaces an earlier. */
class Places {
  private readonly ends = new Map<number, { end: number; name: string }>();
  private readonly starts: Float64Array;

  constructor(map: string) {
    for (const line of map.split('\n')) {
      const found = /^([0-9a-f]+) ([0-9a-f]+) (.*)$/.exec(line);
      if (found === null) continue;
      const start = Number.parseInt(found[1], 16);
      const name = found[3].replace(/file:\S*\//, '');
      this.ends.set(start, { end: start + Number.parseInt(found[2], 16), name });
    }
    this.starts = Float64Array.from(this.ends.keys()).sort();
  }

  nameAt(address: number): string | null {
    let low = 0;
    let high = this.starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.starts[middle] <= address) low = middle + 1;
      else high = middle;
    }
    const found = low === 0 ? undefined : this.ends.get(this.starts[low - 1]);
    return found !== undefined && address < found.end ? found.name : null;
  }
}

/**
 * Callgrind's format: `0xADDRESS LINE COST`, where the address may be relative to the one before (`+4`, `-8`, `*`). The
 * line after `calls=` repeats what the function called has cost.
 */
function sumUp(callgrind: string, places: Places): Omit<Count, 'probeRuns'> {
  const byFunction = new Map<string, number>();
  let elsewhere = 0;
  let address = 0;
  let isCall = false;
  for (const line of callgrind.split('\n')) {
    if (line.startsWith('calls=')) isCall = true;
    if (!/^[0-9+*-]/.test(line)) continue;
    const [where, , cost] = line.split(' ');
    if (where.startsWith('+')) address += Number(where.slice(1));
    else if (where.startsWith('-')) address -= Number(where.slice(1));
    else if (where !== '*') address = Number(where);
    if (!isCall) {
      const name = places.nameAt(address);
      if (name === null) elsewhere += Number(cost);
      else byFunction.set(name, (byFunction.get(name) ?? 0) + Number(cost));
    }
    isCall = false;
  }
  return { byFunction, elsewhere };
}

if (values.help) process.stdout.write(USAGE);
else await report(Number(values.hours), Number(values.top));
