/** Does a program, as PID 1, wait for children that it has not started? */
import type { Program } from './code.js';
import type { Step } from './step.js';

/**
 * By its own steps, up to the image that it ends as. One that waits for a child by its label alone does not;
 * one that does so in a branch does.
 */
export function reapsStrangers({ entries, source }: Program): boolean {
  return stepsReap(source.steps, new Map(entries.map((entry) => [entry.name, entry.source])));
}

function stepsReap(steps: readonly Step[], library: ReadonlyMap<string, { steps: Step[] }>): boolean {
  let reaps = false;
  for (const step of steps) {
    if (typeof step === 'string') reaps ||= step === 'reap';
    else if ('exec' in step) {
      const image = 'program' in step.exec ? library.get(step.exec.program)! : step.exec;
      return stepsReap(image.steps, library);
    } else if ('wait' in step) reaps ||= step.wait === 'any' || step.wait === 'all';
    else if ('sigchld' in step) reaps = step.sigchld !== 'default';
    else reaps ||= innerSteps(step).some((inner) => stepsReap(inner, library));
  }
  return reaps;
}

/** What the process itself may do: not what a child of it does. */
function innerSteps(step: Exclude<Step, string>): Step[][] {
  if ('repeat' in step) return [step.repeat.steps];
  if ('chance' in step) return [step.chance.steps, step.chance.else ?? []];
  if ('if' in step) return [step.if.steps, step.if.else ?? []];
  return [];
}
