/** Names and command lines to compiled programs: the scenario's own `programs:` laid over the catalogue. */
import { nameOfImage, serverOfImage } from '../program/catalogue/images.js';
import {
  type Assumption,
  CATALOGUE,
  programLibrary,
  type Resolution,
  type ResolveOptions,
  resolveCommand,
  resolveName,
} from '../program/catalogue/index.js';
import type { Program } from '../program/code.js';
import { compileSource } from '../program/compile.js';
import { readProgram } from '../program/parse.js';
import type { ProgramLibrary, ProgramSource, Step } from '../program/step.js';
import type { Userland } from '../program/userland.js';
import { below, type Findings, type Place } from '../text/findings.js';
import { didYouMean } from '../text/suggest.js';
import { isMapping, shorten } from '../text/value.js';
import { PROGRAMS_MAX } from './bounds.js';
import { readProgramFile } from './program-file.js';

/** What is to be assumed of commands that nobody knows. */
export type Assume = Pick<ResolveOptions, 'strict' | 'orphansOf' | 'orphans'> & {
  /** Of measured profiles with a race: how often it leaves an orphan (R64). */
  shareOf?: ReadonlyMap<string, number>;
};

/** Something that was taken for granted: where, what, and what follows from it. */
export interface AssumptionMade {
  where: string;
  what: string;
  effect: string;
  /** Orphans that each run of an assumed program leaves. */
  orphansPerRun?: number;
  /** The command of that program: `--assume COMMAND=orphans:1` sets another number. */
  command?: string;
}

interface Surroundings {
  /** Laid over the catalogue; the scenario's own programs are laid over both. */
  more?: ProgramLibrary;
  assume?: Assume;
  readFile: (path: string) => string | null;
  /** What has been said of the programs of this document: of a fleet's nodes once for all. */
  said?: Set<string>;
}

export class Programs {
  /** In the order in which they came up; each once. */
  readonly assumptions: AssumptionMade[] = [];
  /** Measured profiles with a race that something runs. */
  readonly races = new Set<string>();
  private readonly own = new Map<string, ProgramSource>();
  /** The scenario's own programs that are wrong: named elsewhere, they are not unknown. */
  private readonly broken = new Set<string>();
  private readonly compiled = new Map<string, Program | null>();
  private readonly noted = new Set<string>();
  private readonly said: Set<string>;
  private readonly library: ProgramLibrary;
  private readonly assume: Assume;

  constructor(
    private readonly findings: Findings,
    private readonly surroundings: Surroundings,
  ) {
    const { more, assume = {}, said = new Set() } = surroundings;
    this.assume = assume;
    this.said = said;
    const library = programLibrary(this.own);
    const get = (name: string): ProgramSource | undefined => {
      if (CATALOGUE.get(name)?.withShare !== undefined) this.races.add(name);
      return library.get(name);
    };
    this.library = { ...library, get };
    for (const name of more?.keys() ?? []) this.own.set(name, more!.get(name)!);
    for (const [name, share] of assume.shareOf ?? []) {
      const source = CATALOGUE.get(name)?.withShare?.(share);
      if (source !== undefined) this.own.set(name, source);
    }
  }

  /** Takes in `programs:`, then compiles each: a program that nothing runs is checked too. */
  addAll(raw: Readonly<Record<string, unknown>>): void {
    const count = Object.keys(raw).length;
    if (count > PROGRAMS_MAX) {
      const message = `${count} programs are too many: at most ${PROGRAMS_MAX}`;
      this.findings.error(this.findings.of(raw), 'out-of-range', message);
      for (const name of Object.keys(raw)) this.broken.add(name);
      return;
    }
    const names = Object.keys(raw).filter((name) => {
      const place = this.findings.of(raw, name);
      const value = raw[name];
      if (typeof value === 'string') return false;
      const found =
        isMapping(value) && 'file' in value
          ? readProgramFile(name, value, place, this.findings, this.surroundings.readFile)
          : isMapping(value) && 'orphanShare' in value
            ? this.withShare(value, place)
            : readProgram(value, place, this.findings);
      const sources = found instanceof Map ? found : new Map(found === null ? [] : [[name, found]]);
      for (const [each, source] of sources) this.own.set(each, source);
      if (sources.size === 0) this.broken.add(name);
      return sources.size > 0;
    });
    for (const name of names) this.compile(name, this.own.get(name)!, this.findings.of(raw, name));
    for (const [name, value] of Object.entries(raw))
      if (typeof value === 'string') this.addAlias(name, value, this.findings.of(raw, name));
  }

  /** `{program: NAME, orphanShare: 0.31}`: a measured profile with another share of its race (R64). */
  private withShare(
    { program, orphanShare, ...rest }: Record<string, unknown>,
    place: Place,
  ): ProgramSource | null {
    const build = typeof program === 'string' ? CATALOGUE.get(program)?.withShare : undefined;
    const isShare = typeof orphanShare === 'number' && orphanShare >= 0 && orphanShare <= 1;
    const [key] = Object.keys(rest);
    if (build !== undefined && isShare && key === undefined) return build(orphanShare);
    if (key !== undefined) {
      const message = `beside \`orphanShare\` stands \`program\` alone, not \`${key}\``;
      this.findings.error(below(place, key), 'unknown-key', message, { aim: 'key' });
    } else if (!isShare) {
      const message = '`orphanShare` is a share of the runs, from 0 to 1';
      this.findings.error(below(place, 'orphanShare'), 'out-of-range', message);
    } else {
      const names = [...CATALOGUE].flatMap(([name, entry]) => (entry.withShare === undefined ? [] : [name]));
      const at = program === undefined ? place : below(place, 'program');
      const hint = `Profiles with such a race: ${names.join(', ')}.`;
      const message = '`program` is to be a measured profile that has such a race';
      this.findings.error(at, 'unknown-value', message, { hint });
    }
    return null;
  }

  /** `mycheck: rabbitmqctl status`: another name of a command. */
  private addAlias(name: string, command: string, place: Place): void {
    const resolution = resolveName(command, this.library);
    if (resolution.ok) this.own.set(name, { ...resolution.source });
    else this.broken.add(name);
    this.take(resolution, place);
  }

  /** The server that an image of this name usually runs. Null: the name is not well known. */
  serverOf(image: string, place: Place): Program | null {
    const name = serverOfImage(image);
    const resolution = name === null ? null : resolveName(name, this.library);
    if (!resolution?.ok) return null;
    const { source } = resolution;
    const [what] = (source.description ?? '').split(/\.( |$)/);
    this.noteImage(image, place, `taken for \`${name}\` of the catalogue (${what})`);
    return this.compile(name!, source, place, 'image');
  }

  /**
   * The program assumed for an unknown image: it starts no process and runs until it is ended. With `ends`,
   * for an init container, it exits after a second.
   */
  assumeQuiet(image: string, place: Place, ends: boolean): string {
    const steps: Step[] = ends ? [{ sleep: '1s' }] : [{ 'on-term': 'exit' }, 'pause'];
    const name = `${ends ? 'init ' : ''}image ${image}`;
    const comm = nameOfImage(image) || 'app';
    this.own.set(name, { comm, description: 'Assumed: starts no process and waits for none.', steps });
    const effect = ends ? 'taken to end at once' : 'taken to start no process and to wait for none';
    this.noteImage(image, place, effect);
    return name;
  }

  private noteImage(image: string, place: Place, effect: string): void {
    this.note([{ what: `what the image \`${image}\` runs is not said`, effect, isUsual: true }], place);
  }

  /** The program of that name. Null, with a diagnostic at the place, when it is unknown or wrong. */
  named(name: string, place: Place, userland: Userland | null = null, stays = false): Program | null {
    if (this.broken.has(name)) return null;
    const resolution = resolveName(name, this.library, { userland, stays });
    if (!resolution.ok && !name.includes(' ')) {
      const { library } = this;
      this.findings.error(place, 'unknown-program', `there is no program \`${shorten(name)}\``, {
        get hint() {
          return didYouMean(name, library.keys());
        },
      });
      return null;
    }
    return this.take(resolution, place, `${userland} ${stays}`);
  }

  /** The program that a command line runs. Null, with a diagnostic at the place, when there is none. */
  ofCommand(
    argv: readonly string[],
    place: Place,
    { userland = null, stays = false, files }: Pick<ResolveOptions, 'userland' | 'stays' | 'files'> = {},
  ): Program | null {
    if (this.broken.has(argv[0]) || this.broken.has(argv.join(' '))) return null;
    const resolution = resolveCommand(argv, this.library, { ...this.assume, userland, stays, files });
    const scripts = Object.keys(files ?? {}).length === 0 ? '' : JSON.stringify(files);
    return this.take(resolution, place, `${userland} ${stays} ${scripts}`);
  }

  private take(resolution: Resolution, place: Place, variant = ''): Program | null {
    if (!resolution.ok) {
      const { problem } = resolution;
      if (isNew(problem.message, this.said)) this.findings.addObjection(place, problem);
      return null;
    }
    this.note(resolution.assumed, place);
    return this.compile(resolution.name, resolution.source, place, variant);
  }

  /** Says what is assumed: a warning for each thing, however often it comes up, and a line in the result. */
  private note(assumed: readonly Assumption[], place: Place): void {
    const fresh = assumed.filter((each) => isNew(textOf(each), this.noted));
    for (const { where, what, effect, orphansPerRun, command } of fresh) {
      const path = pathText(place.path);
      const made = { where: where === undefined ? path : `${path}, ${where}`, what, effect };
      this.assumptions.push(orphansPerRun === undefined ? made : { ...made, orphansPerRun, command });
    }
    const [first, ...more] = fresh.filter((each) => each.isUsual !== true && isNew(textOf(each), this.said));
    if (first === undefined) return;
    const others = more.length === 0 ? '' : `; and ${more.length} more like this, which the result lists`;
    const at = first.where === undefined ? '' : ` (${first.where})`;
    this.findings.warning(place, 'assumed-program', `${first.what}${at}: ${first.effect}${others}`);
  }

  private compile(name: string, source: ProgramSource, place: Place, variant = ''): Program | null {
    const key = `${variant}\n${name}`;
    const known = this.compiled.get(key);
    if (known !== undefined) return known;
    const result = compileSource(name, source, this.library);
    if (!result.ok) {
      this.broken.add(name);
      for (const problem of result.problems) this.findings.addObjection(place, problem);
    }
    const program = result.ok ? result.program : null;
    this.compiled.set(key, program);
    return program;
  }
}

function isNew(text: string, known: Set<string>): boolean {
  const { size } = known;
  return known.add(text).size > size;
}

function textOf({ where = '', what }: Assumption): string {
  return `${where} ${what}`;
}

/** `pods[0].containers[1].livenessProbe.exec.command`. */
function pathText(path: Place['path']): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? key : `${text}.${key}`),
    '',
  );
}
