/** A script on the model: what a shell leaves that enters a namespace whose PID 1 never waits. */

import { ROOT_CGROUP } from '../../../src/kernel/kernel.js';
import { programLibrary, resolveCommand } from '../../../src/program/catalogue/index.js';
import {
  type Assumption,
  compileScript,
  type Found,
  type ShellKind,
} from '../../../src/program/shell/index.js';
import type { ProgramSource, Step } from '../../../src/program/step.js';
import { World } from '../world.js';

export interface Left {
  /** -1: it was killed. */
  status: number;
  zombies: number;
  pinned: number;
}

/** The stand-ins of run.c; `unitMs` is what `slow` is two of. */
export function stubs(unitMs: number): Map<string, ProgramSource> {
  const stub = (comm: string, ms: number, status = 0, before: Step[] = []): [string, ProgramSource] => [
    comm,
    { comm, steps: [...before, { sleep: `${ms}ms` }, ...(status === 0 ? [] : [{ exit: status }])] },
  ];
  const child: Step = { fork: { steps: [{ sleep: `${unitMs * 0.4}ms` }] } };
  return new Map([
    stub('quick', unitMs / 50),
    stub('bad', unitMs / 20, 1),
    stub('slow', 2 * unitMs),
    stub('long', 3 * unitMs),
    stub('slowbad', 2 * unitMs, 1),
    stub('spawn', unitMs / 10, 0, [child]),
    stub('cat', 1),
  ]);
}

export interface OnModel extends Left {
  assumptions: readonly Assumption[];
}

export function runOnModel(
  shell: ShellKind,
  script: string,
  killAfterMs: number,
  unitMs: number,
  options: readonly string[] = [],
  pidsMax = Number.POSITIVE_INFINITY,
): OnModel | { message: string } {
  const own = stubs(unitMs);
  const library = programLibrary(own);
  const unknown: Assumption[] = [];
  const find = (words: readonly string[]): Found => {
    const resolved = resolveCommand(words, library, {
      userland: shell.name === 'ash' ? 'busybox' : 'debian',
    });
    if (!resolved.ok) throw new Error(resolved.problem.message);
    for (const { what, isUsual } of resolved.assumed)
      if (!isUsual) unknown.push({ where: words[0], what, isUsual: false });
    const { comm, steps } = resolved.source;
    return { comm, steps, body: { comm, steps } };
  };
  const compiled = compileScript(shell, { script, options, args: [] }, { library, find });
  if (!compiled.ok) return compiled;
  const world = new World('pause-3.0');
  const task = world.enter(compiled.source, true, own);
  if (pidsMax < Number.POSITIVE_INFINITY)
    world.kernel.attach(task, world.kernel.createCgroup(ROOT_CGROUP, pidsMax));
  if (killAfterMs > 0) world.run(`${killAfterMs}ms`);
  else for (let ms = 0; ms < 60_000 && !world.kernel.isZombie(task); ms += 50) world.run('50ms');
  const ended = world.kernel.isZombie(task);
  if (ended) world.kernel.wait(world.kernel.init, task);
  else world.killAndReap(task);
  const status = ended ? world.kernel.waitedStatus : -1;
  world.run('30s');
  return {
    status,
    zombies: world.zombies,
    pinned: world.pinned,
    assumptions: [...compiled.assumptions, ...unknown],
  };
}
