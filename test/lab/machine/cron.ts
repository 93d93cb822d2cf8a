/** Jobs of Debian's cron in the box, with a crontab of its own: no job of the machine around it is run. */
import { existsSync } from 'node:fs';
import { type Box, type BoxProcess, type BoxTable, must, start } from './box.js';
import { until, within } from './settle.js';

const CRON = '/usr/sbin/cron';
/** What is in the box in place of the host's. */
const OWN = ['/etc/cron.d', '/etc/crontab', '/var/spool/cron/crontabs', '/tmp', '/var/tmp'];
const CRONTAB = '/mnt/own/cron.d/job';
const NO_JOB = '# none\n';
/** cron looks at its crontabs once a minute, and a busy machine is late. */
const MINUTE_MS = 150_000;

/** Why there is no cron here; null: there is. */
export function missingForCron(): string | null {
  return existsSync(CRON) ? null : 'cron is not installed (Debian: apt-get install cron)';
}

/** A job from cron's first fork for it to the end of the last process that it left. */
export interface CronRun {
  /** The last look before the first fork, and the first after the last end. */
  before: BoxTable;
  after: BoxTable;
}

export class CronServer {
  private constructor(
    private readonly box: Box,
    private readonly cgroup: string,
    readonly pid: number,
  ) {}

  /**
   * In a cgroup of its own, by which its processes are known from all others; `folder` is where it is mounted.
   * A job that is given is run once, at its start.
   */
  static async start(box: Box, folder: string, cgroup: string, job?: string): Promise<CronServer> {
    await box.makeFolders('/mnt/own');
    for (const path of OWN) {
      const own = `/mnt/own/${path.split('/').at(-1)}`;
      if (path === '/etc/crontab') await box.write(own, NO_JOB);
      else await box.ask('mkdir', own);
      const bound = await box.run(['mount', '--bind', own, path], { outputMs: 100 });
      if (bound.status !== 0) throw new Error(`mount ${path} in the box: ${bound.output}`);
    }
    await box.write(CRONTAB, job === undefined ? NO_JOB : `@reboot root ${job}\n`);
    const cron = await start(box, [CRON, '-f'], { cgroup: `${folder}${cgroup}` });
    must('cron', cron);
    await until(box, 'cron', (table) => within(table, cgroup).some(({ comm }) => comm === 'cron'));
    return new CronServer(box, cgroup, cron.pid);
  }

  /** Runs a shell command once, in the next minute; `comm` is the process by which it is known. */
  async run(command: string, comm: string): Promise<CronRun> {
    // cron reads it again if it was written in another second than before.
    await this.box.ask('sleep', 1100);
    await this.box.write(CRONTAB, `* * * * * root ${command}\n`);
    let before = await this.box.table();
    const look = (table: BoxTable): boolean => {
      if (this.belowCron(table).length === 0) before = table;
      return this.belowCron(table).some((process) => process.comm === comm);
    };
    await until(this.box, `cron runs ${command}`, look, MINUTE_MS);
    await this.box.write(CRONTAB, NO_JOB);
    const isOver = (table: BoxTable): boolean => this.belowCron(table).length === 0;
    return { before, after: await until(this.box, `the end of ${command}`, isOver, MINUTE_MS) };
  }

  /** What its jobs are made of at this moment, the cron that waits for one too. */
  belowCron(table: BoxTable): BoxProcess[] {
    return within(table, this.cgroup).filter(({ pid }) => pid !== this.pid);
  }
}
