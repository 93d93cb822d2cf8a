/** What if the commands of which nothing is known left an orphan a run? */
import { describe, expect, test } from 'vitest';
import { assumedCommands, bracketOf } from '../../src/run/bracket.js';
import { simulate } from '../../src/run/run.js';
import { parseManifests, parseScenario } from '../../src/scenario/parse.js';
import type { Assume } from '../../src/scenario/programs.js';
import type { Scenario } from '../../src/scenario/scenario.js';

function scenario(probe: string, assume: Assume = {}, more = ''): Scenario {
  const text = `
apiVersion: pidsim/v1
kind: Scenario
metadata: {name: bracket}
spec:
  horizon: 2d
  pods:
    - name: p
      containers: [{name: c, program: app, ${more}livenessProbe: {exec: {command: ${probe}}, periodSeconds: 10}}]
`;
  const parsed = parseScenario(text, { assume });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
  return parsed.value[0];
}

/** As the command line runs it: all assumed commands, then each alone. */
function bracket(probe: string, more = '') {
  return bracketOf(simulate(scenario(probe, {}, more)), 1, async (command) => {
    const assume = command === null ? { orphans: 1 } : { orphansOf: new Map([[command, 1]]) };
    return simulate(scenario(probe, assume, more));
  });
}

describe('a bracket', () => {
  test('gives the other answer if the command matters', async () => {
    expect(simulate(scenario('[frobnicate]')).projection).toMatchObject({ kind: 'never' });
    expect(await bracket('[frobnicate]')).toMatchObject({
      isSame: false,
      projection: { kind: 'exhausts' },
      ofEach: [],
    });
  });

  test('says that the command does not matter if it does not', async () => {
    const result = simulate(scenario('[frobnicate]'));
    expect(await bracketOf(result, 1, async () => result)).toMatchObject({ isSame: true, ofEach: [] });
  });

  test('says of several commands which one matters', async () => {
    const once = 'lifecycle: {postStart: {exec: {command: [/bin/once]}}}, ';
    const found = await bracket('[frobnicate]', once);
    expect(found?.ofEach.map(({ command, isSame }) => [command, isSame])).toEqual([
      ['frobnicate', false],
      ['/bin/once', true],
    ]);
  });

  test('tries ten commands alone, and says how many others there are', async () => {
    const names = Array.from({ length: 13 }, (_, index) => `/bin/c${index}`).join('; ');
    const without = simulate(scenario(`[bash, -c, "${names}; exit 0"]`));
    const other = simulate(scenario('[frobnicate]', { orphans: 1 }));
    const found = await bracketOf(without, 1, async () => other);
    expect(found).toMatchObject({ untried: 3 });
    expect(found?.ofEach).toHaveLength(10);
  });

  test('is null if a run was interrupted', async () => {
    expect(await bracketOf(simulate(scenario('[frobnicate]')), 1, async () => null)).toBeNull();
  });

  test('is about no command that is known, or of which the user has said what it leaves', () => {
    expect(assumedCommands(scenario('[frobnicate]'))).toEqual(['frobnicate']);
    expect(assumedCommands(scenario('[cat, /tmp/healthy]'))).toEqual([]);
    expect(assumedCommands(scenario('[frobnicate]', { orphansOf: new Map([['frobnicate', 1]]) }))).toEqual(
      [],
    );
  });
});

describe('the assumptions of a scenario', () => {
  test('are named with their place, each once', () => {
    const { assumptions } = scenario(
      '[sh, -c, "frobnicate && frobnicate"]',
      {},
      'readinessProbe: {exec: {command: [frobnicate]}}, ',
    );
    expect(assumptions.map(({ where, what }) => [where, what])).toEqual([
      [
        'spec.pods[0].containers[0].livenessProbe.exec.command',
        'which shell `sh` is in the image is not known',
      ],
      [
        'spec.pods[0].containers[0].livenessProbe.exec.command',
        'it is not known what `frobnicate` does to the process table',
      ],
    ]);
  });

  test('say where in a script something takes its healthy course', () => {
    const { assumptions } = scenario('[bash, -c, "cat a\\nif [ -f /tmp/x ]; then exit 0; fi; exit 1"]');
    expect(assumptions).toMatchObject([
      {
        where: expect.stringContaining('2:4 `[ -f /tmp/x ]`'),
        what: expect.stringContaining('taken as true'),
      },
    ]);
  });

  test('know the userland that the container says', () => {
    expect(scenario('[sh, -c, "cat a"]', {}, 'userland: busybox, ').assumptions).toEqual([]);
  });

  test('of a program with another name, or one in a file, are none', () => {
    const text = (programs: string): string => `
apiVersion: pidsim/v1
kind: Scenario
metadata: {name: alias}
spec:
  programs: {${programs}}
  pods: [{name: p, containers: [{name: c, program: app, livenessProbe: {exec: {command: [mycheck, -x]}}}]}]
`;
    const readFile = () => 'programs: {other: {comm: other, steps: [{exit: 3}]}}';
    for (const programs of ['mycheck: rabbitmqctl status', 'mycheck: {file: probe.yaml}']) {
      const parsed = parseScenario(text(programs), { readFile });
      expect(parsed.ok && parsed.warnings).toEqual([]);
      expect(parsed.ok && parsed.value[0].assumptions).toEqual([]);
    }
  });

  test('`strict` makes an error of an unknown command', () => {
    expect(() => scenario('[frobnicate]', { strict: true })).toThrow(/unknown-command/);
  });

  test('of the nodes of a fleet make one warning, and stand in the result of each node', () => {
    const pod = (name: string) =>
      `kind: Pod\nmetadata: {name: ${name}}\nspec: {nodeName: ${name}, containers: [{name: c, image: x, command: [app],
        livenessProbe: {exec: {command: [frobnicate]}}}]}\n---\n`;
    const parsed = parseManifests([{ path: 'm.yaml', text: pod('a') + pod('b') + pod('c') }]);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
    const said = parsed.warnings.filter(({ message }) => message.includes('frobnicate'));
    expect(said.map(({ line }) => line)).toEqual([4]);
    expect(parsed.value.map(assumedCommands)).toEqual([['frobnicate'], ['frobnicate'], ['frobnicate']]);
  });
});
