/** Estimates in words and as data: of many runs. */
import type { Harm } from '../../run/result.js';
import type { Estimate } from '../../study/estimate.js';
import type { Bar } from '../../study/tornado.js';
import { formatSeconds } from '../../text/duration.js';
import { formatShare } from '../../text/figures.js';
import { SCOPES } from '../harm-words.js';

/** `node`, `all pods`, `pod (evicted)`; `-`: none of the runs is harmed. */
export function hitsWords({ usual }: Estimate): string {
  if (usual === null) return '-';
  const how: Record<Harm['kind'], string> = {
    refused: '',
    evicted: ' (evicted)',
    'not-started': ' (not started)',
  };
  return `${SCOPES[usual.scope]}${how[usual.kind]}`;
}

/** `21.1 h`, `none in 30 d`, `half later than 30 d`. */
export function medianWords({ median, harmed, horizonSeconds, runs }: Estimate): string {
  if (median.value !== null) return formatSeconds(median.value);
  return harmed.value === 0 || runs === 1
    ? `none in ${formatSeconds(horizonSeconds)}`
    : `after ${formatSeconds(horizonSeconds)}`;
}

/** From when to when nine in ten runs are harmed: `20.9 h to 21.4 h`; empty where one run says it all. */
export function spreadWords({ early, late, runs, horizonSeconds }: Estimate): string {
  if (runs === 1 || early.value === null) return '';
  const from = formatSeconds(early.value);
  const to = late.value === null ? `after ${formatSeconds(horizonSeconds)}` : formatSeconds(late.value);
  return from === to ? from : `${from} to ${to}`;
}

/** `12 of 20`. */
export function harmedWords({ harmed, runs }: Estimate): string {
  return `${Math.round(harmed.value * runs)} of ${runs}`;
}

/** On what the answer hangs, the most telling input first; empty: nothing is uncertain. */
export function tornadoLines(bars: readonly Bar[]): string[] {
  const telling = bars.filter(({ share }) => share >= 0.05);
  if (bars.length > 0 && telling.length === 0) return ['None of the uncertain inputs decides the answer.'];
  return telling.map(({ input, low, high, lowSeconds, highSeconds, share }) => {
    const ends = `${formatSeconds(lowSeconds)} with ${low}, ${formatSeconds(highSeconds)} with ${high}`;
    return `Hangs on ${input} (${formatShare(share)} of the variance of ranks): ${ends}, on average.`;
  });
}
