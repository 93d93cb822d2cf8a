/**
 * Small inits and shells: programs whose one task is to run another, and what they do with children that are
 * not theirs. Each takes the program of its child by name.
 *
 * What each does between fork and exec, and which children it waits for, was seen with strace on Debian 12's
 * packages (tini 0.19.0, dumb-init 1.2.5, catatonit 0.1.7, dash 0.5.12, bash 5.2.15). Two things are left
 * out: a real init passes SIGTERM on to its child and ends when that has ended, here it exits at once; and it
 * also looks for children once a second, which matters to no outcome.
 */
import type { ExecBody, ProgramSource, Step } from '../step.js';

type Init = (child: ExecBody) => ProgramSource;

/**
 * Waits for SIGCHLD, then reaps until nothing is left, adopted children too, until its main child is among
 * them; exits with that one's status. `isolate` is what the child does before it execs.
 */
function reapingInit(child: ExecBody, isolate: Step[], before: Step[] = []): Step[] {
  return [
    ...before,
    { sigchld: 'reap-all' },
    { 'on-term': 'exit' },
    { fork: { label: 'main', steps: [...isolate, { exec: child }] } },
    { wait: 'main' },
    { exit: 'waited' },
  ];
}

const tini: Init = (child) => ({
  comm: 'tini',
  source:
    'tini 0.19.0, observed: setpgid in the child; rt_sigtimedwait, then waitpid(-1, WNOHANG) until ECHILD',
  description:
    'Reaps everything it adopts: as PID 1, every orphan of the namespace; otherwise only its own children.',
  steps: reapingInit(child, ['setpgid']),
});

const tiniSubreaper: Init = (child) => ({
  comm: 'tini',
  source: 'tini 0.19.0 -s, observed: PR_SET_CHILD_SUBREAPER, then as tini',
  description: 'tini -s: also adopts the orphans among its own descendants when it is not PID 1.',
  steps: reapingInit(child, ['setpgid'], [{ subreaper: true }]),
});

const dumbInit: Init = (child) => ({
  comm: 'dumb-init',
  source: 'dumb-init 1.2.5, observed: setsid in the child; sigwait loop that calls waitpid(-1, WNOHANG)',
  description: 'Reaps everything it adopts, as PID 1. Its child leads a session of its own.',
  steps: reapingInit(child, ['setsid']),
});

const catatonit: Init = (child) => ({
  comm: 'catatonit',
  source:
    'catatonit 0.1.7, observed: PR_SET_CHILD_SUBREAPER if not PID 1, setpgid in the child, signalfd loop',
  description: 'Reaps everything it adopts, as PID 1 and as a subreaper.',
  steps: reapingInit(child, ['setpgid'], [{ subreaper: true }]),
});

/**
 * dash forks even for a single command, and waits with waitpid(-1), so that it reaps strangers as well. It
 * resets a SIGCHLD that it inherited as ignored, by its handler. A fork that is refused ends it at once,
 * status 2 (K44).
 */
const dash: Init = (child) => ({
  comm: 'sh',
  source: 'dash 0.5.12 -c, observed: forks the command and waits; as PID 1 it leaves none of 20 orphans',
  description: 'dash -c COMMAND (Debian’s sh): forks the command and, while it runs, waits for any child.',
  steps: [
    { sigchld: 'reap-all' },
    { fork: { label: 'main', steps: [{ exec: child }] } },
    { wait: 'main' },
    { exit: 'waited' },
  ],
});

/** bash execs the last command of `-c`: no shell is left to reap anything. */
const bash: Init = (child) => ({
  comm: 'bash',
  source: 'bash 5.2.15 -c, observed: execs the last command',
  description: 'bash -c COMMAND: becomes the command, so that PID 1 does not reap.',
  steps: [{ exec: child }],
});

/** A bash that stays: a script, or a command that is not the last one. */
const bashScript: Init = (child) => ({
  comm: 'bash',
  source: 'bash 5.2.15, observed: forks the command and waits; as PID 1 it leaves none of 20 orphans',
  description: 'A bash script that runs one command: while it runs, bash waits for any child.',
  steps: [{ sigchld: 'reap-all' }, ...bashFork(child, 'main'), { wait: 'main' }, { exit: 'waited' }],
});

/** Seconds that bash sleeps between its attempts to fork. */
const BASH_RETRY_SECONDS = [1, 2, 4, 8];
const BASH_FORK_REFUSED_STATUS = 254;

/**
 * A fork as bash does it: a refused one is tried again for 15 s, then bash gives up with status 254 (K44).
 */
function bashFork(child: ExecBody, label: string): Step[] {
  let refused: Step[] = [{ exit: BASH_FORK_REFUSED_STATUS }];
  for (const seconds of BASH_RETRY_SECONDS.toReversed()) {
    refused = [{ sleep: `${seconds}s` }, { fork: { label, steps: [{ exec: child }], orElse: refused } }];
  }
  return [{ fork: { label, steps: [{ exec: child }], orElse: refused } }];
}

const INITS = {
  tini,
  'tini -s': tiniSubreaper,
  'dumb-init': dumbInit,
  catatonit,
  'sh-dash -c': dash,
  'bash -c': bash,
  'bash script': bashScript,
} satisfies Record<string, Init>;

export type InitName = keyof typeof INITS;
export const INIT_NAMES = Object.keys(INITS) as InitName[];

/** The init or shell of that name, with a program, by its name or in place, as its main child. */
export function wrap(init: InitName, child: string | ExecBody): ProgramSource {
  return INITS[init](typeof child === 'string' ? { program: child } : child);
}
