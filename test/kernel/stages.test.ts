/**
 * The table of a process's end (src/kernel/stages.ts): the kernel is driven into each stage, and every column
 * is checked.
 */
import { describe, expect, it } from 'vitest';
import {
  HOST_ORIGIN,
  Kernel,
  SIGKILL,
  STAGES,
  type StageName,
  type TaskId,
} from '../../src/kernel/kernel.js';
import { NO_HOOKS } from '../../src/kernel/state.js';
import { kernelRules } from '../../src/node/versions/kernel.js';

/**
 * A kernel in which a killed process dies when it runs, not at once; and a child whose parent does nothing by
 * itself.
 */
function boot() {
  const kernel = new Kernel({
    rules: kernelRules('6.18')!,
    pidMax: 32_768,
    threadsMax: 10_000,
    hooks: { ...NO_HOOKS, killed: () => true },
  });
  const parent = kernel.fork(kernel.init);
  return { kernel, parent, task: kernel.fork(parent) };
}

type Scene = ReturnType<typeof boot>;

/** A child that is PID 1 of a namespace, where another process has its parent outside. */
function containerInit(): Scene {
  const { kernel, parent } = boot();
  kernel.unsharePidNamespace(parent);
  const task = kernel.fork(parent);
  kernel.fork(parent);
  return { kernel, parent, task };
}

const SCENES: Record<StageName, () => Scene> = {
  live: boot,
  killed() {
    const scene = boot();
    scene.kernel.kill(scene.parent, scene.task, SIGKILL);
    return scene;
  },
  'leader-dead'() {
    const scene = boot();
    scene.kernel.cloneThreads(scene.task, 2);
    scene.kernel.exitMainThread(scene.task);
    return scene;
  },
  'leader-dead-killed'() {
    const scene = boot();
    scene.kernel.cloneThreads(scene.task, 2);
    scene.kernel.exitAhead(scene.task, 7);
    return scene;
  },
  'ending-namespace'() {
    const scene = containerInit();
    scene.kernel.exit(scene.task, 0);
    return scene;
  },
  'ending-namespace-leader-dead'() {
    const scene = containerInit();
    scene.kernel.cloneThreads(scene.task, 2);
    scene.kernel.exit(scene.task, 0);
    return scene;
  },
  zombie() {
    const scene = boot();
    scene.kernel.exit(scene.task, 0);
    return scene;
  },
  free() {
    const scene = SCENES.zombie();
    scene.kernel.wait(scene.parent, scene.task);
    return scene;
  },
};

function mayRun(kernel: Kernel, task: TaskId): 'yes' | 'to die' | 'no' {
  if (!kernel.canRun(task)) return 'no';
  return kernel.dieOfSignal(task) ? 'to die' : 'yes';
}

describe.each(Object.keys(STAGES) as StageName[])('K19 K29 K32 a process that is %s', (name) => {
  const stage = STAGES[name];
  const scene = SCENES[name];

  it('is at that stage', () => {
    const { kernel, task } = scene();
    expect(kernel.stageOf(task)).toBe(name);
    kernel.checkInvariants();
  });

  it(`may run: ${stage.mayRun}`, () => {
    const { kernel, task } = scene();
    expect(mayRun(kernel, task)).toBe(stage.mayRun);
  });

  it(`may fork: ${stage.mayRun !== 'no'}`, () => {
    const { kernel, task } = scene();
    const fork = () => kernel.forkAs(task, kernel.comm('child'), HOST_ORIGIN, 0);
    if (stage.mayRun === 'no') expect(fork).toThrow(`a ${name} task forks`);
    else expect(kernel.parentOf(fork())).toBe(task);
  });

  it(`holds its PID: ${stage.holdsPid}`, () => {
    const { kernel, task } = scene();
    // The row of a task that is free is readable until the next fork.
    const pid = kernel.hostPid(task);
    expect(kernel.taskWithPid(pid, kernel.init, kernel.init, false) === task).toBe(stage.holdsPid);
    expect(kernel.allocated()).toBe(kernel.taskCount());
  });

  it(`is shown by ps as: ${stage.ps}`, () => {
    const { kernel, task } = scene();
    const row = kernel.listTasks().find((each) => each.task === task);
    expect(row?.stat.charAt(0) ?? null).toBe(stage.ps);
  });

  it(`can be reaped: ${stage.canBeReaped}`, () => {
    const { kernel, parent, task } = scene();
    expect(kernel.wait(parent, task) === task).toBe(stage.canBeReaped);
  });
});

describe('from stage to stage', () => {
  it('K29 a killed process is a zombie once it has run, and free once it has been reaped', () => {
    const { kernel, parent, task } = SCENES.killed();
    kernel.dieOfSignal(task);
    expect(kernel.stageOf(task)).toBe('zombie');
    kernel.wait(parent, task);
    expect(kernel.stageOf(task)).toBe('free');
  });

  it('K19 a process whose leader is dead is a zombie that can be reaped when its last thread has ended', () => {
    const { kernel, task } = SCENES['leader-dead']();
    kernel.endThreads(task, 1);
    expect(kernel.stageOf(task)).toBe('leader-dead');
    kernel.endThreads(task, 1);
    expect(kernel.stageOf(task)).toBe('zombie');
  });

  it('K32 PID 1 of a namespace is a zombie when the last other PID in there is free', () => {
    const { kernel, parent, task } = SCENES['ending-namespace']();
    const [, visitor] = kernel.childrenOf(parent).filter((child) => child !== task);
    kernel.dieOfSignal(visitor);
    expect(kernel.stageOf(task)).toBe('ending-namespace');
    kernel.wait(parent, visitor);
    expect(kernel.stageOf(task)).toBe('zombie');
  });

  it('K10 a free row may leave its PID behind, pinned, as long as its session has a member', () => {
    const { kernel, parent, task } = boot();
    kernel.setsid(task);
    const member = kernel.fork(task);
    const pid = kernel.pidOf(task);
    kernel.exit(task, 0);
    kernel.wait(parent, task);
    expect([kernel.stageOf(task), kernel.pinnedPids()]).toEqual(['free', [pid]]);
    kernel.exit(member, 0);
    kernel.wait(kernel.init, member);
    expect(kernel.pinnedPids()).toEqual([]);
  });
});
