/**
 * Logins: sshd forks the privileged monitor of the connection, that forks the user's sshd, and that forks the
 * shell. All three must succeed. The shell's start-up scripts run a command in a subshell; if that is
 * refused, bash says so and gives a prompt all the same (measured with OpenSSH 9.2 and bash 5.2). A refused
 * login is what most people notice first when a table is full.
 */
import { NONE, type OriginId, type TaskId } from '../../kernel/kernel.js';
import type { Worker } from '../../program/context.js';
import type { EventKind } from '../../sim/simulation.js';
import { US_PER_MS } from '../../sim/time.js';
import { type NodeContext, refusalText } from '../context.js';
import { everyNowAndThen } from '../periods.js';
import type { SshLoginsSpec } from '../spec.js';

/** How long the start-up scripts of a shell take. An input: it was not measured. */
const STARTUP_US = 200 * US_PER_MS;

/** Below sshd: monitor, user's sshd, shell; then subshell and command. */
const LOGIN_COMMS = ['sshd', 'sshd', 'bash', 'bash', 'id'];
const USERS_SSHD = 1;
const SHELL = 2;

/** The processes of one login, outermost first; NONE for one that has ended. */
type Session = TaskId[];

export function startSshLogins(context: NodeContext, { everyUs, lastsUs, user }: SshLoginsSpec): void {
  const logins = new Logins(context, lastsUs, user);
  const { sim, streams } = context;
  const login = sim.register(() => logins.login());
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
  readonly #startupOver: EventKind;
  readonly #over: EventKind;
  #lastWorked: boolean | null = null;

  constructor(
    private readonly context: NodeContext,
    private readonly lastsUs: number,
    private readonly user: SshLoginsSpec['user'],
  ) {
    const { sim, origins } = context;
    this.#origin = origins.of('ssh', 'sshd', null, null);
    this.#over = sim.register((index) => {
      this.#end(this.#sessions[index], 0);
      delete this.#sessions[index];
    });
    this.#startupOver = sim.register((index) => {
      if (this.#sessions[index] !== undefined) this.#end(this.#sessions[index], SHELL + 1);
    });
  }

  /** Whether there is a shell. */
  login(): boolean {
    const { sim, counters, observer, kernel, host } = this.context;
    const session = host.sshd.isUp ? this.#open(host.sshd.task) : null;
    const works = session !== null;
    if (works) {
      counters.sshOk++;
      const index = this.#sessions.push(session) - 1;
      sim.after(STARTUP_US, this.#startupOver, index, 0);
      sim.after(this.lastsUs, this.#over, index, 0);
    } else counters.sshRefused++;
    if (works !== this.#lastWorked) {
      const why = host.sshd.isUp ? `fork: ${refusalText(kernel)}` : 'sshd is down';
      observer.moment(works ? 'ssh-ok' : 'ssh-refused', 'node', works ? 'a login works' : why);
    }
    this.#lastWorked = works;
    return works;
  }

  /** null if there is no shell, and then nothing is left of it. */
  #open(sshd: TaskId): Session | null {
    const { kernel, machine } = this.context;
    const session: Session = [];
    let parent = sshd;
    for (const comm of LOGIN_COMMS) {
      const task = kernel.forkAs(parent, kernel.comm(comm), this.#origin, 0);
      if (task === NONE && session.length > SHELL) return session;
      if (task === NONE) {
        this.#end(session, 0);
        return null;
      }
      if (session.length === 0 || session.length === SHELL) kernel.setsid(task);
      if (this.user !== undefined && session.length === USERS_SSHD)
        kernel.becomeUser(task, this.user.uid, this.user.nprocMax);
      machine.worker(task, this);
      this.#sessionOf.set(task, session);
      session.push(task);
      parent = task;
    }
    return session;
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
