/** A script leaves, in the model, what it leaves in the real shells (R37). */
import { describe, expect, test } from 'vitest';
import { SHELLS } from '../../../src/program/shell/index.js';
import { MEASURED } from './measured.js';
import { MEASURED_WORDS } from './measured-words.js';
import { runOnModel } from './model.js';

const UNIT_MS = 250;
const NAMES = ['dash', 'bash', 'ash'] as const;

function onModel(shell: (typeof NAMES)[number], text: string, killAfterMs: number): string {
  const options = text.startsWith('-e ') ? ['-e'] : [];
  const script = options.length > 0 ? text.slice(3) : text;
  const left = runOnModel(SHELLS[shell], script, killAfterMs, UNIT_MS, options);
  if ('message' in left) return left.message;
  return `${left.zombies}/${left.pinned}${left.status < 0 ? '' : `=${left.status}`}`;
}

describe.each(Object.entries({ ...MEASURED, ...MEASURED_WORDS }))('R37: %s', (_, rows) => {
  test.each(rows)('%j', (text, ...real) => {
    const model = NAMES.flatMap((shell) => [onModel(shell, text, 0), onModel(shell, text, UNIT_MS)]);
    expect(model).toEqual(real);
  });
});

test('coreutils’ timeout ends a command also where SIGTERM is ignored', () => {
  // Measured, in bash: as in dash, but that bash becomes its last command.
  const left = (shell: 'dash' | 'bash', text: string) => runOnModel(SHELLS[shell], text, UNIT_MS, UNIT_MS);
  const script = 'trap "" TERM; timeout 0.1 slow; long';
  expect(left('bash', script)).toMatchObject({ zombies: 0 });
  expect(left('dash', script)).toMatchObject({ zombies: 1 });
  expect(left('bash', 'trap "" TERM; timeout 5 slow; long')).toMatchObject({ zombies: 1 });
});

test('a file that is read in, and whose name only the container knows, is said to be such', () => {
  const said = (text: string): string[] => {
    const left = runOnModel(SHELLS.bash, text, 0, UNIT_MS, []);
    return 'message' in left ? [left.message] : left.assumptions.map(({ what }) => what);
  };
  expect(said('. /etc/profile')).toEqual([
    'what the file /etc/profile does is not known; taken to start nothing',
  ]);
  expect(said('. "$ZOOBINDIR"/zkEnv.sh > /dev/null')).toEqual([
    'what a file whose name is not known does is not known; taken to start nothing',
  ]);
});
