/** What the page shows, as the address has it: a link shares exactly that. */
import type { TimedAct } from './engine/messages.js';

export interface PageState {
  chapter: string;
  timeUs: number;
  /** Of a small world: how many transitions have been shown; -1: as many as the time says. */
  step: number;
  /** By name of a control. */
  choices: Record<string, string>;
  /** Null: as the chapter has it; empty: the node. */
  viewpoint: string | null;
  acts: TimedAct[];
  /** The answer that was chosen, and whether it has been revealed. */
  answer: string;
  isRevealed: boolean;
  /** Only of the sandbox. */
  yaml: string | null;
}

/** `#chapter?t=…&set-parent=waits`; what is as it is at first is left out. */
export function hashOf(state: PageState): string {
  const { chapter, timeUs, step, viewpoint, answer, isRevealed, acts, choices, yaml } = state;
  const parameters = new URLSearchParams();
  if (timeUs > 0) parameters.set('t', String(timeUs));
  if (step >= 0) parameters.set('step', String(step));
  if (viewpoint !== null) parameters.set('from', viewpoint);
  if (answer !== '') parameters.set('answer', answer);
  if (isRevealed) parameters.set('revealed', '');
  if (acts.length > 0) parameters.set('acts', JSON.stringify(acts));
  for (const [name, value] of Object.entries(choices)) parameters.set(`set-${name}`, value);
  if (yaml !== null) parameters.set('yaml', yaml);
  return `#${chapter}${parameters.size === 0 ? '' : `?${parameters}`}`;
}

/** What the address says of a chapter, which begins at a moment. What makes no sense is left out. */
export function stateFrom(chapter: string, query = '', startUs = 0): PageState {
  const parameters = new URLSearchParams(query);
  const whole = (name: string, otherwise: number): number => {
    const text = parameters.get(name) ?? '';
    return /^\d{1,15}$/.test(text) ? Number(text) : otherwise;
  };
  const choices = [...parameters].flatMap(([name, value]) =>
    name.startsWith('set-') ? [[name.slice(4), value]] : [],
  );
  return {
    chapter,
    timeUs: whole('t', startUs),
    step: whole('step', -1),
    viewpoint: parameters.get('from'),
    answer: parameters.get('answer') ?? '',
    isRevealed: parameters.has('revealed'),
    yaml: parameters.get('yaml'),
    acts: actsFrom(parameters.get('acts') ?? '[]'),
    choices: Object.fromEntries(choices),
  };
}

function actsFrom(text: string): TimedAct[] {
  try {
    const isAct = (each: Partial<TimedAct> | null): boolean =>
      typeof each?.atUs === 'number' && each.act?.do !== undefined;
    return JSON.parse(text).filter(isAct);
  } catch {
    return [];
  }
}
