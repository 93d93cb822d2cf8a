/** What is no process list, or a damaged one: named, never obeyed, never thrown at anybody. */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderDiagnosis, renderRefusal } from '../../src/report/diagnosis.js';
import { capturesOf, diagnoseText, warningsOf } from './support.js';

const HEAD = '  PID  PPID  PGID   SID STAT                  STARTED COMMAND';

function zombie(pid: number, ppid: number, more = ''): string {
  return `${pid} ${ppid} ${pid} ${pid} Z Sun Nov 29 12:00:${String(pid % 60).padStart(2, '0')} 2026 curl${more}`;
}

function list(...rows: string[]): string {
  return [HEAD, '1 0 1 1 Ss Sun Nov 29 11:00:00 2026 node', ...rows].join('\n');
}

describe('what is no process list is refused with what to type', () => {
  it.each([
    ['', 'empty'],
    ['\n \n\r\n', 'empty'],
    ['\u0000\u0001\ufffd\ufffdELF\u0000', 'binary'],
    ['UID PID PPID C STIME TTY TIME CMD', 'empty-list'],
    ['NAME READY STATUS RESTARTS AGE\nweb 1/1 Running 0 9d', 'kubectl-get-pods'],
    ['CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES', 'docker-ps'],
    ['CONTAINER           IMAGE               CREATED             STATE  NAME', 'crictl-ps'],
    ['bash: fork: retry: Resource temporarily unavailable', 'cannot-fork'],
    [
      'OCI runtime exec failed: exec: "ps": executable file not found in $PATH: unknown',
      'no-ps-in-container',
    ],
    ['Image Name                     PID Session Name', 'not-linux'],
    ['{\n "apiVersion": "v1"', 'manifest'],
    ['# HELP node_processes_pids Number of PIDs', 'metrics'],
    ['Dear all, the node is slow. Please help.', 'no-process-list'],
    ['|---|---|\n--- a --- b ---', 'no-process-list'],
  ])('%j', (text, refusal) => {
    const { main } = diagnoseText(text);
    expect([main.usable, main.refusal]).toEqual([false, refusal]);
    expect(renderRefusal(main)).toMatch(/hint: \S/);
  });
});

describe('a damaged list', () => {
  it('skips rows that are none, by their lines, and keeps the others', () => {
    const { main } = diagnoseText(
      list(zombie(12, 1), '12 x Z curl', zombie(4_194_305, 1), zombie(2 ** 31, 1), zombie(13, 1)),
    );
    expect(main.zombies).toBe(2);
    expect(main.warnings).toContainEqual({ id: 'skipped-lines', of: '4, 5, 6' });
  });

  it('knows a PID once, though it stands there twice', () => {
    const diagnosis = diagnoseText(list(zombie(12, 1), zombie(12, 1), zombie(13, 1)));
    expect(diagnosis.main.zombies).toBe(2);
    expect(warningsOf(diagnosis)).toContain('duplicate-pids');
  });

  it('may be counted by something that is not a PPID', () => {
    const counts = diagnoseText(
      '# ps -e -o ppid,comm | sort | uniq -c\n 60 136 curl\n 50 __proto__ timeout\n  1 PPID COMMAND',
    );
    expect(counts.main.candidates.map(({ pid }) => pid)).toEqual([136, null]);
  });

  it('has its rows by PID, though no machine gives such a PID, or the list has none', () => {
    const stats = [1, 4_194_304, 2 ** 31, 2 ** 52].map(
      (pid) => `${pid} (a) S 0 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 5`,
    );
    const [{ rows, byPid }] = capturesOf('stats', stats.join('\n'));
    expect(rows.map(({ pid }) => byPid.get(pid)!.pid)).toEqual([1, 4_194_304, 2 ** 31, 2 ** 52]);
    const [tree] = capturesOf('tree', 'init-+-sh---curl\n     `-web');
    expect(tree.rows.map(({ pid }) => tree.byPid.get(pid)!.name)).toEqual(['init', 'sh', 'curl', 'web']);
    expect([tree.byPid.has(0), tree.byPid.has(5_000), byPid.has(7)]).toEqual([false, false, false]);
  });

  it('has no time in a language that is not read, unless a row says so', () => {
    const words = list('a head that is no row', zombie(12, 1).replace('Nov', 'Quux'), 'and one more');
    expect(diagnoseText(words).main.warnings).toContainEqual({ id: 'unread-dates', of: '1' });
  });

  it('may be a circle of parents', () => {
    expect(warningsOf(diagnoseText(list(zombie(5, 6), zombie(6, 7), zombie(7, 5))))).toContain('ppid-cycle');
    expect(warningsOf(diagnoseText(list(zombie(5, 5))))).toContain('ppid-cycle');
    expect(warningsOf(diagnoseText(list(zombie(5, 6), zombie(6, 7), zombie(7, 1))))).not.toContain(
      'ppid-cycle',
    );
  });

  it('does not command the terminal', () => {
    const rows = [12, 13, 14, 15, 16, 17].map((pid) => zombie(pid, 9, '\u001b[2J\u0007\u202e'));
    const text = renderDiagnosis(
      diagnoseText(list('9 1 9 9 S Sun Nov 29 11:00:00 2026 \u001b]0;evil\u0007', ...rows)),
    );
    expect(text).toContain('\\x1b[2J\\x07\\u202e');
    expect(text).toContain('\\x1b]0;evil');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  });

  it('is read without the colours of grep', () => {
    const row = (pid: number): string =>
      `root ${pid} 1 0 10:0${pid % 10} ? 00:00:00 [curl] <\u001b[01;31m\u001b[Kdefunct\u001b[m\u001b[K>`;
    const text = [
      'UID PID PPID C STIME TTY TIME CMD',
      'root 1 0 0 10:00 ? 00:00:00 /bin/app',
      ...[2, 3, 4, 5, 6].map(row),
    ];
    expect(diagnoseText(text.join('\r\n')).main).toMatchObject({ zombies: 5, verdict: 'leak' });
  });

  it('of more lines than a machine has PIDs takes bounded time and memory', () => {
    const rows = Array.from({ length: 100_000 }, (_, index) => zombie(index + 2, 1));
    expect(diagnoseText(list(...rows)).main.zombies).toBe(100_000);
    expect(diagnoseText(`${HEAD}\n`.repeat(10_000)).main.refusal).toBe('empty-list');
    expect(diagnoseText(' '.repeat(3_000_000)).main.refusal).toBe('empty');
    expect(diagnoseText(list(zombie(3, 1, 'x '.repeat(1_000_000)))).main.zombies).toBe(1);
    expect(diagnoseText('some words 12 of prose\n'.repeat(50_000)).main.usable).toBe(false);
  });
});

const FOLDERS = ['captures/', 'own/'].map((name) => new URL(name, import.meta.url));
const TEXTS = FOLDERS.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.txt'))
    .map((name) => readFileSync(new URL(name, folder), 'utf8').slice(0, 6_000)),
);

describe('whatever is pasted', () => {
  const mutation = fc.record({
    text: fc.constantFrom(...TEXTS),
    cuts: fc.array(
      fc.record({
        at: fc.nat(6_000),
        drop: fc.nat(200),
        insert: fc.string({ unit: 'binary', maxLength: 12 }),
      }),
      { maxLength: 8 },
    ),
    other: fc.constantFrom(...TEXTS, ''),
    isShuffled: fc.boolean(),
  });

  it('never throws, never prints what a terminal would obey, never invents a zombie', () => {
    fc.assert(
      fc.property(mutation, ({ text, cuts, other, isShuffled }) => {
        let damaged = text;
        for (const { at, drop, insert } of cuts)
          damaged = damaged.slice(0, at) + insert + damaged.slice(at + drop);
        const lines = `${damaged}\n${other}`.split('\n');
        const diagnosis = diagnoseText((isShuffled ? lines.reverse() : lines).join('\n'));
        const { main } = diagnosis;
        const words = main.usable ? renderDiagnosis(diagnosis) : renderRefusal(main);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this is about
        expect(words).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
        for (const family of main.zombiesByParent ?? [])
          expect(family.count).toBeLessThanOrEqual(main.zombies!);
        const { ratePerHour } = main;
        if (ratePerHour !== null) expect(Number.isFinite(ratePerHour.value)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('is any text at all', () => {
    const text = fc.array(
      fc.oneof(fc.string({ unit: 'binary', maxLength: 100 }), fc.constantFrom(HEAD, '1 0 1 1 Z', '$ ps -ef')),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(text, (lines) => {
        const diagnosis = diagnoseText(lines.join('\n'));
        expect(diagnosis.main.usable ? renderDiagnosis(diagnosis) : renderRefusal(diagnosis.main)).not.toBe(
          '',
        );
      }),
      { numRuns: 300 },
    );
  });
});
