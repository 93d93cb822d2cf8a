/**
 * Ids of rows in the kernel's tables. Each kind is a type of its own, so that two of them cannot be swapped
 * in a call; at run time all are plain integers.
 *
 * In this folder a number that has been read from a table becomes an id by `as`. Elsewhere ids are only
 * passed on; one that has been through a table of numbers, such as the event calendar, becomes an id again by
 * a function below.
 */
export declare const kinds: unique symbol;
export type Id<Kind extends string> = number & { readonly [kinds]: { readonly [K in Kind]: true } };

/** A row of the task table (tasks.ts). Free again, and reused, once the task has been released. */
export type TaskId = Id<'task'>;
export type PidNsId = Id<'pid-namespace'>;
export type CgroupId = Id<'cgroup'>;
/** The name of a process: see `Kernel.comm`. */
export type CommId = Id<'comm'>;
/** The account that tasks and their PIDs are counted in: see `Kernel.forkAs`. */
export type OriginId = Id<'origin'>;

/** "No such row", of any table: ends lists, stands for the parent of the first task. */
export const NONE = -1 as Id<'task' | 'pid-namespace' | 'cgroup' | 'comm' | 'origin'>;

/** There from boot on: the host's namespace, the root of the cgroups, the account of the host's PID 1. */
export const HOST_NS = 0 as PidNsId;
export const ROOT_CGROUP = 0 as CgroupId;
export const HOST_ORIGIN = 0 as OriginId;

export function taskId(id: number): TaskId {
  return id as TaskId;
}

export function pidNsId(id: number): PidNsId {
  return id as PidNsId;
}

export function originId(id: number): OriginId {
  return id as OriginId;
}

export function cgroupId(id: number): CgroupId {
  return id as CgroupId;
}
