/**
 * What is drawn anew for each replication: what the scenario says is uncertain, how many orphans a command
 * leaves of which nothing is known, and how often a measured profile loses its race.
 *
 * The draws of an input come from a stream of its own: two variants of a scenario draw the same values.
 */
import type { Scenario } from '../scenario/scenario.js';
import type { Setting } from '../scenario/settings.js';
import {
  type DrawnValue,
  PART_MAX,
  PART_MIN,
  readDistribution,
  settingOf,
  type ValueAt,
} from '../scenario/uncertain.js';
import { RandomStreams } from '../sim/random.js';

/** The parts of a scenario that a replication has of its own. */
export interface Variation {
  settings: Setting[];
  orphansOf: Map<string, number>;
  shareOf: Map<string, number>;
}

export interface Input {
  /** As it is told: a PATH, `orphans of CHECK`, `race of rabbitmqctl node_health_check`. */
  name: string;
  valueAt: ValueAt;
  put: (value: unknown, into: Variation) => void;
}

/** One value of each input. */
export interface Draw {
  values: ReadonlyMap<string, DrawnValue>;
  variation: Variation;
}

/** The third zombie was left by 0 to 31 % of the runs on idle machines, by up to 67 % on busy ones (R64). */
const RACE_SHARE = { uniform: [0, 0.7] };
/** An unknown command leaves nothing, or one orphan a run. */
const ORPHANS = [0, 1];

export function inputsOf({
  uncertain,
  assumptions,
  races,
}: Pick<Scenario, 'uncertain' | 'assumptions' | 'races'>): Input[] {
  const written = uncertain.map(
    (input): Input => ({
      name: input.path,
      valueAt: readDistribution(input.distribution)!,
      put: (value, { settings }) => void settings.push(settingOf(input, value)),
    }),
  );
  const commands = new Set(
    assumptions.flatMap(({ command, orphansPerRun }) => (orphansPerRun === 0 ? command! : [])),
  );
  const assumed = [...commands].map(
    (command): Input => ({
      name: `orphans of ${command}`,
      valueAt: readDistribution(ORPHANS)!,
      put: (value, { orphansOf }) => void orphansOf.set(command, value as number),
    }),
  );
  const raced = races.map(
    (program): Input => ({
      name: `race of ${program}`,
      valueAt: readDistribution(RACE_SHARE)!,
      put: (value, { shareOf }) => void shareOf.set(program, value as number),
    }),
  );
  return [...written, ...assumed, ...raced];
}

export function drawInputs(inputs: readonly Input[], seed: number, replication: number): Draw {
  const streams = new RandomStreams(seed, replication);
  return drawnAt(inputs, ({ name }) => {
    const uniform = streams.stream(name, 'uncertain').uniform();
    return PART_MIN + (PART_MAX - PART_MIN) * uniform;
  });
}

/** The two ends of all inputs: if both are valid, so is what lies between. */
export function extremesOf(inputs: readonly Input[]): Draw[] {
  return [PART_MIN, PART_MAX].map((part) => drawnAt(inputs, () => part));
}

function drawnAt(inputs: readonly Input[], partOf: (input: Input) => number): Draw {
  const variation: Variation = { settings: [], orphansOf: new Map(), shareOf: new Map() };
  const values = new Map<string, DrawnValue>();
  for (const input of inputs) {
    const drawn = input.valueAt(partOf(input));
    values.set(input.name, drawn);
    input.put(drawn.value, variation);
  }
  return { values, variation };
}
