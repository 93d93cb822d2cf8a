/**
 * What a command leaves, for every value of everything that it draws: a table, found by running it in a cell.
 *
 * It is a proof and no sample, without a run for each combination of values. A run is events at times; each
 * time is a sum of durations, some of them drawn. That one event comes after another is an inequality between
 * two such sums. So the draws for which a run has one order of events are a convex set; and if all corners of
 * a box of values have the same order, all of the box has it, and leaves the same. A box whose corners differ
 * is cut in two.
 *
 *     box of all values ─► its corners, run ─► one order? a class : cut ─► two boxes ─► …
 */
import type { Aftermath } from '../../kernel/kernel.js';
import type { Program } from '../../program/code.js';
import type { Rest } from '../../program/machine.js';
import type { Draw, RandomStream } from '../../sim/random.js';
import type { NodeContext } from '../context.js';
import type { Container } from '../runtime/container.js';
import { type BootNode, Cell, type Course, NoCourse, textOf } from './cell.js';

/** One way for a run to go. */
interface Residue {
  births: Course['births'];
  aftermath: Aftermath;
  bornUs: readonly number[];
}

/** Values below `at` of a draw, and the others; or all alike. */
type Box = Residue | { draw: number; at: number; below: Box; above: Box };

/**
 * rabbitmqctl, with three draws, needs 254. Two draws that race each other need thousands: their boxes are
 * cut along a diagonal.
 */
const RUNS_MAX = 1_000;

/** What is known beforehand of the runs of a probe. */
export interface Foreknown {
  /** PID 1 has to be like this, and if it looks at its children, to have no zombies. null: it has no part in it. */
  readonly rest: Rest | null;
  readonly looks: boolean;
  /** Of all ways for a run to go: how long at most until its result, and until the last that it causes. */
  readonly endsUs: { least: number; most: number };
  readonly lastsUs: number;
  /** Tasks born at most, and PIDs that stay taken. */
  readonly births: number;
  readonly left: number;
  /** The only way, if there is one and it leaves nothing. */
  readonly clean: Residue | null;
  readonly isDrawn: boolean;
  /** Draws what a run draws, and finds what it leaves. */
  next(stream: RandomStream): Residue;
}

const NOTHING: Residue = {
  births: { own: 0, around: 0 },
  aftermath: { remnants: [], after: { own: 0, around: 0 }, adopted: [] },
  bornUs: [],
};

/** A probe by network: no process comes of it. */
export const BY_NETWORK: Foreknown = {
  rest: null,
  looks: false,
  endsUs: { least: 0, most: 0 },
  lastsUs: 0,
  births: 0,
  left: 0,
  clean: NOTHING,
  isDrawn: false,
  next: () => NOTHING,
};

/** Of a command. */
class Residues implements Foreknown {
  readonly rest: Rest;
  readonly looks: boolean;
  readonly endsUs: { least: number; most: number };
  readonly lastsUs: number;
  readonly births: number;
  readonly left: number;
  readonly clean: Residue | null;
  readonly isDrawn: boolean;
  private readonly draws: readonly Draw[];
  private readonly all: Box;

  /** @throws NoCourse where runs have to be simulated. */
  constructor(cell: Cell) {
    const courses = new Courses(cell);
    courses.at([]);
    const { draws } = cell.script;
    const high = draws.map(({ count }) => count - 1);
    this.all = boxOf(
      courses,
      high.map(() => 0),
      high,
    );
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

  next(stream: RandomStream): Residue {
    let box = this.all;
    const values = this.draws.map((draw) => draw(stream));
    while ('draw' in box) box = values[box.draw] < box.at ? box.below : box.above;
    return box;
  }
}

/** The runs made so far, each once, and their residues. */
class Courses {
  readonly known = new Map<string, { course: Course; residue: Residue }>();
  readonly residues = new Map<string, Residue>();

  /** Where orders have changed, by draw. */
  private readonly changes = new Map<number, Set<number>>();

  constructor(private readonly cell: Cell) {}

  /**
   * The first value after `low` that is unlike it, as `high` is. What is alike is convex, so it can be found
   * by halving; and most often it is where it was found before.
   */
  firstUnlike(draw: number, low: number, high: number, isAlike: (value: number) => boolean): number {
    const known = this.changes.get(draw) ?? new Set();
    for (const at of known) if (at > low && at <= high && !isAlike(at) && isAlike(at - 1)) return at;
    let alike = low;
    let unlike = high;
    while (unlike - alike > 1) {
      const middle = Math.floor((alike + unlike) / 2);
      if (isAlike(middle)) alike = middle;
      else unlike = middle;
    }
    this.changes.set(draw, known.add(unlike));
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

/** @throws NoCourse if runs with the same order of events leave different things: times of birth. */
function boxOf(courses: Courses, low: readonly number[], high: readonly number[]): Box {
  const { course, residue } = courses.at(low);
  for (const corner of cornersOf(low, high)) {
    const other = courses.at(corner);
    if (other.course.order !== course.order) return cutBox(courses, low, high);
    if (other.residue !== residue) throw new NoCourse('when something is born depends on a draw');
  }
  return residue;
}

/** Where the order changes along an edge of the box: the part before has one order at that edge. */
function cutBox(courses: Courses, low: readonly number[], high: readonly number[]): Box {
  for (const corner of cornersOf(low, high)) {
    for (let draw = 0; draw < low.length; draw++) {
      const isAlike = (value: number) =>
        courses.at(corner.with(draw, value)).course.order === courses.at(corner).course.order;
      if (corner[draw] !== low[draw] || isAlike(high[draw])) continue;
      const at = courses.firstUnlike(draw, low[draw], high[draw], isAlike);
      const below = boxOf(courses, low, high.with(draw, at - 1));
      const above = boxOf(courses, low.with(draw, at), high);
      return below === above ? below : { draw, at, below, above };
    }
  }
  throw new Error('a bug: corners of a box differ, and no two along an edge');
}

function cornersOf(low: readonly number[], high: readonly number[]): number[][] {
  return low.reduce<number[][]>(
    (corners, value, draw) =>
      corners.flatMap((corner) =>
        value === high[draw]
          ? [[...corner, value]]
          : [
              [...corner, value],
              [...corner, high[draw]],
            ],
      ),
    [[]],
  );
}

/** Tables that have been made, by all that they depend on: they are the same for every node of the same make. */
const made = new Map<string, Foreknown | string>();
const MADE_MAX = 200;

/** The table for a command in a container; or in words why there is none. */
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
  const found = tableOf(context, container, command, boot);
  made.set(make, found);
  return found;
}

function tableOf(
  context: NodeContext,
  container: Container,
  command: Program,
  boot: BootNode,
): Foreknown | string {
  try {
    return new Residues(new Cell(context, container, command, boot));
  } catch (error) {
    if (error instanceof NoCourse) return error.message;
    throw error;
  }
}

function makeOf({ spec }: NodeContext, { sandbox, program, user }: Container): string {
  const { kernel, kubelet, runtime } = spec;
  const { pidMode, sandboxless, hostNetwork, infraProgram } = sandbox;
  const versions = [kernel.version, kubelet.version, runtime.name, runtime.version, runtime.setsid];
  const main = pidMode === 'container' ? textOf(program) : null;
  return JSON.stringify([
    ...versions,
    pidMode,
    sandboxless,
    hostNetwork,
    user?.uid,
    textOf(infraProgram),
    main,
  ]);
}
