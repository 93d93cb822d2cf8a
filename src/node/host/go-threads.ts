/**
 * Go daemons that need another thread (R51), when all that they have are in system calls. If it is refused
 * the daemon aborts, and systemd starts it again. How often they need one is an input: no report says.
 */
import type { HostDaemon, NodeContext } from '../context.js';
import { everyNowAndThen } from '../periods.js';

/** Of a process that has aborted. */
const STATUS_OF_SIGABRT = 134;

export function startThreadNeeds(context: NodeContext, everyUs: number): void {
  for (const daemon of [context.host.kubelet, context.host.runtime])
    if (daemon !== null) needThreads(context, daemon, everyUs);
}

function needThreads({ sim, kernel, streams }: NodeContext, daemon: HostDaemon, everyUs: number): void {
  const need = sim.register(() => {
    if (daemon.isUp && kernel.cloneThreads(daemon.task, 1) < 1) kernel.exit(daemon.task, STATUS_OF_SIGABRT);
  });
  const moments = streams.stream(daemon.comm, 'thread-needs');
  everyNowAndThen(sim, moments, everyUs, (_round, atUs) => void sim.at(atUs, need, 0, 0));
}
