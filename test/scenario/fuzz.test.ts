import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseScenario } from '../../src/scenario/parse.js';
import { DIAGNOSTIC_CODES } from '../../src/text/codes.js';

const TEXTS = [
  ...readdirSync('scenarios')
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => `scenarios/${name}`),
  'scenarios/manifests/rabbitmq-statefulset.yaml',
].map((path) => readFileSync(path));
const MANIFEST = TEXTS.at(-1)!.toString('utf8');

/** A byte put in, taken out or changed; or a piece of the text doubled or cut. */
interface Mutation {
  kind: 'insert' | 'remove' | 'change' | 'double' | 'cut';
  at: number;
  byte: number;
  length: number;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  kind: fc.constantFrom('insert', 'remove', 'change', 'double', 'cut'),
  at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  // Characters that mean something to YAML are more likely than others.
  byte: fc.oneof(
    fc.integer({ min: 0, max: 255 }),
    fc.constantFrom(...Buffer.from(' \t\n-:{}[]*&!|>\'"#%?,0')),
  ),
  length: fc.integer({ min: 1, max: 60 }),
});

function mutate(bytes: Buffer, { kind, at, byte, length }: Mutation): Buffer {
  const from = Math.floor(at * bytes.length);
  const head = bytes.subarray(0, from);
  switch (kind) {
    case 'insert':
      return Buffer.concat([head, Buffer.from([byte]), bytes.subarray(from)]);
    case 'remove':
      return Buffer.concat([head, bytes.subarray(from + 1)]);
    case 'change':
      return Buffer.concat([head, Buffer.from([byte]), bytes.subarray(from + 1)]);
    case 'double':
      return Buffer.concat([head, bytes.subarray(from, from + length), bytes.subarray(from)]);
    case 'cut':
      return Buffer.concat([head, bytes.subarray(from + length)]);
  }
}

/** Whatever the text: an answer, and every diagnostic in it is fit to be shown. */
function expectAnAnswer(text: string, manifest: string): void {
  const parsed = parseScenario(text, { path: 'fuzz.yaml', readFile: () => manifest });
  const diagnostics = parsed.ok ? parsed.warnings : parsed.diagnostics;
  if (!parsed.ok) expect(diagnostics.some(({ severity }) => severity === 'error')).toBe(true);
  const lineCount = Math.max(text.split(/\r\n|\r|\n/).length, manifest.split(/\r\n|\r|\n/).length);
  for (const { line, column, code, message } of diagnostics) {
    expect(DIAGNOSTIC_CODES as readonly string[]).toContain(code);
    expect(message).not.toBe('');
    expect(line).toBeLessThanOrEqual(lineCount);
    expect(Math.min(line, column)).toBeGreaterThanOrEqual(0);
  }
}

describe('parseScenario answers and never throws', () => {
  test('on shipped scenarios with random mutations', () => {
    const bytes = fc.constantFrom(...TEXTS);
    fc.assert(
      fc.property(bytes, fc.array(mutation, { minLength: 1, maxLength: 8 }), (text, mutations) => {
        expectAnAnswer(mutations.reduce(mutate, text).toString('utf8'), MANIFEST);
      }),
      { numRuns: 150 },
    );
  });

  test('on manifests with random mutations', () => {
    const scenario = readFileSync('scenarios/rabbitmq-statefulset.yaml', 'utf8');
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 8 }), (mutations) => {
        expectAnAnswer(scenario, mutations.reduce(mutate, Buffer.from(MANIFEST)).toString('utf8'));
      }),
      { numRuns: 80 },
    );
  });

  test('on random text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => expectAnAnswer(text, text)),
      { numRuns: 200 },
    );
  });

  test('on random values in the place of right ones', () => {
    const scenario = (value: unknown) =>
      JSON.stringify({ apiVersion: 'pidsim/v1', kind: 'Scenario', metadata: { name: 'x' }, spec: value });
    const spec = fc.record(
      {
        seed: fc.anything(),
        horizon: fc.anything(),
        node: fc.oneof(
          fc.anything(),
          fc.dictionary(fc.constantFrom('kernel', 'kubelet', 'runtime', 'pause', 'cronJobs'), fc.anything()),
        ),
        pods: fc.oneof(fc.anything(), fc.array(fc.anything())),
        programs: fc.oneof(fc.anything(), fc.dictionary(fc.string(), fc.anything())),
        interventions: fc.array(fc.anything()),
        expect: fc.oneof(fc.anything(), fc.array(fc.string())),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(spec, (value) => {
        let text: string;
        try {
          text = scenario(value);
        } catch {
          return; // Not everything can be written as JSON: bigints, cycles.
        }
        expectAnAnswer(text, '');
      }),
      { numRuns: 150 },
    );
  });
});
