/** What a run tells of its transitions, and that being watched changes nothing that comes of it. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CELLS, type Holder, type PidNsId } from '../../src/kernel/kernel.js';
import { lineAt, listProgram } from '../../src/program/listing.js';
import { Run, type RunOptions, simulate } from '../../src/run/run.js';
import type { Transition, Who } from '../../src/run/transitions.js';
import { parseScenario } from '../../src/scenario/parse.js';
import type { Scenario } from '../../src/scenario/scenario.js';
import { US_PER_SECOND } from '../../src/sim/time.js';

function scenarioOf(text: string): Scenario {
  const parsed = parseScenario(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
  return parsed.value[0];
}

/** One namespace, whose PID 1 runs `init`, and into which `probe` is brought from outside, once. */
function worldOf(programs: Record<string, string>, { probe = '', pidMax = 400 } = {}): Scenario {
  const listed = Object.entries(programs).map(
    ([name, steps]) => `    ${name}: {comm: ${name}, steps: [${steps}]}`,
  );
  return scenarioOf(`
apiVersion: pidsim/v1
kind: Scenario
metadata: {name: world, title: A world}
spec:
  horizon: 30s
  node: {kernel: {version: "6.18", pidMax: ${pidMax}, memory: 1Gi}, baseline: {tasks: 3}, runtime: {name: bare}}
  programs:
${listed.join('\n')}
  pods:
    - name: demo
      sandbox: none
      containers:
        - {name: demo, program: init${probe === '' ? '' : `, execs: [{every: 1h, startAt: 1s, program: ${probe}}]`}}
`);
}

const name = ({ comm, pids }: Who): string => `${comm} ${pids.at(-1)}`;

/** A transition as a line, with the PIDs of the innermost namespace. */
function line(told: Transition): string {
  switch (told.kind) {
    case 'fork':
      return `${name(told.who)} forks ${name(told.child)}`;
    case 'threads':
      return `${name(told.who)} threads ${told.count}`;
    case 'leads':
      return `${name(told.who)} leads a ${told.what}`;
    case 'exit':
      return `${name(told.who)} exits ${told.status}`;
    case 'reparented':
      return `${name(told.who)} goes from ${name(told.from)} to ${name(told.to)} (${told.why})`;
    case 'reaped':
      return `${name(told.who)} reaped by ${name(told.by)} (${told.cause})`;
    case 'pinned':
      return `${told.pids.at(-1)} pinned by ${name(told.by)}`;
    case 'released':
      return `${told.pids.at(-1)} released`;
    case 'signal':
      return `${told.signal} to ${name(told.who)}: ${told.effect}`;
    case 'refused':
      return `${name(told.who)} refused by ${told.limit} at ${told.level}: ${told.errno}`;
    case 'wrapped':
      return `level ${told.level} wrapped to ${told.pid}`;
    default:
      return `${told.kind} ${name(told.who)}`;
  }
}

function linesOf(scenario: Scenario, options: RunOptions = {}): string[] {
  const lines: string[] = [];
  const run = new Run(scenario, { strokes: false, ...options, transition: (told) => lines.push(line(told)) });
  while (run.step());
  run.machine.kernel.checkInvariants();
  return lines;
}

/** From the first line with this in it. */
const since = (lines: string[], text: string): string[] =>
  lines.slice(lines.findIndex((one) => one.includes(text)));

const CHILD = '{sleep: 1s}, {exit: 7}';

describe('a run tells of', () => {
  test('a child that nobody waits for: it exits, is a zombie, SIGCHLD is dropped, and it stays', () => {
    const lines = linesOf(worldOf({ init: '{fork: {program: child}}, pause', child: CHILD }));
    expect(since(lines, 'forks child')).toEqual([
      'init 1 forks child 2',
      'child 2 exits 7',
      'zombie child 2',
      'CHLD to init 1: dropped',
    ]);
  });

  test('one that is waited for: reaped, and its PID released', () => {
    const lines = linesOf(worldOf({ init: '{fork: {program: child}}, {wait: any}, pause', child: CHILD }));
    expect(since(lines, 'child 2 exits')).toEqual([
      'child 2 exits 7',
      'zombie child 2',
      'CHLD to init 1: dropped',
      'child 2 reaped by init 1 (wait)',
      '2 released',
    ]);
  });

  test('the same in one stroke, where no zombie is seen', () => {
    const scenario = worldOf({ init: '{fork: {program: child}}, {wait: any}, pause', child: CHILD });
    expect(since(linesOf(scenario, { strokes: true }), 'child 2 exits')).toEqual([
      'child 2 exits 7',
      'child 2 reaped by init 1 (wait)',
      '2 released',
    ]);
  });

  test('a parent that ignores SIGCHLD: nobody waits, and the zombie is gone at once', () => {
    const lines = linesOf(
      worldOf({ init: '{sigchld: ignore}, {fork: {program: child}}, pause', child: CHILD }),
    );
    expect(since(lines, 'zombie')).toEqual([
      'zombie child 2',
      'CHLD to init 1: ignored',
      'child 2 reaped by init 1 (autoreap)',
      '2 released',
    ]);
  });

  test('an orphan that goes to PID 1, and one that goes to a subreaper', () => {
    const orphaning = '{fork: {program: child}}, {exit: 0}';
    const plain = linesOf(worldOf({ init: '{fork: {program: a}}, pause', a: orphaning, child: CHILD }));
    expect(plain).toContain('child 3 goes from a 2 to init 1 (init)');
    const programs = {
      init: '{fork: {program: sub}}, pause',
      sub: '{subreaper: true}, {fork: {program: a}}, pause',
      a: orphaning,
      child: CHILD,
    };
    expect(linesOf(worldOf(programs))).toContain('child 4 goes from a 3 to sub 2 (subreaper)');
  });

  test('a session leader that is gone: its PID is pinned by the zombie, and released with it', () => {
    const init = '{on-term: exit}, {sleep: 5s}, reap, pause';
    const probe = '{fork: {steps: [{sleep: 1s}, {exit: 0}], comm: orphan}}, {exit: 0}';
    const lines = linesOf(worldOf({ init, probe }, { probe: 'probe' }));
    expect(lines).toContain('2 pinned by orphan 3');
    expect(since(lines, 'orphan 3 reaped')).toEqual([
      'orphan 3 reaped by init 1 (wait)',
      '2 released',
      '3 released',
    ]);
  });

  test('a signal that ends a process, and one that PID 1 is protected from', () => {
    const lines = linesOf(
      worldOf({
        init: '{fork: {program: a}}, {kill: {target: self, signal: KILL}}, {kill: {target: children, signal: KILL}}, pause',
        a: 'pause',
      }),
    );
    expect(since(lines, 'KILL to init')).toEqual([
      'KILL to init 1: dropped',
      'KILL to a 2: ends',
      'a 2 exits 137',
      'zombie a 2',
      'CHLD to init 1: dropped',
    ]);
  });

  test('threads, an exec, and the end of a namespace', () => {
    const lines = linesOf(
      worldOf({
        init: '{fork: {program: a}}, {threads: 2}, {threads: 0}, {exec: {comm: other, steps: [{exit: 3}]}}',
        a: 'pause',
      }),
    );
    expect(lines).toEqual(expect.arrayContaining(['init 1 threads 2', 'init 1 threads -1', 'exec other 1']));
    expect(lines).toContain('namespace-ends other 1');
    expect(lines).toContain('a 2 reaped by other 1 (namespace-end)');
  });

  test('a wrap, and a fork that is refused by the limit of the node', () => {
    const churn =
      '{repeat: {times: 420, steps: [{fork: {steps: [{exit: 0}], comm: brief}}, {wait: any}]}}, {repeat: {times: forever, steps: [{fork: {steps: [pause], orElse: [{sleep: 1h}]}}]}}';
    const lines = linesOf(worldOf({ init: churn }));
    expect(lines.filter((one) => one.includes('level 0 wrapped'))).toEqual([
      'level 0 wrapped to 300',
      'level 0 wrapped to 300',
    ]);
    expect(lines).toContain('init 1 refused by pid-max at 0: EAGAIN');
  });
});

describe('being watched, and seeing awaited zombies, changes nothing that comes of it', () => {
  const text = readFileSync('scenarios/rabbitmq-pause-3.0.yaml', 'utf8').replace(
    'horizon: 2d',
    'horizon: 20m',
  );

  test.each([{ strokes: false }, { strokes: true }])('%o', (options) => {
    const scenario = scenarioOf(text);
    const { engineEvents: _, ...unwatched } = simulate(scenario);
    const zombies: number[] = [];
    const run = new Run(scenario, {
      ...options,
      transition: ({ kind }) => kind === 'zombie' && zombies.push(1),
    });
    while (run.step());
    const { engineEvents: __, ...watched } = run.result();
    expect(watched).toEqual(unwatched);
    // Most zombies of a run are awaited.
    expect(zombies.length > 2_000).toBe(!options.strokes);
  });

  test('whatever is read at a transition agrees: counts, listing and cells', () => {
    const seen: string[] = [];
    let run: Run | null = null;
    const look = ({ kind }: Transition): void => {
      const { kernel } = run!.machine;
      const listed = kernel.listTasks();
      const zombies = listed.filter(({ stat }) => stat.startsWith('Z')).length;
      const cells = kernel.cells();
      const ofCells = cells.reduce((sum, cell) => sum + (CELLS[cell] === 'zombie' ? 1 : 0), 0);
      expect([kind, zombies, ofCells]).toEqual([kind, kernel.zombies(), kernel.zombies()]);
      seen.push(kind);
    };
    const short = { ...scenarioOf(text), horizonUs: 45 * US_PER_SECOND };
    run = new Run(short, { strokes: false, transition: look });
    while (run.step());
    expect(new Set(seen).size).toBeGreaterThan(9);
  });

  test('a run that is not watched for a time tells nothing of it', () => {
    const told: number[] = [];
    const run = new Run(scenarioOf(text), { transition: ({ timeUs }) => told.push(timeUs) });
    run.isWatched = false;
    while (!run.advance(60 * US_PER_SECOND));
    expect(told).toEqual([]);
    run.isWatched = true;
    expect(run.step()).toBe(true);
    expect(told[0]).toBeGreaterThan(60 * US_PER_SECOND);
    expect(new Set(told).size).toBe(1);
  });
});

describe('the table of PIDs', () => {
  const scenario = scenarioOf(
    readFileSync('scenarios/rabbitmq-pause-3.0.yaml', 'utf8').replace('horizon: 2d', 'horizon: 10h'),
  );
  const run = new Run(scenario);
  while (!run.advance());
  const { kernel } = run.machine;
  const pod = kernel.listTasks().find(({ comm, nspid }) => comm === 'pause' && nspid.length > 1)!;
  const inner: PidNsId = kernel.namespaceOf(pod.task);

  const countOf = (cells: Uint8Array, ...names: (typeof CELLS)[number][]): number =>
    cells.reduce((sum, cell) => sum + (names.includes(CELLS[cell]) ? 1 : 0), 0);

  test.each([
    ['the node', undefined],
    ['a pod', inner],
  ])('has a cell for each PID of %s', (_name, namespace) => {
    const cells = kernel.cells(namespace);
    expect(cells).toHaveLength(kernel.pidMax(namespace));
    expect(countOf(cells, 'pinned')).toBe(kernel.pinned(namespace));
    expect(countOf(cells, 'live', 'thread', 'zombie')).toBe(kernel.taskCount(namespace));
    expect(countOf(cells, 'zombie')).toBe(kernel.zombies(namespace));
  });

  test('has reserved cells below 300 once the cursor has passed them, and none before', () => {
    const cells = kernel.cells();
    expect(cells.subarray(0, 300)).not.toContain(CELLS.indexOf('free'));
    expect(cells.subarray(300)).not.toContain(CELLS.indexOf('reserved'));
    const young = new Run(worldOf({ init: 'pause' }));
    while (!young.advance(US_PER_SECOND));
    expect(countOf(young.machine.kernel.cells(), 'reserved')).toBe(1);
  });

  test('knows the holder of every PID, and for whose sake one is pinned', () => {
    const cells = kernel.cells();
    const pids = new Set(kernel.listTasks().map(({ pid }) => pid));
    const seen = new Set<Holder['cell']>();
    for (let pid = 1; pid < cells.length; pid += 97) {
      const holder = kernel.holderOf(pid);
      expect(holder.cell).toBe(CELLS[cells[pid]]);
      seen.add(holder.cell);
      if (holder.cell === 'live' || holder.cell === 'zombie') expect(holder.row.pid).toBe(pid);
      if (holder.cell === 'thread') expect(holder.row.threads).toBeGreaterThan(1);
      if (holder.cell !== 'pinned') continue;
      expect(pids.has(pid)).toBe(false);
      for (const { row, of } of holder.members)
        expect([of === 'group' ? row.pgid : row.sid, row.stat[0]]).toEqual([pid, 'Z']);
    }
    expect(seen).toEqual(new Set(CELLS));
  });
});

describe('the step of a program', () => {
  test('is the line that it sleeps, waits or pauses in', () => {
    const scenario = worldOf({
      init: '{fork: {program: a}}, {wait: any}, pause',
      a: '{repeat: {times: 2, steps: [{sleep: 2s}]}}, {exit: 0}',
    });
    const run = new Run(scenario);
    const lineOf = (comm: string): string | undefined => {
      const { task } = run.machine.kernel.listTasks().find((row) => row.comm === comm)!;
      const { program, pc } = run.machine.placeOf(task)!;
      const { name, index } = lineAt(program, pc);
      return listProgram(program).find((entry) => entry.name === name)!.lines[index].text;
    };
    while (!run.advance(US_PER_SECOND));
    expect([lineOf('init'), lineOf('a')]).toEqual(['wait: any', 'sleep: 2s']);
    while (!run.advance(10 * US_PER_SECOND));
    expect(lineOf('init')).toBe('pause');
  });

  test('is in a listing of every program that is named, with what is inside of a step a level deeper', () => {
    const scenario = worldOf({
      init: '{fork: {program: a}}, {repeat: {times: forever, steps: [{chance: {p: 0.5, steps: [{sleep: 1s}], else: [pause]}}]}}',
      a: 'pause',
    });
    const [{ containers }] = scenario.node.pods;
    const listed = listProgram(containers[0].program).map(({ name, lines }) => [
      name,
      ...lines.map(({ depth, text }) => `${'  '.repeat(depth)}${text}`),
    ]);
    expect(listed).toEqual([
      ['init', 'fork: a', 'repeat: forever', '  chance: 0.5', '    sleep: 1s', '    pause'],
      ['a', 'pause'],
    ]);
  });
});
