/** Compiled programs: flat integer code that the interpreter runs. */
import type { Distribution } from '../sim/distribution.js';
import type { ProgramSource } from './step.js';

export interface Program {
  /** The name it was compiled under: a catalogue or scenario key. */
  name: string;
  /** What `ps` shows. */
  comm: string;
  source: ProgramSource;
  code: Int32Array;
  /** Tables that operands index. */
  durations: Distribution[];
  comms: string[];
  labels: string[];
}
