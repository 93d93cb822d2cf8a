/** What differs between the container runtimes, and between their versions. */
import { US_PER_MS } from '../../sim/time.js';
import type { KubeletSpec, RuntimeName, RuntimeSpec } from '../spec.js';
import { type Fact, type History, type Values, valuesAt } from './fact.js';

/**
 * Of the runtimes that are not named: `kubelet` by the kubelet's version, because it is part of the kubelet;
 * `others` at every version.
 */
type Histories<T> = Partial<Record<RuntimeName | 'kubelet' | 'others', History<T>>>;

function runtime<T>(rule: string, what: string, source: string, history: Histories<T>): Fact<T> {
  return { rule, what, source, history };
}

/** R17, R36. `term-main`: SIGTERM to the command, and SIGKILL 10 s later. */
export type OnTimeout = 'ignored' | 'left-running' | 'kill-main' | 'kill-group' | 'term-main';

export const RUNTIME = {
  pauseImage: runtime<string>(
    'R2',
    'The pause image where nobody chose one. On a CRI runtime the kubelet’s flag is of no consequence.',
    'kubernetes PRs 57517, 88173 and release notes; containerd `sandbox_image` and CRI-O `pause_image` ' +
      'by tag',
    {
      kubelet: [
        '3.0',
        ['1.10', '3.1'],
        ['1.18', '3.2'],
        ['1.21', '3.4.1'],
        ['1.22', '3.5'],
        ['1.23', '3.6'],
        ['1.24', '3.7'],
        ['1.25', '3.8'],
        ['1.26', '3.9'],
        ['1.31', '3.10'],
        ['1.34', '3.10.1'],
        ['1.36', '3.10.2'],
      ],
      containerd: [
        '3.1',
        ['1.4', '3.2'],
        ['1.5', '3.5'],
        ['1.6', '3.6'],
        ['1.7', '3.8'],
        ['2.0', '3.10'],
        ['2.2', '3.10.1'],
        ['2.3', '3.10.2'],
      ],
      'cri-o': [
        '3.1',
        ['1.18', '3.2'],
        ['1.21', '3.5'],
        ['1.24', '3.6'],
        ['1.28', '3.9'],
        ['1.34', '3.10.1'],
      ],
    },
  ),
  heedsSharedPidFlag: runtime(
    'R3',
    'The kubelet’s flag for shared PID namespaces has an effect.',
    'PR 45236',
    { docker: [false, ['1.13.1', true]], others: [false] },
  ),
  startErrors: runtime<'discarded' | 'counted'>(
    'R15',
    'A probe’s command that could not be started: its result is discarded, or the probe has failed.',
    'pkg/kubelet/prober/worker.go, pkg/kubelet/dockershim/exec.go; issues 92464, 106682, 89862',
    { docker: ['counted'], others: ['discarded'] },
  ),
  onTimeout: runtime<OnTimeout>(
    'R17',
    'What happens to the command of a probe that times out. Docker’s is the kubelet’s dockershim.',
    'pkg/kubelet/dockershim/exec.go, containerd container_execsync.go (issue 4594), conmon.c',
    {
      kubelet: ['ignored', ['1.20', 'left-running']],
      'cri-o': ['kill-main', ['1.20', 'kill-group']],
      containerd: ['kill-main'],
      bare: ['kill-main'],
    },
  ),
  onHealthTimeout: runtime<OnTimeout>(
    'R36',
    'The same for the runtime’s own health check, of a container without a kubelet.',
    'moby daemon/exec.go, daemon/health.go; PRs 43739, 43994, 44018',
    { docker: ['term-main', ['17.11', 'left-running'], ['20.10.18', 'kill-main']], others: ['kill-main'] },
  ),
  shimPer: runtime<'container' | 'pod' | 'none'>(
    'R28',
    'One shim for every container, pause included, or one for the pod; ' +
      '`none`: the daemon itself is the parent.',
    'containerd issue 1471, manager_linux.go by tag; cri-dockerd issue 124',
    { containerd: ['container', ['1.4', 'pod']], bare: ['none'], others: ['container'] },
  ),
  shimTaskCount: runtime<number>(
    'R28',
    'Tasks of a shim: its leader and its threads.',
    'containerd issue 1471; measured with containerd 1.6.20; conmon commit d91cc43 (2.1.3) ' +
      'by what cri-o releases bring; measured with conmon 2.1.6',
    { 'cri-o': [2, ['1.27', 1]], others: [11] },
  ),
  daemonComm: runtime<string>('R28', 'What `ps` calls the daemon that starts the shims.', 'their packages', {
    docker: ['dockerd'],
    containerd: ['containerd'],
    'cri-o': ['crio'],
    bare: ['nsenter'],
  }),
  shimComm: runtime<string>('R28', 'What `ps` calls a shim.', 'kubernetes issue 51977; their packages', {
    docker: ['docker-containerd-shim', ['18.09', 'containerd-shim']],
    containerd: ['containerd-shim'],
    'cri-o': ['conmon'],
    bare: ['nsenter'],
  }),
  readsOutputToItsEnd: runtime(
    'R42',
    'The result of an exec comes when nothing holds its stdout any more, or the kubelet gives up.',
    'containerd issues 7802, 9568, 10094, 7832',
    { containerd: [true], others: [false] },
  ),
  monitorPerExec: runtime(
    'R49',
    'A process of its own watches each exec, as conmon does.',
    'cri-o PRs 4943, 5245',
    { 'cri-o': [true], others: [false] },
  ),
  infraWhenIsolated: runtime(
    'R34',
    'A pod that shares no PID namespace has a pause process all the same.',
    'cri-o internal/lib/sandbox/sandbox_linux.go, commit 1f9a6f93ed (`drop_infra_ctr`)',
    { 'cri-o': [true, ['1.22', false]], bare: [false], others: [true] },
  ),
  networkTearDown: runtime<'first' | 'tried-first' | 'tried-once' | 'last'>(
    'R50',
    'As a pod goes, its network plugin runs before pause is stopped or after it. Tried first: if it fails, ' +
      'pause is stopped all the same. Tried once: pause stays, and the next try leaves the plugin out.',
    'pkg/kubelet/dockershim/docker_sandbox.go, containerd sandbox_stop.go, ' +
      'cri-o sandbox_stop_linux.go and sandbox_network.go by tag',
    {
      docker: ['tried-first'],
      containerd: ['last'],
      'cri-o': ['tried-first', ['1.17', 'first'], ['1.34', 'tried-once']],
      others: ['first'],
    },
  ),
  shimInService: runtime<boolean>(
    'R59',
    'Shims stay in the cgroup of the service that forked them; a conmon is moved into a scope of its own.',
    'moby issue 22690; cri-o internal/oci/oci_linux.go `createContainerPlatform`',
    { 'cri-o': [false], others: [true] },
  ),
  refusedStartExits: runtime<boolean>(
    'R30',
    'A container whose start was refused has exited, and `restartPolicy: Never` leaves it at that; ' +
      'else there is no container yet, and the kubelet tries again.',
    'pkg/kubelet/container/helpers.go `ShouldContainerBeRestarted`; containerd container_start.go ' +
      '(`errorStartExitCode`), dockershim docker_container.go `ContainerStatus`, cri-o container_create.go',
    { 'cri-o': [false], others: [true] },
  ),
  containerPidsMax: runtime<number>(
    'R48',
    '`pids.max` of each container’s cgroup.',
    'cri-o pkg/config/config.go (`pids_limit`) by tag',
    { 'cri-o': [1024, ['1.24', Number.POSITIVE_INFINITY]], others: [Number.POSITIVE_INFINITY] },
  ),
};

export interface RuntimeRules extends Values<typeof RUNTIME> {
  /** R29; null: the daemon enters the namespace itself, with nothing between (`bare`). */
  runc: RuncRules | null;
  /** The exec'd process becomes a session leader (runc's last nsexec stage; K11). */
  setsid: boolean;
}

/**
 * R29: what one call of runc occupies while it runs. An exec is given 14 PIDs, 12 of them at once; a create
 * 15 and 13. Measured with runc 1.1.5 on one CPU and on two: with one PID less an exec fails, and mostly a
 * create too.
 */
export interface RuncRules {
  /**
   * runc's own tasks, its leader and its threads: as it execs, as it creates, and as it does anything else.
   */
  taskCount: { exec: number; create: number; other: number };
  /** The first stages of nsexec, which are gone before `runc init` starts threads. */
  stageCount: number;
  /**
   * Tasks born in the container's namespace: the stage that becomes the command, and its threads until it
   * execs.
   */
  initTaskCount: number;
  /** From fork to exec of the command. */
  setupUs: number;
}

const RUNC: RuncRules = {
  taskCount: { exec: 7, create: 8, other: 5 },
  stageCount: 2,
  initTaskCount: 5,
  setupUs: 50 * US_PER_MS,
};

/** Resolves a runtime and its version; what is part of the kubelet depends on that one's. */
export function runtimeRules(
  { name, version, setsid }: RuntimeSpec,
  kubelet: Pick<KubeletSpec, 'version'>,
): RuntimeRules {
  const values = valuesAt(RUNTIME, [
    [name, version],
    ['kubelet', kubelet.version],
    ['others', ''],
  ]);
  return { ...values, runc: name === 'bare' ? null : RUNC, setsid: name !== 'bare' || setsid };
}
