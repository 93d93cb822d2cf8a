/** Who has which zombies: the parent is the process that should have waited. */
import type { Capture } from '../procfs/capture.js';
import { type CapturedRow, LISTERS, SHIM } from '../procfs/captured-row.js';
import { pinnedPids } from '../procfs/pinned.js';
import type { RowLookup } from '../procfs/rows-by-pid.js';
import { type Rate, rateOf, type Starts } from './rate.js';

type View = 'host' | 'container' | 'unknown';
/** What the parent is, and so why the zombies are its own. */
type Adopter = 'pid1-of-container' | 'shim' | 'live-parent' | 'host-init';

export interface Family {
  /** null: the list has no column of parents. */
  pid: number | null;
  /** null: the parent is not listed. */
  comm: string | null;
  adopter: Adopter | null;
  /** Zombies, dead leaders included. */
  count: number;
  /** Leaders that have ended while threads of theirs go on: nobody has failed to wait. */
  deadLeaders: number;
  zombieComms: Record<string, number>;
  /** PIDs that these zombies pin; null: the columns do not tell. */
  pinned: number | null;
  /** Zombies of the parent's own session are children of its own; others came by an exec. null: not told. */
  ownSession: number | null;
  rate: Rate;
  /** Of the parent: what its cgroup, or the arguments of its shim, say. */
  where: string | null;
  /** Of the parent, also where it is inferred. */
  row: CapturedRow | null;
}

/** Fewer zombies of one parent are no leak yet. */
export const LEAK_MIN = 5;

/** Those with enough zombies; dead leaders are none that anybody should have waited for. */
export function leakers(families: readonly Family[]): Family[] {
  return families.filter(({ count, deadLeaders }) => count - deadLeaders >= LEAK_MIN);
}

export interface Census {
  view: View;
  processes: number;
  /** null: the list cannot show zombies. */
  zombies: number | null;
  /** Rows that are kernel threads or zombies, one cannot tell which. */
  doubtful: number;
  deadLeaders: number;
  families: Family[];
  /** Where no column and no inference tells the parents: all zombies as one. */
  unattributed: Family | null;
  /** Pinned PIDs; null: the columns do not tell. */
  pins: ReadonlySet<number> | null;
  byPid: RowLookup;
}

export function isKernelThread(row: CapturedRow, hasKthreadd: boolean): boolean {
  return hasKthreadd && (row.ppid === 2 || row.pid === 2);
}

export function censusOf(capture: Capture, isComplete: boolean): Census {
  const { rows, byPid, nowS, format, counted } = capture;
  const view = viewOf(capture, byPid);
  const hasKthreadd = byPid.get(2)?.name === 'kthreadd';
  const groups = new Map<number | null, CapturedRow[]>();
  let doubtful = 0;
  let deadLeaders = counted.reduce((sum, each) => sum + (each.isDeadLeader ? each.count : 0), 0);
  const seesZombies = capture.showsState && format !== 'docker-top' && format !== 'pstree';
  for (const row of rows) {
    const state = seesZombies ? isZombieRow(row, view, hasKthreadd) : false;
    if (state === null) doubtful++;
    if (!state) continue;
    if (isDeadLeader(row)) deadLeaders++;
    const group = groups.get(row.ppid);
    if (group === undefined) groups.set(row.ppid, [row]);
    else group.push(row);
  }
  // In a list without PIDs no group would have a leader, and all would seem pinned.
  const hasGroups = rows.some(({ pid, pgid, sid }) => pid > 0 && pgid !== null && sid !== null);
  const pins = isComplete && hasGroups ? new Set(pinnedPids(rows as Required<Ids>[], [], byPid)) : null;
  const inferred = aliveBesides(capture).length === 0 ? (byPid.get(1) ?? null) : null;
  const hasParents = rows.some(({ ppid }) => ppid !== null);
  const kin = { byPid, view, pins, nowS, inferred };
  const all = [...groups].map(([pid, zombies]) => familyOf(pid, zombies, kin));
  const isTold = hasParents || view === 'container';
  const found = [...groups.values()].reduce((sum, { length }) => sum + length, 0);
  return {
    view,
    processes: rows.length,
    zombies: seesZombies && rows.length > 0 ? found : null,
    doubtful,
    deadLeaders,
    families: isTold ? all.sort((a, b) => b.count - a.count) : [],
    unattributed: isTold ? null : (all[0] ?? null),
    pins,
    byPid,
  };
}

interface Ids {
  pid: number;
  pgid: number;
  sid: number;
}

/** Null: a kernel thread looks the same. */
function isZombieRow(
  { stat, mark, ppid, pid }: CapturedRow,
  view: View,
  hasKthreadd: boolean,
): boolean | null {
  if (stat !== null) return stat.startsWith('Z');
  if (mark !== 'bare') return mark === 'defunct';
  // No kernel thread has a PID in the namespace of a container.
  if (view === 'container') return true;
  if (ppid === null || !hasKthreadd) return ppid === null ? null : ppid !== 0 && ppid !== 2;
  return ppid !== 2 && pid !== 2;
}

function isDeadLeader({ stat, threads }: CapturedRow): boolean {
  return (threads ?? 1) > 1 || (stat?.includes('l') ?? false);
}

interface Kin {
  byPid: RowLookup;
  view: View;
  pins: ReadonlySet<number> | null;
  nowS: number | null;
  /** The only one who can be the parent, where no column tells. */
  inferred: CapturedRow | null;
}

function familyOf(pid: number | null, zombies: CapturedRow[], kin: Kin): Family {
  const { byPid, view, pins, nowS } = kin;
  const row = pid === null ? kin.inferred : (byPid.get(pid) ?? null);
  const starts: Starts = new Map();
  const zombieComms = new Map<string, number>();
  const pinned = new Set<number>();
  let deadLeaders = 0;
  let own = 0;
  for (const zombie of zombies) {
    zombieComms.set(zombie.name, (zombieComms.get(zombie.name) ?? 0) + 1);
    if (zombie.sid !== null && zombie.sid === row?.sid) own++;
    for (const id of [zombie.pgid, zombie.sid]) if (id !== null && pins?.has(id)) pinned.add(id);
    if (isDeadLeader(zombie)) deadLeaders++;
    else if (zombie.start !== null) starts.set(zombie.start, (starts.get(zombie.start) ?? 0) + 1);
  }
  return {
    pid,
    comm: pid === null ? null : (row?.name ?? null),
    adopter: pid === null && row === null ? null : adopterOf(pid, row, byPid, view),
    count: zombies.length,
    deadLeaders,
    zombieComms: Object.fromEntries([...zombieComms].sort(([, a], [, b]) => b - a)),
    pinned: pins === null ? null : pinned.size,
    ownSession: row === null || row.sid === null || (zombies[0]?.sid ?? null) === null ? null : own,
    rate: rateOf(starts, nowS),
    where: row === null ? null : whereOf(row, byPid),
    row,
  };
}

function adopterOf(
  pid: number | null,
  row: CapturedRow | null,
  byPid: RowLookup,
  view: View,
): Adopter | null {
  if (pid === 0) return 'shim';
  if (pid === null || pid === 1) {
    if (view === 'container' || (view === 'unknown' && row !== null && !INITS.test(row.name)))
      return 'pid1-of-container';
    return pid === 1 && view === 'host' ? 'host-init' : null;
  }
  if (row === null) return null;
  if (SHIM.test(row.name)) return 'shim';
  if (row.innerPid === 1 || row.name === 'pause') return 'pid1-of-container';
  const above = row.ppid === null ? undefined : byPid.get(row.ppid);
  if (above !== undefined && SHIM.test(above.name)) return 'pid1-of-container';
  // `ps --forest` draws children of PID 1 at the left edge; a PID 1 of a container stands below its shim.
  const isAtEdge = row.ppid === null && row.depth === 0 && view === 'host';
  // Without its own parent nobody can tell a PID 1 of a container from any other process.
  return view === 'container' || above !== undefined || row.ppid === 0 || row.ppid === 1 || isAtEdge
    ? 'live-parent'
    : null;
}

const INITS = /^(systemd|init|launchd|upstart|s6-svscan|runit|openrc-init)$/;
const NODE_PROGRAMS =
  /^(containerd|dockerd|docker-containe|kubelet|crio|k3s|rke2|kthreadd|systemd-\w+|sshd|agetty)$/;

/** From where the list was made. */
function viewOf({ rows, around, format, counted }: Capture, byPid: RowLookup): View {
  const first = byPid.get(1);
  if (first?.name === 'launchd' || counted.some(({ name }) => SHIM.test(name))) return 'host';
  if (rows.some(({ name, pid }) => SHIM.test(name) || (pid === 2 && name === 'kthreadd'))) return 'host';
  if (around.via === 'exec') return 'container';
  if (format === 'docker-top') return 'host';
  if (rows.some(({ name, ppid }) => NODE_PROGRAMS.test(name) && name !== 'sshd' && ppid !== 0)) return 'host';
  if (first === undefined) return 'unknown';
  if (
    first.name === 'systemd' ||
    (INITS.test(first.name) && rows.some(({ name }) => NODE_PROGRAMS.test(name)))
  )
    return 'host';
  if (!INITS.test(first.name)) return 'container';
  return 'unknown';
}

/** The container, as its cgroup or the arguments of its shim tell it. */
export function whereOf(row: CapturedRow, byPid: RowLookup): string | null {
  const pod = /pod([0-9a-f]{8}[-_][0-9a-f_-]{27})/.exec(row.cgroup ?? '')?.[1].replaceAll('_', '-');
  const container = /(?:^|[/:-])([0-9a-f]{64})/.exec(row.cgroup ?? '')?.[1].slice(0, 12);
  const simulated = /^0::\/kubepods\/(.+)\/([^/]+)$/.exec(row.cgroup ?? '');
  if (simulated !== null) return `pod ${simulated[1]}, container ${simulated[2]}`;
  const service = /\/([\w@.-]+\.service)$/.exec(row.cgroup ?? '')?.[1];
  if (pod !== undefined || container !== undefined)
    return [pod && `pod ${pod}`, container && `container ${container}`].filter(Boolean).join(', ');
  if (service !== undefined) return service;
  const shim = SHIM.test(row.name) ? row : byPid.get(row.ppid ?? -1);
  if (shim === undefined || !SHIM.test(shim.name)) return null;
  const named = /\sk8s_([\w.-]+?)_([\w.-]+?)_([\w.-]+?)_/.exec(shim.args);
  if (named !== null) return `pod ${named[3]}/${named[2]}, container ${named[1]}`;
  const id = /(?:^|[\s/])([0-9a-f]{12,64})(?=\s|$|\/)/.exec(shim.args)?.[1];
  return id === undefined
    ? null
    : `${/k8s\.io/.test(shim.args) ? 'pod sandbox' : 'container'} ${id.slice(0, 12)}`;
}

/** In a container without a column of parents: who else is alive but PID 1 and what made the list. */
export function aliveBesides({ rows }: Capture): CapturedRow[] {
  return rows.filter(({ pid, mark, stat, name }) => {
    return pid !== 1 && mark === 'plain' && !stat?.startsWith('Z') && !LISTERS.test(name);
  });
}

/** From a summary, which tells at most the PIDs of the parents. null: not even those. */
export function familiesOfCounts(counted: Capture['counted']): Family[] | null {
  const families = new Map<number, Family>();
  for (const { ppid, name, count, isZombie, isDeadLeader } of counted) {
    if (ppid === null || isZombie !== true) continue;
    const kin = { byPid: new Map(), view: 'unknown' as const, pins: null, nowS: null, inferred: null };
    const family = families.get(ppid) ?? familyOf(ppid, [], kin);
    family.count += count;
    if (isDeadLeader) family.deadLeaders += count;
    family.zombieComms[name] = (family.zombieComms[name] ?? 0) + count;
    families.set(ppid, family);
  }
  return families.size === 0 ? null : [...families.values()].sort((a, b) => b.count - a.count);
}
