/**
 * Programs that somebody has written down (programs.json): pauses, applications, probes by what they leave
 * behind, and small inits and shells around the program of their child.
 *
 * What an init does between fork and exec, and which children it waits for, was seen with strace on Debian
 * 12's packages. Two things are left out: a real init passes SIGTERM on to its child and ends when that has
 * ended, here it exits at once; and it also looks for children once a second, which matters to no outcome.
 * dash forks even for a single command, and waits with waitpid(-1), so that it reaps strangers as well; bash
 * becomes the last command of `-c`, and tries a refused fork again for 15 s (K44).
 */
import { pauseProgramName } from '../../node/versions/pause.js';
import type { ExecBody, ProgramSource } from '../step.js';
import file from './programs.json' with { type: 'json' };

/** Each is held to the step language by its test. */
export const PROGRAMS = file.programs as unknown as Readonly<
  Record<keyof typeof file.programs, ProgramSource>
>;

export type InitName = keyof typeof file.inits;
export const INIT_NAMES = Object.keys(file.inits) as InitName[];

/** What stands in an init for the program that it runs. */
const CHILD = 'CHILD';

/** The init or shell of that name, with a program, by its name or in place, as its main child. */
export function wrap(init: InitName, child: string | ExecBody): ProgramSource {
  const body = typeof child === 'string' ? { program: child } : child;
  return JSON.parse(JSON.stringify(file.inits[init]), (_key, value) =>
    value?.program === CHILD ? body : value,
  );
}

/**
 * The program of a pause image's version (`3.0`, `3.9`, `3.10.1`, `v3.1`); undefined if that is not a
 * version. Up to 3.0 it has SIGCHLD at its default, which is not SIG_IGN: nothing is delivered, and what it
 * adopts stays a zombie as long as the sandbox lives. From 3.1 on a handler reaps until nothing is left.
 */
export function pauseProgram(version: string): ProgramSource | undefined {
  return /^v?\d+\.\d+(?:\.\d+)?(?:-.*)?$/.test(version) ? PROGRAMS[pauseProgramName(version)] : undefined;
}
