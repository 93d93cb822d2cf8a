/** The commands that manifests have get an answer, and what is taken for granted in it is said. */
import { describe, expect, test } from 'vitest';
import { programLibrary, resolveCommand } from '../../../src/program/catalogue/index.js';
import { World } from '../world.js';
import { PROBES } from './probes.js';

const LIBRARY = programLibrary();

describe('a probe’s command has a program that runs', () => {
  test.each(PROBES.map((command) => [command.join(' '), command] as const))('%j', (_, command) => {
    for (const userland of ['debian', 'busybox', 'rhel'] as const) {
      const resolution = resolveCommand(command, LIBRARY, { userland });
      if (!resolution.ok) throw new Error(resolution.problem.message);
      const world = new World('pause-3.1');
      world.enter(resolution.source);
      world.run('30s');
      expect(world.machine.runaway).toBeNull();
    }
  });
});
