/** pause 3.0 and 3.1 as PID 1 of a pod, with the program of kubernetes issue 50865 exec'd in it. */
import { Box } from './box.js';
import { Pod, prepareContainers } from './containers.js';
import { boxCounts, less } from './ends.js';
import { type Origin, type Pause, pauseOrigin } from './pause.js';
import { PROGRAMS } from './programs.js';

export interface PauseResult {
  pause: Pause;
  /** `checkout`: built from the source that PAUSE_SOURCE names. */
  origin: Origin;
  execs: number;
  zombies: number;
  pinned: number;
}

const EXECS = 3;
const SETTLE_MS = 1500;

export async function checkPauses(options: {
  limitSeconds: number;
  signal?: AbortSignal;
}): Promise<PauseResult[]> {
  return Box.use(options, async (box) => {
    await prepareContainers(box);
    const results: PauseResult[] = [];
    for (const pause of ['3.0', '3.1'] as const) {
      const pod = new Pod(box, `pause-${pause}`, { pidMode: 'pod', pause });
      const created = await pod.create();
      const started = await pod.start('app', PROGRAMS.sleeper.command);
      if (!created.ok || !started.ok)
        throw new Error(`no pod in the box: ${created.output}${started.output}`);
      const before = await boxCounts(box);
      for (let exec = 0; exec < EXECS; exec++) await pod.container('app').exec(['/orphan']);
      await box.ask('sleep', SETTLE_MS);
      const { zombies, pinned } = less(await boxCounts(box), before);
      results.push({ pause, origin: pauseOrigin(pause), execs: EXECS, zombies, pinned });
    }
    return results;
  });
}
