/** Probe commands, by what they leave behind. Durations are inputs. */
import type { ProgramSource } from '../step.js';

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
