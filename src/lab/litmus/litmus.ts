/**
 * Litmus files: a small world, what happens in it, and what it looks like at rest. One text, read here, is run by the
 * model (model-run.ts) and on the real kernel (kernel-run.ts).
 *
 *     text ── YAML ──► shape (zod) ──► programs, names, times ──► Litmus, or every Diagnostic at once
 */

import { Document, isCollection, visit } from 'yaml';
import * as z from 'zod';
import { checkProgramNames, forEachStepList } from '../../program/check.js';
import { parseProgram } from '../../program/parse.js';
import { valueAt, wrongType } from '../../program/problem.js';
import type { ProgramLibrary, ProgramSource, Step } from '../../program/step.js';
import { parseDurationUs } from '../../sim/time.js';
import type { Diagnostic, Parsed } from '../../text/diagnostic.js';
import { isMapping } from '../../text/value.js';
import { documentOf, type Path, readYaml, type SourceDocument } from '../../text/yaml.js';
import { REFUSED_BY } from './world.js';

/** A world of a few processes needs no more, and a mistake in a file must not fill the machine. */
export const LAB_PID_MAX = { least: 301, most: 4096, usual: 1000 } as const;

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
  limits: { pidMax: number; pidsMax: number | null; hostPidMax: number };
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

const duration = (): z.ZodString =>
  z.string().refine((text) => parseDurationUs(text) !== null, {
    error: 'not a duration: write a number and its unit, such as 250ms or 10s',
  });
const pidMax = (): z.ZodInt => z.int().min(LAB_PID_MAX.least).max(LAB_PID_MAX.most);
const count = (): z.ZodInt => z.int().min(0);

/** `7`, or `3-400` for as many numbers one after another, or `3-401/2` for every second of them. */
const numbers = (): z.ZodUnion<[z.ZodInt, z.ZodString]> =>
  z.union([z.int().min(0), z.string().regex(/^\d+-\d+(\/\d+)?$/)], {
    error: 'expected a number, or a range of numbers such as 3-400 or 3-401/2',
  });

function viewShape() {
  const task = z.strictObject({
    ref: z.string().optional().describe('Who it is, for people.'),
    pid: numbers(),
    ppid: count(),
    pgid: z.union([count(), z.literal('pid'), z.literal('previous')]),
    sid: z.union([count(), z.literal('pid'), z.literal('previous')]),
    stat: z.string().min(1),
    comm: z.string().min(1),
    threads: z.int().min(2).optional().describe('When there is more than one.'),
  });
  return {
    tasks: z
      .array(task)
      .optional()
      .describe(
        'Every process, in the order of numbers. A pgid or sid may be `pid` or `previous` (pid - 1).',
      ),
    pinned: z.array(numbers()).optional().describe('Numbers taken that belong to no task.'),
    counts: z
      .strictObject({ tasks: count(), zombies: count(), pinned: count() })
      .partial()
      .optional()
      .describe('How many, where a list would be long. Threads count as tasks.'),
  };
}

function litmusSchema() {
  const entry = z.strictObject({
    at: duration(),
    every: duration().optional(),
    times: z.int().min(1).max(4000).optional(),
    program: z.string().min(1).optional(),
    into: z.string().min(1).optional(),
    nest: z
      .strictObject({ name: z.string().min(1), init: z.string().min(1), pidMax: pidMax().optional() })
      .optional(),
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
    name: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/),
    question: z.string().min(1),
    rules: z.array(z.string().regex(/^K\d+$/)),
    twin: z.string().optional(),
    limits: z
      .strictObject({
        pidMax: pidMax().optional(),
        pidsMax: z.int().min(0).max(LAB_PID_MAX.most).optional(),
        hostPidMax: pidMax().optional(),
      })
      .optional(),
    programs: z.record(z.string().min(1), z.unknown()),
    init: z.string().min(1),
    enter: z.array(entry).optional(),
    outside: z
      .strictObject({ subreaper: z.boolean().optional(), reapInit: z.boolean().optional() })
      .optional(),
    until: duration().optional(),
    expect: expect.optional(),
  });
}

let built: ReturnType<typeof litmusSchema> | undefined;

/** Reads one litmus. `base` knows programs that the file may name without describing them. Never throws. */
export function parseLitmus(text: string, file: string, base?: ProgramLibrary): Parsed<Litmus> {
  const { documents, diagnostics } = readYaml(text, file);
  const [document] = documents;
  if (document === undefined || diagnostics.some(({ severity }) => severity === 'error')) {
    return { ok: false, diagnostics };
  }
  const read = new Reader(document, base).read();
  return read.diagnostics.length > 0 || read.litmus === null
    ? { ok: false, diagnostics: [...diagnostics, ...read.diagnostics] }
    : { ok: true, value: read.litmus, warnings: diagnostics };
}

/** The same for a litmus that was never text. */
export function litmusOf(source: LitmusSource, base?: ProgramLibrary): Parsed<Litmus> {
  const { litmus, diagnostics } = new Reader(documentOf(source, source.name), base).read();
  return litmus === null ? { ok: false, diagnostics } : { ok: true, value: litmus, warnings: [] };
}

class Reader {
  private readonly diagnostics: Diagnostic[] = [];
  private readonly commands = new Map<string, string[]>();

  constructor(
    private readonly document: SourceDocument,
    private readonly base?: ProgramLibrary,
  ) {}

  read(): { litmus: Litmus | null; diagnostics: Diagnostic[] } {
    const shape = (built ??= litmusSchema()).safeParse(this.document.value);
    if (!shape.success) {
      for (const issue of shape.error.issues) this.complainAbout(issue);
      return { litmus: null, diagnostics: this.diagnostics };
    }
    const source = shape.data;
    const library = layered(this.readPrograms(source.programs), this.base);
    const litmus = this.build(source, library);
    this.checkNames(litmus);
    this.checkCertainty(litmus);
    return { litmus: this.diagnostics.length > 0 ? null : litmus, diagnostics: this.diagnostics };
  }

  private complain(path: Path, code: string, message: string, hint?: string): void {
    const position = this.document.locate(path, 'value');
    const remark = hint === undefined ? {} : { hint };
    this.diagnostics.push({
      file: this.document.file,
      ...position,
      severity: 'error',
      code,
      message,
      ...remark,
    });
  }

  private complainAbout(issue: z.core.$ZodIssue): void {
    const path = issue.path as Path;
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys)
        this.complain([...path, key], 'unknown-key', `there is no key "${key}" here`);
    } else if (issue.code === 'invalid_type') {
      const at = [...path];
      const problem = wrongType(at, valueAt(this.document.value, at), issue.expected);
      this.complain(problem.path, problem.code, problem.message, problem.hint);
    } else {
      this.complain(path, 'bad-value', `"${path.at(-1) ?? 'the litmus'}": ${issue.message}`);
    }
  }

  private readPrograms(raw: Record<string, unknown>): Map<string, ProgramSource> {
    const programs = new Map<string, ProgramSource>();
    for (const [name, value] of Object.entries(raw)) {
      const { command, ...rest } = isMapping(value) ? value : { command: undefined, value };
      const parsed = parseProgram(isMapping(value) ? rest : value);
      if (command !== undefined) this.readCommand(name, command);
      if (parsed.ok) programs.set(name, parsed.source);
      else {
        for (const { path, code, message, hint } of parsed.problems)
          this.complain(['programs', name, ...path], code, message, hint);
      }
    }
    return programs;
  }

  private readCommand(name: string, command: unknown): void {
    const isList =
      Array.isArray(command) && command.length > 0 && command.every((word) => typeof word === 'string');
    if (isList) this.commands.set(name, command);
    else this.complain(['programs', name, 'command'], 'wrong-type', 'a command is a list of texts');
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
      const isWrong = program === undefined && source.programs[name] !== undefined; // as has been said
      if (isWrong) return;
      if (program === undefined) this.complain(path, 'unknown-program', `there is no program "${name}"`);
      else if (source.programs[name] !== undefined) {
        for (const problem of checkProgramNames(name, program, library))
          this.complain(['programs', name, ...problem.path], problem.code, problem.message, problem.hint);
      }
    };
    check(init, ['init']);
    for (const [index, entry] of enter.entries()) {
      const at: Path = ['enter', index];
      if (entry.nest !== undefined) check(entry.nest.init, [...at, 'nest', 'init']);
      else if (entry.program === '') this.complain(at, 'missing-key', '"program" or "nest" is missing');
      else check(entry.program, [...at, 'program']);
      if (entry.into !== undefined && !nests.has(entry.into))
        this.complain([...at, 'into'], 'bad-value', `no entry above makes a namespace "${entry.into}"`);
      if (entry.nest !== undefined && entry.into !== undefined)
        this.complain([...at, 'into'], 'bad-value', 'a namespace is nested in the one of `init` only');
      if (entry.nest !== undefined && (entry.times > 1 || nests.has(entry.nest.name)))
        this.complain(at, 'bad-value', `the namespace "${entry.nest.name}" would be made twice`);
      if (entry.nest !== undefined) nests.add(entry.nest.name);
    }
  }

  /** The two worlds have different luck: only what is certain can be compared. */
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
        this.complain(['programs', name], 'bad-value', 'a litmus sleeps for constant durations only');
      if ('chance' in step && step.chance.p !== 0 && step.chance.p !== 1)
        this.complain(['programs', name], 'bad-value', 'a litmus tosses no coins: p is 0 or 1');
    }
  }
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

/** The litmus as a file's text. */
export function printLitmus(source: Partial<LitmusSource>): string {
  const document = new Document(source);
  visit(document, {
    Collection(key, node, path) {
      // Whatever fits on a line stands on one, except the file itself and its lists of programs and entries.
      const depth = path.filter(isCollection).length;
      const width = JSON.stringify(node.toJSON()).length;
      node.flow =
        depth > 0 && width < FLOW_WIDTH && !(key === 'value' && depth === 1 && width > FLOW_WIDTH / 2);
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

const FLOW_WIDTH = 100;
