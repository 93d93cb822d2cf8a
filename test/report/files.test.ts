import { describe, expect, test } from 'vitest';
import { outputFiles } from '../../src/report/files.js';
import { indexHtml } from '../../src/report/html.js';
import { reproduceCommand } from '../../src/report/message.js';
import { OVERVIEW_FILES } from '../../src/report/overview-files.js';
import { overviewMarkdown, summaryMarkdown } from '../../src/report/summary.js';
import * as runs from './fixtures.js';

const RESULTS = runs.ALL_RUNS.map((make) => make());
const PATHS = outputFiles(RESULTS).map(({ path }) => path);

describe('the files of a run', () => {
  test('are a folder per scenario and an index over them', () => {
    expect(outputFiles([runs.leakingRun()]).map(({ path }) => path)).toEqual([
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
      'summary.json',
      'summary.md',
      'overview.vl.json',
      'overview.svg',
      'index.html',
    ]);
  });

  test('every chart finds the data it names beside it', () => {
    for (const file of outputFiles(RESULTS)) {
      if (file.kind !== 'svg') continue;
      const { url } = file.spec().data as { url: string };
      const folder = file.path.split('/').slice(0, -1);
      expect(PATHS).toContain([...folder, url].join('/'));
      const beside = outputFiles(RESULTS).find(({ path }) => path === [...folder, url].join('/'))!;
      expect(beside.kind === 'text' && beside.text()).toBe(file.read(url));
      expect(() => file.read('elsewhere.csv')).toThrow(/elsewhere\.csv/);
    }
  });

  test('a name that would leave the folder, is a file of ours or comes twice is refused', () => {
    const named = (name: string) => {
      const run = runs.healthyRun();
      return { ...run, scenario: { ...run.scenario, name } };
    };
    expect(PATHS.filter((path) => !path.includes('/'))).toEqual(OVERVIEW_FILES);
    for (const name of ['../up', 'a/b', '', '.hidden', '..', ...OVERVIEW_FILES])
      expect(() => outputFiles([named(name)])).toThrow(/name/);
    expect(() => outputFiles([named('a'), named('a')])).toThrow(/two scenarios/);
    expect(outputFiles([named('a'), named('b.c_d-1')])).toHaveLength(31);
  });
});

describe('with the main chart alone', () => {
  const files = outputFiles(RESULTS, 'main');

  test('each scenario has one picture, all data, and the same bytes of both', () => {
    const all = new Map(outputFiles(RESULTS).map((file) => [file.path, file]));
    const left = PATHS.filter((path) => !files.some((file) => file.path === path));
    expect(left).toHaveLength(RESULTS.length * 6);
    expect(left.filter((path) => !/\/(kubelet|symptoms|blame)\.(vl\.json|svg)$/.test(path))).toEqual([]);
    for (const file of files.filter(({ path }) => path.includes('/')))
      if (file.kind === 'text') expect(file.text()).toBe((all.get(file.path) as typeof file).text());
  });

  test('the page links to nothing that is not written', () => {
    const page = files.find(({ path }) => path === 'index.html')!;
    const links = page.kind === 'text' ? [...page.text().matchAll(/(?:href|src)="([^"#]+)"/g)] : [];
    expect(links.length).toBeGreaterThan(20);
    const paths = files.map(({ path }) => path);
    for (const [, link] of links) expect(paths).toContain(decodeURIComponent(link));
    expect(page.kind === 'text' && page.text()).not.toContain('<details>');
  });
});

describe('the page', () => {
  const html = indexHtml(RESULTS);

  test('links to nothing that is not written', () => {
    const links = [...html.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, link]) => link);
    expect(links.length).toBeGreaterThan(100);
    for (const link of links) {
      if (link.startsWith('#')) expect(html).toContain(`id="${link.slice(1)}"`);
      else expect(PATHS).toContain(decodeURIComponent(link));
    }
  });

  test('links to everything that is written for people and programs', () => {
    for (const path of PATHS.filter((name) => name !== 'index.html')) expect(html).toContain(`="${path}"`);
  });

  test('shows question and answer of every scenario', () => {
    expect(html).toContain('Does a RabbitMQ health check every 10\u00a0s take a node down under pause 3.0?');
    expect(html).toContain('Full after 22.4\u00a0h: 16,110 zombies hold 32,220 PIDs.');
    expect(html.match(/class="card"/g)).toHaveLength(RESULTS.length);
  });

  test('is one file: no script, nothing from elsewhere', () => {
    expect(html).not.toMatch(/<script|<link|@import|url\(|https?:|\son\w+="/);
  });

  test('can be read by a screen reader: language, one heading of the first level, a text for every picture', () => {
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(html.match(/<h1>/g)).toHaveLength(1);
    for (const [image] of html.matchAll(/<img[^>]*>/g)) expect(image).toMatch(/alt="[^"]{20,}"/);
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('fits a phone, and the dark', () => {
    expect(html).toContain('name="viewport"');
    expect(html).toContain('prefers-color-scheme: dark');
  });

  test('text from a scenario stays text', () => {
    const run = runs.healthyRun();
    const title = '<img src=x onerror="alert(1)"> & more';
    const page = indexHtml([{ ...run, scenario: { ...run.scenario, title, description: title } }]);
    expect(page).not.toContain('<img src=x');
    expect(page).toContain('&lt;img src=x onerror=&quot;alert(1)&quot;&gt; &amp; more');
  });

  test('a failed expectation is told with what was the case', () => {
    const expectations = [{ text: 'exhausted == false', ok: false, actual: 'true' }];
    expect(indexHtml([runs.leakingRun({ expectations })])).toContain('fails</strong>: true');
    expect(html).not.toContain('fails</strong>');
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
      reproduceCommand({ ...runs.tinyRun(), scenario: { ...runs.tinyRun().scenario, path }, ...more });
    expect(from('a.yaml')).toBe('pidsim run a.yaml --seed 1');
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
