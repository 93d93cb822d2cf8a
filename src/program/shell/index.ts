/**
 * `sh -c SCRIPT` as a program: what a shell does with processes when it runs a script (R37).
 *
 *     text ──► syntax (unbash, and what dash and ash read otherwise) ──► compile ──► steps, assumptions
 *
 * The compiler walks the script as the shell would, with what is known of its words and of `$?`. Where a
 * child's status decides, it writes both ways (`if`); where something else decides, it takes the healthy one
 * and says so.
 */
import { joinWords } from '../catalogue/words.js';
import type { ProgramSource, Step } from '../step.js';
import { applyOptions } from './builtins.js';
import { ShellCompiler } from './compile.js';
import type { ShellKind } from './kinds.js';
import type { Assumption, ScriptHost } from './shell.js';
import { State } from './state.js';
import { parseScript, placeIn, visit } from './syntax.js';

export { SHELLS, type ShellKind } from './kinds.js';
export type { Assumption, Found, ScriptHost } from './shell.js';

export interface Invocation {
  script: string;
  /** `-e`, `-o pipefail` and the like, as they were given. */
  options: readonly string[];
  /** What stands behind the script: `$0`, `$1`, … */
  args: readonly string[];
}

export type CompiledScript =
  | {
      ok: true;
      source: ProgramSource;
      assumptions: Assumption[];
      /** Places where a way was chosen that is not known. */
      choices: ReadonlySet<string>;
    }
  /** It is no script: what is wrong, with the place. */
  | { ok: false; message: string };

/** How long a shell takes to read a script that starts no process. */
const SHELL_ALONE: Step = { sleep: '1ms' };

/**
 * `isFile`: it is read from a file, whose last command a shell never becomes (R37). `turned`: choices that go
 * the other way.
 */
export function compileScript(
  shell: ShellKind,
  invocation: Invocation,
  host: ScriptHost,
  isFile = false,
  turned?: ReadonlySet<string>,
): CompiledScript {
  const { script, options, args } = invocation;
  const parsed = parseScript(script, shell);
  if (!parsed.ok) {
    const where = placeIn(parsed.text, parsed.pos);
    return { ok: false, message: `${parsed.message} (${where} in the script)` };
  }
  const compiler = new ShellCompiler(shell, host, turned);
  const state = new State();
  compiler.text = parsed.text;
  for (const { statements } of parsed.units)
    for (const statement of statements)
      visit(statement, (node) => {
        if (node.type === 'Command') compiler.lastAt = Math.max(compiler.lastAt, node.pos);
        if (node.type === 'Function') compiler.functionNames.add(node.name.value);
        if (node.type === 'Assignment') state.ownNames.add(node.name);
      });
  if (args.length > 0) state.variables.set('0', { text: args[0] });
  state.positional = args.slice(1).map((text) => ({ text }));
  const steps: Step[] = [];
  for (const [index, option] of options.entries())
    if (/^[-+]/.test(option))
      applyOptions(option.slice(1), option.startsWith('-'), options[index + 1] ?? null, compiler, state);
  const units = isFile
    ? parsed.units.map((unit) => ({ ...unit, isLast: false, isAtEnd: false }))
    : parsed.units;
  compiler.units(units, state, steps);
  if (!state.isDead) compiler.end(state, steps);
  compiler.endReaders(steps);
  return {
    ok: true,
    source: {
      comm: shell.comm,
      description: `${shell.comm} -c ${joinWords([script])}`,
      steps: wholeOf(compiler.finish(steps)),
    },
    assumptions: compiler.notes,
    choices: compiler.choices,
  };
}

/** While it waits for one command a shell reaps whatever child there is (K43). */
function wholeOf(steps: Step[]): Step[] {
  const startsNone = !JSON.stringify(steps).match(/"(fork|exec|sleep)"|"pause"/);
  const last = steps.at(-1);
  const body = typeof last === 'object' && 'exit' in last && last.exit === 0 ? steps.slice(0, -1) : steps;
  return [{ sigchld: 'reap-all' }, ...(startsNone ? [SHELL_ALONE] : []), ...body];
}
