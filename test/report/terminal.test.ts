import { describe, expect, test } from 'vitest';
import { diagnosticTally, formatDiagnostic } from '../../src/report/terminal.js';
import type { Diagnostic } from '../../src/text/diagnostic.js';

describe('diagnostics', () => {
  const text = 'spec:\n  pods:\n    - name: web\n\t\tperoidSeconds: 10\n';
  const diagnostic: Diagnostic = {
    file: 'a.yaml',
    line: 4,
    column: 3,
    severity: 'error',
    code: 'unknown-key',
    message: 'unknown key "peroidSeconds"',
    hint: 'did you mean "periodSeconds"?',
  };

  test('have place, severity, code, message, excerpt with a caret, and hint', () => {
    expect(formatDiagnostic(diagnostic, text)).toBe(
      [
        'a.yaml:4:3: error[unknown-key]: unknown key "peroidSeconds"',
        '    4 |   peroidSeconds: 10',
        '      |   ^',
        '  hint: did you mean "periodSeconds"?',
      ].join('\n'),
    );
  });

  test('need neither text nor hint nor line', () => {
    const bare: Diagnostic = { ...diagnostic, line: 0, column: 0, hint: undefined };
    expect(formatDiagnostic(bare, text)).toBe('a.yaml: error[unknown-key]: unknown key "peroidSeconds"');
    expect(formatDiagnostic({ ...diagnostic, hint: undefined })).toBe(
      'a.yaml:4:3: error[unknown-key]: unknown key "peroidSeconds"',
    );
    expect(formatDiagnostic({ ...diagnostic, line: 99 }, text)).not.toContain('|');
  });

  test('cut a long line to what is around the mark', () => {
    const long = `${'x'.repeat(500)}HERE${'y'.repeat(500)}`;
    const [, source, caret] = formatDiagnostic({ ...diagnostic, line: 1, column: 501 }, long).split('\n');
    expect(source.length).toBeLessThan(120);
    expect(source.slice(caret.indexOf('^'))).toMatch(/^HERE/);
  });

  test('do not let a file talk to the terminal', () => {
    const evil = 'key: "\u001b[2J\u0007"\n';
    const shown = formatDiagnostic(
      { ...diagnostic, line: 1, column: 6, message: 'bad \u001b]0;x\u0007' },
      evil,
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
    expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  test('are counted', () => {
    const warning: Diagnostic = { ...diagnostic, severity: 'warning', file: 'b.yaml' };
    expect(diagnosticTally([diagnostic, diagnostic, warning])).toBe('2 errors and 1 warning in 2 files');
    expect(diagnosticTally([warning])).toBe('1 warning in 1 file');
  });
});
