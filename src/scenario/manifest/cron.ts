/** A CronJob's schedule as an interval: how often in the long run. A simulated day has no hours. */

import { US_PER_DAY, US_PER_MINUTE, US_PER_SECOND } from '../../sim/time.js';
import { printDuration } from '../../text/duration.js';
import words from './words.json' with { type: 'json' };

const NAMED: Readonly<Record<string, string>> = words.schedules;

const MINUTES_PER_DAY = US_PER_DAY / US_PER_MINUTE;

/** The mean interval, as a duration of a scenario file; null: it is no schedule. */
export function everyUsOf(schedule: string): string | null {
  const text = schedule.trim().replace(/^(CRON_)?TZ=\S+\s+/, '');
  const every = /^@every\s+(\S+)$/.exec(text)?.[1];
  if (every !== undefined) return /^\d+(h|m|s)$/.test(every) ? every : null;
  const fields = (NAMED[text] ?? text).split(/\s+/);
  if (fields.length !== 5) return null;
  const [minutes, hours, days, months, weekdays] = [
    countOf(fields[0], 0, 59),
    countOf(fields[1], 0, 23),
    countOf(fields[2], 1, 31),
    countOf(fields[3], 1, 12, MONTHS),
    countOf(fields[4], 0, 6, WEEKDAYS),
  ];
  if (minutes === 0 || hours === 0 || days === 0 || months === 0 || weekdays === 0) return null;
  const perDay = minutes * hours;
  const shareOfDays = (Math.min(days, 30.4) / 30.4) * (months / 12) * (weekdays / 7);
  const us = (MINUTES_PER_DAY / (perDay * shareOfDays)) * US_PER_MINUTE;
  return printDuration(Math.round(us / US_PER_SECOND) * US_PER_SECOND);
}

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const WEEKDAYS = 'sun mon tue wed thu fri sat'.split(' ');

/** How many values a field means; 0: it is no field. */
function countOf(field: string, least: number, most: number, names: readonly string[] = []): number {
  const values = new Set<number>();
  for (const part of field.toLowerCase().split(',')) {
    const match = /^(\*|\?|[a-z0-9]+)(?:-([a-z0-9]+))?(?:\/(\d+))?$/.exec(part);
    if (match === null) return 0;
    const [, from, to, step] = match;
    const isAny = from === '*' || from === '?';
    const first = isAny ? least : numberOf(from, least, names);
    const lastGiven = to === undefined ? null : numberOf(to, least, names);
    const last = lastGiven ?? (isAny || step !== undefined ? most : first);
    const stride = step === undefined ? 1 : Number(step);
    // Sunday is 0 and 7.
    if (first === null || last === null || stride === 0 || first < least || last > most + 1) return 0;
    for (let value = first; value <= last; value += stride) values.add(value > most ? least : value);
  }
  return values.size;
}

function numberOf(text: string, least: number, names: readonly string[]): number | null {
  if (/^\d+$/.test(text)) return Number(text);
  const index = names.indexOf(text.slice(0, 3));
  return index === -1 ? null : index + least;
}
