/** `sh -c SCRIPT`: what a shell does with processes when it runs a simple script. */
import type { ProgramSource, Step } from '../step.js';
import { bashFork } from './inits.js';
import { joinWords, type ShellOperator, tokenize } from './words.js';

/** What a shell forks for a single command, and what it does for the last one. */
export interface ShellKind {
  comm: string;
  /** dash forks the last command of `-c` too; bash and busybox become it. */
  execsLast: boolean;
  /** bash tries a refused fork again for 15 s; others give up at once (K44). */
  retriesFork: boolean;
}

/** Shells by name. `sh` is Debian's, which is dash. */
export const SHELLS: Readonly<Record<string, ShellKind>> = {
  sh: { comm: 'sh', execsLast: false, retriesFork: false },
  dash: { comm: 'dash', execsLast: false, retriesFork: false },
  'sh-dash': { comm: 'sh', execsLast: false, retriesFork: false },
  ash: { comm: 'ash', execsLast: true, retriesFork: false },
  bash: { comm: 'bash', execsLast: true, retriesFork: true },
};

/** Commands that a shell does itself. */
const BUILTINS: ReadonlySet<string> = new Set(
  ': . [ alias cd echo exit export false printf pwd read return set shift source test trap true ulimit umask unset'.split(
    ' ',
  ),
);
/** Words that make a script more than a list of commands. */
const KEYWORDS: ReadonlySet<string> = new Set(
  'if then else elif fi for while until do done case esac { } [[ function select wait'.split(' '),
);

/** How long a shell takes to read a script that starts no process. */
const SHELL_ALONE: Step = { sleep: '1ms' };

interface Command {
  words: string[];
  /** What stands before and behind it. */
  before: ShellOperator | null;
  after: ShellOperator | null;
}

export type ReadScript =
  | { ok: true; source: ProgramSource; assumed: string[] }
  /** `command`: words of which it is not known what they run; null: the script itself is not understood. */
  | { ok: false; command: string[] | null };

/** The name under which a command's program is found, with what had to be assumed; null if there is none. */
export type NameCommand = (words: string[]) => { name: string; assumed: string[] } | null;

/**
 * The program of a shell that runs `script`, for the course of things in which every command succeeds: what stands
 * behind `||` is not run. Understands commands joined by `&&`, `||`, `;`, `|`, `&` and newlines.
 */
export function programOfScript(shell: ShellKind, script: string, nameOf: NameCommand): ReadScript {
  const commands = readCommands(script);
  if (commands === null) return { ok: false, command: null };
  const run = commands.filter(({ before }) => before !== '||');
  const steps: Step[] = [];
  const assumed: string[] = [];
  let pipeline: string[] = [];
  let jobCount = 0;
  for (const [index, { words, before, after }] of run.entries()) {
    if (words.length === 0) continue;
    const isLast = index === run.length - 1;
    if (BUILTINS.has(words[0])) {
      if (words[0] === 'exit') return shellProgram(shell, script, [...steps, ...exitOf(words[1])], assumed);
      continue;
    }
    const execs = words[0] === 'exec';
    const named = nameOf(execs ? words.slice(1) : words);
    if (named === null) return { ok: false, command: words };
    assumed.push(...named.assumed);
    const { name } = named;
    if (execs || (isLast && shell.execsLast && before !== '|'))
      return shellProgram(shell, script, [...steps, { exec: { program: name } }], assumed);
    const label = `job-${++jobCount}`;
    steps.push(...forkOf(shell, name, label));
    if (after === '&') continue;
    pipeline.push(label);
    if (after === '|') continue;
    steps.push(...pipeline.map((job) => ({ wait: job })));
    pipeline = [];
    if (isLast) steps.push({ exit: 'waited' });
  }
  return shellProgram(shell, script, steps, assumed);
}

function shellProgram(shell: ShellKind, script: string, steps: Step[], assumed: string[]): ReadScript {
  const body = steps.length === 0 ? [SHELL_ALONE] : steps;
  const description = `${shell.comm} -c ${joinWords([script])}, as long as every command succeeds.`;
  // While it waits for one command a shell reaps any other child too (K43).
  return {
    ok: true,
    source: { comm: shell.comm, description, steps: [{ sigchld: 'reap-all' }, ...body] },
    assumed,
  };
}

function forkOf(shell: ShellKind, program: string, label: string): Step[] {
  return shell.retriesFork ? bashFork(program, label) : [{ fork: { label, steps: [{ exec: { program } }] } }];
}

function exitOf(status: string | undefined): Step[] {
  return [SHELL_ALONE, { exit: status !== undefined && /^\d+$/.test(status) ? Number(status) & 0xff : 0 }];
}

/** The script as a list of commands, assignments before them left out; null if it is more than that. */
function readCommands(script: string): Command[] | null {
  const tokens = tokenize(script);
  if (tokens === null) return null;
  const commands: Command[] = [{ words: [], before: null, after: null }];
  for (const token of tokens) {
    const last = commands.at(-1)!;
    if ('word' in token) {
      const isAssignment = last.words.length === 0 && /^[A-Za-z_]\w*=/.test(token.word);
      if (last.words.length === 0 && KEYWORDS.has(token.word)) return null;
      if (!isAssignment && !(last.words.length === 0 && token.word === '!')) last.words.push(token.word);
    } else {
      last.after = token.operator;
      commands.push({ words: [], before: token.operator, after: null });
    }
  }
  const isEmpty = ({ words }: Command): boolean => words.length === 0;
  if (isEmpty(commands.at(-1)!)) commands.pop();
  return commands.every(isEmpty) ? null : commands.filter((command) => !isEmpty(command));
}
