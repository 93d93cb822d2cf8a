/**
 * Logins (R66): sshd forks the privileged monitor of the connection, whose first child authenticates and
 * ends; then it forks the user's sshd, and that forks the shell, whose start-up scripts run a command. bash
 * tries a refused fork again; then there is a prompt in which no command can be run, and that is no login.
 */
import { NONE, type OriginId, type TaskId } from '../../kernel/kernel.js';
import type { Worker } from '../../program/context.js';
import type { EventKind } from '../../sim/simulation.js';
import { US_PER_MS, US_PER_SECOND } from '../../sim/time.js';
import { type NodeContext, refusalText } from '../context.js';
import { everyNowAndThen } from '../periods.js';
import type { SshLoginsSpec } from '../spec.js';

/** How long the start-up scripts of a shell take. An input: it was not measured. */
const STARTUP_US = 200 * US_PER_MS;

/**
 * Below sshd: monitor, user's sshd, shell. Up to OpenSSH 9.7 root's shell is the monitor's child
 * (`privsep_postauth`).
 */
const LOGIN_COMMS = ['sshd', 'sshd', 'bash'];
const ROOT_COMMS = ['sshd', 'bash'];
const ROOT_UID = 0;
const USERS_SSHD = 1;
/** `$(id -u)`: the subshell becomes its only command. */
const STARTUP_COMM = 'id';
/** How long bash waits before it tries a refused fork again (`make_child` in its jobs.c). */
const BASH_RETRIES_US = [1, 2, 4, 8].map((seconds) => seconds * US_PER_SECOND);

/** The processes of one login, outermost first; NONE for one that has ended. */
type Session = TaskId[];

export function startSshLogins(context: NodeContext, { everyUs, lastsUs, user }: SshLoginsSpec): void {
  const logins = new Logins(context, lastsUs, user);
  const { sim, streams } = context;
  const login = sim.register(() => void logins.login());
  everyNowAndThen(sim, streams.stream('ssh', 'moments'), everyUs, (_round, atUs) =>
    sim.at(atUs, login, 0, 0),
  );
}

/**
 * Its processes do nothing by themselves: each is ended in its time, unless something has killed it before.
 */
export class Logins implements Worker {
  /** By number of the login; those that are over are left out. */
  readonly #sessions: Session[] = [];
  readonly #sessionOf = new Map<TaskId, Session>();
  readonly #origin: OriginId;
  readonly #startup: EventKind;
  readonly #startupOver: EventKind;
  readonly #over: EventKind;
  readonly #comms: readonly string[];
  readonly #shell: number;
  #lastWorked: boolean | null = null;

  constructor(
    private readonly context: NodeContext,
    private readonly lastsUs: number,
    private readonly user: SshLoginsSpec['user'],
  ) {
    const { sim, origins } = context;
    this.#origin = origins.of('ssh', 'sshd', null, null);
    this.#comms = user?.uid === ROOT_UID ? ROOT_COMMS : LOGIN_COMMS;
    this.#shell = this.#comms.length - 1;
    this.#over = sim.register((index) => this.#close(index));
    this.#startup = sim.register((index, tries) => void this.#runStartup(index, tries));
    this.#startupOver = sim.register((index) => {
      if (this.#sessions[index] !== undefined) this.#end(this.#sessions[index], this.#shell + 1);
    });
  }

  /** Why it does not work, or not yet; null: it works. */
  login(): string | null {
    const { host, kernel } = this.context;
    const session = host.sshd.isUp ? this.#open(host.sshd.task) : null;
    if (session === null)
      return this.#refused(host.sshd.isUp ? `fork: ${refusalText(kernel)}` : 'sshd is down');
    const runs = this.#runStartup(this.#sessions.push(session) - 1, 0);
    return runs ? null : `a shell that tries for 15 s to run a command: fork: ${refusalText(kernel)}`;
  }

  /** null if there is no shell, and then nothing is left of it. */
  #open(sshd: TaskId): Session | null {
    const { kernel } = this.context;
    const session: Session = [];
    for (const comm of this.#comms) {
      const parent = session.at(-1) ?? sshd;
      const goesOn = session.length !== 1 || this.#authenticates(parent);
      const task = goesOn ? this.#fork(parent, comm, session) : NONE;
      if (task === NONE) {
        this.#end(session, 0);
        return null;
      }
      if (session.length - 1 === USERS_SSHD && this.user !== undefined)
        kernel.becomeUser(task, this.user.uid, this.user.nprocMax);
      if (session.length === 1 || session.length - 1 === this.#shell) kernel.setsid(task);
    }
    return session;
  }

  /** By a child without privileges, which has ended when the next is forked (`privsep_preauth`). */
  #authenticates(monitor: TaskId): boolean {
    const { kernel } = this.context;
    const child = kernel.forkAs(monitor, kernel.commOf(monitor), this.#origin, 0);
    if (child === NONE) return false;
    kernel.exit(child, 0);
    return kernel.wait(monitor, child) === child;
  }

  /** The first command of its shell: it runs, or is tried again, or there is no login. */
  #runStartup(index: number, tries: number): boolean {
    const { sim, kernel } = this.context;
    const session = this.#sessions[index];
    if (session === undefined || session[this.#shell] === NONE) return false;
    const command = this.#fork(session[this.#shell], STARTUP_COMM, session);
    if (command !== NONE) {
      sim.after(STARTUP_US, this.#startupOver, index, 0);
      sim.after(this.lastsUs, this.#over, index, 0);
      this.context.counters.sshOk++;
      this.#say(true, 'a login works');
    } else if (tries < BASH_RETRIES_US.length) {
      sim.after(BASH_RETRIES_US[tries], this.#startup, index, tries + 1);
    } else {
      this.#close(index);
      this.#refused(`a shell that can run no command: fork: ${refusalText(kernel)}`);
    }
    return command !== NONE;
  }

  #fork(parent: TaskId, comm: string, session: Session): TaskId {
    const { kernel, machine } = this.context;
    const task = kernel.forkAs(parent, kernel.comm(comm), this.#origin, 0);
    if (task === NONE) return NONE;
    machine.worker(task, this);
    this.#sessionOf.set(task, session);
    session.push(task);
    return task;
  }

  #refused(why: string): string {
    this.context.counters.sshRefused++;
    this.#say(false, why);
    return why;
  }

  #say(works: boolean, text: string): void {
    if (works !== this.#lastWorked)
      this.context.observer.moment(works ? 'ssh-ok' : 'ssh-refused', 'node', text);
    this.#lastWorked = works;
  }

  #close(index: number): void {
    if (this.#sessions[index] !== undefined) this.#end(this.#sessions[index], 0);
    delete this.#sessions[index];
  }

  /**
   * Ends the processes of a login from the innermost to the one at `outermost`, each reaped by its parent.
   */
  #end(session: Session, outermost: number): void {
    const { kernel } = this.context;
    for (let at = session.length - 1; at >= outermost; at--) {
      const task = session[at];
      if (task === NONE) continue;
      const parent = kernel.parentOf(task);
      kernel.exit(task, 0);
      kernel.wait(parent, task);
    }
  }

  wake(): void {}

  /** One that was killed is left to its parent, or to init with the parent's end. */
  ended(task: TaskId): void {
    const session = this.#sessionOf.get(task)!;
    this.#sessionOf.delete(task);
    session[session.indexOf(task)] = NONE;
  }
}
