/**
 * Logins: sshd forks the privileged monitor of the connection, that forks the user's sshd, that forks the shell, and
 * the shell's start-up scripts run a command in a subshell. All of them must succeed. A refused login is what most
 * people notice first when a table is full.
 */
import { type Kernel, NONE, type TaskId } from '../../kernel/kernel.js';
import { US_PER_MS, US_PER_SECOND } from '../../sim/time.js';
import { type NodeContext, refusalText } from '../context.js';
import { everyNowAndThen } from '../periods.js';

/** How long the start-up scripts take, and how long a login stays. Inputs: nobody's were measured. */
const STARTUP_US = 200 * US_PER_MS;
const SESSION_US = 20 * US_PER_SECOND;

/** Below sshd: monitor, user's sshd, shell, subshell, command. */
const LOGIN_COMMS = ['sshd', 'sshd', 'bash', 'bash', 'id'];
const SHELL = 2;

export function startSshLogins(context: NodeContext, sshd: TaskId, everyUs: number): void {
  const { kernel, sim, counters, observer, origins, streams } = context;
  const origin = origins.of('ssh', 'sshd', null, null);
  let lastWorked: boolean | null = null;
  const end = sim.register((monitor) => endFrom(kernel, monitor));
  const started = sim.register((subshell) => endFrom(kernel, subshell));
  const login = sim.register(() => {
    const tasks = openSession(kernel, sshd, origin);
    const works = tasks !== null;
    if (works) {
      counters.sshOk++;
      sim.after(STARTUP_US, started, tasks[SHELL + 1], 0);
      sim.after(SESSION_US, end, tasks[0], 0);
    } else counters.sshRefused++;
    if (works !== lastWorked) {
      const detail = works ? 'a login works' : `fork: ${refusalText(kernel)}`;
      observer.moment(works ? 'ssh-ok' : 'ssh-refused', 'node', detail);
    }
    lastWorked = works;
  });
  everyNowAndThen(sim, streams.stream('ssh', 'moments'), everyUs, (_round, atUs) =>
    sim.at(atUs, login, 0, 0),
  );
}

/** The processes of a login, outermost first; null if any fork was refused, and then nothing is left of it. */
function openSession(kernel: Kernel, sshd: TaskId, origin: number): TaskId[] | null {
  const tasks: TaskId[] = [];
  let parent = sshd;
  for (const comm of LOGIN_COMMS) {
    const task = kernel.forkAs(parent, kernel.comm(comm), origin, 0);
    if (task === NONE) {
      if (tasks.length > 0) endFrom(kernel, tasks[0]);
      return null;
    }
    if (tasks.length === 0 || tasks.length === SHELL) kernel.setsid(task);
    tasks.push(task);
    parent = task;
  }
  return tasks;
}

/** Ends a process of a login and those below it, from the innermost outwards, each reaped by its parent. */
function endFrom(kernel: Kernel, task: TaskId): void {
  for (const child of kernel.children.inOrder(task)) {
    endFrom(kernel, child);
    kernel.wait(task, child);
  }
  const parent = kernel.parentOf(task);
  kernel.exit(task, 0);
  kernel.wait(parent, task);
}
