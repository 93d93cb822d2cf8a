import { describe, expect, test } from 'vitest';
import { TIMELINE_COLUMNS } from '../../src/run/result.js';
import { observeAt, Run, ScenarioRunError, simulate } from '../../src/run/run.js';
import { container, type NodeGiven, ORPHAN, PLAIN, pod, probe, program, S, scenario } from '../node/world.js';

const leaky = (more = {}) =>
  pod({
    pidMode: 'pod',
    containers: [container({ probes: [probe({ program: ORPHAN, periodUs: S })] })],
    ...more,
  });
const LEAK: NodeGiven = { pause: '3.0', kernel: { pidMax: 2_000 }, pods: [leaky()] };

describe('outcome', () => {
  test('a node is exhausted with the first fork that is refused at node scope, and the run goes on', () => {
    const result = simulate(scenario(LEAK, 3_000));
    expect(result.outcome).toMatchObject({ kind: 'exhausted', refusedBy: 'pid-max', scope: 'node' });
    expect(result.timeline.time_s.at(-1)).toBe(3_000);
    expect(result.symptoms.firstForkRefusedSeconds).toBe((result.outcome as { atSeconds: number }).atSeconds);
  });

  test('the blame is noted when the node becomes full, and again at the end', () => {
    const { blame, blameWhenFull } = simulate(scenario(deletedAt(1_500), 1_600));
    const probes = (rows: typeof blame | null) => rows?.find(({ origin }) => origin === 'readiness')?.pids;
    const sum = (rows: typeof blame | null) => rows?.reduce((total, { pids }) => total + pids, 0);
    expect(sum(blameWhenFull)).toBeGreaterThan(1_600);
    expect(probes(blameWhenFull)).toBeGreaterThan(1_000);
    expect(probes(blame)).toBeLessThan(500);
  });

  test('a node that was never full has no blame for that moment', () => {
    expect(simulate(scenario(LEAK, 60)).blameWhenFull).toBeNull();
  });

  const deletedAt = (at: number) => ({
    ...LEAK,
    interventions: [{ do: 'delete-pod' as const, atUs: at * S, pod: 'web', recreate: true }],
  });

  test('a full node has room again when the pod is deleted, and may be full a second time', () => {
    const result = simulate(scenario(deletedAt(1_500), 3_000));
    const [first, second, ...more] = result.exhaustions;
    expect(first.untilSeconds).toBeGreaterThan(1_499);
    expect(first.untilSeconds).toBeLessThan(1_600);
    expect(second.atSeconds).toBeGreaterThan(first.untilSeconds!);
    expect(second.untilSeconds).toBeNull();
    expect(more).toEqual([]);
    expect(result.outcome).toMatchObject({ kind: 'exhausted', atSeconds: first.atSeconds });
    const told = result.events.filter(({ kind, subject }) => subject === 'node' && /exh|rec/.test(kind));
    expect(told.map(({ kind, timeSeconds }) => [kind, timeSeconds])).toEqual([
      ['exhausted', first.atSeconds],
      ['recovered', first.untilSeconds],
      ['exhausted', second.atSeconds],
    ]);
  });

  test('a full node with room again is noticed within a minute, however seldom the timeline has a row', () => {
    const burst = program('burst', [
      { sleep: '100s' },
      { repeat: { times: 2_000, steps: [{ fork: { steps: [{ sleep: '500s' }], orElse: [] } }] } },
      { wait: 'all' },
      'pause',
    ]);
    const given = { kernel: { pidMax: 2_000 }, pods: [pod({ containers: [container({ program: burst })] })] };
    const result = simulate({ ...scenario(given, 10_000), sampleEveryUs: 5_000 * S });
    expect(result.exhaustions).toHaveLength(1);
    const [{ atSeconds, untilSeconds }] = result.exhaustions;
    expect(untilSeconds! - atSeconds).toBeGreaterThanOrEqual(499);
    expect(untilSeconds! - atSeconds).toBeLessThanOrEqual(561);
  });

  test('a node that gets no room again is full once, to the end; one that reaps is never full', () => {
    expect(simulate(scenario(LEAK, 3_000)).exhaustions).toMatchObject([{ untilSeconds: null }]);
    expect(simulate(scenario({ ...LEAK, pause: '3.1' }, 3_000)).exhaustions).toEqual([]);
  });

  test('a higher pid_max gives room until it is used up too (K7)', () => {
    const interventions = [{ do: 'set-pid-max' as const, atUs: 1_500 * S, pidMax: 2_500 }];
    const result = simulate(scenario({ ...LEAK, interventions }, 3_000));
    expect(result.exhaustions).toMatchObject([{ untilSeconds: 1_500 }, { untilSeconds: null }]);
  });

  test('until exhaustion: it ends there', () => {
    const result = simulate(scenario(LEAK, 3_000), { until: 'exhaustion' });
    if (result.outcome.kind !== 'exhausted') throw new Error('not exhausted');
    expect(result.timeline.time_s.at(-1)).toBe(result.outcome.atSeconds);
    expect(result.projection).toBeNull();
  });

  test('a refusal within a pod’s own limit does not exhaust the node', () => {
    for (const given of [{ kubelet: { podPidsLimit: 100 } }, { pods: [leaky({ pidMax: 400 })] }]) {
      const result = simulate(scenario({ ...LEAK, ...given }, 900));
      expect(result.outcome.kind).toBe('censored');
      expect(result.symptoms.firstForkRefusedSeconds).toBeGreaterThan(0);
      const refusedBy = 'kubelet' in given ? 'pids-cgroup' : 'pid-max';
      const atSeconds = result.symptoms.firstForkRefusedSeconds!;
      const limit =
        refusedBy === 'pids-cgroup' ? { name: 'pids.max', value: 100 } : { name: 'pid_max', value: 400 };
      const times = { atSeconds, lastAtSeconds: atSeconds, untilSeconds: null, times: 1 };
      const lasts = { firstForSeconds: 900 - atSeconds, forSeconds: 900 - atSeconds };
      const whose = { pod: 'web', of: 'web', limitOf: 'pod', limit, errno: 'EAGAIN', refusedBy };
      expect(result.symptoms.podRefusals).toEqual([{ ...whose, ...times, ...lasts }]);
      const harm = { kind: 'refused', scope: 'pod', of: 'web', atSeconds, lasts: 'for-good', limit };
      expect(result.firstHarm).toEqual(harm);
      expect(result.events.find(({ kind }) => kind === 'fork-refused')?.subject).toBe('web');
    }
  });

  test('a pod that is made again begins anew: its refusal has ended, and the next one is another', () => {
    const given = { ...deletedAt(1_000), kubelet: { podPidsLimit: 100 } };
    const { podRefusals } = simulate(scenario(given, 3_000)).symptoms;
    expect(podRefusals).toMatchObject([{ times: 2, untilSeconds: null }]);
    const [{ atSeconds, lastAtSeconds, firstForSeconds, forSeconds }] = podRefusals;
    expect(lastAtSeconds).toBeGreaterThan(1_000);
    expect(atSeconds + firstForSeconds).toBeGreaterThanOrEqual(1_000);
    expect(atSeconds + firstForSeconds).toBeLessThan(lastAtSeconds);
    expect(forSeconds).toBeCloseTo(firstForSeconds + 3_000 - lastAtSeconds);
  });

  test('R22: a refusal by the limit of all pods together is not taken for one by the pod’s own', () => {
    const given = { ...LEAK, kernel: { pidMax: 2_000 }, kubelet: { reservedPids: 1_700 } };
    const { outcome, symptoms } = simulate(scenario(given, 3_000));
    expect(outcome.kind).toBe('censored');
    expect(symptoms.podRefusals).toMatchObject([
      { pod: 'web', limitOf: 'all-pods', refusedBy: 'pids-cgroup' },
    ]);
  });

  test('zombies count against threads-max, pinned PIDs do not (K12, K40)', () => {
    const result = simulate(scenario({ ...LEAK, kernel: { pidMax: 32_768, threadsMax: 1_000 } }, 3_000));
    expect(result.outcome).toMatchObject({ kind: 'exhausted', refusedBy: 'threads-max' });
    const row = result.timeline.time_s.findIndex(
      (time) => time >= (result.outcome as { atSeconds: number }).atSeconds,
    );
    expect(result.timeline.allocated[row]).toBeGreaterThan(1_700);
  });
});

describe('K10, R29: the time to exhaustion, by arithmetic alone', () => {
  /**
   * 7 tasks of runc and 2 of nsexec, which end before the 5 in the namespace are all there: one becomes the
   * command.
   */
  const EXEC = { given: 14, atOnce: 12, command: 9 };
  /** One more of runc. */
  const CREATE = { given: 15, command: 10 };

  /**
   * Containerd: the host has 100 PIDs, the shim 11, and pause and the application take a runc call each. Then
   * each probe run takes 14 PIDs and one for the orphan, and keeps two: the orphan's, and the command's as
   * its session. There is no kernel here, only a cursor that counts up.
   */
  function firstRefusedRun(pidMax: number): number {
    let cursor = 101 + 11;
    let lowHeld = 100 + 11;
    const take = (count: number, kept: readonly number[]) => {
      for (const offset of kept) if (cursor + offset < 300) lowHeld++;
      cursor += count;
    };
    take(CREATE.given, [CREATE.command]);
    take(CREATE.given, [CREATE.command]);
    let held = 100 + 11 + 2;
    for (let run = 1; ; run++) {
      const reserveLost = cursor > 300 || cursor + EXEC.given > 300;
      const usable = reserveLost ? pidMax - 300 + lowHeld : pidMax - 1;
      if (held + EXEC.atOnce > usable) return run;
      take(EXEC.given + 1, [EXEC.command, EXEC.given]);
      held += 2;
    }
  }

  test('agrees with the simulation to the exact run', () => {
    for (const pidMax of [1_000, 2_000, 4_096, 32_768]) {
      const result = simulate(scenario({ ...LEAK, kernel: { pidMax } }, pidMax), { until: 'exhaustion' });
      // Discarded (R15), and with it the run that was refused is the last that is counted.
      expect([pidMax, result.probes[0].runs]).toEqual([pidMax, firstRefusedRun(pidMax)]);
    }
  });
});

describe('the timeline', () => {
  test('has about a thousand rows by default, columns of one length, and times that only go up', () => {
    const { timeline } = simulate(scenario(LEAK, 3_000));
    expect(timeline.time_s.length).toBeGreaterThan(1_000);
    expect(timeline.time_s.length).toBeLessThan(1_200);
    for (const name of TIMELINE_COLUMNS) expect(timeline[name]).toHaveLength(timeline.time_s.length);
    for (let i = 1; i < timeline.time_s.length; i++)
      expect(timeline.time_s[i]).toBeGreaterThan(timeline.time_s[i - 1]);
  });

  test('every row keeps the identity, and every event has a row', () => {
    const { timeline, events } = simulate(
      scenario({ ...LEAK, sshLogins: { everyUs: 60 * S, lastsUs: 20 * S } }, 1_500),
    );
    timeline.allocated.forEach((allocated, row) => {
      expect(timeline.tasks[row] + timeline.zombies[row] + timeline.pinned[row]).toBe(allocated);
    });
    for (const event of events) expect(timeline.time_s).toContain(event.timeSeconds);
  });

  test('K3: free is what can still be handed out: next to nothing when the node is full', () => {
    const result = simulate(scenario(LEAK, 3_000), { until: 'exhaustion' });
    expect(result.timeline.free.at(-1)).toBeLessThan(12);
    expect(result.final.pidMax - result.final.allocated).toBeGreaterThan(50);
  });

  test('K3: the first wrap is an event, and there is one', () => {
    const { events } = simulate(scenario(LEAK, 3_000));
    const wraps = events.filter(({ kind }) => kind === 'wrapped');
    // Of the 2,000 PIDs the host and the pod's start take 141, and each run, once a second, 15.
    expect(wraps).toHaveLength(1);
    expect(Math.abs(wraps[0].timeSeconds - (2_000 - 141) / 15)).toBeLessThan(2);
  });

  test('has a row every sampleEvery', () => {
    const { timeline } = simulate(scenario({}, 100, { sampleEveryUs: 20 * S }));
    expect(timeline.time_s).toEqual([0, 20, 40, 60, 80, 100]);
  });

  test('K12: the kubelet sees every zombie and no pinned PID', () => {
    const { timeline } = simulate(scenario(LEAK, 500));
    const last = timeline.time_s.length - 1;
    expect(timeline.pinned[last]).toBeGreaterThan(400);
    expect(timeline.kubelet_pid_available[last]).toBe(2_000 - timeline.loadavg_tasks[last]);
    expect(timeline.loadavg_tasks[last]).toBe(timeline.allocated[last] - timeline.pinned[last]);
  });
});

describe('what a probe leaves per run', () => {
  const perRun = (given: NodeGiven, seconds: number) => {
    const { zombiesPerRun, pidsPerRun } = simulate(scenario({ ...LEAK, ...given }, seconds)).probes[0];
    return [zombiesPerRun, pidsPerRun];
  };

  test('is 1 zombie and 2 PIDs for a session leader’s orphan that is not reaped, nothing if it is', () => {
    expect(perRun({}, 500)).toEqual([1, 2]);
    expect(perRun({ pause: '3.1' }, 500)).toEqual([0, 0]);
  });

  test('is counted up to the first refusal only', () => {
    const [zombies, pids] = perRun({}, 10_000);
    expect(zombies).toBeCloseTo(1, 2);
    expect(pids).toBeCloseTo(2, 2);
  });

  test('is not forgotten when the pod is deleted', () => {
    expect(
      perRun({ interventions: [{ atUs: 300 * S, do: 'delete-pod', pod: 'web', recreate: true }] }, 500),
    ).toEqual([1, 2]);
  });

  test('is unknown for a probe that has never run', () => {
    const late = leaky({ containers: [container({ probes: [probe({ initialDelayUs: 1_000 * S })] })] });
    expect(perRun({ pods: [late] }, 500)).toEqual([null, null]);
  });
});

describe('blame', () => {
  test('begins with the probe that holds most PIDs', () => {
    const [first] = simulate(scenario(LEAK, 500)).blame;
    expect(first).toMatchObject({ pod: 'web', container: 'app', origin: 'readiness', program: 'leaky' });
    expect(first.zombies).toBe(first.pinned);
    expect(first.pids).toBe(first.zombies + first.pinned + first.tasks);
    // Each second 14 for the exec and one for the orphan, less the one it keeps of its own tasks.
    expect(first.createdPerHour / 3_600).toBeCloseTo(15, 0);
    expect(first.reapedPerHour / 3_600).toBeCloseTo(14, 0);
  });
});

describe('determinism', () => {
  test('the digest depends on the scenario and the seed, and not on how the run is sliced', () => {
    const digest = (seed: number) => simulate(scenario(LEAK, 400, { seed })).digest;
    expect(digest(1)).toBe(digest(1));
    expect(digest(1)).not.toBe(digest(2));
    const run = new Run(scenario(LEAK, 400));
    for (let second = 1; second <= 400; second++) while (!run.advance(second * S));
    expect(run.result().digest).toBe(digest(1));
  });

  test('common random numbers: pause 3.0 and 3.1 meet the same phases', () => {
    const first = (pause: string) => simulate(scenario({ ...LEAK, pause }, 100)).probes[0].runs;
    expect(first('3.0')).toBe(first('3.1'));
  });

  test('a replication is another draw', () => {
    const digest = (replication: number) => simulate(scenario(LEAK, 400), { replication }).digest;
    expect(digest(0)).not.toBe(digest(1));
  });
});

describe('a run that would never end', () => {
  const diagnosticsOf = (given: NodeGiven, eventsMax?: number) => {
    try {
      simulate(scenario(given, 1e7), eventsMax === undefined ? {} : { eventsMax });
    } catch (error) {
      if (error instanceof ScenarioRunError) return error.diagnostics.map(({ code }) => code);
      throw error;
    }
    return [];
  };

  test('a program that never blocks is stopped, and named', () => {
    const bomb = program('bomb', [
      { repeat: { times: 'forever', steps: [{ fork: { steps: ['pause'], orElse: [] } }] } },
    ]);
    expect(diagnosticsOf({ pods: [pod({ containers: [container({ program: bomb })] })] })).toEqual([
      'program-never-blocks',
    ]);
  }, 300_000);

  test('a run with too many events is stopped at a stated bound', () => {
    const busy = program('busy', [{ repeat: { times: 'forever', steps: [{ sleep: '1us' }] } }]);
    expect(diagnosticsOf({ pods: [pod({ containers: [container({ program: busy })] })] }, 1)).toEqual([
      'too-many-events',
    ]);
  });

  test('a node that cannot even boot is reported as a diagnostic too', () => {
    expect(diagnosticsOf({ baselineTaskCount: 900, kernel: { pidMax: 500 } })).toEqual(['node-too-small']);
  });
});

describe('ps', () => {
  test('shows the same processes on the node and in the pod, under different PIDs', () => {
    const given = scenario(LEAK, 3_000);
    const outside = observeAt(given, 60 * S)!.filter((row) => row.pod === 'web');
    const inside = observeAt(given, 60 * S, { pod: 'web' })!;
    expect(inside[0]).toMatchObject({ pid: 1, ppid: 0, comm: 'pause', stat: 'Ss' });
    expect(inside.filter(({ stat }) => stat === 'Z').length).toBeGreaterThan(50);
    for (const row of inside) {
      const same = outside.find(({ nspid }) => nspid.length === 2 && nspid[1] === row.pid);
      expect(same).toMatchObject({ comm: row.comm, stat: row.stat, container: row.container });
    }
  });

  test('has no processes for a pod that does not exist', () => {
    expect(observeAt(scenario(LEAK, 100), 10 * S, { pod: 'nobody' })).toBeNull();
    const plain = scenario(
      {
        pods: [leaky({ startAtUs: 50 * S }), pod({ name: 'b', containers: [container({ program: PLAIN })] })],
      },
      100,
    );
    expect(observeAt(plain, 10 * S, { pod: 'web' })).toBeNull();
  });
});
