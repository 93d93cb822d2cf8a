/** What is known of a word when a script is compiled. */
import { PID_MAX_LIMIT } from '../../kernel/limits.js';

/** A text (`isUsual`: while commands end as they usually do); or that only a run can tell. */
export type Value =
  | { text: string; isUsual?: boolean }
  /** The status of a child: what `$?` was at that moment, by the count of statuses so far. */
  | { statusOf: number }
  /** An array. */
  | { items: readonly Value[] }
  /** `$$`. */
  | { self: true }
  /** `like`: what is known of its text, with `$…` for the rest. */
  | { unknown: true; like?: string };

export const UNKNOWN: Value = { unknown: true };

/** What stands for the PID of a job, which only a run can tell: one that no process has. */
export function pidText(job: string): string {
  return String(PID_MAX_LIMIT + Number(job.slice(JOB.length)));
}

/** The job whose PID that is. */
export function jobOfPid(text: string | null): string | null {
  const number = Number(text) - PID_MAX_LIMIT;
  return number > 0 ? jobLabel(number) : null;
}

const JOB = 'job-';

export function jobLabel(number: number): string {
  return JOB + number;
}

export function textOf(value: Value | undefined): string | null {
  return value !== undefined && 'text' in value ? value.text : null;
}

/** The status of the command before, as far as it is known (`$?`). */
export type Status =
  | { is: 'known'; value: number }
  /** That of the child that was waited for last. `failed`: not 0. */
  | { is: 'waited'; failed?: boolean }
  /** `ifSame` if that of the child is `value`, else `ifOther`. */
  | { is: 'compared'; value: number; ifSame: number; ifOther: number }
  /** Up to a file, an output, the environment: `why` says what. */
  | { is: 'open'; why: string };

export const SUCCESS: Status = { is: 'known', value: 0 };
export const FAILURE: Status = { is: 'known', value: 1 };

export function known(value: number): Status {
  return { is: 'known', value: value & 0xff };
}

/** The status after `!`. */
export function negated(status: Status): Status {
  switch (status.is) {
    case 'known':
      return status.value === 0 ? FAILURE : SUCCESS;
    case 'waited':
      return status.failed ? SUCCESS : { is: 'compared', value: 0, ifSame: 1, ifOther: 0 };
    case 'compared':
      return { ...status, ifSame: status.ifSame === 0 ? 1 : 0, ifOther: status.ifOther === 0 ? 1 : 0 };
    default:
      return status;
  }
}
