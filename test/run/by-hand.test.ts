/**
 * Acts on a running node: a login, a pod, an operator's act. Whether one works depends on the state of the
 * node.
 */
import { describe, expect, test } from 'vitest';
import type { Act } from '../../src/node/by-hand.js';
import { Run } from '../../src/run/run.js';
import { parseScenario } from '../../src/scenario/parse.js';
import { US_PER_SECOND } from '../../src/sim/time.js';

/** A node with a web server in a pod; `fills`: a program of the host takes every PID after ten seconds. */
function runOf(fills = false): Run {
  const parsed = parseScenario(`
apiVersion: pidsim/v1
kind: Scenario
metadata: {name: hands, title: Hands}
spec:
  horizon: 10m
  node:
    kernel: {version: "4.14", pidMax: 1024, memory: 16Gi}
    baseline: {tasks: 40}
    kubelet: {version: "1.7"}
    runtime: {name: docker, version: "17.12"}
    pause: "3.0"
${fills ? '    cronJobs: [{name: bomb, every: 1d, startAt: 10s, program: bomb}]' : ''}
  programs:
    bomb: {comm: bomb, steps: [{repeat: {times: 2000, steps: [{fork: {steps: [pause], orElse: []}}]}}, pause]}
  pods: [{name: web, containers: [{name: web, program: app}]}]
`);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
  return new Run(parsed.value[0]);
}

function to(run: Run, seconds: number): Run {
  while (!run.advance(seconds * US_PER_SECOND));
  return run;
}

const CREATE: Act = { do: 'create-pod', pod: 'mine' };
const DELETE: Act = { do: 'delete-pod', pod: 'mine', recreate: false, atUs: 0 };
const kindsOf = (run: Run, subject: string): string[] =>
  run
    .result()
    .events.filter((event) => event.subject.startsWith(subject))
    .map(({ kind }) => kind);

describe('a login', () => {
  test('has its processes, which go when it is over', () => {
    const run = to(runOf(), 60);
    const names = () => run.processes()!.map(({ comm }) => comm);
    const before = names();
    expect(run.act({ do: 'login' })).toBeNull();
    expect(names().filter((name) => name === 'bash' || name === 'id')).toHaveLength(2);
    to(run, 120);
    expect(names().filter((name) => name === 'bash' || name === 'id')).toEqual(['bash']);
    expect(run.summary().symptoms.sshRefused).toBe(0);
    expect(before).not.toContain('bash');
  });

  test('is refused by a full node', () => {
    expect(to(runOf(true), 60).act({ do: 'login' })).toBe('fork: EAGAIN (pid-max)');
  });
});

describe('a pod', () => {
  test('comes and goes', () => {
    const run = to(runOf(), 60);
    expect(run.act(CREATE)).toBeNull();
    expect(kindsOf(to(run, 120), 'mine')).toEqual(['pod-created']);
    expect(run.act(DELETE)).toBeNull();
    expect(kindsOf(to(run, 240), 'mine')).toEqual(['pod-created', 'pod-deleted']);
  });

  test('cannot be created on a full node', () => {
    const run = to(runOf(true), 60);
    run.act(CREATE);
    expect(kindsOf(to(run, 120), 'mine')).toEqual(['pod-create-failed']);
  });
});

describe('an act of an operator', () => {
  test('is done, and said', () => {
    const run = to(runOf(), 60);
    expect(run.act({ do: 'set-pid-max', pidMax: 2048, atUs: 0 })).toBeNull();
    expect(run.summary().final.pidMax).toBe(2048);
    expect(kindsOf(run, 'node')).toContain('intervention');
  });

  test('that changes nothing says why', () => {
    expect(to(runOf(), 60).act({ do: 'bump-pause', version: '3.0', atUs: 0 })).toBe(
      'it is that version already',
    );
    expect(to(runOf(), 60).act({ do: 'delete-pod', pod: 'none', recreate: false, atUs: 0 })).toBe(
      'there is no such pod now',
    );
  });
});

test('the same acts at the same moments lead to the same run, and others do not', () => {
  const digestOf = (...acts: [seconds: number, act: Act][]): string => {
    const run = runOf();
    for (const [seconds, act] of acts) to(run, seconds).act(act);
    return to(run, 600).summary().digest;
  };
  const acts: [number, Act][] = [
    [60, { do: 'login' }],
    [61, CREATE],
    [200, DELETE],
  ];
  expect(digestOf(...acts)).toBe(digestOf(...acts));
  expect(digestOf(...acts)).not.toBe(digestOf(acts[0], acts[1]));
  expect(digestOf()).toBe(to(runOf(), 600).summary().digest);
});
