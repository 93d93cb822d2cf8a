/**
 * Scripts in the three real shells and in the model: what is left, and the exit status. A small part of what
 * `npm run lab:fuzz -- --shell` does for long.
 */
import { expect } from 'vitest';
import { describeLive, itWith } from './live.js';
import { formatShellFuzz, fuzzShells } from './shell/compare.js';

describeLive('a random script', () => {
  itWith(
    ['dash', 'bash', 'busybox', 'cc'],
    'R37: leaves in the model what it leaves in dash, bash and ash',
    async () => {
      const report = await fuzzShells({ seed: 20, count: 20, atOnce: 16 });
      expect(report.agreed + report.races).toBeGreaterThan(100);
      expect(report.differences.length, formatShellFuzz(report)).toBe(0);
    },
  );
});
