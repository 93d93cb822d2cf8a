/**
 * The step language: what runs in a container, as text.
 *
 * A program is `{comm, steps}`. The list of steps is closed on purpose: every program here can also be run
 * for real in a PID namespace, and that is how the model is checked. A new step needs a decision record with
 * a scenario whose answer changes (docs/decisions).
 *
 * These types have the shape of the YAML itself, so that a program prints back to what was written.
 */
import {
  SIGCHLD,
  SIGKILL,
  SIGTERM,
  type SigchldDisposition,
  type Signal,
  type SigtermDisposition,
} from '../kernel/signals.js';
import type { Objection } from '../text/objection.js';

export {
  SIGCHLD_DISPOSITIONS,
  SIGTERM_DISPOSITIONS,
  type SigchldDisposition,
  type SigtermDisposition,
} from '../kernel/signals.js';

/** `250ms`, `10s`, `1h30m`, or a distribution over durations. */
export type DurationText =
  | string
  | { uniform: [string, string] }
  | { exponential: { mean: string } }
  | { lognormal: { median: string; sigma: number } };

export const SIGNAL_NAMES = ['TERM', 'KILL', 'CHLD'] as const;
export type SignalName = (typeof SIGNAL_NAMES)[number];
export const SIGNAL_NUMBERS: Record<SignalName, Signal> = { TERM: SIGTERM, KILL: SIGKILL, CHLD: SIGCHLD };

/** What `wait` waits for if not for a label. */
export const WAIT_TARGETS = ['any', 'all'] as const;
/** What `kill` sends to if not to a label. No label may have one of these names, nor one of WAIT_TARGETS. */
export const KILL_TARGETS = ['children', 'group', 'parent', 'self'] as const;

/** Either steps in place, or another program by name. */
export interface ForkBody {
  label?: string;
  comm?: string;
  steps?: Step[];
  program?: string;
  /** Runs in the parent if the fork is refused; without it the parent exits 2, as dash does (K44). */
  orElse?: Step[];
}

export type ExecBody = { program: string } | { comm: string; steps: Step[] };

export interface KillBody {
  target: string;
  signal: SignalName;
}

export interface RepeatBody {
  times: number | 'forever';
  steps: Step[];
}

export interface ChanceBody {
  p: number;
  steps: Step[];
  else?: Step[];
}

/** Steps for one value of the status that `exit: waited` exits with; `else` for every other. */
export interface IfBody {
  status: number;
  steps: Step[];
  else?: Step[];
}

export type Step =
  | 'pause'
  | 'reap'
  | 'setsid'
  | 'setpgid'
  | { sleep: DurationText }
  /** `orElse` may also stand beside the fork; `readProgram` moves it inside. */
  | { fork: ForkBody; orElse?: Step[] }
  | { exec: ExecBody }
  /** Have N extra threads from now on. Refused: `orElse`; without it the process aborts (status 134). */
  | { threads: number; orElse?: Step[] }
  | { wait: (typeof WAIT_TARGETS)[number] | (string & {}) }
  | { sigchld: SigchldDisposition }
  | { 'on-term': SigtermDisposition }
  | { subreaper: boolean }
  /** `orElse` runs when there is nobody to send it to (ESRCH; decision 0006); without it nothing happens. */
  | { kill: KillBody; orElse?: Step[] }
  | { repeat: RepeatBody }
  | { chance: ChanceBody }
  | { if: IfBody }
  /** Sets the status that `if` and `exit: waited` look at, as a command that a shell does itself. */
  | { status: number }
  /** Leaves so many of the `repeat` steps around it. */
  | { break: number }
  /** `waited`: with the status of the child that the last wait step reaped, as shells do (decision 0005). */
  | { exit: number | 'waited' }
  /** The main thread ends and the extra threads go on: the delayed group leader of K19 (decision 0003). */
  | 'exit-main-thread';

/** A program as written: `comm` is what `ps` shows. */
export interface ProgramSource {
  comm: string;
  /** Where the behaviour was measured or published; shown by `pidsim explain program NAME`. */
  source?: string;
  description?: string;
  steps: Step[];
}

/**
 * Programs by name: a scenario's own `programs:` laid over the catalogue. A plain `Map` will do; the
 * catalogue's library also answers to names that it makes up on demand (`tini -- rabbitmq-server`), which
 * `keys` does not list.
 */
export type ProgramLibrary = Pick<ReadonlyMap<string, ProgramSource>, 'get' | 'has' | 'keys'>;

/** What is wrong with a program as written. The path leads to the place, from the root of that program. */
export type ProgramProblem = Objection & { path: (string | number)[] };
