/** The kernel model alone: a process's life in a pod on a node, in an empty table, a full one, and at scale. */

import { ANY, Kernel, ROOT_CGROUP, type TaskId } from '../../../src/kernel/kernel.js';
import { kernelRules } from '../../../src/node/versions/kernel.js';
import { type BenchCase, type BenchRatio, seconds, timesTheBest } from '../bench-case.js';
import { median } from '../figures.js';
import { LIFECYCLE, peerCase, realKernel } from '../peer.js';

const PID_MAX_MOST = 4_194_304;

interface World {
  kernel: Kernel;
  shim: TaskId;
  pause: TaskId;
  app: TaskId;
}

/** Two namespace levels, and a container's cgroup in its pod's in kubepods. */
function podOnANode(pidMax: number): World {
  const kernel = new Kernel({ rules: kernelRules('6.18')!, pidMax, threadsMax: 2 ** 30 });
  const kubepods = kernel.createCgroup(ROOT_CGROUP, 2 ** 30);
  const container = kernel.createCgroup(kernel.createCgroup(kubepods, 2 ** 30), 2 ** 30);
  const shim = kernel.fork(kernel.init);
  const namespace = kernel.unsharePidNamespace(shim);
  const pause = kernel.fork(shim);
  kernel.setns(shim, namespace);
  const app = kernel.fork(shim);
  for (const task of [pause, app]) kernel.attach(task, container);
  return { kernel, shim, pause, app };
}

function cyclesPerSecond({ kernel, app }: World, cycles = 1_000_000): number {
  const elapsed = seconds(() => {
    for (let i = 0; i < cycles; i++) {
      kernel.exit(kernel.fork(app), 0);
      kernel.wait(app, ANY);
    }
  });
  return cycles / elapsed;
}

/** How many times longer a cycle takes in the second world: medians of stretches that take turns. */
function alternating(first: World, second: World): number {
  const rates = [first, second].map((world) => ({ world, perSecond: [] as number[] }));
  for (const { world } of rates) cyclesPerSecond(world, 300_000);
  for (let i = 0; i < 7; i++) {
    for (const { world, perSecond } of rates) perSecond.push(cyclesPerSecond(world, 200_000));
  }
  return median(rates[0].perSecond) / median(rates[1].perSecond);
}

/** The same world, with all but one in a thousand numbers taken by sleeping children of somebody else. */
function nearlyFull(): World {
  const world = podOnANode(PID_MAX_MOST);
  const { kernel, shim } = world;
  const crowd = kernel.fork(shim);
  while (kernel.allocated() < PID_MAX_MOST * 0.999) kernel.fork(crowd);
  return world;
}

const group = 'kernel model';

const LIFE: BenchCase = {
  group,
  name: 'pidsim: fork + exit + wait, two namespaces, three cgroups',
  unit: 'cycles/s',
  target: 3e6,
  better: 'more',
  run: () => {
    const world = podOnANode(32_768);
    cyclesPerSecond(world, 300_000);
    return cyclesPerSecond(world);
  },
};

const realPeer = (name: string, way: string): BenchCase =>
  peerCase(realKernel(name, way), { group, unit: 'cycles/s' });

const REAL_FORK = realPeer('real kernel: fork + exit + wait', 'fork');

export const cases: BenchCase[] = [
  LIFE,
  peerCase(LIFECYCLE, { group, unit: 'cycles/s' }),
  REAL_FORK,
  realPeer('real kernel: vfork + exit + wait', 'vfork'),
  realPeer('real kernel: posix_spawn of /bin/true + wait', 'spawn'),
  {
    group,
    name: 'the cycle with 99.9 % of 4,194,304 numbers taken: longer',
    unit: 'times',
    target: 1.5,
    better: 'less',
    run: () => {
      const full = nearlyFull();
      const empty = podOnANode(32_768);
      return alternating(empty, full);
    },
  },
  {
    group,
    name: 'the cycle with 1,000,000 live children beside: longer',
    unit: 'times',
    target: 1.2,
    better: 'less',
    run: () => {
      const crowded = podOnANode(PID_MAX_MOST);
      for (let i = 0; i < 1_000_000; i++) crowded.kernel.fork(crowded.app);
      const alone = podOnANode(PID_MAX_MOST);
      return alternating(alone, crowded);
    },
  },
  {
    group,
    name: 'release of 1,000,000 zombies by the death of their PID 1',
    unit: 's',
    target: 0.2,
    better: 'less',
    run: () => {
      const { kernel, shim, pause } = podOnANode(PID_MAX_MOST);
      const leaky = kernel.fork(shim);
      for (let i = 0; i < 1_000_000; i++) kernel.exit(kernel.fork(leaky), 0);
      kernel.exit(leaky, 0);
      return seconds(() => kernel.exit(pause, 0));
    },
  },
];

export const ratios: BenchRatio[] = [
  {
    group,
    name: 'pidsim: real kernel, fork + exit + wait',
    unit: 'times',
    target: 400,
    better: 'more',
    value: timesTheBest(LIFE, [REAL_FORK]),
  },
];
