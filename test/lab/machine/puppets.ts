/**
 * Processes that do what they are told, one call after another, in two worlds: real ones in the box, and tasks of the
 * kernel model that starts with the same table. An experiment is written once and played in both.
 */
import {
  type CgroupId,
  HOST_NS,
  Kernel,
  NONE,
  ROOT_CGROUP,
  type TaskId,
} from '../../../src/kernel/kernel.js';
import { defaultPidMax, minPidMax, PID_MAX_LIMIT } from '../../../src/kernel/limits.js';
import { kernelRules } from '../../../src/node/versions/kernel.js';
import { type Answer, type Asker, type Box, type BoxTable, must } from './box.js';
import { CGROUPS } from './containers.js';

export interface Stage {
  group(name: string, options?: { parent?: string; pidsMax?: number }): Promise<void>;
  setPidsMax(group: string, pidsMax: number): Promise<void>;
  /** False: busy. */
  removeGroup(group: string): Promise<boolean>;
  current(group: string): Promise<number>;
  /** `max` of pids.events. */
  events(group: string): Promise<number>;
  /** PIDs of live processes that cgroup.procs lists. */
  listed(group: string): Promise<number>;
  puppet(name: string): Promise<Puppet>;
  pidMax(): Promise<number>;
  /** False: it cannot be that. */
  setPidMax(pidMax: number): Promise<boolean>;
  setThreadsMax(threadsMax: number): Promise<void>;
  /** Threads and zombies of the whole machine. */
  tasks(): Promise<number>;
  /** The PID handed out last. */
  lastPid(): Promise<number>;
}

export interface Puppet {
  /** Forks so many that stay, at most; how many it got, and what refused the next. */
  hold(count: number): Promise<Held>;
  /** Kills the newest of them; they stay zombies. */
  kill(count: number): Promise<void>;
  /** Waits for all that are dead. */
  reap(): Promise<number>;
  /** Forks that come and go. */
  churn(count: number): Promise<Held>;
  threads(count: number): Promise<Held>;
  join(group: string): Promise<void>;
  /** Moves its newest zombie; true if it was moved. */
  setUser(uid: number): Promise<void>;
  setNproc(limit: number): Promise<void>;
}

export interface Held {
  made: number;
  errno: string;
}

// ---- in the box

const PID_MAX = '/proc/sys/kernel/pid_max';
const BOX_CPUS = 1;

export class BoxStage implements Stage {
  private readonly paths = new Map<string, string>();
  private readonly puppets: string[] = [];

  constructor(
    private readonly box: Box,
    /** Makes the names of one experiment its own. */
    private readonly prefix: string,
  ) {}

  async group(name: string, { parent, pidsMax }: { parent?: string; pidsMax?: number } = {}): Promise<void> {
    const above = parent === undefined ? CGROUPS : this.paths.get(parent)!;
    const path = `${above}/${parent === undefined ? this.prefix : ''}${name}`;
    if (parent !== undefined) await this.box.write(`${above}/cgroup.subtree_control`, '+pids');
    await this.box.makeFolders(path);
    this.paths.set(name, path);
    if (pidsMax !== undefined) await this.setPidsMax(name, pidsMax);
  }

  setPidsMax(group: string, pidsMax: number): Promise<void> {
    return this.box.write(`${this.paths.get(group)}/pids.max`, pidsMax);
  }

  async removeGroup(group: string): Promise<boolean> {
    return (await this.box.ask('rmdir', this.paths.get(group)!)).errno === '';
  }

  async current(group: string): Promise<number> {
    return Number(await this.box.read(`${this.paths.get(group)}/pids.current`));
  }

  async events(group: string): Promise<number> {
    return Number((await this.box.read(`${this.paths.get(group)}/pids.events`)).split(' ')[1]);
  }

  async listed(group: string): Promise<number> {
    return (await this.box.read(`${this.paths.get(group)}/cgroup.procs`)).split('\n').filter(Boolean).length;
  }

  async puppet(name: string): Promise<Puppet> {
    const role = `${this.prefix}${name}`;
    must('a puppet', await this.box.ask('role', role, 1));
    this.puppets.push(role);
    const asker = this.box.as(role);
    await asker.ask('reaping', 0);
    return new BoxPuppet(asker, (group) => this.paths.get(group)!);
  }

  async pidMax(): Promise<number> {
    return Number(await this.box.read(PID_MAX));
  }

  async setPidMax(pidMax: number): Promise<boolean> {
    return (await this.box.ask('write', PID_MAX, pidMax)).errno === '';
  }

  setThreadsMax(threadsMax: number): Promise<void> {
    return this.box.write('/proc/sys/kernel/threads-max', threadsMax);
  }

  async tasks(): Promise<number> {
    return Number((await this.load())[3].split('/')[1]);
  }

  async lastPid(): Promise<number> {
    return Number((await this.load())[4]);
  }

  private async load(): Promise<string[]> {
    return (await this.box.read('/proc/loadavg')).split(' ');
  }

  /** Ends every puppet and what it holds: the zombies go to the agent, which waits for them. */
  async clear(): Promise<void> {
    for (const role of this.puppets.splice(0)) {
      await this.box.ask('to', role, 'end', 100_000);
      await this.box.ask('to', role, 'bye');
    }
  }
}

class BoxPuppet implements Puppet {
  constructor(
    private readonly asker: Asker,
    private readonly pathOf: (group: string) => string,
  ) {}

  hold(count: number): Promise<Held> {
    return this.counted('hold', count);
  }

  churn(count: number): Promise<Held> {
    return this.counted('churn', count);
  }

  threads(count: number): Promise<Held> {
    return this.counted('threads', count);
  }

  private async counted(what: string, count: number): Promise<Held> {
    const { made, errno } = await this.asker.ask<Answer & { made: number }>(what, count);
    return { made, errno };
  }

  async kill(count: number): Promise<void> {
    await this.asker.ask('end', count);
  }

  async reap(): Promise<number> {
    return (await this.asker.ask<Answer & { reaped: number }>('reap')).reaped;
  }

  async join(group: string): Promise<void> {
    must(group, await this.asker.ask('join', this.pathOf(group)));
  }

  async setUser(uid: number): Promise<void> {
    must('setuid', await this.asker.ask('uid', uid));
  }

  async setNproc(limit: number): Promise<void> {
    must('setrlimit', await this.asker.ask('nproc', limit));
  }
}

// ---- in the model

export class ModelStage implements Stage {
  readonly kernel: Kernel;
  private readonly groups = new Map<string, CgroupId>();

  /** With the same PIDs in use and the same cursor, as long as the box has never wrapped. */
  constructor(release: string, table: BoxTable, pidMax: number, threadsMax: number) {
    this.kernel = new Kernel({ rules: kernelRules(release, 'v2')!, pidMax, threadsMax });
    fillLike(this.kernel, table);
  }

  async group(name: string, { parent, pidsMax }: { parent?: string; pidsMax?: number } = {}): Promise<void> {
    const above = parent === undefined ? ROOT_CGROUP : this.groups.get(parent)!;
    this.groups.set(name, this.kernel.createCgroup(above, pidsMax ?? Number.POSITIVE_INFINITY));
  }

  async setPidsMax(group: string, pidsMax: number): Promise<void> {
    this.kernel.setPidsMax(this.groups.get(group)!, pidsMax);
  }

  async removeGroup(group: string): Promise<boolean> {
    return this.kernel.removeCgroup(this.groups.get(group)!);
  }

  async current(group: string): Promise<number> {
    return this.kernel.pidsCurrent(this.groups.get(group)!);
  }

  async events(group: string): Promise<number> {
    return this.kernel.pidsEvents(this.groups.get(group)!);
  }

  async listed(group: string): Promise<number> {
    return this.kernel.liveTasksIn(this.groups.get(group)!).length;
  }

  async puppet(): Promise<Puppet> {
    const task = this.kernel.fork(this.kernel.init);
    if (task === NONE) throw new Error('the model has no room for a puppet');
    this.kernel.setsid(task);
    return new ModelPuppet(this.kernel, task, (group) => this.groups.get(group)!);
  }

  async pidMax(): Promise<number> {
    return defaultPidMax(BOX_CPUS);
  }

  async setPidMax(pidMax: number): Promise<boolean> {
    if (pidMax < minPidMax(BOX_CPUS) || pidMax > PID_MAX_LIMIT) return false;
    this.kernel.setPidMax(HOST_NS, pidMax);
    return true;
  }

  async setThreadsMax(threadsMax: number): Promise<void> {
    this.kernel.setThreadsMax(threadsMax);
  }

  async tasks(): Promise<number> {
    return this.kernel.nrThreads;
  }

  async lastPid(): Promise<number> {
    return this.kernel.cursor() - 1;
  }
}

/** Forks up to the last PID, and lets go of those that are not in the table. */
function fillLike(kernel: Kernel, { processes, lastPid }: BoxTable): void {
  const taken = new Set(processes.map(({ pid }) => pid));
  for (let pid = 2; pid <= lastPid; pid++) {
    const task = kernel.fork(kernel.init);
    if (taken.has(pid)) continue;
    kernel.exit(task, 0);
    kernel.wait(kernel.init, task);
  }
}

class ModelPuppet implements Puppet {
  private readonly held: TaskId[] = [];
  private readonly dead: TaskId[] = [];

  constructor(
    private readonly kernel: Kernel,
    private readonly task: TaskId,
    private readonly idOf: (group: string) => CgroupId,
  ) {}

  async hold(count: number): Promise<Held> {
    return this.times(count, () => {
      const child = this.kernel.fork(this.task);
      if (child !== NONE) this.held.push(child);
      return child !== NONE;
    });
  }

  async churn(count: number): Promise<Held> {
    return this.times(count, () => {
      const child = this.kernel.fork(this.task);
      if (child === NONE) return false;
      this.kernel.exit(child, 0);
      this.kernel.wait(this.task, child);
      return true;
    });
  }

  async threads(count: number): Promise<Held> {
    return this.times(count, () => this.kernel.cloneThreads(this.task, 1) === 1);
  }

  private times(count: number, act: () => boolean): Held {
    for (let made = 0; made < count; made++) if (!act()) return { made, errno: this.kernel.refusal.errno };
    return { made: count, errno: '' };
  }

  async kill(count: number): Promise<void> {
    for (const task of this.held.splice(-count).reverse()) {
      this.kernel.exit(task, 137);
      this.dead.push(task);
    }
  }

  async reap(): Promise<number> {
    for (const task of this.dead) this.kernel.wait(this.task, task);
    return this.dead.splice(0).length;
  }

  async join(group: string): Promise<void> {
    this.kernel.attach(this.task, this.idOf(group));
  }

  async setUser(uid: number): Promise<void> {
    this.kernel.setUser(this.task, uid);
  }

  async setNproc(limit: number): Promise<void> {
    this.kernel.setNprocMax(this.task, limit);
  }
}
