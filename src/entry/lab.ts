/**
 * The lab: real commands on this machine's own kernel, in private PID namespaces. Linux only, Node only.
 *
 *     import { examineInit, missingForLab } from 'pidsim/lab';
 *
 *     if (missingForLab({ rootless: true }).length === 0) {
 *       const report = await examineInit(['tini', '--', 'my-app'], { require: ['reaping', 'term'] });
 *       console.log(report.good, report.verdict);
 *     }
 *
 * Every report is plain data, what the command line prints with `-o json`. The commands run with this
 * process' rights; what they do to files and network, other than `examineInit` keeps from them, they do.
 */
import { formatVerification, verificationDocument } from '../lab/litmus/format.js';
import { verifyLitmus as verify } from '../lab/litmus/verify.js';
import type { VerificationDocument } from '../lab/litmus/world.js';
import type { Diagnostic } from '../text/diagnostic.js';

export { examineInit, examineRunningInit, type InitOptions } from '../lab/init/examine.js';
export {
  INIT_CHECKS,
  INIT_REQUIREMENTS,
  type InitAnswer,
  type InitCheck,
  type InitCheckName,
  type InitReport,
  type InitRequirement,
} from '../lab/init/report.js';
export { formatInitReport } from '../lab/init/text.js';
export { InitNotExamined } from '../lab/init/world.js';
export type { Outcome, Verdict, VerificationDocument, View, World } from '../lab/litmus/world.js';
export { BadLabOption, LabBroken, LabUnavailable, missingForLab } from '../lab/namespace/setup.js';
export {
  CommandNotRun,
  hasSucceeded,
  type Measure,
  type RecordedRun,
  type Recording,
  type RecordOptions,
  type RecordSource,
  recordCommand,
  type Spread,
} from '../lab/record/record.js';
export { formatRecording } from '../lab/record/text.js';

export interface LitmusOptions {
  /** Real time after which a world that moves is called restless, in milliseconds. Default 10000. */
  boundMs?: number;
  /**
   * Runs of each on two CPUs, whose processes are slowed down by chance: other orders than the verdict's.
   * Default 0.
   */
  otherOrders?: number;
  /** Ends it early, between two litmus files. */
  signal?: AbortSignal;
}

export interface LitmusReport extends VerificationDocument {
  /** Of files that could not be read or are no litmus; nothing of these was run. */
  diagnostics: Diagnostic[];
  /** As `pidsim lab verify` prints it. */
  text: string;
}

/**
 * Runs litmus files on the model and on this machine's kernel, and compares the two worlds, and each with
 * what the file expects (docs/litmus.md). What the machine lacks is the verdict `skipped` of a file, not an
 * exception.
 */
export async function verifyLitmus(
  files: readonly string[],
  options: LitmusOptions = {},
): Promise<LitmusReport> {
  const verification = await verify(files, options);
  const { diagnostics } = verification;
  return { ...verificationDocument(verification), diagnostics, text: formatVerification(verification) };
}
