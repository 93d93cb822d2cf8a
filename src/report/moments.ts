/** Which moments a picture marks, and how it calls them. */
import type { RunResult } from '../run/result.js';
import { tellStory } from '../run/story.js';
import { cutInTheMiddle } from '../text/figures.js';
import { formatMoment } from '../text/wall-clock.js';
import { harmLabels } from './harm-words.js';

/** A moment that a picture marks with a rule and a label. */
export interface Moment {
  seconds: number;
  label: string;
  /** The moment of the title: the node is full. */
  main: boolean;
}

const MOMENT_LABEL_MAX = 40;
export const MOMENTS_MAX = 6;

/** At most so many moments worth a label: full, or when it would be, and what an operator did. */
export function headlineMoments(
  result: RunResult,
  options: { projection?: boolean; most?: number } = {},
): Moment[] {
  const { most = MOMENTS_MAX } = options;
  const story = tellStory(result);
  const moments: Moment[] = [];
  const at = (seconds: number): string => formatMoment(seconds, result.start);
  if (story.kind === 'full') {
    moments.push({ seconds: story.atSeconds, label: `full: ${at(story.atSeconds)}`, main: true });
  }
  for (const { atSeconds } of result.exhaustions.slice(1))
    moments.push({ seconds: atSeconds, label: `full again: ${at(atSeconds)}`, main: false });
  for (const [index, { seconds, label }] of harmLabels(result).entries())
    moments.push({ seconds, label, main: story.kind === 'harmed' && index === 0 });
  if (story.kind === 'would-fill' && options.projection === true) {
    const horizon = result.horizonSeconds;
    moments.push({ seconds: horizon, label: `end of the run: ${at(horizon)}`, main: false });
    const label = `full at this rate: ${at(story.atSeconds)}`;
    moments.push({ seconds: story.atSeconds, label, main: true });
  }
  const interventions = new Map<number, string[]>();
  for (const event of result.events) {
    if (event.kind !== 'intervention') continue;
    const what = event.detail === '' ? event.subject : event.detail;
    interventions.set(event.timeSeconds, [...(interventions.get(event.timeSeconds) ?? []), what]);
  }
  for (const [seconds, what] of interventions) {
    const more = what.length > 1 ? ` and ${what.length - 1} more` : '';
    const label = `${cutInTheMiddle(what[0], MOMENT_LABEL_MAX - more.length)}${more}: ${at(seconds)}`;
    moments.push({ seconds, label, main: false });
  }
  // The moment of the title is shown, whatever else is not.
  const mostImportant = moments.sort((a, b) => Number(b.main) - Number(a.main) || a.seconds - b.seconds);
  const shown = mostImportant.slice(0, most);
  const unshown = moments.length - shown.length;
  if (unshown > 0) shown[most - 1].label += ` (and ${unshown} more later)`;
  return shown.sort((a, b) => a.seconds - b.seconds);
}
