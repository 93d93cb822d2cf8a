/** How fast, from when on, until when; and when there must be no rate. */
import { describe, expect, it } from 'vitest';
import { rateOf } from '../../src/diagnose/rate.js';
import {
  dateOf,
  elapsedOf,
  placeStarts,
  type StartTime,
  startAt,
  startOf,
} from '../../src/procfs/start-time.js';
import { dateText, secondsOf } from '../../src/text/wall-clock.js';
import { diagnoseText, diagnoseTexts, warningsOf } from './support.js';

/** `count` starts, so far apart. */
function every(gapS: number, count: number, fromS = 1_000_000, doubtS = 0): Map<StartTime, number> {
  return new Map(Array.from({ length: count }, (_, index) => [startAt(fromS + index * gapS, doubtS), 1]));
}

describe('a rate', () => {
  it('is that of the gaps, if the times are fine enough for them', () => {
    expect(rateOf(every(10, 100), 1_000_995).perHour).toBeCloseTo(360);
    expect(rateOf(every(600, 20, 960_000, 60), null).perHour).toBeCloseTo(6);
    // Minutes, over five of them: anything from half to twice as much.
    const coarse = rateOf(every(60, 6, 960_000, 60), null);
    expect(coarse.perHour).toBeNull();
    expect(coarse.boundsPerHour![0]).toBeLessThan(60);
    expect(coarse.boundsPerHour![1]).toBeGreaterThan(60);
  });

  it('is none of two zombies, nor of any number that came at once', () => {
    expect(rateOf(every(10, 2), null).perHour).toBeNull();
    expect(rateOf(new Map([[startAt(1_000_000), 500]]), null).perHour).toBeNull();
  });

  it('leaves out the first day when only days are told: nobody knows when on it the leak began', () => {
    const days = new Map([0, 1, 2, 3, 4].map((day) => [startAt(day * 86_400, 86_400), day === 0 ? 7 : 48]));
    expect(rateOf(days, null).perHour).toBeCloseTo(2);
    expect(rateOf(new Map([...days].slice(0, 2)), null).perHour).toBeNull();
  });

  it('of a leak that has stopped is nothing now; a burst of long ago has none at all', () => {
    const leak = every(10, 100);
    expect(rateOf(leak, 1_000_995)).toMatchObject({ course: 'goes-on' });
    expect(rateOf(leak, 1_001_600)).toMatchObject({ course: 'stopped', currentPerHour: 0, perHour: 360 });
    expect(rateOf(leak, 1_090_000)).toMatchObject({ course: 'burst', currentPerHour: 0, perHour: null });
    expect(rateOf(leak, null)).toMatchObject({ course: 'unknown', currentPerHour: null });
  });

  it('that has changed is told as it is now too', () => {
    const changed = new Map([...every(100, 50, 1_000_000), ...every(10, 50, 1_005_000)]);
    const { perHour, currentPerHour } = rateOf(changed, 1_005_495);
    expect(perHour).toBeLessThan(80);
    expect(currentPerHour).toBeCloseTo(360);
  });

  it('has not changed where some that were due came late, all at once', () => {
    const late = new Map([...every(10, 40, 1_000_000), ...every(1, 20, 1_000_580)]);
    const { perHour, currentPerHour } = rateOf(late, 1_000_600);
    expect(perHour).toBeGreaterThan(350);
    expect(currentPerHour).toBe(perHour);
  });
});

describe('a start time', () => {
  it.each([
    ['10:42', 'clock', 38_520],
    ['10:42:07', 'clock', 38_527],
    ['2026-05-08 09:00:20', 'exact', secondsOf(2026, 5, 8, 32_420)],
    ['Fri May  8 09:00:20 2026', 'exact', secondsOf(2026, 5, 8, 32_420)],
    ['ven. mai  8 09:00:20 2026', 'exact', secondsOf(2026, 5, 8, 32_420)],
    ['2024', 'year', secondsOf(2024, 1, 1)],
  ])('%s is %s', (text, kind, fromS) => expect(startOf(text)).toMatchObject({ kind, fromS }));

  it.each([
    ['Mar06', 3],
    ['Mar 06', 3],
    ['févr.03', 2],
    ['mars14', 3],
    ['Mär06', 3],
    ['Dez24', 12],
    ['авг14', 8],
    ['3月06', 3],
    ['Ağu09', 8],
    ['gen15', 1],
  ])('%s is in month %i', (text, month) => expect(startOf(text)).toMatchObject({ kind: 'day', month }));

  it('in words of no language known here is said to be unread, and what is no time is none', () => {
    expect(startOf('ಮಾರ್06')).toMatchObject({ kind: 'unread' });
    expect(startOf('?')).toBeNull();
    expect(startOf('[curl]')).toBeNull();
    expect(dateOf('Linux oak 5.15.0 #1 SMP x86_64')).toBeNull();
  });

  it.each([
    ['355', -355],
    ['05:54', -354],
    ['1-02:03:04', -93_784],
    ['2h3m4.5s', -7384],
    ['41', -41],
  ])('ELAPSED %s is %i s ago', (text, fromS) => expect(elapsedOf(text)).toMatchObject({ fromS }));

  it('has its place by what is known of today', () => {
    const of = (...texts: string[]): StartTime[] => texts.map((text) => startOf(text)!);
    const [march, today] = of('Mar10', '10:00');
    placeStarts([march, today], null, 38_520);
    expect(today.fromS - march.fromS).toBe(86_400 + 36_000);
    const [late, now] = of('23:50', '00:10');
    placeStarts([late, now], null, now.fromS);
    expect(now.fromS - late.fromS).toBe(20 * 60);
    const [december, january] = of('Dec31', 'Jan01');
    placeStarts([december, january], null, null);
    expect(january.fromS - december.fromS).toBe(86_400);
    expect(dateText(secondsOf(2024, 2, 29, 3_661))).toBe('2024-02-29 01:01:01');
  });
});

const HEAD = 'PID PPID STAT STARTED COMMAND';

function list(
  minute: number,
  count: number,
  { start = '09:00:00', pid = 100, parent = 'app', from = 0 } = {},
): string {
  const at = (m: number): string => `Mon Nov 30 10:${String(m).padStart(2, '0')}:00 2026`;
  const rows = Array.from(
    { length: count },
    (_, index) => `${pid + index} 1 Z ${at(from + (index % 50))} curl`,
  );
  return [
    HEAD,
    `1 0 Ss Mon Nov 30 ${start} 2026 ${parent}`,
    ...rows,
    `${pid + count} 0 R ${at(minute)} ps`,
  ].join('\n');
}

describe('between two lists', () => {
  const between = (first: string, second: string) =>
    diagnoseTexts([
      ['a', first],
      ['b', second],
    ]);

  it('of one place there is a rate, in whichever order they are named', () => {
    const [first, second] = [list(10, 10), list(40, 40)];
    for (const diagnosis of [between(first, second), between(second, first)]) {
      expect(diagnosis.comparison).toMatchObject({ obstacle: null, hours: 0.5, perHour: 60 });
      expect(diagnosis.main.ratePerHour).toMatchObject({ value: 60, basis: 'two-captures' });
    }
  });

  it('there is none when the parent is another one: the container was restarted', () => {
    const diagnosis = between(list(10, 30), list(40, 5, { start: '10:30:00' }));
    expect(diagnosis.comparison).toMatchObject({ obstacle: 'parent-restarted', perHour: null });
    expect(warningsOf(diagnosis)).toContain('parent-restarted-between-captures');
  });

  it('there is none of two machines, by the names in the prompt or by their PID 1', () => {
    const named = between(`root@oak:~# ps\n${list(10, 10)}`, `root@elm:~# ps\n${list(40, 40)}`);
    expect(named.comparison).toMatchObject({ obstacle: 'other-machine', perHour: null });
    const other = between(list(10, 10), list(40, 40, { parent: 'nginx' }));
    expect(other.comparison!.perHour).toBeNull();
  });

  it('there is none when the PIDs began again and nobody is the same', () => {
    const first = list(10, 30, { pid: 30_000 }).replaceAll(' Mon Nov 30 10:', ' Mon Nov 30 10:');
    const diagnosis = between(first, list(40, 60, { pid: 400 }));
    expect(diagnosis.comparison).toMatchObject({ obstacle: 'pids-reused', perHour: null, wrapped: true });
  });

  it('without a date in them the time between has to be given', () => {
    const plain = (count: number): string =>
      [
        'PID PPID STAT COMMAND',
        '1 0 Ss app',
        ...Array.from({ length: count }, (_, index) => `${index + 9} 1 Z curl`),
      ].join('\n');
    const lists: [string, string][] = [
      ['a', plain(10)],
      ['b', plain(30)],
    ];
    expect(warningsOf(diagnoseTexts(lists))).toContain('time-between-unknown');
    expect(diagnoseTexts(lists, { apartHours: 0.25 }).main.ratePerHour!.value).toBe(80);
  });

  it('that tell their minutes alone there is one only if they are far enough apart', () => {
    const aux = (clock: string, count: number): string =>
      [
        'USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND',
        'root 1 0.0 0.0 100 100 ? Ss 10:00 0:00 /bin/app',
        ...Array.from(
          { length: count },
          (_, at) => `root ${at + 9} 0.0 0.0 0 0 ? Z 10:0${at % 9} 0:00 [curl] <defunct>`,
        ),
        `root ${count + 9} 0.0 0.0 9 9 ? R ${clock} 0:00 ps aux`,
      ].join('\n');
    // 61 to 179 seconds may have passed.
    const close = between(aux('10:15', 40), aux('10:17', 340));
    expect(close.comparison).toMatchObject({ obstacle: null, hours: null, perHour: null });
    expect(warningsOf(close)).toContain('time-between-unknown');
    const far = between(aux('10:15', 40), aux('10:25', 340));
    expect(far.main.ratePerHour).toMatchObject({ value: 1800, tolerancePct: 10, basis: 'two-captures' });
  });

  it('since boot there is one, in whichever order they are named', () => {
    const stats = (nowS: number, count: number): string =>
      [
        '1 (app) S 0 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 100',
        ...Array.from(
          { length: count },
          (_, at) => `${at + 9} (curl) Z 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 ${100 * (at + 5)}`,
        ),
        `${count + 9} (cat) R 0 ${count + 9} 0 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 ${100 * nowS}`,
      ].join('\n');
    const [first, second] = [stats(60, 50), stats(420, 410)];
    for (const { comparison } of [between(first, second), between(second, first)])
      expect(comparison).toMatchObject({ obstacle: null, hours: 0.1, perHour: 3600 });
  });

  it('a list without ends in nothing: a few zombies are no leak, a passing one is none either', () => {
    expect(diagnoseText(list(49, 4)).main.verdict).toBe('no-leak');
    const passing = [
      HEAD,
      '1 0 Ss Mon Nov 30 09:00:00 2026 make',
      ...[7, 8, 9, 10, 11, 12].map((pid) => `${pid} 1 Z Mon Nov 30 10:00:00 2026 cc1`),
      '20 0 R Mon Nov 30 10:00:01 2026 ps',
    ];
    expect(diagnoseText(passing.join('\n')).main.verdict).toBe('no-leak');
  });
});

describe('K3: room below a limit', () => {
  it('counts pinned PIDs and threads against pid_max, of which 300 are lost; against pids.max zombies alone', () => {
    const rows = Array.from(
      { length: 100 },
      (_, index) => `${1001 + 2 * index} 1 ${1000 + 2 * index} ${1000 + 2 * index} 1 Z curl`,
    );
    const text = ['PID PPID PGID SID NLWP STAT COMMAND', '1 0 1 1 9 Ssl app', ...rows].join('\n');
    const { main } = diagnoseText(text, { pidMax: 2000, pidsMax: 150, threadsMax: 5000 });
    expect(main.pinned).toBe(100);
    const used = main.rooms.map(({ limit, usable, used: taken }) => [limit, usable, taken]);
    expect(used).toEqual([
      ['pid_max', 1701, 209],
      ['threads-max', 5000, 109],
      ['pids.max', 150, 109],
    ]);
  });
});

describe('no new zombie between two lists', () => {
  const list = (nowMin: number, everyMin: number): string => {
    const at = (minute: number): string =>
      `Mon Nov 30 ${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}:00 2026`;
    return [
      'PID PPID STAT STARTED COMMAND',
      `1 0 Ss ${at(0)} app`,
      ...Array.from({ length: 10 }, (_, i) => `${10 + i} 1 Z ${at(1 + i * everyMin)} curl`),
      `900 0 R ${at(nowMin)} ps`,
    ].join('\n');
  };

  it('says nothing if one was hardly due, and that the leak has stopped if many were', () => {
    const pair = (everyMin: number) => {
      const last = 2 + 9 * everyMin;
      return diagnoseTexts([
        ['a', list(last, everyMin)],
        ['b', list(last + 20, everyMin)],
      ]);
    };
    expect(pair(15).main).toMatchObject({ verdict: 'leak', currentRatePerHour: 4 });
    expect(pair(1).main).toMatchObject({ verdict: 'leak-stopped', currentRatePerHour: 0 });
  });

  it('but more of them are a leak, though their start times are those of an old burst', () => {
    const burst = (nowMin: number, count: number): string =>
      list(nowMin, 0)
        .replace(/^1\d 1 Z.*\n/gm, '')
        .replace(/^900/m, `${zombies(count)}\n900`);
    const zombies = (count: number): string =>
      Array.from({ length: count }, (_, i) => `${10 + i} 1 Z Mon Nov 30 00:01:00 2026 curl`).join('\n');
    const { main } = diagnoseTexts([
      ['a', burst(600, 50)],
      ['b', burst(660, 90)],
    ]);
    expect(main).toMatchObject({ verdict: 'leak', ratePerHour: { value: 40 } });
  });
});
