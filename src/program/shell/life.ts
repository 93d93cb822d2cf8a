/**
 * How long a process and what it starts will live, as far as steps tell: a reader at the end of a pipe lives
 * as long as the pipe has a writer. The step language has no pipes, so that has to be known when the script
 * is compiled.
 */
import type { Distribution } from '../../sim/distribution.js';
import { parseDistribution } from '../duration.js';
import type { ExecBody, ProgramLibrary, Step } from '../step.js';

export interface Life {
  /** From the start to the end of the process itself. */
  endUs: number;
  /** … and to the end of the last process that has its stdout. */
  stdoutUs: number;
  status: number;
}

/** Of a process that SIGPIPE has ended. */
export const BROKEN_PIPE = 141;
/** Longer than any probe: it is of no interest how much. */
export const LONG_US = 3_600_000_000;
const STEPS_MAX = 20_000;

/** Where a process is ended from outside, and what then stands in its steps. */
interface Cut {
  atUs: number;
  end: readonly Step[];
}

interface Ended {
  endUs: number;
  status: number;
}

interface Image {
  children: Map<string, Ended>;
  all: Ended[];
  status: number;
  nowUs: number;
  /** It has the stdout. */
  holds: boolean;
  /** Where its steps go, if it is to be cut. */
  kept?: Step[];
}

/** What becomes of the stdout of processes. */
export interface Outputs {
  /** Forks whose child does not have it, and execs that give it up. */
  detached: { has(step: object): boolean };
  /** Steps that do nothing but stand where a shell gives it up for good, or writes to it. */
  marks?: { get(step: object): 'closes' | 'writes' | undefined };
  /** Nobody reads it any more from then on: what writes is ended by SIGPIPE. Default: somebody does. */
  readUntilUs?: number;
  /** Told of each such write. */
  onBroken?: (step: object) => void;
  /** Sleeps take as long as they ever do, or hardly ever longer. Default: as is typical. */
  isLong?: boolean;
}

/** The life of a process with these steps. */
export function lifeOf(steps: readonly Step[], library: ProgramLibrary, outputs?: Outputs): Life {
  return new Lives(library, outputs ?? { detached: new Set() }).of(steps);
}

/**
 * The steps that the process comes to before it is ended from outside, then `end`. What it has started goes
 * on. Of a branch only the usual way is taken.
 */
export function stepsUntil(
  steps: readonly Step[],
  library: ProgramLibrary,
  atUs: number,
  end: readonly Step[],
): Step[] {
  const kept: Step[] = [];
  new Lives(library, { detached: new Set() }, { atUs, end }).of(steps, kept);
  return kept;
}

/** Which of two processes is faster by less is a race, which the writer wins. */
const RACE_US = 5_000;

const GOES_ON = 0;
const HAS_ENDED = -1;

class Lives {
  private left = STEPS_MAX;
  private readonly holders: Ended[] = [];

  constructor(
    private readonly library: ProgramLibrary,
    private readonly outputs: Outputs,
    private readonly cut?: Cut,
  ) {}

  of(steps: readonly Step[], kept?: Step[]): Life {
    const { endUs, status } = this.process(steps, 0, true, 0, kept);
    return {
      endUs,
      stdoutUs: this.holders.reduce((last, holder) => Math.max(last, holder.endUs), 0),
      status,
    };
  }

  private process(
    steps: readonly Step[],
    startUs: number,
    holds: boolean,
    status: number,
    kept?: Step[],
  ): Ended {
    const image: Image = { children: new Map(), all: [], status, nowUs: startUs, holds, kept };
    const result = this.run(steps, image);
    const ended = { endUs: image.nowUs, status: result === HAS_ENDED ? image.status : 0 };
    if (image.holds) this.holders.push(ended);
    return ended;
  }

  /** GOES_ON, HAS_ENDED, or how many `repeat` steps are to be left. */
  private run(steps: readonly Step[], image: Image): number {
    for (const [index, step] of steps.entries()) {
      const { nowUs } = image;
      // A daemon gives its stdout up (R42); setsid(1) hands it on to what it becomes.
      const next = steps[index + 1];
      if (step === 'setsid' && !(typeof next === 'object' && 'exec' in next)) this.close(image);
      const result = this.step(step, image);
      if (image.kept !== undefined && this.cut !== undefined && this.keep(step, nowUs, image, this.cut))
        return HAS_ENDED;
      if (result !== GOES_ON) return result;
    }
    return GOES_ON;
  }

  /** True: it is in this step when it is ended. */
  private keep(step: Step, fromUs: number, image: Image, { atUs, end }: Cut): boolean {
    if (typeof step === 'object' && ('repeat' in step || 'if' in step || 'chance' in step || 'exec' in step))
      return false;
    const ended: Step[] = [{ sleep: `${Math.round(atUs - fromUs)}us` }, ...end];
    if (image.nowUs >= atUs) {
      image.kept!.push(...ended);
      image.kept = undefined;
      return true;
    }
    if (typeof step === 'string' || !('break' in step))
      image.kept!.push(
        typeof step === 'object' && 'fork' in step && step.fork.orElse !== undefined
          ? { fork: { ...step.fork, orElse: ended } }
          : step,
      );
    return false;
  }

  private step(step: Step, image: Image): number {
    if (--this.left < 0 || step === 'pause') image.nowUs = LONG_US;
    if (image.nowUs >= LONG_US) return HAS_ENDED;
    if (typeof step === 'string') return GOES_ON;
    const mark = this.outputs.marks?.get(step);
    if (mark === 'closes') this.close(image);
    if (mark === 'writes' && this.isBroken(image.nowUs)) {
      this.outputs.onBroken?.(step);
      image.status = BROKEN_PIPE;
      return HAS_ENDED;
    }
    if ('sleep' in step) image.nowUs += typicalUs(parseDistribution(step.sleep)!, this.outputs.isLong);
    else if ('fork' in step) this.fork(step, image);
    else if ('exec' in step) {
      if (this.outputs.detached.has(step)) image.holds = false;
      return this.exec(step.exec, image);
    } else if ('wait' in step) wait(step.wait, image);
    else if ('kill' in step) kill(step.kill.target, image);
    else if ('status' in step) image.status = step.status;
    else if ('exit' in step) {
      if (step.exit !== 'waited') image.status = step.exit;
      return HAS_ENDED;
    } else if ('if' in step)
      return this.run(image.status === step.if.status ? step.if.steps : (step.if.else ?? []), image);
    else if ('chance' in step)
      return this.run(step.chance.p >= 0.5 ? step.chance.steps : (step.chance.else ?? []), image);
    else if ('break' in step) return step.break;
    else if ('repeat' in step) return this.repeat(step.repeat, image);
    return GOES_ON;
  }

  private close(image: Image): void {
    if (image.holds) this.holders.push({ endUs: image.nowUs, status: 0 });
    image.holds = false;
  }

  private isBroken(nowUs: number): boolean {
    return nowUs > (this.outputs.readUntilUs ?? Number.POSITIVE_INFINITY) + RACE_US;
  }

  private fork(step: Extract<Step, { fork: unknown }>, image: Image): void {
    const { label, program, steps = [] } = step.fork;
    const body = program === undefined ? steps : (this.library.get(program)?.steps ?? []);
    const holds = image.holds && !this.outputs.detached.has(step);
    const child = this.process(body, image.nowUs, holds, image.status);
    image.all.push(child);
    if (label !== undefined) image.children.set(label, child);
  }

  private exec(body: ExecBody, image: Image): number {
    const known = 'program' in body ? this.library.get(body.program) : body;
    const steps = known?.steps ?? [];
    if (image.kept !== undefined) {
      const kept: Step[] = [];
      image.kept.push({ exec: { comm: known?.comm ?? 'command', steps: kept } });
      image.kept = kept;
    }
    image.children = new Map();
    image.status = 0;
    if (this.run(steps, image) === GOES_ON) image.status = 0;
    return HAS_ENDED;
  }

  private repeat(body: { times: number | 'forever'; steps: Step[] }, image: Image): number {
    const times = body.times === 'forever' ? Number.POSITIVE_INFINITY : body.times;
    for (let time = 0; time < times; time++) {
      const result = this.run(body.steps, image);
      if (result === HAS_ENDED) return HAS_ENDED;
      if (result > 0) return result - 1;
      if (this.left < 0) return HAS_ENDED;
    }
    return GOES_ON;
  }
}

function typicalUs(duration: Distribution, isLong = false): number {
  switch (duration.kind) {
    case 'constant':
      return duration.us;
    case 'uniform':
      return isLong ? duration.highUs : (duration.lowUs + duration.highUs) / 2;
    case 'exponential':
      return duration.meanUs * (isLong ? 5 : 1);
    case 'lognormal':
      return duration.medianUs * (isLong ? Math.exp(2.5 * duration.sigma) : 1);
  }
}

function wait(target: string, image: Image): void {
  const found = target === 'any' || target === 'all' ? image.all : [image.children.get(target)];
  for (const child of found) {
    if (child === undefined) continue;
    image.nowUs = Math.max(image.nowUs, child.endUs);
    image.status = child.status;
  }
}

function kill(target: string, image: Image): void {
  const child = image.children.get(target);
  if (child === undefined || child.endUs <= image.nowUs) return;
  child.endUs = image.nowUs;
  child.status = 143;
}
