/**
 * `npm run bench:turns`: is one program faster than another, by how little?
 *
 * A shared machine is a half slower in one minute than in the next, and two processes of one program differ
 * by a twentieth from their first second to their last, as V8 has compiled them differently. So each round
 * starts a new process of every variant; all of them take turns on one CPU, a tenth of a second each; and
 * what counts is a variant's time as a multiple of what the variants took in that turn (their geometric
 * mean), over all rounds.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { CACHE } from './cache.js';
import { median } from './figures.js';

const USAGE = `npm run bench:turns -- [options] [VARIANT...]
  A VARIANT is a program, flags for V8 after it, with commas in between: the slices.js that npm run bench leaves in
  .cache/bench/program, here or in another work tree, or nothing for this one. The present program is always the first.

  --rounds N   processes of each variant (default 7)
  --slices N   turns of each process (default 12)
  --cpu N      which they take turns on (default 0)
  --bare       probes without a runtime

npm run bench:turns -- ../before/.cache/bench/program/slices.js ,--no-turbo-loop-peeling
`;

interface Variant {
  name: string;
  program: string;
  flags: string[];
}

/** A process that does a slice when it is told to. */
class Runner {
  private readonly process: ChildProcessByStdio<Writable, Readable, null>;
  private readonly lines: AsyncIterator<string>;

  constructor({ program, flags }: Variant, cpu: string, runtime: string) {
    this.process = spawn('taskset', ['-c', cpu, process.execPath, program, runtime, ...flags], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }

  async line(): Promise<string> {
    const { value, done } = await this.lines.next();
    if (done === true) throw new Error(`${this.process.spawnargs.join(' ')} has ended`);
    return value;
  }

  async slice(): Promise<number> {
    this.process.stdin.write('s');
    return Number(await this.line());
  }

  end(): void {
    this.process.stdin.end();
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    help: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '7' },
    slices: { type: 'string', default: '12' },
    cpu: { type: 'string', default: '0' },
    bare: { type: 'boolean', default: false },
  },
});

function variantOf(text: string): Variant {
  const [program, ...flags] = text.split(',');
  return { name: text, program: program === '' ? `${CACHE}/program/slices.js` : program, flags };
}

/** Of one round: the microseconds a probe of each variant, turn by turn. */
async function round(variants: readonly Variant[], slices: number): Promise<number[][]> {
  const runners = variants.map((variant) => new Runner(variant, values.cpu, values.bare ? 'bare' : 'runc'));
  try {
    for (const runner of runners) await runner.line();
    const turns: number[][] = [];
    for (let turn = 0; turn < slices; turn++) {
      const times = new Array<number>(runners.length);
      // Another one begins each time.
      for (let k = 0; k < runners.length; k++) {
        const who = (turn + k) % runners.length;
        times[who] = await runners[who].slice();
      }
      turns.push(times);
    }
    return turns;
  } finally {
    for (const runner of runners) runner.end();
  }
}

function geometricMean(times: readonly number[]): number {
  return Math.exp(times.reduce((sum, time) => sum + Math.log(time), 0) / times.length);
}

function countOf(option: 'rounds' | 'slices'): number {
  const count = Number(values[option]);
  if (!Number.isSafeInteger(count) || count < 1)
    throw new Error(`--${option} ${values[option]}: not a number of them`);
  return count;
}

async function report(): Promise<void> {
  const [rounds, slices] = [countOf('rounds'), countOf('slices')];
  const variants = [variantOf(''), ...positionals.map(variantOf)];
  const ratios: number[][] = variants.map(() => []);
  const levels: number[][] = variants.map(() => []);
  for (let r = 0; r < rounds; r++) {
    const turns = await round(variants, slices);
    variants.forEach((_, who) => {
      ratios[who].push(median(turns.map((times) => times[who] / geometricMean(times))));
      levels[who].push(median(turns.map((times) => times[who])));
    });
  }
  const first = median(ratios[0]);
  process.stdout.write('us a probe   times the first   from, to, in the rounds\n');
  variants.forEach(({ name }, who) => {
    const [least, most] = [Math.min(...ratios[who]) / first, Math.max(...ratios[who]) / first];
    const cells = [
      median(levels[who]).toFixed(3).padStart(10),
      (median(ratios[who]) / first).toFixed(3).padStart(15),
      `${least.toFixed(3)} to ${most.toFixed(3)}`.padStart(23),
      name === '' ? 'this program' : name,
    ];
    process.stdout.write(`${cells.join('   ')}\n`);
  });
}

if (values.help) process.stdout.write(USAGE);
else {
  try {
    await report();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 2;
  }
}
