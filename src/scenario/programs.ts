/**
 * Names and command lines to compiled programs: the scenario's own `programs:` laid over the catalogue.
 */
import { programLibrary, type Resolution, resolveCommand, resolveName } from '../program/catalogue/index.js';
import type { Program } from '../program/code.js';
import { compileSource } from '../program/compile.js';
import { readProgram } from '../program/parse.js';
import type { ProgramLibrary, ProgramSource, Step } from '../program/step.js';
import type { Findings, Place } from '../text/findings.js';
import { didYouMean } from '../text/suggest.js';
import { shorten } from '../text/value.js';

export class Programs {
  private readonly own = new Map<string, ProgramSource>();
  /** The scenario's own programs that are wrong: named elsewhere, they are not unknown. */
  private readonly broken = new Set<string>();
  private readonly compiled = new Map<string, Program | null>();
  private readonly library = programLibrary(this.own);

  /** `more` is laid over the catalogue, and the scenario's own programs over both. */
  constructor(
    private readonly findings: Findings,
    more: ProgramLibrary | undefined,
  ) {
    for (const name of more?.keys() ?? []) this.own.set(name, more!.get(name)!);
  }

  /** Takes in `programs:`, then compiles each: a program that nothing runs is checked too. */
  addAll(raw: Readonly<Record<string, unknown>>): void {
    const names = Object.keys(raw).filter((name) => {
      const source = readProgram(raw[name], this.findings.of(raw, name), this.findings);
      if (source !== null) this.own.set(name, source);
      else this.broken.add(name);
      return source !== null;
    });
    for (const name of names) this.compile(name, this.own.get(name)!, this.findings.of(raw, name));
  }

  /** A program that blocks for ever, or ends after a second: stands for one of which nothing else is known. */
  assume(name: string, comm: string, ends = false): string {
    const steps: Step[] = ends ? [{ sleep: '1s' }] : [{ 'on-term': 'exit' }, 'pause'];
    this.own.set(name, { comm, description: 'Assumed: starts no process and waits for none.', steps });
    return name;
  }

  /** The program of that name. Null, with a diagnostic at the place, when it is unknown or wrong. */
  named(name: string, place: Place): Program | null {
    if (this.broken.has(name)) return null;
    const resolution = resolveName(name, this.library);
    if (!resolution.ok && !name.includes(' ')) {
      const hint = didYouMean(name, this.library.keys());
      this.findings.error(place, 'unknown-program', `there is no program \`${shorten(name)}\``, { hint });
      return null;
    }
    return this.take(resolution, place);
  }

  /** The program that a command line runs. Null, with a diagnostic at the place, when none is known. */
  ofCommand(argv: readonly string[], place: Place): Program | null {
    if (this.broken.has(argv[0]) || this.broken.has(argv.join(' '))) return null;
    return this.take(resolveCommand(argv, this.library), place);
  }

  private take(resolution: Resolution, place: Place): Program | null {
    if (!resolution.ok) {
      this.findings.addObjection(place, resolution.problem);
      return null;
    }
    for (const assumption of resolution.assumed) this.findings.warning(place, 'assumed-program', assumption);
    return this.compile(resolution.name, resolution.source, place);
  }

  private compile(name: string, source: ProgramSource, place: Place): Program | null {
    const known = this.compiled.get(name);
    if (known !== undefined) return known;
    const result = compileSource(name, source, this.library);
    if (!result.ok) {
      this.broken.add(name);
      for (const problem of result.problems) this.findings.addObjection(place, problem);
    }
    const program = result.ok ? result.program : null;
    this.compiled.set(name, program);
    return program;
  }
}
