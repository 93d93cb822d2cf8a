/** Probe commands, by what they leave behind. Durations are inputs. */
import type { ProgramSource, Step } from '../step.js';

/** `cat /tmp/healthy` and its like: one process. Its own end is the runtime's to reap. */
export const PLAIN_BINARY: ProgramSource = {
  comm: 'true',
  source: 'observed: plain exec probes leave 0 zombies',
  description: 'A plain binary: one short-lived process that starts no other.',
  steps: [{ sleep: '2ms' }],
};

export const SCRIPT_BACKGROUND_JOB: ProgramSource = {
  comm: 'sh',
  source: 'observed: `cmd &` in an exec probe leaves 1 orphan a run',
  description:
    'A shell script that starts a job in the background (5 s) and ends without it: 1 orphan a run.',
  steps: [
    { fork: { steps: [{ exec: { comm: 'curl', steps: [{ sleep: '5s' }] } }] } },
    { fork: { label: 'check', steps: [{ exec: { comm: 'test', steps: [{ sleep: '2ms' }] } }] } },
    { wait: 'check' },
    { exit: 'waited' },
  ],
};

export const SCRIPT_OUTLIVES_TIMEOUT: ProgramSource = {
  comm: 'sh',
  source:
    'observed: SIGKILL of an exec’d `sh -c "sleep 3; true"` leaves its child to PID 1; containerd issue 4594, ' +
    'openshift/cluster-network-operator PR 652',
  description:
    'A shell script that waits for a slow command (30 s): no orphan if it may finish, 1 a run if the probe’s timeout ' +
    'kills the script alone.',
  steps: [
    { fork: { label: 'slow', steps: [{ exec: { comm: 'curl', steps: [{ sleep: '30s' }] } }] } },
    { wait: 'slow' },
    { exit: 'waited' },
  ],
};

/**
 * busybox `timeout` becomes the command itself, and leaves the watching to a grandchild that it has made a daemon: the
 * child that forked it exits at once and is waited for. The watcher looks once a second whether the command is still
 * there, and exits when not. So it is an orphan on every run, also of a command that succeeds.
 *
 * For commands of less than a second: then it exits at its first look. (A longer command keeps it for up to a second
 * longer than itself, and has the same one orphan.)
 */
export function busyboxTimeout(command: string): ProgramSource {
  const watcher: Step[] = ['setsid', { sleep: '1s' }];
  return {
    comm: 'timeout',
    source:
      'busybox coreutils/timeout.c, timeout_main; observed with busybox 1.35: 20 of 20 runs leave 1; KeyDB issue 681',
    description:
      'busybox timeout (Alpine): 1 orphan on every run, a watcher that outlives the command by 0 to 1 s.',
    steps: [
      { fork: { steps: [{ fork: { steps: watcher } }], orElse: [{ exit: 1 }] } },
      { wait: 'any' },
      { exec: { program: command } },
    ],
  };
}

/** coreutils `timeout` stays, with the command as its child, and waits for it. */
export function coreutilsTimeout(command: string): ProgramSource {
  return {
    comm: 'timeout',
    source: 'coreutils 9.1, observed: setpgid, fork, waitpid; KeyDB issue 681 (0 with coreutils)',
    description: 'coreutils timeout (Debian, Ubuntu): waits for its command; no orphan.',
    steps: [
      'setpgid',
      { fork: { label: 'command', steps: [{ exec: { program: command } }], orElse: [{ exit: 125 }] } },
      { wait: 'command' },
      { exit: 'waited' },
    ],
  };
}
