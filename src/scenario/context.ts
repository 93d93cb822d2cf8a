/** What every part of the resolution of one scenario shares. */

import type { Userland } from '../program/userland.js';
import type { Findings } from '../text/findings.js';
import type { SourceDocument } from '../text/yaml.js';
import type { AssumedImages } from './assumed-images.js';
import type { KubeObject } from './manifest/text.js';
import type { Programs } from './programs.js';

export interface ResolveContext {
  document: SourceDocument;
  findings: Findings;
  programs: Programs;
  horizonUs: number;
  /** Text of a file by its path as the scenario has it, or null when it cannot be read. */
  readFile: (path: string) => string | null;
  /** Manifests that have been read, by their paths; null: one could not be, which has been said. */
  manifests: Map<string, KubeObject[] | null>;
  /** Where manifests that name several nodes are taken apart: the node that is meant. */
  node?: string;
  /** Where a container is resolved: whose programs its image has. */
  userland?: Userland | null;
  /** … and the scripts that it has. */
  files?: Readonly<Record<string, string>>;
  /** Limits of containers that have none of their own. */
  ulimits?: { nproc?: number };
  /** Images of which it is assumed what they run: said when all are known. */
  assumedImages: AssumedImages;
}
