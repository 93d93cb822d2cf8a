/** The event calendar alone and in the run loop, beside other people's. One operation: a pop and a push. */
import type { BenchCase, BenchRatio } from '../bench-case.js';
import {
  EXPONENTIAL,
  type HoldLoad,
  holdCalendar,
  holdSimulation,
  LOADS,
  MANY,
  MIX,
  soonEvents,
  TIED,
} from '../hold.js';
import { BINARY_HEAP, holdPeer, NS3, PRIORITY_QUEUE, SIMPY } from '../peer.js';

const TARGETS = new Map<HoldLoad, number>([
  [EXPONENTIAL, 25e6],
  [MIX, 30e6],
  [TIED, 10e6],
  [MANY, 10e6],
]);

function ours(load: HoldLoad): BenchCase {
  return {
    name: `calendar: ${load.name}`,
    unit: 'operations/s',
    target: TARGETS.get(load),
    better: 'more',
    run: () => holdCalendar(load),
  };
}

function runLoop(load: HoldLoad): BenchCase {
  return {
    name: `run loop: ${load.name}`,
    unit: 'events/s',
    better: 'more',
    run: () => holdSimulation(load),
  };
}

const peers = LOADS.map((load) =>
  [...NS3, PRIORITY_QUEUE, BINARY_HEAP, SIMPY].map((peer) => holdPeer(peer, load)),
);

export const cases: BenchCase[] = [
  ...LOADS.flatMap((load, i) => [ours(load), ...peers[i]]),
  ...LOADS.map(runLoop),
  { name: 'run loop: events at one instant', unit: 'events/s', better: 'more', run: soonEvents },
];

const nameOf = ({ name }: BenchCase): string => name;

export const ratios: BenchRatio[] = [
  {
    name: "calendar, times ns-3's best scheduler: 1,000 pending, exponential gaps",
    of: ours(EXPONENTIAL).name,
    others: NS3.map((peer) => nameOf(holdPeer(peer, EXPONENTIAL))),
    target: 2.5,
  },
  {
    name: 'calendar, times SimPy: 1,000 pending, exponential gaps',
    of: ours(EXPONENTIAL).name,
    others: [nameOf(holdPeer(SIMPY, EXPONENTIAL))],
    target: 25,
  },
];
