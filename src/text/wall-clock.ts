/** Dates to seconds and back; and the moments of a run by the clock of the zone of its start. */
import { formatSeconds } from './duration.js';

export const DAY_S = 86_400;

export function secondsOf(year: number, month: number, day: number, secondOfDay = 0): number {
  return Date.UTC(year, month - 1, day) / 1000 + secondOfDay;
}

/** `2026-05-11 09:00:00`, up to the year 9999. */
export function dateText(atS: number): string {
  return new Date(Math.floor(atS) * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

/** With a zone: without one, the text would mean another moment on each machine. */
const START =
  /^(?:19[7-9]\d|[2-9]\d{3})-\d\d-\d\dT\d\d:\d\d(?::(\d\d)(?:\.(\d{1,3}))?)?(Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/;
/**
 * Before this a moment is shown with its seconds: later three figures of a duration do not tell them either.
 */
const SECONDS_UP_TO = 2 * 3600;
/** The first year that does not fit in four digits. */
const END_S = secondsOf(10_000, 1, 1);

/** `2026-03-01T10:00:00.000Z`, as every moment is written for machines; null: there is no such time. */
export function readStart(text: string): string | null {
  const match = START.exec(text);
  if (match === null) return null;
  const clock = `${text.slice(0, 16)}:${match[1] ?? '00'}.${(match[2] ?? '').padEnd(3, '0')}`;
  const ms = Date.parse(`${clock}Z`);
  // 30 February would be 2 March.
  const isThere = !Number.isNaN(ms) && new Date(ms).toISOString() === `${clock}Z`;
  return isThere ? clock + match[3] : null;
}

/** What the clock shows at the start, in seconds since 1970 as if its zone were UTC. */
export function clockSeconds(start: string): number {
  return Date.parse(`${start.slice(0, 23)}Z`) / 1000;
}

/** Seconds since 1970, UTC; without a start, 0. */
export function epochSeconds(start: string | undefined): number {
  return start === undefined ? 0 : Date.parse(start) / 1000;
}

/** `UTC`, `UTC+02:00`. */
export function zoneOf(start: string): string {
  return `UTC${start.slice(23).replace('Z', '')}`;
}

/** To the millisecond; null: after the year 9999. */
export function isoMoment(start: string, seconds: number): string | null {
  const ms = Math.round((clockSeconds(start) + seconds) * 1000);
  return ms < END_S * 1000 ? new Date(ms).toISOString().slice(0, 23) + start.slice(23) : null;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** For people: `2 Mar 08:24` if the run has a start; otherwise the time since the run began, `22.4 h`. */
export function formatMoment(seconds: number, start: string | undefined): string {
  const iso = start === undefined ? null : isoMoment(start, seconds);
  if (iso === null) return formatSeconds(seconds);
  const [date, clock] = iso.split('T');
  const [year, month, day] = date.split('-').map(Number);
  const inYear = date.slice(0, 4) === start!.slice(0, 4) ? '' : ` ${year}`;
  return `${day} ${MONTHS[month - 1]}${inYear} ${clock.slice(0, seconds < SECONDS_UP_TO ? 8 : 5)}`;
}
