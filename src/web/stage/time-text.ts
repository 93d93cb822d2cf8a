import { US_PER_SECOND } from '../../sim/time.js';
import { formatSeconds } from '../../text/duration.js';

/** Simulated time as a person says it: `4.2 s`, `26 h`. */
export function timeText(timeUs: number): string {
  return timeUs === 0 ? '0' : formatSeconds(timeUs / US_PER_SECOND);
}
