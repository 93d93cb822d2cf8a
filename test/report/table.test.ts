import { describe, expect, test } from 'vitest';
import { headline } from '../../src/report/answer.js';
import { byUrgency, toneOf } from '../../src/report/harm-words.js';
import { nodeLine } from '../../src/report/node-words.js';
import { renderResults } from '../../src/report/table.js';
import { overviewLabel } from '../../src/report/titles.js';
import type { Bracket, RunResult } from '../../src/run/result.js';
import * as runs from './fixtures.js';

const RESULTS = runs.ALL_RUNS.map((make) => make());

describe('the table', () => {
  test('lines up answers, one scenario a line', () => {
    expect(renderResults(RESULTS, 'table')).toBe(
      [
        'SCENARIO                  AFTER  FIRST HARM    LIMIT           DOWN  ZOMBIES',
        'lab-pid-max-800          19 min  node full     pid_max 800        -      225',
        'ten-rabbitmq-pods        2.21 h  node full     pid_max 32,768     -   15,883',
        'pod-pids-limit              5 h  pod full      pids.max 1,024     -        0',
        'delete-the-leaking-pod   22.4 h  node full     pid_max 32,768     -        0',
        'rabbitmq-pause-3.0       22.4 h  node full     pid_max 32,768     -   16,110',
        'delete-is-not-enough    ~36.4 h  none in 30 h  -                  -   11,520',
        'slow-leak               ~32.7 d  none in 10 d  -                  -    9,840',
        'healthy-node                  -  none in 30 d  -                  -        0',
        'pause-bump                    -  none in 2 d   -                  -        0',
        '',
        'Node: kernel 4.14, kubelet 1.10, docker 17.03, pause 3.0; pid_max 32,768 (the',
        'default); PID 1 of rabbitmq is pause-3.0: it never waits for orphans',
        '',
      ].join('\n'),
    );
  });

  test('without colour it has no escape sequence, with colour it says the same', () => {
    const plain = renderResults(RESULTS, 'table', { width: null, color: false, sort: 'harm' });
    const colour = renderResults(RESULTS, 'table', { width: null, color: true, sort: 'harm' });
    expect(plain).not.toContain('\u001b');
    expect(colour).toContain('\u001b[31mnode full');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what this is about
    expect(colour.replace(/\u001b\[\d+m/g, '')).toBe(plain);
  });

  test('on a narrow terminal no line is wider than it', () => {
    for (const width of [30, 40]) {
      const text = renderResults(RESULTS, 'table', { width, color: false, sort: 'harm' });
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(width);
      expect(text).toMatch(/rabbitmq-pause-3.0\n? +22.4 h {2}node full\n {2}limit pid_max 32,768/);
    }
  });

  test('is at most 80 columns wide: a name is cut in the middle, so that both ends tell it apart', () => {
    const [first, ...rest] = RESULTS;
    const name = `shop.${'very-long-'.repeat(9)}queue-7`;
    const text = renderResults([{ ...first, scenario: { ...first.scenario, name } }, ...rest], 'table');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(text).toMatch(/^shop\.very-l\S*…\S*queue-7 /m);
    expect(renderResults([{ ...first, scenario: { ...first.scenario, name } }], 'wide')).toContain(name);
  });

  test('the first harm is on top, unless the order of the files is asked for', () => {
    const names = (sort: 'harm' | 'file') =>
      renderResults(RESULTS, 'table', { width: null, color: false, sort })
        .split('\n')
        .slice(1, RESULTS.length + 1)
        .map((line) => line.split(' ')[0]);
    expect(names('file')).toEqual(RESULTS.map(({ scenario }) => scenario.name));
    expect(names('harm')[0]).toBe('lab-pid-max-800');
  });

  test('below it stands the node, with who is PID 1 and whether that reaps', () => {
    expect(renderResults(RESULTS, 'table')).toMatch(
      /\nNode: kernel 4\.14, kubelet 1\.10, docker 17\.03, pause 3\.0; .*PID 1\s+of rabbitmq is pause-3\.0: it never waits for orphans\n/s,
    );
  });

  test('what nobody has tried is called so, and not never', () => {
    const untried = runs.leakingRun();
    const none = untried.timeline.ssh_ok.map(() => 0);
    const symptoms = { ...untried.symptoms, firstSshRefusedSeconds: null };
    const timeline = { ...untried.timeline, ssh_ok: none };
    expect(renderResults([{ ...untried, symptoms, timeline }], 'wide')).toContain('not tried');
    expect(renderResults([untried], 'wide')).not.toContain('not tried');
  });

  test('the wide form adds expectations, seed and digest, and is never folded', () => {
    const text = renderResults(RESULTS.slice(0, 1), 'wide', { width: 40, color: false, sort: 'harm' });
    const [heads, row] = text.split('\n');
    expect(heads).toMatch(/PID_MAX +HORIZON +EXPECTED +SEED +DIGEST +EVENTS$/);
    expect(row).toMatch(/32,768 +30 d +1 of 1 hold +1 +5f3c0a1b9d8e7f60 +123,456$/);
  });

  test('a name cannot talk to the terminal', () => {
    const run = runs.healthyRun();
    run.scenario.name = 'a\u001b[2J';
    expect(renderResults([run], 'table')).not.toContain('\u001b');
  });
});

describe('below the table', () => {
  const assumption = {
    where: 'spec',
    what: 'it is not known what `x` does',
    effect: 'taken as a plain program',
  };
  const harmAfter = (atSeconds: number) => ({ ...runs.leakingRun().firstHarm!, atSeconds });
  const assuming = (name: string, bracket?: Partial<Bracket>): RunResult => {
    const result = runs.healthyRun();
    const whole = {
      isSame: true,
      orphansPerRun: 1,
      firstHarm: null,
      projection: null,
      ofEach: [],
      untried: 0,
    };
    return {
      ...result,
      scenario: { ...result.scenario, name },
      assumptions: [assumption],
      bracket: bracket && { ...whole, ...bracket },
    };
  };
  const below = (...results: RunResult[]) =>
    renderResults(results, 'table', { width: null, color: false, sort: 'file' })
      .split('\n\n')
      .at(-1)!
      .replaceAll('\n', ' ');

  test('an assumption that many nodes share is one sentence', () => {
    expect(below(assuming('a'), assuming('b'), assuming('c'))).toBe(
      'Assumed in a and 2 others: it is not known what `x` does: taken as a plain program ',
    );
    const many = Array.from({ length: 12 }, (_, index) =>
      assuming(`n${index}`, { isSame: false, firstHarm: harmAfter(3600 * (index + 1)) }),
    );
    expect(below(...many)).toContain('Other assumptions in 2 more scenarios (-o json)');
  });

  test('an answer that hangs on an assumption is neither green nor below those that do not', () => {
    const unsure = assuming('unsure', { isSame: false, firstHarm: harmAfter(7200) });
    const sure = assuming('sure', { isSame: true });
    expect(toneOf(sure)).toBe('good');
    expect(toneOf(unsure)).toBe('doubtful');
    expect(byUrgency([sure, unsure])[0]).toBe(unsure);
    expect(renderResults([unsure], 'table')).toContain('none in 30 d (assumed)');
    expect(headline(unsure)).toMatch(
      /; but node full after 2 h \(pid_max 32,768\) if assumed commands leave 1 orphan a run$/,
    );
    expect(overviewLabel(unsure)).toBe('not full in 30 d; with orphans 2 h');
    expect(headline(sure)).not.toContain('orphan');
  });

  test('an image that is not known is assumed not to reap, and the node says so', () => {
    const { node } = runs.healthyRun();
    const line = (program: string) =>
      nodeLine({ ...node, firstProcesses: [{ of: ['db'], program, reaps: false }] });
    expect(line('image example.com/db:1')).toMatch(/: assumed never to wait for orphans$/);
    expect(line('app')).toMatch(/: it never waits for orphans$/);
  });

  test('of many different nodes it is said in which orphans stay, and in which that is assumed', () => {
    const on = (name: string, program: string, reaps = false): RunResult => {
      const { node, scenario, ...rest } = runs.healthyRun();
      const firstProcesses = [{ of: [name], program, reaps }];
      return { ...rest, scenario: { ...scenario, name }, node: { ...node, firstProcesses } };
    };
    const leaking = ['a', 'b', 'c', 'd', 'e'].map((name) => on(name, 'pause-3.0'));
    expect(below(...leaking, on('f', 'image example.com/db:1'), on('g', 'tini', true))).toBe(
      'PID 1 never waits for orphans in a, b, c and 2 others. PID 1 is assumed never to wait for orphans in f. ',
    );
    const reaping = ['a', 'b', 'c', 'd'].map((name) => on(name, 'tini', true));
    expect(renderResults(reaping, 'table')).not.toContain('PID 1 never');
  });

  test('of several assumed commands it is said which one matters', () => {
    const other = { isSame: false, firstHarm: harmAfter(7200), projection: null };
    const same = { isSame: true, firstHarm: null, projection: null };
    const ofEach = [
      { command: 'a', ...other },
      { command: 'b', ...same },
      { command: 'c', ...same },
    ];
    const all = 'Node full after 2 h (pid_max 32,768) if each of these commands left 1 orphan a run.';
    expect(below(assuming('s', { ...other, ofEach, untried: 2 }))).toContain(
      `${all} One alone: with \`a\` node full after 2 h (pid_max 32,768); \`b\` and \`c\` do not matter; 2 others not tried.`,
    );
    expect(below(assuming('s', other))).toMatch(/orphan a run. $/);
    expect(below(assuming('s', { isSame: true }))).toContain('The command does not matter');
  });
});
