/**
 * Calendar and clock without the machine's: dates to seconds and back; and the moments of a run by the clock of the
 * zone in which its start was given.
 */
import { formatSeconds } from './duration.js';
import { roundMicro } from './figures.js';

export const DAY_S = 86_400;

/** Days since 1970-01-01 in the Gregorian calendar (Hinnant's `days_from_civil`). */
function dayNumber(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const ofEra = (y - era * 400) * 365 + Math.floor((y % 400) / 4) - Math.floor((y % 400) / 100) + ofYear;
  return era * 146_097 + ofEra - 719_468;
}

export function secondsOf(year: number, month: number, day: number, secondOfDay = 0): number {
  return dayNumber(year, month, day) * DAY_S + secondOfDay;
}

/** `2026-05-11 09:00:00` (Hinnant's `civil_from_days`). */
export function dateText(atS: number): string {
  const days = Math.floor(atS / DAY_S) + 719_468;
  const era = Math.floor(days / 146_097);
  const ofEra = days - era * 146_097;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1_460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * ofYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const s = atS - Math.floor(atS / DAY_S) * DAY_S;
  const day = ofYear - Math.floor((153 * shifted + 2) / 5) + 1;
  return `${year}-${two(month)}-${two(day)} ${two(s / 3600)}:${two((s / 60) % 60)}:${two(s % 60)}`;
}

/** With a zone: without one, the text would mean another moment on each machine. */
const START =
  /^(19[7-9]\d|[2-9]\d{3})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?(Z|[+-](?:0\d|1[0-4]):[0-5]\d)$/;
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
  const [year, month, day, h, m, s] = match.slice(1, 7).map((part) => Number(part ?? 0));
  const at = secondsOf(year, month, day, h * 3600 + m * 60 + s);
  const date = dateText(at).replace(' ', 'T');
  // 30 February would be 2 March.
  if (!date.startsWith(text.slice(0, 16)) || s > 59) return null;
  return `${date}.${(match[7] ?? '').padEnd(3, '0')}${match[8]}`;
}

/** What the clock shows at the start, in seconds since 1970 as if its zone were UTC. */
export function clockSeconds(start: string): number {
  const [year, month, day, h, m, s, ms] = start.slice(0, 23).split(/\D/).map(Number);
  return roundMicro(secondsOf(year, month, day, h * 3600 + m * 60 + s) + ms / 1000);
}

/** Seconds since 1970, UTC; without a start, 0. */
export function epochSeconds(start: string | undefined): number {
  if (start === undefined) return 0;
  const [h, m] = start.slice(24).split(':').map(Number);
  const ahead = start.endsWith('Z') ? 0 : (h * 3600 + m * 60) * (start[23] === '-' ? -1 : 1);
  return clockSeconds(start) - ahead;
}

/** `UTC`, `UTC+02:00`. */
export function zoneOf(start: string): string {
  return `UTC${start.slice(23).replace('Z', '')}`;
}

/** To the millisecond; null: after the year 9999. */
export function isoMoment(start: string, seconds: number): string | null {
  const ms = Math.round((clockSeconds(start) + seconds) * 1000);
  if (ms >= END_S * 1000) return null;
  const fraction = String(ms % 1000).padStart(3, '0');
  return `${dateText(Math.floor(ms / 1000)).replace(' ', 'T')}.${fraction}${start.slice(23)}`;
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
