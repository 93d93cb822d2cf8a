import { describe, expect, test } from 'vitest';
import { chartsOf } from '../../src/report/charts/all.js';
import { checkNames } from '../../src/report/files.js';
import { indexHtml, pagesHtml, scenarioHtml } from '../../src/report/html.js';
import { reproduceCommand } from '../../src/report/message.js';
import { OVERVIEW_FILES } from '../../src/report/overview-files.js';
import { overviewMarkdown, summaryMarkdown } from '../../src/report/summary.js';
import type { RunResult } from '../../src/run/result.js';
import * as runs from './fixtures.js';

const RESULTS = runs.ALL_RUNS.map((make) => make());
const PATHS = runs.outputFiles(RESULTS).map(({ path }) => path);

describe('the files of a run', () => {
  test('are a folder per scenario and an index over them', () => {
    expect(runs.outputFiles([runs.leakingRun()]).map(({ path }) => path)).toEqual([
      'rabbitmq-pause-3.0/summary.json',
      'rabbitmq-pause-3.0/summary.md',
      'rabbitmq-pause-3.0/timeline.csv',
      'rabbitmq-pause-3.0/events.csv',
      'rabbitmq-pause-3.0/blame.csv',
      'rabbitmq-pause-3.0/pids.vl.json',
      'rabbitmq-pause-3.0/pids.svg',
      'rabbitmq-pause-3.0/kubelet.vl.json',
      'rabbitmq-pause-3.0/kubelet.svg',
      'rabbitmq-pause-3.0/symptoms.vl.json',
      'rabbitmq-pause-3.0/symptoms.svg',
      'rabbitmq-pause-3.0/blame.vl.json',
      'rabbitmq-pause-3.0/blame.svg',
      'rabbitmq-pause-3.0/index.html',
      'summary.json',
      'summary.md',
      'overview.vl.json',
      'overview.svg',
      'index.html',
    ]);
  });

  test('every chart finds the data it names beside it, and is drawn once', async () => {
    const files = runs.outputFiles(RESULTS);
    const textOf = (path: string) => files.find((file) => file.path === path)!.text(async () => '<svg/>');
    let drawn = 0;
    for (const { path, text } of files.filter((file) => /\.svg$|index\.html$/.test(file.path))) {
      const folder = path.split('/').slice(0, -1);
      await text(async (spec, read) => {
        const { url } = spec.data as { url: string };
        expect(await textOf([...folder, url].join('/'))).toBe(read(url));
        expect(() => read('elsewhere.csv')).toThrow(/elsewhere\.csv/);
        drawn++;
        return '<svg/>';
      });
    }
    expect(drawn).toBe(PATHS.filter((path) => path.endsWith('.svg')).length);
  });

  test('a name that would leave the folder, is a file of ours or comes twice is refused', () => {
    expect(PATHS.filter((path) => !path.includes('/'))).toEqual(OVERVIEW_FILES);
    for (const name of ['../up', 'a/b', '', '.hidden', '..', ...OVERVIEW_FILES])
      expect(() => checkNames([name])).toThrow(/name/);
    expect(() => checkNames(['a', 'b', 'a'])).toThrow(/two scenarios/);
    expect(() => checkNames(['a', 'b.c_d-1'])).not.toThrow();
  });
});

describe('with the main chart alone', () => {
  const files = runs.outputFiles(RESULTS, 'main');

  test('each scenario has one picture, all data, and a page with that picture', async () => {
    const left = PATHS.filter((path) => !files.some((file) => file.path === path));
    expect(left.length).toBeGreaterThanOrEqual(RESULTS.length * 6);
    expect(left.filter((path) => !/\/(limit|kubelet|symptoms|blame)\.(vl\.json|svg)$/.test(path))).toEqual(
      [],
    );
    const page = files.find(({ path }) => path.endsWith('/index.html'))!;
    const text = await page.text(async () => '<svg id="drawn"/>');
    expect(text.split('<svg')).toHaveLength(2);
  });
});

describe('the pages', () => {
  const SVG =
    '<svg xmlns="x" width="7" height="5" viewBox="0 0 7 5"><g clip-path="url(#clip1)"/><defs><clipPath id="clip1"/></defs></svg>';
  const charts = (run: RunResult) => chartsOf(run).map(({ name }) => ({ name, svg: SVG }));
  const index = indexHtml(RESULTS, SVG);
  const [leaking] = RESULTS;
  const html = scenarioHtml(leaking, charts(leaking));
  const all = pagesHtml(RESULTS, SVG, RESULTS.map(charts));
  const linksOf = (text: string) => [...text.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, link]) => link);

  test('link to nothing that is not written', () => {
    for (const link of linksOf(index)) expect(PATHS).toContain(decodeURIComponent(link));
    for (const link of linksOf(html))
      expect(PATHS).toContain(link === '../index.html' ? 'index.html' : `${leaking.scenario.name}/${link}`);
    for (const link of linksOf(all)) expect(all).toContain(`id="${link.slice(1)}"`);
  });

  test('show question, answer, node and expectations of a scenario', () => {
    expect(html).toContain('Does a RabbitMQ health check every 10\u00a0s take a node down under pause 3.0?');
    expect(html).toContain('Full after 22.4\u00a0h: 16,110 zombies hold 32,220 PIDs.');
    expect(html).toContain('PID 1 of rabbitmq is pause-3.0: it never waits for orphans');
    expect(all.match(/class="card"/g)).toHaveLength(RESULTS.length);
  });

  test.each([
    ['the index', index],
    ['of a scenario', html],
    ['of a few', all],
  ])(
    '%s: one file, no script, nothing from elsewhere, each id once, one heading of the first level',
    (_, text) => {
      expect(text).not.toMatch(/<script|<link|<img|@import|https?:|\son\w+="/);
      expect(text).toMatch(/^<!doctype html>\n<html lang="en">/);
      expect(text.match(/<h1>/g)).toHaveLength(1);
      const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const [svg] of text.matchAll(/<svg[^>]*>/g)) expect(svg).toMatch(/aria-label="[^"]{20,}"/);
      expect(text).toContain('name="viewport"');
      expect(text).toContain('prefers-color-scheme: dark');
    },
  );

  test('text from a scenario stays text', () => {
    const run = runs.healthyRun();
    const title = '<img src=x onerror="alert(1)"> & more';
    const page = scenarioHtml({ ...run, scenario: { ...run.scenario, title, description: title } }, []);
    expect(page).not.toContain('<img src=x');
    expect(page).toContain('&lt;img src=x onerror=&quot;alert(1)&quot;&gt; &amp; more');
  });

  test('a failed expectation is told with what was the case', () => {
    const expectations = [{ text: 'exhausted == false', ok: false, actual: 'true' }];
    expect(scenarioHtml(runs.leakingRun({ expectations }), [])).toContain('but it was true');
    expect(html).not.toContain('but it was');
  });
});

describe('summary.md', () => {
  test('is a golden file for a run with a rescue', async () => {
    await expect(summaryMarkdown(runs.recoveringRun())).toMatchFileSnapshot('golden/summary.md');
  });

  test('begins with the question and the answer', () => {
    const [question, , sentence] = summaryMarkdown(runs.leakingRun()).split('\n');
    expect(question).toBe('# Does a RabbitMQ health check every 10 s take a node down under pause 3.0?');
    expect(sentence).toBe('**Full after 22.4 h: 16,110 zombies hold 32,220 PIDs.**');
  });

  test('tells the remedy of an exhausted run, and gives none to a healthy one', () => {
    expect(summaryMarkdown(runs.leakingRun())).toContain('Delete the pods that hold the PIDs');
    expect(summaryMarkdown(runs.healthyRun())).not.toContain('Delete the pods');
  });

  test('says how to reproduce it', () => {
    expect(summaryMarkdown(runs.leakingRun())).toContain('pidsim run scenarios/rabbitmq-pause-3.0.yaml');
    expect(summaryMarkdown(runs.leakingRun())).toContain('Seed 1, digest 5f3c0a1b9d8e7f60');
    const from = (path: string, more = {}) =>
      reproduceCommand({
        ...runs.tinyRun(),
        fidelity: 'forwarded',
        scenario: { ...runs.tinyRun().scenario, path },
        ...more,
      });
    expect(from('a.yaml')).toBe('pidsim run a.yaml --seed 1');
    expect(from('a.yaml', { fidelity: 'events' })).toBe('pidsim run a.yaml --seed 1 --fidelity events');
    expect(from('a.yaml', { until: 'exhaustion' })).toBe('pidsim run a.yaml --seed 1 --until exhaustion');
    expect(from('/dev/stdin')).toBe('pidsim run - --seed 1 < SCENARIO.yaml');
    expect(from("my node's.yaml")).toBe("pidsim run 'my node'\\''s.yaml' --seed 1");
  });

  test('lists the first of what repeats, not every one', () => {
    const flapping = Array.from({ length: 50 }, (_, index) => ({
      timeSeconds: index * 100,
      kind: index % 2 === 0 ? ('probe-failed' as const) : ('recovered' as const),
      subject: 'rabbitmq/rabbitmq/liveness',
      detail: `run ${index}`,
    }));
    const text = summaryMarkdown(runs.leakingRun({ events: flapping }));
    expect(text.match(/\| probe failed \|/g)).toHaveLength(1);
    expect(text.match(/\| recovered \|/g)).toHaveLength(1);
  });

  test('text from a scenario cannot break the table or become markup', () => {
    const event = { timeSeconds: 1, kind: 'intervention', subject: 'a|b', detail: '<b>*x*\ny' } as const;
    const text = summaryMarkdown(runs.tinyRun({ events: [event] }));
    expect(text).toContain('| 1 s | intervention | a\\|b | &lt;b\\>\\*x\\* y |');
  });

  test('the summary of all links to each', () => {
    const text = overviewMarkdown(RESULTS);
    for (const [, path] of text.matchAll(/\]\(([^)]+)\)/g)) expect(PATHS).toContain(path);
    expect(text).toContain('| [slow-leak](slow-leak/summary.md) |');
  });
});
