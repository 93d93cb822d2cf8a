/**
 * Cron jobs of the host, as Debian's cron 3.0 runs them (R67; do_command.c, measured in test/lab/machine/cron.ts):
 *
 *     cron ─► cron, for this job alone ─► the job's shell, leader of a session
 *
 * The one in the middle waits for the shell and ends. While cron is down no job is started.
 */
import { NONE } from '../../kernel/kernel.js';
import { type NodeContext, refusalText } from '../context.js';
import type { CronJobSpec } from '../spec.js';

export function startCronJob(context: NodeContext, job: CronJobSpec): void {
  const { kernel, machine, sim, observer, origins, streams, children } = context;
  const { cron } = context.host;
  const origin = origins.of('cron', job.program.comm, null, job.name);
  const stream = streams.stream(`cron/${job.name}`, 'program');
  let wasRefused = false;
  const run = sim.register(() => {
    sim.after(job.everyUs, run, 0, 0);
    if (!cron.isUp) return;
    const comm = kernel.commOf(cron.task);
    const between = kernel.forkAs(cron.task, comm, origin, 0);
    const shell = between === NONE ? NONE : kernel.forkAs(between, comm, origin, 0);
    if (shell === NONE && !wasRefused)
      observer.moment('fork-refused', `cron/${job.name}`, refusalText(kernel));
    wasRefused = shell === NONE;
    if (between === NONE) return;
    machine.worker(between, children);
    if (shell !== NONE) {
      kernel.setsid(shell);
      machine.load(shell, job.program, stream);
    }
    children.retire(between);
  });
  sim.at(job.startAtUs, run, 0, 0);
}
