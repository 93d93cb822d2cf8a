/**
 * `npm run lab:rabbitmq -- [--pid-max N] [--reaping] [--probes N] [--replications N] [--model] [--json]`
 *
 * The table goes to stdout, progress to stderr. Exit 0: it was run; 1: it failed; 2: usage; 3: RabbitMQ or the lab is
 * missing (the model's half is printed all the same); 130 interrupted.
 */
import { parseArgs } from 'node:util';
import { LabUnavailable } from './probe-host-setup.js';
import { type ExhaustionRun, exhaustForReal, exhaustTheModel, numbersPerProbe } from './rabbitmq.js';
import { formatExhaustion } from './rabbitmq-text.js';

const EXIT_SKIPPED = 3;
const EXIT_INTERRUPTED = 130;
const PID_MAX_LEAST = 400;
const PID_MAX_MOST = 20_000;

const { values } = parseArgs({
  options: {
    'pid-max': { type: 'string', default: '800' },
    replications: { type: 'string', default: '20' },
    probes: { type: 'string' },
    reaping: { type: 'boolean', default: false },
    model: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

function whole(name: 'pid-max' | 'replications' | 'probes', least: number, most: number): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  console.error(`--${name} is a whole number from ${least} to ${most}, not "${values[name]}"`);
  process.exit(2);
}

const interruption = new AbortController();
const pidMax = whole('pid-max', PID_MAX_LEAST, PID_MAX_MOST);
const init = values.reaping ? 'pause-reaping' : 'pause';
const probesMax =
  values.probes === undefined ? (values.reaping ? 40 : undefined) : whole('probes', 1, 100_000);
const replications = whole('replications', 1, 1000);
process.once('SIGINT', () => interruption.abort());
process.once('SIGTERM', () => interruption.abort());

const modelled = (numbers?: number): ExhaustionRun[] =>
  Array.from({ length: replications }, (_, n) =>
    exhaustTheModel({ pidMax, init, probesMax, numbersPerProbe: numbers }, n),
  );
const real = values.model ? null : await measured();
const columns = [{ title: `model (${replications} replications)`, runs: modelled() }];
if (real !== null) {
  const numbers = numbersPerProbe(real);
  columns.unshift({ title: 'kernel', runs: [real] });
  // The mechanism by itself: how often the Erlang VM's end leaves an orphan is an input that varies with the machine.
  if (numbers > 0)
    columns.push({ title: `model, given ${numbers.toFixed(2)} numbers per probe`, runs: modelled(numbers) });
}
process.stdout.write(values.json ? JSON.stringify(columns, null, 2) + '\n' : formatExhaustion(columns));
if (real !== null && real.failure !== '') console.error(`what the failed probe said: ${real.failure}`);

async function measured(): Promise<ExhaustionRun | null> {
  try {
    return await exhaustForReal({
      pidMax,
      init,
      probesMax,
      signal: interruption.signal,
      onProgress: ({ probe, zombies, pinned }) => {
        if (process.stderr.isTTY)
          process.stderr.write(`\rprobe ${probe}: ${zombies} zombies, ${pinned} pinned numbers `);
      },
    });
  } catch (error) {
    if (interruption.signal.aborted) process.exit(EXIT_INTERRUPTED);
    if (!(error instanceof LabUnavailable)) throw error;
    console.error(error.message);
    process.exitCode = process.env.PIDSIM_LAB === 'required' ? 1 : EXIT_SKIPPED;
    return null;
  } finally {
    if (process.stderr.isTTY) process.stderr.write('\r');
  }
}
