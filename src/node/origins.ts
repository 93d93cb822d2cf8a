/**
 * The names of the kernel's accounts: pod, container and kind of each `OriginId`. The kernel counts tasks and
 * PIDs by account (kernel/origin-counts.ts), and a child is on the account of its parent; so blame comes from
 * the kernel's own books.
 */
import { type OriginId, originId } from '../kernel/kernel.js';

const ORIGIN_KINDS = [
  'host',
  'shim',
  'infra',
  'main',
  'liveness',
  'readiness',
  'startup',
  'hook',
  'exec',
  'ssh',
  'cron',
] as const;
export type OriginKind = (typeof ORIGIN_KINDS)[number];

export interface Origin {
  /** null: the host's own. */
  pod: string | null;
  container: string | null;
  kind: OriginKind;
  /** The program's comm. */
  program: string;
}

/** The same names have the same id: a pod that is made again goes on with its account. */
export class OriginNames {
  readonly all: Origin[] = [];
  readonly #byKey = new Map<string, OriginId>();

  /** 0 is the host's, as it is the kernel's own default. */
  constructor() {
    this.of('host', 'system', null, null);
  }

  of(kind: OriginKind, program: string, pod: string | null, container: string | null): OriginId {
    const key = `${pod}/${container}/${kind}/${program}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const id = originId(this.all.push({ pod, container, kind, program }) - 1);
    this.#byKey.set(key, id);
    return id;
  }
}
