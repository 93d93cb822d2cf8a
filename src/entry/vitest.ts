/**
 * Matchers for vitest. In a test file, or in one of `setupFiles`:
 *
 *     import 'pidsim/vitest';
 *
 *     test('our entrypoint', { timeout: 60_000 }, async () => {
 *       await expect(['./entrypoint.sh', 'app']).toReapAsPid1();
 *     });
 *
 * What needs the real kernel is skipped, with the reason, where the lab cannot run; with PIDSIM_LAB=required
 * it fails there. A failure prints what the command line prints. Tests may run in parallel; concurrent ones
 * take `expect` from their context, as vitest says.
 */
import { expect } from 'vitest';
import { examineInit, type InitOptions } from '../lab/init/examine.js';
import type { InitCheckName, InitReport } from '../lab/init/report.js';
import { formatInitReport } from '../lab/init/text.js';
import { missingForLab } from '../lab/namespace/setup.js';
import { hasSucceeded, type Recording, type RecordOptions, recordCommand } from '../lab/record/record.js';
import { formatRecording } from '../lab/record/text.js';
import type { ProcessRow } from '../procfs/process-row.js';
import { ROW_HEADER, rowLine, sideBySide } from '../procfs/rows-text.js';
import { renderResults } from '../report/table.js';
import { harmsOf } from '../run/harm.js';
import { simulate } from '../run/run.js';
import type { Scenario } from '../scenario/scenario.js';
import { formatSeconds, parseDurationUs } from '../text/duration.js';

/** A row of the tree that is expected: only what is given is compared. */
export type ExpectedProcess = Partial<ProcessRow>;
/** PIDs left behind by each run. */
export interface LeftPerRun {
  zombies?: number;
  pinned?: number;
}

interface PidsimMatchers<R> {
  /** A command: as PID 1 it reaps all that it adopts, and its own child. */
  toReapAsPid1(options?: InitOptions): Promise<R>;
  /** A command: SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1 and SIGUSR2 reach its main child. */
  toForwardSignals(options?: InitOptions): Promise<R>;
  /** A command: as PID 1 it ends so soon after SIGTERM, `'10s'`. */
  toEndWithin(duration: string, options?: InitOptions): Promise<R>;
  /** A command: as PID 1 it ends with its main child, and with the status of that. */
  toPassExitStatus(options?: InitOptions): Promise<R>;
  /** A probe's command: it succeeds, and no zombie, pinned PID or live process is left of it. */
  toLeaveNothingBehind(options?: RecordOptions): Promise<R>;
  /**
   * A probe's command: so many PIDs, or zombies and pinned PIDs, are left of each run, under a PID 1 that
   * does not reap.
   */
  toLeakPerProbe(left: number | LeftPerRun, options?: RecordOptions): Promise<R>;
  /** A scenario: for so long from its start on, `'7d'`, nothing is refused, evicted or not started. */
  toLast(duration: string): R;
  /** Process rows: these, in the order of PIDs, by what is given of each. */
  toMatchProcessTree(expected: readonly ExpectedProcess[]): R;
}

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: as vitest declares it
  interface Matchers<T = any> extends PidsimMatchers<T> {}
}

interface Result {
  pass: boolean;
  message: () => string;
}

/** The test that asks, as far as vitest tells. */
interface Asker {
  task?: unknown;
  isNot?: boolean;
}

type Command = readonly string[];

const exams = new Map<string, Promise<InitReport>>();

/** Several matchers of one command share an examination. */
function examined(command: Command, options: InitOptions): Promise<InitReport> {
  const { signal: _, ...rest } = options;
  const key = JSON.stringify([command, rest]);
  const known = exams.get(key) ?? examineInit(command, options);
  exams.set(key, known);
  return known;
}

function needLab(asker: Asker, command: Command): void {
  if (!Array.isArray(command) || command.length === 0)
    throw new TypeError("a command is needed here, as an array of its words: expect(['tini', '--', 'app'])");
  const missing = missingForLab({ rootless: true });
  if (missing.length === 0) return;
  if (process.env.PIDSIM_LAB === 'required')
    throw new Error(`the lab cannot run here: ${missing.join('; ')}`);
  const { context } = asker.task as { context: { skip(note: string): never } };
  context.skip(`the lab cannot run here: ${missing.join('; ')}`);
}

/** A matcher of a command as PID 1. All ask for the same examination, so that they can share it. */
function initMatcher(what: string, does: (report: InitReport) => boolean) {
  return async function (this: Asker, command: Command, options: InitOptions = {}): Promise<Result> {
    needLab(this, command);
    const report = await examined(command, { ...options, require: ['reaping'] });
    return { pass: does(report), message: () => said(this, what, formatInitReport(report)) };
  };
}

/** What was expected, and below it what the command line prints. */
function said({ isNot }: Asker, what: string, text: string): string {
  return `expected ${isNot ? 'not ' : ''}${what}\n\n${text.trimEnd()}`;
}

const isMet = ({ checks }: InitReport, ...names: InitCheckName[]): boolean =>
  names.every((name) => checks.find((one) => one.name === name)?.answer === 'yes');

/** That of an examination. */
const PATIENCE_MS = 10_000;

async function recorded(
  asker: Asker,
  command: Command,
  options: RecordOptions,
  what: string,
  does: (recording: Recording) => boolean,
): Promise<Result> {
  needLab(asker, command);
  const recording = await recordCommand(command, { runs: 3, ...options });
  return { pass: does(recording), message: () => said(asker, what, formatRecording(recording)) };
}

/** For `expect.extend` of another copy of vitest; importing this module has done it for this one. */
export const matchers = {
  toReapAsPid1: initMatcher('to reap as PID 1', ({ good }) => good),

  toForwardSignals: initMatcher('to forward signals to its child', (report) =>
    isMet(report, 'child-told', 'passes-signals'),
  ),

  toPassExitStatus: initMatcher('to end with the status of its child', (report) =>
    isMet(report, 'ends-with-child', 'passes-status'),
  ),

  toEndWithin(this: Asker, command: Command, duration: string, options: InitOptions = {}) {
    const limitMs = micros(duration) / 1000;
    const longer = limitMs > PATIENCE_MS ? { patienceMs: limitMs } : {};
    const matcher = initMatcher(`to end within ${duration} of SIGTERM`, ({ checks }) => {
      const ends = checks.find(({ name }) => name === 'ends-on-term');
      return ends?.answer === 'yes' && ends.numbers.endMs <= limitMs;
    });
    return matcher.call(this, command, { ...longer, ...options });
  },

  toLeaveNothingBehind(this: Asker, command: Command, options: RecordOptions = {}) {
    return recorded(this, command, options, 'to succeed and leave nothing behind', ({ runs, spread }) => {
      const left = spread.zombies.max + spread.pinned.max + spread.live.max;
      return left === 0 && runs.some(hasSucceeded);
    });
  },

  toLeakPerProbe(this: Asker, command: Command, left: number | LeftPerRun, options: RecordOptions = {}) {
    const what = typeof left === 'number' ? `${left} PIDs` : JSON.stringify(left);
    return recorded(this, command, options, `to leak ${what} per run`, ({ runs }) =>
      runs.every(({ zombies, pinned }) =>
        typeof left === 'number'
          ? zombies + pinned === left
          : zombies === (left.zombies ?? zombies) && pinned === (left.pinned ?? pinned),
      ),
    );
  },

  toLast(this: Asker, scenario: Scenario, duration: string) {
    const result = simulate({ ...scenario, horizonUs: micros(duration) });
    const [first] = harmsOf(result);
    const harm = first === undefined ? '' : `: ${first.kind} after ${formatSeconds(first.atSeconds)}`;
    const what = `to last ${duration}${harm}`;
    return { pass: first === undefined, message: () => said(this, what, renderResults([result], 'table')) };
  },

  toMatchProcessTree(this: Asker, rows: readonly ProcessRow[], expected: readonly ExpectedProcess[]) {
    const sorted = [...rows].sort((a, b) => a.pid - b.pid);
    const wanted = expected.map((row, n) => ({ ...(sorted[n] ?? NO_ROW), ...row }));
    const pairs = Array.from({ length: Math.max(sorted.length, wanted.length) }, (_, n) => {
      const line = (row: ProcessRow | undefined): string => (row === undefined ? '-' : rowLine(row));
      return [line(wanted[n]), line(sorted[n])] as const;
    });
    const header = [`${ROW_HEADER} (expected)`, `${ROW_HEADER} (found)`] as const;
    return {
      pass: pairs.every(([left, right]) => left === right),
      message: () => said(this, 'this process tree', sideBySide(header, pairs).join('\n')),
    };
  },
};

const NO_ROW: ProcessRow = { pid: 0, ppid: 0, pgid: 0, sid: 0, stat: '?', comm: '?', threads: 1, nspid: [0] };

function micros(duration: string): number {
  const us = parseDurationUs(duration);
  if (us === null || us <= 0) throw new TypeError(`\`${duration}\` is no duration such as 10s, 1h30m or 7d`);
  return us;
}

expect.extend(matchers);
