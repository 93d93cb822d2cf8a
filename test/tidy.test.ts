/**
 * The house rules, as tests. Each check is first shown an example that it must object to.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseRuleBook, readRuleBook, ruleIds } from './rule-book.js';
import {
  checkCircles,
  checkCitedRules,
  checkFocus,
  checkLayers,
  checkLength,
  checkMachinePaths,
  checkNamedTests,
  checkPurity,
  checkRuleInTitles,
  checkShownRules,
  checkUnfinished,
  checkVersions,
  type Finding,
  isEngine,
  type SourceText,
  titlesOf,
} from './tidy.js';

const ROOT = new URL('../', import.meta.url);
const LINES_MAX = 600;

/** Longer for a reason, which is said here. */
const LONGER: Record<string, number> = {};

/** The checker's own words and bad examples are not findings. */
const CHECKER = ['test/tidy.ts', 'test/tidy.test.ts'];

function filesIn(folder: string, ending: RegExp): SourceText[] {
  let names: string[];
  try {
    names = readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
  return names
    .map((name) => `${folder}/${name}`)
    .filter((path) => ending.test(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(new URL(path, ROOT), 'utf8') }));
}

const source = filesIn('src', /\.ts$/).filter(({ path }) => !path.endsWith('.d.ts'));
const tests = filesIn('test', /\.ts$/);
const docs = filesIn('docs', /\.md$/);
const kernelTests = tests.filter(({ path }) => /^test\/kernel\/.*\.test\.ts$/.test(path));

function listed(findings: Finding[]): string[] {
  return findings.map(({ path, line, message }) => `${path}:${line} ${message}`);
}

function example(path: string, text: string): SourceText {
  return { path, text };
}

describe('layers', () => {
  it('objects when a layer imports one above it, or only the types of one it may not run', () => {
    const kernel = example('src/kernel/bad.ts', `import { Calendar } from '../sim/calendar.js';\n`);
    expect(listed(checkLayers(kernel))).toEqual([
      'src/kernel/bad.ts:1 kernel may not import src/sim/calendar.ts',
    ]);
    const types = `import type { Outcome } from '../run/outcome.js';\n`;
    expect(checkLayers(example('src/report/good.ts', types))).toEqual([]);
    const value = `import { run } from '../run/run.js';\nconst late = import('../cli/main.js');\n`;
    expect(listed(checkLayers(example('src/report/bad.ts', value)))).toEqual([
      'src/report/bad.ts:1 report may not import src/run/run.ts (only its types)',
      'src/report/bad.ts:2 report may not import src/cli/main.ts',
    ]);
    expect(checkLayers(example('src/misc/bad.ts', ''))).toHaveLength(1);
    const quote = `import text from '../../scenarios/a.yaml?raw';\n`;
    expect(checkLayers(example('src/web/good.ts', quote))).toEqual([]);
    expect(checkLayers(example('src/run/bad.ts', quote))).toHaveLength(1);
  });

  it('import downwards only', () => {
    expect(source.length).toBeGreaterThan(20);
    expect(listed(source.flatMap(checkLayers))).toEqual([]);
  });

  it('objects to a circle of imports, also of one through a third file', () => {
    const circle = [
      example('src/sim/a.ts', `import { b } from './b.js';`),
      example('src/sim/b.ts', `export { c } from './c.js';`),
      example('src/sim/c.ts', `import type { A } from './a.js';`),
      example('src/sim/d.ts', `import { a } from './a.js';`),
    ];
    expect(listed(checkCircles(circle))).toEqual([
      'src/sim/a.ts:1 circular import src/sim/a.ts -> src/sim/b.ts -> src/sim/c.ts -> src/sim/a.ts',
    ]);
    expect(checkCircles([circle[0], circle[1]])).toEqual([]);
  });

  it('leave it to node/versions to compare versions', () => {
    const text = `import { atLeast } from '../node/versions/compare.js';`;
    expect(listed(checkVersions(example('src/scenario/bad.ts', text)))).toEqual([
      'src/scenario/bad.ts:1 versions are compared in src/node/versions/ alone',
    ]);
    expect(
      checkVersions(example('src/node/versions/good.ts', `import { atLeast } from './compare.js';`)),
    ).toEqual([]);
    expect(listed(source.flatMap(checkVersions))).toEqual([]);
  });

  it('have no circular imports', () => {
    expect(listed(checkCircles(source))).toEqual([]);
  });
});

describe('the engine', () => {
  it('is not pure if it reads the clock, rolls dice, prints, waits or touches the machine', () => {
    const bad = [
      `import { readFileSync } from 'node:fs';`,
      'export const now = Date.now();',
      'export const luck = Math.random();',
      'console.log(process.argv);',
      'setTimeout(() => window.close(), 1);',
      'export const today = new Date();',
    ];
    const names = checkPurity(example('src/sim/bad.ts', bad.join('\n'))).map(({ message }) =>
      message.slice(18),
    );
    expect(names.sort()).toEqual([
      'Date',
      'Date',
      'Math.random',
      'console',
      'node:fs',
      'process',
      'setTimeout',
      'window',
    ]);
  });

  it('may reckon with dates that it is given', () => {
    const good = 'export const day = (ms: number) => new Date(Date.UTC(2026, 0) + ms).toISOString();';
    expect(checkPurity(example('src/text/good.ts', good))).toEqual([]);
  });

  it('is pure though something of its own has one of these names', () => {
    const good = 'const document = parse(); export const at = document.process + { process: 1 }.process;';
    expect(checkPurity(example('src/scenario/good.ts', good))).toEqual([]);
  });

  it('is pure', () => {
    const engine = source.filter(({ path }) => isEngine(path));
    expect(engine.length).toBeGreaterThan(15);
    expect(listed(engine.flatMap(checkPurity))).toEqual([]);
  });
});

describe('the text', () => {
  it('says nothing of what is still to be done', () => {
    expect(checkUnfinished(example('src/sim/bad.ts', 'run();\n// TODO faster'))).toHaveLength(1);
    const all = [...source, ...tests, ...docs].filter(({ path }) => !CHECKER.includes(path));
    expect(listed(all.flatMap(checkUnfinished))).toEqual([]);
  });

  it('has no path of one machine', () => {
    expect(checkMachinePaths(example('docs/bad.md', 'see /home/me/pidsim'))).toHaveLength(1);
    expect(
      checkMachinePaths(
        example('docs/good.md', 'see https://example.org/home/me, output/tmp/a, cat /tmp/healthy'),
      ),
    ).toEqual([]);
    expect(listed([...source, ...docs].flatMap(checkMachinePaths))).toEqual([]);
  });

  it(`fits a sitting: no file has more than ${LINES_MAX} lines`, () => {
    expect(checkLength(example('src/sim/bad.ts', '\n'.repeat(11)), 10)).toHaveLength(1);
    expect(checkLength(example('src/sim/good.ts', '\n'.repeat(10)), 10)).toEqual([]);
    const findings = [...source, ...tests].flatMap((file) =>
      checkLength(file, LONGER[file.path] ?? LINES_MAX),
    );
    expect(listed(findings)).toEqual([]);
  });
});

describe('the tests', () => {
  it('are all switched on', () => {
    const bad = `it.only('a', f); describe.skip('b', g); it('c', (context) => context.skip());`;
    expect(checkFocus(example('test/bad.test.ts', bad))).toHaveLength(3);
    const good = `it('c', (context) => context.skip('needs root')); it.skip('d (skipped: needs root)', f);`;
    expect(checkFocus(example('test/good.test.ts', good))).toEqual([]);
    expect(listed(tests.flatMap(checkFocus))).toEqual([]);
  });

  it('of the kernel name the rule they hold it to', () => {
    const bad = `describe('K9 threads', () => { it('hold a PID', f); });\nit('works as in R1', f);`;
    expect(listed(checkRuleInTitles(example('test/kernel/bad.test.ts', bad)))).toEqual([
      'test/kernel/bad.test.ts:2 no rule of the kernel in the title "works as in R1"',
    ]);
    expect(listed(kernelTests.flatMap(checkRuleInTitles))).toEqual([]);
  });
});

describe('the rule book', () => {
  /** What may cite a rule as its test: the titles of each test file, the `rules` of each litmus file, by path. */
  const cited = new Map([
    ...tests.map(
      (file) =>
        [
          file.path,
          titlesOf(file)
            .map(({ text }) => text)
            .join('\n'),
        ] as const,
    ),
    ...filesIn('test/litmus', /\.yaml$/).map(
      ({ path, text }) => [path, /^rules: .*$/m.exec(text)?.[0] ?? ''] as const,
    ),
  ]);
  const { rules, problems } = readRuleBook();
  const row = (id: string, status: string, where: string, shown: string): string =>
    `| ${id} | It \\| is so. | commit 1 | ${status} | ${where} | ${shown} |`;
  const bookOf = (...rows: string[]) => parseRuleBook(rows.join('\n'));

  it('finds the rules of a text, in ranges too', () => {
    expect(ruleIds('K1, K10-K12: as K5')).toEqual(['K1', 'K10', 'K11', 'K12', 'K5']);
    expect(ruleIds('R24 to R26, but no K8s and no RK3')).toEqual(['R24', 'R25', 'R26']);
  });

  it('objects to a row without a status, a source, a file, a test or a reason, and to a gap', () => {
    const good = row('K1', 'modelled', 'fork.ts', 'a test');
    expect(bookOf(good, row('R1', 'left out', '', 'exotic')).problems).toEqual([]);
    const bad = [
      row('K3', 'modelled', 'fork.ts', 'a test'),
      row('K2', 'finished', 'fork.ts', 'a test'),
      row('K2', 'modelled', '', 'a test'),
      row('K2', 'left out', 'fork.ts', 'exotic'),
      row('K2', 'left out', '', ''),
      row('K2', 'left out', '', 'exotic').replace('commit 1', ''),
      `${row('K2', 'left out', '', 'exotic')} more |`,
    ];
    expect(bookOf(good, ...bad).problems.map(({ message }) => message)).toEqual([
      'K3: K2 would be next',
      'K2: no status `finished`',
      'K2: modelled, but nowhere, or the reverse',
      'K2: modelled, but nowhere, or the reverse',
      'K2: neither a test nor a reason',
      'K2: no source',
      'K2: 7 columns',
    ]);
  });

  it('is in form', () => {
    expect(problems).toEqual([]);
    expect(rules.filter(({ id }) => id.startsWith('K')).length).toBeGreaterThanOrEqual(48);
    expect(rules.filter(({ id }) => id.startsWith('R')).length).toBeGreaterThanOrEqual(35);
  });

  it('agrees with docs/validity.md, which says once of each rule of the node what it rests on', () => {
    const text = readFileSync('docs/validity.md', 'utf8');
    const row = (name: string): string[] => ruleIds(new RegExp(`^\\| ${name} \\|.*$`, 'm').exec(text)![0]);
    const measured = row('a measurement');
    const all = [...measured, ...row('source code[^|]*'), ...row('published reports alone')];
    const ofNode = rules.filter(({ id }) => id.startsWith('R'));
    expect(all.sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)))).toEqual(ofNode.map(({ id }) => id));
    expect(measured).toEqual(ofNode.filter(({ source }) => source.includes('measured')).map(({ id }) => id));
  });

  it('has every rule that is cited anywhere', () => {
    const two = bookOf(row('K1', 'modelled', 'fork.ts', 'a test'), row('K2', 'left out', '', 'exotic')).rules;
    const bad = example('src/kernel/bad.ts', '// As K1 and K2 say.\n// Not modelled: K1 to K4, R7.\n');
    expect(listed(checkCitedRules(bad, two))).toEqual([
      'src/kernel/bad.ts:2 K3, K4, R7: no such rule in docs/rules.md',
    ]);
    const files = ['src', 'test', 'docs', 'scenarios']
      .flatMap((folder) => filesIn(folder, /\.(ts|mjs|c|h|md|ya?ml)$/))
      .filter(({ path }) => !CHECKER.includes(path));
    expect(files.length).toBeGreaterThan(300);
    expect(listed(files.flatMap((file) => checkCitedRules(file, rules)))).toEqual([]);
  });

  it('calls nothing modelled that no test and no litmus cites', () => {
    const three = bookOf(
      row('K1', 'modelled', 'fork.ts', 'a test'),
      row('K2', 'in part', 'fork.ts', 'a test'),
      row('K3', 'left out', '', 'exotic'),
    ).rules;
    expect(listed(checkShownRules(three, ['K1 a fork']))).toEqual([
      'docs/rules.md:2 K2 is modelled, and no test or litmus cites it',
    ]);
    expect(cited.size).toBeGreaterThan(200);
    expect(listed(checkShownRules(rules, [...cited.values()]))).toEqual([]);
  });

  it('names only tests and litmus files that cite the rule', () => {
    const shown = 'A [test](../test/a.test.ts), [litmus/b](../test/litmus/b.yaml)';
    const one = bookOf(row('K1', 'modelled', 'fork.ts', shown)).rules;
    expect(
      checkNamedTests(
        one,
        new Map([
          ['test/a.test.ts', 'K1 a'],
          ['test/litmus/b.yaml', 'rules: [K1]'],
        ]),
      ),
    ).toEqual([]);
    expect(listed(checkNamedTests(one, new Map([['test/a.test.ts', 'K2 a, K1 b']])))).toEqual([
      'docs/rules.md:1 test/litmus/b.yaml does not cite K1',
    ]);
    expect(listed(checkNamedTests(rules, cited))).toEqual([]);
  });

  it('calls nothing modelled in src/kernel that no test of the kernel cites', () => {
    const ofKernel = rules.filter(({ where }) => where.includes('src/kernel/'));
    expect(ofKernel.length).toBeGreaterThan(30);
    const ids = ofKernel.filter(({ id }) => id.startsWith('K'));
    const titles = kernelTests.flatMap(titlesOf).map(({ text }) => text);
    expect(listed(checkShownRules(ids, titles))).toEqual([]);
  });
});
