/** Nodes that fill without a zombie: processes and threads that do not end. */
import { describe, expect, test } from 'vitest';
import { renderDiagnosis } from '../../src/report/diagnosis.js';
import { diagnoseText, diagnoseTexts } from './support.js';

const HEAD = 'PID PPID PGID SID NLWP STAT STARTED COMMAND';
const clock = (s: number): string =>
  `Mon Nov 30 14:${String(Math.floor(s / 60)).padStart(2, '0')}:${String(s % 60).padStart(2, '0')} 2026`;

/** A server, and so many children that live, one each so many seconds; the ps itself is the last to start. */
function list(count: number, everyS = 4, serverThreads = 1): string {
  const rows = [
    `1 0 1 1 1 Ss ${clock(0)} systemd`,
    `2 0 0 0 1 S ${clock(0)} kthreadd`,
    `400 1 400 400 ${serverThreads} Ssl ${clock(1)} server`,
    ...Array.from({ length: count }, (_, i) => `${500 + i} 400 400 400 1 S ${clock(2 + i * everyS)} worker`),
    `9000 400 9000 400 1 R ${clock(2 + count * everyS)} ps`,
  ];
  return [HEAD, ...rows].join('\n');
}

describe('processes that live and do not end', () => {
  test('one list tells how fast, and until when', () => {
    const { main } = diagnoseText(list(300), { pidMax: 32_768 });
    expect(main).toMatchObject({ verdict: 'live-processes', zombies: 0, ratePerHour: null });
    expect(main.livingPerHour).toBeCloseTo(900, -1);
    const [{ left, hours }] = main.rooms;
    expect(hours![0]).toBeCloseTo(left / 900, 0);
    expect(renderDiagnosis({ main, findings: [main], comparison: null })).toMatch(
      /^No zombies leak: 300 processes named worker .*, 90\d more per\s+hour\./,
    );
  });

  test('a crowd that came long ago and stays has no end', () => {
    const { main } = diagnoseText(list(300).replace(/^9000 .*$/m, `9000 400 9000 400 1 R ${clock(3599)} ps`));
    expect([main.livingPerHour, main.rooms.every(({ hours }) => hours === null)]).toEqual([null, true]);
  });

  test('two lists tell it of threads too; a few more are no growth', () => {
    const at = (threads: number, s: number): string =>
      list(5, 1, threads).replace(/^9000 .*$/m, `9000 400 9000 400 1 R ${clock(s)} ps`);
    const grown = diagnoseTexts([
      ['a', at(1000, 60)],
      ['b', at(1600, 660)],
    ]);
    expect(grown.main).toMatchObject({ verdict: 'threads', mostThreads: { threads: 1600 } });
    expect(grown.main.livingPerHour).toBeCloseTo(3600, -2);
    expect(renderDiagnosis(grown)).toMatch(/server \(PID 400\) has 1,600 threads/);
    const same = diagnoseTexts([
      ['a', at(1600, 60)],
      ['b', at(1610, 660)],
    ]);
    expect([same.main.livingPerHour, same.main.rooms[0].hours]).toEqual([null, null]);
  });

  test('near a limit without a zombie the first line says what is alive, and what to do', () => {
    const text = renderDiagnosis(diagnoseText(list(5, 1, 1600), { pidMax: 2000 }));
    expect(text).toMatch(/^Nearly full: .*\nNo zombies: server \(PID 400\) has 1,600 threads/);
    expect(text).toMatch(/NOW +1\. Make room at once[\s\S]*Restart server/);
  });

  test('a few zombies beside them change nothing of that', () => {
    const zombie = `8000 400 8000 400 1 Z ${clock(9)} sh`;
    const text = renderDiagnosis(diagnoseText(`${list(5, 1, 1600)}\n${zombie}`, { pidMax: 2000 }));
    expect(text).toMatch(/^Nearly full: .*\nNo zombies leak: server \(PID 400\) has 1,600 threads/);
    expect(text).not.toMatch(/\nCOUNT|\nRATE/);
  });

  test('a limit that they reach within the hour is said first, and whose children they are', () => {
    const text = renderDiagnosis(diagnoseText(list(300), { pidMax: 1000 }));
    expect(text).toMatch(/^Nearly full: .*, full in [\d.]+ min\.\nNo zombies: 300 processes named worker/);
    expect(text.replace(/\s+/g, ' ')).toContain(
      'All are children of server (PID 400): see why it starts so many worker',
    );
  });
});

describe('lists that do not show the parents of zombies', () => {
  const counts = '     60       3 Z\n      4       1 S\n      1    PPID STAT\n      1       0 S\n';

  test('counts by parent are read by the header that was counted with them', () => {
    const { main } = diagnoseText(counts);
    expect(main).toMatchObject({ zombies: 60, zombiesByParent: [{ pid: 3, count: 60 }] });
    expect(diagnoseText(counts.replace('60       3 Z', ' 1       3 Z')).main.verdict).not.toBe('leak');
  });

  test('without PPID the first line says how many, and that their parents are not shown', () => {
    const rows = Array.from(
      { length: 60 },
      (_, i) => `root ${50 + i} 0.0 0.0 0 0 ? Z 14:38 0:00 [curl] <defunct>`,
    );
    const head = 'USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND';
    const text = renderDiagnosis(
      diagnoseText(
        [
          head,
          'root 1 0.0 0.0 1 1 ? Ss 14:38 0:00 app',
          'root 7 0.0 0.0 1 1 ? S 14:38 0:00 web',
          ...rows,
        ].join('\n'),
      ),
    );
    expect(text).toMatch(/^60 zombies \(curl\); this list does not show their parents\./);
  });
});

describe('main threads that have ended while their threads go on (Zl)', () => {
  const rows = (row: (pid: number) => string): string[] =>
    Array.from({ length: 6 }, (_, at) => row(501 + at));
  const lists: Record<string, (stat: string) => string[]> = {
    'ps aux': (stat) => [
      'USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND',
      'root 1 0.0 0.0 100 100 ? Ss Nov29 0:01 /sbin/init',
      ...rows((pid) => `root ${pid} 0.0 0.0 0 0 ? ${stat} Nov30 0:00 [merger] <defunct>`),
      'root 900 0.0 0.0 10 10 pts/0 R+ 10:00 0:00 ps aux',
    ],
    'columns without parents': (stat) => [
      'PID STAT COMMAND',
      '1 Ss systemd',
      ...rows((pid) => `${pid} ${stat} merger`),
      '900 R ps',
    ],
    'a summary by parent': (stat) => [
      '$ ps -eo ppid,stat,comm | sort | uniq -c',
      `6 400 ${stat} merger`,
      '1 0 Ss systemd',
    ],
    'a summary by state': (stat) => [
      '$ ps -eo stat,comm | sort | uniq -c',
      `6 ${stat} merger`,
      '1 Ss systemd',
    ],
  };
  for (const [name, list] of Object.entries(lists))
    test(`are no leak in ${name}; zombies there are one`, () => {
      const diagnosis = diagnoseText(list('Zl').join('\n'));
      const { verdict, deadLeadersWithLiveThreads, ratePerHour } = diagnosis.main;
      expect([verdict, deadLeadersWithLiveThreads, ratePerHour]).toEqual(['no-leak', 6, null]);
      expect(renderDiagnosis(diagnosis)).toMatch(/^Nothing leaks here: 6 main threads have ended/);
      expect(diagnoseText(list('Z').join('\n')).main.verdict).toBe('leak');
    });

  test('are no fault of their parent', () => {
    const text = [
      'PID PPID STAT COMMAND',
      '1 0 Ss systemd',
      '400 1 Ss server',
      '501 400 Zl merger',
      '900 1 R ps',
    ];
    expect(renderDiagnosis(diagnoseText(text.join('\n')))).not.toMatch(/does not wait/);
    expect(renderDiagnosis(diagnoseText(text.join('\n').replace('Zl', 'Z')))).toMatch(/does not wait/);
  });
});
