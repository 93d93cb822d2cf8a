/** A transition, and what holds a PID, as sentences: for the blackboard, the page and screen readers. */
import type { Refuser } from '../run/result.js';
import type { Transition, Who } from '../run/transitions.js';
import { formatCount } from '../text/figures.js';

/** Seen from a PID namespace at this level; null: each process with all its PIDs, `pause 4211/1`. */
type Viewpoint = number | null;

export function transitionWords(told: Transition, level: Viewpoint = null): string {
  const pid = (pids: readonly number[]): string => `PID ${pidText(pids, level)}`;
  const name = (who: Who): string => `${who.comm} ${pidText(who.pids, level)}`;
  switch (told.kind) {
    case 'fork':
      return `${name(told.who)} forks ${name(told.child)}`;
    case 'threads': {
      const count = Math.abs(told.count);
      const threads = `${count} thread${count === 1 ? '' : 's'}`;
      return `${name(told.who)} ${told.count > 0 ? `starts ${threads}` : `ends ${threads}`}`;
    }
    case 'exec':
      return `${pid(told.who.pids)} execs ${told.who.comm}`;
    case 'leads':
      return `${name(told.who)} founds a ${told.what === 'session' ? 'session' : 'process group'}`;
    case 'exit':
      return told.status > 128
        ? `${name(told.who)} is killed by signal ${told.status - 128}`
        : `${name(told.who)} exits with status ${told.status}`;
    case 'reparented':
      return `${name(told.who)} is an orphan of ${name(told.from)}: ${name(told.to)} adopts it, as ${
        told.why === 'init' ? 'PID 1 of the namespace' : 'the nearest subreaper'
      }`;
    case 'zombie':
      return `${name(told.who)} is a zombie: nobody has taken its exit status`;
    case 'reaped':
      return REAPED[told.cause](name(told.who), name(told.by));
    case 'pinned': {
      const why = `it is the session or group of ${name(told.by)}`;
      return `${pid(told.pids)} belongs to nobody and stays taken: ${why}`;
    }
    case 'released':
      return `${pid(told.pids)} is free`;
    case 'signal': {
      const from = told.from === null ? '' : ` from ${name(told.from)}`;
      return `SIG${told.signal} to ${name(told.who)}${from}: ${EFFECTS[told.effect]}`;
    }
    case 'refused':
      return `${name(told.who)} cannot fork: ${told.errno}, ${refuserWords(told.limit, told.level)}`;
    case 'wrapped':
      return `PIDs of ${namespaceWords(told.level)} start again from below, at ${told.pid}`;
    case 'namespace-ends':
      return `${name(told.who)} ends as PID 1, and its namespace with it: everything in there is killed`;
  }
}

const REAPED = {
  wait: (child: string, parent: string) =>
    `${parent} waits and takes the status of ${child}: the zombie is gone`,
  autoreap: (child: string, parent: string) =>
    `${child} is released at once: ${parent} wants to hear of no child`,
  'namespace-end': (child: string) => `${child} is released: its namespace ends`,
};

const EFFECTS = {
  ends: 'it is to end',
  handler: 'it has a handler, which will run',
  dropped: 'nothing happens',
  ignored: 'it ignores that',
};

const REFUSERS: Record<Exclude<Refuser, 'pid-max' | 'namespace-dead'>, string> = {
  'threads-max': 'the machine has threads-max tasks',
  'rlimit-nproc': 'the user has as many tasks as RLIMIT_NPROC allows',
  'pids-cgroup': 'a cgroup has pids.max tasks',
};

function refuserWords(limit: Refuser, level: number | null): string {
  if (limit === 'pid-max') return `no PID below pid_max is free in ${namespaceWords(level ?? 0)}`;
  if (limit === 'namespace-dead') return 'PID 1 of the namespace has died';
  return REFUSERS[limit];
}

function namespaceWords(level: number): string {
  return level === 0 ? "the node's namespace" : 'the PID namespace';
}

function pidText(pids: readonly number[], level: Viewpoint): string {
  if (level === null) return pids.join('/');
  return level < pids.length ? String(pids[level]) : '(outside)';
}

/** As the kernel's `holderOf` has it, of a process what `ps` shows of it. */
interface HolderRow {
  pid: number;
  ppid: number;
  comm: string;
  stat: string;
}

export type HeldBy =
  | { cell: 'free' | 'reserved' }
  | { cell: 'live' | 'zombie' | 'thread'; row: HolderRow }
  | { cell: 'pinned'; members: { row: HolderRow; of: 'session' | 'group' | 'both' }[] };

/** Which process has a PID, and why it cannot be reused: a sentence. */
export function holderWords(pid: number, holder: HeldBy): string {
  const begin = `PID ${pid}`;
  switch (holder.cell) {
    case 'free':
      return `${begin} is free.`;
    case 'reserved':
      return `${begin} is free, and will not be handed out again: after the first wrap PIDs begin at 300.`;
    case 'live':
      return `${begin} is ${holder.row.comm}, a live process.`;
    case 'thread':
      return `${begin} is a thread of ${holder.row.comm} (PID ${holder.row.pid}).`;
    case 'zombie': {
      const { comm, ppid } = holder.row;
      return `${begin} is ${comm}, a zombie: its parent, PID ${ppid}, has not waited for it.`;
    }
    case 'pinned': {
      const [{ row, of }] = holder.members;
      const others = holder.members.length - 1;
      const more = others === 0 ? '' : `, and of ${formatCount(others)} more`;
      const what = of === 'both' ? 'session and group' : of;
      const whose = `PID ${row.pid}, ${row.comm}, ${row.stat.startsWith('Z') ? 'a zombie' : 'which lives'}`;
      return `${begin} belongs to nobody and is free for nobody: it is the ${what} of ${whose}${more}.`;
    }
  }
}
