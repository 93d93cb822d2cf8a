/**
 * A shortcut: the exit of a process for which its parent is blocked in `wait`, and that `wait`, in one call
 * (decision 14).
 *
 * The plain way is `exit` (exit.ts) and then `wait` (wait.ts): the process becomes a zombie, joins the heap
 * of its parent's zombies, wakes the parent, is found there, taken out and released. This repeats
 * of both what remains when the zombie is never seen: of `becomeZombie` the end of the process, of `release`
 * what is given back.
 *
 * Why it pays: most processes of a probe end like this, and none of the code for zombies has to be fetched
 * for them. Without it a probe takes 1.2 to 1.25 times as long, measured in turns.
 * test/kernel/reference.property.test.ts holds it to `exit` and `wait`, call by call;
 * test/program/exit-awaited.test.ts holds a whole machine with it to one without it.
 */
import { endProcess, exit, finishEmptiedNamespaces, giveBack, release, tellParent } from './exit.js';
import type { TaskId } from './ids.js';
import { SIGNALS, THREADS } from './processes.js';
import { isHandler, SIGCHLD_DEFAULT, sigchldIn } from './signals.js';
import type { KernelState } from './state.js';
import { LIVE, PARENT, PROCESS, STATE, STATUS, ZOMBIE } from './tasks.js';

/** `exit` of a process and `wait` of its parent, which was waiting. Only a parent with a handler is woken. */
export function exitAwaited(kernel: KernelState, task: TaskId, status: number): void {
  const { rows } = kernel.tasks;
  const namespace = kernel.namespaceOf(task);
  if (rows[task + STATE] !== LIVE || namespace.init === task) {
    exit(kernel, task, status);
    if (rows[task + STATE] === ZOMBIE) release(kernel, task);
  } else {
    const parent = rows[task + PARENT] as TaskId;
    const parents = rows[parent + PROCESS];
    rows[task + STATUS] = status;
    endProcess(kernel, task, namespace);
    kernel.children.removeLive(parents, task);
    if (isHandler(sigchldIn(kernel.processes.rows[parents | SIGNALS])))
      tellParent(kernel, task, parent, parents);
    if (kernel.watcher !== null) {
      kernel.watcher.exits(task, status);
      kernel.watcher.reaped(task, parent);
    }
    kernel.hooks.released(task, kernel.hostPid(task));
    kernel.origins.countReleased(kernel.tasks.origin(task), 1);
    giveBack(kernel, task, namespace);
  }
  kernel.waited = task;
  finishEmptiedNamespaces(kernel);
}

/**
 * Would nobody but its parent notice the end of a live process? That is so if it has one thread, no children,
 * and is PID 1 of no namespace, and if the parent has left SIGCHLD at its default: no handler to run, and no
 * autoreap.
 */
export function concernsOnlyParent(kernel: KernelState, task: TaskId): boolean {
  const { rows } = kernel.tasks;
  const { rows: lives } = kernel.processes;
  const process = rows[task + PROCESS];
  const parents = rows[rows[task + PARENT] + PROCESS];
  return (
    lives[process | THREADS] === 0 &&
    sigchldIn(lives[parents | SIGNALS]) === SIGCHLD_DEFAULT &&
    !kernel.children.hasAny(process) &&
    kernel.namespaceOf(task).init !== task
  );
}
