/** Prometheus' own program for rules and blocks, if it is installed. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Answer {
  isOk: boolean;
  text: string;
}

const OUTPUT_BYTES_MAX = 1 << 28;

/** null: there is no promtool here. */
export function promtool(args: readonly string[], cwd?: string): Promise<Answer | null> {
  return new Promise((resolve) => {
    execFile('promtool', args, { cwd, maxBuffer: OUTPUT_BYTES_MAX }, (error, stdout, stderr) => {
      if ((error as NodeJS.ErrnoException | null)?.code === 'ENOENT') resolve(null);
      else resolve({ isOk: error === null, text: stdout + stderr });
    });
  });
}

/** `promtool test rules` of some texts. */
export function testRules(test: string, ruleFiles: Readonly<Record<string, string>>): Promise<Answer | null> {
  return inFolder({ ...ruleFiles, 'test.yml': test }, ['test', 'rules', 'test.yml']);
}

/** `promtool check rules` of a text that was read from elsewhere, which its answer names. */
export async function checkRules(text: string, path: string): Promise<Answer | null> {
  const answer = await inFolder({ 'rules.yml': text }, ['check', 'rules', 'rules.yml']);
  return answer && { ...answer, text: answer.text.replaceAll('rules.yml', path) };
}

/** In a folder with some files, which is gone afterwards. */
async function inFolder(
  files: Readonly<Record<string, string>>,
  args: readonly string[],
): Promise<Answer | null> {
  const folder = await mkdtemp(join(tmpdir(), 'pidsim-alerts-'));
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    return await promtool(args, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
