/** What a command writes, where it can be read off it: `echo` of known words, `seq`, `cat` of known lines. */
import type { AndOr, PipelineNode } from 'unbash';
import type { Step } from '../step.js';
import { calculate, series } from './arithmetic.js';
import type { ShellName } from './kinds.js';
import type { Shell } from './shell.js';
import type { State } from './state.js';
import { pidText, textOf } from './values.js';
import { fieldsOf, hereLines } from './words.js';

export function outputOf(shell: Shell, command: PipelineNode | AndOr, state: State): string | null {
  if (command.type !== 'Command') return null;
  const name = command.name?.value ?? '';
  const [redirect, ...others] = command.redirects;
  if (!Object.hasOwn(OUTPUTS, name) || others.length > 0) return null;
  const words = command.args.filter((word) => word.type === 'Word');
  const here = redirect?.type === 'HereDoc' ? redirect.body : null;
  if (words.length !== command.args.length || (redirect !== undefined && here === null)) return null;
  if ([...words, ...(here === null ? [] : [here])].some(({ text }) => /`|\$\(/.test(text))) return null;
  const way = state.clone();
  const aside: Step[] = [];
  if (here !== null) way.inputLines = hereLines(shell, here, way, aside);
  const texts = words.flatMap((word) => fieldsOf(shell, word, way, aside)).map(textOf);
  return texts.includes(null) || aside.length > 0 ? null : OUTPUTS[name](texts as string[], way, shell);
}

const OUTPUTS: Readonly<Record<string, (words: string[], state: State, shell: Shell) => string | null>> = {
  dirname: ([path = '']) => `${path.includes('/') ? path.replace(/\/[^/]*$/, '') || '/' : '.'}\n`,
  basename: ([path = '', ...suffix]) => (suffix.length > 0 ? null : `${path.replace(/^.*\//, '')}\n`),
  seq: (words) => counted(words.map(Number)),
  expr: ([left, operator, right]) => {
    const value = /^[-+*/%]$/.test(operator) ? calculate(operator, Number(left), Number(right)) : null;
    return value === null || Number.isNaN(value) ? null : `${value}\n`;
  },
  cat: (files, { inputLines }) => {
    const lines = files.length === 0 ? inputLines : files.every((file) => file === '/dev/null') ? [] : null;
    return lines === null ? null : lines.map((line) => `${line}\n`).join('');
  },
  // dash forgets them in a process of its own.
  jobs: ([option], { jobs }, { kind }) =>
    option !== '-p' ? null : kind.name === 'dash' ? '' : jobs.map((job) => `${pidText(job)}\n`).join(''),
  echo: (words, _state, { kind }) => echoed(words, kind.name),
  printf: printed,
};

/** `seq LAST`, `seq FIRST LAST`, `seq FIRST STEP LAST`. */
function counted(numbers: readonly number[]): string | null {
  const first = numbers.length > 1 ? numbers[0] : 1;
  const all = numbers.length > 3 ? null : series(first, numbers.at(-1)!, numbers.length > 2 ? numbers[1] : 1);
  return all === null ? null : all.map((number) => `${number}\n`).join('');
}

/** What `read` can have of it: lines with their end; null: not known. */
export function linesOf(output: string | null): string[] | null {
  return output === null ? null : output.split('\n').slice(0, -1);
}

/** Only dash reads escapes without `-e`, which it writes out. */
function echoed(words: readonly string[], shell: ShellName): string | null {
  const [first] = words;
  if (shell === 'dash') return first === '-n' ? unescaped(words.slice(1)) : `${unescaped(words)}\n`;
  const options = /^-[neE]+$/.exec(first ?? '')?.[0] ?? '';
  const rest = options === '' ? words : words.slice(1);
  const text = options.includes('e') ? unescaped(rest) : rest.join(' ');
  return options.includes('n') ? text : `${text}\n`;
}

function printed([format, ...words]: readonly string[]): string | null {
  if (format === undefined) return null;
  const text = unescaped([format]);
  if (!text.includes('%')) return text;
  return /^%s\n?$/.test(text) ? words.map((word) => text.replace('%s', word)).join('') : null;
}

function unescaped(words: readonly string[]): string {
  return words
    .join(' ')
    .replace(/\\([nt\\])/g, (_, letter) => (letter === 'n' ? '\n' : letter === 't' ? '\t' : '\\'));
}
