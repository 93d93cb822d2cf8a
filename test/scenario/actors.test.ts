/** Limits of containers and services, and execs by hand, as a scenario says them. */
import { expect, test } from 'vitest';
import { briefs, diagnosticsOf, HEAD, scenarioOf } from './support.js';

const said = (spec: string): string[] => briefs(diagnosticsOf(HEAD + spec));
const pods = (container: string, pod = ''): string => `  pods:
    - {name: web, ${pod}containers: [{name: web, program: app, ${container}}]}
`;

test('R58: a limit of a container, or the runtime’s for all; 0 and -1 are none', () => {
  const limit = (given: string) => scenarioOf(pods(given)).node.pods[0].containers[0].pidsLimit;
  expect(limit('pidsLimit: 500')).toBe(500);
  expect(limit('pidsLimit: -1')).toBe(Number.POSITIVE_INFINITY);
  expect(limit('pidsLimit: 0')).toBe(Number.POSITIVE_INFINITY);
  expect(limit('image: app')).toBeUndefined();
  const { runtime } = scenarioOf('  node: {runtime: {containerPidsLimit: 2048, tasksMax: 512}}\n').node;
  expect(runtime).toMatchObject({ containerPidsLimit: 2048, tasksMax: 512 });
  expect(said(pods('pidsLimit: -2'))).toEqual(['6:69 out-of-range']);
  expect(said('  node: {runtime: {tasksMax: 0}}\n')).toEqual(['5:30 out-of-range']);
});

test('R60: an exec first starts when its interval has passed once, or when it is said', () => {
  const execs = (given: string) => scenarioOf(pods(`execs: [{${given}}]`)).node.pods[0].containers[0].execs;
  const [first] = execs('every: 1m, program: quick-check')!;
  expect(first).toMatchObject({ everyUs: 60e6, startAtUs: 60e6, program: { comm: 'quick-check' } });
  expect(execs('every: 1m, startAt: 5s, command: [quick-check]')![0].startAtUs).toBe(5e6);
  expect(execs('every: 1m, startAt: 0s, program: quick-check')![0].startAtUs).toBe(0);
});

test('an exec says one thing to do, how often, and is in a pod that stays', () => {
  const codes = (given: string, pod = '') =>
    diagnosticsOf(HEAD + pods(`execs: [{${given}}]`, pod)).map(({ code }) => code);
  expect(codes('every: 1m, program: quick-check')).toEqual([]);
  expect(codes('every: 1m')).toEqual(['missing-key']);
  expect(codes('program: quick-check')).toEqual(['missing-key']);
  expect(codes('every: 1m, program: quick-check, command: [quick-check]')).toEqual(['conflict']);
  expect(codes('every: 1m, program: nothing-such')).toEqual(['unknown-program']);
  expect(codes('every: 90d, program: quick-check')).toEqual(['beyond-horizon']);
  expect(codes('every: 1m, program: quick-check', 'every: 1h, ')).toEqual(['no-effect']);
});

test('R61: what an operator does is done at a time, or again and again, or only when the node is so', () => {
  const done = (given: string) =>
    scenarioOf(`  interventions: [{${given}, do: drain}]\n`).node.interventions[0];
  expect(done('at: 1h')).toEqual({ do: 'drain', atUs: 3600e6 });
  expect(done('every: 1h')).toEqual({ do: 'drain', atUs: 3600e6, everyUs: 3600e6 });
  expect(done('at: 0s, every: 1h, when: "zombies > 500"')).toEqual({
    do: 'drain',
    atUs: 0,
    everyUs: 3600e6,
    when: { subject: 'zombies', comparison: '>', value: 500 },
  });
  const codes = (given: string) =>
    diagnosticsOf(`${HEAD}  interventions: [{${given}do: drain}]\n`).map(({ code, line }) => [code, line]);
  expect(codes('')).toEqual([['missing-key', 5]]);
  expect(codes('when: "zombies > 5", ')).toEqual([['missing-key', 5]]);
  expect(codes('at: 1h, when: "restarts > 5", ')).toEqual([['bad-expectation', 5]]);
  expect(codes('at: 1h, when: "zombies", ')).toEqual([['bad-expectation', 5]]);
  expect(codes('at: 1h, when: "zombies > many", ')).toEqual([['bad-expectation', 5]]);
  expect(codes('every: 90d, ')).toEqual([['beyond-horizon', 5]]);
});

test('R62: whom a container or a login runs as, and how many tasks that user may have', () => {
  const user = (given: string) => scenarioOf(pods(given)).node.pods[0].containers[0].user;
  expect(user('securityContext: {runAsUser: 1000}, ulimits: {nproc: 50}')).toEqual({
    uid: 1000,
    nprocMax: 50,
  });
  expect(user('securityContext: {runAsUser: 1000}')).toEqual({
    uid: 1000,
    nprocMax: Number.POSITIVE_INFINITY,
  });
  expect(user('securityContext: {runAsUser: 0}, ulimits: {nproc: 50}')).toBeUndefined();
  const runtime = '  node: {runtime: {ulimits: {nproc: 7}}}\n';
  const given = (own: string) => scenarioOf(runtime + pods(`securityContext: {runAsUser: 1}${own}`));
  expect(given('').node.pods[0].containers[0].user?.nprocMax).toBe(7);
  expect(given(', ulimits: {nproc: 50}').node.pods[0].containers[0].user?.nprocMax).toBe(50);
  const { sshLogins } = scenarioOf(
    '  node: {sshLogins: {every: 1h, runAsUser: 7, ulimits: {nproc: 9}}}\n',
  ).node;
  expect(sshLogins?.user).toEqual({ uid: 7, nprocMax: 9 });
  expect(said(pods('ulimits: {nproc: -1}'))).toEqual(['6:75 out-of-range']);
  expect(said(pods('securityContext: {runAsUser: app}'))).toEqual(['6:87 wrong-type']);
});

test('R63: leaks of the runtime are probabilities', () => {
  const { runtime } = scenarioOf('  node: {runtime: {leaks: {stuckExec: 0.5}}}\n').node;
  expect(runtime.leaks).toEqual({ shimPerPodDelete: 0, stuckExec: 0.5 });
  expect(scenarioOf('  node: {}\n').node.runtime.leaks).toBeUndefined();
  expect(said('  node: {runtime: {leaks: {stuckExec: 2}}}\n')).toEqual(['5:39 out-of-range']);
});

test('R64: a measured profile with another share of its race, under a name of its own or under its own name', () => {
  const programs = (given: string): string =>
    `${pods('livenessProbe: {exec: {command: [rabbitmqctl, node_health_check]}}')}  programs:\n    ${given}\n`;
  const text = (given: string) => {
    const [{ probes }] = scenarioOf(programs(given)).node.pods[0].containers;
    const [{ action }] = probes;
    return action.kind === 'exec' && JSON.stringify(action.program);
  };
  const own = (share: string) =>
    text(`rabbitmqctl node_health_check: {program: rabbitmqctl node_health_check, orphanShare: ${share}}`);
  expect(own('0')).not.toBe(own('1'));
  expect(own('0.26')).toBe(text('other: rabbitmqctl node_health_check'));
  expect(said(programs('x: {program: rabbitmqctl node_health_check, orphanShare: 2}'))).toEqual([
    '8:62 out-of-range',
  ]);
  expect(said(programs('x: {program: tini, orphanShare: 0.5}'))).toEqual(['8:18 unknown-value']);
  expect(said(programs('x: {orphanShare: 0.5, steps: []}'))).toEqual(['8:27 unknown-key']);
});
