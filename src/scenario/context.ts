/** What every part of the resolution of one scenario shares. */

import type { Findings } from '../text/findings.js';
import type { SourceDocument } from '../text/yaml.js';
import type { Programs } from './programs.js';

export interface ResolveContext {
  document: SourceDocument;
  findings: Findings;
  programs: Programs;
  horizonUs: number;
  /** Text of a file by its path as the scenario has it, or null when it cannot be read. */
  readFile: (path: string) => string | null;
}
