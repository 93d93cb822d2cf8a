/**
 * `npm run bench:instructions`: how many machine instructions one probe of the 110 pods takes, and in which functions.
 *
 * Time on a shared machine varies by a third from one quarter of an hour to the next; the number of instructions does not.
 * valgrind counts them, for two horizons, and their difference is what is left when everything has been compiled. V8 writes
 * down what it compiles (compiled-code.ts), so that an instruction counts for the function in which it is written, whatever
 * function V8 has put that into.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { CACHE } from './cache.js';
import { CompiledCode, Written } from './compiled-code.js';

const PROGRAM = `${CACHE}/program/probes.js`;
const USAGE = `npm run bench:instructions -- [options]
  --hours N   of simulated time, and twice as many in a second run (default 6)
  --top N     how many functions (default 40)
`;

/** Instructions by function, `file: name`, of one run. */
interface Count {
  probeRuns: number;
  byFunction: Map<string, number>;
}

/** Node, V8's compiler, its garbage collector, what of it compiled code calls, the C library. */
const ELSEWHERE = 'outside of the program: V8, Node';

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    hours: { type: 'string', default: '6' },
    top: { type: 'string', default: '40' },
  },
});

async function report(hours: number, top: number): Promise<void> {
  const written = new Written(readFileSync(PROGRAM, 'utf8'));
  const [short, long] = await Promise.all([count(hours, written), count(2 * hours, written)]);
  const runs = long.probeRuns - short.probeRuns;
  const perProbe = [...long.byFunction].map(([name, instructions]): [string, number] => [
    name,
    (instructions - (short.byFunction.get(name) ?? 0)) / runs,
  ]);
  const total = perProbe.reduce((sum, [, instructions]) => sum + instructions, 0);
  const write = (title: string, rows: Iterable<[string, number]>) => {
    const most = [...rows].sort(([, a], [, b]) => b - a).slice(0, top);
    process.stdout.write(`\n${title}\n`);
    for (const [name, instructions] of most) {
      const share = `${((100 * instructions) / total).toFixed(1)} %`;
      process.stdout.write(`${grouped(instructions).padStart(8)} ${share.padStart(7)}  ${name}\n`);
    }
  };
  process.stdout.write(`${grouped(total)} instructions a probe, in ${grouped(runs)} probe runs\n`);
  write(
    'By folder',
    sumBy(perProbe, (name) => name.replace(/\/[^/]*: .*/, '')),
  );
  write('By function, as written', perProbe);
}

function sumBy(counts: [string, number][], keyOf: (name: string) => string): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [name, instructions] of counts) add(sums, keyOf(name), instructions);
  return sums;
}

function add(sums: Map<string, number>, key: string, instructions: number): void {
  sums.set(key, (sums.get(key) ?? 0) + instructions);
}

function grouped(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

async function count(hours: number, written: Written): Promise<Count> {
  mkdirSync(CACHE, { recursive: true });
  const dir = mkdtempSync(join(tmpdir(), 'pidsim-instructions-'));
  const counts = join(dir, 'callgrind');
  const code = join(dir, 'code');
  try {
    const { stdout } = await promisify(execFile)('valgrind', [
      '--tool=callgrind',
      '--dump-instr=yes',
      '--smc-check=all-non-file',
      `--callgrind-out-file=${counts}`,
      process.execPath,
      // Compilation in the same thread, and compiled code stays where it is.
      '--single-threaded',
      '--hash-seed=1',
      '--random-seed=1',
      '--no-compact-code-space',
      '--print-opt-code',
      '--redirect-code-traces',
      `--redirect-code-traces-to=${code}`,
      PROGRAM,
      String(hours),
    ]);
    const compiled = new CompiledCode(readFileSync(code, 'utf8'));
    const byFunction = new Map<string, number>();
    for (const [address, instructions] of countsIn(readFileSync(counts, 'utf8'))) {
      const position = compiled.positionAt(address);
      add(byFunction, position === null ? ELSEWHERE : written.functionAt(position), instructions);
    }
    return { probeRuns: Number(stdout), byFunction };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/**
 * Address and instructions, of callgrind's format: `0xADDRESS LINE COST`, where the address may be relative to the one
 * before (`+4`, `-8`, `*`). The line after `calls=` repeats what the function called has cost.
 */
function* countsIn(callgrind: string): Generator<[address: number, instructions: number]> {
  let address = 0;
  let isCall = false;
  for (const line of callgrind.split('\n')) {
    if (line.startsWith('calls=')) isCall = true;
    if (!/^[0-9+*-]/.test(line)) continue;
    const [where, , cost] = line.split(' ');
    if (where.startsWith('+')) address += Number(where.slice(1));
    else if (where.startsWith('-')) address -= Number(where.slice(1));
    else if (where !== '*') address = Number(where);
    if (!isCall) yield [address, Number(cost)];
    isCall = false;
  }
}

if (values.help) process.stdout.write(USAGE);
else await report(Number(values.hours), Number(values.top));
