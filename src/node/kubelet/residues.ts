/**
 * A table of what a command leaves, whatever it draws at random, made by running it in a cell.
 *
 * It is complete, though not every combination of values is run. A run is a list of events, each at a time
 * that is a sum of durations, some of them drawn. That one event comes after another is an inequality between
 * two such sums. So all combinations of values with the same order of events form a convex set. Therefore, if
 * a run has the same order at each corner of a box of values, it has it everywhere in the box, and leaves the
 * same. If the corners differ, the box is cut in two.
 *
 *     box of all values ─► run its corners ─► one order: an entry of the table
 *                                          └► several: cut ─► two boxes ─► …
 */
import type { Program } from '../../program/code.js';
import type { Rest } from '../../program/machine.js';
import type { Draw, RandomStream } from '../../sim/random.js';
import type { NodeContext } from '../context.js';
import type { Container } from '../runtime/container.js';
import { type BootNode, Cell, type Course, NoCourse, textOf } from './cell.js';

/** What some runs leave: an entry of the table. */
type Residue = Pick<Course, 'births' | 'aftermath' | 'bornUs'>;

/**
 * A box of values: what the run leaves is the same for all of them, and a run ends later by as much as those
 * draws add that it waits for. Or it is cut in two, where draw number `draw` has the value `at`.
 */
type Box = Outcome | { draw: number; at: number; below: Box; above: Box };

export interface Outcome {
  residue: Residue;
  /** From the tick to the result, if each draw has its first value. */
  endsUs: number;
  /** How much later it is for each step of each draw. */
  slopes: readonly number[];
  /** `Course.endsBy`; NaN, which equals nothing: it depends on a draw. */
  endsBy: number;
}

/** From the tick to the result of a run with such an outcome. */
export function durationOf({ endsUs, slopes }: Outcome, values: readonly number[]): number {
  return slopes.reduce((sum, slope, draw) => sum + slope * values[draw], endsUs);
}

/**
 * rabbitmqctl, with three draws, needs 229. If two drawn durations race each other, thousands are needed: the
 * line between the two orders is a diagonal, which boxes follow in small steps.
 */
const RUNS_MAX = 1_000;

/** Bounds of a time that depends on draws. */
export interface Span {
  least: number;
  most: number;
}

/** What is known of a probe's runs before they happen. */
export interface Foreknown {
  /** The state in which PID 1 has to be for this to hold. null: no process is started. */
  readonly rest: Rest | null;
  /** PID 1 reacts to an orphan that dies: then this holds only while it has no zombies. */
  readonly looks: boolean;
  /** From the tick to the result. */
  readonly endsUs: Span;
  /** From the tick to the last event of the run, at most. */
  readonly lastsUs: number;
  /** How many tasks are born in a run, at most. */
  readonly births: number;
  /** How many PIDs stay taken after a run, at most. */
  readonly left: number;
  /** Not null if every run leaves the same, which is nothing. */
  readonly clean: Residue | null;
  /** Does a run draw anything at random? */
  readonly isDrawn: boolean;
  /** The values of a run's draws. */
  draw(stream: RandomStream): readonly number[];
  /** What is known of a run with these draws. */
  outcomeOf(values: readonly number[]): Outcome;
}

const NOTHING: Residue = {
  births: { own: 0, around: 0 },
  aftermath: { remnants: [], after: { own: 0, around: 0 }, adopted: [] },
  bornUs: [],
};

const AT_ONCE: Outcome = { residue: NOTHING, endsUs: 0, slopes: [], endsBy: 0 };

/** A probe by network starts no process. */
export const BY_NETWORK: Foreknown = {
  rest: null,
  looks: false,
  endsUs: { least: 0, most: 0 },
  lastsUs: 0,
  births: 0,
  left: 0,
  clean: NOTHING,
  isDrawn: false,
  draw: () => [],
  outcomeOf: () => AT_ONCE,
};

/** The same for a command that runs in a container. */
class Residues implements Foreknown {
  readonly rest: Rest;
  readonly looks: boolean;
  readonly endsUs: Span;
  readonly lastsUs: number;
  readonly births: number;
  readonly left: number;
  readonly clean: Residue | null;
  readonly isDrawn: boolean;
  private readonly draws: readonly Draw[];
  private readonly all: Box;

  /** @throws NoCourse if its runs have to be simulated. */
  constructor(cell: Cell) {
    const courses = new Courses(cell);
    courses.at([]);
    const { draws } = cell.script;
    const high = draws.map(({ count }) => count - 1);
    const low = high.map(() => 0);
    this.all = boxOf(courses, low, high);
    this.draws = draws.map(({ draw }) => draw);
    this.isDrawn = draws.length > 0;
    this.rest = cell.rest;
    this.looks = cell.looks;
    const all = [...courses.known.values()];
    const ends = all.map(({ course }) => course.endsUs);
    this.endsUs = { least: Math.min(...ends), most: Math.max(...ends) };
    this.lastsUs = Math.max(...all.map(({ course }) => course.lastsUs));
    const residues = [...courses.residues.values()];
    this.births = Math.max(...residues.map(({ births }) => births.own + births.around));
    this.left = Math.max(...residues.map(({ aftermath }) => aftermath.remnants.length));
    this.clean = residues.length === 1 && this.left === 0 ? residues[0] : null;
    if (this.looks && this.left > 0) throw new NoCourse('PID 1 reaps some of what a run leaves');
  }

  draw(stream: RandomStream): readonly number[] {
    return this.draws.map((draw) => draw(stream));
  }

  outcomeOf(values: readonly number[]): Outcome {
    let box = this.all;
    while ('draw' in box) box = values[box.draw] < box.at ? box.below : box.above;
    return box;
  }
}

/** The runs made so far, each once, and their residues. */
class Courses {
  readonly known = new Map<string, { course: Course; residue: Residue }>();
  readonly residues = new Map<string, Residue>();

  /** The values at which the order was found to change, and those behind: ties are one value wide. */
  private readonly changes = new Set<number>();

  constructor(private readonly cell: Cell) {}

  /**
   * The first value after `low` that is not like `low`; `high` is not. Values that are alike are neighbours,
   * since they form a convex set: so halving finds it. Mostly it is a value found before, or the one behind.
   */
  firstUnlike(low: number, high: number, isAlike: (value: number) => boolean): number {
    for (const at of this.changes) if (at > low && at <= high && !isAlike(at) && isAlike(at - 1)) return at;
    let alike = low;
    let unlike = high;
    while (unlike - alike > 1) {
      const middle = Math.floor((alike + unlike) / 2);
      if (isAlike(middle)) alike = middle;
      else unlike = middle;
    }
    this.changes.add(unlike).add(unlike + 1);
    return unlike;
  }

  at(values: readonly number[]): { course: Course; residue: Residue } {
    const key = values.join();
    const known = this.known.get(key);
    if (known !== undefined) return known;
    if (this.known.size === RUNS_MAX)
      throw new NoCourse(`more than ${RUNS_MAX} runs would have to be looked at`);
    const course = this.cell.run(values);
    const { births, aftermath, bornUs } = course;
    const residue: Residue = { births, aftermath, bornUs };
    const text = JSON.stringify(residue);
    const found = { course, residue: this.residues.get(text) ?? residue };
    this.residues.set(text, found.residue);
    this.known.set(key, found);
    return found;
  }
}

/** @throws NoCourse if runs with the same order leave different things, which can only be times of birth. */
function boxOf(courses: Courses, low: readonly number[], high: readonly number[]): Box {
  const { course, residue } = courses.at(low);
  for (const corner of cornersOf(low, high)) {
    const other = courses.at(corner);
    if (other.course.order !== course.order) return cutBox(courses, low, high);
    if (other.residue !== residue) throw new NoCourse('when something is born depends on a draw');
  }
  // In one order of events the result comes after the same durations, whatever they are.
  const slopes = low.map((value, draw) => {
    const isWide = high[draw] > value;
    const farUs = courses.at(low.with(draw, high[draw])).course.endsUs;
    return isWide ? (farUs - course.endsUs) / (high[draw] - value) : 0;
  });
  const endsUs = slopes.reduce((sum, slope, draw) => sum - slope * low[draw], course.endsUs);
  const isFixed = cornersOf(low, high).every((corner) => courses.at(corner).course.endsBy === course.endsBy);
  return { residue, endsUs, slopes, endsBy: isFixed ? course.endsBy : Number.NaN };
}

/** Cuts the box where the order changes along one of its edges. */
function cutBox(courses: Courses, low: readonly number[], high: readonly number[]): Box {
  for (const corner of cornersOf(low, high)) {
    for (let draw = 0; draw < low.length; draw++) {
      const isAlike = (value: number) =>
        courses.at(corner.with(draw, value)).course.order === courses.at(corner).course.order;
      if (corner[draw] !== low[draw] || isAlike(high[draw])) continue;
      const at = courses.firstUnlike(low[draw], high[draw], isAlike);
      const below = boxOf(courses, low, high.with(draw, at - 1));
      const above = boxOf(courses, low.with(draw, at), high);
      return isOneOutcome(below, above) ? below : { draw, at, below, above };
    }
  }
  throw new Error('a bug: corners of a box differ, and no two along an edge');
}

function isOneOutcome(a: Box, b: Box): boolean {
  if ('draw' in a || 'draw' in b || a.residue !== b.residue) return false;
  const isAlike = a.endsUs === b.endsUs && a.endsBy === b.endsBy;
  return isAlike && a.slopes.every((slope, draw) => slope === b.slopes[draw]);
}

function cornersOf(low: readonly number[], high: readonly number[]): number[][] {
  let corners: number[][] = [[]];
  for (const [draw, value] of low.entries()) {
    const ends = value === high[draw] ? [value] : [value, high[draw]];
    corners = corners.flatMap((corner) => ends.map((end) => [...corner, end]));
  }
  return corners;
}

/** Tables made so far, by all that they depend on: nodes with the same versions share them. */
const made = new Map<string, Foreknown | string>();
const MADE_MAX = 200;

/** The table for a command in a container; a string: why there is none. */
export function residuesOf(
  context: NodeContext,
  container: Container,
  command: Program,
  boot: BootNode,
): Foreknown | string {
  const make = `${textOf(command)} ${makeOf(context, container)}`;
  const known = made.get(make);
  if (known !== undefined) return known;
  if (made.size === MADE_MAX) made.clear();
  let found: Foreknown | string;
  try {
    found = new Residues(new Cell(context, container, command, boot));
  } catch (error) {
    if (!(error instanceof NoCourse)) throw error;
    found = error.message;
  }
  made.set(make, found);
  return found;
}

function makeOf({ spec }: NodeContext, { sandbox, program, user }: Container): string {
  const { kernel, kubelet, runtime } = spec;
  const { pidMode, sandboxless, hostNetwork, infraProgram } = sandbox;
  const versions = [kernel.version, kubelet.version, runtime.name, runtime.version, runtime.setsid];
  const main = pidMode === 'container' ? textOf(program) : null;
  const place = [pidMode, sandboxless, hostNetwork, user?.uid, textOf(infraProgram)];
  return JSON.stringify([...versions, ...place, main]);
}
