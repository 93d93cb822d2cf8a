/**
 * Inputs that have not been tried yet: real ones with something changed. What comes of each has to be an answer or a
 * diagnostic: never an exception, a hang, or a number that is not finite.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import alea from 'seedrandom/lib/alea.js';
import { parseLitmus } from '../../src/lab/litmus/litmus.js';
import { parseTrace } from '../../src/program/catalogue/trace.js';
import { Run, ScenarioRunError } from '../../src/run/run.js';
import { isManifest } from '../../src/scenario/manifest/text.js';
import { parseScenario } from '../../src/scenario/parse.js';
import { diagnoseText } from '../diagnose/support.js';

const ROOT = join(import.meta.dirname, '../..');

/** How an input is read. */
const READERS = {
  scenario: readScenario,
  litmus: readLitmus,
  capture: readCapture,
  trace: readTrace,
} as const;
export type Kind = keyof typeof READERS;

export interface Seed {
  kind: Kind;
  name: string;
  text: string;
}

/** A larger one takes longer than it teaches. */
const SEED_CHARACTERS_MAX = 60_000;

export function seeds(): Seed[] {
  const from = (kind: Kind, folder: string, ending: RegExp): Seed[] =>
    readdirSync(join(ROOT, folder))
      .filter((name) => ending.test(name))
      .sort()
      .map((name) => ({ kind, name, text: readFileSync(join(ROOT, folder, name), 'utf8') }))
      .filter(({ text }) => text.length <= SEED_CHARACTERS_MAX);
  return [
    ...from('scenario', 'scenarios', /\.yaml$/),
    ...from('scenario', 'scenarios/incidents', /\.yaml$/),
    ...from('scenario', 'scenarios/manifests', /\.yaml$/),
    ...from('litmus', 'test/litmus', /\.yaml$/),
    ...from('capture', 'test/diagnose/captures', /\.txt$/),
    ...from('trace', 'test/lab/record', /\.(txt|trace)$/),
  ];
}

/** What words are replaced by. */
const EXTREMES = [
  ...[
    '0',
    '-1',
    '1',
    '4194304',
    '2147483648',
    '1e308',
    '-0',
    '.inf',
    '.nan',
    '0x10',
    '1_000',
    '9007199254740993',
  ],
  ...[
    '""',
    'null',
    '~',
    'true',
    '[]',
    '{}',
    '[[]]',
    '{a: {}}',
    '*a',
    '&a',
    '!!binary x',
    '<<',
    '? x',
    '- -',
    '|',
    '>-',
  ],
  ...[
    '0s',
    '1us',
    '3653d',
    '30d',
    '-5s',
    '1h30m',
    '"1.10"',
    'v1.31.2',
    '__proto__',
    'constructor',
    'toString',
  ],
  ...[
    '\u001b[2J',
    '\u202e',
    '\u0000',
    '\ud800',
    'é'.repeat(40),
    'x'.repeat(300),
    '"',
    "'",
    '`',
    '$(x)',
    '{{ x }}',
  ],
];

/** Another text, by one to four changes. The same seed gives the same text. */
export function mutated(text: string, seed: string): string {
  const next = alea(seed);
  const below = (count: number): number => Math.floor(next() * count);
  let result = text;
  for (let changes = 1 + below(4); changes > 0; changes--) result = change(result, below);
  return result;
}

function change(text: string, below: (count: number) => number): string {
  const lines = text.split('\n');
  const at = below(lines.length);
  const other = below(lines.length);
  switch (below(9)) {
    case 0:
      return lines.toSpliced(at, 1).join('\n');
    case 1:
      return lines.toSpliced(other, 0, lines[at]).join('\n');
    case 2:
      return lines.toSpliced(at, 1, ' '.repeat(below(5)) + lines[at]).join('\n');
    case 3:
      return lines.toSpliced(at, 1, lines[at].replace(/^ {1,4}/, '')).join('\n');
    case 4:
      return text.slice(0, below(text.length + 1));
    case 5: {
      const words = [...lines[at].matchAll(/[^\s:,{}[\]]+/g)];
      if (words.length === 0) return text;
      const { index, 0: word } = words[below(words.length)];
      const extreme = EXTREMES[below(EXTREMES.length)];
      return lines
        .toSpliced(at, 1, lines[at].slice(0, index) + extreme + lines[at].slice(index + word.length))
        .join('\n');
    }
    case 6: {
      const place = below(text.length + 1);
      return text.slice(0, place) + EXTREMES[below(EXTREMES.length)] + text.slice(place);
    }
    case 7: {
      const [from, to] = [Math.min(at, other), Math.max(at, other) + 1];
      return lines
        .toSpliced(below(lines.length), 0, ...lines.slice(from, Math.min(to, from + 20)))
        .join('\n');
    }
    default:
      return text.replaceAll('\n', below(2) === 0 ? '\r\n' : '\n\n');
  }
}

/** @throws whatever should not be: the message of a failure. Returns what it came to, in a word. */
export function tryOut({ kind }: Pick<Seed, 'kind'>, text: string): string {
  return READERS[kind](text);
}

/** Enough to see a world come up and a probe or two. */
const EVENTS_MAX = 40_000;
const HORIZON_US = 3_600_000_000;
/** Of a node with thousands of pods the first second alone takes longer. */
const PODS_MAX = 60;

function readScenario(text: string): string {
  const parsed = parseScenario(text, { path: 'mutated.yaml' });
  if (!parsed.ok) return checked(parsed.diagnostics.length > 0, 'refused', 'refused without a word');
  const what = isManifest(text) ? 'manifest' : 'scenario';
  for (const scenario of parsed.value.slice(0, 2)) {
    if (scenario.node.pods.reduce((sum, { count }) => sum + count, 0) > PODS_MAX) continue;
    try {
      const horizonUs = Math.min(scenario.horizonUs, HORIZON_US);
      const run = new Run({ ...scenario, horizonUs }, { eventsMax: EVENTS_MAX, record: false });
      while (!run.advance(undefined, EVENTS_MAX));
      finite(run.summary(), 'summary');
    } catch (error) {
      if (!(error instanceof ScenarioRunError)) throw error;
    }
  }
  return what;
}

function readLitmus(text: string): string {
  const parsed = parseLitmus(text, 'mutated.yaml');
  return parsed.ok ? 'litmus' : checked(parsed.diagnostics.length > 0, 'refused', 'refused without a word');
}

function readCapture(text: string): string {
  const diagnosis = diagnoseText(text);
  finite(diagnosis, 'diagnosis');
  return diagnosis.main.usable ? 'capture' : 'refused';
}

function readTrace(text: string): string {
  const parsed = parseTrace(text);
  return parsed.ok ? 'trace' : checked(parsed.problems.length > 0, 'refused', 'refused without a word');
}

function checked(holds: boolean, word: string, failure: string): string {
  if (!holds) throw new Error(failure);
  return word;
}

function finite(value: unknown, path: string): void {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`${path} is ${value}`);
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) finite(inner, `${path}.${key}`);
}
