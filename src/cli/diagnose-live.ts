/** `pidsim diagnose --live`: a node, a container or a saved /proc, now and from now on. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Interval, type LiveReading, LiveWatch } from '../diagnose/live.js';
import type { Room } from '../diagnose/room.js';
import { LiveProc } from '../host/live-proc.js';
import { hasOwnPidMax } from '../lab/namespace/setup.js';
import { visible } from '../procfs/captured-row.js';
import { diagnosisDocument, renderDiagnosis } from '../report/diagnosis.js';
import { toJson } from '../report/document.js';
import { parseComparison, type ValueKind } from '../scenario/expect.js';
import { US_PER_HOUR } from '../sim/time.js';
import { HOLDS } from '../text/comparison.js';
import { formatSeconds, parseDurationUs } from '../text/duration.js';
import { formatCount, plural } from '../text/figures.js';
import { didYouMean } from '../text/suggest.js';
import { CommandError, EXIT, usageError } from './exit.js';
import { Interruption } from './interruption.js';

export interface LiveArguments {
  output: string;
  pidMax?: number;
  threadsMax?: number;
  pidsMax?: number;
  pid?: number;
  root?: string;
  once?: boolean;
  for?: string;
  alert?: string;
}

/** A line at least so often. */
const LINE_EVERY_MS = 5_000;
/** Scans take at most this part of a CPU. */
const CPU_SHARE_MAX = 0.01;

/** What `--alert` is about. The unknown satisfies nothing; what does not end has all the time there is. */
const SUBJECTS: Record<string, { kind: ValueKind; of: (reading: LiveReading) => number }> = {
  timeLeft: {
    kind: 'duration',
    of: ({ hoursLeft }) => (hoursLeft === null ? Number.POSITIVE_INFINITY : hoursLeft.value * US_PER_HOUR),
  },
  zombies: { kind: 'count', of: ({ zombies }) => zombies },
  pinned: { kind: 'count', of: ({ pinned }) => pinned ?? Number.NaN },
  pids: { kind: 'count', of: ({ room }) => room.used },
  zombiesPerHour: { kind: 'mean', of: ({ zombiesPerHour }) => zombiesPerHour?.value ?? Number.NaN },
  livingPerHour: { kind: 'mean', of: ({ livingPerHour }) => livingPerHour ?? Number.NaN },
};

export async function diagnoseLive(args: LiveArguments): Promise<void> {
  const holds = args.alert === undefined ? (): boolean => false : alertOrExit(args.alert);
  const proc = procOrExit(args);
  const forUs = args.for === undefined ? Number.POSITIVE_INFINITY : parseDurationUs(args.for);
  if (forUs === null) throw usageError(`--for ${args.for}: not a duration`, 'such as 10m');
  const { pidMax, threadsMax, pidsMax, output } = args;
  const watch = new LiveWatch({ pidMax, threadsMax, pidsMax });
  const isOnce = args.once === true || args.root !== undefined;
  const interruption = new Interruption();
  const begunMs = performance.now();
  let reading: LiveReading | null = null;
  let scannedMs = 0;
  let nextScanMs = 0;
  try {
    for (;;) {
      if (reading === null || performance.now() >= nextScanMs) {
        const before = process.cpuUsage();
        scannedMs = performance.now();
        const capture = proc.scan();
        if (capture === null)
          throw usageError(`${proc.root}: no process in it`, args.root && '--root takes a copy of /proc');
        reading = watch.add(capture);
        const { user, system } = process.cpuUsage(before);
        nextScanMs = scannedMs + (user + system) / 1000 / CPU_SHARE_MAX;
      }
      const now = performance.now();
      if (isOnce)
        process.stdout.write(
          output === 'json' ? toJson(onceDocument(reading)) : renderDiagnosis(reading.diagnosis),
        );
      else process.stdout.write(lineOf(reading, (now - scannedMs) / 1000, output));
      if (holds(reading)) throw new CommandError(EXIT.expectationFailed, `alert: ${args.alert}`);
      const leftMs = begunMs + forUs / 1000 - now;
      if (isOnce || leftMs <= 0) return;
      await sleep(Math.min(LINE_EVERY_MS, leftMs), undefined, { signal: interruption.signal }).catch(
        () => {},
      );
      interruption.throwIfAborted();
    }
  } finally {
    interruption.forget();
  }
}

function procOrExit({ pid, root, pidMax }: LiveArguments): LiveProc {
  if (root !== undefined && pid !== undefined) throw usageError('--root and --pid contradict each other');
  if (root !== undefined) return new LiveProc(root, null);
  if (process.platform !== 'linux')
    throw new CommandError(
      EXIT.skipped,
      'error: --live reads /proc, which only Linux has\n  hint: --root takes a copy of one',
    );
  if (pid === undefined) return new LiveProc('/proc', 'self');
  if (!Number.isSafeInteger(pid) || pid < 1) throw usageError(`--pid ${pid}: not a PID`);
  if (pidMax === undefined && hasOwnPidMax()) {
    const ask = `nsenter -t ${pid} -p -m cat /proc/sys/kernel/pid_max; then --pid-max N`;
    process.stderr.write(`note: pid_max is this machine's; the container may have a lower one: ${ask}\n`);
  }
  const proc = new LiveProc(`/proc/${pid}/root/proc`, pid);
  if (proc.scan() === null)
    throw usageError(
      `--pid ${pid}: no /proc to read in there`,
      'the PID of a process of the container, as root',
    );
  return proc;
}

function alertOrExit(text: string): (reading: LiveReading) => boolean {
  const parsed = parseComparison(text, (written) => {
    const subject = Object.hasOwn(SUBJECTS, written) ? SUBJECTS[written] : undefined;
    if (subject !== undefined) return { ok: true, ...subject };
    const names = Object.keys(SUBJECTS);
    const hint = didYouMean(written, names) ?? `Subjects are ${names.join(', ')}.`;
    return { ok: false, message: `nothing is called \`${written}\``, hint };
  });
  if (!parsed.ok) throw usageError(`--alert: ${parsed.message}`, parsed.hint);
  const { of, comparison, value } = parsed.value;
  return (reading) => {
    const actual = of(reading);
    return !Number.isNaN(actual) && HOLDS[comparison](actual, value);
  };
}

function lineOf(reading: LiveReading, ageS: number, output: string): string {
  const { zombies, pinned, room, zombiesPerHour, livingPerHour, hoursLeft, blame } = reading;
  const at = new Date();
  if (output === 'json') {
    const told = { zombies, pinned, room, zombiesPerHour, livingPerHour, hoursLeft, blame };
    return `${JSON.stringify({ at: at.toISOString(), ageSeconds: Math.round(ageS * 10) / 10, ...told })}\n`;
  }
  const most = blame[0];
  const parts = [
    `${at.toTimeString().slice(0, 8)} scan ${ageS < 1 ? 'of now' : `${Math.round(ageS)} s old`}`,
    plural(zombies, 'zombie'),
    pinned === null ? 'pinned not seen' : `${formatCount(pinned)} pinned`,
    `${formatCount(room.used)} of ${formatCount(room.usable)} ${limitWord(room)}`,
    rateText(zombiesPerHour, livingPerHour),
    hoursLeft === null
      ? 'no end in sight'
      : `full in ${between(hoursLeft, (hours) => formatSeconds(Math.round(hours * 3600)))}`,
    ...(most === undefined ? [] : [`most (${formatCount(most.zombies)}) of ${visible(most.where)}`]),
  ];
  return `${parts.join(' | ')}\n`;
}

function limitWord({ limit }: Room): string {
  return limit === 'pid_max' ? 'PIDs' : `tasks (${limit})`;
}

function rateText(rate: Interval | null, living: number | null): string {
  if (living !== null) return `${formatCount(Number(living.toPrecision(3)))} more live processes per hour`;
  if (rate === null) return 'rate not known yet';
  return rate.value === 0 ? 'none of late' : `${between(rate, formatCount)} more per hour`;
}

function between({ value, low, high }: Interval, write: (value: number) => string): string {
  return `${write(value)} (${write(low)} to ${Number.isFinite(high) ? write(high) : 'never'})`;
}

function onceDocument({ diagnosis, ...reading }: LiveReading): object {
  const { zombiesPerHour, livingPerHour, hoursLeft, blame } = reading;
  return { ...diagnosisDocument(diagnosis), live: { zombiesPerHour, livingPerHour, hoursLeft, blame } };
}
