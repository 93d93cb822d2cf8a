import { describe, expect, test } from 'vitest';
import { parseTrace, programFromTrace, type TraceReading } from '../../src/program/catalogue/index.js';
import shipped from '../../src/program/catalogue/traces/rabbitmqctl.json' with { type: 'json' };
import type { Step } from '../../src/program/step.js';
import { World } from './world.js';

const SHIPPED_TRACE = `${shipped.lines.join('\n')}\n`;

/**
 * The steps of the trace with these events: `time event task child name`, blanks between them, `-` for none.
 */
function steps(lines: string, reading?: TraceReading): Step[] {
  return programFromTrace(events(lines), reading).steps;
}

function events(lines: string) {
  const text = lines
    .trim()
    .split('\n')
    .map((line) =>
      line
        .trim()
        .split(/\s+/)
        .map((column) => (column === '-' ? '' : column))
        .join('\t'),
    );
  return eventsOf(text.join('\n'));
}

function eventsOf(text: string) {
  const trace = parseTrace(text);
  if (!trace.ok) throw new Error(JSON.stringify(trace.problems));
  return trace.events;
}

/** Every step of a program, those inside others included. */
function flat(list: readonly Step[]): Step[] {
  return list.flatMap((step) => {
    if (typeof step === 'string') return [step];
    const inside =
      'fork' in step ? step.fork.steps! : 'exec' in step && 'steps' in step.exec ? step.exec.steps : [];
    return [step, ...flat(inside)];
  });
}

describe('a trace becomes steps', () => {
  test('with sleeps between what a process did', () => {
    expect(
      steps(`0 exec 1 - sh
                  100 setsid 1
                  350 exit 1`),
    ).toEqual([{ sleep: '100us' }, 'setsid', { sleep: '250us' }]);
  });

  test('with a child inside its parent, and an exec around what follows it', () => {
    expect(
      steps(`0 exec 1 - sh
                  10 fork 1 2 sh
                  30 exec 2 - cat
                  90 exit 2`),
    ).toEqual([
      { sleep: '10us' },
      { fork: { steps: [{ sleep: '20us' }, { exec: { comm: 'cat', steps: [{ sleep: '60us' }] } }] } },
      'pause',
    ]);
  });

  test('with a wait for a child after whose exit the parent went on', () => {
    expect(
      steps(`0 exec 1 - sh
                  10 fork 1 2 sh
                  90 exit 2
                  290 exit 1`),
    ).toEqual([
      { sleep: '10us' },
      { fork: { steps: [{ sleep: '80us' }] } },
      { wait: 'any' },
      { sleep: '200us' },
      { exit: 'waited' },
    ]);
  });

  test('with a status of its own, if the child failed and it did not', () => {
    const trace = (status: string) => `0 exec 1 - sh
                  10 fork 1 2 sh
                  90 exit 2 ${status}
                  290 exit 1`;
    expect(steps(trace('1')).at(-1)).toEqual({ sleep: '200us' });
    expect(steps(trace('0')).at(-1)).toEqual({ exit: 'waited' });
  });

  test('without one for a child that died too late, or too shortly before its parent, to be the reason', () => {
    const fork = [{ sleep: '10us' }, { fork: { steps: [{ sleep: '80us' }] } }];
    expect(steps('0 exec 1 - sh \n 10 fork 1 2 sh \n 90 exit 2 \n 108 exit 1')).toEqual([
      ...fork,
      { sleep: '98us' },
    ]);
    expect(steps('0 exec 1 - sh \n 10 fork 1 2 sh \n 50 exit 1 \n 90 exit 2')).toEqual([
      ...fork,
      { sleep: '40us' },
    ]);
  });

  test('with just the waits of the trace, if it has any', () => {
    const lines = `0 exec 1 - sh
                   10 fork 1 2 sh
                   20 fork 1 3 sh
                   90 exit 2
                   95 exit 3
                   300 wait 1 3
                   400 exit 1`;
    expect(steps(lines).slice(4)).toEqual([{ wait: 'task-3' }, { sleep: '305us' }, { exit: 'waited' }]);
  });

  test('with the statuses of the trace', () => {
    expect(steps('0 exec 1 - sh \n 50 exit 1 7')).toEqual([{ sleep: '50us' }, { exit: 7 }]);
  });

  test('with threads, and an exit of all of them at the last one’s', () => {
    expect(
      steps(`0 exec 1 - app
                  10 thread 1 2
                  20 thread 2 3
                  500 exit 3
                  510 exit 1
                  520 exit 2`),
    ).toEqual([{ sleep: '10us' }, { threads: 1 }, { sleep: '10us' }, { threads: 2 }, { sleep: '500us' }]);
  });

  test('with a thread that ended long before, and a main thread that did', () => {
    expect(
      steps(`0 exec 1 - app
                  10 thread 1 2
                  20 thread 1 3
                  1000 exit 3
                  50000 exit 1
                  90000 exit 2`),
    ).toEqual([
      { sleep: '10us' },
      { threads: 1 },
      { sleep: '10us' },
      { threads: 2 },
      { sleep: '980us' },
      { threads: 1 },
      { sleep: '49ms' },
      'exit-main-thread',
      { sleep: '40ms' },
    ]);
  });

  test('that go on waiting, or pause, if it was alive at the end', () => {
    expect(steps('0 exec 1 - sh \n 10 fork 1 2 sh')).toEqual([
      { sleep: '10us' },
      { fork: { steps: ['pause'] } },
      { wait: 'any' },
      { exit: 'waited' },
    ]);
    expect(steps('0 exec 1 - app')).toEqual(['pause']);
  });

  test('with one sleep for what is closer together than the resolution, every exit at its time', () => {
    const lines = `0 exec 1 - sh
                   300 fork 1 2 sh
                   500 exec 2 - cat
                   2500 exit 2
                   2700 exit 1`;
    expect(steps(lines, { resolutionUs: 1_000 })).toEqual([
      { fork: { steps: [{ exec: { comm: 'cat', steps: [{ sleep: '2ms500us' }] } }] } },
      { wait: 'any' },
      { sleep: '200us' },
      { exit: 'waited' },
    ]);
  });

  test('with a race as a sleep that ends around the end of another process', () => {
    const lines = `0 exec 1 - sh
                   100 fork 1 2 sh
                   900 exit 2
                   1000 exit 1`;
    const reading = {
      sigchld: { sh: 'default' },
      races: [{ task: 2, against: 1, beforeUs: 200, afterUs: 50 }],
    } as const;
    expect(steps(lines, reading)[1]).toEqual({
      fork: { steps: [{ sleep: { uniform: ['700us', '950us'] } }] },
    });
  });
});

describe('a trace of a parent with a pipe to a child', () => {
  const TRACE = `0 exec 1 - vm
                  10 fork 1 2 vm
                  20 exec 2 - helper
                  30 fork 2 3 helper
                  40 exec 3 - worker
                  50 fork 3 4 worker
                  90 thread 1 5 vm
                  100 exit 4
                  200 exit 3
                  400 exit 2
                  900 exit 5
                  900 exit 1`;
  const reading: TraceReading = {
    sigchld: { vm: 'ignore', helper: 'reap-all', worker: 'default' },
    endsWith: { 2: 1, 3: 2 },
  };
  const orElse = (found: (step: Step) => boolean, given = reading) => {
    const step = flat(steps(TRACE, given)).find(found);
    return typeof step === 'object' && 'orElse' in step
      ? step.orElse
      : (step as { fork: { orElse?: Step[] } }).fork.orElse;
  };
  const isThreads = (step: Step) => typeof step === 'object' && 'threads' in step;
  /** The fork of a child that runs so many programs after one another, the last of which is this one. */
  const isForkIn = (comm: string) => (step: Step) =>
    typeof step === 'object' &&
    'fork' in step &&
    JSON.stringify(step.fork.steps).startsWith(`[{"sleep":"10us"},{"exec":{"comm":"${comm}"`);

  test('ends the child with a parent that aborts: the child is an orphan', () => {
    expect(orElse(isThreads)).toEqual([
      { threads: 0 },
      { kill: { target: 'task-2', signal: 'TERM' } },
      { exit: 134 },
    ]);
  });

  test('lets the child be gone first as often as it is told', () => {
    expect(orElse(isThreads, { ...reading, abortOrphanShare: 0.25 })).toEqual([
      { threads: 0 },
      { kill: { target: 'task-2', signal: 'TERM' } },
      { chance: { p: 0.75, steps: [{ sleep: '1ms' }] } },
      { exit: 134 },
    ]);
  });

  test('ends a child that cannot fork after its parent, which it has told', () => {
    expect(orElse(isForkIn('worker'))).toEqual([
      { kill: { target: 'parent', signal: 'TERM' } },
      { sleep: '1ms' },
      { exit: 2 },
    ]);
  });

  test('ends one that cannot fork before a parent that has such a pipe too', () => {
    const step = flat(steps(TRACE, reading)).find(
      (each) =>
        typeof each === 'object' &&
        'fork' in each &&
        each.fork.comm === undefined &&
        each.fork.steps?.length === 1,
    ) as { fork: { orElse: Step[] } };
    expect(step.fork.orElse).toEqual([{ kill: { target: 'parent', signal: 'TERM' } }, { exit: 2 }]);
  });

  test('lets a parent that has lost its child exit 1, or wait for it in vain', () => {
    const isLook = (step: Step) => typeof step === 'object' && 'kill' in step && step.kill.signal === 'CHLD';
    const races = [{ task: 2, against: 1, beforeUs: 100, afterUs: 100 }];
    expect(orElse(isLook, { ...reading, races })).toEqual([{ exit: 1 }]);
    expect(orElse(isLook, { ...reading, races, lostChild: { wait: '90s', status: 69 } })).toEqual([
      { sleep: '90s' },
      { exit: 69 },
    ]);
  });
});

describe('a trace that is wrong', () => {
  test.each([
    ['has no events', 'time_us\tevent\ttask\tchild\tname\n', [[0, 'the trace has no events']]],
    [
      'has an unknown event',
      '0\texec\t1\t\tsh\n1\tdance\t1\n',
      [[2, '"dance" is not an event: expected one of fork, thread, exec, setsid, setpgid, wait, exit']],
    ],
    ['has a time that is no number', 'soon\texec\t1\t\tsh', [[1, 'time, task and child are whole numbers']]],
    ['has a fork of nobody', '0\tfork\t1', [[1, 'a fork needs a child']]],
    ['is not a trace', 'hello', [[1, 'expected tab-separated columns: time_us, event, task, child, name']]],
  ])('%s', (_, text, problems) => {
    const trace = parseTrace(text);
    expect(trace.ok ? [] : trace.problems.map(({ line, message }) => [line, message])).toEqual(problems);
  });

  test('names a task that nothing introduces', () => {
    expect(() => steps('0 exec 1 - sh \n 10 exit 7')).toThrow('nothing before it introduces task 7');
  });
});

describe('the traced rabbitmqctl node_health_check', () => {
  const exact = programFromTrace(eventsOf(SHIPPED_TRACE));

  test('has 26 processes and 19 extra threads: 45 PIDs', () => {
    const all = flat(exact.steps);
    const processes = 1 + all.filter((step) => typeof step === 'object' && 'fork' in step).length;
    const threads = Math.max(
      ...all.map((step) => (typeof step === 'object' && 'threads' in step ? step.threads : 0)),
    );
    expect([processes, threads, processes + threads]).toEqual([26, 19, 45]);
  });

  test('has a session for su’s shell, for erl_child_setup, for each inet_gethost pair and each sh', () => {
    expect(flat(exact.steps).filter((step) => step === 'setsid').length).toBe(9);
  });

  test('execs what the trace says, in the order of the tree', () => {
    const comms = flat(exact.steps).flatMap((step) =>
      typeof step === 'object' && 'exec' in step && 'comm' in step.exec ? [step.exec.comm] : [],
    );
    expect(comms.join(' ')).toBe(
      'sed basename id id id id id su sh rabbitmqctl readlink dirname erl dirname basename erlexec beam.smp ' +
        'erl_child_setup inet_gethost sh sh sh sh sh inet_gethost',
    );
    expect(exact.comm).toBe('rabbitmqctl');
  });

  test.each([0, 1_000])('ends after 354 ms, to the microsecond, at a resolution of %i us', (resolutionUs) => {
    const reading: TraceReading = {
      sigchld: { 'beam.smp': 'ignore', erl_child_setup: 'reap-all' },
      resolutionUs,
    };
    const world = new World('pause-3.0');
    const startUs = world.sim.nowUs;
    const task = world.enter(programFromTrace(eventsOf(SHIPPED_TRACE), reading));
    world.sim.run(startUs + 353_998);
    expect(world.kernel.isZombie(task)).toBe(false);
    world.sim.run(startUs + 353_999);
    expect(world.kernel.isZombie(task)).toBe(true);
  });

  test('gives PIDs in the order of the trace', () => {
    const births = eventsOf(SHIPPED_TRACE).filter(({ event }) => /fork|thread/.test(event));
    const forks = births.flatMap(({ event }, index) => (event === 'fork' ? [index] : []));
    const world = new World('pause-3.0');
    const numbers: number[] = [];
    const forked = world.machine.forked.bind(world.machine);
    world.machine.forked = (parent, child, number) => {
      numbers.push(world.kernel.pidOf(child, world.namespace));
      forked(parent, child, number);
    };
    world.exec('rabbitmqctl node_health_check');
    const [probe, ...rest] = numbers;
    expect(rest).toEqual(forks.map((index) => probe + 1 + index));
  });
});
