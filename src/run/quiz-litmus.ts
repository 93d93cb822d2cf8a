/** A problem as a litmus file: one action per second, each in the program of the process that does it. */
import type { ProgramSource, Step } from '../program/step.js';
import { type LitmusTask, type LitmusText, litmusText } from './litmus-text.js';
import { type Action, type Answer, type Problem, textOf } from './quiz.js';

/** @param name of its file, without the ending. */
export function quizLitmus(name: string, problem: Problem, answer: Answer): string {
  const { actions, initReaps, pidsMax } = problem;
  const steps = new Steps(problem, answer);
  const entered = actions.flatMap(({ actor, does }, index) => (does === '>' ? { actor, index } : []));
  const programs: Record<string, ProgramSource> = { a: { comm: 'a', steps: steps.of('a', 0) } };
  if (initReaps) programs.a.steps.unshift({ sigchld: 'reap-all' });
  for (const { actor, index } of entered)
    programs[actor] = { comm: actor, steps: steps.of(actor, index + 1) };
  const refusals = answer.steps.flat().filter(({ kind }) => kind === 'refused').length;
  const litmus: LitmusText = {
    name,
    question: `Which processes are there after ${actions.map(textOf).join(', ')}?`,
    rules: [],
    ...(pidsMax === null ? {} : { limits: { pidsMax } }),
    programs,
    init: 'a',
    ...(entered.length === 0
      ? {}
      : { enter: entered.map(({ actor, index }) => ({ at: `${index + 1}s`, program: actor })) }),
    expect: {
      tasks: answer.rows.map(
        ({ pid, ppid, pgid, sid, stat, comm }): LitmusTask => ({ pid, ppid, pgid, sid, stat, comm }),
      ),
      pinned: answer.pinned,
      ...(refusals === 0 ? {} : { refusals: [{ errno: 'EAGAIN', count: refusals, by: 'program' }] }),
    },
  };
  return litmusText(litmus, ['`pidsim lab verify` of this file runs it on this machine’s kernel.']);
}

class Steps {
  constructor(
    private readonly problem: Problem,
    private readonly answer: Answer,
  ) {}

  /** The steps of a process that is there from second `fromS` on. */
  of(name: string, fromS: number): Step[] {
    const steps: Step[] = [];
    let nowS = fromS;
    for (const [index, action] of this.problem.actions.entries()) {
      if (action.actor !== name || action.does === '>') continue;
      const atS = index + 1;
      if (atS > nowS) steps.push({ sleep: `${atS - nowS}s` });
      nowS = atS;
      steps.push(this.#step(action, index));
    }
    if (!steps.some((step) => typeof step !== 'string' && 'exit' in step)) steps.push('pause');
    return steps;
  }

  #step({ actor, does, child = '' }: Action, index: number): Step {
    if (does === '!') return { exit: 0 };
    if (does === '*') return 'setsid';
    if (does === '^') return { subreaper: true };
    if (does === '?') return { wait: this.#isForkedBy(child, actor) ? child : 'any' };
    const isRefused = this.answer.steps[index].some(({ kind }) => kind === 'refused');
    const steps: Step[] = isRefused ? ['pause'] : this.of(child, index + 1);
    // A handler is inherited, and only PID 1 itself is meant to have one.
    if (this.problem.initReaps && actor === 'a') steps.unshift({ sigchld: 'default' });
    const body = { label: child, comm: child, steps };
    return { fork: isRefused ? { ...body, orElse: [] } : body };
  }

  /** If not, the actor has adopted it. Then a wait cannot name it, and is for any child. */
  #isForkedBy(child: string, actor: string): boolean {
    return this.problem.actions.some(
      (each) => each.actor === actor && each.does === '+' && each.child === child,
    );
  }
}
