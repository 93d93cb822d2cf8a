/** The moments that matter, in order: the first of a kind and changes of state, not every repetition. */
import type { RunEvent, RunEventKind } from './result.js';

/** Of one kind about one subject no more than this are kept; the last one says that there are more. */
const REPETITIONS_MAX = 20;

/** Pods of the churn are new each time; together they are one subject. */
const CHURN = /^churn-\d+$/;

/** These describe the state of a pod: the same again is no news. */
const POD_STATES: ReadonlySet<RunEventKind> = new Set([
  'pod-created',
  'pod-create-failed',
  'pod-deleted',
  'pod-delete-stuck',
]);

/** Creating and deleting are two different things to be able to do, for pods that are new each time. */
const CREATION: ReadonlySet<RunEventKind> = new Set(['pod-created', 'pod-create-failed']);

export class EventLog {
  readonly events: RunEvent[] = [];
  readonly #count = new Map<string, number>();
  readonly #podState = new Map<string, RunEventKind>();

  /** Returns false for what is no news. */
  add(timeSeconds: number, kind: RunEventKind, subject: string, detail: string): boolean {
    const who = CHURN.test(subject) ? 'churn' : subject;
    if (POD_STATES.has(kind) && !this.#isNewState(kind, who)) return false;
    const key = `${kind} ${who}`;
    const count = (this.#count.get(key) ?? 0) + 1;
    this.#count.set(key, count);
    if (count > REPETITIONS_MAX) return false;
    const more = count === REPETITIONS_MAX ? '; more of these follow' : '';
    this.events.push({ timeSeconds, kind, subject, detail: detail + more });
    return true;
  }

  #isNewState(kind: RunEventKind, who: string): boolean {
    const topic = who === 'churn' ? `churn ${CREATION.has(kind)}` : who;
    if (this.#podState.get(topic) === kind) return false;
    this.#podState.set(topic, kind);
    return true;
  }
}
