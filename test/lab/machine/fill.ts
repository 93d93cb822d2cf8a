/** Row 1: a node filled by a leaking exec, on the model and in the box. */
import { Box } from './box.js';
import { Pod, prepareContainers, refusalIn } from './containers.js';
import { type FirstRefusal, firstRefusedExec, podForBox, type Start } from './model-node.js';

export interface Fill {
  pidMax: number;
  box: FirstRefusal & { message: string };
  model: FirstRefusal;
}

/** The box as it is now: what a model beside it starts from. */
export async function startOf(box: Box, pidMax: number): Promise<Start> {
  const { processes, tasks, lastPid } = await box.table();
  const high = processes
    .filter(({ pid }) => pid >= 300 && pid < pidMax)
    .reduce((sum, { threads }) => sum + threads, 0);
  const threadsMax = Number(await box.read('/proc/sys/kernel/threads-max'));
  return { pidMax, threadsMax, tasks, lastPid, high };
}

/** Free PIDs, once those below 300 are lost: held until refused, and let go again. */
export async function freePids(box: Box): Promise<number> {
  const { made } = await box.ask<{ errno: string; made: number }>('hold', 100_000);
  await box.ask('end', made);
  return made;
}

const EXECS_MAX = 5000;
const SETTLE_MS = 300;

export async function fillNode(
  pidMax: number,
  options: { limitSeconds: number; signal?: AbortSignal; onExec?: (count: number) => void },
): Promise<Fill> {
  return Box.use(options, async (box) => {
    await prepareContainers(box);
    await box.write('/proc/sys/kernel/pid_max', pidMax);
    const start = await startOf(box, pidMax);
    const { options: podOptions, app, probe } = podForBox();
    const pod = new Pod(box, 'leaking', podOptions);
    const created = await pod.create();
    const started = await pod.start('app', app);
    if (!created.ok || !started.ok) throw new Error(`no pod in the box: ${created.output}${started.output}`);
    const container = pod.container('app');
    for (let exec = 1; exec <= EXECS_MAX; exec++) {
      const { started, errno, output } = await container.exec(probe);
      options.onExec?.(exec);
      if (started) continue;
      await box.ask('sleep', SETTLE_MS);
      const { processes, lastPid } = await box.table();
      const real = {
        exec,
        zombies: processes.filter(({ state }) => state === 'Z').length,
        pinned: (await box.pinned(Math.max(lastPid, pidMax))).length,
        free: await freePids(box),
        message: errno || refusalIn(output),
      };
      return { pidMax, box: real, model: firstRefusedExec(start) };
    }
    throw new Error(`no exec was refused in ${EXECS_MAX}`);
  });
}
