/** The litmus files of this repository. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Litmus } from '../../../src/lab/litmus/litmus.js';
import { readLitmusFile } from '../../../src/lab/litmus/verify.js';

export const LITMUS_FOLDER = 'test/litmus';
export const OBSERVED_FOLDER = join(LITMUS_FOLDER, 'observed');

export function litmusPaths(): string[] {
  return readdirSync(LITMUS_FOLDER)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => join(LITMUS_FOLDER, name));
}

/** Every one of them; throws when one is none. */
export function readLitmusFiles(): Litmus[] {
  return litmusPaths().map((path) => {
    const parsed = readLitmusFile(path);
    if (!parsed.ok)
      throw new Error(`${path}: ${parsed.diagnostics.map(({ message }) => message).join('; ')}`);
    return parsed.value;
  });
}
