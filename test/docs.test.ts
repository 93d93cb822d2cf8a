/**
 * The documents are run: every ```console block is a command and what it prints, and prints it still.
 *
 * `npm run docs` writes the output of today into the blocks; read the difference before you commit it.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { testWithPromtool } from './promtool.js';

const ROOT = join(import.meta.dirname, '..');
const UPDATE = process.env.PIDSIM_UPDATE_DOCS === '1';
const CONSOLE_BLOCK = /```console\n\$ (.+)\n([\s\S]*?)```/g;

function documents(): string[] {
  const inDocs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .sort();
  return ['README.md', ...inDocs.map((name) => join('docs', name))];
}

/** What a reader would see: stdout and stderr of the command, whatever its exit code. */
function output(command: string): string {
  const script = `pidsim() { node dist/cli.js "$@"; }; { ${command}; } 2>&1 || true`;
  return execFileSync('bash', ['-c', script], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, NO_COLOR: '1', COLUMNS: '120' },
  });
}

for (const path of documents()) {
  const file = join(ROOT, path);
  let text = readFileSync(file, 'utf8');
  const blocks = [...text.matchAll(CONSOLE_BLOCK)];
  if (blocks.length === 0) continue;
  describe(path, () => {
    for (const [block, command, shown] of blocks) {
      const run = command.includes('alerts test') ? testWithPromtool : test;
      run(`$ ${command}`, () => {
        const printed = output(command);
        if (UPDATE) {
          text = text.replace(block, () => `\`\`\`console\n$ ${command}\n${printed}\`\`\``);
          writeFileSync(file, text);
        } else {
          expect(printed).toBe(shown);
        }
      });
    }
  });
}

describe('links between documents', () => {
  for (const path of documents()) {
    test(`${path} links only to files that exist`, () => {
      const text = readFileSync(join(ROOT, path), 'utf8');
      const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)].map(
        ([, target]) => target,
      );
      for (const target of targets) {
        expect(() => readFileSync(join(ROOT, path, '..', target)), `${path}: ${target}`).not.toThrow(
          /ENOENT/,
        );
      }
    });
  }
});
