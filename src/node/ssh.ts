/**
 * Logins: sshd forks the privileged monitor of the connection, that forks the user's sshd, that forks the shell. All
 * three must succeed. A refused login is what most people notice first when a table is full.
 */
import { type Kernel, NONE, type TaskId } from '../kernel/kernel.js';
import { US_PER_SECOND } from '../sim/time.js';
import { type NodeContext, refusalText } from './context.js';

/** How long a login stays. */
const SESSION_US = 20 * US_PER_SECOND;

export function startSshLogins(context: NodeContext, sshd: TaskId, everyUs: number): void {
  const { kernel, sim, counters, observer, origins } = context;
  const origin = origins.of('ssh', 'sshd', null, null);
  let lastWorked: boolean | null = null;
  const end = sim.register((monitor) => endSession(kernel, monitor));
  const login = sim.register(() => {
    const monitor = openSession(kernel, sshd, origin);
    const works = monitor !== NONE;
    if (works) {
      counters.sshOk++;
      sim.after(SESSION_US, end, monitor, 0);
    } else counters.sshRefused++;
    if (works !== lastWorked) {
      const detail = works ? 'a login works' : `fork: ${refusalText(kernel)}`;
      observer.moment(works ? 'ssh-ok' : 'ssh-refused', 'node', detail);
    }
    lastWorked = works;
    sim.after(everyUs, login, 0, 0);
  });
  sim.after(everyUs, login, 0, 0);
}

/** The connection's monitor; NONE if any of the forks was refused, and then nothing is left. */
function openSession(kernel: Kernel, sshd: TaskId, origin: number): TaskId {
  const monitor = kernel.fork(sshd);
  if (monitor === NONE) return NONE;
  kernel.setOrigin(monitor, origin);
  kernel.setsid(monitor);
  const user = kernel.fork(monitor);
  const shell = user === NONE ? NONE : kernel.fork(user);
  if (shell === NONE) {
    endSession(kernel, monitor);
    return NONE;
  }
  kernel.exec(shell, 'bash');
  kernel.setsid(shell);
  return monitor;
}

/** From the innermost outwards, each waited for by its parent; sshd itself is a worker that reaps. */
function endSession(kernel: Kernel, monitor: TaskId): void {
  const [user] = kernel.children.inOrder(monitor);
  const [shell] = user === undefined ? [] : kernel.children.inOrder(user);
  if (shell !== undefined) {
    kernel.exit(shell, 0);
    kernel.wait(user, shell);
  }
  if (user !== undefined) {
    kernel.exit(user, 0);
    kernel.wait(monitor, user);
  }
  kernel.exit(monitor, 0);
}
