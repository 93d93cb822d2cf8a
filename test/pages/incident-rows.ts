/**
 * What published reports say, beside the scenarios that are made of them: scenarios/incidents. Each figure is
 * read from a run of its scenario; nothing here knows what the run ought to give.
 */
import { podsRefused, type RunResult } from '../../src/run/result.js';

export type Published = number | readonly [atLeast: number, atMost: number];

/** Reports that a rule of the model has been read from: their figures test how it was read, and no more. */
const TEACHES: Readonly<Record<string, string>> = {
  'kubernetes/kubernetes#50865': 'R1',
  'Snapchat/KeyDB#681': 'R9',
  'containerd/containerd#7717': 'R35',
  'moby/moby#43737': 'R36',
  'containerd/containerd#7802': 'R42',
  'containerd/containerd#9568': 'R42',
  'Azure/aks-engine#1055': 'R43',
  'moby/moby#22690': 'R59',
  'moby/moby#12695': 'R62',
  'kubernetes/kubernetes#92464': 'R15, R18',
  'kubernetes/kubernetes#107107': 'R21',
  'opencontainers/runc#4413': 'R23',
};

export interface IncidentRow {
  scenario: string;
  /** Owner, repository and number of the report. */
  report: string;
  /** What was counted or timed, with its unit. */
  figure: string;
  published: Published;
  simulated: (result: RunResult) => number;
  /** What was chosen so that the figure comes out; absent: nothing was. */
  fitted?: string;
  /** The rule of docs/rules.md that comes from this report. */
  rule?: string;
  /** Why the two differ, as far as it is known; only where they do. */
  because?: string;
}

type Figure = readonly [
  scenario: string,
  report: string,
  figure: string,
  published: Published,
  simulated: (result: RunResult) => number,
  because?: string,
];

const MORE = Number.POSITIVE_INFINITY;
const HOUR = 3600;

const zombies = ({ final }: RunResult): number => final.zombies;
const refusedAfterHours = ({ symptoms }: RunResult): number =>
  (symptoms.podRefusals[0]?.atSeconds ?? MORE) / HOUR;
const refusedAfterDays = (result: RunResult): number => refusedAfterHours(result) / 24;
/** From start to start, over the whole run. */
const interval = ({ probes: [probe], horizonSeconds }: RunResult): number => horizonSeconds / probe.runs;
const tasksOfPods = ({ pods }: RunResult): number => pods.reduce((sum, { tasks }) => sum + tasks, 0);
const refusedAt = ({ firstHarm }: RunResult): number => firstHarm?.atSeconds ?? MORE;
const evicted = ({ pods }: RunResult): number => pods.filter((pod) => pod.evicted !== null).length;
const podsStarted = ({ timeline }: RunResult): number => timeline.pods_created.at(-1)!;

/** Nothing is fitted: versions, periods, timeouts, limits and commands are those of the report. */
const UNFITTED: readonly Figure[] = [
  ['kubernetes-50865', 'kubernetes/kubernetes#50865', 'zombies of one run of orphan.c', 1, zombies],
  [
    'kubernetes-50865-from-master',
    'kubernetes/kubernetes#50865',
    'the same with a pause that reaps',
    0,
    zombies,
  ],
  ['keydb-681', 'Snapchat/KeyDB#681', 'zombies of two runs of timeout, Alpine', 2, zombies],
  ['keydb-681-ubuntu', 'Snapchat/KeyDB#681', 'the same, Ubuntu', 0, zombies],
  [
    'kubeblocks-addons-2617',
    'apecloud/kubeblocks-addons PR 2617',
    'hours to pids.max 4,096',
    [5, 13],
    refusedAfterHours,
  ],
  [
    'kubeblocks-addons-2617',
    'apecloud/kubeblocks-addons PR 2617',
    'zombies a minute',
    [5, 14],
    ({ final, symptoms }) => final.zombies / ((symptoms.podRefusals[0]?.atSeconds ?? MORE) / 60),
  ],
  [
    'olake-helm-176',
    'datazip-inc/olake-helm PR 176',
    'zombies of 20 pods after 17 min',
    1576,
    zombies,
    'The report does not say how many of the 20 pods are workers; the web server of the chart has no exec probe. Twelve workers would have 1,617.',
  ],
  [
    'olake-helm-176',
    'datazip-inc/olake-helm PR 176',
    'zombies an hour, as the report reckons',
    11000,
    ({ final, horizonSeconds }) => (final.zombies / horizonSeconds) * HOUR,
    'Two probes of 20 pods run 9,600 times an hour. The report’s own count is 5,562 an hour.',
  ],
  [
    'containerd-7717',
    'containerd/containerd#7717',
    'unreaped execs an hour of 100 containers',
    5,
    zombies,
    'A fault of the runtime itself, which waits for one exec of 7,000 too late or never. The model has no such fault (R35).',
  ],
  [
    'moby-43737',
    'moby/moby#43737',
    'late checks alive after 30 s',
    [2, MORE],
    (result) => tasksOfPods(result) - 1,
  ],
  [
    'openharness-844',
    'mifunedev/openharness PR 844',
    'hours to pid_max 4,096',
    9,
    (result) => refusedAt(result) / HOUR,
  ],
  [
    'labs-agentic-engineer-729',
    'wso2/labs-agentic-engineer PR 729',
    'zombies after a day and a half',
    2512,
    zombies,
    'The two figures of the report do not go together: six a minute are 12,960 in a day and a half; its count is one in 52 s.',
  ],
  ['datahub-18657', 'datahub-project/datahub#18657', 'hours to pids.max 18,864', 26, refusedAfterHours],
  ['datahub-18657-12h', 'datahub-project/datahub#18657', 'zombies after 12.2 h', 8723, zombies],
  [
    'datahub-18657-12h',
    'datahub-project/datahub PR 18658',
    'pids.current after 12.2 h',
    8811,
    (result) => zombies(result) + tasksOfPods(result),
  ],
  [
    'datahub-18657-90min',
    'datahub-project/datahub#18657, another reader',
    'zombies after 90 min',
    1060,
    zombies,
  ],
  ['apollon-608', 'ls1intum/Apollon PR 608', 'zombies after “2 days”', 7649, zombies],
  ['authelia-7463', 'authelia/authelia#7463', 'days to 7,000 processes', 2.5, refusedAfterDays],
  ['alfred-661', 'ssdavidai/alfred PR 661', 'hours to pids_limit 1,024', 8.4, refusedAfterHours],
  ['zwave-js-ui-2422', 'zwave-js/zwave-js-ui#2422', 'zombies an hour (one a minute)', 60, zombies],
  [
    'vaultwarden-backup-162',
    'ttionya/vaultwarden-backup#162',
    'zombies of one wget that is redirected',
    2,
    zombies,
    'There are two TLS connections, one for each address. What a server answers is not known to the model: it counts the addresses of the command.',
  ],
  ['ddns-go-889', 'jeessy2/ddns-go#889', 'zombies after a week', [1000, MORE], zombies],
  [
    'freeshard-55',
    'FreeshardBase/freeshard PR 55',
    'zombies in 12.5 min',
    25,
    zombies,
    'curl that ends is waited for by the shim, as measured. So something else orphans it; the report’s explanation (a check is a child of PID 1) is not how Docker runs one, and no more of the command is known.',
  ],
  [
    'openreplay-4824',
    'openreplay/openreplay#4824',
    'zombies a minute of two probes',
    24,
    ({ final, horizonSeconds }) => final.zombies / (horizonSeconds / 60),
    'GNU timeout, as the report calls it, waits for its command and leaves nothing. The zombies of an earlier report (openreplay#4079) lead sessions (Zs), as the watcher of busybox does: with busybox it would be 24.',
  ],
  ['containerd-7802', 'containerd/containerd#7802', 'seconds between two runs', 125, interval],
  ['containerd-9568', 'containerd/containerd#9568', 'seconds between two runs', 128, interval],
  [
    'kubernetes-110070',
    'kubernetes/kubernetes#110070',
    'processes that stay, for each run',
    2,
    // Without pause and the nine tasks of the application.
    (result) => (tasksOfPods(result) - 10) / result.probes[0].runs,
  ],
  [
    'aks-engine-1055',
    'Azure/aks-engine#1055',
    'pods refused on 1.13',
    0,
    ({ symptoms }) => podsRefused(symptoms),
  ],
  [
    'aks-engine-1055-on-1.14',
    'Azure/aks-engine#1055',
    'pods refused on 1.14',
    1,
    ({ symptoms }) => podsRefused(symptoms),
  ],
  [
    'trilium-3582',
    'TriliumNext/Trilium#3582',
    'failed checks after 28 min 37 s',
    57,
    ({ probes: [probe] }) => probe.failed,
  ],
  [
    'docker-consul-45',
    'gliderlabs/docker-consul#45',
    'days until the host is full (“few”)',
    [1, 7],
    ({ outcome }) => (outcome.kind === 'exhausted' ? outcome.atSeconds / 24 / HOUR : MORE),
  ],
  [
    'docker-images-php-368',
    'thecodingmachine/docker-images-php#368',
    'zombies a day (one each 5 min)',
    288,
    zombies,
  ],
  [
    'agent-dashboard-108',
    'dustinblack/agent-dashboard#108',
    'days to 2,048 (“hours to days”)',
    [0, 7],
    refusedAfterDays,
    'At the report’s own rate of 108 a day it takes 19 days. It says that heavy use is much faster, without a figure.',
  ],
  [
    'origin-24360',
    'openshift/origin#24360',
    'threads of one container',
    1000,
    (result) => tasksOfPods(result) - 1,
  ],
  ['aks-2279', 'Azure/AKS#2279', 'threads of one pod', [30000, 32768], tasksOfPods],
  ['contrib-3003', 'kubernetes-retired/contrib#3003', 'zombies of ten runs', 10, zombies],
  ['kubernetes-89807', 'kubernetes/kubernetes#89807', 'pods evicted', 0, evicted],
  [
    'cri-o-5779',
    'cri-o/cri-o#5779',
    'workers that can be reloaded',
    [14, 18],
    // 20 tasks are not workers, a worker has 33; at a reload there are two of each.
    (result) => Math.floor((tasksOfPods(result) - 20) / 33) / 2,
  ],
  [
    'copilotkit-6333',
    'CopilotKit/CopilotKit PR 6333',
    'pids.current after 20 launches',
    111,
    (result) => zombies(result) + tasksOfPods(result),
  ],
  [
    'for-linux-343',
    'docker/for-linux#343',
    'containers that start',
    400,
    podsStarted,
    'At least this many: no more were tried. The report did not find its limit, and it is none of pid_max 229,376, threads-max and TasksMax, the ones in the model.',
  ],
  ['moby-22690', 'moby/moby#22690', 'containers that start (“40+”)', [40, 49], podsStarted],
  ['aks-2709', 'Azure/AKS#2709', 'containers that start', [400, 450], (result) => 10 * podsStarted(result)],
  [
    'image-builder-172',
    'kubernetes-sigs/image-builder PR 172',
    'pods that start',
    225,
    podsStarted,
    'With two shims a pod, of eleven tasks each, 512 tasks are enough for 20. The figure fits a TasksMax of 4,915, systemd’s default on such a host (15 % of 32,768), which would be enough for some 220.',
  ],
  [
    'kubernetes-51977',
    'kubernetes/kubernetes#51977',
    'pods of three containers that start',
    100,
    podsStarted,
    'The report’s figure is a guess (“say 100”). Four shims a pod, of eleven tasks each, are 4,400 tasks for 100 pods.',
  ],
  [
    'k8s-support-459',
    'm-lab/k8s-support PR 459',
    'background jobs in a pod of 10,000',
    9810,
    (result) => tasksOfPods(result) - 11,
  ],
  [
    'gardener-3042',
    'gardener/gardener PR 3042',
    'pids.max of all pods',
    4174304,
    ({ node }) => node.limits.find(({ scope }) => scope === 'all-pods')?.limit.value ?? MORE,
  ],
  [
    'moby-12695',
    'moby/moby#12695',
    'containers of one user that start with nproc 3',
    3,
    ({ pods }) => pods.filter(({ tasks }) => tasks > 0).length,
  ],
  [
    'komodo-265',
    'moghtech/komodo#265',
    'days to systemd’s 18,638 tasks of a scope',
    2.6,
    (result) => refusedAt(result) / HOUR / 24,
  ],
  [
    'komodo-265-pids-limit',
    'moghtech/komodo#265, another reader',
    'hours to pids_limit 256',
    21,
    (result) => refusedAt(result) / HOUR,
  ],
  [
    'kubernetes-92464',
    'kubernetes/kubernetes#92464',
    'runs that timed out',
    12,
    ({ probes: [probe] }) => probe.runs,
  ],
  ['kubernetes-92464', 'kubernetes/kubernetes#92464', 'restarts', 0, ({ pods: [pod] }) => pod.restarts],
  ['kubernetes-107107', 'kubernetes/kubernetes#107107', 'pods evicted', 0, evicted],
  [
    'cluster-network-operator-652',
    'openshift/cluster-network-operator PR 652',
    'zombies of a failed probe',
    3,
    ({ probes: [probe] }) => probe.zombiesPerRun ?? MORE,
  ],
  [
    'rancher-16192',
    'rancher/rancher#16192',
    'processes of a shell that stay',
    5,
    // Five shells, beside the container’s own process and pause.
    (result) => (tasksOfPods(result) - 2) / 5,
  ],
  ['repomanager-405', 'lbr38/repomanager#405', 'seconds between two late checks', 33.1, interval],
  ['coreos-2410', 'coreos/bugs#2410', 'zombies of a connection', 1, (result) => zombies(result) / 59],
  ['coreos-2410-before', 'coreos/bugs#2410', 'the same with PID namespaces of their own', 0, zombies],
  [
    'dokploy-4251',
    'Dokploy/dokploy PR 4251',
    'zombies after “several days”',
    [100, 1000],
    zombies,
    'A curl that ends in time is waited for by the shim. One that is late is orphaned: hundreds would be one check in a hundred, and how many were late is not said. If each check left one, as the report explains it, there would be 25,900.',
  ],
  [
    'profilarr-894',
    'Dictionarry-Hub/profilarr#894',
    'zombies after “~2 days”',
    47,
    ({ pods: [pod] }) => pod.zombies,
  ],
  [
    'moby-45188',
    'moby/moby#45188',
    'pids.max of a container without a limit',
    9457,
    tasksOfPods,
    'systemd gives the scope of each container 15 % of threads-max (DefaultTasksMax) where Docker sets no limit. The model does not know which cgroup driver a runtime uses: there `node.runtime.containerPidsLimit` has to say it.',
  ],
  [
    'kubernetes-131235',
    'kubernetes/kubernetes#131235',
    'pids.max of a container in a pod of 65,535',
    9830,
    (result) => tasksOfPods(result) - 1,
    'The same 15 % of systemd, below the limit of the pod.',
  ],
  ['moby-24536', 'moby/moby#24536', 'containers that start', 45, podsStarted],
  [
    'moby-42069',
    'moby/moby#42069',
    'logins of twelve that are refused',
    12,
    ({ symptoms }) => symptoms.sshRefused,
  ],
  [
    'moby-29238',
    'moby/moby#29238',
    'zombies while their parent lives',
    1,
    ({ pods: [asWritten] }) => asWritten.zombies,
  ],
  [
    'moby-29238',
    'moby/moby#29238',
    'zombies when it has ended',
    0,
    ({ pods: [, parentEnds] }) => parentEnds.zombies,
  ],
  ['tini-130', 'krallin/tini#130', 'zombies that tini leaves', 2, zombies],
  [
    'gitpod-2211',
    'gitpod-io/gitpod PR 2211',
    'zombies of one zombie.c before',
    1,
    ({ pods: [before] }) => before.zombies,
  ],
  [
    'gitpod-2211',
    'gitpod-io/gitpod PR 2211',
    'the same with a reaper',
    0,
    ({ pods: [, after] }) => after.zombies,
  ],
  [
    'docker-library-redis-325',
    'redis/docker-library-redis PR 325',
    'zombies of a probe, redis:6-alpine',
    1,
    ({ probes: [alpine] }) => alpine.zombiesPerRun ?? MORE,
  ],
  [
    'docker-library-redis-325',
    'redis/docker-library-redis PR 325',
    'the same, redis:6',
    0,
    ({ probes: [, untagged] }) => untagged.zombiesPerRun ?? MORE,
    'The tag redis:6 does not say that the image is Debian’s. The simulator takes the `timeout` for busybox’s, warns of it, and says what to write: `userland: debian`. With that it is 0.',
  ],
  ['kubernetes-107111', 'kubernetes/kubernetes#107111', 'pods evicted', 0, evicted],
  [
    'runc-4413',
    'opencontainers/runc#4413',
    'execs that get in, of 59',
    59,
    (result) => tasksOfPods(result) - 1,
    'With fewer than five slots free an exec is a race (R41), lost in 43 % of the tries on the machine that was measured; the report, from another, says that none was lost.',
  ],
  [
    'ssh-attackpod-4',
    'NetWatch-team/SSH-AttackPod#4',
    'zombies of a login attempt',
    1,
    (result) => zombies(result) / 11,
  ],
  [
    'cri-o-1921',
    'cri-o/cri-o#1921',
    'pids.max that refuses threads',
    1024,
    ({ symptoms }) => symptoms.podRefusals[0]?.limit?.value ?? MORE,
  ],
];

const FITTED: readonly (readonly [...Figure, fitted: string])[] = [
  [
    'habitat-core-plans-1099',
    'habitat-sh/core-plans#1099',
    'zombies after 7 min',
    120,
    zombies,
    '',
    'the time between two checks',
  ],
  [
    'minio-5514',
    'minio/minio#5514',
    'zombies',
    102,
    zombies,
    '',
    'how long the container is up, and that every check is late',
  ],
  ['minio-6974', 'minio/minio#6974', 'zombies after a day', 815, zombies, '', 'the share of late checks'],
  [
    'pikoci-681',
    'PikoCI/pikoci#681',
    'days to pids.max 9,250',
    3,
    refusedAfterDays,
    '',
    'one orphan each 28 s',
  ],
  [
    'israeli-bank-firefly-importer-205',
    'itairaz1/israeli-bank-firefly-importer#205',
    'zombies after two days',
    901,
    zombies,
    '',
    '19 orphans a run',
  ],
  [
    'argo-cd-22194',
    'argoproj/argo-cd#22194',
    'zombies',
    10485,
    zombies,
    '',
    'the rate, and how long the pod is up',
  ],
  [
    'for-linux-343',
    'docker/for-linux#343',
    'pid_max',
    229376,
    ({ final }) => final.pidMax,
    '',
    '224 possible CPUs, from the figure itself',
  ],
];

export const INCIDENT_ROWS: readonly IncidentRow[] = [...UNFITTED, ...FITTED].map(
  ([scenario, report, figure, published, simulated, because, fitted]) => ({
    scenario,
    report,
    figure,
    published,
    simulated,
    ...(TEACHES[report] ? { rule: TEACHES[report] } : {}),
    ...(because ? { because } : {}),
    ...(fitted ? { fitted } : {}),
  }),
);
