/** Does PID 1 reap what it adopts? Orphans die one after another, at once, or while it is stopped. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pinnedPids } from '../../procfs/pinned.js';
import { isZombie } from '../../procfs/process-row.js';
import { formatDuration } from '../../text/duration.js';
import { check, type InitCheck } from './report.js';
import { describeEnd, type World } from './world.js';

const ONE_BY_ONE = 10;
const GAP_MS = 15;
/** Later than that is worth a word. */
const PROMPT_MS = 500;

export const MANNERS = {
  orphans: 'of its own descendants died one after another',
  burst: 'of its own descendants died at once',
  stopped: 'of its own descendants died while PID 1 was stopped',
  strangers: 'of an exec that had entered from outside died',
} as const;

/** Makes orphans, lets them die in the check's manner, and gives PID 1 its time to reap them. */
export async function orphanCheck(world: World, name: keyof typeof MANNERS): Promise<InitCheck> {
  const { host, init, exam } = world;
  const orphans = (isDead: boolean): number =>
    host.tasks().filter((task) => task.comm === 'orphan' && task.ppid === 1 && isZombie(task) === isDead)
      .length;
  const before = orphans(true);
  const isStranger = name === 'strangers';
  const count = name === 'orphans' ? ONE_BY_ONE : isStranger ? ONE_BY_ONE + exam.burst : exam.burst;
  const made = Math.max(0, await host.makeOrphans(isStranger ? 'stranger' : 'own', count));
  await world.until(() => orphans(false) === made, 2000);
  const adopted = orphans(false);
  if (name === 'stopped') {
    host.kill(init, 'SIGSTOP');
    await world.until(() => host.tasks()[0]?.stat.startsWith('T') === true, 1000);
  }
  // One after another, then all the others at once.
  const single = name === 'orphans' || isStranger ? Math.min(made, ONE_BY_ONE) : 0;
  // The next has to wait for a PID 1 that is slow on a busy machine, but not for one that does not reap.
  let keepsUp = true;
  for (let n = 0; n < single; n++) {
    await host.letDie(1);
    await sleep(GAP_MS, undefined, { signal: exam.signal });
    const isGone = (): boolean => orphans(true) + orphans(false) <= before + adopted - n - 1;
    if (keepsUp) keepsUp = await world.until(isGone, PROMPT_MS);
  }
  await host.letDie(made - single);
  if (name === 'stopped') {
    await world.until(() => orphans(true) >= before + made, 2000);
    host.kill(init, 'SIGCONT');
  }
  const diedMs = performance.now();
  const isReaped = (): boolean => init.end !== null || orphans(true) + orphans(false) === before;
  await world.until(isReaped, exam.patienceMs);
  const tookMs = Math.round(performance.now() - diedMs);
  if (init.end !== null)
    return check(name, 'no', `PID 1 ${describeEnd(init.end)} while orphans died`, { made, adopted });
  const zombies = Math.max(0, orphans(true) - before);
  const strayed = adopted < made ? `, only ${adopted} of them adopted by PID 1` : '';
  const late = tookMs > PROMPT_MS ? `, the last after ${formatDuration(tookMs * 1000)}` : '';
  const left = `${zombies} are zombies ${formatDuration(exam.patienceMs * 1000)} later`;
  const evidence = `${made} orphans ${MANNERS[name]}${strayed}: ${zombies > 0 ? left : `all reaped${late}`}`;
  const pinned = pinnedPids(host.tasks()).length;
  return check(name, zombies === 0 && strayed === '', evidence, { made, adopted, zombies, pinned, tookMs });
}
