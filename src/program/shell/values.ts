/** What is known of a word when a script is compiled. */

/** A text; or that it stands for something only a run can tell. */
export type Value =
  | { text: string }
  /** The status of a child: what `$?` was at that moment, by the count of statuses so far. */
  | { statusOf: number }
  /** The PID of a job in the background, by its label. */
  | { job: string }
  /** `$$`. */
  | { self: true }
  /** `like`: what is known of its text, with `$…` for the rest. */
  | { unknown: true; like?: string };

export const UNKNOWN: Value = { unknown: true };

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
