/** The simulated ps of every shipped scenario, read back: it names the culprit that the scenario contains. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { calibratedScenario } from '../../src/report/calibrated.js';
import { renderColumns, renderPs } from '../../src/report/ps.js';
import type { NodeProcess, RunResult } from '../../src/run/result.js';
import { Run, simulate } from '../../src/run/run.js';
import { parseScenario } from '../../src/scenario/parse.js';
import type { Scenario } from '../../src/scenario/scenario.js';
import { diagnoseText, diagnoseTexts } from './support.js';

const FOLDER = new URL('../../scenarios/', import.meta.url);

function scenariosOf(text: string, path: string): Scenario[] {
  const parsed = parseScenario(text, {
    path,
    readFile: (name) => readFileSync(new URL(name, FOLDER), 'utf8'),
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
  return parsed.value;
}

const SHIPPED = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.yaml'))
  .flatMap((name) => scenariosOf(readFileSync(new URL(name, FOLDER), 'utf8'), name));

const MOMENTS_H = [0.25, 1, 3];
/** With parents; those without a STAT tell a zombie by its brackets. */
const FORMATS = [
  'ef',
  'pid,ppid,pgid,sid,nlwp,stat,lstart,cgroup,comm',
  'ppid,pid,etimes,stat,args',
  'stat,ppid,pid,comm',
  'pid,comm,ppid,s',
];

/** As the rows of the model have it: no text in between. */
function leakersOf(rows: readonly NodeProcess[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { ppid, stat } of rows) if (stat.startsWith('Z')) counts.set(ppid, (counts.get(ppid) ?? 0) + 1);
  return counts;
}

describe.each(SHIPPED.map((scenario) => [scenario.name, scenario] as const))('%s', (_, scenario) => {
  it('is read as it is, at several moments, in all formats', () => {
    const run = new Run(scenario, { record: false, starts: true });
    for (const hours of MOMENTS_H) {
      const atUs = Math.min(hours * 3_600_000_000, scenario.horizonUs);
      while (!run.advance(atUs));
      const rows = run.processes()!;
      const counts = leakersOf(rows);
      const [culprit, most] = [...counts].sort(([, a], [, b]) => b - a)[0] ?? [null, 0];
      const zombies = [...counts.values()].reduce((sum, count) => sum + count, 0);
      for (const format of FORMATS) {
        const { main } = diagnoseText(renderColumns(rows, format, atUs / 1e6));
        expect(main.processes).toBe(rows.length);
        expect(main.zombies, format).toBe(zombies);
        if (most >= 5) {
          const family = main.zombiesByParent![0];
          expect([family.pid, family.count]).toEqual([culprit, most]);
          expect(family.comm).toBe(rows.find(({ pid }) => pid === culprit)!.comm);
          expect(family.adopter).toBe('pid1-of-container');
          expect(['leak', 'leak-stopped', 'old-burst', 'nearly-full', 'no-leak']).toContain(main.verdict);
        } else expect(['no-leak', 'live-processes']).toContain(main.verdict);
        if (format.includes('sid'))
          expect(main.pinned).toBe(run.node.context.kernel.pinnedPids(0 as never).length);
      }
      expect(diagnoseText(renderPs(rows)).main.zombies).toBe(zombies);
    }
  });
});

function fullAt({ outcome }: RunResult): number {
  if (outcome.kind !== 'exhausted') throw new Error(outcome.kind);
  return outcome.atSeconds;
}

describe('a leak of the model', () => {
  const text = (perHour: string): string => `apiVersion: pidsim/v1
kind: Scenario
metadata: {name: leaks, title: "one zombie each ${perHour}"}
spec:
  horizon: 30d
  node: {kernel: {pidMax: 4000}, baseline: {tasks: 100}, pause: "3.0"}
  pods: [{name: web, shareProcessNamespace: true, containers: [{name: app, program: app-no-wait, execs: [{every: ${perHour}, program: probe}]}]}]
  programs: {probe: {comm: probe, steps: [{fork: {comm: curl, steps: [{sleep: 1s}]}}]}}
`;
  const LISTING = 'pid,ppid,pgid,sid,nlwp,stat,lstart,cgroup,comm';

  function listings(every: string, hours: number[]): [string, string][] {
    const run = new Run(scenariosOf(text(every), 'leaks.yaml')[0], { record: false, starts: true });
    return hours.map((hour) => {
      while (!run.advance(hour * 3_600_000_000));
      return [`${hour}h`, renderColumns(run.processes()!, LISTING, hour * 3600)];
    });
  }

  it.each([
    ['10s', 360],
    ['1m', 60],
    ['7m', 60 / 7],
  ])('every %s is read back as its rate, from one list and from two', (every, perHour) => {
    const lists = listings(every, [2, 3]);
    const one = diagnoseTexts(lists.slice(0, 1));
    expect(one.main.ratePerHour!.value / perHour).toBeCloseTo(1, 1);
    expect(one.main.zombiesByParent![0]).toMatchObject({
      comm: 'pause',
      where: 'pod web, container sandbox',
    });
    const two = diagnoseTexts(lists, { apartHours: 1 });
    expect(two.comparison).toMatchObject({ obstacle: null, hours: 1 });
    expect(Math.abs(two.comparison!.perHour! - perHour)).toBeLessThanOrEqual(1);
  });

  it('is forecast, after a tenth of the way, within a tenth; and so is what --write writes down', () => {
    const full = simulate(scenariosOf(text('10s'), 'leaks.yaml')[0], { until: 'exhaustion' });
    const hours = fullAt(full) / 3600;
    const [list] = listings('10s', [hours / 10]);
    const { main } = diagnoseTexts([list], { pidMax: 4000 });
    const [soonest, latest] = main.rooms[0].hours!;
    expect(soonest).toBe(latest);
    expect(Math.abs(soonest / (hours * 0.9) - 1)).toBeLessThan(0.1);
    const again = simulate(scenariosOf(calibratedScenario(main)!, 'captured.yaml')[0], {
      until: 'exhaustion',
    });
    // Of 4,000 PIDs the pods themselves take some.
    expect(Math.abs(fullAt(again) / 3600 / soonest - 1)).toBeLessThan(0.1);
  });
});

describe('what is written down of a capture', () => {
  it.each(['r04', 'c14', 'c01', 'c16', 'r31'])('%s is a scenario that leaks at its rate', (id) => {
    const list = readFileSync(new URL(`captures/${id}.txt`, import.meta.url), 'utf8');
    const { main } = diagnoseText(list, { pidMax: 32_768 });
    const [scenario] = scenariosOf(calibratedScenario(main)!, 'captured.yaml');
    const hours = Math.min(main.rooms[0].hours![0] / 2, 200);
    const run = new Run(scenario, { record: false });
    while (!run.advance(Math.round(hours * 3_600_000_000)));
    const zombies = run.processes()!.filter(({ stat }) => stat.startsWith('Z')).length;
    expect(Math.abs(zombies / (main.currentRatePerHour! * hours) - 1)).toBeLessThan(0.05);
  });

  it('of a list without a rate is nothing', () => {
    expect(
      calibratedScenario(
        diagnoseText(readFileSync(new URL('captures/c18.txt', import.meta.url), 'utf8')).main,
      ),
    ).toBeNull();
  });
});
