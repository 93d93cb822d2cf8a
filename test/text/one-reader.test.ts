/**
 * One mistake is told in the same words, with the same code and at the same spot, in whatever kind of file it
 * is made.
 */
import { describe, expect, it } from 'vitest';
import { parseLitmus } from '../../src/lab/litmus/litmus.js';
import { readProgram } from '../../src/program/parse.js';
import { parseScenario } from '../../src/scenario/parse.js';
import type { Diagnostic } from '../../src/text/diagnostic.js';
import { Findings } from '../../src/text/findings.js';
import { readYaml } from '../../src/text/yaml.js';

/** Where the text of a kind of file begins, and what is said of the whole file. */
interface Kind {
  before: string;
  diagnose(text: string): Diagnostic[];
}

function diagnosticsOf(parsed: { ok: boolean; diagnostics?: Diagnostic[] }): Diagnostic[] {
  return parsed.diagnostics ?? [];
}

const SCENARIO = 'apiVersion: pidsim/v1\nkind: Scenario\nmetadata: {name: case}\nspec:\n';
const scenario = (text: string): Diagnostic[] => diagnosticsOf(parseScenario(text, { path: 'file.yaml' }));

const LITMUS = 'name: case\nquestion: q\nrules: [K1]\n';
const litmus = (text: string): Diagnostic[] => diagnosticsOf(parseLitmus(text, 'file.yaml'));

/** The program of a file that holds nothing else. */
function program(text: string): Diagnostic[] {
  const { documents, diagnostics } = readYaml(text, 'file.yaml');
  const findings = new Findings();
  for (const document of documents) readProgram(document.value, { document, path: [] }, findings);
  return [...diagnostics, ...findings.diagnostics];
}

const KINDS = {
  'in a scenario': { before: `${SCENARIO}  `, diagnose: scenario },
  'in a program': { before: '', diagnose: program },
  'in a program of a scenario': { before: `${SCENARIO}  programs:\n    x: `, diagnose: scenario },
  'in a litmus': { before: LITMUS, diagnose: litmus },
  'in a program of a litmus': { before: `${LITMUS}init: x\nprograms:\n  x: `, diagnose: litmus },
} satisfies Record<string, Kind>;
type KindName = keyof typeof KINDS;

const PROGRAMS: KindName[] = ['in a program', 'in a program of a scenario', 'in a program of a litmus'];
const OWN: KindName[] = ['in a scenario', 'in a litmus'];

interface Mistake {
  what: string;
  /** What the text is in each kind of file; `«` stands before the character that is pointed at. */
  texts: Partial<Record<KindName, string>>;
  says: Pick<Diagnostic, 'code' | 'message' | 'hint'>;
}

/** The same text as each of these kinds of file. */
function same(kinds: readonly KindName[], text: string): Mistake['texts'] {
  return Object.fromEntries(kinds.map((kind) => [kind, text]));
}

const step = (text: string) => same(PROGRAMS, `{comm: x, steps: [${text}]}`);
/** The rest of a litmus whose programs are right. */
const entry = (text: string) => `init: x\nprograms: {x: {comm: x, steps: [pause]}}\nenter: [${text}]\n`;
const limits = (text: string) => `init: x\nprograms: {x: {comm: x, steps: [pause]}}\nlimits: ${text}\n`;

const MISTAKES: Mistake[] = [
  {
    what: 'an unknown key that is a slip',
    texts: {
      ...same(PROGRAMS, '{comm: x, steps: [pause], «sourc: y}'),
      'in a scenario': 'node: {}\n  pods: []\n  «sourc: y\n',
      'in a litmus': entry('{at: 1s, program: x, «setsi: true}'),
    },
    says: { code: 'unknown-key', message: '', hint: '' },
  },
  {
    what: 'a list in place of a mapping',
    texts: { ...same(PROGRAMS, '«[pause]'), 'in a scenario': 'node: «[1]', 'in a litmus': limits('«[1]') },
    says: {
      code: 'not-a-mapping',
      message: 'a mapping is needed here, not a list',
      hint: 'Write `key: value` lines, indented below the key that they belong to.',
    },
  },
  {
    what: 'a mapping in place of a list',
    texts: {
      ...same(PROGRAMS, '{comm: x, steps: «{pause: 1}}'),
      'in a scenario': 'pods: «{a: 1}',
      'in a litmus': 'init: x\nprograms: {x: {comm: x, steps: [pause]}}\nenter: «{at: 1s}',
    },
    says: {
      code: 'wrong-type',
      message: 'a list is needed here, not a mapping',
      hint: 'Begin each entry with `- `.',
    },
  },
  {
    what: 'a number in place of a text',
    texts: {
      ...same(PROGRAMS, '{comm: «5, steps: [pause]}'),
      'in a scenario': 'expect: [«5]',
      'in a litmus': entry('{at: 1s, program: «5}'),
    },
    says: {
      code: 'wrong-type',
      message: 'a text is needed here, not the number 5',
      hint: 'Put it in quotes: "5".',
    },
  },
  {
    what: 'a quoted truth',
    texts: {
      ...step('{subreaper: «"yes"}'),
      'in a scenario': 'node: {runtime: {name: bare, setsid: «"yes"}}',
      'in a litmus': entry('{at: 1s, program: x, setsid: «"yes"}'),
    },
    says: {
      code: 'wrong-type',
      message: '`true` or `false` is needed here, not the text `yes`',
      hint: 'Write true or false, without quotes.',
    },
  },
  {
    what: 'a quoted number',
    texts: {
      ...step('{threads: «"7"}'),
      'in a scenario': 'seed: «"7"',
      'in a litmus': limits('{pidMax: «"7"}'),
    },
    says: {
      code: 'wrong-type',
      message: 'a whole number is needed here, not the text `7`',
      hint: 'Write it without quotes: 7.',
    },
  },
  {
    what: 'a number that is not whole',
    texts: {
      ...step('{threads: «1.5}'),
      'in a scenario': 'seed: «1.5',
      'in a litmus': limits('{pidMax: «1.5}'),
    },
    says: { code: 'not-an-integer', message: '1.5 is not a whole number', hint: 'Write a whole number.' },
  },
  {
    what: 'a number below its range',
    texts: {
      ...step('{threads: «-1}'),
      'in a scenario': 'seed: «-1',
      'in a litmus': limits('{pidsMax: «-1}'),
    },
    says: {
      code: 'out-of-range',
      message: '-1 is too small: at least 0',
      hint: 'Choose a value within the bounds.',
    },
  },
  {
    what: 'a missing key',
    texts: {
      ...same(PROGRAMS, '«{steps: [pause]}'),
      'in a litmus': entry('«{program: x}'),
    },
    says: { code: 'missing-key', message: '', hint: '' },
  },
  {
    what: 'an unknown word that is a slip',
    texts: {
      ...step('{on-term: «exi}'),
      'in a scenario': 'node: {runtime: {name: «exi}}',
      'in a litmus':
        'init: x\nprograms: {x: {comm: x, steps: [pause]}}\nexpect: {refusals: [{errno: «EAGAI, count: 1}]}\n',
    },
    says: { code: 'unknown-value', message: '', hint: '' },
  },
  {
    what: 'a text that is no duration',
    texts: {
      ...step('{sleep: «soon}'),
      'in a scenario': 'horizon: «soon',
      'in a litmus': entry('{at: «soon, program: x}'),
    },
    says: {
      code: 'bad-duration',
      message: '`soon` is not a duration',
      hint: 'Write a number and a unit (us, ms, s, m, h, d), or several of them: 250ms, 10s, 1h30m, 30d.',
    },
  },
  {
    what: 'a duration without a unit',
    texts: {
      ...step('{sleep: «10}'),
      'in a scenario': 'horizon: «10',
      'in a litmus': entry('{at: «10, program: x}'),
    },
    says: {
      code: 'wrong-type',
      message: 'a duration such as `10s` is needed here, not the number 10',
      hint: 'Write the unit: `10s`.',
    },
  },
  {
    what: 'a negative duration',
    texts: {
      ...step('{sleep: «-5s}'),
      'in a scenario': 'horizon: «-5s',
      'in a litmus': entry('{at: «-5s, program: x}'),
    },
    says: { code: 'out-of-range', message: '`-5s` is negative', hint: 'Choose a value within the bounds.' },
  },
  {
    what: 'an empty list',
    texts: {
      ...same(PROGRAMS, '{comm: x, steps: «[]}'),
      'in a scenario': 'pods: [{name: p, containers: «[]}]',
      'in a litmus': 'init: x\nprograms: {x: {comm: x, steps: [pause], command: «[]}}\n',
    },
    says: {
      code: 'out-of-range',
      message: 'the list needs at least 1 entry',
      hint: 'Choose a value within the bounds.',
    },
  },
  {
    what: 'a program that is not there',
    texts: {
      'in a program of a scenario': '{comm: x, steps: [{exec: {program: «nowhere}}]}',
      'in a program of a litmus': '{comm: x, steps: [{exec: {program: «nowhere}}]}',
      'in a scenario': 'pods: [{name: p, containers: [{name: c, program: «nowhere}]}]',
      'in a litmus': entry('{at: 1s, program: «nowhere}'),
    },
    says: {
      code: 'unknown-program',
      message: 'there is no program `nowhere`',
      hint: 'Describe it under `programs:`.',
    },
  },
  {
    what: 'a step that does not exist',
    texts: step('«paus'),
    says: { code: 'bad-program', message: 'there is no step `paus`', hint: 'Did you mean `pause`?' },
  },
  {
    what: 'a label that no fork has',
    texts: step('{wait: «child}'),
    says: {
      code: 'bad-program',
      message: 'no fork before this has the label `child`',
      hint: 'Give a fork of this same process the label: a child does not know the children of its parent.',
    },
  },
  {
    what: 'one of two keys too many',
    texts: {
      ...step('{fork: {steps: [pause], «program: x}}'),
      'in a scenario': 'pods: [{name: p, containers: [{name: c, program: pause, «command: [pause]}]}]',
      'in a litmus':
        'init: x\nprograms: {x: {comm: x, steps: [pause]}}\nenter: [{at: 1s, nest: {name: a, init: x}}, {at: 2s, «into: a, nest: {name: b, init: x}}]\n',
    },
    says: { code: 'conflict', message: '', hint: 'Remove one of them.' },
  },
];

/** Keys and words differ from file to file: these messages are the same apart from them. */
const PATTERNS: Record<string, { message: RegExp; hint: RegExp }> = {
  'unknown-key': { message: /^unknown key `\w+`$/, hint: /^(Did you mean `\w+`\?|Keys here: [\w, ]+\.)$/ },
  'missing-key': { message: /^`\w+` is missing$/, hint: /^Add `\w+:`\.$/ },
  'unknown-value': {
    message: /^one of `[\w-]+`(, `[\w-]+`)+ is needed here, not the text `\w+`$/,
    hint: /^(Did you mean `\w+`\?|Use one of the words listed in the message\.)$/,
  },
  conflict: { message: /\w/, hint: /^Remove one of them\.$/ },
};

describe('the same mistake', () => {
  const cases = MISTAKES.flatMap(({ what, texts, says }) =>
    Object.entries(texts).map(([kind, text]) => ({ what, kind: kind as KindName, text, says })),
  );

  it.each(cases)('$what $kind', ({ kind, text, says }) => {
    const { before, diagnose } = KINDS[kind];
    const marked = before + text;
    const at = marked.indexOf('«');
    const lines = marked.slice(0, at).split('\n');
    const found = diagnose(marked.replace('«', '')).filter(({ severity }) => severity === 'error');
    const first = found.find(({ code }) => code === says.code);
    expect(first, JSON.stringify(found)).toBeDefined();
    const { line, column, code, message, hint } = first!;
    expect({ line, column }).toEqual({ line: lines.length, column: lines.at(-1)!.length + 1 });
    const pattern = PATTERNS[says.code];
    if (pattern === undefined) expect({ code, message, hint }).toEqual(says);
    else {
      expect(message).toMatch(pattern.message);
      expect(hint).toMatch(pattern.hint);
    }
    expect(found).toHaveLength(1);
  });

  it('is made in a dozen ways, each in programs and in the other two kinds of file where it can be', () => {
    const everywhere = MISTAKES.filter(({ texts }) =>
      [...PROGRAMS.slice(1), ...OWN].every((kind) => kind in texts),
    );
    expect(everywhere.length).toBeGreaterThanOrEqual(12);
  });

  it('is no mistake when it is put right', () => {
    expect(program('{comm: x, steps: [pause]}')).toEqual([]);
    expect(scenario(`${SCENARIO}  seed: 7\n`)).toEqual([]);
    expect(litmus(LITMUS + entry('{at: 1s, program: x}'))).toEqual([]);
  });
});
