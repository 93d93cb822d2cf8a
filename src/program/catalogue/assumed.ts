/** Programs of which only the name is known: a plain binary, a script that waits for what it starts. */
import { truncateComm } from '../comm.js';
import type { ProgramSource, Step } from '../step.js';
import { measuredSteps } from './measured.js';
import { basename } from './words.js';

/** What was taken for granted: where (in a script), what, and what follows from it. */
export interface Assumption {
  where?: string;
  what: string;
  effect: string;
  /** Of an assumed program; what if it were another is for a bracket to say. */
  orphansPerRun?: number;
  /** The name by which `orphansOf` knows that program. */
  command?: string;
  /** Usual enough to be said with the result alone, without a warning: what only a run can tell. */
  isUsual?: boolean;
}

/** An orphan that an assumed program is said to leave. */
const ORPHAN: Step = { fork: { steps: ['setsid', { sleep: '10ms' }], orElse: [] } };

function isScriptFile(file: string): boolean {
  return /\.(sh|bash|ksh)$/.test(file) || /^(docker-)?entrypoint|healthcheck$/.test(basename(file));
}

interface Assumed {
  source: ProgramSource;
  assumption: Assumption;
}

/** That it is not known what a command does, named as a person wrote it. */
export function unknownWords(command: string): string {
  return `it is not known what \`${command}\` does to the process table`;
}

/** A command of which nothing is known, as what a container runs: it stays. */
export function assumedServer(file: string): Assumed {
  const steps: Step[] = [{ 'on-term': 'exit' }, 'pause'];
  const description = 'Assumed: starts no process and waits for none.';
  return {
    source: { comm: commOf(file), description, steps },
    assumption: { what: unknownWords(file), effect: 'taken as a quiet program that stays' },
  };
}

/** What is assumed of a command: `orphans` of each run, 0 if nobody says otherwise. */
export function assumedProgram(file: string, orphans: number): Assumed {
  const comm = commOf(file);
  const left = Array.from({ length: orphans }, () => ORPHAN);
  const isScript = isScriptFile(file);
  const script: Step[] = [{ fork: { label: 'command', steps: [{ sleep: '2ms' }] } }, { wait: 'command' }];
  const steps: Step[] = isScript
    ? [{ sigchld: 'reap-all' }, ...left, ...script, { exit: 'waited' }]
    : [...left, ...(measuredSteps(comm) ?? [{ sleep: '2ms' }])];
  const kind = isScript ? 'a script that waits for what it starts' : 'a plain program that starts no other';
  const effect =
    orphans === 0 ? `taken as ${kind}` : `taken to leave ${orphans} orphan${orphans === 1 ? '' : 's'} a run`;
  return {
    source: { comm, description: `Assumed: ${kind}.`, steps },
    assumption: { what: unknownWords(file), effect, orphansPerRun: orphans, command: file },
  };
}

/** A line break in a name is shown as ps shows it. */
function commOf(file: string): string {
  return truncateComm(basename(file).replace(/[\0\r\n]/g, '?') || 'command');
}
