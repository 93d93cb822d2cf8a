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

export function stateOf(chapter: string, timeUs = 0): PageState {
  return {
    chapter,
    timeUs,
    step: -1,
    choices: {},
    viewpoint: null,
    acts: [],
    answer: '',
    isRevealed: false,
    yaml: null,
  };
}

/** `#chapter?t=…&parent=waits`; what is as it is at first is left out. */
export function hashOf(state: PageState): string {
  const parameters = new URLSearchParams();
  if (state.timeUs > 0) parameters.set('t', String(state.timeUs));
  if (state.step >= 0) parameters.set('step', String(state.step));
  if (state.viewpoint !== null) parameters.set('from', state.viewpoint);
  if (state.answer !== '') parameters.set('answer', state.answer);
  if (state.isRevealed) parameters.set('revealed', '');
  if (state.acts.length > 0) parameters.set('acts', JSON.stringify(state.acts));
  for (const [name, value] of Object.entries(state.choices)) parameters.set(`set-${name}`, value);
  if (state.yaml !== null) parameters.set('yaml', state.yaml);
  const text = parameters.toString();
  return `#${state.chapter}${text === '' ? '' : `?${text}`}`;
}

/** Null: no chapter of that name. What a link has that makes no sense is left out. */
export function stateFrom(
  hash: string,
  chapters: readonly string[],
  startOf: (chapter: string) => number,
): PageState | null {
  const [chapter, query = ''] = hash.replace(/^#/, '').split(/\?(.*)/s);
  if (!chapters.includes(chapter)) return null;
  const parameters = new URLSearchParams(query);
  const state = stateOf(chapter, startOf(chapter));
  const whole = (name: string, otherwise: number): number => {
    const text = parameters.get(name) ?? '';
    return /^\d{1,15}$/.test(text) ? Number(text) : otherwise;
  };
  state.timeUs = whole('t', state.timeUs);
  state.step = whole('step', -1);
  state.viewpoint = parameters.get('from');
  state.answer = parameters.get('answer') ?? '';
  state.isRevealed = parameters.has('revealed');
  state.yaml = parameters.get('yaml');
  state.acts = actsFrom(parameters.get('acts'));
  for (const [name, value] of parameters) if (name.startsWith('set-')) state.choices[name.slice(4)] = value;
  return state;
}

function actsFrom(text: string | null): TimedAct[] {
  try {
    const acts: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(acts)
      ? acts.filter((each) => typeof each?.atUs === 'number' && typeof each?.act?.do === 'string')
      : [];
  } catch {
    return [];
  }
}
