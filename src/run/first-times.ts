/** When each symptom showed for the first time. */
import { RESERVED_PIDS } from '../kernel/limits.js';
import type { Simulation } from '../sim/simulation.js';
import { US_PER_SECOND } from '../sim/time.js';
import type { Observers, RunObserver } from './observer.js';
import type { RunEvent, Symptoms } from './result.js';

export class FirstTimes implements RunObserver {
  forkRefusedSeconds: number | null = null;
  probeFailureSeconds: number | null = null;
  sshRefusedSeconds: number | null = null;
  podCreateFailedSeconds: number | null = null;
  podNotCreated: Symptoms['firstPodNotCreated'] = null;
  #hasWrapped = false;

  constructor(
    private readonly sim: Simulation,
    private readonly observers: Observers,
  ) {}

  refused(): void {
    this.forkRefusedSeconds ??= this.sim.nowUs / US_PER_SECOND;
  }

  moment({ kind, timeSeconds, subject }: RunEvent): void {
    if (kind === 'probe-failed' || kind === 'probe-errored') this.probeFailureSeconds ??= timeSeconds;
    if (kind === 'ssh-refused') this.sshRefusedSeconds ??= timeSeconds;
    if (kind === 'pod-create-failed') {
      this.podCreateFailedSeconds ??= timeSeconds;
      this.podNotCreated ??= { pod: subject, atSeconds: timeSeconds, untilSeconds: null };
    }
    if (kind === 'pod-created' && subject === this.podNotCreated?.pod)
      this.podNotCreated.untilSeconds ??= timeSeconds;
  }

  /** K3: from the first wrap on, the free PIDs below the reserve are lost. Later wraps are no news. */
  wrapped(): void {
    if (this.#hasWrapped) return;
    this.#hasWrapped = true;
    this.observers.moment('wrapped', 'node', `pids start again from ${RESERVED_PIDS}`);
  }
}
