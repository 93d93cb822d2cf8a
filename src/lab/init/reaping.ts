/** Does PID 1 reap what it adopts? Orphans made to order, that die one after another, at once, or while it is stopped. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pinnedPids } from '../../procfs/pinned.js';
import { isZombie } from '../../procfs/process-row.js';
import type { StatRow } from '../../procfs/stat.js';
import { formatDuration } from '../../text/duration.js';
import type { PrivateNamespace, Running } from '../namespace/private-namespace.js';
import { check, type InitCheck } from './report.js';
import { describeEnd, type Exam, until } from './world.js';

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
export async function orphanCheck(
  host: PrivateNamespace,
  init: Running,
  exam: Exam,
  name: keyof typeof MANNERS,
): Promise<InitCheck> {
  const isStranger = name === 'strangers';
  const count = name === 'orphans' ? ONE_BY_ONE : isStranger ? ONE_BY_ONE + exam.burst : exam.burst;
  const before = zombieOrphans(host.tasks());
  const made = Math.max(0, await host.makeOrphans(isStranger ? 'stranger' : 'own', count));
  const alive = (): number =>
    host.tasks().filter((task) => isOrphan(task) && !isZombie(task) && task.ppid === 1).length;
  await until(() => alive() === made, 2000, exam);
  const adopted = alive();
  if (name === 'stopped') await dieWhileStopped(host, init, made, before, exam);
  else if (name === 'burst') await host.letDie(made);
  else await dieOneByOne(host, Math.min(made, ONE_BY_ONE), exam);
  if (isStranger) await host.letDie(made - ONE_BY_ONE);
  const diedMs = performance.now();
  const isReaped = (): boolean => !host.tasks().some(isOrphan) || init.end !== null;
  const inTime = await until(isReaped, exam.patienceMs, exam);
  const tookMs = performance.now() - diedMs;
  if (init.end !== null)
    return check(name, 'no', `PID 1 ${describeEnd(init.end)} while orphans died`, { made, adopted });
  const tasks = host.tasks();
  const zombies = Math.max(0, zombieOrphans(tasks) - before);
  const strayed = adopted < made ? `, only ${adopted} of them adopted by PID 1` : '';
  const left =
    zombies > 0 ? `${zombies} are zombies ${formatDuration(exam.patienceMs * 1000)} later` : 'all reaped';
  const late =
    inTime && tookMs > PROMPT_MS ? `, the last after ${formatDuration(Math.round(tookMs) * 1000)}` : '';
  return check(
    name,
    zombies === 0 && strayed === '',
    `${made} orphans ${MANNERS[name]}${strayed}: ${left}${late}`,
    {
      made,
      adopted,
      zombies,
      pinned: pinnedPids(tasks).length,
      tookMs: Math.round(tookMs),
    },
  );
}

async function dieOneByOne(host: PrivateNamespace, count: number, exam: Exam): Promise<void> {
  for (let n = 0; n < count; n++) {
    await host.letDie(1);
    await sleep(GAP_MS, undefined, { signal: exam.signal });
  }
}

async function dieWhileStopped(
  host: PrivateNamespace,
  init: Running,
  made: number,
  before: number,
  exam: Exam,
): Promise<void> {
  host.kill(init, 'SIGSTOP');
  await until(() => host.tasks()[0]?.stat.startsWith('T') === true, 1000, exam);
  await host.letDie(made);
  await until(() => zombieOrphans(host.tasks()) >= before + made, 2000, exam);
  host.kill(init, 'SIGCONT');
}

const isOrphan = (task: StatRow): boolean => task.comm === 'orphan';
const zombieOrphans = (tasks: readonly StatRow[]): number =>
  tasks.filter((task) => isOrphan(task) && isZombie(task)).length;
