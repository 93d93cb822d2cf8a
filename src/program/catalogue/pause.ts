/** The infra ("pause") container of a pod: PID 1 of the pod's namespace where containers share it. */
import { pauseProgramName } from '../../node/versions/pause.js';
import type { ProgramSource } from '../step.js';

/**
 * pause up to 3.0: handlers for SIGINT and SIGTERM, then pause() for ever. SIGCHLD is at its default, which
 * is not SIG_IGN: nothing is delivered, and it never waits: what it adopts stays a zombie as long as the
 * sandbox lives.
 */
export const PAUSE_3_0: ProgramSource = {
  comm: 'pause',
  source: 'kubernetes/kubernetes build/pause/pause.c at 3.0 (PR 23009); issue 50865',
  description: 'Pause 3.0 and earlier: adopts orphans and never reaps them.',
  steps: [{ 'on-term': 'exit' }, 'pause'],
};

/** pause from 3.1 on: a SIGCHLD handler that calls waitpid(-1, WNOHANG) until nothing is left. */
export const PAUSE_3_1: ProgramSource = {
  comm: 'pause',
  source: 'kubernetes/kubernetes build/pause/linux/pause.c, sigreap (PR 36853, released by PR 56762)',
  description: 'Pause 3.1 and later: reaps what it adopts.',
  steps: [{ sigchld: 'reap-all' }, { 'on-term': 'exit' }, 'pause'],
};

/**
 * The program of a pause image's version (`3.0`, `3.9`, `3.10.1`, `v3.1`); undefined if that is not a
 * version.
 */
export function pauseProgram(version: string): ProgramSource | undefined {
  if (!/^v?\d+\.\d+(?:\.\d+)?(?:-.*)?$/.test(version)) return undefined;
  return pauseProgramName(version) === 'pause-3.0' ? PAUSE_3_0 : PAUSE_3_1;
}
