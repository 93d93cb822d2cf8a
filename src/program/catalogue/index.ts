/** The programs that ship with pidsim, each measured or published, and the names that lead to them. */

export type { Assumption } from './assumed.js';
export { CATALOGUE } from './entries.js';
export type { CatalogueEntry } from './entry.js';
export { programFromTrace, type TraceReading } from './from-trace.js';
export { catalogue, programLibrary } from './library.js';
export { INIT_NAMES, wrap } from './programs.js';
export {
  type Resolution,
  type ResolveOptions,
  resolveCommand,
  resolveName,
} from './resolve.js';
export { parseTrace } from './trace.js';
