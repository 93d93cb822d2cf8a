/**
 * The program as V8 keeps it. Half of a start was compiling it, so `build.js` runs it once and keeps the code that V8 made
 * of it in a file beside it, the code cache (docs/decisions/0012-a-code-cache.md).
 *
 * V8 takes that only for the same text, of the same version of itself with the same flags, and the file is named after
 * the Node that made it. Anything else compiles the program, as if there were no such file.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

/** `main.ts` and all it needs at once, in a function of what modules are given (`build.js`). */
const PROGRAM = fileURLToPath(new URL('program.cjs', import.meta.url));
const CODE_CACHE = `${PROGRAM}.${process.version}-${process.platform}-${process.arch}.cache`;

type Import = (specifier: string) => Promise<unknown>;
type Program = (require: NodeJS.Require, load: Import, url: string) => void;

export function loadProgram(cachedData?: Buffer): Script {
  // `build.js` leaves nothing but ASCII in it, and V8 need not decode that.
  return new Script(readFileSync(PROGRAM, 'latin1'), {
    // For stacks. No path: in a code cache it would be that of the machine where it was built.
    filename: 'pidsim/dist/program.cjs',
    cachedData,
  });
}

export function runProgram(script: Script): void {
  const program = script.runInThisContext() as Program;
  program(createRequire(import.meta.url), (specifier) => import(specifier), import.meta.url);
}

export function readCodeCache(): Buffer | undefined {
  try {
    return readFileSync(CODE_CACHE);
  } catch {
    return undefined;
  }
}

/** After a run: V8 has compiled by then what a run calls, and keeps nothing for the rest. */
export function writeCodeCache(script: Script): void {
  writeFileSync(CODE_CACHE, script.createCachedData());
}
