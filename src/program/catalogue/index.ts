/**
 * The catalogue: programs that ship with pidsim, each measured or published, and how names and command lines
 * lead to them. One file for each family: pause, inits, apps, probes, rabbitmq.
 */

export type { Assumption } from './assumed.js';
export type { CatalogueEntry } from './entry.js';
export { programFromTrace, type Race, type TraceReading } from './from-trace.js';
export { INIT_NAMES, type InitName, wrap } from './inits.js';
export { catalogue, programLibrary } from './library.js';
export { pauseProgram } from './pause.js';
export {
  type Resolution,
  type ResolvedCommand,
  type ResolveOptions,
  resolveCommand,
  resolveName,
} from './resolve.js';
export { type ParsedTrace, parseTrace, type TraceEvent, type TraceProblem } from './trace.js';
