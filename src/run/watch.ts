/**
 * What watches a run: observers with one purpose each, in one list.
 *
 *     leaks             what each probe leaves behind per run
 *     first times       when each symptom showed first
 *     fullness          when the node was full, and which origins held the PIDs
 *     refusals          pods that came to a limit below the node's
 *     growth            three columns and the last change, for the projection
 *     sampler           reads the node now and then: the rows for the others
 *     state             a fingerprint of all rows
 *     recording         timeline and events; only if they are wanted
 */
import type { Node } from '../node/node.js';
import { FirstTimes } from './first-times.js';
import { Fullness } from './fullness.js';
import { LeakAccounts } from './leak.js';
import type { Observers } from './observer.js';
import { GrowthLog } from './projection.js';
import { Recording } from './recording.js';
import { Refusals } from './refusals.js';
import { Sampler } from './sampler.js';
import { StateDigest } from './state-digest.js';

/**
 * Begins to watch a node that has just been built.
 *
 * @param observers the list that the node tells its moments.
 * @param record whether to keep the timeline and the events.
 */
export function watch(node: Node, observers: Observers, sampleEveryUs: number, record: boolean) {
  const leaks = new LeakAccounts(node);
  const firstTimes = new FirstTimes(node.context.sim, observers);
  const fullness = new Fullness(node, leaks, observers);
  const refusals = new Refusals(node, leaks, observers);
  const growth = new GrowthLog();
  const sampler = new Sampler(node, observers, fullness, sampleEveryUs);
  const recording = record ? new Recording(node) : null;
  const state = new StateDigest(node.context.kernel);
  observers.add(state, leaks, firstTimes, fullness, refusals, growth, sampler);
  if (recording !== null) observers.add(recording);
  node.context.machine.observe(observers);
  return { observers, leaks, firstTimes, fullness, refusals, growth, recording, state };
}

export type Watch = ReturnType<typeof watch>;
