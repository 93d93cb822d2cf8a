/**
 * Scripts in the three real shells and in the model: what is left, and the exit status. A small part of what
 * `npm run lab:fuzz -- --shell` does for long.
 */
import { expect } from 'vitest';
import { pidsCgroupRoot } from '../../src/lab/namespace/setup.js';
import { describeLive, itWith } from './live.js';
import { formatShellFuzz, fuzzShells, onModel, Runner } from './shell/compare.js';

describeLive('a random script', () => {
  itWith(
    ['dash', 'bash', 'busybox', 'cc'],
    'R37: leaves in the model what it leaves in dash, bash and ash',
    async () => {
      const report = await fuzzShells({ seed: 20, count: 20, atOnce: 16 });
      expect(report.agreed + report.disturbed + report.chance.length).toBeGreaterThan(100);
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
  const shells = (['dash', 'ash'] as const).flatMap((shell) => FORKING.map((text) => [shell, text] as const));

  itWith(
    ['dash', 'busybox', 'cc', ...CGROUP],
    'K44, R16, R39: ends in the model as it really ends, at every fork',
    async () => {
      const runner = new Runner();
      const differences: string[] = [];
      for (const [shell, text] of shells)
        for (const room of ROOMS) {
          const each = { shell, script: { text, options: [] }, killed: false, pidsMax: 1 + room };
          const [real, model] = [await runner.run(each), onModel(each).text];
          if (real !== model)
            differences.push(`${shell}, room for ${room}: ${text}: ${real}, the model ${model}`);
        }
      runner.close();
      expect(differences).toEqual([]);
    },
  );
});
