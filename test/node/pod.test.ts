import { describe, expect, test } from 'vitest';
import { HOST_NS, ROOT_CGROUP } from '../../src/kernel/kernel.js';
import type { PodSpec } from '../../src/node/spec.js';
import { APP, container, leaveFree, type NodeGiven, ORPHAN, pod, probe, program, S, World } from './world.js';

const DOCKER_17: ConstructorParameters<typeof World>[0] = {
  kernel: { version: '4.14', pidMax: 600 },
  kubelet: { version: '1.7' },
  runtime: { name: 'docker', version: '17.12' },
  pause: '3.0',
};
const leaky = (more = {}) =>
  pod({
    containers: [container({ probes: [probe({ type: 'readiness', program: ORPHAN, periodUs: S })] })],
    ...more,
  });

describe('pods come and go', () => {
  test('a pod starts and stops at its time, and leaves nothing', () => {
    const world = new World({ pods: [pod({ startAtUs: 100 * S, stopAtUs: 200 * S })] }).to(99);
    expect(world.kernel.allocated()).toBe(100);
    expect(world.to(150).node.counters.podsRunning).toBe(1);
    expect(world.kernel.allocated()).toBe(113);
    expect(world.to(250).node.counters.podsRunning).toBe(0);
    expect(world.kernel.allocated()).toBe(100);
  });

  test('copies of a pod are numbered', () => {
    const world = new World({ pods: [pod({ count: 3 })] }).to(5);
    expect(world.result().pods.map(({ name }) => name)).toEqual(['web-0', 'web-1', 'web-2']);
    expect(world.inside('web-1')).toEqual(['app']);
  });

  test('a process that ignores SIGTERM has its grace period, one that heeds it goes at once', () => {
    const deaf = program('app', [{ 'on-term': 'ignore' }, 'pause']);
    const running = (main: typeof APP, seconds: number) =>
      new World({ pods: [pod({ stopAtUs: 100 * S, containers: [container({ program: main })] })] })
        .to(seconds)
        .on('app').length;
    expect(running(APP, 101)).toBe(0);
    expect(running(deaf, 129)).toBe(1);
    expect(running(deaf, 132)).toBe(0);
  });

  test('churn makes a pod and deletes the oldest in every period, at moments that have nothing to do with each other', () => {
    const world = new World({ podChurn: { everyUs: 60 * S, lastsUs: 60 * S } });
    const { counters } = world.node;
    const waits: number[] = [];
    let [created, deletedAt] = [0, Number.NaN];
    for (let second = 0; second < 3_000; second++) {
      const running = counters.podsRunning;
      world.to(second);
      if (counters.podsCreated > created) waits.push(second - deletedAt);
      else if (counters.podsRunning < running) deletedAt = second;
      created = counters.podsCreated;
      expect(counters.podsRunning).toBeLessThanOrEqual(3);
    }
    expect(created).toBeGreaterThanOrEqual(49);
    // How long after a deletion the next pod comes up: anything up to two periods, and seldom at once.
    expect(Math.max(...waits.slice(2))).toBeGreaterThan(40);
    expect(waits.filter((wait) => wait > 5).length).toBeGreaterThan(30);
  });

  test('on a full node a deletion of churn makes room for one pod, and no creation makes it for itself', () => {
    const world = new World({
      kernel: { pidMax: 400 },
      podChurn: { everyUs: 300 * S, lastsUs: 300 * S },
      pods: [
        pod({
          startAtUs: 1_000 * S,
          containers: [
            container({
              program: program('hog', [
                {
                  repeat: {
                    times: 'forever',
                    steps: [{ fork: { steps: ['pause'], orElse: [] } }, { sleep: '100ms' }],
                  },
                },
              ]),
            }),
          ],
        }),
      ],
    }).to(10_000);
    expect(world.node.counters.podsCreateFailed).toBeGreaterThan(20);
    const created = world.node.counters.podsCreated;
    expect(world.to(20_000).node.counters.podsCreated).toBe(created);
  });

  test('restartPolicy Never leaves an ended container alone; OnFailure looks at its status', () => {
    const restarts = (restartPolicy: 'Always' | 'OnFailure' | 'Never', status: number) => {
      const main = program('job', [{ sleep: '1s' }, { exit: status }]);
      return new World({ pods: [pod({ restartPolicy, containers: [container({ program: main })] })] })
        .to(60)
        .result().pods[0].restarts;
    };
    expect([restarts('Never', 1), restarts('OnFailure', 0)]).toEqual([0, 0]);
    expect(restarts('OnFailure', 1)).toBeGreaterThan(1);
    expect(restarts('Always', 0)).toBeGreaterThan(1);
  });

  describe('R30: a container whose start is refused for half a minute', () => {
    const refused = (runtime: NodeGiven['runtime'], free: number, given: Partial<PodSpec>): World => {
      const world = new World({ kernel: { pidMax: 700 }, runtime, pods: [pod(given)] });
      leaveFree(world, free);
      const { run, kernel } = world.to(20);
      expect([world.on('app').length, run.node.counters.podsCreateFailed]).toEqual([0, 1]);
      kernel.setPidMax(HOST_NS, 900);
      return world.to(600);
    };
    const CONTAINERD = { name: 'containerd', version: '1.7' } as const;
    const CRI_O = { name: 'cri-o', version: '1.30' } as const;
    const DOCKER = { name: 'docker', version: '20.10.24' } as const;
    const whatIsLeft = (world: World) => {
      const { podsRunning, podsNeverCreated } = world.node.counters;
      return { podsRunning, podsNeverCreated, down: world.result().pods[0].downSinceSeconds !== null };
    };
    const up = { podsRunning: 1, podsNeverCreated: 0, down: false };

    test('is started then by the kubelet', () => {
      expect(whatIsLeft(refused(CONTAINERD, 24, {}))).toEqual(up);
      expect(whatIsLeft(refused(CONTAINERD, 24, { restartPolicy: 'OnFailure' }))).toEqual(up);
    });

    test('with `restartPolicy: Never` has failed, but not on CRI-O, where there is no container yet', () => {
      const never = { restartPolicy: 'Never' } as const;
      const world = refused(CONTAINERD, 24, never);
      expect(whatIsLeft(world)).toEqual({ podsRunning: 0, podsNeverCreated: 1, down: false });
      expect(world.eventKinds()).not.toContain('pod-created');
      expect(world.on('pause')).toEqual([]);
      expect(whatIsLeft(refused(CRI_O, 10, never))).toEqual(up);
    });

    test('stays down under plain docker, whatever its policy', () => {
      for (const restartPolicy of ['Always', 'Never'] as const) {
        const world = refused(DOCKER, 20, { sandboxless: true, restartPolicy });
        expect(whatIsLeft(world)).toEqual({ podsRunning: 0, podsNeverCreated: 1, down: true });
      }
    });
  });

  test('R30: docker itself restarts after 100 ms, then twice as late each time up to a minute', () => {
    const ends = program('ends', [{ sleep: '1s' }, { exit: 1 }]);
    const restarts = (sandboxless: boolean): number =>
      new World({ ...DOCKER_17, pods: [pod({ sandboxless, containers: [container({ program: ends })] })] })
        .to(60)
        .result().pods[0].restarts;
    expect([restarts(true), restarts(false)]).toEqual([8, 3]);
  });

  test('whoever kills pause kills the pod: all of it is made again, free of zombies', () => {
    const world = new World({ ...DOCKER_17, pods: [leaky()] }).to(60);
    expect(world.zombies).toBeGreaterThan(50);
    const [pause] = world.kernel.listTasks().filter(({ comm }) => comm === 'pause');
    world.kernel.kill(world.kernel.init, pause.task, 9);
    world.to(61);
    expect(world.inside('web').slice(0, 2)).toEqual(['pause', 'app']);
    expect(world.zombies).toBeLessThan(5);
  });
});

describe('R31: what fails when no PID is left', () => {
  const full = () =>
    new World({
      ...DOCKER_17,
      sshLogins: { everyUs: 20 * S, lastsUs: 20 * 1_000_000 },
      podChurn: { everyUs: 300 * S, lastsUs: 300 * S },
      pods: [leaky()],
    });

  test('a pod that cannot be created is tried again and counted once', () => {
    const world = full().to(3_000);
    expect(world.node.counters.podsCreateFailed).toBeGreaterThan(3);
    expect(world.node.counters.podsCreateFailed).toBeLessThan(11);
    expect(world.kernel.forkRefusals).toBeGreaterThan(100);
  });

  test('when PIDs are free again, what was refused succeeds', () => {
    const world = new World({
      ...DOCKER_17,
      pods: [leaky(), pod({ name: 'late', startAtUs: 1_000 * S })],
      interventions: [{ atUs: 1_500 * S, do: 'delete-pod', pod: 'web', recreate: false }],
    }).to(1_400);
    expect(world.eventKinds()).toContain('pod-create-failed');
    expect(world.inside('late')).toEqual([]);
    world.to(1_600);
    expect(world.inside('late')).toEqual(['pause', 'app']);
  });

  test('processes that do not fork go on as if nothing had happened', () => {
    const world = new World({ ...DOCKER_17, pods: [leaky(), pod({ name: 'quiet' })] }).to(3_000);
    expect(world.run.summary().exhaustions).toHaveLength(1);
    expect(world.inside('quiet')).toEqual(['pause', 'app']);
    expect(world.result().pods[1].restarts).toBe(0);
  });

  test('R45: a deletion needs forks too, and is stuck while they are refused', () => {
    const hog = program('hog', [
      { sleep: '50s' },
      { repeat: { times: 1_000, steps: [{ fork: { steps: ['pause'], orElse: [] } }] } },
      'pause',
    ]);
    const world = new World({
      kernel: { pidMax: 400 },
      pods: [pod({ name: 'hog', containers: [container({ program: hog })] }), pod({ stopAtUs: 100 * S })],
    }).to(200);
    expect(world.node.counters.podsDeleteStuck).toBe(1);
    expect(world.inside('web')).toEqual(['app']);
    expect(world.eventKinds()).toContain('pod-delete-stuck');
  });

  test('R45: a login is refused when one of its forks is, and leaves nothing behind', () => {
    const hog = program('hog', [
      { repeat: { times: 1_000, steps: [{ fork: { steps: ['pause'], orElse: [] } }] } },
      'pause',
    ]);
    const given = { sshLogins: { everyUs: 60 * S, lastsUs: 20 * 1_000_000 } };
    const world = new World({
      ...given,
      kernel: { pidMax: 400 },
      pods: [pod({ containers: [container({ program: hog })] })],
    });
    world.to(600);
    expect(world.node.counters).toMatchObject({ sshOk: 0, sshRefused: 10 });
    expect(world.on('sshd')).toHaveLength(1);
    expect(new World(given).to(600).node.counters).toMatchObject({ sshOk: 10, sshRefused: 0 });
  });

  describe('R45, R66: a login', () => {
    const ROOT = { uid: 0, nprocMax: Number.POSITIVE_INFINITY };
    const logins = (free: number, user?: typeof ROOT): World => {
      const world = new World({
        kernel: { pidMax: 400 },
        sshLogins: { everyUs: 60 * S, lastsUs: S / 10, user },
      }).to(0);
      leaveFree(world, free);
      return world;
    };
    const works = (world: World): boolean => {
      const { sshOk, sshRefused } = world.to(600).node.counters;
      expect(Math.min(sshOk, sshRefused)).toBe(0);
      expect(sshOk + sshRefused).toBeGreaterThan(8);
      return sshOk > 0;
    };

    test('works with four PIDs free, one of them for a command, and not with three; root needs one less', () => {
      expect([works(logins(4)), works(logins(3))]).toEqual([true, false]);
      expect([works(logins(3, ROOT)), works(logins(2, ROOT))]).toEqual([true, false]);
    });

    test('hands out a PID for the child that authenticates, and ends before there is a shell', () => {
      const handedOut = (user?: typeof ROOT): number => {
        const world = new World({ sshLogins: { everyUs: 60 * S, lastsUs: S / 10, user } }).to(0);
        const before = world.kernel.cursor();
        while (world.node.counters.sshOk === 0) world.to(world.run.sim.nowUs / S + 1);
        return world.kernel.cursor() - before;
      };
      expect([handedOut(), handedOut(ROOT)]).toEqual([5, 4]);
    });

    test('has a shell that tries for 15 s to run its first command, and says at last that there is none', () => {
      const world = logins(3);
      while (world.on('bash').length === 0) world.to(world.run.sim.nowUs / S + 1);
      const began = Math.floor(world.run.sim.nowUs / S);
      expect(world.to(began + 13).on('bash')).toHaveLength(1);
      expect(world.eventKinds()).not.toContain('ssh-refused');
      expect(world.to(began + 17).on('bash')).toEqual([]);
      expect(world.on('sshd')).toHaveLength(1);
      expect(world.eventKinds()).toContain('ssh-refused');
    });

    test('is none the worse if a PID is given back in that time', () => {
      const world = logins(3);
      while (world.on('bash').length === 0) world.to(world.run.sim.nowUs / S + 1);
      world.kernel.setPidMax(HOST_NS, 401);
      world.to(world.run.sim.nowUs / S + 16);
      expect(world.node.counters).toMatchObject({ sshOk: 1, sshRefused: 0 });
    });
  });
});

describe('interventions', () => {
  test('R1: a bumped pause is for new sandboxes only: a running one leaks on until it is made again', () => {
    const world = new World({
      ...DOCKER_17,
      kernel: { version: '4.14', pidMax: 32_768 },
      pods: [leaky()],
      interventions: [
        { atUs: 100 * S, do: 'bump-pause', version: '3.1' },
        { atUs: 200 * S, do: 'delete-pod', pod: 'web', recreate: true },
      ],
    }).to(199);
    expect(world.zombies).toBeGreaterThan(180);
    world.to(300);
    expect(world.zombies).toBe(0);
    expect(world.inside('web')).toContain('app');
  });

  test('R61: one that comes again is done each time, from its first moment on', () => {
    const restart = { do: 'restart-container', pod: 'web', container: 'app' } as const;
    const restarts = (schedule: { atUs: number; everyUs?: number }) =>
      new World({ interventions: [{ ...schedule, ...restart }], pods: [pod()] }, 1_000).to(999).result()
        .pods[0].restarts;
    expect(restarts({ atUs: 100 * S })).toBe(1);
    expect(restarts({ atUs: 100 * S, everyUs: 400 * S })).toBe(3);
  });

  test('R61: with a condition it is done only while the node is so, and is said only then', () => {
    const done = (value: number) => {
      const when = { subject: 'zombies', comparison: '>', value } as const;
      const schedule = { atUs: 10 * S, everyUs: 10 * S, when };
      const again = { do: 'delete-pod', pod: 'web', recreate: true } as const;
      const given = { ...DOCKER_17, kernel: { version: '4.14', pidMax: 32_768 }, pods: [leaky()] };
      const world = new World({ ...given, interventions: [{ ...schedule, ...again }] }).to(1_000);
      const { events } = world.result();
      return [events.filter(({ kind }) => kind === 'intervention').length, world.zombies];
    };
    const [often, few] = done(100);
    expect(often).toBeGreaterThan(5);
    expect(often).toBeLessThan(11);
    expect(few).toBeLessThan(120);
    expect(done(100_000)[0]).toBe(0);
  });

  test('R61: that it changes nothing is said once', () => {
    const again = { atUs: 10 * S, everyUs: 10 * S, do: 'bump-pause', version: '3.1' } as const;
    const world = new World({ interventions: [again] }).to(100);
    expect(world.eventKinds().filter((kind) => kind === 'no-effect')).toHaveLength(1);
  });

  test('a higher pid_max lets a full node fork again', () => {
    const world = new World({
      ...DOCKER_17,
      pods: [leaky()],
      interventions: [{ atUs: 2_000 * S, do: 'set-pid-max', pidMax: 32_768 }],
    }).to(1_999);
    const before = world.result().probes[0].succeeded;
    world.to(2_100);
    expect(world.result().probes[0].succeeded).toBeGreaterThan(before + 90);
  });

  test('a changed probe takes its new period at once; a removed one runs no more', () => {
    const change = { pod: 'web', container: 'app', probe: 'readiness' } as const;
    const runs = (more: { periodUs: number } | { remove: true }) => {
      const world = new World({
        pods: [leaky()],
        interventions: [{ atUs: 100 * S, do: 'change-probe', ...change, ...more }],
      }).to(100);
      const before = world.node.counters.probeRuns;
      return world.to(200).node.counters.probeRuns - before;
    };
    expect(runs({ periodUs: 20 * S })).toBe(5);
    expect(runs({ remove: true })).toBe(0);
  });

  type Given = NonNullable<NodeGiven['interventions']>[number];
  type Deed<D> = D extends unknown ? Omit<D, 'atUs'> : never;

  const told = (first: Deed<Given>, second: Deed<Given>): [kind: string, detail: string][] => {
    const interventions = [first, second].map(
      (deed, index) => ({ ...deed, atUs: (index + 1) * 100 * S }) as Given,
    );
    const world = new World({ pause: '3.0', pods: [pod({})], interventions }).to(300);
    const events = world.run.result().events.filter(({ kind }) => /intervention|no-effect/.test(kind));
    return events.map(({ kind, detail }) => [kind, detail]);
  };
  const deletion = { do: 'delete-pod', pod: 'web', recreate: false } as const;

  test.each<[string, Deed<Given>, Deed<Given>, string]>([
    ['a pod that is gone', deletion, deletion, 'there is no such pod now'],
    [
      'a container that is gone',
      deletion,
      { do: 'restart-container', pod: 'web', container: 'app' },
      'there is no such container now',
    ],
    ['a node without pods', deletion, { do: 'drain' }, 'there is no pod now'],
    [
      'a pid_max that is set already',
      { do: 'set-pid-max', pidMax: 5_000 },
      { do: 'set-pid-max', pidMax: 5_000 },
      'it is that already',
    ],
    [
      'a pause that is there already',
      { do: 'bump-pause', version: '3.1' },
      { do: 'bump-pause', version: '3.1' },
      'it is that version already',
    ],
  ])('done to %s say that they have no effect, and only then', (_what, first, second, why) => {
    const [before, after] = told(first, second);
    expect(before[0]).toBe('intervention');
    expect(after).toEqual(['no-effect', expect.stringMatching(`: ${why}$`)]);
  });

  test('a pod that is made again can be deleted again', () => {
    expect(told({ ...deletion, recreate: true }, deletion).map(([kind]) => kind)).toEqual([
      'intervention',
      'intervention',
    ]);
  });

  test('a drain deletes every pod, one after another', () => {
    const world = new World({
      pods: [pod({ count: 4 })],
      interventions: [{ atUs: 100 * S, do: 'drain' }],
    }).to(99);
    expect(world.node.counters.podsRunning).toBe(4);
    world.to(120);
    expect(world.node.counters.podsRunning).toBe(0);
    const deleted = world.run.result().events.filter(({ kind }) => kind === 'pod-deleted');
    expect(deleted.map(({ subject }) => subject)).toEqual(['web-0', 'web-1', 'web-2', 'web-3']);
    expect(new Set(deleted.map(({ timeSeconds }) => timeSeconds)).size).toBe(4);
  });
});

describe('cron', () => {
  const job = (command: typeof APP) => [{ name: 'backup', everyUs: 60 * S, startAtUs: 0, program: command }];

  test('what a job leaves behind goes to the host’s init, which reaps it', () => {
    const world = new World({ cronJobs: job(ORPHAN) }).to(1_000);
    expect([world.zombies, world.kernel.pinned()]).toEqual([0, 0]);
    expect(world.result().blame.find(({ origin }) => origin === 'cron')?.createdPerHour).toBeGreaterThan(100);
  });

  test('jobs that do not end pile up on the host, each with the cron that waits for it (R67)', () => {
    const world = new World({ cronJobs: job(APP) }).to(600);
    expect([world.on('app').length, world.on('cron').length]).toEqual([11, 1 + 11]);
  });

  test('a job whose shell cannot be forked leaves nothing, and is not tried again before its next time (R67)', () => {
    const world = new World({ cronJobs: [{ ...job(APP)[0], startAtUs: 60 * S }] }).to(50);
    const { kernel } = world;
    kernel.setThreadsMax(kernel.nrThreads + 1);
    world.to(110);
    expect([world.on('app').length, world.on('cron').length, world.zombies]).toEqual([0, 1, 0]);
    expect(world.eventKinds()).toContain('fork-refused');
    kernel.setThreadsMax(kernel.nrThreads + 100);
    expect(world.to(130).on('app')).toHaveLength(1);
  });
});

describe('R24 to R26: eviction', () => {
  const growing = program('app', [
    { repeat: { times: 500, steps: [{ sleep: '1s' }, { fork: { steps: ['pause'], orElse: [] } }] } },
    'pause',
  ]);
  const given = (version: string, evictionPidAvailable: number | null) => ({
    kernel: { pidMax: 800 },
    kubelet: { version, evictionPidAvailable },
    pods: [
      pod({ name: 'quiet', count: 3 }),
      pod({ name: 'grows', containers: [container({ program: growing })] }),
    ],
  });

  test('R24: without a threshold nothing is ever evicted', () => {
    const world = new World(given('1.31', null)).to(3_000);
    expect(world.eventKinds()).not.toContain('evicted');
  });

  test('R25: with one, the pod with the most processes goes, from 1.31 on', () => {
    const world = new World(given('1.31', 300)).to(3_000);
    const evicted = world.run.result().events.filter(({ kind }) => kind === 'evicted');
    expect(evicted.map(({ subject }) => subject)).toEqual(['grows']);
    expect(world.node.counters.podsRunning).toBe(3);
  });

  test('R56: a soft threshold evicts when its grace period is over, without time for the pod to end', () => {
    const evictedAt = (graceUs: number, hard: number | null = null) => {
      const soft = { available: 300, graceUs };
      const run = new World({
        ...given('1.31', hard),
        kubelet: { version: '1.31', evictionPidAvailable: hard, evictionSoftPid: soft },
      }).to(3_000);
      const { events } = run.run.result();
      const at = (kind: string) => events.find((event) => event.kind === kind)?.timeSeconds ?? Number.NaN;
      return { pressure: at('pressure'), evicted: at('evicted'), deleted: at('pod-deleted') };
    };
    const patient = evictedAt(90 * S);
    expect(patient.evicted - patient.pressure).toBe(90);
    expect(patient.deleted - patient.evicted).toBeLessThan(1);
    // The hard threshold, 50 PIDs further, is met some 50 s later, and does not wait.
    expect(evictedAt(900 * S, 250).evicted - patient.pressure).toBeLessThan(80);
    expect(evictedAt(0).evicted).toBe(patient.pressure);
    expect(evictedAt(10_000 * S).evicted).toBeNaN();
  });

  test('R26: the pressure lasts five minutes longer than its cause', () => {
    const world = new World(given('1.31', 300)).to(3_000);
    const pressure = world.run.result().events.filter(({ kind }) => kind === 'pressure');
    expect(pressure).toHaveLength(2);
    expect(pressure[1].timeSeconds - pressure[0].timeSeconds).toBeGreaterThan(300);
    expect(pressure[1].timeSeconds - pressure[0].timeSeconds).toBeLessThan(330);
  });

  test('R26: a pod that its controller makes again comes back when the pressure is over; another does not', () => {
    const worldWith = (recreate: boolean) => {
      const [quiet, grows] = given('1.31', 300).pods;
      return new World({ ...given('1.31', 300), pods: [quiet, { ...grows, recreate }] }).to(1_400);
    };
    const back = worldWith(true).run.result();
    const [pressure, over] = back.events.filter(({ kind }) => kind === 'pressure');
    const created = back.events.filter(({ kind, subject }) => kind === 'pod-created' && subject === 'grows');
    expect(created.length).toBeGreaterThan(1);
    expect(created[1].timeSeconds - over.timeSeconds).toBeLessThan(5);
    const evicted = { atSeconds: pressure.timeSeconds, times: 2, threshold: 300 };
    const podOf = ({ pods }: typeof back) => pods.find(({ name }) => name === 'grows');
    expect(podOf(back)).toMatchObject({
      evicted: { ...evicted, times: expect.any(Number) },
      comesBack: true,
    });
    const gone = worldWith(false).run.result();
    expect(podOf(gone)).toMatchObject({ evicted: { ...evicted, times: 1 }, comesBack: false });
    expect(gone.firstHarm).toMatchObject({ kind: 'evicted', of: 'grows', lasts: 'for-good' });
    expect(podOf(gone)!.downSinceSeconds).toBeGreaterThanOrEqual(pressure.timeSeconds);
  });

  test('K12: pinned PIDs are in no count that the kubelet reads: it sees half of them and evicts no pod', () => {
    const world = new World({
      ...DOCKER_17,
      kernel: { version: '4.14', pidMax: 2_000 },
      kubelet: { version: '1.14', evictionPidAvailable: 500 },
      pods: [leaky({ pidMode: 'pod' })],
    }).to(3_000);
    expect(world.run.summary().exhaustions).toHaveLength(1);
    expect(world.node.pidAvailable).toBeGreaterThan(500);
    expect(world.eventKinds()).not.toContain('evicted');
  });
});

/** An id that nobody uses any more is given out again: the next one is small. */
function expectIdsReused({ kernel }: World): void {
  expect(kernel.unsharePidNamespace(kernel.init)).toBeLessThan(50);
  expect(kernel.createCgroup(ROOT_CGROUP, 1)).toBeLessThan(50);
}

test('pods that come and go for long do not use up namespaces or cgroups', () => {
  const world = new World({
    podChurn: { everyUs: S, lastsUs: S },
    runtime: { name: 'docker', version: '17.12' },
  }).to(2_000);
  expect(world.node.counters.podsCreated).toBeGreaterThan(1_500);
  expectIdsReused(world);
});

test('nor do pods that cannot be made', () => {
  const hog = program('hog', [
    { repeat: { times: 1_000, steps: [{ fork: { steps: ['pause'], orElse: [] } }] } },
    'pause',
  ]);
  const world = new World({
    kernel: { pidMax: 420 },
    podChurn: { everyUs: 10 * S, lastsUs: 10 * S },
    pods: [pod({ containers: [container({ program: hog })] })],
  }).to(5_000);
  expect(world.node.counters.podsCreateFailed).toBeGreaterThan(300);
  expectIdsReused(world);
});
