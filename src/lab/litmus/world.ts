/** What the model and the real kernel are asked about: process tables and the PIDs behind them. */
import type { ProcessRow } from '../../procfs/process-row.js';

/** What one PID namespace holds. */
export interface View {
  tasks: ProcessRow[];
  /** PIDs that are taken and belong to no task, in order. */
  pinned: number[];
}

export const REFUSED_BY = ['program', 'entry'] as const;

/** Refused forks and threads of one kind. */
export interface Refusal {
  errno: 'EAGAIN' | 'ENOMEM' | 'other';
  /** A program's own fork or thread, or the fork with which something would have entered. */
  by: (typeof REFUSED_BY)[number];
  count: number;
}

/** The world at rest. */
export interface World {
  /** The namespace of the litmus' init. */
  inside: View;
  /** The namespace around it, without its PID 1, which is the observer. */
  outside: View;
  /** Namespaces made inside, by name. */
  nested: Record<string, View>;
  refusals: Refusal[];
  /** Of the cgroup that everything inside lives in. */
  pidsCurrent: number;
  /** `max` in its pids.events; null where it was not read. */
  pidsEvents: number | null;
}

/** What became of a litmus in one of the two worlds. */
export type Outcome =
  | { kind: 'rest'; world: World }
  /** It never came to rest within the bound; the world as it was then, if it could still be read. */
  | { kind: 'restless'; after: string; world: World | null }
  /** This machine cannot run it: what is missing and what to do about it, a line each. */
  | { kind: 'skipped'; missing: string[] }
  /** A defect of the lab itself. */
  | { kind: 'failed'; message: string };

export const VERDICTS = ['agrees', 'differs', 'skipped', 'failed'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** `pidsim lab verify -o json`. */
export interface VerificationDocument {
  kernel: { release: string; cgroup: 'v1' | 'v2' };
  results: {
    name: string;
    file: string;
    question: string;
    rules: string[];
    verdict: Verdict;
    model: Outcome;
    kernel: Outcome;
    /** What is otherwise than the file says, in each world; a line each. */
    unexpected: { model: string[]; kernel: string[] };
    /** What the kernel did on two CPUs, a run each; the verdict is about the order of one. */
    otherOrders: Outcome[];
  }[];
}

/** Refusals in one order, those that did not happen left out. */
export function sortRefusals(refusals: Refusal[]): Refusal[] {
  const key = (refusal: Refusal): string => `${refusal.by} ${refusal.errno}`;
  return refusals.filter(({ count }) => count > 0).sort((a, b) => (key(a) < key(b) ? -1 : 1));
}
