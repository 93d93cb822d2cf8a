import { describe, expect, test } from 'vitest';
import { renderSvg } from '../../src/host/render.js';
import { chartsOf } from '../../src/report/charts/all.js';
import { blameChart } from '../../src/report/charts/blame.js';
import { kubeletChart } from '../../src/report/charts/kubelet.js';
import { overviewChart } from '../../src/report/charts/overview.js';
import { pidsChart } from '../../src/report/charts/pids.js';
import { symptomsChart } from '../../src/report/charts/symptoms.js';
import { CHART_WIDTH, type ChartSpec, type Json, wrap } from '../../src/report/charts/theme.js';
import { placeMoments, timeFrame } from '../../src/report/charts/time.js';
import { blameCsv, timelineCsv } from '../../src/report/csv.js';
import { toJson } from '../../src/report/document.js';
import { byUrgency } from '../../src/report/harm-words.js';
import { overviewJson } from '../../src/report/summary.js';
import type { RunResult } from '../../src/run/result.js';
import * as runs from './fixtures.js';

const HOUR = 3600;
const DAY = 24 * HOUR;

function draw(spec: ChartSpec, result: RunResult): Promise<string> {
  const data: Record<string, string> = { 'timeline.csv': timelineCsv(result), 'blame.csv': blameCsv(result) };
  return renderSvg(spec, (url) => data[url]);
}

function drawOverview(results: RunResult[]): Promise<string> {
  return renderSvg(overviewChart(results), () => overviewJson(results));
}

/** Every object within a specification. */
function* parts(spec: Json): Generator<ChartSpec> {
  if (spec === null || typeof spec !== 'object') return;
  if (!Array.isArray(spec)) yield spec;
  for (const part of Object.values(spec)) yield* parts(part as Json);
}

/** What is written in a picture. */
function textsOf(svg: string): string[] {
  const texts = [...svg.matchAll(/<(?:text|tspan)[^>]*>([^<]+)</g)].map(([, text]) => text);
  return texts.map((text) => text.replaceAll('\u00a0', ' ').replaceAll('&lt;', '<').replaceAll('&amp;', '&'));
}

describe('specifications are golden files', () => {
  test.each([
    ['pids-full', () => pidsChart(runs.leakingRun())],
    ['pids-never', () => pidsChart(runs.healthyRun())],
    ['pids-projected', () => pidsChart(runs.slowRun())],
    ['pids-small-table', () => pidsChart(runs.tinyRun())],
    ['kubelet-recovering', () => kubeletChart(runs.recoveringRun())],
    ['symptoms-recovering', () => symptomsChart(runs.recoveringRun())],
    ['blame-full', () => blameChart(runs.leakingRun())],
    ['overview', () => overviewChart(runs.ALL_RUNS.map((make) => make()))],
  ] as const)('%s', async (name, make) => {
    await expect(toJson(make())).toMatchFileSnapshot(`golden/${name}.vl.json`);
  });
});

describe.each(runs.ALL_RUNS.map((make) => [make().scenario.name, make()] as const))(
  'charts of %s',
  (_, run) => {
    test.each(chartsOf(run).map((chart) => [chart.name, chart] as const))(
      '%s',
      async (_name, { spec, title }) => {
        const made = spec(run);
        const svg = await draw(made, run);
        const texts = textsOf(svg);
        // The answer stands on it, whole, and the screen reader says it.
        expect(texts.join(' ')).toContain(title(run));
        expect(made.description).toContain(title(run));
        // It fits, on the page and in the repository.
        const [, width] = svg.match(/<svg[^>]* width="(\d+)"/)!;
        expect(Number(width)).toBeLessThanOrEqual(CHART_WIDTH + 40);
        expect(svg.length).toBeLessThan(120_000);
        expect(svg).not.toMatch(/NaN|undefined|null|Infinity/);
        // Data is named, not carried: what is inline is marks and labels.
        const inline = [...parts(made)].flatMap((part) => (Array.isArray(part.values) ? [part.values] : []));
        for (const values of inline) expect(values.length).toBeLessThan(15);
      },
    );
  },
);

describe('drawing', () => {
  test('gives the same bytes twice', async () => {
    const run = runs.recoveringRun();
    for (const { spec } of chartsOf(run)) expect(await draw(spec(run), run)).toBe(await draw(spec(run), run));
  });

  test('says what is wrong when the data is missing, rather than draw an empty chart', async () => {
    const lost = (url: string): string => {
      throw new Error(`no such file: ${url}`);
    };
    await expect(renderSvg(pidsChart(runs.leakingRun()), lost)).rejects.toThrow(/timeline\.csv/);
  });

  test('does not let a misspelt specification pass', async () => {
    const run = runs.leakingRun();
    const wrong = { ...pidsChart(run), mark: 'nonsense', layer: undefined } as unknown as ChartSpec;
    await expect(draw(wrong, run)).rejects.toThrow();
  });
});

describe('PIDs over time', () => {
  test('marks the limit and the moment of exhaustion', async () => {
    const run = runs.leakingRun();
    const texts = textsOf(await draw(pidsChart(run), run));
    expect(texts).toContain('pid_max 32,768');
    expect(texts).toContain('full: 22.4 h');
    expect(texts).toContain('live tasks');
    expect(texts.join(' ')).toContain('Simulated time (hours; the run goes on to 30 d)');
  });

  test('a healthy run has no such moment, and says how far away the limit is', async () => {
    const run = runs.healthyRun();
    const texts = textsOf(await draw(pidsChart(run), run)).join('\n');
    expect(texts).not.toContain('full:');
    expect(texts).toContain('pid_max 32,768: 28 times this height');
    expect(texts).toContain('Simulated time (days)');
  });

  test('goes on to the moment at which a censored run would be full', async () => {
    const run = runs.slowRun();
    const texts = textsOf(await draw(pidsChart(run), run));
    expect(texts).toContain('end of the run: 10 d');
    expect(texts).toContain('full at this rate: 32.7 d');
    const far = { ...run, projection: { ...run.projection, atSeconds: 1000 * DAY } } as RunResult;
    expect(textsOf(await draw(pidsChart(far), far))).not.toContain('full at this rate: 1,000 d');
  });

  test('draws the PIDs that are not handed out again where they are a large part', async () => {
    const label = 'PIDs below 300 are not handed out again';
    const [tiny, large] = [runs.tinyRun(), runs.leakingRun()];
    expect(textsOf(await draw(pidsChart(tiny), tiny))).toContain(label);
    expect(textsOf(await draw(pidsChart(large), large))).not.toContain(label);
  });
});

describe('what the kubelet sees', () => {
  test('a kubelet that counts fewer free PIDs than there are hides nothing', async () => {
    const run = runs.healthyRun();
    const cautious = run.timeline.kubelet_pid_available.map((count) => Math.floor(count / 4));
    const sooner = { ...run, timeline: { ...run.timeline, kubelet_pid_available: cautious } };
    const areas = (svg: string): string[] =>
      [...svg.matchAll(/<path[^>]* d="([^"]*)"[^>]*fill="#e69f00"/g)]
        .map(([, path]) => path)
        .filter((d) => d.length > 200);
    const flat = (path: string): boolean => {
      const heights = [...path.matchAll(/,(-?[\d.]+)/g)].map(([, height]) => Number(height));
      return Math.max(...heights) - Math.min(...heights) < 5;
    };
    const [healthy, leaking] = [areas(await draw(kubeletChart(sooner), sooner)), runs.recoveringRun()];
    expect(healthy).toHaveLength(2);
    expect(healthy.every(flat)).toBe(true);
    expect(areas(await draw(kubeletChart(leaking), leaking)).some(flat)).toBe(false);
  });
});

describe('symptoms', () => {
  test('has a strip for what was tried, and none for what was not', async () => {
    const [node, tiny] = [runs.recoveringRun(), runs.tinyRun()];
    expect(textsOf(await draw(symptomsChart(node), node))).toEqual(
      expect.arrayContaining(['Probes', 'Pod creations', 'ssh logins', '2,744 failed', '41 refused']),
    );
    expect(textsOf(await draw(symptomsChart(tiny), tiny))).not.toContain('ssh logins');
  });
});

describe('blame', () => {
  test('names pod, origin and program, with the number and its share', async () => {
    const run = runs.leakingRun();
    const texts = textsOf(await draw(blameChart(run), run));
    expect(texts).toContain('rabbitmq · liveness · rabbitmqctl-3.10.8');
    expect(texts).toContain('32,220 (99 %)');
    expect(texts).toContain('1 (< 1 %)');
  });

  test('takes the copies of a pod together when there are many', async () => {
    const run = runs.tenPodsRun();
    expect(textsOf(await draw(blameChart(run), run))).toContain(
      '10 pods/rabbitmq · liveness · rabbitmqctl-3.10.8',
    );
  });

  test('takes the rest together when there are many of different kinds', async () => {
    const row = runs.leakingRun().blame[1];
    const blame = Array.from({ length: 30 }, (_, index) => ({
      ...row,
      program: `app-${index}`,
      pids: 100 - index,
    }));
    const run = runs.leakingRun({ blame });
    const texts = textsOf(await draw(blameChart(run), run));
    expect(texts).toContain('20 others');
    expect(texts.filter((text) => text.includes('app-'))).toHaveLength(10);
  });

  test('of a node that has room again it is of the moment when it was full', async () => {
    const run = runs.recoveringRun();
    const texts = textsOf(await draw(blameChart(run), run)).join(' ');
    expect(texts).toMatch(/What held the 3\d,\d{3} PIDs/);
    const [most] = run.blameWhenFull!;
    expect(texts).toContain(most.pids.toLocaleString('en-US'));
    expect(most.pids).not.toBe(run.blame[0].pids);
  });

  test('with nobody to blame it is an empty chart, not an error', async () => {
    const run = runs.leakingRun({ blame: [] });
    expect(textsOf(await draw(blameChart(run), run)).join(' ')).toContain('No process holds a PID');
  });
});

describe('overview', () => {
  test('puts the first to come to harm on top, those that do not at the bottom', () => {
    const order = byUrgency(runs.ALL_RUNS.map((make) => make())).map(({ scenario }) => scenario.name);
    expect(order.slice(0, 3)).toEqual(['lab-pid-max-800', 'ten-rabbitmq-pods', 'pod-pids-limit']);
    expect(order.slice(5, 7)).toEqual(['delete-is-not-enough', 'slow-leak']);
    expect(order.slice(7)).toEqual(['healthy-node', 'pause-bump']);
  });

  test('gives every scenario its answer, a censored one an answer of its own kind', async () => {
    const texts = textsOf(await drawOverview(runs.ALL_RUNS.map((make) => make())));
    expect(texts).toEqual(
      expect.arrayContaining([
        'rabbitmq-pause-3.0',
        'node full after 22.4 h (pid_max 32,768)',
        'not full in 10 d (full after 32.7 d at this rate)',
        'pod full after 5 h (pids.max 1,024)',
        'not full in 30 d, nor at this rate',
      ]),
    );
  });

  test('one scenario is enough', async () => {
    expect(textsOf(await drawOverview([runs.healthyRun()])).join(' ')).toContain(
      'not full in 30 d, nor at this rate',
    );
  });
});

describe('the time axis', () => {
  test('ends a little after the last moment that matters, on a tick', () => {
    const frame = timeFrame(runs.leakingRun());
    expect(frame).toMatchObject({ cut: true, endSeconds: 36 * HOUR, ticks: [0, 6, 12, 18, 24, 30, 36] });
    expect(frame.unit.name).toBe('hours');
  });

  test('shows the whole run when nothing stands out', () => {
    const healthy = runs.healthyRun();
    expect(timeFrame(healthy)).toMatchObject({ cut: false, endSeconds: 30 * DAY });
    const symptoms = { ...healthy.symptoms, firstProbeFailureSeconds: 3 };
    expect(timeFrame({ ...healthy, symptoms })).toMatchObject({ cut: false, endSeconds: 30 * DAY });
    expect(timeFrame(runs.healthyRun()).unit.name).toBe('days');
  });

  test('shows the rescue, and what comes after it when the node goes on changing', () => {
    expect(timeFrame(runs.recoveringRun()).endSeconds).toBeGreaterThan(31 * HOUR);
    const run = runs.recoveringRun();
    const refilling = run.timeline.time_s.map((seconds, row) =>
      seconds > 30 * HOUR ? Math.floor(((seconds - 30 * HOUR) / HOUR) * 1440) : run.timeline.allocated[row],
    );
    const again = { ...run, timeline: { ...run.timeline, allocated: refilling } };
    expect(timeFrame({ ...again, final: { ...run.final, allocated: refilling.at(-1)! } }).cut).toBe(false);
  });

  test('counts a short run in minutes', () => {
    expect(timeFrame(runs.tinyRun()).unit.name).toBe('minutes');
  });

  test('gives labels that would touch a line each', () => {
    const events = [0, 1, 2].map((index) => ({
      timeSeconds: (20 + index) * HOUR,
      kind: 'intervention' as const,
      subject: 'rabbitmq',
      detail: `delete-pod rabbitmq, time ${index}`,
    }));
    const run = runs.recoveringRun({ events });
    const lines = placeMoments(run, timeFrame(run)).map(({ line }) => line);
    expect(new Set(lines).size).toBe(lines.length);
    expect(placeMoments(runs.leakingRun(), timeFrame(runs.leakingRun())).map(({ line }) => line)).toEqual([
      0,
    ]);
  });
});

test('a title is broken into lines of about equal length, never between a number and its unit', () => {
  expect(wrap('short', 40)).toEqual(['short']);
  expect(wrap('Full after 22.4 h: 16,110 zombies hold 32,220 PIDs; free again at 30 h', 64)).toEqual([
    'Full after 22.4\u00a0h: 16,110 zombies',
    'hold 32,220 PIDs; free again at 30\u00a0h',
  ]);
  expect(wrap('aaa 10 s', 12)).toEqual(['aaa 10\u00a0s']);
  // A name that would fill most of a line is cut, and what happens to it is not.
  const long = wrap(`Pod ${'a'.repeat(80)}-x2x4q is evicted`, 64);
  expect(long).toEqual([expect.stringMatching(/^Pod a+…a+-x2x4q is evicted$/)]);
});

describe('the pid_max line', () => {
  /** Ten days; pid_max is set to 65,536 after two, and so many days later to 98,304. */
  function raised(daysLater: number): RunResult {
    const run = runs.slowRun({ projection: null });
    const pidMaxAt = (seconds: number): number =>
      seconds < 2 * DAY ? 32_768 : seconds < (2 + daysLater) * DAY ? 65_536 : 98_304;
    return { ...run, timeline: { ...run.timeline, pid_max: run.timeline.time_s.map(pidMaxAt) } };
  }
  const labelsOf = (run: RunResult): string[] =>
    [...parts(pidsChart(run))].flatMap(({ text }) => (/^pid_max/.test(String(text)) ? [String(text)] : []));

  test('has a label wherever it is set, unless the next step leaves no room for one', () => {
    expect(new Set(labelsOf(raised(4)))).toEqual(
      new Set(['pid_max 32,768', 'pid_max 65,536', 'pid_max 98,304']),
    );
    expect(new Set(labelsOf(raised(1)))).toEqual(new Set(['pid_max 32,768', 'pid_max 98,304']));
    expect(labelsOf(runs.leakingRun())).toEqual(['pid_max 32,768', 'pid_max 32,768']);
  });

  test('stays in the picture when one of its steps is far above it', () => {
    const run = raised(4);
    const pid_max = run.timeline.pid_max.map((limit) => (limit === 98_304 ? 4_194_304 : limit));
    const labels = labelsOf({ ...run, timeline: { ...run.timeline, pid_max } });
    expect(new Set(labels)).toEqual(new Set(['pid_max 32,768', 'pid_max 65,536']));
    const texts = [...parts(pidsChart({ ...run, timeline: { ...run.timeline, pid_max } }))].map(
      ({ text }) => text,
    );
    expect(texts).toContain('↑ pid_max 4,194,304');
  });
});

test('two moments at nearly one place stand under each other, and the one of the title is never left out', () => {
  const run = runs.leakingRun();
  const [{ atSeconds }] = run.exhaustions;
  const late = (seconds: number) => ({
    ...run,
    symptoms: {
      ...run.symptoms,
      firstPodNotCreated: { pod: 'churn-1', atSeconds: atSeconds + seconds, untilSeconds: null },
    },
  });
  for (const seconds of [0, 5, 60, 600, 1_200, 3_600, 7_200]) {
    const placed = placeMoments(late(seconds), timeFrame(late(seconds)));
    expect(placed.map(({ label }) => label)).toEqual(
      expect.arrayContaining(['full: 22.4 h', expect.stringContaining('pod churn-1 not started')]),
    );
    if (seconds < 600) expect(new Set(placed.map(({ line }) => line)).size).toBe(2);
  }
});

test('a harm at the very start is drawn at the left end of the overview', async () => {
  const run = runs.leakingRun();
  const atOnce = { ...run, exhaustions: run.exhaustions.map((each) => ({ ...each, atSeconds: 0 })) };
  expect(atOnce.exhaustions.length).toBeGreaterThan(0);
  const points = (svg: string) => svg.match(/<path[^>]*transform="translate\([\d.]+,[\d.]+\)"/g)?.length ?? 0;
  expect(points(await drawOverview([atOnce]))).toBeGreaterThan(0);
  const other = { ...runs.healthyRun(), scenario: { ...runs.healthyRun().scenario, name: 'other' } };
  const both = await drawOverview([atOnce, other]);
  expect(points(both)).toBeGreaterThan(1);
  expect(both).not.toMatch(/NaN|Infinity/);
});
