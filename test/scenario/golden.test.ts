import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from '../../src/report/terminal.js';
import { parseScenario } from '../../src/scenario/parse.js';

describe('a file in which everything is wrong', () => {
  const path = 'everything-wrong.yaml';
  const text = readFileSync(`test/scenario/golden/${path}`, 'utf8');

  test('is told all of it at once', async () => {
    const parsed = parseScenario(text, { path });
    const lines = parsed.ok ? [] : parsed.diagnostics.map((diagnostic) => formatDiagnostic(diagnostic));
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('golden/everything-wrong.txt');
  });
});
