/**
 * In which order the containers of a pod start and stop (pkg/kubelet/kuberuntime, `computePodActions`; KEP
 * 753).
 *
 *     init, one after another, each to its end; among them a sidecar, which only has to have started ─► all the others
 */
import type { ContainerSpec } from '../spec.js';

/** What is to be known of a container of the pod. */
export interface Startable {
  readonly spec: Pick<ContainerSpec, 'role'>;
  readonly state: 'waiting' | 'starting' | 'running' | 'exited';
  readonly hook: 'none' | 'postStart' | 'preStop';
  /** Its startup probe has succeeded, or it has none. */
  readonly started: boolean;
  /** It has ended, and is not started again. */
  readonly isComplete: boolean;
}

/** What is to be started now; null: nothing, or something has to happen first. */
export function nextToStart<T extends Startable>(containers: readonly T[], isInitialised: boolean): T | null {
  // The kubelet starts one after another, and waits for the end of a postStart hook.
  if (containers.some(({ state, hook }) => state === 'starting' || hook === 'postStart')) return null;
  for (const container of containers) {
    // Once the pod is initialised its init containers do not run again.
    if (isInitialised && container.spec.role === 'init') continue;
    if (container.state === 'waiting') return container;
    if (!isInitialised && !hasMadeWay(container)) return null;
  }
  return null;
}

/** May those behind it start, while the pod is being initialised? */
function hasMadeWay(container: Startable): boolean {
  switch (container.spec.role) {
    case 'init':
      return container.isComplete;
    case 'sidecar':
      return container.state === 'running' && container.started;
    default:
      return true;
  }
}

/** Sidecars stop when the others have, the last of them first (1.29). */
export function mayStop(container: Startable, containers: readonly Startable[]): boolean {
  if (container.spec.role !== 'sidecar') return true;
  const behind = containers.slice(containers.indexOf(container) + 1);
  return behind.every(({ state }) => state !== 'running' && state !== 'starting');
}

/** Only the sidecars of a pod are left, and they are there for the others: the pod has ended. */
export function hasOnlySidecarsLeft(containers: readonly Startable[]): boolean {
  const others = containers.filter(({ spec }) => spec.role !== 'sidecar');
  return others.length > 0 && others.every(({ isComplete }) => isComplete);
}
