/**
 * Groups of a fleet: so many nodes from one template. They become nodes before the fleet is read, so a
 * mistake in a template is one of its nodes, at the template's line.
 *
 *     groups: [{name: worker, count: 900, template: {…}, waves: {…}}] ─► worker-0, worker-1, …
 */
import { US_PER_SECOND } from '../sim/time.js';
import { parseDurationUs, printDuration } from '../text/duration.js';
import { parseCountOrPercentage } from '../text/quantity.js';
import { isMapping, textOf } from '../text/value.js';
import type { Path, SourceDocument } from '../text/yaml.js';
import { NODES_MAX } from './bounds.js';
import { FLEET_KIND } from './schema.js';

interface Made {
  node: Record<string, unknown>;
  group: number;
}

/** The same document with nodes in place of groups. `only`: this node alone, with its own seed. */
export function withoutGroups(document: SourceDocument, only?: string): SourceDocument {
  const { value } = document;
  if (!isMapping(value) || value.kind !== FLEET_KIND || !isMapping(value.spec)) return document;
  const { nodes = [], groups } = value.spec;
  if (!Array.isArray(groups) && only === undefined) return document;
  const written = Array.isArray(nodes) ? nodes : [];
  const first = typeof value.spec.seed === 'number' ? value.spec.seed : 1;
  const made = (Array.isArray(groups) ? groups : []).flatMap((group, index) =>
    isMapping(group) ? nodesOf(group, index) : [],
  );
  const all = [
    ...written.map((node, index) => ({ node, place: ['nodes', index] })),
    ...made.map(({ node, group }) => ({ node, place: ['groups', group, 'template'] })),
  ].map(({ node, place }, index) => ({
    node: isMapping(node) ? { ...node, seed: node.seed ?? first + index } : node,
    place,
  }));
  const kept =
    only === undefined ? all : all.filter(({ node }) => isMapping(node) && textOf(node.name) === only);
  const places = kept.map(({ place }) => place);
  const spec = { ...value.spec, nodes: kept.map(({ node }) => node) };
  return {
    file: document.file,
    value: { ...value, spec },
    locate: (path, aim) => document.locate(placeOf(path, places), aim),
    written: (path) => document.written(placeOf(path, places)),
  };
}

function placeOf(path: Path, places: readonly Path[]): Path {
  const [spec, nodes, index, ...rest] = path;
  if (spec !== 'spec' || nodes !== 'nodes' || typeof index !== 'number') return path;
  const place = places[index] ?? ['nodes', index];
  const isOfGroup = place[0] === 'groups';
  // What is not in the template is beside it.
  if (isOfGroup && ['name', 'uncertain'].includes(String(rest[0])))
    return ['spec', ...place.slice(0, 2), ...rest];
  if (isOfGroup && rest[0] === 'interventions') return ['spec', ...place.slice(0, 2), 'waves'];
  return ['spec', ...place, ...rest];
}

/** The reader of the fleet says what is wrong with a group: here it has no nodes, or its defaults. */
function nodesOf(group: Record<string, unknown>, index: number): Made[] {
  const { name, count = 1, template = {}, uncertain, waves } = group;
  const isCount =
    typeof count === 'number' && Number.isSafeInteger(count) && count >= 1 && count <= NODES_MAX;
  if (!isCount || !isMapping(template) || typeof name !== 'string') return [];
  return Array.from({ length: count }, (_, number) => {
    const more = isMapping(waves) ? inItsWave(waves, number, count) : [];
    const own = Array.isArray(template.interventions) ? template.interventions : [];
    const node = {
      ...template,
      name: count === 1 ? name : `${name}-${number}`,
      ...(isMapping(uncertain) ? { uncertain: { ...(template.uncertain as object), ...uncertain } } : {}),
      ...(more.length === 0 ? {} : { interventions: [...own, ...more] }),
    };
    return { node, group: index };
  });
}

/** The interventions of a wave: at `startAt` for the first part of the nodes, `every` later for the next. */
function inItsWave(waves: Record<string, unknown>, number: number, count: number): unknown[] {
  const { part, every = '1d', startAt = '0s', interventions } = waves;
  const size = parseCountOrPercentage(textOf(part), count);
  const [everyUs, startUs] = [every, startAt].map((text) => parseDurationUs(textOf(text)));
  if (size === null || everyUs === null || startUs === null || !Array.isArray(interventions)) return [];
  const wave = Math.floor(number / Math.max(1, size));
  const at = printDuration(startUs + wave * everyUs + number * STAGGER_US);
  return interventions.map((each) => (isMapping(each) ? { at, ...each } : each));
}

/** The nodes of a wave follow each other: a roll-out does not reach all of them at one instant. */
const STAGGER_US = US_PER_SECOND;
