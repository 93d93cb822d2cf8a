import { describe, expect, test } from 'vitest';
import type { KubeletSpec, RuntimeSpec } from '../../src/node/spec.js';
import { atLeast } from '../../src/node/versions/compare.js';
import { kubeletRules, pauseProgramName, runtimeRules } from '../../src/node/versions/rules.js';

const kubelet = (version: string, more: Partial<KubeletSpec> = {}): KubeletSpec => ({
  version,
  podPidsLimit: -1,
  reservedPids: 0,
  evictionPidAvailable: null,
  dockerDisableSharedPid: null,
  ...more,
});
const runtime = (name: RuntimeSpec['name'], version: string): RuntimeSpec => ({
  name,
  version,
  setsid: true,
});
const modeOf = (
  kubeletVersion: string,
  name: RuntimeSpec['name'],
  version: string,
  flag: boolean | null = null,
) =>
  kubeletRules(kubelet(kubeletVersion, { dockerDisableSharedPid: flag }), runtime(name, version))
    .defaultPidMode;

describe('versions are data', () => {
  test('a version is compared number by number, not as text', () => {
    expect(atLeast('1.10', '1.9')).toBe(true);
    expect(atLeast('1.9', '1.10')).toBe(false);
    expect(atLeast('17.12.1-ce', '1.13.1')).toBe(true);
    expect(atLeast('v1.23.6+k3s1', '1.23.6')).toBe(true);
    expect(atLeast('1.23', '1.23.1')).toBe(false);
  });

  test('R1: pause reaps from version 3.1 on and not before', () => {
    expect(['1.0', '2.0', '3.0'].map(pauseProgramName)).toEqual(['pause-3.0', 'pause-3.0', 'pause-3.0']);
    expect(['3.1', '3.9', '3.10', '3.10.2'].map(pauseProgramName)).toEqual(Array(4).fill('pause-3.1'));
  });

  test('R3: kubelet 1.7 with Docker from 1.13.1 shares the namespace of a pod by default', () => {
    expect(modeOf('1.7', 'docker', '1.13.1')).toBe('pod');
    expect(modeOf('1.7.9', 'docker', '17.12')).toBe('pod');
  });

  test('R3: nothing else does: an older Docker, a kubelet before or after, another runtime', () => {
    expect(modeOf('1.7', 'docker', '1.12.6')).toBe('container');
    expect(modeOf('1.6', 'docker', '17.12')).toBe('container');
    expect(modeOf('1.8', 'docker', '17.12')).toBe('container');
    expect(modeOf('1.7', 'cri-o', '1.0')).toBe('container');
    expect(modeOf('1.30', 'containerd', '1.7')).toBe('container');
  });

  test('R3: --docker-disable-shared-pid turns it off in 1.7, on in 1.8 to 1.11, and is gone in 1.12', () => {
    expect(modeOf('1.7', 'docker', '17.03', true)).toBe('container');
    expect(modeOf('1.8', 'docker', '17.03', false)).toBe('pod');
    expect(modeOf('1.11', 'docker', '17.03', false)).toBe('pod');
    expect(modeOf('1.12', 'docker', '17.03', false)).toBe('container');
  });

  test('R11: start jitter was unconditional up to 1.20', () => {
    expect(kubeletRules(kubelet('1.20'), runtime('docker', '20.10')).startJitter).toBe('always');
    expect(kubeletRules(kubelet('1.21'), runtime('docker', '20.10')).startJitter).toBe('near-kubelet-start');
  });

  test('R15: only dockershim counts a command that could not be started', () => {
    const of = (name: RuntimeSpec['name']) =>
      runtimeRules(runtime(name, '1.20'), kubelet('1.20')).startErrors;
    expect(of('docker')).toBe('counted');
    expect([of('containerd'), of('cri-o')]).toEqual(['discarded', 'discarded']);
  });

  test('R17: what a timeout does to the command depends on the runtime, and for dockershim on the kubelet', () => {
    const of = (name: RuntimeSpec['name'], version: string, k = '1.19') =>
      runtimeRules(runtime(name, version), kubelet(k)).onTimeout;
    expect(of('docker', '19.03', '1.19')).toBe('ignored');
    expect(of('docker', '19.03', '1.20')).toBe('left-running');
    expect(of('containerd', '1.2')).toBe('kill-main');
    expect(of('containerd', '2.1')).toBe('kill-main');
    expect(of('cri-o', '1.17')).toBe('kill-main');
    expect(of('cri-o', '1.30')).toBe('kill-group');
  });

  test('R18: a timeout counts from 1.20 on', () => {
    expect(kubeletRules(kubelet('1.19'), runtime('containerd', '1.4')).timeoutCounts).toBe(false);
    expect(kubeletRules(kubelet('1.20'), runtime('containerd', '1.4')).timeoutCounts).toBe(true);
  });

  test('R20, R21: from 1.24 on the kubelet knows of threads-max and counts beyond 65,535', () => {
    const before = kubeletRules(kubelet('1.23'), runtime('containerd', '1.6'));
    const after = kubeletRules(kubelet('1.24'), runtime('containerd', '1.6'));
    expect([before.capacityKnowsThreadsMax, before.taskCountBits]).toEqual([false, 16]);
    expect([after.capacityKnowsThreadsMax, after.taskCountBits]).toEqual([true, 32]);
  });

  test('R28: Docker has a shim for every container; containerd from 1.4 on one for a pod', () => {
    const of = (name: RuntimeSpec['name'], version: string) =>
      runtimeRules(runtime(name, version), kubelet('1.20')).shimPer;
    expect(of('docker', '17.12')).toBe('container');
    expect(of('docker', '20.10')).toBe('container');
    expect(of('containerd', '1.3')).toBe('container');
    expect(of('containerd', '1.4')).toBe('pod');
  });

  test('R34: CRI-O from 1.22 on runs no pause in a pod that shares no namespace', () => {
    const of = (version: string) =>
      runtimeRules(runtime('cri-o', version), kubelet('1.22')).infraWhenIsolated;
    expect([of('1.21'), of('1.22')]).toEqual([true, false]);
  });
});
