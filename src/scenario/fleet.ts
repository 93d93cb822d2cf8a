/** A fleet: several nodes, each a scenario of its own, with what they have in common said once. */
import { below, type Place } from '../text/findings.js';
import type { Reader } from '../text/read.js';
import { resolveScenario } from './resolve.js';
import type { Scenario } from './scenario.js';
import { type FleetSource, schemas } from './schema.js';

type Member = NonNullable<FleetSource['spec']['nodes']>[number];
type Surroundings = Parameters<typeof resolveScenario>[1];

/** One scenario for each node, called `fleet.node`. */
export function parseFleet(
  value: unknown,
  root: Place,
  reader: Reader,
  surroundings: Surroundings,
): Scenario[] {
  const { metadata, spec } = reader.readParts(schemas().fleet(), value, root);
  if (spec === undefined) return [];
  if (spec.nodes === undefined) {
    const message = 'a fleet has `nodes` or `groups`';
    surroundings.findings.error(below(root, 'spec', 'nodes'), 'missing-key', message, { aim: 'key' });
    return [];
  }
  surroundings.findings.refuseSameNames(spec.nodes, (name) => `there is another node \`${name}\``);
  const name = metadata?.name ?? '';
  const fleet = { name, title: metadata?.title ?? name, description: (metadata?.description ?? '').trim() };
  return spec.nodes.flatMap((member, index) => {
    const own = {
      ...member,
      seed: member.seed ?? spec.seed + index,
      horizon: member.horizon ?? spec.horizon,
      sampleEvery: member.sampleEvery ?? spec.sampleEvery,
    };
    const { findings } = surroundings;
    findings.place(own, findings.of(member), commonPlaces(member, spec, surroundings));
    const group = groupOf(member.name, spec.groups);
    const membership = { fleet, node: member.name, programs: spec.programs, group };
    return resolveScenario({ metadata, spec: own }, surroundings, membership) ?? [];
  });
}

/** What a node takes from its fleet stands there. */
function commonPlaces(
  member: Member,
  spec: FleetSource['spec'],
  { findings }: Surroundings,
): Record<string, Place> {
  const keys = (['seed', 'horizon', 'sampleEvery'] as const).filter((key) => member[key] === undefined);
  return Object.fromEntries(keys.map((key) => [key, findings.of(spec, key)]));
}

function groupOf(node: string, groups: FleetSource['spec']['groups'] = []): string | undefined {
  const [name] = /^(.*?)(-\d+)?$/.exec(node)!.slice(1);
  return groups.find((group) => group.name === node || group.name === name)?.name;
}
