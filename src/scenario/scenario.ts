/** A validated scenario: a node to build, how long to run it, and what is expected of the run. */
import type { NodeSpec } from '../node/spec.js';
import type { Expectation } from './expect.js';
import type { AssumptionMade } from './programs.js';
import type { UncertainInput } from './uncertain.js';

/** What the nodes of a fleet have in common. */
export interface FleetIdentity {
  name: string;
  title: string;
  description: string;
}

/** `memory`: the kernel derives it from that; `derived`: from another limit. */
export type LimitFrom = 'file' | 'preset' | 'default' | 'memory' | 'derived';

export interface Scenario {
  /** The file it came from, as the user named it; `<text>` if it came from a string. */
  path: string;
  name: string;
  title: string;
  description: string;
  /** Of a node of a fleet; the scenario's name is then `fleet.node`. */
  fleet?: FleetIdentity;
  nodeName?: string;
  /** The group of a fleet that it is one of. */
  group?: string;
  /** Of what manifests have made: the files that were named, and the kind of node if one was chosen. */
  madeFrom?: { files: string[]; preset?: string };
  /** What was set in it before it was read, as given to `--set`. */
  settings?: string[];
  seed: number;
  horizonUs: number;
  /** null: `auto`, about 1,000 rows over the horizon. */
  sampleEveryUs: number | null;
  node: NodeSpec;
  /** Of a scenario that has been read: where limits of its node come from. */
  limitsFrom?: Record<'pidMax' | 'threadsMax' | 'podPidsLimit', LimitFrom>;
  expect: Expectation[];
  /** What a study draws, one value for each replication. */
  uncertain: UncertainInput[];
  /** Profiles that it runs and whose race is won on some machines more often than on others. */
  races: string[];
  /** What was taken for granted of commands and images that are not known. */
  assumptions: AssumptionMade[];
}
