/**
 * Names and command lines to compiled programs: the scenario's own `programs:` laid over the catalogue.
 */
import {
  type Assumption,
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
import type { Findings, Place } from '../text/findings.js';
import { didYouMean } from '../text/suggest.js';
import { isMapping, shorten } from '../text/value.js';
import { readProgramFile } from './program-file.js';

/** What is to be assumed of commands that nobody knows. */
export type Assume = Pick<ResolveOptions, 'strict' | 'orphansOf' | 'orphans'>;

/** Something that was taken for granted: where, what, and what follows from it. */
export interface ScenarioAssumption {
  where: string;
  what: string;
  effect: string;
  /** Orphans that each run of an assumed program leaves. */
  orphansPerRun?: number;
}

interface Surroundings {
  /** Laid over the catalogue; the scenario's own programs are laid over both. */
  more?: ProgramLibrary;
  assume?: Assume;
  readFile: (path: string) => string | null;
}

export class Programs {
  /** In the order in which they came up; each once. */
  readonly assumptions: ScenarioAssumption[] = [];
  private readonly own = new Map<string, ProgramSource>();
  /** The scenario's own programs that are wrong: named elsewhere, they are not unknown. */
  private readonly broken = new Set<string>();
  private readonly compiled = new Map<string, Program | null>();
  private readonly said = new Set<string>();
  private readonly library = programLibrary(this.own);
  private readonly assume: Assume;

  constructor(
    private readonly findings: Findings,
    private readonly surroundings: Surroundings,
  ) {
    const { more, assume = {} } = surroundings;
    this.assume = assume;
    for (const name of more?.keys() ?? []) this.own.set(name, more!.get(name)!);
  }

  /** Takes in `programs:`, then compiles each: a program that nothing runs is checked too. */
  addAll(raw: Readonly<Record<string, unknown>>): void {
    const names = Object.keys(raw).filter((name) => {
      const place = this.findings.of(raw, name);
      const value = raw[name];
      if (typeof value === 'string') return false;
      const found =
        isMapping(value) && 'file' in value
          ? readProgramFile(name, value, place, this.findings, this.surroundings.readFile)
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

  /** `mycheck: rabbitmqctl status`: another name of a command. */
  private addAlias(name: string, command: string, place: Place): void {
    const resolution = resolveName(command, this.library);
    if (resolution.ok) this.own.set(name, { ...resolution.source });
    else this.broken.add(name);
    this.take(resolution, place);
  }

  /**
   * A program that blocks for ever, or ends after a second: stands for one of which nothing else is known.
   */
  assumeQuiet(name: string, comm: string, ends = false): string {
    const steps: Step[] = ends ? [{ sleep: '1s' }] : [{ 'on-term': 'exit' }, 'pause'];
    this.own.set(name, { comm, description: 'Assumed: starts no process and waits for none.', steps });
    return name;
  }

  /** The program of that name. Null, with a diagnostic at the place, when it is unknown or wrong. */
  named(name: string, place: Place, userland: Userland | null = null, stays = false): Program | null {
    if (this.broken.has(name)) return null;
    const resolution = resolveName(name, this.library, { userland, stays });
    if (!resolution.ok && !name.includes(' ')) {
      const hint = didYouMean(name, this.library.keys());
      this.findings.error(place, 'unknown-program', `there is no program \`${shorten(name)}\``, { hint });
      return null;
    }
    return this.take(resolution, place, `${userland} ${stays}`);
  }

  /** The program that a command line runs. Null, with a diagnostic at the place, when there is none. */
  ofCommand(
    argv: readonly string[],
    place: Place,
    { userland = null, stays = false }: { userland?: Userland | null; stays?: boolean } = {},
  ): Program | null {
    if (this.broken.has(argv[0]) || this.broken.has(argv.join(' '))) return null;
    const resolution = resolveCommand(argv, this.library, { ...this.assume, userland, stays });
    return this.take(resolution, place, `${userland} ${stays}`);
  }

  private take(resolution: Resolution, place: Place, variant = ''): Program | null {
    if (!resolution.ok) {
      const { problem } = resolution;
      if (this.isNew(problem.message)) this.findings.addObjection(place, problem);
      return null;
    }
    this.note(resolution.assumed, place);
    return this.compile(resolution.name, resolution.source, place, variant);
  }

  /** Says what is assumed: a warning for each thing, however often it comes up, and a line in the result. */
  private note(assumed: readonly Assumption[], place: Place): void {
    const fresh = assumed.filter(({ where = '', what }) => this.isNew(`${where} ${what}`));
    for (const { where, what, effect, orphansPerRun } of fresh) {
      const path = pathText(place.path);
      const made = { where: where === undefined ? path : `${path}, ${where}`, what, effect };
      this.assumptions.push(orphansPerRun === undefined ? made : { ...made, orphansPerRun });
    }
    const [first, ...more] = fresh.filter(({ isUsual }) => isUsual !== true);
    if (first === undefined) return;
    const others = more.length === 0 ? '' : `; and ${more.length} more like this, which the result lists`;
    const at = first.where === undefined ? '' : ` (${first.where})`;
    this.findings.warning(place, 'assumed-program', `${first.what}${at}: ${first.effect}${others}`);
  }

  private isNew(text: string): boolean {
    const { size } = this.said;
    return this.said.add(text).size > size;
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

/** `pods[0].containers[1].livenessProbe.exec.command`. */
function pathText(path: Place['path']): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text === '' ? key : `${text}.${key}`),
    '',
  );
}
