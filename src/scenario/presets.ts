/**
 * Kinds of node whose kernel, limits, kubelet and runtime are known. A preset is what somebody could have
 * written under `node:`, each value with its source (presets.json); what is written beside it goes before.
 */
import { didYouMean } from '../text/suggest.js';
import { isMapping } from '../text/value.js';
import { type Explanation, indent } from './explanation.js';
import presets from './presets.json' with { type: 'json' };

export type PresetName = keyof typeof presets;
/** At least one: the schema lists them. */
export const PRESET_NAMES = Object.keys(presets) as [PresetName, ...PresetName[]];

/** Of a manifest that says nothing of a node. */
export const DEFAULT_PRESET: PresetName = 'ubuntu-24.04';

interface PresetFact {
  /** As under `node:`; null: it is so anyway. */
  set: readonly [path: string, value: unknown] | null;
  /** Why, and who says so. */
  why: string;
}

interface Preset {
  title: string;
  facts: readonly PresetFact[];
  /** What is assumed or left open. */
  unknown: string;
}

/** A fact in presets.json is a path, a value and why; or why alone. */
export const PRESETS = Object.fromEntries(
  Object.entries(presets).map(([name, { facts, ...preset }]): [string, Preset] => [
    name,
    { ...preset, facts: facts.map(factOf) },
  ]),
) as Readonly<Record<PresetName, Preset>>;

function factOf(fact: readonly unknown[]): PresetFact {
  const [path, value] = fact;
  return { set: fact.length === 1 ? null : [String(path), value], why: String(fact.at(-1)) };
}

export function isPreset(name: unknown): name is PresetName {
  return (PRESET_NAMES as readonly unknown[]).includes(name);
}

/** The preset as it would stand under `node:`. */
function presetNode(name: PresetName): Record<string, unknown> {
  const node: Record<string, unknown> = {};
  for (const { set } of PRESETS[name].facts) {
    if (set === null) continue;
    const [path, value] = set;
    const steps = path.split('.');
    const last = steps.pop()!;
    let parent = node;
    for (const step of steps) parent = (parent[step] ??= {}) as Record<string, unknown>;
    parent[last] = value;
  }
  return node;
}

/** What is written, and below it what the preset has. A runtime by another name brings its own version. */
export function withPreset(written: unknown, preset: PresetName): unknown {
  if (written !== undefined && written !== null && !isMapping(written)) return written;
  const base = presetNode(preset);
  const runtime = isMapping(written?.runtime) ? written.runtime : {};
  const known = base.runtime as Record<string, unknown>;
  if (runtime.name !== undefined && runtime.name !== known.name) {
    delete base.runtime;
    delete base.pause;
  }
  return merged(base, written ?? {});
}

function merged(base: Record<string, unknown>, over: Record<string, unknown>): Record<string, unknown> {
  const result: Record<string, unknown> = Object.assign(Object.create(null), base);
  for (const [key, value] of Object.entries(over)) {
    const below = base[key];
    if (value === undefined || value === null) continue;
    result[key] = isMapping(below) && isMapping(value) ? merged(below, value) : value;
  }
  return result;
}

/** `pidsim explain presets`. */
export function explainPresets(): Explanation {
  const lines = PRESET_NAMES.flatMap((name) => [
    name + (name === DEFAULT_PRESET ? '  (the default of manifests)' : ''),
    ...indent(PRESETS[name].title, 4),
  ]);
  const head = [
    'Kinds of node: `node: {preset: NAME}` in a scenario, `--node NAME` on the command line.',
    '',
  ];
  return {
    ok: true,
    text: [...head, ...lines, '', '`pidsim explain preset NAME`: what it sets, and why.'].join('\n'),
  };
}

/** `pidsim explain preset NAME`. */
export function explainPreset(name: string): Explanation {
  if (!isPreset(name)) {
    const hint = didYouMean(name, PRESET_NAMES) ?? `There are: ${PRESET_NAMES.join(', ')}.`;
    return { ok: false, message: `there is no preset \`${name}\``, hint };
  }
  const { title, facts, unknown } = PRESETS[name];
  const lines = facts.flatMap(({ set, why }) => [
    `  ${set === null ? '(not set)' : `${set[0]}: ${set[1]}`}`,
    ...indent(why, 6),
  ]);
  return {
    ok: true,
    text: [`PRESET:   ${name}`, '', title, '', ...lines, '', 'NOT KNOWN:', ...indent(unknown, 4)].join('\n'),
  };
}
