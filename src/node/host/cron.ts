/**
 * Cron jobs of the host (R67): cron ─► a cron for this run alone, which waits and ends ─► the job, a session
 * leader. While cron is down no job is started.
 */
import { NONE, type TaskId } from '../../kernel/kernel.js';
import { type NodeContext, refusalText } from '../context.js';
import type { CronJobSpec } from '../spec.js';

export function startCronJob(context: NodeContext, job: CronJobSpec): void {
  const { kernel, machine, sim, observer, origins, streams, children } = context;
  const { cron } = context.host;
  const origin = origins.of('cron', job.program.comm, null, job.name);
  const stream = streams.stream(`cron/${job.name}`, 'program');
  let wasRefused = false;
  const fork = (parent: TaskId): TaskId => kernel.forkAs(parent, kernel.commOf(parent), origin, 0);
  const run = sim.register(() => {
    sim.after(job.everyUs, run, 0, 0);
    if (!cron.isUp) return;
    const between = fork(cron.task);
    const task = between === NONE ? NONE : fork(between);
    if (task === NONE && !wasRefused)
      observer.moment('fork-refused', `cron/${job.name}`, refusalText(kernel));
    wasRefused = task === NONE;
    if (between === NONE) return;
    machine.worker(between, children);
    children.retire(between);
    if (task === NONE) return;
    kernel.setsid(task);
    machine.load(task, job.program, stream);
  });
  sim.at(job.startAtUs, run, 0, 0);
}
