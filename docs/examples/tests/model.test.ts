// The same on the model: no Linux, no root, no time.
import 'pidsim/vitest';
import { parseScenarioValue, type Scenario, type ScenarioDocument } from 'pidsim';
import { boot, runProgram } from 'pidsim/kernel';
import { expect, test } from 'vitest';

test('a child that nobody waits for holds its PID', () => {
  const kernel = boot();
  const child = kernel.fork(kernel.init);
  kernel.exit(child, 3);
  expect(kernel.isZombie(child)).toBe(true);
  expect(kernel.pids()).toEqual([1, 2]);
  expect(kernel.wait(kernel.init)).toEqual({ pid: 2, status: 3 });
  expect(kernel.pids()).toEqual([1]);
});

const probe = { comm: 'check', steps: [{ fork: { comm: 'orphan', steps: [{ sleep: '200ms' }] } }, { exit: 0 }] };

test('the orphan of a probe stays where PID 1 does not reap', () => {
  expect(runProgram(probe, { pid1: 'pause-3.0' })).toMatchProcessTree([
    { comm: 'pause', pid: 1 },
    { comm: 'orphan', ppid: 1, stat: 'Z' },
  ]);
  expect(runProgram(probe, { pid1: 'tini -- app' })).toMatchProcessTree([{ comm: 'tini' }, { comm: 'app' }]);
});

function scenario(entrypoint: string): Scenario {
  const document: ScenarioDocument = {
    apiVersion: 'pidsim/v1',
    kind: 'Scenario',
    metadata: { name: 'one-pod' },
    spec: {
      node: { kernel: { version: '6.12', pidMax: 32768 }, kubelet: { version: '1.31', podPidsLimit: 1024 } },
      programs: { check: probe },
      pods: [
        {
          name: 'web',
          containers: [
            {
              name: 'web',
              program: entrypoint,
              livenessProbe: { exec: { command: ['check'] }, periodSeconds: 10 },
            },
          ],
        },
      ],
    },
  };
  const parsed = parseScenarioValue(document);
  if (!parsed.ok) throw new Error(parsed.diagnostics.map(({ message }) => message).join('\n'));
  return parsed.value[0];
}

test('a pod whose entrypoint reaps lasts for a month', () => {
  expect(scenario('tini -- app')).toLast('30d');
});

test('and one that does not is full within hours', () => {
  expect(scenario('app')).not.toLast('1d');
});
