/** The two programs called `timeout`. */
import { printDuration } from '../../text/duration.js';
import type { ExecBody, ProgramSource, SignalName, Step } from '../step.js';

/** How long the command may take, and how long it does (both in µs; not known: it ends in time). */
export interface Limit {
  limitUs: number;
  lifeUs: number;
  signal: SignalName;
  /** What the command does until it is ended, then `end`. */
  until?: (us: number, end: readonly Step[]) => Step[];
}

const NO_LIMIT: Limit = { limitUs: Number.POSITIVE_INFINITY, lifeUs: 0, signal: 'TERM' };
const STATUS_TIMED_OUT = 124;
const STATUS_OF_SIGNAL = { TERM: 143, KILL: 137, CHLD: 0 };
const SECOND_US = 1_000_000;

/**
 * busybox `timeout` becomes the command itself, and leaves the watching to a grandchild that it has made a
 * daemon: the child that forked it exits at once and is waited for. If either of the two forks is refused it
 * exits with 1 (R39). The watcher looks once a second whether the command is still there, and exits when not.
 * So it is an orphan on every run, also of a command that succeeds.
 */
export function busyboxTimeout(
  command: ExecBody,
  { limitUs, lifeUs, signal, until }: Limit = NO_LIMIT,
): ProgramSource {
  // It looks once a second, and counts the seconds.
  const endsUs = Math.max(SECOND_US, Math.ceil(limitUs / SECOND_US) * SECOND_US);
  const isLate = lifeUs >= endsUs;
  const watchesUs = isLate ? endsUs : (Math.floor(lifeUs / SECOND_US) + 1) * SECOND_US;
  const watcher: Step[] = ['setsid', { sleep: printDuration(watchesUs) }];
  const comm = 'steps' in command ? command.comm : command.program;
  const cut: ExecBody = { comm, steps: until?.(endsUs, [{ exit: STATUS_OF_SIGNAL[signal] }]) ?? [] };
  const failure: Step[] = [{ exit: 1 }];
  return {
    comm: 'timeout',
    source:
      'busybox coreutils/timeout.c, timeout_main; observed with busybox 1.35: 20 of 20 runs leave 1; ' +
      'KeyDB issue 681',
    description:
      'busybox timeout (Alpine): 1 orphan on every run, a watcher that outlives the command by 0 to 1 s.',
    steps: [
      { fork: { steps: [{ fork: { steps: watcher, orElse: failure } }], orElse: failure } },
      { wait: 'any' },
      { if: { status: 0, steps: [{ exec: isLate ? cut : command }], else: failure } },
    ],
  };
}

/**
 * coreutils `timeout` stays, with the command as its child, and waits for it. In time it signals the command
 * and its own process group: with KILL that is the end of itself, before it has waited.
 */
export function coreutilsTimeout(
  command: ExecBody,
  { limitUs, lifeUs, signal }: Limit = NO_LIMIT,
): ProgramSource {
  const late: Step[] = [
    { 'on-term': 'ignore' },
    { sleep: Number.isFinite(limitUs) ? printDuration(limitUs) : '0s' },
    { kill: { target: 'command', signal } },
    { kill: { target: 'group', signal } },
    { wait: 'command' },
    { exit: signal === 'KILL' ? STATUS_OF_SIGNAL.KILL : STATUS_TIMED_OUT },
  ];
  return {
    comm: 'timeout',
    source: 'coreutils 9.1, observed: setpgid, fork, waitpid; KeyDB issue 681 (0 with coreutils)',
    description: 'coreutils timeout (Debian, Ubuntu): waits for its command; no orphan.',
    steps: [
      'setpgid',
      // Its own handler for SIGTERM is gone with the exec, and so is what it was given.
      {
        fork: {
          label: 'command',
          steps: [{ 'on-term': 'default' }, { exec: command }],
          orElse: [{ exit: 125 }],
        },
      },
      ...(lifeUs >= limitUs ? late : ([{ wait: 'command' }, { exit: 'waited' }] as Step[])),
    ],
  };
}
