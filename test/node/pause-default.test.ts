import { describe, expect, test } from 'vitest';
import type { RuntimeName } from '../../src/node/spec.js';
import { defaultPause } from '../../src/node/versions/pause.js';

describe('R2: the pause image of a node on which nobody chose one', () => {
  test.each<[string, RuntimeName, string, string]>([
    ['1.7', 'docker', '17.12', '3.0'],
    ['1.9.11', 'docker', '17.12', '3.0'],
    ['1.10', 'docker', '17.12', '3.1'],
    ['v1.17.3', 'docker', '19.03', '3.1'],
    ['1.18', 'docker', '19.03', '3.2'],
    ['1.23.4', 'docker', '20.10', '3.6'],
    ['1.31', 'docker', '24.0', '3.10'],
  ])('with kubelet %s on %s %s is %s', (kubelet, name, version, pause) => {
    expect(defaultPause(kubelet, { name, version })).toBe(pause);
  });

  test.each<[string, RuntimeName, string, string]>([
    ['1.7', 'containerd', '1.1', '3.1'],
    ['1.7', 'containerd', '1.7', '3.8'],
    ['1.7', 'cri-o', '1.12', '3.1'],
    ['1.7', 'cri-o', '1.30', '3.9'],
  ])(
    'depends on the runtime alone where it is a CRI: kubelet %s on %s %s has %s',
    (kubelet, name, version, pause) => {
      expect(defaultPause(kubelet, { name, version })).toBe(pause);
    },
  );
});
