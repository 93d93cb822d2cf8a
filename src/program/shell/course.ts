/**
 * The usual course of a probe's script: it succeeds, and it has looked at something. Where that is not how a
 * script ends as it was compiled, other choices are tried at the places where a way is not known.
 */
import { forEachStepList } from '../check.js';
import type { ProgramLibrary, Step } from '../step.js';
import { LONG_US, lifeOf } from './life.js';

/** A script that was compiled with some choices made the other way. */
interface Course {
  steps: readonly Step[];
  choices: ReadonlySet<string>;
}

/** Places that are tried. */
const PLACES_MAX = 24;
const BEST = 3;

/** The choices to make the other way; none if that is no better. */
export function usualCourse(
  first: Course,
  follow: (turned: ReadonlySet<string>) => Course | null,
  library: ProgramLibrary,
): ReadonlySet<string> {
  let turned: ReadonlySet<string> = new Set();
  let best = worthOf(first, library);
  const places = [...first.choices];
  for (const place of places) {
    if (best === BEST || places.length > PLACES_MAX) break;
    const trial = new Set([...turned, place]);
    const course = follow(trial);
    if (course === null) continue;
    for (const other of course.choices)
      if (!places.includes(other) && places.length < PLACES_MAX) places.push(other);
    const worth = worthOf(course, library);
    if (worth > best) [best, turned] = [worth, trial];
  }
  return turned;
}

/** That a probe succeeds counts more than that it starts something. */
function worthOf({ steps }: Course, library: ProgramLibrary): number {
  const { endUs, status } = lifeOf(steps, library);
  const isHealthy = status === 0 && endUs < LONG_US;
  return (isHealthy ? 2 : 0) + (startsSomething(steps) ? 1 : 0);
}

function startsSomething(steps: readonly Step[]): boolean {
  return steps.some((step) => {
    if (typeof step !== 'object') return false;
    let starts = 'fork' in step || 'exec' in step;
    forEachStepList(step, (inside) => {
      starts ||= startsSomething(inside);
    });
    return starts;
  });
}
