/** The event calendar alone and in the run loop, beside other people's. One operation: a pop and a push. */
import { type BenchCase, type BenchRatio, timesTheBest } from '../bench-case.js';
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
import {
  BINARY_HEAP,
  holdPeer,
  NS3_SCHEDULERS,
  NS3_SIMULATORS,
  PRIORITY_QUEUE,
  SIMPY,
  SIMPY_QUEUE,
} from '../peer.js';

const TARGETS = new Map<HoldLoad, number>([
  [EXPONENTIAL, 25e6],
  [MIX, 30e6],
  [TIED, 10e6],
  [MANY, 10e6],
]);

const groupOf = (load: HoldLoad): string => `event queues, ${load.name}`;

function ours(load: HoldLoad): BenchCase {
  return {
    group: groupOf(load),
    name: 'pidsim: Calendar',
    unit: 'operations/s',
    target: TARGETS.get(load),
    better: 'more',
    run: () => holdCalendar(load),
  };
}

function runLoop(load: HoldLoad): BenchCase {
  return {
    group: groupOf(load),
    name: 'pidsim: Simulation, the calendar in its run loop',
    unit: 'operations/s',
    better: 'more',
    run: () => holdSimulation(load),
  };
}

const NS3 = [...NS3_SCHEDULERS, ...NS3_SIMULATORS];

/** All of ns-3's where a target speaks of the best of them, the best of each kind elsewhere. */
function peersOf(load: HoldLoad): BenchCase[] {
  const ns3 = load === EXPONENTIAL ? NS3 : [NS3_SCHEDULERS[0], NS3_SIMULATORS[0]];
  return [...ns3, PRIORITY_QUEUE, BINARY_HEAP, SIMPY, SIMPY_QUEUE].map((peer) =>
    holdPeer(peer, load, groupOf(load)),
  );
}

export const cases: BenchCase[] = [
  ...LOADS.flatMap((load) => [ours(load), runLoop(load), ...peersOf(load)]),
  {
    group: 'run loop',
    name: 'events at one instant',
    unit: 'events/s',
    better: 'more',
    run: soonEvents,
  },
];

const group = groupOf(EXPONENTIAL);
const times = { group, unit: 'times', better: 'more' as const };

export const ratios: BenchRatio[] = [
  {
    ...times,
    name: "Calendar: the best of ns-3's schedulers alone",
    target: 2.5,
    value: timesTheBest(
      ours(EXPONENTIAL),
      NS3_SCHEDULERS.map((peer) => holdPeer(peer, EXPONENTIAL, group)),
    ),
  },
  {
    ...times,
    name: "Simulation: the best of ns-3's Simulator",
    target: 2.5,
    value: timesTheBest(
      runLoop(EXPONENTIAL),
      NS3_SIMULATORS.map((peer) => holdPeer(peer, EXPONENTIAL, group)),
    ),
  },
  {
    ...times,
    name: 'Calendar: SimPy as its users have it',
    target: 25,
    value: timesTheBest(ours(EXPONENTIAL), [holdPeer(SIMPY, EXPONENTIAL, group)]),
  },
  {
    ...times,
    name: 'Simulation: the same',
    value: timesTheBest(runLoop(EXPONENTIAL), [holdPeer(SIMPY, EXPONENTIAL, group)]),
  },
  {
    ...times,
    name: "Calendar: SimPy's timeouts alone",
    target: 25,
    value: timesTheBest(ours(EXPONENTIAL), [holdPeer(SIMPY_QUEUE, EXPONENTIAL, group)]),
  },
];
