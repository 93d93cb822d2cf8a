import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Intervention, PodSpec, RuntimeName } from '../../src/node/spec.js';
import { APP, container, FAILING, ORPHAN, PLAIN, pod, probe, program, S, World } from './world.js';

/** Applications and commands that do most of what can be done to a process table. */
const MAINS = [
  APP,
  program('crashes', [{ sleep: { uniform: ['1s', '90s'] } }, { exit: 1 }]),
  program('deaf', [{ 'on-term': 'ignore' }, { threads: 5 }, 'pause']),
  program('parent', [
    { repeat: { times: 'forever', steps: [{ fork: { steps: [{ sleep: '3s' }] } }, { sleep: '7s' }] } },
  ]),
  program('tini', [{ sigchld: 'reap-all' }, { subreaper: true }, { fork: { steps: ['pause'] } }, 'pause']),
];
const COMMANDS = [
  PLAIN,
  ORPHAN,
  FAILING,
  program('overruns', [{ fork: { steps: [{ sleep: '9s' }] } }, { threads: 3 }, { wait: 'any' }]),
  program('daemonizes', [
    { fork: { steps: ['setsid', { fork: { steps: [{ sleep: '4s' }] } }] } },
    { wait: 'all' },
  ]),
];

const probes = fc.array(
  fc.record({
    type: fc.constantFrom('liveness' as const, 'readiness' as const, 'startup' as const),
    command: fc.constantFrom(...COMMANDS),
    periodUs: fc.integer({ min: 1, max: 12 }).map((seconds) => seconds * S),
    timeoutUs: fc.integer({ min: 1, max: 5 }).map((seconds) => seconds * S),
    failureThreshold: fc.integer({ min: 1, max: 3 }),
  }),
  { maxLength: 3 },
);

const pods = fc.array(
  fc.record({
    main: fc.constantFrom(...MAINS),
    probes,
    pidMode: fc.constantFrom('container' as const, 'pod' as const, 'node' as const, null),
    startAtUs: fc.integer({ min: 0, max: 60 }).map((seconds) => seconds * S),
    stopAtUs: fc.option(fc.integer({ min: 61, max: 300 }).map((seconds) => seconds * S)),
    containers: fc.integer({ min: 1, max: 2 }),
  }),
  { minLength: 1, maxLength: 3 },
);

const interventions = fc.array(
  fc.record({
    atUs: fc.integer({ min: 1, max: 300 }).map((seconds) => seconds * S),
    what: fc.constantFrom('bump-pause', 'delete-pod', 'restart-container', 'set-pid-max', 'drain'),
    pidMax: fc.integer({ min: 301, max: 2_000 }),
    recreate: fc.boolean(),
  }),
  { maxLength: 3 },
);

function intervention(given: {
  atUs: number;
  what: string;
  pidMax: number;
  recreate: boolean;
}): Intervention {
  const { atUs, what, pidMax, recreate } = given;
  if (what === 'bump-pause') return { atUs, do: 'bump-pause', version: '3.1' };
  if (what === 'delete-pod') return { atUs, do: 'delete-pod', pod: 'pod0', recreate };
  if (what === 'restart-container') return { atUs, do: 'restart-container', pod: 'pod0', container: 'c0' };
  if (what === 'set-pid-max') return { atUs, do: 'set-pid-max', pidMax };
  return { atUs, do: 'drain' };
}

const schedule = fc.record({
  runtime: fc.constantFrom<RuntimeName>('docker', 'containerd', 'cri-o', 'bare'),
  kubelet: fc.constantFrom('1.7', '1.19', '1.20', '1.31'),
  kernel: fc.constantFrom('4.9', '4.14', '6.18'),
  pause: fc.constantFrom('3.0', '3.9'),
  pidMax: fc.constantFrom(320, 420, 32_768),
  podPidsLimit: fc.constantFrom(-1, 12, 60),
  pods,
  interventions,
  seed: fc.integer({ min: 0, max: 1_000 }),
});

function worldOf(given: typeof schedule extends fc.Arbitrary<infer T> ? T : never): World {
  return new World(
    {
      kernel: { version: given.kernel, pidMax: given.pidMax },
      kubelet: { version: given.kubelet, podPidsLimit: given.podPidsLimit },
      runtime: { name: given.runtime, version: '1.13.1' },
      pause: given.pause,
      sshLogins: { everyUs: 30 * S, lastsUs: 20_000_000 },
      podChurn: { everyUs: 50 * S, lastsUs: 50 * S },
      cronJobs: [{ name: 'job', everyUs: 40 * S, startAtUs: 5 * S, program: ORPHAN }],
      interventions: given.interventions.map(intervention),
      pods: given.pods.map(
        (spec, index): PodSpec =>
          pod({
            name: `pod${index}`,
            pidMode: spec.pidMode,
            startAtUs: spec.startAtUs,
            stopAtUs: spec.stopAtUs,
            terminationGraceUs: 5 * S,
            containers: Array.from({ length: spec.containers }, (_, number) =>
              container({
                name: `c${number}`,
                program: spec.main,
                probes: spec.probes.map(({ command, ...rest }) => probe({ ...rest, program: command })),
              }),
            ),
          }),
      ),
    },
    400,
    { replication: given.seed },
  );
}

test('whatever happens on a node, allocated pids = live tasks + zombies + pinned, and every origin’s books agree', () => {
  fc.assert(
    fc.property(schedule, (given) => {
      const world = worldOf(given);
      // `to` checks every invariant of the kernel.
      for (let second = 10; second <= 400; second += 13) world.to(second);
      const { final, blame } = world.result();
      expect(final.tasks + final.zombies + final.pinned).toBe(final.allocated);
      const sum = (key: 'tasks' | 'zombies' | 'pinned' | 'pids') =>
        blame.reduce((all, row) => all + row[key], 0);
      expect([sum('tasks'), sum('zombies'), sum('pinned'), sum('pids')]).toEqual([
        final.tasks,
        final.zombies,
        final.pinned,
        final.allocated,
      ]);
    }),
    { numRuns: 40 },
  );
});

test('the same scenario and seed give the same digest', () => {
  fc.assert(
    fc.property(schedule, (given) => {
      expect(worldOf(given).to(400).result().digest).toBe(worldOf(given).to(400).result().digest);
    }),
    { numRuns: 10 },
  );
});

test('when every pod has been deleted and nothing is refused, only the host’s own tasks are left', () => {
  fc.assert(
    fc.property(schedule, (given) => {
      const world = worldOf({ ...given, pidMax: 32_768, interventions: [] });
      world.to(350);
      for (const slot of world.node.kubelet.slots) world.node.kubelet.deleteFromSlot(slot, false);
      world.to(399);
      const left = world.result().blame.filter(({ pod: name, pids }) => name.startsWith('pod') && pids > 0);
      expect(left).toEqual([]);
    }),
    { numRuns: 40 },
  );
});
