/** What changed between versions of the kubelet, and what the node model needs to know of it besides. */
import { US_PER_SECOND } from '../../sim/time.js';
import type { KubeletSpec, PidMode, RuntimeSpec } from '../spec.js';
import { type Fact, type History, type Values, valuesAt } from './fact.js';
import { runtimeRules } from './runtime.js';

function kubelet<T>(rule: string, what: string, source: string, ...history: History<T>): Fact<T> {
  return { rule, what, source, history: { kubelet: history } };
}

export const KUBELET = {
  sharedPidFlag: kubelet<'none' | 'shared' | 'separate'>(
    'R3',
    'The default of `--docker-disable-shared-pid`: one PID namespace for each pod, or for each container; ' +
      'or no such flag.',
    'PRs 45236, 51634, 66506',
    'none',
    ['1.7', 'shared'],
    ['1.8', 'separate'],
    ['1.12', 'none'],
  ),
  knowsShareProcessNamespace: kubelet(
    'R3',
    'Pods have a field `shareProcessNamespace`.',
    'KEP 495, implementation history',
    false,
    ['1.10', true],
  ),
  startsSidecars: kubelet(
    'R53',
    'An init container with `restartPolicy: Always` is a sidecar: it runs beside the others; ' +
      'before, the field was not there.',
    'KEP 753: feature gate SidecarContainers, on by default since 1.29',
    false,
    ['1.29', true],
  ),
  startJitter: kubelet<'always' | 'near-kubelet-start'>(
    'R11',
    'When a new probe worker first sleeps a uniform part of its period: always, or only within one period ' +
      'of the ' +
      'kubelet’s own start.',
    'pkg/kubelet/prober/worker.go; PRs 20726, 97126',
    'always',
    ['1.21', 'near-kubelet-start'],
  ),
  timeoutCounts: kubelet(
    'R18',
    'A probe that times out has failed (`ExecProbeTimeout`); before, that was an error, tried again ' +
      'and discarded.',
    'KEP 1972, PR 94115',
    false,
    ['1.20', true],
  ),
  capacityKnowsThreadsMax: kubelet(
    'R20',
    'The node’s capacity is the lower of `pid_max` and `threads-max`; before, `pid_max` alone.',
    'issue 107111, PR 107112',
    false,
    ['1.24', true],
  ),
  taskCountBits: kubelet<16 | 32>(
    'R21',
    'Width of the count of tasks in use: `sysinfo.procs` has 16 bits, /proc/loadavg has no such bound.',
    'issue 107107',
    16,
    ['1.24', 32],
  ),
  limitsPods: kubelet(
    'R43',
    '`podPidsLimit` has an effect; in 1.10 to 1.13 the setting was there, and its feature gate off.',
    'feature gate SupportPodPidsLimit; aks-engine issues 1055, 1270',
    false,
    ['1.14', true],
  ),
  limitsKubepods: kubelet(
    'R22',
    'The kubepods cgroup has a `pids.max`: capacity less what is reserved.',
    'pkg/kubelet/cm/node_container_manager_linux.go; feature gate SupportNodePidsLimit',
    false,
    ['1.15', true],
  ),
  evictsForPids: kubelet('R24', 'A threshold on `pid.available` can evict.', 'PR 72844', false, [
    '1.14',
    true,
  ]),
  evictionRanksByProcesses: kubelet(
    'R25',
    'Pods of one priority are evicted in the order of their processes; before, in effect, in no order.',
    'PRs 89359, 124101',
    false,
    ['1.31', true],
  ),
};

export interface KubeletRules extends Values<typeof KUBELET> {
  /** R3: of a pod that does not say. */
  defaultPidMode: PidMode;
  /** R15: tries within one tick while the runtime cannot start the command (`maxProbeRetries`). */
  startErrorTries: number;
  restartBackOffUs: BackOff;
  /**
   * A pod that could not be set up or torn down is tried again after this, plus up to half of it at random.
   */
  syncRetryUs: number;
}

/** R30: waits before the restarts of a container; from the third on twice as long each time. */
export interface BackOff {
  first: number;
  second: number;
  most: number;
  /** So long a container has to run for all this to be forgotten. */
  resetAfter: number;
}

const S = US_PER_SECOND;
const BACK_OFF_US: BackOff = { first: 0, second: 10 * S, most: 300 * S, resetAfter: 600 * S };
/** Of docker without a kubelet (moby restartmanager.go). */
export const DOCKER_BACK_OFF_US: BackOff = { first: S / 10, second: S / 5, most: 60 * S, resetAfter: 10 * S };

/** Resolves a kubelet version, its flags and its runtime (the default PID mode depends on both). */
export function kubeletRules(spec: KubeletSpec, runtime: RuntimeSpec): KubeletRules {
  const values = valuesAt(KUBELET, [['kubelet', spec.version]]);
  return {
    ...values,
    defaultPidMode: defaultPidMode(values, spec, runtime),
    startErrorTries: 3,
    restartBackOffUs: BACK_OFF_US,
    syncRetryUs: 10 * US_PER_SECOND,
  };
}

/** R3. */
function defaultPidMode(
  { sharedPidFlag }: Values<typeof KUBELET>,
  spec: KubeletSpec,
  runtime: RuntimeSpec,
): PidMode {
  if (sharedPidFlag === 'none' || !runtimeRules(runtime, spec).heedsSharedPidFlag) return 'container';
  const isDisabled = spec.dockerDisableSharedPid ?? sharedPidFlag === 'separate';
  return isDisabled ? 'container' : 'pod';
}
