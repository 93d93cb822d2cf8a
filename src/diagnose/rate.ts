/** How fast zombies come, from when they started. A rate is given only if the columns are fine enough. */
import type { StartTime } from '../procfs/start-time.js';
import { DAY_S } from '../text/wall-clock.js';

export interface Rate {
  /** null: must not be given. */
  perHour: number | null;
  /** How far it may be off, in percent, by what the columns leave open. */
  tolerancePct: number;
  /** Also where no rate can be given. null: none. A `max` of null: the times are too coarse for one. */
  boundsPerHour: [min: number, max: number | null] | null;
  /** Now: 0 when the leak has stopped; null: not known. */
  currentPerHour: number | null;
  /** `burst`: all at once, long ago. `stopped`: none for much longer than between two before. */
  course: 'goes-on' | 'stopped' | 'burst' | 'unknown';
  /** On the capture's clock. */
  firstS: number | null;
  lastS: number | null;
}

const UNKNOWN: Rate = {
  perHour: null,
  tolerancePct: 0,
  boundsPerHour: null,
  currentPerHour: null,
  course: 'unknown',
  firstS: null,
  lastS: null,
};
/** A resolution of more than this share of the time between first and last leaves no rate worth giving. */
const BLUR_MAX = 0.125;
/** So many times the longest silence so far: then it has stopped. */
const SILENCE_FACTOR = 3;
/** A start time that is a date is a day wide; it counts as this: six hours of silence do, not three days. */
const COARSE_MAX_S = DAY_S / 12;

/** So many starts of one time. */
export type Starts = Map<StartTime, number>;

/** (n - 1) / (last - first), between the first and the last moment that the columns tell well. */
export function rateOf(starts: Starts, nowS: number | null): Rate {
  const times = [...starts]
    .filter(([{ kind }]) => kind !== 'unread')
    .sort(([a], [b]) => a.fromS - b.fromS || a.untilS - b.untilS);
  const count = times.reduce((sum, [, n]) => sum + n, 0);
  if (count < 3 || times.length === 0) return UNKNOWN;
  const first = times[0][0];
  const last = times.at(-1)![0];
  const rate = { ...UNKNOWN, firstS: first.fromS, lastS: last.untilS, ...speedOf(times, count) };
  return { ...rate, ...courseOf(times, count, rate.perHour, nowS) };
}

type Times = [StartTime, number][];

function widthOf({ fromS, untilS }: StartTime): number {
  return untilS - fromS;
}

function speedOf(times: Times, count: number): Pick<Rate, 'perHour' | 'tolerancePct' | 'boundsPerHour'> {
  const first = times[0][0];
  const last = times.at(-1)![0];
  // Told to the second it is a second; the C library rounds down.
  const blurS = Math.max(widthOf(first) || 1, widthOf(last) || 1);
  const spanS = (last.fromS + last.untilS - first.fromS - first.untilS) / 2;
  const most = last.untilS - first.fromS + (widthOf(last) === 0 ? 1 : 0);
  const least = last.fromS - first.untilS - (widthOf(last) === 0 ? 1 : 0);
  const perHour = ((count - 1) * 3600) / spanS;
  const bounds: [number, number | null] = [
    ((count - 1) * 3600) / most,
    least > 0 ? ((count - 1) * 3600) / least : null,
  ];
  if (spanS > 0 && blurS <= BLUR_MAX * spanS && blurS < DAY_S)
    return { perHour, tolerancePct: Math.max(2, (100 * blurS) / spanS), boundsPerHour: bounds };
  // Days, or a day and the hours of another: from midnight after the first day on the count is exact.
  const isCoarse = widthOf(last) >= DAY_S;
  const inside = count - times[0][1] - (isCoarse ? times.at(-1)![1] : 0);
  const windowS = (isCoarse ? last.fromS : last.untilS) - first.untilS;
  if (
    widthOf(first) >= DAY_S &&
    times.length > 1 &&
    inside >= 5 &&
    windowS > 8 * (isCoarse ? 0 : widthOf(last))
  ) {
    const tolerancePct = Math.max(3, 100 / inside);
    return { perHour: (inside * 3600) / windowS, tolerancePct, boundsPerHour: bounds };
  }
  return { perHour: null, tolerancePct: 0, boundsPerHour: bounds };
}

/** Whether it goes on, as of `nowS`, and how fast lately. */
function courseOf(
  times: Times,
  count: number,
  perHour: number | null,
  nowS: number | null,
): Pick<Rate, 'course' | 'currentPerHour' | 'perHour'> {
  if (nowS === null) return { course: 'unknown', currentPerHour: null, perHour };
  const first = times[0][0];
  const last = times.at(-1)![0];
  let longestS = 0;
  for (let index = 1; index < times.length; index++)
    longestS = Math.max(longestS, times[index][0].fromS - times[index - 1][0].untilS);
  const meanS = (last.untilS - first.fromS) / Math.max(1, count - 1);
  const silentS = nowS - last.untilS;
  const widthS = widthOf(last);
  const isSilent =
    silentS > SILENCE_FACTOR * Math.max(longestS, 3 * meanS, Math.min(widthS, COARSE_MAX_S), 2);
  if (isSilent) {
    const isOneDay = times.length === 1 && widthS >= DAY_S;
    const isBurst = isOneDay || last.untilS - first.fromS < 0.1 * (nowS - first.fromS);
    return { course: isBurst ? 'burst' : 'stopped', currentPerHour: 0, perHour: isBurst ? null : perHour };
  }
  if (perHour === null) return { course: 'goes-on', currentPerHour: null, perHour };
  const recent = recentOf(times, count);
  return { course: 'goes-on', currentPerHour: recent === null ? perHour : recent, perHour };
}

/**
 * The rate of the last third, where it differs by more than a half; null: it does not, or is not known. What
 * comes at once after a silence was late, not faster: then the last third of the time does not differ.
 */
function recentOf(times: Times, count: number): number | null {
  let later = 0;
  let from = times.length;
  while (from > 0 && later < count / 3) later += times[--from][1];
  const lately = times.slice(from);
  if (lately.length < 5 || later < 10) return null;
  const { perHour } = speedOf(lately, later);
  const all = speedOf(times, count).perHour!;
  const [fromS, untilS] = [times[0][0].fromS, times.at(-1)![0].untilS];
  const sinceS = untilS - (untilS - fromS) / 3;
  const came = times.reduce((sum, [start, n]) => sum + (start.fromS >= sinceS ? n : 0), 0);
  const changes = (rate: number | null, by: number): boolean =>
    rate !== null && (by > 1 ? rate > by * all : rate < by * all);
  const isChange = (by: number): boolean =>
    changes(perHour, by) && changes((came * 3600 * 3) / (untilS - fromS), by);
  return isChange(1.5) || isChange(1 / 1.5) ? perHour : null;
}
