/**
 * `npm run lab:node`: the node model beside a real node, in a machine in a box.
 *
 * The tables go to stdout (with `--write` into docs/lab-node.md and test/litmus/observed/), progress to stderr. Two
 * boxes run at a time. Exit 0: it was run; 1: it failed, or random sequences differ; 2: usage;
 * 3: something is missing; 130 interrupted.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { printObserved } from '../../../src/lab/litmus/observed.js';
import { OBSERVED_FOLDER, readLitmusFiles } from '../litmus/files.js';
import { numberOrExit, optionsOrExit } from '../options.js';
import { missingForContainers } from './box.js';
import { containerd, missingForContainerd } from './containerd.js';
import { missingForCron } from './cron.js';
import { ends } from './ends.js';
import { ENGINES, engines, missingForEngine } from './engines.js';
import { playExperiments } from './experiments.js';
import { type Fill, fillNode } from './fill.js';
import { fullCgroups } from './full-cgroups.js';
import { missingForLogins } from './login.js';
import { checkPauses } from './pause-check.js';
import { peaks } from './peaks.js';
import { needsOwnPidMax, recordName, recordOfBox, verifyInBox } from './second-kernel.js';
import { playSequences, type SequencesResult } from './sequences.js';
import { ACTIVITIES, survivors } from './survivors.js';
import { formatMeasured, type Measured } from './table.js';

const PARTS = [
  'kernel',
  'fill',
  'survivors',
  'rooms',
  'ends',
  'peaks',
  'sequences',
  'containerd',
  'engines',
  'pause',
] as const;
type Part = (typeof PARTS)[number];

const USAGE = `npm run lab:node -- [options]
  --parts LIST       of ${PARTS.join(',')} (default all)
  --pid-max LIST     sizes to fill (default 600,1000,2000)
  --repeats N        of fills below 1000, of peaks (default 3); 1000 once less, larger ones once
  --tries N          at each count of free PIDs or slots (default 4)
  --sequences N      random sequences (default 300)
  --seed N           of these (default 1)
  --minutes N        for all of it (default 30): sequences stop in time
  --write            docs/lab-node.md, and the litmus recording of the box's kernel
  --json             what was measured, as data
`;

/** A size from which on each fill takes minutes. */
const LARGE = 1000;
const ROOMS = [0, 1, 2, 3, 4, 5, 6];
/** For the sequences under way. */
const SECONDS_TO_END = 60;
/** So much of the time the fills may take. */
const SHARE_OF_FILLS = 0.7;

const EXIT_SKIPPED = 3;
const EXIT_INTERRUPTED = 130;

const values = optionsOrExit(USAGE, {
  parts: { type: 'string', default: PARTS.join(',') },
  'pid-max': { type: 'string', default: '600,1000,2000' },
  repeats: { type: 'string', default: '3' },
  tries: { type: 'string', default: '4' },
  sequences: { type: 'string', default: '300' },
  seed: { type: 'string', default: '1' },
  minutes: { type: 'string', default: '30' },
  write: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
});
const whole = (name: 'repeats' | 'tries' | 'sequences' | 'seed' | 'minutes', least: number, most: number) =>
  numberOrExit(name, values[name], { least, most, whole: true })!;

const [repeats, tries, count] = [
  whole('repeats', 1, 20),
  whole('tries', 1, 20),
  whole('sequences', 1, 10_000),
];
const [seed, minutes] = [whole('seed', 0, 1_000_000_000), whole('minutes', 1, 600)];
const parts = new Set(values.parts!.split(','));
const sizes = values['pid-max']!.split(',').map(Number);
const wrong = [...parts].filter((part) => !PARTS.includes(part as Part));
if (wrong.length > 0 || sizes.some((size) => !Number.isInteger(size) || size < 450 || size > 10_000)) {
  console.error(
    `${wrong.length > 0 ? `no part is called ${wrong.join(', ')}` : 'a size is from 450 to 10000'}\n${USAGE}`,
  );
  process.exit(2);
}

const interruption = new AbortController();
const { signal } = interruption;
process.once('SIGINT', () => interruption.abort());
process.once('SIGTERM', () => interruption.abort());

const begun = performance.now();
const secondsGone = (): number => (performance.now() - begun) / 1000;
const secondsLeft = (): number => Math.max(10, minutes * 60 - secondsGone());
const limited = (): { limitSeconds: number; signal: AbortSignal } => ({
  limitSeconds: secondsLeft(),
  signal,
});
const onText = (text: string): void => progress(text);

const missing = missingForContainers();
if (missing.length > 0) {
  console.error(`the lab cannot run here: ${missing.join('; ')}`);
  process.exit(process.env.PIDSIM_LAB === 'required' ? 1 : EXIT_SKIPPED);
}
const noLogins = missingForLogins();
if (noLogins !== null) console.error(`no logins: ${noLogins}`);
const noCron = missingForCron();
if (noCron !== null) console.error(`no cron jobs: ${noCron}`);
const noContainerd = missingForContainerd();
if (noContainerd !== null) console.error(`no containerd: ${noContainerd}`);
for (const engine of ENGINES) {
  const noEngine = missingForEngine(engine);
  if (noEngine !== null) console.error(`no ${engine}: ${noEngine}`);
}

try {
  const measured = await measure();
  progress('');
  const { sequences } = measured;
  process.stdout.write(values.json ? `${JSON.stringify(measured, null, 1)}\n` : formatMeasured(measured));
  if (values.write) write(measured);
  if (sequences !== undefined && sequences.differences.length > 0) process.exitCode = 1;
} catch (error) {
  if (signal.aborted) process.exit(EXIT_INTERRUPTED);
  throw error;
}

/** Two boxes at a time, as each has one CPU; the sequences fill up what time is left in both. */
async function measure(): Promise<Measured> {
  const measured: Measured = {};
  const indexes = Array.from({ length: count }, (_, index) => index).values();
  const halves = await Promise.all([
    measureFills(measured).then(() => measureSequences(indexes)),
    measureKernel(measured)
      .then(() => measureSmallParts(measured))
      .then(() => measureSequences(indexes)),
  ]);
  if (parts.has('sequences')) measured.sequences = halves.reduce(together);
  return measured;
}

async function when(part: Part, act: () => Promise<void>): Promise<void> {
  if (parts.has(part)) await act();
}

async function measureKernel(measured: Measured): Promise<void> {
  await when('kernel', async () => {
    const all = readLitmusFiles();
    const can = all.filter((litmus) => !needsOwnPidMax(litmus));
    const { kernel, results } = await verifyInBox(can, {
      ...limited(),
      onResult: ({ litmus }) => progress(litmus.name),
    });
    measured.kernel = kernel;
    measured.litmus = { all: all.length, results };
    measured.experiments = (await playExperiments(undefined, limited())).results;
  });
}

async function measureFills(measured: Measured): Promise<void> {
  await when('fill', async () => {
    const fills: Fill[] = [];
    measured.fills = fills;
    for (const pidMax of sizes) {
      const times = pidMax < LARGE ? repeats : pidMax === LARGE ? Math.max(1, repeats - 1) : 1;
      for (let repeat = 0; repeat < times; repeat++) {
        const fill = await fillInTime(pidMax);
        if (fill === null) return;
        fills.push(fill);
      }
    }
  });
}

/** Null: a busy machine had no time for it, and none for the larger ones. */
async function fillInTime(pidMax: number): Promise<Fill | null> {
  const until = minutes * 60 * SHARE_OF_FILLS;
  const limitSeconds = Math.max(1, until - secondsGone());
  try {
    return await fillNode(pidMax, {
      limitSeconds,
      signal,
      onExec: (exec) => progress(`pid_max ${pidMax}: exec ${exec}`),
    });
  } catch (error) {
    if (signal.aborted || secondsGone() < until) throw error;
    console.error(`no time to fill pid_max ${pidMax}: give more --minutes`);
    return null;
  }
}

async function measureSmallParts(measured: Measured): Promise<void> {
  await when('survivors', async () => {
    measured.survivors = await survivors(ACTIVITIES, tries, { ...limited(), onLevel: onText });
  });
  await when('rooms', async () => {
    measured.rooms = await fullCgroups(ROOMS, tries, { ...limited(), onRoom: onText });
  });
  await when('ends', async () => {
    measured.ends = await ends(limited());
  });
  await when('peaks', async () => {
    measured.peaks = await peaks(repeats, { ...limited(), cron: true, onPeak: onText });
  });
  await when('containerd', async () => {
    if (noContainerd === null) measured.containerd = await containerd(limited());
  });
  await when('engines', async () => {
    measured.engines = await engines(ENGINES, { ...limited(), onStep: onText });
  });
  await when('pause', async () => {
    measured.pauses = await checkPauses(limited());
  });
}

/** Stops in time for what is under way to end. */
async function measureSequences(indexes: Iterator<number>): Promise<SequencesResult> {
  const none: SequencesResult = {
    seed,
    sequences: 0,
    actions: 0,
    refused: 0,
    agreedLater: 0,
    differences: [],
  };
  const stopAfterSeconds = secondsLeft() - SECONDS_TO_END;
  if (!parts.has('sequences') || stopAfterSeconds <= 0) return none;
  return playSequences({
    ...limited(),
    indexes,
    seed,
    stopAfterSeconds,
    onSequence: (done, differences) => progress(`${done} sequences, ${differences} differences`),
  });
}

function together(one: SequencesResult, other: SequencesResult): SequencesResult {
  return {
    seed,
    sequences: one.sequences + other.sequences,
    actions: one.actions + other.actions,
    refused: one.refused + other.refused,
    agreedLater: one.agreedLater + other.agreedLater,
    differences: [...one.differences, ...other.differences],
  };
}

function write(measured: Measured): void {
  if (PARTS.some((part) => !parts.has(part))) {
    console.error('--write needs all parts: the page is written as a whole');
    process.exitCode = 2;
    return;
  }
  writeFileSync('docs/lab-node.md', formatMeasured(measured));
  const { kernel, litmus } = measured;
  writeFileSync(
    join(OBSERVED_FOLDER, recordName(kernel!)),
    printObserved(recordOfBox(kernel!, litmus!.results)),
  );
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${text.padEnd(70)}`);
}
