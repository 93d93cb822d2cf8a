/** Process lists with their answers, most of them of real tables: what is said of them, and what must not be. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/diagnose/diagnose.js';
import { renderDiagnosis } from '../../src/report/diagnosis.js';
import { diagnoseTexts, warningsOf } from './support.js';

const FOLDER = new URL('captures/', import.meta.url);

interface Answer {
  id: string;
  files: string[];
  [key: string]: unknown;
}

interface Parent {
  pid: number | null;
  comm: string | null;
  count: number | number[];
  adopter: string | null;
  adopterAccept?: (string | null)[];
  zombieComms: Record<string, number | number[]>;
  ratePerHour?: { value: number; tolerancePct: number };
}

const answers = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.answer.json'))
  .map((name) => JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as Answer);

/** What the answer says, of one list or of each. */
function perList(value: unknown, count: number): unknown[] {
  return Array.isArray(value) ? value : Array.from({ length: count }, () => value);
}

function isLast<T>(value: T | T[]): T {
  return Array.isArray(value) ? value.at(-1)! : value;
}

describe.each(answers)('$id', (answer) => {
  const texts = answer.files.map((name) => [name, readFileSync(new URL(name, FOLDER), 'utf8')] as const);
  const diagnosis = diagnoseTexts(texts);
  const { main, findings } = diagnosis;

  it('is read as what it is', () => {
    expect(main.usable).toBe(answer.usable);
    expect(main.refusal).toBe(answer.refusal);
    expect(main.format).toBe(answer.format);
    expect(main.view).toBe(answer.view);
    // A list of pods is no whole list of processes.
    if (answer.format !== 'none') expect(main.complete).toBe(answer.complete);
    for (const key of ['processes', 'zombies', 'pinned', 'threads'] as const) {
      // Threads in braces are counted in a drawn tree too.
      if (key === 'threads' && answer.format === 'pstree') continue;
      expect(
        findings.map((finding) => finding[key]),
        key,
      ).toEqual(perList(answer[key], findings.length));
    }
    if ('columns' in answer) expect(main.columns.length).toBe((answer.columns as string[]).length);
    if ('pidMax' in answer) expect(main.pidMax).toBe(answer.pidMax);
    if ('container' in answer) expect(main.container).toBe(answer.container);
    if ('verdict' in answer) expect(main.verdict).toBe(answer.verdict);
    if ('deadLeadersWithLiveThreads' in answer) expect(main.deadLeadersWithLiveThreads).toBe(1);
  });

  it('names the parents, and what each is', () => {
    const parents = answer.zombiesByParent as Parent[] | null;
    if (parents === null) {
      expect(main.zombiesByParent).toBeNull();
      return;
    }
    expect(main.zombiesByParent).toHaveLength(parents.length);
    for (const [index, parent] of parents.entries()) {
      const family = main.zombiesByParent![index];
      expect(family.pid).toBe(parent.pid);
      expect(family.comm).toBe(parent.comm);
      expect(family.count).toBe(isLast(parent.count));
      expect(parent.adopterAccept ?? [parent.adopter]).toContain(family.adopter);
      if (parent.ratePerHour) expectRate(family.rate.perHour, parent.ratePerHour);
      const comms = Object.entries(parent.zombieComms).map(([name, count]) => [name.split(' ')[0], count]);
      if (answer.id !== 'u13')
        expect(family.zombieComms).toEqual(
          Object.fromEntries(comms.map(([name, count]) => [name, isLast(count)])),
        );
    }
  });

  it('gives a rate where there is one, and none where there must be none', () => {
    const rate = answer.ratePerHour as { value: number; tolerancePct: number; basis: string } | null;
    if (rate === null) expect(main.ratePerHour).toBeNull();
    else expectRate(main.ratePerHour!.value, rate);
    if (rate?.basis === 'two-captures') expect(main.ratePerHour!.basis).toBe('two-captures');
  });

  it('says what it cannot tell', () => {
    for (const id of answer.warnings as string[]) {
      if (id !== 'not-linux') expect(warningsOf(diagnosis)).toContain(id);
    }
    const asked = ((answer.missing as string[]) ?? []).filter((what) => COLUMNS.includes(what));
    for (const what of asked) expect(main.missing).toContain(what);
  });

  if ('candidates' in answer)
    it('has candidates, and no zombies as a fact', () => {
      const candidates = answer.candidates as { pid: number; children: number; childComms: object }[];
      expect(main.zombies).toBeNull();
      expect(
        main.candidates.map(({ pid, count, childComms }) => ({ pid, children: count, childComms })),
      ).toEqual(candidates.map(({ pid, children, childComms }) => ({ pid, children, childComms })));
    });

  if (answer.usable)
    it('fits 80 columns, the finding in the first line', () => {
      const lines = renderDiagnosis(diagnosis).split('\n');
      expect(lines.filter((line) => line.length > 80)).toEqual([]);
      expect(lines[0]).toMatch(/[.,]/);
    });
});

const COLUMNS = ['ppid', 'stat', 'pgid/sid', 'start times', 'full list'];

function expectRate(got: number | null, { value, tolerancePct }: { value: number; tolerancePct: number }) {
  expect(got).not.toBeNull();
  expect(Math.abs(got! / value - 1) * 100).toBeLessThanOrEqual(tolerancePct);
}

/** Of a list made here: how many zombies a count by hand finds, and whose they are. */
type Known = Partial<Pick<Finding, 'format' | 'zombies' | 'verdict' | 'processes' | 'threads'>> & {
  parent?: [pid: number | null, adopter: string | null];
  pinned?: number | null;
  warns?: string[];
};

const LIVE = { parent: [2, 'live-parent'] as [number, string], verdict: 'leak' as const };
const PID1 = { parent: [1, 'pid1-of-container'] as [number, string], verdict: 'leak' as const };
const SOMEBODY = { parent: [null, null] as [null, null], verdict: 'leak' as const };
const NOBODY = { parent: [undefined, undefined] as unknown as [null, null], verdict: 'leak' as const };
const HEADLESS = ['header-missing', 'truncated-list'];

const PART = { zombies: 0, verdict: 'cannot-see' as const };
const DEAD = { zombies: 6, verdict: 'no-leak' as const, processes: 9 };

/**
 * Of namespaces and containers made on purpose, as people paste them. 33 zombies of nginx, PID 2, or 40 of a
 * PID 1 which does not reap; what a table, a log or a terminal has put around them changes nothing.
 */
const REAL: Record<string, Known> = {
  'real-table-md': { format: 'ps-ef', zombies: 33, ...LIVE },
  'real-table-jira': { format: 'ps-eo', zombies: 40, pinned: 40, ...PID1, verdict: 'old-burst' },
  'real-table-box': { format: 'ps-aux', zombies: 33, processes: 36, ...SOMEBODY },
  'real-table-csv': { format: 'ps-eo', zombies: 40, pinned: 40, ...PID1, verdict: 'old-burst' },
  'real-line-cr': { format: 'ps-axjf', zombies: 40, pinned: 40, processes: 45, ...PID1 },
  'real-log-journal': { format: 'ps-ef', zombies: 33, ...LIVE },
  'real-log-compose': { format: 'ps-eo', zombies: 33, ...LIVE },
  'real-log-k8s': { format: 'ps-ef', zombies: 40, ...PID1 },
  'real-colours': { format: 'ps-aux', zombies: 33, ...SOMEBODY },
  'real-cat-a': { format: 'ps-ef', zombies: 33, ...LIVE },
  'real-html': { format: 'busybox-ps', zombies: 33, ...SOMEBODY },
  'real-typescript': { format: 'busybox-ps', zombies: 40, ...SOMEBODY },
  'real-nbsp': { format: 'ps-eo', zombies: 40, pinned: 40, ...PID1, verdict: 'old-burst' },
  // The `>` of `<defunct>` alone in a line is no prompt.
  'real-wrapped-mark': { format: 'ps-eLf', zombies: 40, processes: 45, ...PID1, warns: ['wrapped-lines'] },
  // top counts 42; of those that are listed no parent has five.
  'real-elided-top': { format: 'top', zombies: 42, ...SOMEBODY, warns: ['truncated-list'] },
  // Of a list without its middle nobody can say that the leak has stopped.
  'real-elided-old': { format: 'ps-eo', zombies: 11, ...LIVE, warns: ['truncated-list'] },
  // A prompt stands below each of them.
  'real-counts-states': { format: 'ppid-count', zombies: 33, ...NOBODY },
  'real-counts-awk': { format: 'ppid-count', zombies: 33, parent: [2, null] },
  'real-counts-names': { format: 'ppid-count', zombies: null, verdict: 'candidates' },
  'real-counts-ppid': { format: 'ppid-count', zombies: null, verdict: 'candidates' },
  // `ps --ppid 1 -f`: its children are not listed, so that none is a zombie means nothing.
  'real-children-of-1': { format: 'ps-ef', ...PART, warns: ['truncated-list'] },
  // `grep -w Z` does not find ZN.
  'real-grep-z': { format: 'ps-aux', ...PART, warns: ['filtered-by-grep'] },
  'real-zl-axm': { format: 'ps-eo', ...DEAD, threads: 15, warns: ['rows-are-threads', 'dead-leaders'] },
  'real-zl-axmo': { format: 'ps-eo', ...DEAD, threads: 15, warns: ['rows-are-threads', 'dead-leaders'] },
  'real-zl-auxh': { format: 'ps-aux', ...DEAD, warns: ['rows-are-threads', 'dead-leaders'] },
  'real-pstree-groups': { format: 'pstree', processes: 35, verdict: 'candidates' },
  'real-pstree-names': { format: 'pstree', processes: 32, verdict: 'candidates' },
  'real-status-no-pid': { format: 'proc-status', zombies: 21, pinned: null, parent: [2, null] },
  'real-podman-top': { format: 'podman-top', zombies: 40, ...PID1, verdict: 'leak-stopped' },
  'real-podman-top-stime': { format: 'ps-eo', zombies: 40, ...PID1, verdict: 'leak-stopped' },
  'real-exec-busybox': { format: 'ps-eo', zombies: 40, pinned: 40, ...PID1 },
  'real-outside': { format: 'ps-ef', zombies: 13, parent: [0, 'shim'], warns: ['parent-outside'] },
  'real-outside-aux': { format: 'ps-aux', zombies: 13, warns: ['parent-inferred'] },
  'real-sshd': { format: 'ps-axjf', zombies: 27, pinned: 0, parent: [19, 'live-parent'] },
  'real-tmux': { format: 'ps-eo', zombies: null, verdict: 'candidates' },
};

/**
 * A daemon that does not wait (live), a PID 1 that does not reap (pid1), `Zl` and two zombies that pass
 * (threads).
 */
const KNOWN: Record<string, Known> = {
  'live-03': { format: 'ps-auxf', zombies: 32, ...LIVE },
  'live-04': { format: 'ps-eo', zombies: 34, ...LIVE },
  'live-05': { format: 'ps-eo', zombies: 37, ...LIVE },
  'live-08': { format: 'ps-axjf', zombies: 44, pinned: 0, ...LIVE },
  'live-09': { format: 'ps-ef', zombies: 47, ...LIVE },
  'live-10': { format: 'busybox-ps', zombies: 47, ...SOMEBODY, warns: ['no-ppid-column', 'no-stat-column'] },
  'live-12': { format: 'top', zombies: 52, ...SOMEBODY, warns: ['parent-one-of-several'] },
  'live-15': { format: 'pstree', zombies: null, verdict: 'candidates' },
  'live-18': { format: 'ps-eo', zombies: 60, ...LIVE },
  'live-19': { format: 'ps-eo', zombies: 60, ...LIVE },
  'live-24': { format: 'ps-eo', zombies: 60, ...SOMEBODY, warns: ['rows-are-threads'] },
  'live-25': { format: 'ps-eo', zombies: 60, ...LIVE },
  'live-28': { format: 'ps-ef', zombies: 60, parent: [2, null], warns: [...HEADLESS, 'filtered-by-grep'] },
  'live-29': { format: 'ps-aux', zombies: 60, warns: [...HEADLESS, 'no-ppid-column'] },
  'live-30': { format: 'ppid-count', zombies: 60, parent: [2, null], warns: ['counts-only'] },
  'live-31': { format: 'proc-stat', zombies: 60, pinned: 0, ...LIVE },
  'live-33': { format: 'proc-status', zombies: 60, ...LIVE },
  'live-34': { format: 'ps-eo', zombies: 60, ...LIVE, warns: HEADLESS },
  'live-36': { format: 'proc-status', zombies: 60, ...LIVE },
  'live-37': { format: 'ppid-count', zombies: 60, parent: [2, null], warns: ['counts-only'] },
  // It has made its sixty: the others were listed while it was at it.
  'live-38': {
    format: 'ps-eo',
    zombies: 60,
    pinned: 0,
    ...LIVE,
    verdict: 'leak-stopped',
    warns: ['wrapped-lines'],
  },
  'live-39': { format: 'top', zombies: 60, ...LIVE },
  'live-40': { format: 'top', zombies: 60, parent: [null, null], warns: ['truncated-list'] },
  'live-41': { format: 'ps-ef', zombies: 18, parent: [2, null], warns: HEADLESS },
  'live-42': { format: 'top', zombies: 60, ...SOMEBODY, warns: ['rows-are-threads'] },
  'pid1-06': { format: 'ps-eLf', zombies: 22, ...PID1 },
  'pid1-08': { format: 'ps-axjf', zombies: 23, pinned: 23, ...PID1 },
  'pid1-20': { format: 'ps-eo', zombies: 33, pinned: 34, ...PID1 },
  'pid1-31': { format: 'proc-stat', zombies: 42, pinned: 42, ...PID1 },
  'pid1-35': { format: 'ps-ef', zombies: 44, ...PID1, warns: ['truncated-lines'] },
  'threads-02': { zombies: 3, verdict: 'no-leak', warns: ['dead-leaders'] },
  'threads-06': { zombies: 3, threads: 11, processes: 8, verdict: 'no-leak', warns: ['dead-leaders'] },
  'threads-21': { zombies: 3, threads: 11, processes: 8, verdict: 'no-leak', warns: ['dead-leaders'] },
  'sleepers-04': { zombies: 0, verdict: 'live-processes' },
  'sleepers-14': { zombies: null, verdict: 'candidates' },
  'sleepers-30': { zombies: null, verdict: 'candidates' },
  ...REAL,
  'x-stopped': { zombies: 30, verdict: 'leak-stopped', parent: [2, 'live-parent'] },
  'x-burst': { zombies: 40, verdict: 'leak', parent: [2, 'live-parent'] },
  'x-cron': { zombies: 0, verdict: 'live-processes' },
  'x-twice': { zombies: 41, pinned: 41, ...PID1 },
};

describe('a table made on purpose, in the words of many tools', () => {
  it.each(Object.entries(KNOWN))('%s', (name, { parent, warns = [], ...known }) => {
    const text = readFileSync(new URL(`own/${name}.txt`, import.meta.url), 'utf8');
    const diagnosis = diagnoseTexts([[name, text]]);
    const { main } = diagnosis;
    for (const [key, value] of Object.entries(known)) expect(main[key as keyof Finding], key).toBe(value);
    const family = main.zombiesByParent?.[0];
    if (parent !== undefined) expect([family?.pid, family?.adopter]).toEqual(parent);
    for (const id of warns) expect(warningsOf(diagnosis)).toContain(id);
    expect(
      renderDiagnosis(diagnosis)
        .split('\n')
        .filter((line) => line.length > 80),
    ).toEqual([]);
  });

  it('twice in one file is two moments', () => {
    const text = readFileSync(new URL('own/x-twice.txt', import.meta.url), 'utf8');
    const { comparison, findings } = diagnoseTexts([['x', text]]);
    expect(findings).toHaveLength(2);
    expect(comparison!.obstacle).toBeNull();
    expect(comparison!.perHour).toBeGreaterThan(0);
  });
});
