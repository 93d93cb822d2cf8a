/** The host's own tasks: what holds the low numbers from boot on, and the daemons that everything else is forked by. */
import { NONE, type TaskId } from '../../kernel/kernel.js';
import type { NodeContext } from '../context.js';

/** Daemons that act in the simulation. */
export interface HostDaemons {
  /** Forks the shims; for a bare runtime, what enters the namespaces. */
  runtime: TaskId;
  sshd: TaskId;
  cron: TaskId;
}

/** Processes that a systemd host has anyway; as many of them as there is room for. */
const SYSTEM_COMMS = [
  'systemd-journal',
  'systemd-udevd',
  'dbus-daemon',
  'systemd-logind',
  'rsyslogd',
  'chronyd',
  'agetty',
  'polkitd',
];

/** Of the tasks that are left, this share are kernel threads; a small machine has some 60 of 180. */
const KERNEL_THREAD_SHARE = 0.4;

/**
 * Boots the host: exactly `taskCount` tasks, the init that the kernel has made already among them, or as many as
 * the daemons themselves need if that is more. What is not a daemon or a kernel thread is a thread of the runtime
 * daemon or the kubelet. Throws RangeError if the machine's limits are too low for that.
 *
 * The init reaps whatever it is given, as systemd does.
 */
export function bootHost(context: NodeContext, taskCount: number): HostDaemons {
  const { kernel, machine, children, runtimeRules } = context;
  machine.worker(kernel.init, children);
  const run = (comm: string, parent: TaskId = kernel.init): TaskId => {
    const task = kernel.fork(parent);
    if (task === NONE)
      throw new RangeError(`pid_max has no room for the ${taskCount} tasks of the host itself`);
    kernel.exec(task, comm);
    if (parent === kernel.init) kernel.setsid(task);
    return task;
  };
  const daemon = (comm: string): TaskId => {
    const task = run(comm);
    machine.worker(task, children);
    return task;
  };
  const left = () => taskCount - kernel.taskCount(0);

  // Daemons come last, but their share is set aside first.
  const bare = runtimeRules.runc === null;
  const kernelThreads = Math.max(0, Math.floor((left() - 4) * KERNEL_THREAD_SHARE));
  if (kernelThreads > 0) {
    const kthreadd = run('kthreadd');
    for (let i = 1; i < kernelThreads; i++) run(`kworker/${i % 4}:${i >> 2}`, kthreadd);
  }
  const spare = left() - 4;
  for (const comm of SYSTEM_COMMS.slice(0, Math.max(0, Math.floor(spare / 4)))) run(comm);
  const runtime = daemon(runtimeRules.daemonComm);
  const sshd = daemon('sshd');
  const cron = daemon('cron');
  const kubelet = bare ? NONE : run('kubelet');
  const threads = Math.max(0, left());
  const half = kubelet === NONE ? threads : Math.floor(threads / 2);
  kernel.cloneThreads(runtime, half);
  if (kubelet !== NONE) kernel.cloneThreads(kubelet, threads - half);
  if (left() > 0) throw noRoom(taskCount);
  return { runtime, sshd, cron };
}

function noRoom(taskCount: number): RangeError {
  return new RangeError(`pid_max or threads-max has no room for the ${taskCount} tasks of the host itself`);
}
