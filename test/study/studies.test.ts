/** Many runs: what a study adds to a single run, held to single runs. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sentence } from '../../src/report/study/compare.js';
import { Run, simulate } from '../../src/run/run.js';
import { parseExpectation } from '../../src/scenario/expect.js';
import { compare, endsTheLeak, type Variant } from '../../src/study/compare.js';
import { estimateOf, figureOf, holdsOf } from '../../src/study/estimate.js';
import { fixesOf } from '../../src/study/fixes.js';
import { replicate } from '../../src/study/replicate.js';
import { restartsNeeded } from '../../src/study/restarts.js';
import { type Row, runJob } from '../../src/study/row.js';
import { type Search, solve } from '../../src/study/solve.js';
import { cellsOf, parseAxis } from '../../src/study/sweep.js';
import { tornado } from '../../src/study/tornado.js';
import { given } from '../run/random-runs.js';
import { counting, inTurn, leaky, template } from './support.js';

const HOUR = 3_600;

test('a run until the first harm has that of the whole run, and ends there; without harm it goes on to the horizon', () => {
  fc.assert(
    fc.property(given, ({ scenario, options: { replication } }) => {
      const whole = simulate(scenario, { replication });
      const run = new Run(scenario, { replication, until: 'harm', record: false });
      while (!run.isOver) run.advance();
      const { firstHarm, endSeconds } = run.summary();
      expect(firstHarm?.atSeconds).toBe(whole.firstHarm?.atSeconds);
      expect(firstHarm?.of).toBe(whole.firstHarm?.of);
      expect(endSeconds).toBe(whole.firstHarm?.atSeconds ?? whole.horizonSeconds);
    }),
    { numRuns: 30 },
  );
}, 120_000);

describe('replications', () => {
  test('are the runs of the library with that replication, in order', async () => {
    const one = template(leaky());
    const [{ rows }] = await replicate([one], { replications: 4, until: 'horizon' }, inTurn);
    const times = [0, 1, 2, 3].map(
      (replication) => simulate(one.scenario, { replication }).firstHarm?.atSeconds,
    );
    expect(rows.map(({ firstHarm }) => firstHarm?.atSeconds)).toEqual(times);
    expect(new Set(times).size).toBeGreaterThan(1);
  });

  test('are forwarded unless told otherwise, and say which; the times are the same', async () => {
    const of = async (fidelity?: 'events') => {
      const options = { replications: 3, until: 'harm', fidelity } as const;
      const [{ rows }] = await replicate([template(leaky())], options, inTurn);
      return {
        fidelity: estimateOf(rows).fidelity,
        times: rows.map(({ firstHarm }) => firstHarm?.atSeconds),
      };
    };
    const [forwarded, simulated] = [await of(), await of('events')];
    expect([forwarded.fidelity, simulated.fidelity]).toEqual(['forwarded', 'events']);
    expect(forwarded.times).toEqual(simulated.times);
  });

  test('without chance in it a scenario is run once, with chance as often as is asked', async () => {
    const certain = template(leaky()).with('pods=[]');
    const { run, count } = counting();
    const [none] = await replicate([certain], { replications: 50, until: 'harm' }, run);
    expect([none.rows.length, count()]).toEqual([1, 1]);
    const [some] = await replicate([template(leaky())], { replications: 5, until: 'harm' }, inTurn);
    expect(some.rows).toHaveLength(5);
  });

  test('auto: runs until the median is known to 5 %, and no further when hardly any run is harmed', async () => {
    const [leaks] = await replicate([template(leaky())], { replications: 'auto', until: 'harm' }, inTurn);
    const { median, runs } = estimateOf(leaks.rows);
    expect(runs).toBeLessThan(400);
    expect(median.high! - median.low!).toBeLessThanOrEqual(0.1 * median.value!);
    const healthy = template(leaky()).with('node.pause=3.1');
    const [reaps] = await replicate([healthy], { replications: 'auto', until: 'harm' }, inTurn);
    expect(estimateOf(reaps.rows).harmed.value).toBe(0);
  }, 60_000);

  test('hang on the input that decides, not on one that does not', async () => {
    const uncertain = template(
      leaky(`  uncertain:
    pods.web.containers.app.livenessProbe.periodSeconds: {uniform: [2, 9]}
    pods.web.terminationGracePeriodSeconds: {uniform: [10, 60]}
`),
    );
    const [done] = await replicate([uncertain], { replications: 30, until: 'harm' }, inTurn);
    const [first, second] = tornado(done);
    expect(first.input).toContain('periodSeconds');
    expect(first.share).toBeGreaterThan(0.8);
    expect(first.highSeconds).toBeGreaterThan(first.lowSeconds);
    expect(second.share).toBeLessThan(0.2);
  }, 60_000);

  test('a draw that is not valid stops the study before any run, with its line', async () => {
    const wrong = template(leaky('  uncertain: {node.baseline.tasks: 0 to 900}\n'));
    const { run, count } = counting();
    await expect(replicate([wrong], { replications: 5, until: 'harm' }, run)).rejects.toMatchObject({
      diagnostics: expect.arrayContaining([expect.objectContaining({ code: 'out-of-range', line: 18 })]),
    });
    expect(count()).toBe(0);
  });
});

describe('the known fixes of a node whose sandboxes share a pause that does not reap', () => {
  const one = template(leaky());
  const variants = fixesOf(one.scenario, one.document).map(({ settings, ...fix }): Variant => {
    if (settings === null) return { ...fix, settings: [], template: null, why: fix.why! };
    return { ...fix, settings: settings.map(({ text }) => text), template: one.with(...settings) };
  });
  const done = compare(variants, { replications: 3 }, inTurn);
  const of = async (name: string) => (await done).find(({ variant }) => variant.name === name)!;

  test('pause 3.1 and httpGet end the leak; so no run is harmed', async () => {
    for (const name of ['pause 3.1', 'httpGet instead of exec']) {
      const compared = await of(name);
      expect(compared.estimate!.harmed.value, name).toBe(0);
      expect(endsTheLeak(compared, await done), name).toBe(true);
    }
  });

  test('tini as entrypoint buys nothing: it is not PID 1 there. As a subreaper of its own orphans neither', async () => {
    for (const name of ['tini as entrypoint', 'dumb-init as entrypoint', 'tini -s as entrypoint']) {
      const compared = await of(name);
      expect(Math.abs(compared.gained!.value), name).toBeLessThan(60);
      expect(endsTheLeak(compared, await done), name).toBe(false);
    }
  });

  test('a longer period and a larger pid_max buy time and end nothing', async () => {
    for (const name of ['probe period x 6', 'pid_max 4194304']) {
      const compared = await of(name);
      expect(compared.gained!.low, name).toBeGreaterThan(0);
      expect(compared.variant.aim).toBe('symptom');
    }
  });

  test('what this version does not know is not tried, and the version that does is said', async () => {
    const { variant } = await of('podPidsLimit 1024');
    expect(variant).toMatchObject({ template: null, why: 'needs Kubernetes 1.14' });
    const newer = one.with('node.kubelet.version=1.20', 'node.runtime={name: containerd}');
    const fixes = fixesOf(newer.scenario, newer.document);
    expect(fixes.find(({ name }) => name === 'podPidsLimit 1024')!.settings).not.toBeNull();
  });
});

test('the sentence names what buys time, what costs it, and what does neither', async () => {
  const at = (name: string, ...settings: string[]): Variant => {
    return { name, settings, template: template(leaky()).with(...settings) };
  };
  const period = (seconds: number) => `pods.web.containers.app.livenessProbe.periodSeconds=${seconds}`;
  const text = sentence(
    await compare(
      [
        at('as it is'),
        at('slower', period(4)),
        at('faster', period(1)),
        at('fixed', 'node.pause=3.1'),
        at('same'),
      ],
      { replications: 4 },
      inTurn,
    ),
  );
  expect(text).toMatch(/^as it is: first harm after [\d.]+ min/);
  expect(text).toMatch(
    /Without harm in 2 h: fixed\. slower buys [\d.]+ min\. faster costs [\d.]+ min\. Buys nothing: same\.$/,
  );
}, 60_000);

test('a workload that is down in every variant is not called unharmed without a word', async () => {
  const told = async (status: number) => {
    const probe = `programs.probe.steps=[{exit: ${status}}]`;
    const at = (name: string, pause: string): Variant => {
      const settings = [`node.pause=${pause}`];
      return { name, settings, template: template(leaky()).with(probe, ...settings) };
    };
    return sentence(await compare([at('old', '3.0'), at('new', '3.1')], { replications: 2 }, inTurn));
  };
  expect(await told(1)).toMatch(
    /Without harm in 2 h: new\. Pods are down at the end, though no limit is reached, with every variant: /,
  );
  expect(await told(0)).toMatch(/Without harm in 2 h: new\.$/);
}, 60_000);

test('where each container has its own namespace, tini as entrypoint ends the leak and pause 3.1 does nothing', async () => {
  const isolated = template(leaky()).with('node.kubelet.dockerDisableSharedPid=true');
  const fixes = fixesOf(isolated.scenario, isolated.document).filter(({ name }) =>
    ['none', 'pause 3.1', 'tini as entrypoint'].includes(name),
  );
  const variants = fixes.map(
    ({ settings, ...fix }): Variant => ({ ...fix, settings: [], template: isolated.with(...settings!) }),
  );
  const all = await compare(variants, { replications: 2 }, inTurn);
  const [none, pause, tini] = all;
  expect(none.estimate!.harmed.value).toBe(1);
  expect(pause.gained!.value).toBe(0);
  expect(tini.estimate!.harmed.value).toBe(0);
  expect(endsTheLeak(tini, all)).toBe(true);
}, 60_000);

test('a variant that is the same gains exactly nothing: it has the same luck', async () => {
  const same = (name: string): Variant => ({ name, settings: [], template: template(leaky()) });
  const [, second] = await compare([same('a'), same('b')], { replications: 5 }, inTurn);
  expect(second.gained).toEqual({ value: 0, low: 0, high: 0 });
});

describe('figures of many runs', () => {
  const rows = [1, 2, 3, 4, null].map((hours, replication): Row => {
    const firstHarm =
      hours === null
        ? null
        : ({
            kind: 'refused',
            scope: 'node',
            of: 'node',
            atSeconds: hours * HOUR,
            lasts: 'for-good',
            limit: null,
          } as const);
    const values = { firstHarm: hours === null ? null : hours * HOUR * 1e6, zombies: 10 * replication };
    const times = {
      endSeconds: (hours ?? 10) * HOUR,
      horizonSeconds: 10 * HOUR,
      fidelity: 'events' as const,
    };
    return { replication, ...times, firstHarm, values, podsDown: 0, isRandom: true };
  });
  const holds = (text: string): boolean | null => {
    const parsed = parseExpectation(text);
    if (!parsed.ok) throw new Error(parsed.message);
    return holdsOf(parsed.value, figureOf(parsed.value, rows));
  };

  test.each([
    ['p50(firstHarm) > 2h', true],
    ['p50(firstHarm) > 3h', false],
    ['p95(firstHarm) > 9h', true],
    ['P(harm) < 0.9', true],
    ['P(harm) < 0.8', false],
    ['P(harm by 2h) <= 0.4', true],
    ['p50(zombies) == 20', true],
  ])('%s: %s', (text, answer) => expect(holds(text)).toBe(answer));

  test('what was not reached within the horizon is later than the horizon, and beyond it unknown: no pass', () => {
    expect(holds('p95(firstHarm) > 10h')).toBe(true);
    expect(holds('p95(firstHarm) > 11h')).toBeNull();
  });

  test.each([
    'p0(firstHarm) > 1h',
    'p50(exhausted) == true',
    'p50(pod web zombies) > 1',
    'P(full) > 0.1',
    'p50(nothing) > 1',
  ])('%s is an error', (text) => expect(parseExpectation(text).ok).toBe(false));

  test('of a single run they are not known', () => {
    const { scenario } = template(leaky('  expect: ["p5(firstHarm) > 1h"]\n'));
    expect(simulate(scenario).expectations).toEqual([
      { text: 'p5(firstHarm) > 1h', ok: null, actual: 'needs --replications' },
    ]);
  });
});

describe('a sweep', () => {
  test.each([
    ['node.pause=3.0,3.1', ['3.0', '3.1']],
    ['a.b=10..60:20', ['10', '30', '50']],
    ['a.b=0.1..0.3:0.1', ['0.1', '0.2', '0.3']],
    ['a.b=1m..5m:2m', ['1m', '3m', '5m']],
  ])('%s has the values %j', (text, values) => expect(parseAxis(text)?.values).toEqual(values));

  test.each(['a', 'a=', '=1', 'a=1..5:0', 'a=5..1:1', 'a=1,,2', 'a..b=1'])('%s is none', (text) =>
    expect(parseAxis(text)).toBeNull(),
  );

  test('has a cell for each combination, the last axis changing fastest', () => {
    const axes = ['a=1,2', 'b=x,y'].map((text) => parseAxis(text)!);
    expect(cellsOf(axes).map((cell) => cell.join(''))).toEqual(['1x', '1y', '2x', '2y']);
  });
});

describe('a search', () => {
  /** A world in which the first harm comes after as many hours as the value says. */
  const searchFor = (text: string, more: Partial<Search> = {}): Search => {
    const condition = parseExpectation(text);
    if (!condition.ok) throw new Error(condition.message);
    return {
      start: 10,
      least: 0,
      most: 1e9,
      isWhole: true,
      write: (number) => number,
      condition: condition.value,
      tryOut: async (written) => {
        const us = Number(written) * HOUR * 1e6;
        const row = { values: { firstHarm: us }, horizonSeconds: 1e9 } as unknown as Row;
        return { rows: [row] } as never;
      },
      ...more,
    };
  };

  test.each([3, 10, 11, 47, 1_000])(
    'finds the smallest whole number of hours that lasts %i h',
    async (hours) => {
      const solved = await solve(searchFor(`p50(firstHarm) >= ${hours}h`));
      const near = Math.max(1, 0.02 * hours);
      expect(solved.kind).toBe('found');
      if (solved.kind !== 'found') return;
      expect(solved.holds.number).toBeGreaterThanOrEqual(hours);
      expect(solved.holds.number - solved.fails.number).toBeLessThanOrEqual(near);
      expect(solved.fails.number).toBeLessThan(hours);
    },
  );

  test('finds the largest value, where a larger one is worse, and what a change of it changes', async () => {
    const solved = await solve(searchFor('p50(firstHarm) < 100h'));
    expect(solved.kind === 'found' && solved.holds.number < solved.fails.number).toBe(true);
    expect(solved.kind === 'found' && solved.elasticity).toBeCloseTo(1, 1);
  });

  test('says so when it holds with every value, or with none', async () => {
    expect((await solve(searchFor('p50(firstHarm) >= 0s', { most: 100 }))).kind).toBe('always');
    expect((await solve(searchFor('p50(firstHarm) >= 500h', { most: 100 }))).kind).toBe('never');
  });

  test('in a scenario: the period that lasts an hour, and one second less does not', async () => {
    const parsed = parseExpectation('p50(firstHarm) >= 1h');
    const path = 'pods.web.containers.app.livenessProbe.periodSeconds';
    const solved = await solve({
      ...searchFor('p50(firstHarm) >= 1h', { start: 2, least: 1 }),
      condition: parsed.ok ? parsed.value : (undefined as never),
      tryOut: async (written) => {
        const changed = template(leaky()).with(`${path}=${written}`);
        return (await replicate([changed], { replications: 3, until: 'harm' }, inTurn))[0];
      },
    });
    if (solved.kind !== 'found') throw new Error(solved.kind);
    expect(solved.holds.number - solved.fails.number).toBe(1);
    const at = (seconds: number) =>
      runJob({
        scenario: template(leaky()).with(`${path}=${seconds}`).scenario,
        replication: 0,
        until: 'harm',
      });
    expect(at(solved.holds.number).firstHarm!.atSeconds).toBeGreaterThan(0.95 * HOUR);
    expect(at(solved.fails.number).firstHarm!.atSeconds).toBeLessThan(1.05 * HOUR);
  }, 60_000);
});

describe('how often a pod has to be made anew', () => {
  const withRestarts = (every: string) =>
    template(leaky('  interventions: [{do: delete-pod, pod: web, every: 1h}]\n')).with(
      `interventions=[{do: delete-pod, pod: web, every: ${every}}]`,
      'horizon=8d',
      'pods.web.containers.app.livenessProbe.periodSeconds=60',
    );

  test('is between the rarest that is enough and the next, with which the node is full before it', async () => {
    const { enough, tooRare } = await restartsNeeded(withRestarts, inTurn);
    const isHarmed = (every: string | null): boolean =>
      runJob({ scenario: withRestarts(every!).scenario, replication: 0, until: 'harm' }).firstHarm !== null;
    expect([isHarmed(enough), isHarmed(tooRare)]).toEqual([false, true]);
  }, 60_000);

  test('is never, where it is full within the shortest interval, and the rarest, where it is never full', async () => {
    const of = (harmed: boolean) => {
      const one = template(leaky()).with(harmed ? 'horizon=2h' : 'node.pause=3.1');
      return restartsNeeded(() => one, inTurn);
    };
    expect(await of(true)).toEqual({ enough: null, tooRare: '1h' });
    expect(await of(false)).toEqual({ enough: '7d', tooRare: null });
  }, 60_000);
});
