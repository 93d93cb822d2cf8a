/** Which moments are news: the first of a kind and changes of state, not every repetition. */
import type { RunEvent, RunEventKind } from './result.js';

/** So many events of one kind about one subject are told; the last of them says that more follow. */
const REPETITIONS_MAX = 20;

/** Each pod of the churn has a new name; together they are one subject. */
const CHURN = /^churn-\d+$/;

/** These kinds describe the state of a pod: the same state again is no news. */
const POD_STATES: ReadonlySet<RunEventKind> = new Set([
  'pod-created',
  'pod-create-failed',
  'pod-deleted',
  'pod-delete-stuck',
]);

/** Churn creates and deletes by turns: whether each of the two works is a state of its own. */
const CREATION: ReadonlySet<RunEventKind> = new Set(['pod-created', 'pod-create-failed']);

export class News {
  readonly #count = new Map<string, number>();
  readonly #podState = new Map<string, RunEventKind>();

  /** The event as it is to be told; null: it is no news. Asking changes nothing. */
  of(event: RunEvent): RunEvent | null {
    const { kind, subject } = event;
    if (this.#isOldState(kind, subject)) return null;
    const count = this.#countWith(kind, subject);
    if (count > REPETITIONS_MAX) return null;
    return count < REPETITIONS_MAX ? event : { ...event, detail: `${event.detail}; more of these follow` };
  }

  /** The event has happened, news or not. */
  note(kind: RunEventKind, subject: string): void {
    if (this.#isOldState(kind, subject)) return;
    if (POD_STATES.has(kind)) this.#podState.set(topicOf(kind, subject), kind);
    this.#count.set(keyOf(kind, subject), this.#countWith(kind, subject));
  }

  #isOldState(kind: RunEventKind, subject: string): boolean {
    return POD_STATES.has(kind) && this.#podState.get(topicOf(kind, subject)) === kind;
  }

  #countWith(kind: RunEventKind, subject: string): number {
    return (this.#count.get(keyOf(kind, subject)) ?? 0) + 1;
  }
}

function keyOf(kind: RunEventKind, subject: string): string {
  return `${kind} ${CHURN.test(subject) ? 'churn' : subject}`;
}

function topicOf(kind: RunEventKind, subject: string): string {
  return CHURN.test(subject) ? `churn ${CREATION.has(kind)}` : subject;
}
