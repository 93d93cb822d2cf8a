/** SIGCHLD is one slot, and what that makes of the inits of containers (experiments e7, e8 and e14). */
import { expect, it } from 'vitest';
import { ANY, KERNEL, SIGCHLD, SIGKILL, SIGTERM, WOULD_BLOCK } from '../../src/kernel/kernel.js';
import { PENDING_DEATH, PENDING_SIGCHLD, PENDING_SIGTERM } from '../../src/kernel/signals.js';
import { NO_HOOKS } from '../../src/kernel/state.js';
import { type AnyKernel, container, deadChild, forkMany, onBothKernels, reapAll } from './kernels.js';

const ORPHANS = 200;

/** What each init of experiment e7 does when it has been woken. */
const INITS = {
  'pause 3.0': { action: 'default', wake: () => false },
  'pause 3.1': { action: 'reap-all', wake: (kernel, init) => handled(kernel, init, reapAll) },
  'one waitpid per signal': { action: 'reap-one', wake: (kernel, init) => handled(kernel, init, reapOne) },
  'SIGCHLD ignored': { action: 'ignore', wake: () => false },
} as const satisfies Record<string, { action: string; wake: (kernel: AnyKernel, init: number) => boolean }>;

function reapOne(kernel: AnyKernel, init: number): void {
  kernel.wait(init, ANY);
}

/** The handler runs, if the signal is there. */
function handled(
  kernel: AnyKernel,
  init: number,
  handler: (kernel: AnyKernel, init: number) => unknown,
): boolean {
  if (!kernel.takeSignal(init, PENDING_SIGCHLD)) return false;
  handler(kernel, init);
  return true;
}

/** 200 orphans of one father, who is alive until they have been adopted: they die as children of PID 1. */
function orphans(kernel: AnyKernel, init: number): number[] {
  const father = kernel.fork(init);
  const children = forkMany(kernel, father, ORPHANS);
  kernel.exit(father, 0);
  kernel.wait(init, father);
  kernel.takeSignal(init, PENDING_SIGCHLD);
  return children;
}

onBothKernels((boot) => {
  it('K25 any number of deaths while a SIGCHLD is pending is that one SIGCHLD', () => {
    const kernel = boot();
    const { init } = container(kernel);
    kernel.setSigchld(init, 'reap-all');
    for (let i = 0; i < 5; i++) deadChild(kernel, init);
    expect(kernel.takeSignal(init, PENDING_SIGCHLD)).toBe(true);
    expect(kernel.takeSignal(init, PENDING_SIGCHLD)).toBe(false);
    deadChild(kernel, init);
    expect(kernel.takeSignal(init, PENDING_SIGCHLD)).toBe(true);
  });

  // Seen on 6.18 with the signal blocked: set to default, ignore or SA_NOCLDWAIT it is no longer pending, and
  // stays gone.
  it.each(['default', 'ignore', 'nocldwait'] as const)(
    'K25 a pending SIGCHLD is forgotten when set to %s',
    (action) => {
      const kernel = boot();
      const { init } = container(kernel);
      kernel.setSigchld(init, 'reap-all');
      const child = deadChild(kernel, init);
      kernel.setSigchld(init, action);
      kernel.setSigchld(init, 'reap-all');
      expect(kernel.pendingSignals(init)).toBe(0);
      expect(kernel.wait(init, ANY)).toBe(child);
    },
  );

  it('K25 a pending signal is not inherited, and reaping the child does not take it back', () => {
    const kernel = boot();
    const { init } = container(kernel);
    kernel.setSigchld(init, 'reap-all');
    deadChild(kernel, init);
    const child = kernel.fork(init);
    expect(kernel.pendingSignals(child)).toBe(0);
    reapAll(kernel, init);
    expect(kernel.pendingSignals(init)).toBe(PENDING_SIGCHLD);
  });

  it.each([
    { init: 'pause 3.0', signals: 0, left: 200 },
    { init: 'pause 3.1', signals: 1, left: 0 },
    { init: 'one waitpid per signal', signals: 1, left: 199 },
    { init: 'SIGCHLD ignored', signals: 0, left: 0 },
  ] as const)('K26 $init, stopped while 200 orphans die: $signals signals, $left zombies left', (example) => {
    const kernel = boot();
    const { ns, init } = container(kernel);
    const { action, wake } = INITS[example.init];
    kernel.setSigchld(init, action);
    for (const orphan of orphans(kernel, init)) kernel.exit(orphan, 0);
    let signals = 0;
    while (wake(kernel, init)) signals += 1;
    expect({ signals, left: kernel.zombies(ns) }).toEqual({ signals: example.signals, left: example.left });
  });

  it.each([
    { init: 'pause 3.0', signals: 0, left: 200 },
    { init: 'pause 3.1', signals: 200, left: 0 },
    { init: 'one waitpid per signal', signals: 200, left: 0 },
    { init: 'SIGCHLD ignored', signals: 0, left: 0 },
  ] as const)('K26 $init, 200 orphans dying one by one: $signals signals, $left zombies left', (example) => {
    const kernel = boot();
    const { ns, init } = container(kernel);
    const { action, wake } = INITS[example.init];
    kernel.setSigchld(init, action);
    let signals = 0;
    for (const orphan of orphans(kernel, init)) {
      kernel.exit(orphan, 0);
      while (wake(kernel, init)) signals += 1;
    }
    expect({ signals, left: kernel.zombies(ns) }).toEqual({ signals: example.signals, left: example.left });
  });

  it('K27 one waitpid per signal never catches up: what a burst has left stays', () => {
    const kernel = boot();
    const { ns, init } = container(kernel);
    kernel.setSigchld(init, 'reap-one');
    const all = orphans(kernel, init);
    for (const orphan of all.slice(0, 50)) kernel.exit(orphan, 0);
    handled(kernel, init, reapOne);
    expect(kernel.zombies(ns)).toBe(49);
    for (const orphan of all.slice(50)) {
      kernel.exit(orphan, 0);
      handled(kernel, init, reapOne);
    }
    expect(kernel.zombies(ns)).toBe(49);
  });

  it('K28 a handler that loops clears the older zombies too, at the next SIGCHLD', () => {
    const kernel = boot();
    const { ns, init } = container(kernel);
    for (let i = 0; i < 50; i++) deadChild(kernel, init);
    kernel.setSigchld(init, 'reap-all');
    expect(handled(kernel, init, reapAll)).toBe(false);
    expect(kernel.zombies(ns)).toBe(50);
    deadChild(kernel, init);
    expect(handled(kernel, init, reapAll)).toBe(true);
    expect(kernel.zombies(ns)).toBe(0);
  });

  it('K28 kill -CHLD 1 does it as well, and does nothing to a PID 1 without a handler', () => {
    const kernel = boot();
    const { ns, init, outside } = container(kernel);
    for (let i = 0; i < 10; i++) deadChild(kernel, init);
    kernel.kill(outside, init, SIGCHLD);
    expect(handled(kernel, init, reapAll)).toBe(false);
    kernel.setSigchld(init, 'reap-all');
    kernel.kill(outside, init, SIGCHLD);
    expect(handled(kernel, init, reapAll)).toBe(true);
    expect(kernel.zombies(ns)).toBe(0);
  });

  it('K33 PID 1 does not hear a signal from inside that it has no handler for, SIGKILL included', () => {
    const kernel = boot();
    const { init } = container(kernel);
    const child = kernel.fork(init);
    for (const signal of [SIGKILL, SIGTERM] as const) {
      kernel.kill(child, init, signal);
      kernel.kill(init, init, signal);
    }
    expect(kernel.canRun(init)).toBe(true);
    expect(kernel.pendingSignals(init)).toBe(0);
  });

  it('K33 from outside SIGKILL works, and SIGTERM only with a handler', () => {
    const kernel = boot();
    const { init, outside } = container(kernel);
    kernel.kill(outside, init, SIGTERM);
    expect(kernel.canRun(init)).toBe(true);
    kernel.setSigterm(init, 'exit');
    kernel.kill(outside, init, SIGTERM);
    expect(kernel.pendingSignals(init)).toBe(PENDING_SIGTERM);
    expect(kernel.canRun(init)).toBe(true);
    kernel.kill(outside, init, SIGKILL);
    expect(kernel.canRun(init)).toBe(false);
    expect(kernel.wait(outside, init)).toBe(init);
    expect(kernel.waitedStatus).toBe(137);
  });

  it('K33 a handler hears signals from inside', () => {
    const kernel = boot();
    const { init } = container(kernel);
    kernel.setSigterm(init, 'exit');
    kernel.kill(kernel.fork(init), init, SIGTERM);
    expect(kernel.takeSignal(init, PENDING_SIGTERM)).toBe(true);
  });

  it('K33 a process that entered from outside is inside: its SIGKILL does not count', () => {
    const kernel = boot();
    const { init, outside } = container(kernel);
    kernel.kill(kernel.fork(outside), init, SIGKILL);
    expect(kernel.canRun(init)).toBe(true);
  });

  it('K33 PID 1 of an outer namespace kills PID 1 of an inner one', () => {
    const kernel = boot();
    const outer = container(kernel);
    kernel.unsharePidNamespace(outer.init);
    const inner = kernel.fork(outer.init);
    kernel.kill(outer.init, inner, SIGKILL);
    expect(kernel.isZombie(inner)).toBe(true);
    kernel.kill(KERNEL, outer.init, SIGKILL);
    expect(kernel.canRun(outer.init)).toBe(false);
  });

  it('K33 nobody but PID 1 is protected: SIGTERM ends a process, unless it ignores it', () => {
    const kernel = boot();
    const { init } = container(kernel);
    const [plain, deaf] = forkMany(kernel, init, 2);
    kernel.setSigterm(deaf, 'ignore');
    kernel.killChildren(init, SIGTERM);
    expect([kernel.canRun(plain), kernel.canRun(deaf)]).toEqual([false, true]);
    expect(kernel.wait(init, plain)).toBe(plain);
    expect(kernel.waitedStatus).toBe(143);
    kernel.killChildren(init, SIGKILL);
    expect(kernel.canRun(deaf)).toBe(false);
  });

  it('K33 kill(0) reaches the whole process group and nobody outside it', () => {
    const kernel = boot();
    const { init } = container(kernel);
    const leader = kernel.fork(init);
    kernel.setpgid(leader);
    const member = kernel.fork(leader);
    const other = kernel.fork(leader);
    kernel.setsid(other);
    kernel.killGroup(leader, SIGTERM);
    expect([leader, member, other].map((task) => kernel.canRun(task))).toEqual([false, false, true]);
  });

  /**
   * A father with nobody to leave behind if he outlives his sons; of four in his group, this one kills it.
   */
  it.each([
    ['the father, whose sons die as orphans', 0, 3],
    ['a son: the other sons die before their father', 1, 0],
    ['the youngest son, and the others too', 3, 0],
  ])('K33 a group dies the sender first, then from the newest to the oldest: by %s', (_, sender, orphans) => {
    const kernel = boot();
    const { init } = container(kernel);
    const father = kernel.fork(init);
    kernel.setpgid(father);
    kernel.setSigchld(father, 'nocldwait');
    const family = [father, ...forkMany(kernel, father, 3)];
    kernel.killGroup(family[sender], SIGKILL);
    expect(kernel.wait(init, father)).toBe(father);
    expect(reapAll(kernel, init)).toBe(orphans);
  });

  it('K9 a process that is killed holds its PID until it runs, and gets no further signal', () => {
    const kernel = boot({ hooks: { ...NO_HOOKS, killed: () => true } });
    const { init, ns } = container(kernel);
    const child = kernel.fork(init);
    kernel.setSigterm(child, 'exit');
    kernel.kill(init, child, SIGKILL);
    kernel.kill(init, child, SIGTERM);
    expect([kernel.canRun(child), kernel.pendingSignals(child)]).toEqual([true, PENDING_DEATH]);
    expect(kernel.wait(init, child)).toBe(WOULD_BLOCK);
    expect(kernel.dieOfSignal(child)).toBe(true);
    expect([kernel.wait(init, child), kernel.waitedStatus]).toEqual([child, 137]);
    expect(kernel.taskCount(ns)).toBe(1);
  });

  it('K9 a process without an owner dies at once, and one that has not been killed does not die of running', () => {
    const kernel = boot();
    const { init } = container(kernel);
    const [killed, spared] = forkMany(kernel, init, 2);
    kernel.kill(init, killed, SIGKILL);
    expect([killed, spared].map((task) => kernel.canRun(task))).toEqual([false, true]);
    expect(kernel.dieOfSignal(spared)).toBe(false);
    expect(kernel.canRun(spared)).toBe(true);
  });

  it('K18 a death that is pending is not inherited', () => {
    const kernel = boot({ hooks: { ...NO_HOOKS, killed: () => true } });
    const { init } = container(kernel);
    const father = kernel.fork(init);
    kernel.kill(init, father, SIGKILL);
    expect(kernel.dieOfSignal(kernel.fork(father))).toBe(false);
    expect(kernel.dieOfSignal(father)).toBe(true);
  });
});
