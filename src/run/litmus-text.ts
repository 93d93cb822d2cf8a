/**
 * A small world as a litmus file: the text that `pidsim lab verify` runs on the model and on a real kernel.
 * The file's own format is read in the lab; here it is only written, so that a browser can do it too.
 */
import type { ProcessRow } from '../procfs/process-row.js';
import type { ProgramSource } from '../program/step.js';
import { writeYaml } from '../text/write-yaml.js';

export type LitmusTask = Pick<ProcessRow, 'pid' | 'ppid' | 'pgid' | 'sid' | 'stat' | 'comm'>;

export interface LitmusText {
  name: string;
  question: string;
  rules: string[];
  limits?: { pidMax?: number; pidsMax?: number };
  programs: Record<string, ProgramSource>;
  init: string;
  enter?: { at: string; every?: string; times?: number; program: string; setsid?: boolean }[];
  until?: string;
  expect?: {
    tasks?: LitmusTask[];
    pinned?: number[];
    refusals?: { errno: 'EAGAIN'; count: number; by: 'program' }[];
  };
}

/** @param comments the lines above it. */
export function litmusText(litmus: LitmusText, comments: readonly string[] = []): string {
  return comments.map((text) => `# ${text}\n`).join('') + writeYaml(litmus);
}
