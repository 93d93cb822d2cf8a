/** Programs by name: a scenario's own over the catalogue, and command lines that are made up of them. */
import type { ProgramLibrary, ProgramSource } from '../step.js';
import { CATALOGUE } from './entries.js';
import { pauseProgram } from './programs.js';
import { madeUpSource, resolveCommand } from './resolve.js';
import { splitWords } from './words.js';

/**
 * A library of the programs in `own`, which may grow later, and the catalogue. `get` also answers to
 * `pause-VERSION` for every version, and to command lines of known programs: `tini -- rabbitmq-server`, `sh
 * -c 'a && b'`. Those are not listed by `keys`.
 */
export function programLibrary(own: ReadonlyMap<string, ProgramSource> = new Map()): ProgramLibrary {
  const named: ProgramLibrary = {
    get: (name) => own.get(name) ?? CATALOGUE.get(name)?.build() ?? pauseOf(name),
    has: (name) => own.has(name) || CATALOGUE.has(name) || pauseOf(name) !== undefined,
    keys: () => new Set([...own.keys(), ...CATALOGUE.keys()]).keys(),
  };
  const get = (name: string): ProgramSource | undefined => named.get(name) ?? madeUp(name, named);
  return { get, has: (name) => named.has(name) || get(name) !== undefined, keys: named.keys };
}

let catalogueAlone: ProgramLibrary | undefined;

export function catalogue(): ProgramLibrary {
  return (catalogueAlone ??= programLibrary());
}

function pauseOf(name: string): ProgramSource | undefined {
  return name.startsWith('pause-') ? pauseProgram(name.slice('pause-'.length)) : undefined;
}

function madeUp(name: string, named: ProgramLibrary): ProgramSource | undefined {
  const words = name.includes(' ') ? splitWords(name) : null;
  if (words === null) return undefined;
  const resolution = resolveCommand(words, named);
  return resolution.ok ? madeUpSource(resolution.source) : undefined;
}
