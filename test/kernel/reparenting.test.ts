/** Which process adopts the children of one that dies (experiment e6). */
import { expect, it } from 'vitest';
import { NO_CHILD, SIGKILL } from '../../src/kernel/kernel.js';
import { PENDING_SIGCHLD } from '../../src/kernel/signals.js';
import { NO_HOOKS } from '../../src/kernel/state.js';
import {
  type AnyKernel,
  type Container,
  container,
  deadChild,
  onBothKernels,
  reapAll,
  row,
} from './kernels.js';

/** A line of descent: each process the child of the one before. */
function descend(kernel: AnyKernel, from: number, generations: number): number[] {
  const line: number[] = [];
  for (let at = from; line.length < generations; line.push(at)) at = kernel.fork(at);
  return line;
}

/** A process that was born inside, from outside, and its child. */
function exec(kernel: AnyKernel, { outside }: Container): { command: number; child: number } {
  const command = kernel.fork(outside);
  return { command, child: kernel.fork(command) };
}

onBothKernels((boot) => {
  it('K20 an orphan goes to PID 1 of its namespace, not to its grandparent', () => {
    const kernel = boot();
    const { ns, init } = container(kernel);
    const [grandparent, parent, orphan] = descend(kernel, init, 3);
    kernel.exit(parent, 0);
    expect(kernel.parentOf(orphan)).toBe(init);
    expect(row(kernel, ns, orphan)?.ppid).toBe(1);
    expect(kernel.canRun(grandparent)).toBe(true);
  });

  it('K20 with a subreaper among its ancestors it goes to the nearest one, then to the next', () => {
    const kernel = boot();
    const { init } = container(kernel);
    const [far, near, parent, orphan] = descend(kernel, init, 4);
    for (const subreaper of [far, near]) kernel.setSubreaper(subreaper, true);
    kernel.exit(parent, 0);
    expect(kernel.parentOf(orphan)).toBe(near);
    kernel.exit(near, 0);
    expect(kernel.parentOf(orphan)).toBe(far);
    kernel.exit(far, 0);
    expect(kernel.parentOf(orphan)).toBe(init);
  });

  it('K20 K24 before 4.11, one that is a PID 1 on its way out gets nothing: the next one above does', () => {
    const kernel = boot({ version: '4.10', hooks: { ...NO_HOOKS, killed: (_, task) => task !== pod.init } });
    const above = kernel.fork(kernel.init);
    kernel.setSubreaper(above, true);
    const pod = container(kernel, undefined, above);
    kernel.setSubreaper(pod.init, true);
    const nested = container(kernel, undefined, pod.init);
    const father = kernel.fork(nested.outside);
    const orphan = kernel.fork(father);
    kernel.kill(above, pod.init, SIGKILL);
    kernel.dieOfSignal(father);
    expect(kernel.parentOf(orphan)).toBe(above);
  });

  it('K24 before 4.11, when no process above is a subreaper any more, PID 1 inside gets it', () => {
    const kernel = boot({ version: '4.10' });
    const above = kernel.fork(kernel.init);
    kernel.setSubreaper(above, true);
    const pod = container(kernel, undefined, above);
    kernel.setSubreaper(above, false);
    const { command, child } = exec(kernel, pod);
    kernel.exit(command, 0);
    expect(kernel.parentOf(child)).toBe(pod.init);
  });

  it('K20 a subreaper that is no ancestor gets nothing', () => {
    const kernel = boot();
    const { init } = container(kernel);
    kernel.setSubreaper(kernel.fork(init), true);
    const [parent, orphan] = descend(kernel, init, 2);
    kernel.exit(parent, 0);
    expect(kernel.parentOf(orphan)).toBe(init);
  });

  it('K20 while another thread of the dead parent lives, the child stays with the process', () => {
    const kernel = boot();
    const { init } = container(kernel);
    const [parent, child] = descend(kernel, init, 2);
    kernel.cloneThreads(parent, 1);
    kernel.exitMainThread(parent);
    expect(kernel.parentOf(child)).toBe(parent);
    kernel.endThreads(parent, 1);
    expect(kernel.parentOf(child)).toBe(init);
  });

  it('K21 a subreaper also gets the descendants that were there before it became one', () => {
    const kernel = boot();
    const { init } = container(kernel);
    const [subreaper, , parent, orphan] = descend(kernel, init, 4);
    kernel.setSubreaper(subreaper, true);
    kernel.exit(parent, 0);
    expect(kernel.parentOf(orphan)).toBe(subreaper);
  });

  it('K21 before 4.11 it got the later ones only', () => {
    const kernel = boot({ version: '4.10' });
    const { init } = container(kernel);
    const [subreaper, parent, orphan] = descend(kernel, init, 3);
    kernel.setSubreaper(subreaper, true);
    kernel.exit(parent, 0);
    expect(kernel.parentOf(orphan)).toBe(init);
    const [laterParent, laterOrphan] = descend(kernel, subreaper, 2);
    kernel.exit(laterParent, 0);
    expect(kernel.parentOf(laterOrphan)).toBe(subreaper);
  });

  it('K21 one that is set above a nested subreaper gets that one’s children when it has gone', () => {
    const kernel = boot();
    const { init } = container(kernel);
    const above = kernel.fork(init);
    const nested = kernel.fork(above);
    const parent = kernel.fork(nested);
    const child = kernel.fork(parent);
    kernel.setSubreaper(nested, true);
    kernel.setSubreaper(above, true);
    kernel.exit(parent, 0);
    expect(kernel.parentOf(child)).toBe(nested);
    kernel.exit(nested, 0);
    expect(kernel.parentOf(child)).toBe(above);
  });

  it('K21 a subreaper that resigns gets nothing more', () => {
    const kernel = boot();
    const { init } = container(kernel);
    const [subreaper, parent, orphan] = descend(kernel, init, 3);
    kernel.setSubreaper(subreaper, true);
    kernel.setSubreaper(subreaper, false);
    kernel.exit(parent, 0);
    expect(kernel.parentOf(orphan)).toBe(init);
  });

  it('K21 the children of a subreaper are none, and stay under it; exec keeps the office', () => {
    const kernel = boot();
    const { init } = container(kernel);
    const subreaper = kernel.fork(init);
    kernel.setSubreaper(subreaper, true);
    kernel.exec(subreaper, 'tini');
    const [child, parent, orphan] = descend(kernel, subreaper, 3);
    kernel.exit(parent, 0);
    expect(kernel.parentOf(orphan)).toBe(subreaper);
    expect(kernel.parentOf(child)).toBe(subreaper);
  });

  it('K22 an adopted zombie stays one if the adopter has default SIGCHLD', () => {
    const kernel = boot();
    const { ns, init } = container(kernel);
    const father = kernel.fork(init);
    for (let i = 0; i < 20; i++) deadChild(kernel, father);
    kernel.exit(father, 0);
    expect(kernel.listTasks(ns).filter(({ stat, ppid }) => stat === 'Z' && ppid === 1)).toHaveLength(21);
    expect(reapAll(kernel, init)).toBe(21);
  });

  it('K22 it is released at once if the adopter ignores SIGCHLD', () => {
    const kernel = boot();
    const { ns, init } = container(kernel);
    const father = kernel.fork(init);
    for (let i = 0; i < 20; i++) deadChild(kernel, father);
    kernel.setSigchld(init, 'ignore');
    kernel.exit(father, 0);
    expect(kernel.taskCount(ns)).toBe(1);
  });

  it('K22 an adopter with a handler gets one signal for the zombies and their father together', () => {
    const kernel = boot();
    const { init } = container(kernel);
    kernel.setSigchld(init, 'reap-one');
    const father = kernel.fork(init);
    kernel.setSigchld(father, 'default');
    for (let i = 0; i < 20; i++) deadChild(kernel, father);
    kernel.exit(father, 0);
    expect(kernel.takeSignal(init, PENDING_SIGCHLD)).toBe(true);
    expect(kernel.takeSignal(init, PENDING_SIGCHLD)).toBe(false);
    expect(reapAll(kernel, init)).toBe(21);
  });

  it('K22 adopting a live child sends nothing, adopting a zombie a SIGCHLD', () => {
    const kernel = boot();
    const { init } = container(kernel);
    kernel.setSigchld(init, 'reap-all');
    const [, parent] = descend(kernel, init, 3);
    kernel.exit(parent, 0);
    expect(kernel.pendingSignals(init)).toBe(0);
    const [, father, zombie] = descend(kernel, init, 3);
    kernel.exit(zombie, 0);
    expect(kernel.pendingSignals(init)).toBe(0);
    kernel.exit(father, 0);
    expect(kernel.pendingSignals(init)).toBe(PENDING_SIGCHLD);
  });

  it('K23 a process born inside from outside has ppid 0 there, and its zombie is its outside parent’s to reap', () => {
    const kernel = boot();
    const pod = container(kernel);
    const { command } = exec(kernel, pod);
    expect(row(kernel, pod.ns, command)?.ppid).toBe(0);
    expect(row(kernel, 0, command)?.ppid).toBe(kernel.pidOf(pod.outside));
    kernel.exit(command, 9);
    expect(kernel.wait(pod.init, command)).toBe(NO_CHILD);
    expect(kernel.wait(pod.outside, command)).toBe(command);
    expect([kernel.waitedPid, kernel.waitedStatus]).toEqual([4, 9]);
  });

  it('K23 if that parent dies first it goes to the outer PID 1, and is still a stranger inside', () => {
    const kernel = boot();
    const pod = container(kernel);
    const { command } = exec(kernel, pod);
    kernel.exit(pod.outside, 0);
    expect(kernel.parentOf(command)).toBe(kernel.init);
    expect(row(kernel, pod.ns, command)?.ppid).toBe(0);
  });

  it('K23 or to the subreaper outside, as after runc exec --detach', () => {
    const kernel = boot();
    const shim = kernel.fork(kernel.init);
    kernel.setSubreaper(shim, true);
    const runc = kernel.fork(shim);
    kernel.unsharePidNamespace(runc);
    kernel.fork(runc);
    const command = kernel.fork(runc);
    kernel.exit(runc, 0);
    expect(kernel.parentOf(command)).toBe(shim);
    kernel.exit(command, 3);
    expect(kernel.wait(shim, command)).toBe(command);
  });

  it.each(['4.11', '4.14', '6.18'])(
    'K24 on %s an orphan of an exec’d process goes to PID 1 inside, not to the shim',
    (version) => {
      const kernel = boot({ version });
      const shim = kernel.fork(kernel.init);
      kernel.setSubreaper(shim, true);
      const outside = kernel.fork(shim);
      const ns = kernel.unsharePidNamespace(outside);
      const init = kernel.fork(outside);
      const { command, child } = exec(kernel, { ns, init, outside });
      kernel.exit(command, 0);
      expect(kernel.parentOf(child)).toBe(init);
      expect(row(kernel, ns, child)?.ppid).toBe(1);
      kernel.exit(child, 0);
      expect(kernel.zombies(ns)).toBe(2);
      expect(kernel.wait(shim, child)).toBe(NO_CHILD);
    },
  );

  it('K24 before 4.11 it went to the shim, if that was a subreaper', () => {
    const kernel = boot({ version: '4.9' });
    const shim = kernel.fork(kernel.init);
    kernel.setSubreaper(shim, true);
    const outside = kernel.fork(shim);
    const ns = kernel.unsharePidNamespace(outside);
    const init = kernel.fork(outside);
    const { command, child } = exec(kernel, { ns, init, outside });
    kernel.exit(command, 0);
    expect(kernel.parentOf(child)).toBe(shim);
    expect(row(kernel, ns, child)?.ppid).toBe(0);
    kernel.exit(child, 0);
    expect(reapAll(kernel, shim)).toBe(1);
  });

  it('K24 before 4.11, without a subreaper outside, it went to PID 1 inside all the same', () => {
    const kernel = boot({ version: '4.9' });
    const pod = container(kernel);
    const { command, child } = exec(kernel, pod);
    kernel.exit(command, 0);
    expect(kernel.parentOf(child)).toBe(pod.init);
  });

  it('K24 before 4.11 an orphan whose ancestors are all inside stayed inside', () => {
    const kernel = boot({ version: '4.9' });
    const shim = kernel.fork(kernel.init);
    kernel.setSubreaper(shim, true);
    kernel.unsharePidNamespace(shim);
    const init = kernel.fork(shim);
    const [parent, orphan] = descend(kernel, init, 2);
    kernel.exit(parent, 0);
    expect(kernel.parentOf(orphan)).toBe(init);
  });
});
