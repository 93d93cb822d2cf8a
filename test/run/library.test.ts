import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as library from '../../src/index.js';

const ROOT = new URL('../..', import.meta.url).pathname;

describe('the library', () => {
  test('has a parser, a simulator and an observer', () => {
    expect(library).toMatchObject({
      parseScenario: expect.any(Function),
      simulate: expect.any(Function),
      observeAt: expect.any(Function),
    });
  });

  // `npm test` builds first.
  test.skipIf(!existsSync(`${ROOT}dist/index.js`))(
    'the example in the documents runs, as a user would run it',
    () => {
      const output = execFileSync(process.execPath, ['docs/examples/library.mjs'], {
        cwd: ROOT,
        encoding: 'utf8',
      });
      const [full, zombies, never, none] = output.trim().split('\n');
      expect(full).toMatch(
        /^pause 3\.0: full after 2\d\.\d h, refused by pid-max; 4\.\d\d PIDs lost per probe run$/,
      );
      expect(zombies).toMatch(/^ {2}after 10 minutes: 1[2-6]\d zombies in the pod$/);
      expect(never).toBe('pause 3.1: not full after 48 h; projection: never; 0.00 PIDs lost per probe run');
      expect(none).toBe('  after 10 minutes: 0 zombies in the pod');
    },
  );
});
