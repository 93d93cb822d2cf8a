/**
 * The kernel model checked against itself: everything that is kept as a count or a list is worked out again
 * from the tables. Slow, for tests.
 */

import { NONE, type OriginId, type TaskId } from './ids.js';
import { REFS } from './pids.js';
import { TASK, THREADS } from './processes.js';
import { STAGES, stageOf } from './stages.js';
import { type KernelState, ROOT } from './state.js';
import { GROUP, PARENT, PID, SESSION, STATE, USER, ZOMBIE } from './tasks.js';
import { threadPidsIn } from './threads.js';

/** Throws an Error that names the first identity that does not hold. */
export function checkInvariants(kernel: KernelState): void {
  checkNamespaces(kernel);
  checkProcesses(kernel);
  checkAttachments(kernel);
  checkFamilies(kernel);
  checkCharges(kernel);
}

function fail(what: string, is: unknown, shouldBe: unknown): never {
  throw new Error(`kernel model: ${what} is ${is}, should be ${shouldBe}`);
}

function expectEqual(what: string, is: number, shouldBe: number): void {
  if (is !== shouldBe) fail(what, is, shouldBe);
}

function extraThreads(kernel: KernelState, task: TaskId): number {
  const process = kernel.processOf(task);
  return process === NONE ? 0 : kernel.processes.rows[process | THREADS];
}

/** Allocated PIDs = live threads + zombies + pinned PIDs, in every namespace, and all of them distinct. */
function checkNamespaces(kernel: KernelState): void {
  for (const namespace of kernel.namespaces) {
    const pids = new Set<number>();
    const add = (pid: number): void => {
      if (pids.has(pid)) fail(`namespace ${namespace.id}: PID ${pid}`, 'taken twice', 'taken once');
      if (!namespace.taken.has(pid)) fail(`namespace ${namespace.id}: PID ${pid}`, 'free', 'taken');
      pids.add(pid);
    };
    for (const row of kernel.pids) {
      if (namespace.contains(kernel.namespaces[kernel.pids.namespaceId(row)]))
        add(kernel.pids.pidAt(row, namespace.level));
    }
    let taskCount = 0;
    let zombies = 0;
    for (const task of kernel.tasks) {
      if (!namespace.contains(kernel.namespaceOf(task))) continue;
      taskCount += 1 + extraThreads(kernel, task);
      if (STAGES[stageOf(kernel, task)].ps === 'Z') zombies++;
      const process = kernel.processOf(task);
      if (process === NONE) continue;
      for (const threadPid of threadPidsIn(kernel, process, kernel.namespaceOf(task), namespace))
        add(threadPid);
    }
    expectEqual(`namespace ${namespace.id}: allocated`, namespace.allocated, pids.size);
    expectEqual(`namespace ${namespace.id}: PIDs in the table`, namespace.taken.count(), pids.size);
    expectEqual(`namespace ${namespace.id}: tasks`, namespace.tasks, taskCount);
    expectEqual(`namespace ${namespace.id}: zombies`, namespace.zombies, zombies);
  }
  const [{ zombies, tasks, allocated }] = kernel.namespaces;
  expectEqual('zombies of the machine', kernel.nrZombies, zombies);
  expectEqual('pinned PIDs of the machine', kernel.nrPinned, allocated - tasks);
}

/** The rows of the process table in use are those of the live, and each belongs to its task. */
function checkProcesses(kernel: KernelState): void {
  const live = new Set<number>();
  for (const process of kernel.processes) live.add(kernel.processes.rows[process | TASK]);
  for (const task of kernel.tasks) {
    const isLive = kernel.tasks.rows[task + STATE] !== ZOMBIE;
    if (live.has(task) !== isLive) fail(`task ${task}: a row among the live`, live.has(task), isLive);
  }
}

/** A pid's count is the number of tasks attached to it as themselves, as their group, as their session. */
function checkAttachments(kernel: KernelState): void {
  const attached = new Map<number, number>();
  const attach = (pid: number): void => {
    attached.set(pid, (attached.get(pid) ?? 0) + 1);
  };
  for (const task of kernel.tasks) {
    const { rows } = kernel.tasks;
    attach(rows[task + PID]);
    attach(rows[task + GROUP]);
    attach(rows[task + SESSION]);
    const pid = rows[task + PID];
    expectEqual(`task ${task}: namespace`, kernel.tasks.namespaceId(task), kernel.pids.namespaceId(pid));
    expectEqual(`task ${task}: origin`, kernel.tasks.origin(task), kernel.pids.origin(pid));
  }
  for (const pid of kernel.pids)
    expectEqual(`pid ${pid}: attachments`, kernel.pids.rows[pid | REFS], attached.get(pid) ?? 0);
}

/** Every task but the host's PID 1 is a child of its parent, once, among the live or among the zombies. */
function checkFamilies(kernel: KernelState): void {
  const seen = new Set<number>();
  for (const parent of kernel.tasks) {
    if (kernel.processOf(parent) === NONE) continue;
    for (const child of kernel.children.inOrder(parent)) {
      if (seen.has(child)) fail(`task ${child}`, 'a child twice', 'a child once');
      seen.add(child);
      expectEqual(`task ${child}: parent`, kernel.tasks.rows[child + PARENT], parent);
    }
    for (const zombie of kernel.children.zombiesOf(parent)) {
      if (kernel.tasks.rows[zombie + STATE] !== ZOMBIE)
        fail(`task ${zombie} among the zombies`, 'not one', 'a zombie');
    }
  }
  const count = [...kernel.tasks].length;
  expectEqual('tasks with a parent', seen.size, count - 1);
}

function checkCharges(kernel: KernelState): void {
  const current = new Map<number, number>();
  const byUser = new Map<number, number>();
  const byOrigin = new Map<OriginId, number>();
  let total = 0;
  for (const task of kernel.tasks) {
    const count = 1 + extraThreads(kernel, task);
    total += count;
    const { rows } = kernel.tasks;
    const user = rows[task + USER];
    const origin = kernel.tasks.origin(task);
    byUser.set(user, (byUser.get(user) ?? 0) + count);
    byOrigin.set(origin, (byOrigin.get(origin) ?? 0) + count);
    for (
      let group = kernel.cgroups[kernel.tasks.cgroup(task)] ?? null;
      group !== null;
      group = group.parent as typeof group
    ) {
      current.set(group.id, (current.get(group.id) ?? 0) + count);
    }
  }
  expectEqual('nr_threads', kernel.nrThreads, total);
  for (const cgroup of kernel.cgroups)
    expectEqual(`cgroup ${cgroup.id}: pids.current`, cgroup.current, current.get(cgroup.id) ?? 0);
  byUser.delete(ROOT);
  for (const [user, count] of byUser) expectEqual(`user ${user}: tasks`, kernel.userTasks[user], count);
  for (const [origin, count] of byOrigin)
    expectEqual(`origin ${origin}: tasks`, kernel.origins.countOf(origin).tasks, count);
}
