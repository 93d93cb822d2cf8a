/** The engine: everything that runs alike in Node and in a browser. */

export type { Act } from './node/by-hand.js';
export * from './node/spec.js';
export type { ProcessRow } from './procfs/process-row.js';
export type { Program } from './program/code.js';
export type { ProgramLibrary, ProgramSource, Step } from './program/step.js';
export * from './run/result.js';
export {
  EVENTS_MAX,
  observeAt,
  Run,
  type RunOptions,
  ScenarioRunError,
  type SimulateOptions,
  simulate,
  type Time,
} from './run/run.js';
export type { TellTransition, Transition, Who } from './run/transitions.js';
export type { ScenarioDocument } from './scenario/document.js';
export type { Expectation } from './scenario/expect.js';
export { type ParseOptions, parseManifests, parseScenario, parseScenarioValue } from './scenario/parse.js';
export type { Scenario } from './scenario/scenario.js';
export type { Diagnostic, Parsed } from './text/diagnostic.js';
