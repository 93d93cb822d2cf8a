/** Whom a signal reaches, in which order, and what becomes of it. */
import { describe, expect, it } from 'vitest';
import { KERNEL, Kernel, SIGCHLD, SIGKILL, SIGTERM, type TaskId } from '../../src/kernel/kernel.js';
import { PENDING_SIGTERM } from '../../src/kernel/signals.js';
import { NO_HOOKS } from '../../src/kernel/state.js';
import { kernelRules } from '../../src/node/versions/kernel.js';
import { type AnyKernel, container, forkMany, onBothKernels } from './kernels.js';
import { Notes } from './notes.js';

onBothKernels((boot) => {
  it('K33 a SIGKILL to a group from outside ends a PID 1 that is a member of it', () => {
    const kernel = boot();
    const outside = kernel.fork(kernel.init);
    kernel.setpgid(outside);
    kernel.unsharePidNamespace(outside);
    const init = kernel.fork(outside);
    kernel.killGroup(outside, 9);
    expect([outside, init].map((task) => kernel.canRun(task))).toEqual([false, false]);
  });

  /** Kills, and says whom in which order: as PIDs on the host. */
  function order(act: (kernel: AnyKernel) => void): number[] {
    const killed: number[] = [];
    const hooks = { ...NO_HOOKS, killed: (_: TaskId, task: TaskId) => killed.push(task) > 0 };
    const kernel = boot({ hooks });
    act(kernel);
    return killed.map((task) => kernel.pidOf(task, 0));
  }

  it('K33 kill -P reaches children by PID, whenever they became children', () => {
    const killed = order((kernel) => {
      const { init } = container(kernel);
      const father = kernel.fork(init);
      const orphan = kernel.fork(father);
      const own = kernel.fork(init);
      kernel.exit(father, 0);
      // Adopted last, and of the lower PID.
      expect([orphan, own].map((task) => kernel.pidOf(task, 0))).toEqual([5, 6]);
      kernel.killChildren(init, SIGKILL);
    });
    expect(killed).toEqual([5, 6]);
  });

  it('K33 kill -P reaches who is alive and a child at that moment, wherever in the list the others were', () => {
    const killed = order((kernel) => {
      const { init } = container(kernel);
      kernel.setSigchld(init, 'ignore');
      const children = forkMany(kernel, init, 7);
      const stranger = kernel.fork(children[1]);
      for (const index of [3, 0, 6, 4]) kernel.exit(children[index], 0);
      // Their rows are used again, by grandchildren.
      forkMany(kernel, stranger, 4);
      kernel.killChildren(init, SIGKILL);
    });
    expect(killed).toEqual([5, 6, 9]);
  });

  it('K33 kill(0) reaches its sender once, and first, unless other threads of it are woken in their turn', () => {
    for (const threads of [0, 2]) {
      const killed = order((kernel) => {
        const { init } = container(kernel);
        const leader = kernel.fork(init);
        kernel.setpgid(leader);
        const [sender, youngest] = forkMany(kernel, leader, 2);
        if (threads > 0) kernel.cloneThreads(sender, threads);
        kernel.killGroup(sender, SIGKILL);
        expect(kernel.pidOf(youngest, 0)).toBe(6);
      });
      expect(killed).toEqual(threads > 0 ? [6, 5, 4] : [5, 6, 4]);
    }
  });

  it('K30 a namespace that dies kills by PID whoever is not dying yet, threads without their main one too', () => {
    const killed = order((kernel) => {
      const { init, outside } = container(kernel);
      const father = kernel.fork(init);
      const [orphan, dying] = forkMany(kernel, father, 2);
      const odd = kernel.fork(init);
      kernel.cloneThreads(odd, 1);
      kernel.exitMainThread(odd);
      const entered = kernel.fork(outside);
      kernel.kill(init, dying, SIGKILL);
      kernel.exit(father, 0);
      kernel.exit(init, 0);
      expect([orphan, dying, odd, entered].map((task) => kernel.pidOf(task, 0))).toEqual([5, 6, 7, 9]);
    });
    expect(killed).toEqual([6, 5, 7, 9]);
  });

  it('K18 exec drops a handler for SIGTERM, keeps it ignored, and leaves one that is pending', () => {
    const kernel = boot();
    const { init } = container(kernel);
    const [handles, ignores, late] = forkMany(kernel, init, 3);
    kernel.setSigterm(handles, 'exit');
    kernel.setSigterm(ignores, 'ignore');
    kernel.setSigterm(late, 'exit');
    kernel.kill(init, late, SIGTERM);
    for (const task of [handles, ignores, late]) kernel.exec(task, 'image');
    expect(kernel.pendingSignals(late)).toBe(PENDING_SIGTERM);
    for (const task of [handles, ignores]) kernel.kill(init, task, SIGTERM);
    expect([handles, ignores].map((task) => kernel.canRun(task))).toEqual([false, true]);
  });
});

describe('what kill answers, and what becomes of the signal', () => {
  function boot() {
    const notes = new Notes();
    const kernel = new Kernel({
      rules: kernelRules('6.18')!,
      pidMax: 32_768,
      threadsMax: 10_000,
      watcher: notes,
      hooks: { ...NO_HOOKS, killed: () => true },
    });
    const outside = kernel.fork(kernel.init);
    kernel.unsharePidNamespace(outside);
    const init = kernel.fork(outside);
    const sent = (target: TaskId, signal: 9 | 15 | 17, sender: TaskId | typeof KERNEL = init) => {
      notes.lines.length = 0;
      const found = kernel.kill(sender, target, signal);
      return { found, told: notes.lines.map((line) => line.replace(/^.* /, '')) };
    };
    return { kernel, outside, init, sent, notes };
  }

  it('K33 kill(0) sends one signal to each member, its sender too', () => {
    const { kernel, init, notes } = boot();
    const leader = kernel.fork(init);
    kernel.setpgid(leader);
    kernel.setSigterm(leader, 'exit');
    const member = kernel.fork(leader);
    notes.lines.length = 0;
    kernel.killGroup(leader, SIGTERM);
    expect(notes.lines).toEqual([
      `${leader} sends 15 to ${leader} handler`,
      `${leader} sends 15 to ${member} handler`,
    ]);
  });

  it('K33 a zombie, one that is dying, and a PID 1 that ends are found, and nothing happens to them', () => {
    const { kernel, init, outside, sent } = boot();
    const [zombie, dying] = [kernel.fork(init), kernel.fork(init)];
    kernel.exit(zombie, 0);
    kernel.kill(init, dying, SIGKILL);
    expect(sent(zombie, SIGKILL)).toEqual({ found: true, told: ['dropped'] });
    expect(sent(dying, SIGKILL)).toEqual({ found: true, told: ['dropped'] });
    kernel.fork(outside);
    kernel.exit(init, 0);
    expect(sent(init, SIGKILL, KERNEL)).toEqual({ found: true, told: ['dropped'] });
    expect(kernel.dieOfSignal(dying)).toBe(true);
  });

  it('K9 an exit of what has ended already changes nothing', () => {
    const { kernel, init } = boot();
    const child = kernel.fork(init);
    kernel.exit(child, 3);
    kernel.exit(child, 4);
    expect([kernel.zombies(), kernel.wait(init, child), kernel.waitedStatus]).toEqual([1, child, 3]);
    kernel.exit(child, 4);
    kernel.checkInvariants();
  });

  it('K19 who called exit_group sets the status, though the last thread ends later', () => {
    const { kernel, init } = boot();
    const child = kernel.fork(init);
    kernel.cloneThreads(child, 2);
    kernel.exitAhead(child, 7);
    kernel.endThreads(child, 2);
    expect([kernel.wait(init, child), kernel.waitedStatus]).toEqual([child, 7]);
  });

  it('K33 there is nobody any more once a zombie is reaped', () => {
    const { kernel, init, sent } = boot();
    const gone = kernel.fork(init);
    kernel.exit(gone, 0);
    kernel.wait(init, gone);
    expect(sent(gone, SIGKILL)).toEqual({ found: false, told: [] });
    expect(sent(gone, SIGTERM, KERNEL)).toEqual({ found: false, told: [] });
  });

  it('K33 by disposition, and PID 1 is spared what it has no handler for', () => {
    const { kernel, init, outside, sent } = boot();
    const [plain, deaf, handles] = [kernel.fork(init), kernel.fork(init), kernel.fork(init)];
    kernel.setSigterm(deaf, 'ignore');
    kernel.setSigterm(handles, 'exit');
    kernel.setSigchld(handles, 'reap-one');
    const effects = (target: TaskId, sender?: TaskId | typeof KERNEL) =>
      ([SIGCHLD, SIGTERM, SIGKILL] as const).map((signal) => sent(target, signal, sender).told[0]);
    expect(effects(plain)).toEqual(['dropped', 'ends', 'dropped']); // SIGTERM has killed it by then
    expect(effects(deaf)).toEqual(['dropped', 'ignored', 'ends']);
    expect(effects(handles)).toEqual(['handler', 'handler', 'ends']);
    expect(effects(init)).toEqual(['dropped', 'dropped', 'dropped']);
    expect(effects(init, outside)).toEqual(['dropped', 'dropped', 'ends']);
    expect(effects(kernel.init, KERNEL)).toEqual(['dropped', 'dropped', 'dropped']);
    const other = boot();
    expect(other.sent(other.init, SIGKILL, KERNEL).told).toEqual(['ends']);
  });
});
