/** Refusals explained to people: why a fork was refused, what follows from it, and what helps. */
import type { PodRefusal, Refuser } from '../run/result.js';
import type { Reading } from '../run/story.js';

export interface RefusalText {
  /** Why the fork was refused, as a clause. */
  cause: string;
  consequence: string;
  remedy: string;
}

/** At node scope, whatever the reading. */
export const REFUSALS: Record<Refuser, RefusalText> = {
  'pid-max': {
    cause: 'no PID below pid_max is free',
    consequence:
      'While no PID is free, every fork fails with EAGAIN, for root too: exec probes, new containers, ssh logins. ' +
      'Processes that run already go on as long as they start nothing.',
    remedy:
      'Delete the pods that hold the PIDs: when a PID namespace dies, all its zombies and pinned PIDs are freed ' +
      'at once. Then give the namespace a first process that reaps (pause 3.1 or later in a shared namespace, an init ' +
      'such as tini as PID 1 otherwise). A higher pid_max only buys time.',
  },
  'threads-max': {
    cause: 'the machine has as many tasks as kernel.threads-max allows',
    consequence: 'Every fork and every new thread fails with EAGAIN, for root too, although PIDs are left.',
    remedy:
      'Find what holds the tasks (a thread or a zombie counts as one) and end it. threads-max follows the memory size; ' +
      'raising it costs kernel memory for every task.',
  },
  'pids-cgroup': {
    cause: 'the cgroup has as many tasks as its pids.max allows',
    consequence:
      'Forks fail with EAGAIN inside this cgroup only; the node is not affected. Zombies are charged until they are ' +
      'reaped, so a leak fills the limit with tasks that do nothing.',
    remedy:
      'Let the container reap what it leaves behind; raise podPidsLimit if the tasks are alive and wanted.',
  },
  'rlimit-nproc': {
    cause: 'the user has as many tasks as RLIMIT_NPROC allows',
    consequence: 'Forks of this user fail with EAGAIN; root and other users are not affected.',
    remedy: 'End what the user runs, or raise the limit. Zombies count until they are reaped.',
  },
  'namespace-dead': {
    cause: 'the first process of the PID namespace has exited',
    consequence:
      'Nothing can be started in this namespace any more (ENOMEM), and the kernel kills what is left in it.',
    remedy: 'Recreate the pod. A namespace cannot be given a new first process.',
  },
};

const LIVE_TASKS: RefusalText = {
  ...REFUSALS['pid-max'],
  remedy:
    'Most PIDs belong to tasks that are alive (a thread counts as a process does): find what runs them, then end it or ' +
    'limit it, a pod with podPidsLimit. A higher pid_max only helps if the tasks are wanted.',
};

/** At node scope, with the reading of the moment. */
export function explainRefusal(refusedBy: Refuser, reading: Reading): RefusalText {
  const isAlive = (reading.zombies + reading.pinned) * 2 < reading.allocated;
  return refusedBy === 'pid-max' && isAlive ? LIVE_TASKS : REFUSALS[refusedBy];
}

const POD_PID_MAX: RefusalText = {
  cause: "no PID below pid_max is free in the pod's PID namespace",
  consequence:
    'Every fork in this namespace fails with EAGAIN, those of its exec probes too: what they start needs a PID in it. ' +
    'Other pods go on as long as they have PIDs of their own.',
  remedy:
    'Delete the pod: with its namespace all its zombies and pinned PIDs are freed at once. Then give it a first process ' +
    'that reaps.',
};

const ALL_PODS_CGROUP: RefusalText = {
  cause: 'the pods together have as many tasks as the pids.max of their cgroup, kubepods, allows',
  consequence:
    'Every fork in any pod fails with EAGAIN; the host itself goes on. The kubelet computes the limit when it starts: pid_max ' +
    'less what is reserved. A pid_max that is raised later does not raise it.',
  remedy:
    'Delete the pods that hold the tasks, live or zombies, and see that what they leave is reaped. For more room, reserve ' +
    'fewer PIDs, or restart the kubelet after raising pid_max.',
};

/** By a limit below the node's. */
export function explainPodRefusal({ refusedBy, limitOf }: PodRefusal): RefusalText {
  if (limitOf === 'all-pods') return ALL_PODS_CGROUP;
  return refusedBy === 'pid-max' ? POD_PID_MAX : REFUSALS[refusedBy];
}
