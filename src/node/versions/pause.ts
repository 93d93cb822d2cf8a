/** What changed between versions of the pause image. From 3.2 on nothing that concerns processes on Linux. */
import { type Fact, valuesAt } from './fact.js';

export const PAUSE = {
  program: {
    rule: 'R1',
    what:
      'The catalogue’s program that does as this pause does: `pause-3.1` reaps what it adopts, ' +
      '`pause-3.0` does not.',
    source: 'kubernetes build/pause/CHANGELOG.md; PR 36853, released by PR 56762',
    history: { pause: ['pause-3.0', ['3.1', 'pause-3.1']] },
  } as Fact<'pause-3.0' | 'pause-3.1'>,
};

export function pauseProgramName(version: string): 'pause-3.0' | 'pause-3.1' {
  return valuesAt(PAUSE, [['pause', version]]).program;
}
