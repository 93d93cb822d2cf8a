/** Cron jobs of the host: cron forks, the child becomes a session leader and runs the program; cron reaps it. */
import { NONE, type TaskId } from '../../kernel/kernel.js';
import { type NodeContext, refusalText } from '../context.js';
import type { CronJobSpec } from '../spec.js';

export function startCronJob(context: NodeContext, cron: TaskId, job: CronJobSpec): void {
  const { kernel, machine, sim, observer, origins, streams } = context;
  const origin = origins.of('cron', job.program.comm, null, job.name);
  const stream = streams.stream(`cron/${job.name}`, 'program');
  let wasRefused = false;
  const run = sim.register(() => {
    const task = kernel.forkAs(cron, kernel.commOf(cron), origin, 0);
    if (task !== NONE) {
      kernel.setsid(task);
      machine.load(task, job.program, stream);
    } else if (!wasRefused) {
      observer.moment('fork-refused', `cron/${job.name}`, refusalText(kernel));
    }
    wasRefused = task === NONE;
    sim.after(job.everyUs, run, 0, 0);
  });
  sim.at(job.startAtUs, run, 0, 0);
}
