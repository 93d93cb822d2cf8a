import type { DiagnosticCode } from './codes.js';
import type { Aim, Path } from './yaml.js';

/** What is wrong with a value that has the right type. */
export interface Objection {
  code: DiagnosticCode;
  message: string;
  /** A getter where it takes time to find. */
  readonly hint?: string;
  /** The place below the value that was looked at; without it, the value itself. */
  path?: Path;
  aim?: Aim;
}
