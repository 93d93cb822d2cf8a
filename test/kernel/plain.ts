/**
 * The kernel's interface with plain numbers in place of ids: the reference knows no others, and tests give
 * and take both.
 */
import type {
  CgroupId,
  CommId,
  KernelHooks,
  OriginId,
  PidNsId,
  TaskId,
  TaskRow,
} from '../../src/kernel/kernel.js';

export type Plain<T> = T extends (...given: infer Given) => infer Result
  ? (...given: { [I in keyof Given]: PlainValue<Given[I]> }) => PlainValue<Result>
  : PlainValue<T>;

type Id = TaskId | PidNsId | CgroupId | CommId | OriginId;
type PlainValue<T> = T extends Id ? number : T extends Id[] ? number[] : T extends TaskRow[] ? PlainRow[] : T;

export type PlainRow = { [K in keyof TaskRow]: PlainValue<TaskRow[K]> };
export type PlainHooks = { [K in keyof KernelHooks]: Plain<KernelHooks[K]> };
