/**
 * `npm run lab:rabbitmq`: the incident for real, beside the model.
 *
 * The table goes to stdout, progress to stderr. Exit 0: it was run; 1: it failed; 2: usage; 3: RabbitMQ or the lab is
 * missing (the model's half is printed all the same); 130 interrupted.
 */

import { LabUnavailable } from '../../../src/lab/namespace/setup.js';
import { numberOrExit, optionsOrExit } from '../options.js';
import { type NearlyFullRun, probeModelNearlyFull, probeNearlyFull } from './nearly-full.js';
import { type ExhaustionRun, exhaustForReal, exhaustTheModel, pidsPerProbe } from './rabbitmq.js';
import { formatExhaustion, formatNearlyFull } from './text.js';

const EXIT_SKIPPED = 3;
const EXIT_INTERRUPTED = 130;
const PID_MAX_LEAST = 400;
const PID_MAX_MOST = 20_000;

const USAGE = `npm run lab:rabbitmq -- [options]
  until a probe fails:
    --pid-max N        of the namespace (default 800)
    --reaping          PID 1 reaps: no probe fails
    --probes N         stops after so many
  with few PIDs free:
    --free N           with N, then fewer, down to 3
    --each N           probes at each count (default 4)
  both:
    --replications N   of the model (default 20)
    --model            the model alone
    --json             every run
`;

const values = optionsOrExit(USAGE, {
  'pid-max': { type: 'string', default: '800' },
  replications: { type: 'string', default: '20' },
  probes: { type: 'string' },
  free: { type: 'string' },
  each: { type: 'string', default: '4' },
  reaping: { type: 'boolean', default: false },
  model: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
});
const whole = (name: 'pid-max' | 'replications' | 'probes' | 'free' | 'each', least: number, most: number) =>
  numberOrExit(name, values[name], { least, most, whole: true });

const interruption = new AbortController();
const pidMax = whole('pid-max', PID_MAX_LEAST, PID_MAX_MOST)!;
const init = values.reaping ? 'pause-reaping' : 'pause';
const probesMax = whole('probes', 1, 100_000) ?? (values.reaping ? 40 : undefined);
const replications = whole('replications', 1, 1000)!;
const free = whole('free', 3, 100);
const each = whole('each', 1, 100)!;
process.once('SIGINT', () => interruption.abort());
process.once('SIGTERM', () => interruption.abort());

await (free === undefined ? exhaust() : nearlyFull(free));

async function exhaust(): Promise<void> {
  const modelled = (numbers?: number): ExhaustionRun[] =>
    replicated((n) => exhaustTheModel({ pidMax, init, probesMax, pidsPerProbe: numbers }, n));
  const real = await measured(() =>
    exhaustForReal({
      pidMax,
      init,
      probesMax,
      signal: interruption.signal,
      onProgress: ({ probe, zombies, pinned }) =>
        progress(`probe ${probe}: ${zombies} zombies, ${pinned} pinned PIDs `),
    }),
  );
  const columns = [{ title: `model (${replications} replications)`, runs: modelled() }];
  if (real !== null) {
    const numbers = pidsPerProbe(real);
    columns.unshift({ title: 'kernel', runs: [real] });
    // The mechanism by itself: how often the Erlang VM's end leaves an orphan is an input that varies with
    // the machine.
    if (numbers > 0)
      columns.push({
        title: `model, given ${numbers.toFixed(2)} PIDs per probe`,
        runs: modelled(numbers),
      });
  }
  print(columns, formatExhaustion(columns));
  if (real !== null && real.failure !== '') console.error(`what the failed probe said: ${real.failure}`);
}

async function nearlyFull(free: number): Promise<void> {
  const real = await measured(() =>
    probeNearlyFull({
      free,
      each,
      signal: interruption.signal,
      onProgress: ({ free, status }) => progress(`${free} PIDs free: status ${status} `),
    }),
  );
  const runs = replicated((n) => probeModelNearlyFull({ free, each: 1 }, n)).flat();
  const columns: { title: string; runs: NearlyFullRun[] }[] = [{ title: 'model', runs }];
  if (real !== null) columns.unshift({ title: 'kernel', runs: real });
  print(columns, formatNearlyFull(columns));
}

function replicated<T>(run: (replication: number) => T): T[] {
  return Array.from({ length: replications }, (_, n) => run(n));
}

function print(columns: unknown, table: string): void {
  process.stdout.write(values.json ? JSON.stringify(columns, null, 2) + '\n' : table);
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${text}`);
}

/** The kernel's half; null if only the model is wanted, or the lab cannot run. */
async function measured<T>(measure: () => Promise<T>): Promise<T | null> {
  if (values.model) return null;
  try {
    return await measure();
  } catch (error) {
    if (interruption.signal.aborted) process.exit(EXIT_INTERRUPTED);
    if (!(error instanceof LabUnavailable)) throw error;
    console.error(error.message);
    process.exitCode = process.env.PIDSIM_LAB === 'required' ? 1 : EXIT_SKIPPED;
    return null;
  } finally {
    progress('');
  }
}
