/** The host's own tasks: what holds the low PIDs from boot on, and the daemons that fork everything else. */
import { type CgroupId, NONE, ROOT_CGROUP, type TaskId } from '../../kernel/kernel.js';
import type { HostDaemons } from '../context.js';
import { Daemon, type HostContext } from './daemon.js';

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
 * Boots the host: exactly `taskCount` tasks, the init that the kernel has made already among them, or as many
 * as the daemons themselves need if that is more. What is not a daemon or a kernel thread is a thread of the
 * runtime daemon or the kubelet. Throws RangeError if the machine's limits are too low for that.
 *
 * Init reaps every child that it gets, as systemd does.
 */
export function bootHost(context: HostContext, taskCount: number): HostDaemons {
  const { kernel, machine, children, runtimeRules, spec } = context;
  machine.worker(kernel.init, children);
  const run = (comm: string, parent: TaskId = kernel.init): TaskId => {
    const task = kernel.fork(parent);
    if (task === NONE) throw noRoom(taskCount);
    kernel.exec(task, comm);
    if (parent === kernel.init) kernel.setsid(task);
    return task;
  };
  const daemon = (comm: string, cgroup: CgroupId = NONE): Daemon => {
    const started = new Daemon(context, comm, cgroup);
    if (!started.start()) throw noRoom(taskCount);
    return started;
  };
  const left = () => taskCount - kernel.taskCount();

  // Daemons come last, but their share is set aside first.
  const bare = runtimeRules.runc === null;
  const kernelThreads = Math.max(0, Math.floor((left() - 4) * KERNEL_THREAD_SHARE));
  if (kernelThreads > 0) {
    const kthreadd = run('kthreadd');
    for (let i = 1; i < kernelThreads; i++) run(`kworker/${i % 4}:${i >> 2}`, kthreadd);
  }
  const spare = left() - 4;
  for (const comm of SYSTEM_COMMS.slice(0, Math.max(0, Math.floor(spare / 4)))) run(comm);
  const { tasksMax } = spec.runtime;
  // R59. What the daemon forks is charged here too, until it is moved into a pod's cgroup.
  const service = tasksMax === undefined ? NONE : kernel.createCgroup(ROOT_CGROUP, tasksMax);
  const runtime = daemon(runtimeRules.daemonComm, service);
  const sshd = daemon('sshd');
  const cron = daemon('cron');
  const kubelet = bare ? null : daemon('kubelet');
  const threads = Math.max(0, left());
  const half = kubelet === null ? threads : Math.floor(threads / 2);
  const given = kernel.cloneThreads(runtime.task, half);
  if (kubelet !== null) kernel.cloneThreads(kubelet.task, threads - given);
  if (left() > 0) throw noRoom(taskCount);
  return { runtime, sshd, cron, kubelet, service };
}

function noRoom(taskCount: number): RangeError {
  return new RangeError(`pid_max or threads-max has no room for the ${taskCount} tasks of the host itself`);
}
