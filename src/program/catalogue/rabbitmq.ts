/** RabbitMQ: the server, and its command-line tool as a probe. The incident's own programs. */
import { truncateComm } from '../comm.js';
import type { ProgramSource } from '../step.js';
import { programFromTrace, type TraceReading } from './from-trace.js';
import { parseTrace } from './trace.js';
import server from './traces/rabbitmq-server.json' with { type: 'json' };
import nodeHealthCheck from './traces/rabbitmqctl.json' with { type: 'json' };

/** How often `erl_child_setup` outlives an aborting VM: 23 of 81 runs; on a busy machine up to 21 of 26. */
const ABORT_ORPHAN_SHARE = 0.28;

/**
 * What Erlang's processes do that a trace of a run in which all went well does not show.
 *
 * With their children:
 *
 * - `beam.smp` ignores SIGCHLD (bit 17 of SigIgn in its /proc/PID/status), so its children are reaped by the
 *   kernel.
 * - `erl_child_setup` waits for its children in a SIGCHLD handler.
 * - The outer `inet_gethost` never waits for the inner one.
 *
 * When they are refused a PID, as seen in a namespace with 3 to 27 PIDs free (docs/lab-rabbitmq.md):
 *
 * - `beam.smp` that is refused a thread aborts (status 134). That closes the pipe to `erl_child_setup`, which
 *   exits too.
 *   Here the closing pipe is a SIGTERM with a handler.
 * - `erl_child_setup` that cannot fork tells `beam.smp`, which exits 1, and ends after it. Here that is a
 *   SIGTERM too,
 *   status 143.
 * - The outer `inet_gethost` that cannot fork the inner one cannot resolve names. `beam.smp` waits for one
 *   until the command gives up after 90 s, status 69, and all the while its 20 tasks have their PIDs. Here
 *   the `inet_gethost` and the `erl_child_setup` end at once, and `beam.smp` finds out when it would have
 *   been ready.
 *
 * So a full table goes on filling, by less than one zombie for each failing probe, until `su` or `sh` cannot
 * fork.
 */
const ERLANG = {
  sigchld: { 'beam.smp': 'ignore', erl_child_setup: 'reap-all', inet_gethost: 'default' },
  onTerm: { erl_child_setup: 'exit' },
  abortOrphanShare: ABORT_ORPHAN_SHARE,
  lostChild: { wait: '1m30s', status: 69 },
} satisfies TraceReading;

/** The inner `inet_gethost` dies with the outer one: sometimes just before it, sometimes just after. */
const PAIR_US = { beforeUs: 200, afterUs: 200 };

/**
 * `erl_child_setup` exits because the exiting `beam.smp` closes the pipe to it; `beam.smp` then needs some
 * milliseconds more, to give back its memory, before it is gone. It matters which is gone first: if it is
 * `erl_child_setup`, its parent still ignores SIGCHLD and the kernel reaps it; if it is `beam.smp`, then
 * `erl_child_setup` becomes an orphan of PID 1.
 *
 * In 46 runs on a busy machine its exit event came from 5.2 ms before to 1.3 ms after, most often 1 ms
 * before. Here: its end is anywhere in 2 ms, of which 26 % lie after. That share is an input: the mean of
 * 2.26 zombies a run over 119 runs (up to 2.5 were seen on a busier machine).
 */
const ORPHAN_SHARE = 0.26;
const LAST_BREATH_US = lastBreath(ORPHAN_SHARE);

/** The race of which that share is lost: 2 ms around the end of the opponent. */
function lastBreath(orphanShare: number): { beforeUs: number; afterUs: number } {
  const afterUs = Math.round(2_000 * orphanShare);
  return { beforeUs: 2_000 - afterUs, afterUs };
}

const SOURCE =
  'Measured: RabbitMQ 3.10.8, Erlang/OTP 25 (Debian 12), Linux 6.18, 2 CPUs, scheduler tracepoints, ' +
  '2026-11-23';

/** What is closer together shares a sleep. The race and every exit stay at their microsecond. */
const RESOLUTION_US = 1_000;

/**
 * One run: 26 processes and 19 extra threads, 45 PIDs, 0.354 s.
 *
 * Left under a PID 1 that does not reap: the inner `inet_gethost` of each of the two pairs, whose session is
 * the outer's PID (2 zombies, 2 pinned PIDs), and in 26 % of the runs `erl_child_setup`, its own session's
 * leader (1 zombie). So 2.26 zombies and 4.26 PIDs per run.
 *
 * What that predicts for a namespace of pid_max 800: the PIDs below 300 are used once. The server's start
 * takes 84 of them, the first 4.8 runs the other 215. The 500 PIDs from 300 to 799 are used again and again,
 * until fewer than 26 of them are free, which a run needs at its widest: after 474 / 4.26 = 111.3 more runs.
 * So run 117 or so is the first to fail, with 2.26 x 116 + 3 = 265 zombies. Measured: 119 with 277 zombies;
 * on a busier machine, where a run left 2.4 and some runs a pair of `epmd` besides, 116 with 290.
 *
 * `orphanShare`: how often `erl_child_setup` is left, from 0 to 1, where it has been measured on another
 * machine.
 */
export function rabbitmqctlNodeHealthCheck(orphanShare = ORPHAN_SHARE): ProgramSource {
  return commandOfVm('rabbitmqctl', orphanShare, {
    source: SOURCE,
    description:
      'RabbitMQ 3.10.8. Leaves 2 orphans per run (inet_gethost), each of which pins the PID of its session ' +
      'leader, and in about a quarter of the runs a third (erl_child_setup).',
  });
}

/** Commands of 3.8 and later that were measured, by tool: each starts the same virtual machine. */
export const RABBITMQ_COMMANDS = {
  rabbitmqctl: ['ping', 'status', 'cluster_status', 'list_queues', 'await_startup'],
  'rabbitmq-diagnostics': [
    'ping',
    'status',
    'check_running',
    'check_port_connectivity',
    'check_local_alarms',
    'check_virtual_hosts',
    'is_running',
  ],
} as const;

/** `rabbitmq-diagnostics ping` and the like: node_health_check’s processes, under the tool’s own name. */
export function rabbitmqCommand(tool: string, orphanShare = ORPHAN_SHARE): ProgramSource {
  return commandOfVm(tool, orphanShare, {
    source:
      'Measured 2026-11-30: rabbitmq-server 3.10.8 (Debian 12), Linux 6.18, 2 busy CPUs, 4 to 10 runs of ' +
      'each; timed as node_health_check on an idle machine',
    description:
      'A command of RabbitMQ 3.8 and later: the processes of node_health_check, whatever it asks. 43 to 45 ' +
      'PIDs, 24 to 26 tasks at the widest; on busy CPUs 0 to 4 zombies and 0 to 2 pinned PIDs were left, ' +
      'in the mean 2.3 and 1.7.',
  });
}

function commandOfVm(
  tool: string,
  orphanShare: number,
  words: Required<Pick<TraceReading, 'source' | 'description'>>,
): ProgramSource {
  const lines = nodeHealthCheck.lines.map((line) => line.replace(/rabbitmqctl$/, truncateComm(tool)));
  return fromTrace(lines, {
    ...words,
    ...ERLANG,
    // Its parent goes on 5.5 ms after its last thread's exit event; a shell does so some 0.25 ms after the
    // wake-up.
    endsAtUs: { 17: 351_240 },
    races: [
      { task: 48, against: 47, ...PAIR_US },
      { task: 56, against: 55, ...PAIR_US },
      { task: 30, against: 17, ...lastBreath(orphanShare) },
    ],
    refusedStatus: { su: 1 },
    // An inet_gethost that cannot fork its worker is of no use to the VM, which then cannot resolve a name.
    endsWith: { 30: 17, 47: 30, 55: 30 },
    resolutionUs: RESOLUTION_US,
  });
}

/**
 * The server: 29 tasks when it is at rest (20 of them `beam.smp` and its threads), with `epmd` a daemon by
 * double fork. Its start leaves 3 orphans that die: the inner `inet_gethost` of two pairs, and the middle
 * process of epmd's double fork; in 26 % of the starts a fourth, the `erl_child_setup` of the Erlang that
 * only starts epmd (3, 3, 3, 4, 4 were seen in five starts with an empty database, 4 to 8 with one in use).
 */
export function rabbitmqServer(): ProgramSource {
  const started = fromTrace(server.lines, {
    source: SOURCE,
    description: 'RabbitMQ 3.10.8: the server, from its start scripts to its steady state.',
    ...ERLANG,
    sigchld: { ...ERLANG.sigchld, epmd: 'default' },
    endsAtUs: { 41: 848_150 },
    races: [
      { task: 39, against: 38, ...PAIR_US },
      { task: 72, against: 71, ...PAIR_US },
      { task: 54, against: 41, ...LAST_BREATH_US },
    ],
    refusedStatus: { su: 1 },
    endsWith: { 54: 41, 21: 15 },
    resolutionUs: RESOLUTION_US,
    isShell: true,
  });
  // The start script traps SIGTERM, stops the broker and exits.
  return { ...started, steps: [{ 'on-term': 'exit' }, ...started.steps] };
}

function fromTrace(lines: readonly string[], reading: TraceReading): ProgramSource {
  const trace = parseTrace(lines.join('\n'));
  if (!trace.ok) throw new Error(JSON.stringify(trace.problems));
  return programFromTrace(trace.events, reading);
}
