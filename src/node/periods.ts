import type { RandomStream } from '../sim/random.js';
import type { Simulation } from '../sim/simulation.js';

/**
 * What people and controllers do every so often: once in every period, at a random moment of it. They keep no
 * step with the kubelet's tickers, and a model in which they did would show them the same phase of every
 * probe for ever.
 *
 * `schedule` is called at the start of each period with its number, from 1, and the moment in it.
 */
export function everyNowAndThen(
  sim: Simulation,
  moments: RandomStream,
  periodUs: number,
  schedule: (round: number, atUs: number) => void,
): void {
  const begin = sim.register((round) => {
    schedule(round, sim.nowUs + Math.floor(moments.uniform() * periodUs));
    sim.after(periodUs, begin, round + 1, 0);
  });
  sim.soon(begin, 1, 0);
}
