/** The statistics of times, against published tables and against R. */
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  kaplanMeier,
  meanInterval,
  type Observation,
  restrictedMean,
  survivalQuantile,
  wilson,
} from '../../src/study/survival.js';

const happened = (...times: number[]): Observation[] => times.map((time) => ({ time, happened: true }));
const censored = (...times: number[]): Observation[] => times.map((time) => ({ time, happened: false }));

/** Freireich and others, Blood 21 (1963): weeks of remission of leukemia with 6-mercaptopurine, and without. */
const TREATED = [
  ...happened(6, 6, 6, 7, 10, 13, 16, 22, 23),
  ...censored(6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35),
];
const PLACEBO = happened(1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23);

describe('Freireich’s leukemia data, as every textbook has them', () => {
  test('the treated: estimate and standard error at each time (Klein, Moeschberger, table 4.1A)', () => {
    const table = kaplanMeier(TREATED).map(({ time, atRisk, events, survival, standardError }) => [
      time,
      atRisk,
      events,
      Number(survival.toFixed(4)),
      Number(standardError.toFixed(4)),
    ]);
    expect(table).toEqual([
      [6, 21, 3, 0.8571, 0.0764],
      [7, 17, 1, 0.8067, 0.0869],
      [10, 15, 1, 0.7529, 0.0963],
      [13, 12, 1, 0.6902, 0.1068],
      [16, 11, 1, 0.6275, 0.1141],
      [22, 7, 1, 0.5378, 0.1282],
      [23, 6, 1, 0.4482, 0.1346],
    ]);
  });

  test('half of the treated relapse within 23 weeks, half of the others within 8', () => {
    expect(survivalQuantile(kaplanMeier(TREATED), 0.5).value).toBe(23);
    expect(survivalQuantile(kaplanMeier(PLACEBO), 0.5).value).toBe(8);
  });

  test('of the treated nineteen in twenty is not reached, of the others it is', () => {
    expect(survivalQuantile(kaplanMeier(TREATED), 0.95).value).toBeNull();
    expect(survivalQuantile(kaplanMeier(PLACEBO), 0.95).value).not.toBeNull();
  });
});

test('without censoring the curve is the part that is left, and the mean is the mean', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 40 }), (times) => {
      for (const { time, survival } of kaplanMeier(happened(...times)))
        expect(survival).toBeCloseTo(times.filter((each) => each > time).length / times.length, 10);
      const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
      expect(restrictedMean(kaplanMeier(happened(...times)), 1_000).mean).toBeCloseTo(mean, 8);
    }),
  );
});

test('nothing has happened to anybody: no point, no quantile, and the mean is the limit', () => {
  const points = kaplanMeier(censored(30, 30));
  expect(points).toEqual([]);
  expect(survivalQuantile(points, 0.05)).toEqual({ value: null, low: null, high: null });
  expect(restrictedMean(points, 30)).toEqual({ mean: 30, standardError: 0 });
});

test('Wilson’s interval: 0 of 20 is up to 16 %, 10 of 20 is 30 % to 70 % (Newcombe 1998, method 3)', () => {
  const percent = (count: number, total: number): number[] => {
    const { low, high } = wilson(count, total);
    return [low, high].map((value) => Math.round(value * 1000) / 10);
  };
  expect(percent(0, 20)).toEqual([0, 16.1]);
  expect(percent(10, 20)).toEqual([29.9, 70.1]);
  expect(percent(81, 263)).toEqual([25.5, 36.6]);
});

test('a mean of one value has no interval, of two it has', () => {
  expect(meanInterval([3])).toEqual({ value: 3, low: 3, high: 3 });
  const { low, high } = meanInterval([3, 5]);
  expect(low).toBeLessThan(4);
  expect(high).toBeGreaterThan(4);
});

const R_SCRIPT = `
options(digits = 12)
suppressMessages(library(survival))
data <- read.csv(file("stdin"))
for (set in unique(data$set)) {
  own <- data[data$set == set, ]
  fit <- survfit(Surv(time, happened) ~ 1, data = own, conf.type = "log-log")
  q <- quantile(fit, c(0.05, 0.5, 0.95))
  mean <- survival:::survmean(fit, rmean = 60)$matrix
  cat(set, q$quantile, q$lower, q$upper, mean["rmean"], mean["se(rmean)"], sep = ",")
  cat("\\n")
}`;

const hasR =
  spawnSync('Rscript', ['-e', 'library(survival)'], { encoding: 'utf8', timeout: 60_000 }).status === 0;

test.skipIf(!hasR)(
  'R’s survival package has the same quantiles, intervals and means (skipped where R is not installed)',
  () => {
    const observation = fc.record({ time: fc.integer({ min: 1, max: 50 }), happened: fc.boolean() });
    const sets = fc.sample(fc.array(observation, { minLength: 8, maxLength: 60 }), { numRuns: 60, seed: 7 });
    const csv = sets.flatMap((set, index) =>
      set.map(({ time, happened: did }) => `${index},${time},${did ? 1 : 0}`),
    );
    const { stdout, stderr, status } = spawnSync('Rscript', ['-e', R_SCRIPT], {
      input: `set,time,happened\n${csv.join('\n')}\n`,
      encoding: 'utf8',
      timeout: 120_000,
    });
    expect(status, stderr).toBe(0);
    const lines = stdout.trim().split('\n');
    expect(lines).toHaveLength(sets.length);
    for (const [index, line] of lines.entries()) {
      const theirs = line
        .split(',')
        .slice(1)
        .map((cell) => (cell === 'NA' ? null : Number(cell)));
      const points = kaplanMeier(sets[index]);
      const quantiles = [0.05, 0.5, 0.95].map((p) => survivalQuantile(points, p));
      const { mean, standardError } = restrictedMean(points, 60);
      const ours = [
        ...quantiles.map(({ value }) => value),
        ...quantiles.map(({ low }) => low),
        ...quantiles.map(({ high }) => high),
        mean,
        standardError,
      ];
      const rounded = (values: (number | null)[]) => values.map((value) => value && Number(value.toFixed(6)));
      expect(rounded(ours), `set ${index}`).toEqual(rounded(theirs));
    }
  },
);
