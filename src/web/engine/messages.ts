/** What the page and the engine in its worker say to each other: plain data. */
import type { Act } from '../../node/by-hand.js';
import type { ProcessRow } from '../../procfs/process-row.js';
import type { Diagnostic } from '../../text/diagnostic.js';

export interface TimedAct {
  atUs: number;
  act: Act;
}

/** A world to be shown: a scenario, what is set in it, and what is done to it by hand. */
export interface Opening {
  yaml: string;
  settings: readonly string[];
  /** The pod from whose inside processes are seen; null: from the node. */
  pod: string | null;
  acts: readonly TimedAct[];
  /** A world so small that every transition of it can be kept as a frame; the table is that of the pod. */
  isSmall: boolean;
  /** Only its film is looked at: its moments are not kept, which takes four times as long as the run. */
  isFar?: boolean;
}

export interface Row extends Omit<ProcessRow, 'nspid'> {
  /** How deep in the tree, and in how many PID namespaces below the one that it is seen from. */
  depth: number;
  level: number;
  /** So many zombies that differ only in their PIDs. */
  count: number;
  pod: string | null;
}

export interface Counts {
  live: number;
  zombies: number;
  pinned: number;
  allocated: number;
  free: number;
  pidMax: number;
  /** What the kubelet takes to be in use. */
  kubelet: number;
}

export interface ProgramText {
  name: string;
  lines: { text: string; depth: number; pids: number[] }[];
}

/** A world at one moment. */
export interface Frame {
  timeUs: number;
  /** What has just happened; empty: nothing is told of it. */
  words: string;
  kind: string;
  /** The PIDs that it is about. */
  about: number[];
  counts: Counts;
  cells: Uint8Array;
  cursor: number;
  /** Of a small world: which process has which PID. */
  holders?: Record<number, string>;
  /** Absent: as they were. */
  rows?: Row[];
  /** Lines that did not fit. */
  rowsLeftOut?: number;
  programs?: ProgramText[];
}

/** The time line has so many parts. The world at the beginning of each is kept, and is there at once. */
export const MOMENTS = 480;

/** The beginning of one of them. */
export function momentUs(index: number, endUs: number): number {
  return Math.round((endUs * index) / MOMENTS);
}

export const FILM_COLUMNS = [
  'timeUs',
  'allocated',
  'zombies',
  'pinned',
  'pidMax',
  'free',
  'kubelet',
] as const;

/** A run from its beginning to its end, seen from afar. */
export interface Film {
  columns: Record<(typeof FILM_COLUMNS)[number], number[]>;
  marks: { timeUs: number; kind: string; text: string }[];
  endUs: number;
  /** Part of the run that is done, 0 to 1. */
  progress: number;
  /** When it is done. */
  digest: string | null;
  headline: string;
}

export type Opened =
  | { ok: true; title: string; endUs: number; pods: string[]; warnings: Diagnostic[] }
  | { ok: false; diagnostics: Diagnostic[] };

/** What can be asked, by name: its arguments, and what comes back. */
export interface Questions {
  open: (opening: Opening) => Opened;
  /** Transitions from a moment on, each as a frame of how it looks right after it. */
  steps: (fromUs: number, most: number) => Frame[];
  /** The last ones before a moment, in the order of time. */
  stepsBefore: (toUs: number, most: number) => Frame[];
  /** Exactly that moment: at once if it is one of MOMENTS and has been filmed. */
  seek: (toUs: number, withRows: boolean) => Frame;
  /** Does it at a moment, and goes on until it is known what came of it: in words. */
  act: (act: Act, atUs: number) => { words: string[]; timeUs: number };
  /** A pod, or the first one, as a litmus file; null: there is none. */
  litmus: (pod: string | null) => string | null;
  /** Which process has a PID of the table at a moment, in words. */
  holder: (pid: number, atUs: number) => string;
}
export type Question = keyof Questions;

export interface Ask {
  id: number;
  question: Question;
  args: unknown[];
}
export type Reply = { id: number; answer: unknown } | { id: number; error: string } | { film: Film };
