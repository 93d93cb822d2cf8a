/** What the catalogue has under a name. */
import type { ProgramSource } from '../step.js';

export interface CatalogueEntry {
  build: () => ProgramSource;
  /** Does the same whatever its arguments are: found by the first word of a command line. */
  anyArguments?: true;
  /** A server: what a container runs, and not what a probe does with these arguments. */
  stays?: true;
  /** Its name as a container's own command. */
  server?: string;
  /** It runs what somebody else wrote. */
  interprets?: boolean;
}
