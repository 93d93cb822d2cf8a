/**
 * A world that the page shows: a scenario that runs, forwards and back.
 *
 *     small: every transition is a frame, all are made at once, and going back is to show an earlier one
 *     large: runs stand at several moments (passages.ts): whichever goes on, the scenario does the same
 */
import { CELLS, HOST_NS, type PidNsId, type TaskRow } from '../../kernel/kernel.js';
import type { Act } from '../../node/by-hand.js';
import { processRow } from '../../procfs/from-kernel.js';
import { lineAt, listProgram } from '../../program/listing.js';
import { capitalised } from '../../report/answer.js';
import { type CountedProcess, forest, isKernelThread } from '../../report/ps.js';
import { holderWords, transitionWords } from '../../report/transition-words.js';
import { freePids } from '../../run/capacity.js';
import { podLitmus } from '../../run/pod-litmus.js';
import type { NodeProcess } from '../../run/result.js';
import type { Run } from '../../run/run.js';
import type { Transition } from '../../run/transitions.js';
import { parseScenario } from '../../scenario/parse.js';
import type { Scenario } from '../../scenario/scenario.js';
import { parseSetting } from '../../scenario/settings.js';
import { US_PER_SECOND } from '../../sim/time.js';
import type { Counts, Frame, Opened, Opening, ProgramText, Row, TimedAct } from './messages.js';
import { Passage, Passages } from './passages.js';

/** More lines are too many to read, and a browser lays them out slowly. */
const ROWS_MAX = 150;
/** Up to here each zombie has a line of its own. */
const ROWS_APART_MAX = 40;
/** Beyond, a picture of the table would be larger than a screen. */
const CELLS_MAX = 65_536;
const PROGRAMS_MAX = 6;
/** How far back transitions are looked for, and how many times farther if there are none. */
const BACK_US = 500_000;
const FARTHER = 8;
/** Nobody waits for longer until something happens. */
const AHEAD_US = 1_200_000_000;
/** After so long, whatever somebody has done to a pod has come to something. */
const OUTCOME_US = 120_000_000;
/** A deletion that is stuck is tried again: the reader is shown how it ends, if it does in this time. */
const DELETION_US = 1_200_000_000;

export class World {
  readonly passages: Passages;
  /** Where transitions go. */
  #taken: Frame[] = [];
  readonly acts: TimedAct[];

  private constructor(
    readonly scenario: Scenario,
    readonly opening: Opening,
  ) {
    this.acts = [...opening.acts];
    const make = (): Passage => new Passage(scenario, this.acts, (told) => this.#take(told));
    this.passages = new Passages(scenario.horizonUs, make);
  }

  /** From its beginning, with the digest that Node has: no transition is told. */
  again(): Passage {
    return new Passage(this.scenario, [...this.acts]);
  }

  get nowUs(): number {
    return this.passages.current.nowUs;
  }

  get #run(): Run {
    return this.passages.current.run;
  }

  static open(opening: Opening): { opened: Opened; world: World | null } {
    const settings = opening.settings.flatMap((text) => parseSetting(text) ?? []);
    const parsed = parseScenario(opening.yaml, { path: 'scenario.yaml', settings });
    if (!parsed.ok) return { opened: { ok: false, diagnostics: parsed.diagnostics }, world: null };
    const [scenario] = parsed.value;
    const { title, horizonUs: endUs } = scenario;
    const pods = scenario.node.pods.map(({ name, count }) => (count === 1 ? name : `${name}-0`));
    const world = new World(scenario, opening);
    return { opened: { ok: true, title, endUs, pods, warnings: parsed.warnings }, world };
  }

  /** Exactly that moment. */
  seek(toUs: number): void {
    this.passages.at(Math.min(toUs, this.scenario.horizonUs));
  }

  /** Does it now, and goes on until it is known what came of it. What was to be done later is undone. */
  act(act: Act): string[] {
    const atUs = this.nowUs;
    this.acts.splice(0, this.acts.length, ...this.acts.filter((done) => done.atUs <= atUs), { atUs, act });
    this.passages.forgetAfter(atUs);
    const hindered = this.passages.current.act(act);
    if (act.do === 'login') return [hindered === null ? 'You are in.' : `Not in: ${hindered}.`];
    const told = () =>
      this.#run.result().events.filter(({ timeSeconds, subject, kind }) => {
        const isAbout =
          'pod' in act ? subject.startsWith(act.pod) : kind === 'intervention' || kind === 'no-effect';
        return timeSeconds * US_PER_SECOND >= atUs && isAbout;
      });
    const before = told().length;
    const isOpen = (): boolean => {
      const events = told();
      return events.length === before || events.at(-1)?.kind === 'pod-delete-stuck';
    };
    const outcomeUs = act.do === 'delete-pod' ? DELETION_US : OUTCOME_US;
    for (let atMost = atUs + outcomeUs, now = atUs; now < atMost && isOpen(); ) {
      now = Math.min(atMost, now + OUTCOME_US / 40);
      this.seek(now);
    }
    const words = told().map(({ kind, detail }) =>
      capitalised(`${kind.replaceAll('-', ' ')}${detail === '' ? '' : `: ${detail}`}.`),
    );
    return [...(hindered === null ? [] : [`${hindered}.`]), ...words];
  }

  /** Of the run from one moment to another, the last transitions. */
  stepsBefore(toUs: number, most: number): Frame[] {
    for (let back = BACK_US; ; back *= FARTHER) {
      const fromUs = Math.max(0, toUs - back);
      const frames = this.steps(fromUs, most, toUs);
      if (frames.length > 0 || fromUs === 0) return frames;
    }
  }

  /** Transitions from a moment on, to the end of an instant, each as a frame: how it looks after it. */
  steps(fromUs: number, most: number, beforeUs?: number): Frame[] {
    const passage = fromUs === 0 ? this.passages.fresh() : this.passages.at(fromUs);
    const { run } = passage;
    this.#taken = [];
    run.isWatched = true;
    if (beforeUs !== undefined)
      while (passage.step(beforeUs - 1)) this.#forgetBefore(this.#taken.at(-most)?.timeUs ?? 0);
    else {
      while (this.#taken.length < most && passage.step(fromUs + AHEAD_US));
      while (passage.step(run.sim.nowUs));
    }
    run.isWatched = false;
    return this.#taken;
  }

  #forgetBefore(timeUs: number): void {
    this.#taken = this.#taken.filter((frame) => frame.timeUs >= timeUs);
  }

  #take(told: Transition): void {
    const run = this.#run;
    const namespace = this.#namespaceIn(run);
    // Before a pod is there, and of others, its inside shows nothing.
    const about = namespace === null ? [] : pidsAbout(told, namespace, run);
    if (namespace === null || about.length === 0) return;
    const level = run.machine.kernel.levelOf(namespace);
    const { kind } = told;
    this.#taken.push({ ...this.frame(true, run), kind, about, words: transitionWords(told, level) });
  }

  #namespaceIn(run: Run): PidNsId | null {
    return run.namespaceOf(this.opening.pod ?? undefined);
  }

  #tableIn(run: Run): PidNsId | null {
    return this.opening.isSmall ? this.#namespaceIn(run) : HOST_NS;
  }

  frame(withRows: boolean, run = this.#run): Frame {
    const namespace = this.#namespaceIn(run);
    const table = this.#tableIn(run);
    const { kernel } = run.machine;
    const bare: Frame = {
      timeUs: run.sim.nowUs,
      words: '',
      kind: '',
      about: [],
      counts: countsOf(run, table ?? HOST_NS),
      cells: table === null ? new Uint8Array(0) : kernel.cells(table).slice(0, CELLS_MAX),
      cursor: kernel.cursor(table ?? HOST_NS),
    };
    if (!withRows || namespace === null) return withRows ? { ...bare, rows: [] } : bare;
    const { rows, leftOut } = rowsOf(run, namespace);
    const full = { ...bare, rows, rowsLeftOut: leftOut };
    if (!this.opening.isSmall) return full;
    return { ...full, holders: this.#holders(bare.cells, run), programs: programsIn(run, namespace) };
  }

  #holders(cells: Uint8Array, run: Run): Record<number, string> {
    const taken = [...cells.keys()].filter(
      (pid) => CELLS[cells[pid]] !== 'free' && CELLS[cells[pid]] !== 'reserved',
    );
    return Object.fromEntries(taken.map((pid) => [pid, this.holder(pid, run)]));
  }

  litmus(pod: string | null): string | null {
    return podLitmus(this.scenario, pod ?? this.scenario.node.pods[0]?.name ?? '');
  }

  holder(pid: number, run = this.#run): string {
    const table = this.#tableIn(run);
    return table === null ? '' : holderWords(pid, run.machine.kernel.holderOf(pid, table));
  }
}

function countsOf({ machine: { kernel }, node }: Run, namespace: PidNsId): Counts {
  const zombies = kernel.zombies(namespace);
  return {
    live: kernel.taskCount(namespace) - zombies,
    zombies,
    pinned: kernel.pinned(namespace),
    allocated: kernel.allocated(namespace),
    free: freePids(kernel, namespace),
    pidMax: kernel.pidMax(namespace),
    kubelet: kernel.pidMax() - node.pidAvailable,
  };
}

function rowsOf({ machine: { kernel }, node }: Run, namespace: PidNsId): { rows: Row[]; leftOut: number } {
  const processOf = (row: TaskRow): NodeProcess => {
    const { pod, container } = node.context.origins.all[row.origin];
    return { ...processRow(row), pod, container };
  };
  const crowds = kernel
    .listCrowds(namespace)
    .map((row): CountedProcess => ({ ...processOf(row), count: row.count }))
    .filter((row) => !isKernelThread(row));
  const isMany = crowds.reduce((sum, { count = 1 }) => sum + count, 0) > ROWS_APART_MAX;
  const apart = (): NodeProcess[] =>
    kernel
      .listTasks(namespace)
      .map(processOf)
      .filter((row) => !isKernelThread(row));
  const entries = isMany ? forest(crowds) : forest(apart(), false);
  const rows = entries.slice(0, ROWS_MAX).map(({ row, count, depth }): Row => {
    const { nspid, container: _, ...rest } = row;
    return { ...rest, depth, count, level: nspid.length - 1 };
  });
  return { rows, leftOut: entries.length - rows.length };
}

/** Each program that runs, once, with the PIDs of the processes that are at its lines. */
function programsIn({ machine }: Run, namespace: PidNsId): ProgramText[] {
  const found = new Map<string, ProgramText>();
  for (const { task, pid } of machine.kernel.listTasks(namespace)) {
    const place = machine.placeOf(task);
    if (place === null) continue;
    for (const { name, lines } of listProgram(place.program)) {
      if (!found.has(name))
        found.set(name, { name, lines: lines.map(({ text, depth }) => ({ text, depth, pids: [] })) });
    }
    const { name, index } = lineAt(place.program, place.pc);
    found.get(name)!.lines[index]?.pids.push(pid);
  }
  return [...found.values()].slice(0, PROGRAMS_MAX);
}

/** The PIDs, in a namespace, of the processes that it is about; empty: none of them is seen from there. */
function pidsAbout(told: Transition, seenFrom: PidNsId, { machine: { kernel } }: Run): number[] {
  if (told.kind === 'wrapped') return told.namespace === seenFrom ? [told.pid] : [];
  const whose = 'pids' in told ? [told] : told.kind === 'fork' ? [told.who, told.child] : [told.who];
  const level = kernel.levelOf(seenFrom);
  return whose.flatMap(({ pids, namespace }) => (level === 0 || namespace === seenFrom ? pids[level] : []));
}
