import { US_PER_SECOND } from '../../sim/time.js';
import { formatSeconds } from '../../text/duration.js';

/** Simulated time as a person says it: `4.2 s`, `26 h`. */
export function timeText(timeUs: number): string {
  return timeUs === 0 ? '0' : formatSeconds(timeUs / US_PER_SECOND);
}

/** As a clock has it, `26:04:10`, or below a minute in seconds. */
export function clockText(timeUs: number): string {
  const seconds = Math.floor(timeUs / US_PER_SECOND);
  if (seconds < 60) return `${(timeUs / US_PER_SECOND).toFixed(1)} s`;
  const [minutes, rest] = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) =>
    String(part).padStart(2, '0'),
  );
  return `${Math.floor(seconds / 3600)}:${minutes}:${rest}`;
}
