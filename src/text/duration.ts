/** Durations as texts: read from `1h30m`, written exactly, and for people. Time is whole microseconds. */
import {
  US_PER_DAY,
  US_PER_HOUR,
  US_PER_MINUTE,
  US_PER_MS,
  US_PER_SECOND,
  US_PER_YEAR,
} from '../sim/time.js';
import { grouped } from './figures.js';

/** The units of a written duration, widest first. */
const UNITS = [
  { name: 'd', us: US_PER_DAY },
  { name: 'h', us: US_PER_HOUR },
  { name: 'm', us: US_PER_MINUTE },
  { name: 's', us: US_PER_SECOND },
  { name: 'ms', us: US_PER_MS },
  { name: 'us', us: 1 },
] as const;

/** Each unit at most once, widest first, each with an optional fraction: `1h30m`, `0.5s`, `2d`. */
const DURATION = new RegExp(`^${UNITS.map(({ name }) => `(?:(\\d+(?:\\.\\d+)?)${name})?`).join('')}$`);

/**
 * Reads a duration such as `1h30m`, `250ms`, `10s`, `30d`, `5us` or `1.5s`.
 *
 * @returns whole microseconds, or null if the text is not a duration or not a whole number of microseconds.
 */
export function parseDurationUs(text: string): number | null {
  const match = text === '' ? null : DURATION.exec(text);
  if (match === null) return null;
  let totalUs = 0;
  for (const [index, unit] of UNITS.entries()) {
    const amount = match[index + 1];
    if (amount === undefined) continue;
    // 1.1 * 1000000 is not a whole number in binary: divide the digits without the point instead.
    const [whole, fraction = ''] = amount.split('.');
    totalUs += Number(whole) * unit.us + (Number(fraction) * unit.us) / 10 ** fraction.length;
  }
  return Number.isInteger(totalUs) ? totalUs : null;
}

/** Writes whole microseconds exactly, as `parseDurationUs` reads them: `1h30m`, `250ms`, `0s`. */
export function printDuration(us: number): string {
  if (us === 0) return '0s';
  let text = '';
  let restUs = us;
  for (const unit of UNITS) {
    const amount = Math.floor(restUs / unit.us);
    restUs -= amount * unit.us;
    if (amount > 0) text += `${amount}${unit.name}`;
  }
  return text;
}

/** From how many microseconds on a unit is the natural one for people, widest first. */
const SCALES = [
  { fromUs: 2 * US_PER_YEAR, us: US_PER_YEAR, name: 'years' },
  { fromUs: 2 * US_PER_DAY, us: US_PER_DAY, name: 'd' },
  { fromUs: 2 * US_PER_HOUR, us: US_PER_HOUR, name: 'h' },
  { fromUs: 2 * US_PER_MINUTE, us: US_PER_MINUTE, name: 'min' },
  { fromUs: US_PER_SECOND, us: US_PER_SECOND, name: 's' },
  { fromUs: US_PER_MS, us: US_PER_MS, name: 'ms' },
  { fromUs: 0, us: 1, name: 'µs' },
];

/** For people: three figures with their unit, such as `22.4 h`. Four-figure wholes are kept whole. */
export function formatDuration(us: number): string {
  if (us === 0) return '0 s';
  const scale = SCALES.find(({ fromUs }) => us >= fromUs)!;
  const amount = us / scale.us;
  return `${amount >= 100 ? grouped(Math.round(amount)) : Number(amount.toPrecision(3))} ${scale.name}`;
}

export function formatSeconds(seconds: number): string {
  return formatDuration(Math.round(seconds * US_PER_SECOND));
}

/** As a clock has it, `26:04:10`; below a minute in tenths of a second, `4.2 s`. */
export function formatClock(us: number): string {
  const seconds = Math.floor(us / US_PER_SECOND);
  if (seconds < 60) return `${(us / US_PER_SECOND).toFixed(1)} s`;
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
