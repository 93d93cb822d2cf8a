/**
 * A process that writes a version of an output folder and kills itself: `killed-writer.ts FOLDER TEXT
 * after|render COUNT`.
 */
import { rename } from 'node:fs/promises';
import { writeOutput } from '../../src/host/write-files.js';
import type { OutputFile } from '../../src/report/files.js';

const [folder, text, when, count] = process.argv.slice(2);
let done = 0;

function dieAt(): void {
  if (done++ === Number(count)) process.kill(process.pid, 'SIGKILL');
}

const marker = JSON.stringify({ apiVersion: 'pidsim/v1', text });
const files: OutputFile[] = ['one/summary.json', 'one/timeline.csv', 'two/summary.json', 'summary.json'].map(
  (path) => ({
    path,
    text: () => {
      if (when === 'render') dieAt();
      return path.endsWith('.json') ? marker : text;
    },
  }),
);

await writeOutput(folder, files, {
  rename: async (from, to) => {
    if (when === 'after') dieAt();
    await rename(from, to);
  },
});
