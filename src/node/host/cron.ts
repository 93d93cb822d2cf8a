/**
 * Cron jobs of the host: cron forks, the child becomes a session leader and runs the program; cron reaps it.
 * While cron is down no job is started.
 */
import { NONE } from '../../kernel/kernel.js';
import { type NodeContext, refusalText } from '../context.js';
import type { CronJobSpec } from '../spec.js';

export function startCronJob(context: NodeContext, job: CronJobSpec): void {
  const { kernel, machine, sim, observer, origins, streams } = context;
  const { cron } = context.host;
  const origin = origins.of('cron', job.program.comm, null, job.name);
  const stream = streams.stream(`cron/${job.name}`, 'program');
  let wasRefused = false;
  const run = sim.register(() => {
    sim.after(job.everyUs, run, 0, 0);
    if (!cron.isUp) return;
    const task = kernel.forkAs(cron.task, kernel.commOf(cron.task), origin, 0);
    if (task !== NONE) {
      kernel.setsid(task);
      machine.load(task, job.program, stream);
    } else if (!wasRefused) {
      observer.moment('fork-refused', `cron/${job.name}`, refusalText(kernel));
    }
    wasRefused = task === NONE;
  });
  sim.at(job.startAtUs, run, 0, 0);
}
