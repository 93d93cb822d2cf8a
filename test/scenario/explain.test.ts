import { describe, expect, test } from 'vitest';
import { explain } from '../../src/scenario/explain.js';
import { type FieldDoc, namedTypes, scenarioFields } from '../../src/scenario/fields.js';
import { DIAGNOSTIC_CODES } from '../../src/text/codes.js';

function textOf(path: string): string {
  const explanation = explain(path);
  return explanation.ok ? explanation.text : explanation.message;
}

describe('pidsim explain', () => {
  test('tells what a field is, its type, its bounds and its default', () => {
    expect(textOf('scenario.spec.node.kernel.cpus')).toBe(`KIND:     Scenario
VERSION:  pidsim/v1

FIELD:    spec.node.kernel.cpus <integer>

DESCRIPTION:
    Possible CPUs. The default and the smallest value of pidMax derive from it. Default: 4. From 1
    to 8192.
`);
  });

  test('lists the fields of an object, and which are required', () => {
    expect(textOf('scenario.metadata')).toMatch(/name <Name> -required-/);
    expect(textOf('scenario.metadata')).toMatch(/title <string>\n/);
  });

  test('takes a path with or without its root, and with list indices', () => {
    expect(textOf('spec.pods[0].containers[1].livenessProbe.periodSeconds')).toBe(
      textOf('scenario.spec.pods.containers.livenessProbe.periodSeconds'),
    );
  });

  test('finds a key that has a dot of its own', () => {
    expect(textOf('spec.node.kubelet.evictionHard.pid.available')).toContain('<CountOrPercentage>');
  });

  test('shows every form of a thing that has several', () => {
    const text = textOf('spec.interventions');
    for (const word of ['bump-pause', 'delete-pod', 'set-pid-max', 'change-probe', 'drain']) {
      expect(text).toContain(`FIELDS (do: ${word}):`);
    }
  });

  test('explains a named type', () => expect(textOf('Interval')).toContain('`1h30m`'));

  test('explains every diagnostic code', () => {
    for (const code of DIAGNOSTIC_CODES) expect(textOf(code)).toMatch(/MEANING:\n {4}\S/);
  });

  test('says which field is near a misspelt one', () => {
    expect(explain('spec.node.kernl')).toEqual({
      ok: false,
      message: '`scenario.spec.node` has no field `kernl`',
      hint: 'Did you mean `kernel`?',
    });
  });

  test('says that a plain value has no fields', () => {
    expect(explain('spec.seed.more')).toMatchObject({
      ok: false,
      message: '`scenario.spec.seed` has no fields',
    });
  });

  test('does not fall for a path through what every object inherits', () => {
    expect(explain('spec.constructor.name').ok).toBe(false);
    expect(explain('__proto__').ok).toBe(false);
    expect(explain('').ok).toBe(true);
  });
});

describe('pidsim explain program', () => {
  test('lists the catalogue', () => {
    const text = textOf('program');
    for (const name of ['pause-3.0', 'tini -s', 'rabbitmqctl node_health_check'])
      expect(text).toContain(`  ${name}\n`);
  });

  test('says of each entry where it comes from: what was measured with its version and date', () => {
    expect(textOf('program')).toMatch(
      /redis-cli\n(?: {4}.*\n)*? {4}.*\(Measured\s+2026-11-30:\s+redis-tools/,
    );
    expect(textOf('program nginx')).toMatch(/DESCRIPTION:\n {4}A server: 3 tasks.*reaps strangers/);
  });

  test('tells what a program does, and how we know', () => {
    const text = textOf('program pause-3.0');
    expect(text).toMatch(/^PROGRAM: {2}pause-3.0\nCOMM: {5}pause\n/);
    expect(text).toMatch(/SOURCE:\n {4}kubernetes/);
    expect(text).toMatch(/STEPS:\n {4}- /);
  });

  test('takes a command line of known programs', () => {
    expect(textOf('program tini -- rabbitmq-server')).toContain('COMM:     tini');
    expect(explain('program tini -- nobody').ok).toBe(false);
  });

  test('says which program is near a misspelt one', () => {
    expect(explain('program dumb-inti')).toMatchObject({ ok: false, hint: 'Did you mean `dumb-init`?' });
  });
});

describe('the schema', () => {
  test('says of every field what it is', () => {
    const visit = (field: FieldDoc, path: string): void => {
      expect(field.description, path).not.toBe('');
      for (const form of field.forms()) {
        for (const inner of form.fields) visit(inner, `${path}.${inner.name}`);
      }
    };
    const steps = ['Step', 'Steps', 'Program'];
    const part = scenarioFields();
    const withoutPrograms = (field: FieldDoc): FieldDoc => ({
      ...field,
      forms: () =>
        field.forms().map((form) => ({
          ...form,
          fields: form.fields.filter(({ name }) => name !== 'programs').map(withoutPrograms),
        })),
    });
    visit(withoutPrograms(part), 'scenario');
    for (const type of namedTypes().filter(({ name }) => !steps.includes(name) && name !== 'Duration')) {
      visit(type, type.name);
    }
  });
});
