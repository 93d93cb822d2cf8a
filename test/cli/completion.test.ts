/** What the shell completes, asked as a real bash asks. */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { settingPaths } from '../../src/scenario/fields.js';
import { parseScenario } from '../../src/scenario/parse.js';
import { parseSetting } from '../../src/scenario/settings.js';

const CLI = join(import.meta.dirname, '../../dist/cli.js');
const pidsim = (...args: string[]) => execFileSync(process.execPath, [CLI, ...args], { encoding: 'utf8' });

/** The words that bash offers after Tab, when the last of these is being typed. */
function offered(...words: string[]): string[] {
  const asked = `pidsim() { '${process.execPath}' '${CLI}' "$@"; }
    source <(pidsim completion)
    COMP_WORDS=(pidsim "$@"); COMP_CWORD=$#; _pidsim; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', asked, 'bash', ...words], { encoding: 'utf8' })
    .split('\n')
    .filter(Boolean);
}

describe('pidsim completion', () => {
  test.each([
    [['va'], ['validate']],
    [['lab', 'in'], ['init']],
    [['run', '--replic'], ['--replications']],
    [['run', '-o', 'w'], ['wide']],
    [['lab', 'init', '--until'], ['--until-comm']],
    [['run', 'x.yaml', '--set', 'node.kernel.pidM'], ['node.kernel.pidMax']],
    [
      ['sweep', 'x.yaml', '--vary', 'pods.*.containers.*.livenessProbe.per'],
      ['pods.*.containers.*.livenessProbe.periodSeconds'],
    ],
  ])('%j: %j', (words, expected) => {
    expect(offered(...words)).toEqual(expected);
  });

  test.each([[['run', '']], [['nothing', 'x']], [['run', 'scen']], [['run', '--set', 'nothing.at.a']]])(
    '%j: nothing, so that the shell goes on to names of files',
    (words) => {
      expect(offered(...words)).toEqual([]);
    },
  );

  test('offers every command of the help', () => {
    const help = [...pidsim('--help').matchAll(/^ {2}pidsim (\w+)/gm)].map(([, name]) => name);
    expect(offered('')).toEqual([...new Set(help)]);
  });

  test('its script is one that a shell can read', () => {
    expect(spawnSync('bash', ['-n'], { input: pidsim('completion') }).status).toBe(0);
  });
});

test('every PATH that is offered is one that --set takes: a value of the wrong kind is all that is said', () => {
  const written = 'apiVersion: pidsim/v1\nkind: Scenario\nmetadata: {name: n}\nspec: {pods: []}';
  const unknown = settingPaths()
    .filter((path) => !path.includes('*'))
    .filter((path) => {
      const parsed = parseScenario(written, { settings: [parseSetting(`${path}=3`)!] });
      return (parsed.ok ? parsed.warnings : parsed.diagnostics).some(({ code }) => code === 'unknown-key');
    });
  expect(unknown).toEqual([]);
  const wrong = parseScenario(written, { settings: [parseSetting('node.kernel.pidmax=3')!] });
  expect(wrong.ok ? [] : wrong.diagnostics.map(({ code }) => code)).toEqual(['unknown-key']);
});
