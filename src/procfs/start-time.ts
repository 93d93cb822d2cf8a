/** When processes started, as lists of them tell it. */
import { DAY_S, secondsOf } from '../text/wall-clock.js';
import lists from './lists.json' with { type: 'json' };

/**
 * When a process started, as the columns STIME, START, STARTED and ELAPSED tell it: an interval, since most
 * of them tell a minute or a day. Seconds of one clock: those of a calendar, or before the capture, or since
 * boot.
 */
export interface StartTime {
  fromS: number;
  /** The start is before this. The same as `fromS` when it is told to the second. */
  untilS: number;
  /** `clock` (`10:42`), `day` (`Mar06`) and `year` get their place when the whole list has been read. */
  kind: 'exact' | 'clock' | 'day' | 'year' | 'unread';
  month: number;
  day: number;
}

/** As the C library abbreviates them, without accents. */
const MONTH_OF = new Map(
  lists.months.flatMap((names, index) => names.split(' ').map((name) => [name, index + 1] as const)),
);

/** 1 to 12; 0: not a name that is known here. `3月` and `3월` carry their number. */
function monthNamed(name: string): number {
  const numbered = /^(\d{1,2})[月월]$/.exec(name);
  if (numbered !== null) return Number(numbered[1]) <= 12 ? Number(numbered[1]) : 0;
  const plain = name
    .normalize('NFD')
    .replace(/[\u0300-\u036f.]/g, '')
    .normalize('NFC')
    .toLowerCase();
  return MONTH_OF.get(plain) ?? 0;
}

/** A start of so many seconds' doubt. */
export function startAt(fromS: number, doubtS = 0, kind: StartTime['kind'] = 'exact'): StartTime {
  return { fromS, untilS: fromS + doubtS, kind, month: 0, day: 0 };
}

/** `2026-05-08T09:00:20`, `Fri May  8 09:00:20 2026`, `Fri 08 May 2026 09:00:20 AM UTC`; null: no date. */
export function dateOf(text: string): number | null {
  const iso = /(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)/.exec(text);
  if (iso !== null) {
    const [year, month, day, h, m, s] = iso.slice(1).map(Number);
    return secondsOf(year, month, day, h * 3600 + m * 60 + s);
  }
  const clock = /(?:^|\s)(\d{1,2}):(\d\d):(\d\d)(?:\s([AP]M))?/.exec(text);
  const year = /(?:^|\s)((?:19|20)\d\d)(?:$|\s|,)/.exec(text);
  if (clock === null || year === null) return null;
  const words = text.split(/[\s,]+/);
  const day = words.find((word) => /^(0?[1-9]|[12]\d|3[01])\.?$/.test(word));
  const month = words.map(monthNamed).find((number) => number > 0);
  if (day === undefined || month === undefined) return null;
  const [h, m, s] = clock.slice(1, 4).map(Number);
  const hour = clock[4] === undefined ? h : (h % 12) + (clock[4] === 'PM' ? 12 : 0);
  return secondsOf(Number(year[1]), month, Number.parseInt(day, 10), hour * 3600 + m * 60 + s);
}

/** `10:42`, `10:42:07`, `Mar06`, `mars06`, `Nov 29`, `2025`, or a whole date. Null: no time at all. */
export function startOf(text: string): StartTime | null {
  const clock = /^(\d{1,2}):(\d\d)(?::(\d\d))?$/.exec(text);
  if (clock !== null) {
    const [h, m, s] = clock.slice(1).map((part) => Number(part ?? 0));
    return startAt(h * 3600 + m * 60 + s, clock[3] === undefined ? 60 : 0, 'clock');
  }
  if (/^(19|20)\d\d$/.test(text)) {
    const fromS = secondsOf(Number(text), 1, 1);
    return startAt(fromS, secondsOf(Number(text) + 1, 1, 1) - fromS, 'year');
  }
  const day = /^(\d{1,2}[月월]|[^\d\s]+?)\s*(\d{1,2})日?$/.exec(text);
  if (day !== null) {
    const month = monthNamed(day[1]);
    if (month > 0) return { ...startAt(0, DAY_S, 'day'), month, day: Number(day[2]) };
    return /\p{L}/u.test(day[1]) ? startAt(0, 0, 'unread') : null;
  }
  const at = dateOf(text);
  if (at !== null) return startAt(at);
  return /\d\d:\d\d:\d\d \d{4}$/.test(text) ? startAt(0, 0, 'unread') : null;
}

/** ELAPSED as `ps`, busybox and podman print it, as seconds before now. Null: no time. */
export function elapsedOf(text: string): StartTime | null {
  if (/^\d+$/.test(text)) return startAt(-Number(text));
  const coarse = /^(\d+)([hd])(\d\d)$/.exec(text);
  if (coarse !== null) {
    const [unit, rest] = coarse[2] === 'h' ? [3600, 60] : [DAY_S, 3600];
    return startAt(-(Number(coarse[1]) * unit + (Number(coarse[3]) + 1) * rest), rest);
  }
  const parts =
    /^(?:(?:(\d+)-)?(\d+):)?(\d+):(\d\d)$/.exec(text) ??
    /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(\d+)(?:\.\d+)?s$/.exec(text);
  if (parts === null) return null;
  const [d, h, m, s] = parts.slice(1).map((part) => Number(part ?? 0));
  return startAt(-(d * DAY_S + h * 3600 + m * 60 + s));
}

/**
 * Gives the start times of a list their place on one calendar. `10:42` is today, `Mar06` the last one of that
 * name before, `2025` a year. What day today is, is told by `nowS` if a date stands in the capture; otherwise
 * it is taken to be the day after the last one that is named, and the year does not matter.
 *
 * @param clockNowS second of the day at which the list was made: a later time was yesterday's.
 * @returns the second on that calendar at which today began; null: no time of day needs it.
 */
export function placeStarts(
  starts: Iterable<StartTime>,
  nowS: number | null,
  clockNowS: number | null,
): number | null {
  const all = [...starts];
  const exactAt = all.find(({ kind, fromS }) => kind === 'exact' && fromS > 0)?.fromS;
  const years = all.filter(({ kind }) => kind === 'year').map(({ untilS }) => untilS);
  const days = all.filter(({ kind }) => kind === 'day');
  if (all.every(({ kind }) => kind === 'exact' || kind === 'unread')) return null;
  const known = nowS ?? exactAt;
  let today = known === undefined ? null : Math.floor(known / DAY_S) * DAY_S;
  let year = 2025;
  if (today !== null) while (secondsOf(year + 1, 1, 1) <= today) year++;
  else if (years.length > 0) while (secondsOf(year, 1, 1) < Math.max(...years)) year++;
  // From December to January: with both, what is far from the newest belongs to the year before.
  const place = ({ month, day }: StartTime, ofYear: number): number => secondsOf(ofYear, month, day);
  const newYear =
    years.length === 0 && days.some(({ month }) => month >= 11) && days.some(({ month }) => month <= 2);
  for (const start of days) {
    const isBefore = newYear ? start.month > 6 : today !== null && place(start, year) > today;
    start.fromS = place(start, isBefore ? year - 1 : year);
    start.untilS = start.fromS + DAY_S;
  }
  today ??= Math.max(secondsOf(year, 1, 1), ...days.map(({ untilS }) => untilS), ...years);
  for (const start of all) {
    if (start.kind !== 'clock') continue;
    const isYesterday = clockNowS !== null && start.fromS > clockNowS + 60;
    const day = isYesterday ? today - DAY_S : today;
    start.fromS += day;
    start.untilS += day;
  }
  for (const start of all) if (start.kind !== 'unread') start.kind = 'exact';
  return today;
}
