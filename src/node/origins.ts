/**
 * Whose tasks are these? The kernel counts tasks and numbers by a small integer that forks inherit (`forkAs`);
 * this gives the integers their names, so that blame comes from the kernel's own books.
 */
export const ORIGIN_KINDS = [
  'host',
  'shim',
  'infra',
  'main',
  'liveness',
  'readiness',
  'startup',
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

/** The same names give the same integer, so a pod that is made again goes on with its account. */
export class Origins {
  readonly all: Origin[] = [];
  readonly #byKey = new Map<string, number>();

  /** 0 is the host's, as it is the kernel's own default. */
  constructor() {
    this.of('host', 'system', null, null);
  }

  of(kind: OriginKind, program: string, pod: string | null, container: string | null): number {
    const key = `${pod}/${container}/${kind}/${program}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    this.#byKey.set(key, this.all.length);
    return this.all.push({ pod, container, kind, program }) - 1;
  }
}
