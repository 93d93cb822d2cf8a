/** What watches a run. An observer takes notes and may schedule events; it must not touch the node. */
import type { ForkRefusal, TaskId } from '../kernel/kernel.js';
import type { NodeObserver } from '../node/context.js';
import type { MachineObserver } from '../program/machine.js';
import type { Simulation } from '../sim/simulation.js';
import { US_PER_SECOND } from '../sim/time.js';
import { REPETITIONS_MAX, type RunEvent, type RunEventKind, type TimelineRow } from './result.js';

export interface RunObserver extends MachineObserver {
  /** A moment that is news; repetitions reach no observer. */
  moment?(event: RunEvent): void;
  /** A reading of the node at the end of an instant; a second one at the same time replaces the first. */
  row?(row: TimelineRow): void;
}

type Watches<Hook extends keyof RunObserver> = RunObserver & Required<Pick<RunObserver, Hook>>;

/**
 * The list of a run's observers. It passes on what others tell to each that has the method, in its order.
 *
 *     machine: refused, namespaceEnds, wrapped ─┐
 *     node, observers: moment ──► is it news? ──┼─► each observer
 *     sampler: row ─────────────────────────────┘
 */
export class Observers implements MachineObserver, NodeObserver {
  readonly #news = new News();
  readonly #all: RunObserver[] = [];
  /** The observers with `refused`. A full node refuses forks by the million: the others cost nothing then. */
  readonly #ofRefusals: Watches<'refused'>[] = [];

  constructor(private readonly sim: Simulation) {}

  add(...observers: RunObserver[]): void {
    this.#all.push(...observers);
    this.#ofRefusals.push(
      ...(observers.filter((observer) => observer.refused !== undefined) as Watches<'refused'>[]),
    );
  }

  moment(kind: RunEventKind, subject: string, detail: string): void {
    const told = this.newsOf(kind, subject, detail);
    this.#news.note(kind, subject);
    if (told !== null) for (const observer of this.#all) observer.moment?.(told);
  }

  /** What `moment` would tell now; null: it is no news. Asking changes nothing. */
  newsOf(kind: RunEventKind, subject: string, detail: string): RunEvent | null {
    return this.#news.of({ timeSeconds: this.sim.nowUs / US_PER_SECOND, kind, subject, detail });
  }

  refused(parent: TaskId, refusal: ForkRefusal): void {
    for (const observer of this.#ofRefusals) observer.refused(parent, refusal);
  }

  namespaceEnds(init: TaskId): void {
    for (const observer of this.#all) observer.namespaceEnds?.(init);
  }

  wrapped(): void {
    for (const observer of this.#all) observer.wrapped?.();
  }

  row(row: TimelineRow): void {
    for (const observer of this.#all) observer.row?.(row);
  }
}

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

/** Which moments are news: the first of a kind and changes of state, not every repetition. */
class News {
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
