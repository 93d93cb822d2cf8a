/**
 * Litmus files: a small world, what happens in it, and what it looks like at rest. One text, read here, is
 * run by the model (model-run.ts) and on the real kernel (kernel-run.ts).
 *
 *     text ── YAML ──► shape (zod) ──► programs, names, times ──► Litmus, or every Diagnostic at once
 */

import * as z from 'zod';
import { checkProgramNames, forEachStepList } from '../../program/check.js';
import { readProgram } from '../../program/parse.js';
import type { ProgramLibrary, ProgramSource, Step } from '../../program/step.js';
import { LAB_PID_MAX } from '../../text/bounds.js';
import type { Diagnostic, Parsed } from '../../text/diagnostic.js';
import { parseDurationUs } from '../../text/duration.js';
import { Findings, inReadingOrder, type Place } from '../../text/findings.js';
import { leaf, tellApart } from '../../text/leaf.js';
import { durationLeaf, nameLeaf, nonEmpty, whole } from '../../text/leaves.js';
import { INVALID, Reader } from '../../text/read.js';
import { didYouMean } from '../../text/suggest.js';
import { isMapping } from '../../text/value.js';
import { documentOf, type Path, readYaml, type SourceDocument } from '../../text/yaml.js';
import { REFUSED_BY } from './world.js';

export interface LitmusEntry {
  atUs: number;
  everyUs: number;
  times: number;
  program: string;
  /** The namespace that is entered; undefined: the one of the litmus' init. */
  into?: string;
  /** Makes a namespace inside, whose PID 1 runs `init`, instead of running a program. */
  nest?: { name: string; init: string; pidMax: number };
  setsid: boolean;
  /** The parent outside waits for what it let in, and ends; otherwise it stays and never waits. */
  reap: boolean;
  /** The parent outside ends at once, as `runc exec --detach` does. */
  leave: boolean;
}

export interface Litmus {
  file: string;
  name: string;
  /** What is asked, or a sentence about the world. */
  question: string;
  rules: string[];
  /** The litmus that shows the opposite. */
  twin?: string;
  limits: { pidMax: number; pidsMax: number | null; hostPidMax: number; nproc: number | null };
  library: ProgramLibrary;
  /** Real commands that the kernel runs in place of a program's steps. */
  commands: ReadonlyMap<string, readonly string[]>;
  init: string;
  enter: LitmusEntry[];
  outside: { subreaper: boolean; reapInit: boolean };
  /** The world is looked at then instead of at rest. */
  untilUs: number | null;
  expect: Expected | null;
  /** As it was written, to print it again. */
  source: LitmusSource;
}

export type LitmusSource = z.infer<ReturnType<typeof litmusSchema>>;
export type Expected = NonNullable<LitmusSource['expect']>;
export type ExpectedView = Pick<Expected, 'tasks' | 'pinned' | 'counts'>;

const pidMax = (): z.ZodInt => whole(LAB_PID_MAX.least, LAB_PID_MAX.most);
const count = (): z.ZodInt => z.int().min(0);

/** `7`, or `3-400` for as many PIDs one after another, or `3-401/2` for every second of them. */
function pids(): z.ZodType<number | string> {
  const noun = 'a PID, or a range of PIDs such as 3-400 or 3-401/2';
  return leaf(
    z.union([z.number(), z.string()]),
    (value) =>
      /^\d+(-\d+(\/\d+)?)?$/.test(String(value))
        ? null
        : { code: 'wrong-type', message: `${noun} is needed here, not \`${value}\`` },
    { noun },
  );
}

/** A process group or session: its PID, or the PID by what it has to do with that of the process. */
function group(): z.ZodType<number | 'pid' | 'previous'> {
  const schema = z.union([count(), z.enum(['pid', 'previous'])]);
  return tellApart(schema, (value) => (typeof value === 'string' ? 1 : 0));
}

function rule(): z.ZodString {
  return leaf(
    z.string(),
    (id) =>
      /^K\d+$/.test(String(id))
        ? null
        : {
            code: 'unknown-value',
            message: `\`${id}\` is no rule of the kernel`,
            hint: 'Write K and a number.',
          },
    { noun: 'a rule of the kernel such as `K10`' },
  );
}

function viewShape() {
  const task = z.strictObject({
    ref: z.string().optional().describe('What the process is, for people.'),
    pid: pids(),
    ppid: count(),
    pgid: group(),
    sid: group(),
    stat: nonEmpty(),
    comm: nonEmpty(),
    threads: z.int().min(2).optional().describe('When there is more than one.'),
  });
  return {
    tasks: z
      .array(task)
      .optional()
      .describe('Every process, in the order of PIDs. A pgid or sid may be `pid` or `previous` (pid - 1).'),
    pinned: z.array(pids()).optional().describe('Pinned PIDs: taken, but no task has them.'),
    counts: z
      .strictObject({ tasks: count(), zombies: count(), pinned: count() })
      .partial()
      .optional()
      .describe('How many, where a list would be long. Threads count as tasks.'),
  };
}

function litmusSchema() {
  const entry = z.strictObject({
    at: durationLeaf(),
    every: durationLeaf().optional(),
    times: whole(1, 4000).optional(),
    program: nonEmpty().optional(),
    into: nonEmpty().optional(),
    nest: z.strictObject({ name: nonEmpty(), init: nonEmpty(), pidMax: pidMax().optional() }).optional(),
    setsid: z.boolean().optional(),
    reap: z.boolean().optional(),
    leave: z.boolean().optional(),
  });
  const expect = z.strictObject({
    ...viewShape(),
    outside: z.strictObject(viewShape()).optional(),
    nested: z.record(z.string(), z.strictObject(viewShape())).optional(),
    refusals: z
      .array(
        z.strictObject({
          errno: z.enum(['EAGAIN', 'ENOMEM']),
          count: z.int().min(1),
          by: z.enum(REFUSED_BY).optional(),
        }),
      )
      .optional(),
    pidsCurrent: count().optional(),
    pidsEvents: count().optional(),
    restless: z.literal(true).optional().describe('It never comes to rest.'),
  });
  return z.strictObject({
    name: nameLeaf(),
    question: nonEmpty(),
    rules: z.array(rule()),
    twin: z.string().optional(),
    limits: z
      .strictObject({
        pidMax: pidMax().optional(),
        pidsMax: whole(0, LAB_PID_MAX.most).optional(),
        hostPidMax: pidMax().optional(),
        nproc: whole(1, LAB_PID_MAX.most).optional(),
      })
      .optional(),
    programs: z.record(nonEmpty(), z.unknown()),
    init: nonEmpty(),
    enter: z.array(entry).optional(),
    outside: z
      .strictObject({ subreaper: z.boolean().optional(), reapInit: z.boolean().optional() })
      .optional(),
    until: durationLeaf().optional(),
    expect: expect.optional(),
  });
}

let built: ReturnType<typeof litmusSchema> | undefined;
const COMMAND = z.array(z.string()).min(1);

/** Reads one litmus. Never throws. */
export function parseLitmus(text: string, file: string): Parsed<Litmus> {
  const { documents, diagnostics } = readYaml(text, file);
  const [document] = documents;
  if (document === undefined || diagnostics.some(({ severity }) => severity === 'error')) {
    return { ok: false, diagnostics };
  }
  return parseDocument(document, diagnostics);
}

/** The same for one that was never text. `base` knows programs that it may name without describing them. */
export function litmusOf(source: LitmusSource, base?: ProgramLibrary): Parsed<Litmus> {
  return parseDocument(documentOf(source, source.name), [], base);
}

function parseDocument(
  document: SourceDocument,
  warnings: Diagnostic[],
  base?: ProgramLibrary,
): Parsed<Litmus> {
  const findings = new Findings();
  const litmus = new LitmusReader(document, findings, base).read();
  if (litmus !== null && findings.diagnostics.length === 0) return { ok: true, value: litmus, warnings };
  return { ok: false, diagnostics: inReadingOrder([...warnings, ...findings.diagnostics], document.file) };
}

class LitmusReader {
  private readonly commands = new Map<string, string[]>();
  private readonly reader: Reader;

  constructor(
    private readonly document: SourceDocument,
    private readonly findings: Findings,
    private readonly base?: ProgramLibrary,
  ) {
    this.reader = new Reader(findings, { root: null });
  }

  /** Null when the shape is wrong; what else is wrong is in the findings. */
  read(): Litmus | null {
    const source = this.reader.read((built ??= litmusSchema()), this.document.value, this.at());
    if (source === INVALID || this.findings.diagnostics.length > 0) return null;
    const library = layered(this.readPrograms(source.programs), this.base);
    const litmus = this.build(source, library);
    this.checkNames(litmus);
    this.checkUser(litmus);
    this.checkCertainty(litmus);
    return litmus;
  }

  private at(...path: Path): Place {
    return { document: this.document, path };
  }

  private conflict(path: Path, message: string): void {
    this.findings.error(this.at(...path), 'conflict', message);
  }

  private readPrograms(raw: Record<string, unknown>): Map<string, ProgramSource> {
    const programs = new Map<string, ProgramSource>();
    for (const [name, value] of Object.entries(raw)) {
      const { command, ...rest } = isMapping(value) ? value : { command: undefined, value };
      const program = readProgram(isMapping(value) ? rest : value, this.at('programs', name), this.findings);
      if (program !== null) programs.set(name, program);
      if (command === undefined) continue;
      const words = this.reader.read(COMMAND, command, this.at('programs', name, 'command'));
      if (words !== INVALID) this.commands.set(name, words);
    }
    return programs;
  }

  private build(source: LitmusSource, library: ProgramLibrary): Litmus {
    const { limits = {}, outside = {} } = source;
    return {
      file: this.document.file,
      name: source.name,
      question: source.question,
      rules: source.rules,
      ...(source.twin === undefined ? {} : { twin: source.twin }),
      limits: {
        pidMax: limits.pidMax ?? LAB_PID_MAX.usual,
        pidsMax: limits.pidsMax ?? null,
        hostPidMax: limits.hostPidMax ?? LAB_PID_MAX.most,
        nproc: limits.nproc ?? null,
      },
      library,
      commands: this.commands,
      init: source.init,
      enter: (source.enter ?? []).map(entryOf),
      outside: { subreaper: outside.subreaper ?? false, reapInit: outside.reapInit ?? true },
      untilUs: source.until === undefined ? null : parseDurationUs(source.until),
      expect: source.expect ?? null,
      source,
    };
  }

  private checkNames({ library, init, enter, source }: Litmus): void {
    const nests = new Set<string>();
    const check = (name: string, path: Path): void => {
      const program = library.get(name);
      const isOwn = source.programs[name] !== undefined;
      if (program === undefined) {
        // Of its own programs that are wrong everything has been said.
        if (isOwn) return;
        const hint = didYouMean(name, library.keys());
        this.findings.error(this.at(...path), 'unknown-program', `there is no program \`${name}\``, { hint });
      } else if (isOwn) {
        for (const problem of checkProgramNames(name, program, library))
          this.findings.addObjection(this.at('programs', name), problem);
      }
    };
    check(init, ['init']);
    for (const [index, { program, nest, into, times }] of enter.entries()) {
      const at: Path = ['enter', index];
      if (nest !== undefined) check(nest.init, [...at, 'nest', 'init']);
      else if (program === '')
        this.findings.error(this.at(...at), 'missing-key', 'an entry needs `program` or `nest`', {
          hint: 'Add one of them.',
        });
      else check(program, [...at, 'program']);
      if (into !== undefined && !nests.has(into))
        this.conflict([...at, 'into'], `no entry above makes a namespace \`${into}\``);
      if (nest === undefined) continue;
      if (into !== undefined) {
        const message = 'a namespace is nested in the one of `init` only';
        this.findings.error(this.at(...at, 'into'), 'conflict', message, { aim: 'key' });
      }
      if (times > 1 || nests.has(nest.name))
        this.conflict(at, `the namespace \`${nest.name}\` would be made twice`);
      nests.add(nest.name);
    }
  }

  /** What an ordinary user of the runner cannot do: it has lost what it takes to begin anew. */
  private checkUser({ limits, enter, commands, source, library }: Litmus): void {
    if (limits.nproc === null) return;
    const execs = Object.keys(source.programs).filter((name) => hasExec(library.get(name)?.steps ?? []));
    if (execs.length > 0 || commands.size > 0 || enter.some(({ nest }) => nest !== undefined))
      this.conflict(['limits', 'nproc'], 'with `nproc` there is no `exec`, no `command` and no `nest`');
  }

  /** The two worlds draw different random numbers: only what is certain can be compared. */
  private checkCertainty({ source, library }: Litmus): void {
    for (const name of Object.keys(source.programs)) {
      const program = library.get(name);
      if (program !== undefined) this.checkSteps(program.steps, name);
    }
  }

  private checkSteps(steps: readonly Step[], name: string): void {
    for (const step of steps) {
      forEachStepList(step, (list) => this.checkSteps(list, name));
      if (typeof step === 'string') continue;
      if ('sleep' in step && typeof step.sleep !== 'string')
        this.conflict(['programs', name], 'a litmus sleeps for constant durations only');
      if ('chance' in step && step.chance.p !== 0 && step.chance.p !== 1)
        this.conflict(['programs', name], 'a litmus leaves nothing to chance: `p` is 0 or 1');
    }
  }
}

function hasExec(steps: readonly Step[]): boolean {
  return steps.some((step) => {
    let found = typeof step !== 'string' && 'exec' in step;
    forEachStepList(step, (list) => (found ||= hasExec(list)));
    return found;
  });
}

function entryOf(entry: NonNullable<LitmusSource['enter']>[number]): LitmusEntry {
  const { nest } = entry;
  return {
    atUs: parseDurationUs(entry.at)!,
    everyUs: parseDurationUs(entry.every ?? '1s')!,
    times: entry.times ?? 1,
    program: entry.program ?? '',
    ...(entry.into === undefined ? {} : { into: entry.into }),
    ...(nest === undefined ? {} : { nest: { ...nest, pidMax: nest.pidMax ?? LAB_PID_MAX.most } }),
    setsid: entry.setsid ?? false,
    reap: entry.reap ?? true,
    leave: entry.leave ?? false,
  };
}

function layered(own: Map<string, ProgramSource>, base: ProgramLibrary | undefined): ProgramLibrary {
  if (base === undefined) return own;
  return {
    get: (name) => own.get(name) ?? base.get(name),
    has: (name) => own.has(name) || base.has(name),
    keys: () => new Set([...own.keys(), ...base.keys()]).values(),
  };
}
