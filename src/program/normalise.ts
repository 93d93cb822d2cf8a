/** One spelling for each program: two texts with the same meaning become the same data. */
import { mapStepLists } from './check.js';
import { truncateComm } from './comm.js';
import { parseDistribution, printDistribution } from './duration.js';
import type { DurationText, ForkBody, ProgramSource, Step } from './step.js';

/** The program with `orElse` inside its fork, comms as the kernel cuts them, durations as printed. */
export function normaliseProgram(source: ProgramSource): ProgramSource {
  return {
    comm: truncateComm(source.comm),
    ...(source.source === undefined ? {} : { source: source.source }),
    ...(source.description === undefined ? {} : { description: source.description }),
    steps: source.steps.map(normaliseStep),
  };
}

function normaliseStep(step: Step): Step {
  if (typeof step === 'string') return step;
  if ('sleep' in step) return { sleep: normaliseDuration(step.sleep) };
  if ('fork' in step) return { fork: normaliseFork(step.fork, step.orElse) };
  if ('exec' in step && 'comm' in step.exec)
    return { exec: { comm: truncateComm(step.exec.comm), steps: step.exec.steps.map(normaliseStep) } };
  return mapStepLists(step, (steps) => steps.map(normaliseStep));
}

function normaliseFork(fork: ForkBody, orElseBeside: Step[] | undefined): ForkBody {
  const orElse = fork.orElse ?? orElseBeside;
  return {
    ...(fork.label === undefined ? {} : { label: fork.label }),
    ...(fork.comm === undefined ? {} : { comm: truncateComm(fork.comm) }),
    ...(fork.program === undefined ? { steps: fork.steps!.map(normaliseStep) } : { program: fork.program }),
    ...(orElse === undefined ? {} : { orElse: orElse.map(normaliseStep) }),
  };
}

function normaliseDuration(text: DurationText): DurationText {
  const distribution = parseDistribution(text);
  if (distribution === null) throw new Error(`not a validated duration: ${JSON.stringify(text)}`);
  return printDistribution(distribution);
}
