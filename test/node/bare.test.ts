import { describe, expect, test } from 'vitest';
import { catalogue } from '../../src/program/catalogue/index.js';
import type { Program } from '../../src/program/code.js';
import { compileProgram } from '../../src/program/compile.js';
import { container, type NodeGiven, ORPHAN, pod, probe, S, World } from './world.js';

/** As in the lab: the namespace is entered from outside, and nothing stands between. */
const bare = (setsid: boolean): NodeGiven['runtime'] => ({ name: 'bare', version: '1', setsid });

function named(name: string): Program {
  const compiled = compileProgram(name, catalogue());
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return compiled.program;
}

describe('K10, K11: how many one-orphan probes a namespace stands, as measured on Linux 6.18', () => {
  function lastThatWorks(pidMax: number, setsid: boolean): { last: number; afterwards: number } {
    const probed = container({ probes: [probe({ program: ORPHAN, periodUs: S })] });
    const world = new World({ runtime: bare(setsid), pods: [pod({ pidMax, containers: [probed] })] });
    const [totals] = world.to(2 * pidMax).result().probes;
    return { last: totals.firstFailedRun! - 1, afterwards: totals.succeeded - totals.firstFailedRun! + 1 };
  }

  test('as session leaders: 199 in 400 PIDs, 499 in 1,000', () => {
    expect(lastThatWorks(400, true)).toEqual({ last: 199, afterwards: 0 });
    expect(lastThatWorks(1_000, true)).toEqual({ last: 499, afterwards: 0 });
  });

  test('without setsid: 248 in 400 PIDs, 848 in 1,000', () => {
    expect(lastThatWorks(400, false)).toEqual({ last: 248, afterwards: 0 });
    expect(lastThatWorks(1_000, false)).toEqual({ last: 848, afterwards: 0 });
  });
});

describe('rabbitmqctl node_health_check in a namespace of pid_max 800', () => {
  const run = (pause: string, replication: number) => {
    const health = probe({
      program: named('rabbitmqctl node_health_check'),
      timeoutUs: 5 * S,
      initialDelayUs: 30 * S,
    });
    const rabbitmq = container({ program: named('rabbitmq-server'), probes: [health] });
    return new World(
      { runtime: bare(true), pause, pods: [pod({ pidMax: 800, pidMode: 'pod', containers: [rabbitmq] })] },
      3_600,
      { replication },
    ).to(1_500);
  };

  test('pause 3.0: fails near probe 119 with some 277 zombies (measured once), and goes on failing', () => {
    for (const replication of [0, 1, 2, 3, 4]) {
      const world = run('3.0', replication);
      const [totals] = world.result().probes;
      expect(Math.abs(totals.firstFailedRun! - 119)).toBeLessThanOrEqual(6);
      expect(Math.abs(world.kernel.zombies() - 277)).toBeLessThanOrEqual(20);
      expect(totals.succeeded).toBe(totals.firstFailedRun! - 1);
    }
  });

  test('pause 3.1: 40 probes and more, 0 zombies', () => {
    const world = run('3.1', 0);
    expect(world.result().probes[0]).toMatchObject({
      failed: 0,
      errored: 0,
      zombiesPerRun: 0,
      pidsPerRun: 0,
    });
    expect(world.zombies).toBe(0);
  });
});
