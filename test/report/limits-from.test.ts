/** Each limit says where it comes from, in words and in the document. */
import { expect, test } from 'vitest';
import { runResultDocument } from '../../src/report/document.js';
import { nodeLine } from '../../src/report/node-words.js';
import { simulate } from '../../src/run/run.js';
import { parseScenario } from '../../src/scenario/parse.js';

function factsOf(node: string) {
  const text = `apiVersion: pidsim/v1
kind: Scenario
metadata: {name: a}
spec:
  horizon: 1m
  node: ${node}
  pods: [{name: web, containers: [{name: app, program: app}]}]
  programs: {app: {comm: app, steps: [pause]}}
`;
  const parsed = parseScenario(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
  const { node: facts } = runResultDocument(simulate(parsed.value[0])).status;
  return { line: nodeLine(facts), from: facts.limits.map(({ limit, from }) => [limit.name, from]) };
}

test('what is written comes from the file, what is not from memory and from defaults', () => {
  const { line, from } = factsOf('{kernel: {threadsMax: 9000}, kubelet: {podPidsLimit: 100}}');
  expect(from).toEqual([
    ['pid_max', 'default'],
    ['threads-max', 'file'],
    ['pids.max', 'derived'],
    ['pids.max', 'file'],
  ]);
  expect(line).toContain('threads-max 9,000 (from the file)');
  expect(line).toContain('pids.max 100 for each pod (from the file)');
  expect(factsOf('{kernel: {memory: 4Gi}}').line).toMatch(
    /pid_max [\d,]+ \(the default\), threads-max 32,768 \(from memory\)/,
  );
});

test('a preset’s limits are the preset’s, unless the file has its own', () => {
  expect(factsOf('{preset: ubuntu-24.04}').from.slice(0, 2)).toEqual([
    ['pid_max', 'preset'],
    ['threads-max', 'memory'],
  ]);
  expect(factsOf('{preset: ubuntu-24.04, kernel: {pidMax: 40000}}').from[0]).toEqual(['pid_max', 'file']);
});
