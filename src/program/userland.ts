/** Whose programs an image has: what `sh`, `timeout` and `wget` are (DESIGN, docs/rules.md R37 to R39). */
import { type ShellKind, type ShellName, shCalled } from './shell/kinds.js';

export const USERLANDS = ['debian', 'busybox', 'rhel'] as const;
export type Userland = (typeof USERLANDS)[number];

const SH: Readonly<Record<Userland, ShellName>> = { debian: 'dash', busybox: 'ash', rhel: 'bash' };

/** `sh` of a userland; not known: Debian's. */
export function shOf(userland: Userland | null): ShellKind {
  return shCalled(SH[userland ?? 'debian']);
}

const BY_NAME: readonly [RegExp, Userland][] = [
  [/alpine|busybox/, 'busybox'],
  [
    /\b(ubi\d*|rhel\d*|centos|fedora|rocky(linux)?|alma(linux)?|amazonlinux|oraclelinux|el[789]|al20\d\d)\b/,
    'rhel',
  ],
  [/debian|ubuntu|buster|bullseye|bookworm|trixie|focal|jammy|noble|slim|bitnami/, 'debian'],
];

/** The userland that the name or the tag of an image tells, or null. */
export function userlandOf(image: string): Userland | null {
  const text = image.toLowerCase().replace(/@.*$/, '');
  return BY_NAME.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}
