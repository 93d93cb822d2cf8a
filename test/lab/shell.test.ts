/**
 * Scripts in the three real shells and in the model: what is left, and the exit status. A small part of what
 * `npm run lab:fuzz -- --shell` does for long.
 */
import { expect } from 'vitest';
import { pidsCgroupRoot } from '../../src/lab/namespace/setup.js';
import type { ShellName } from '../../src/program/shell/kinds.js';
import { describeLive, itWith } from './live.js';
import { formatShellFuzz, fuzzShells, inParallel, onModel, Runner } from './shell/compare.js';

describeLive('a random script', () => {
  itWith(
    ['dash', 'bash', 'busybox', 'cc'],
    'R37: leaves in the model what it leaves in dash, bash and ash',
    async () => {
      const report = await fuzzShells({ seed: 20, count: 20, atOnce: 16 });
      const { agreed, disturbed, chance, otherChance } = report;
      expect(agreed + disturbed.length + chance.length + otherChance.length).toBeGreaterThan(100);
      expect(report.differences.length, formatShellFuzz(report)).toBe(0);
    },
  );
});

/** Enough forks of every kind; what each does when one of them is refused is for the real shells to say. */
const FORKING = [
  'quick',
  'quick; quick',
  'quick; bad; quick',
  'quick && quick',
  'bad || quick',
  'quick | cat',
  'quick | quick | cat',
  'x=$(quick); quick',
  'echo $(quick)',
  '(quick; quick)',
  '(quick); quick',
  '{ quick; quick; }',
  'if quick; then quick; fi; true',
  'for i in 1 2; do quick; done',
  'quick & wait',
  'slow & quick',
  'spawn; quick',
  'timeout 5 quick',
  'timeout 5 quick; quick',
  'trap "quick" EXIT; quick',
  'exec quick',
  'test "$(quick)" = ""',
];
const ROOMS = [0, 1, 2, 3];

/** Named among the commands that it needs, so that it is skipped for that reason where there is none. */
const CGROUP = pidsCgroupRoot() === null ? ['a pids cgroup'] : [];

describeLive('a shell whose fork is refused', () => {
  /** Each script with room for 0, 1, 2 and 3 more processes; a pace for shells that try again. */
  async function differences(
    shells: readonly ShellName[],
    atOnce: number,
    unitMs?: number,
  ): Promise<string[]> {
    const runner = new Runner();
    const found: string[] = [];
    const cases = shells.flatMap((shell) =>
      FORKING.flatMap((text) => ROOMS.map((room) => ({ shell, text, room }))),
    );
    await inParallel(cases, atOnce, async ({ shell, text, room }) => {
      const each = { shell, script: { text, options: [] }, killed: false, pidsMax: 1 + room, unitMs };
      const [real, model] = [await runner.run(each), onModel(each).text];
      if (real !== model) found.push(`${shell}, room for ${room}: ${text}: ${real}, the model ${model}`);
    });
    runner.close();
    return found;
  }

  itWith(
    ['dash', 'busybox', 'cc', ...CGROUP],
    'K44, R16, R39: ends in the model as it really ends, at every fork',
    async () => expect(await differences(['dash', 'ash'], 1)).toEqual([]),
  );

  // bash tries again for 15 s: all of them sleep side by side.
  itWith(
    ['bash', 'cc', ...CGROUP],
    'K44, R16, R39: the same in bash, which tries every fork again',
    async () => expect(await differences(['bash'], ROOMS.length * FORKING.length, 8_000)).toEqual([]),
    180_000,
  );
});
