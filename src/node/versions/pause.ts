/**
 * Which pause image a node has when nobody says (R2).
 *
 * With Docker it is the kubelet's default (`--pod-infra-container-image`); on a CRI runtime it is the runtime's own
 * and the kubelet's flag is of no consequence. Only the step from 3.0 to 3.1 changes what happens to a zombie.
 */
import type { RuntimeName } from '../spec.js';
import { atLeast } from './compare.js';

/** From this version on, that image. Newest first. */
type Table = readonly (readonly [since: string, pause: string])[];

/** Kubernetes cmd/kubelet and kubeadm defaults; PRs #57517, #88173 and the release notes that follow them. */
const KUBELET: Table = [
  ['1.36', '3.10.2'],
  ['1.34', '3.10.1'],
  ['1.31', '3.10'],
  ['1.26', '3.9'],
  ['1.25', '3.8'],
  ['1.24', '3.7'],
  ['1.23', '3.6'],
  ['1.22', '3.5'],
  ['1.21', '3.4.1'],
  ['1.18', '3.2'],
  ['1.10', '3.1'],
  ['0.0', '3.0'],
];

/** containerd `sandbox_image`, from its tags. */
const CONTAINERD: Table = [
  ['2.3', '3.10.2'],
  ['2.2', '3.10.1'],
  ['2.0', '3.10'],
  ['1.7', '3.8'],
  ['1.6', '3.6'],
  ['1.5', '3.5'],
  ['1.4', '3.2'],
  ['0.0', '3.1'],
];

/** CRI-O `pause_image`, from its tags. */
const CRI_O: Table = [
  ['1.34', '3.10.1'],
  ['1.28', '3.9'],
  ['1.24', '3.6'],
  ['1.21', '3.5'],
  ['1.18', '3.2'],
  ['0.0', '3.1'],
];

export function defaultPause(
  kubeletVersion: string,
  runtime: { name: RuntimeName; version: string },
): string {
  switch (runtime.name) {
    case 'containerd':
      return find(CONTAINERD, runtime.version);
    case 'cri-o':
      return find(CRI_O, runtime.version);
    case 'docker':
    case 'bare':
      return find(KUBELET, kubeletVersion);
  }
}

function find(table: Table, version: string): string {
  return table.find(([since]) => atLeast(version, since))![1];
}
