/** A scenario that leaks as a capture does, so that `pidsim run` answers for the node of the capture. */
import type { Finding } from '../diagnose/diagnose.js';
import { type Family, leakers } from '../diagnose/families.js';
import { PID_MAX_DEFAULT } from '../kernel/limits.js';
import { visible } from '../procfs/captured-row.js';
import { US_PER_HOUR } from '../sim/time.js';
import { printDuration } from '../text/duration.js';

/** Null: there is no leak with a rate to write down. */
export function calibratedScenario(finding: Finding): string | null {
  const { ratePerHour, zombies, rooms, pidMax, source } = finding;
  const families = leakers(finding.zombiesByParent ?? []).filter(({ rate }) => rate.course !== 'burst');
  const all = families.reduce((sum, { count }) => sum + count, 0);
  // Of a leak that only two captures tell, each parent has its share.
  const rateOf = ({ rate, count }: Family): number =>
    rate.currentPerHour ?? rate.perHour ?? ((ratePerHour?.value ?? 0) * count) / all;
  const leaks = families
    .map((family) => ({ family, perHour: rateOf(family) }))
    .filter(({ perHour }) => perHour > 0);
  if (leaks.length === 0) return null;
  const pods = leaks.map(({ family, perHour }, index) =>
    podOf(family, perHour, `leak-${index + 1}`, finding),
  );
  const threadsMax = rooms.find(({ limit }) => limit === 'threads-max')?.value;
  const kernel = [
    `pidMax: ${pidMax ?? PID_MAX_DEFAULT}`,
    ...(threadsMax === undefined ? [] : [`threadsMax: ${threadsMax}`]),
  ];
  const used = Math.max(1, rooms.find(({ limit }) => limit === 'pid_max')?.used ?? 1);
  return `${[
    '# Written by pidsim diagnose. Edit it: what the capture did not show is assumed.',
    'apiVersion: pidsim/v1',
    'kind: Scenario',
    'metadata:',
    '  name: captured',
    `  title: ${JSON.stringify(`The leak of ${visible(source)}, from its capture on`)}`,
    'spec:',
    '  horizon: 30d',
    '  node:',
    `    kernel: {${kernel.join(', ')}}${pidMax === null ? '  # assumed: cat /proc/sys/kernel/pid_max' : ''}`,
    `    # What was taken at the capture, ${zombies} zombies and what they pin included: it stays.`,
    `    baseline: {tasks: ${used}}`,
    ...(leaks.some(({ family }) => family.comm === 'pause') ? ['    pause: "3.0"'] : []),
    '  pods:',
    ...pods.map(({ pod }) => pod),
    '  programs:',
    ...pods.map(({ program }) => program),
  ].join('\n')}\n`;
}

function podOf(
  family: Family,
  perHour: number,
  name: string,
  { rooms }: Finding,
): { pod: string; program: string } {
  const { comm, adopter, ownSession, count, pinned, zombieComms } = family;
  const share = pinned === null ? 1 : pinned / count;
  const perRun = Math.max(Math.ceil(perHour / 3600), share > 0 ? Math.round(1 / share) : 1);
  const every = (orphans: number): string =>
    printDuration(Math.max(1, Math.round((orphans * US_PER_HOUR) / perHour / 1_000)) * 1_000);
  const zombie = JSON.stringify(Object.keys(zombieComms)[0].slice(0, 15));
  const pidsMax = rooms.find(({ limit }) => limit === 'pids.max')?.value;
  const limit = pidsMax === undefined ? '' : `, pidsLimit: ${pidsMax}`;
  const head = `    - name: ${name}${comm === null ? '' : `  # ${visible(comm)}`}\n`;
  const pause = comm === 'pause' ? '      shareProcessNamespace: true\n' : '';
  if (adopter === 'live-parent' || (ownSession === count && ownSession > 0)) {
    const each = `{fork: {comm: ${zombie}, steps: [{exit: 0}]}}, {sleep: ${every(1)}}`;
    const steps = `[{repeat: {times: forever, steps: [${each}]}}]`;
    return {
      pod: `${head}      containers: [{name: app, program: ${name}${limit}}]`,
      program: `    ${name}: {comm: ${JSON.stringify((comm ?? 'app').slice(0, 15))}, steps: ${steps}}`,
    };
  }
  const execs = `execs: [{every: ${every(perRun)}, program: ${name}}]`;
  return {
    pod: `${head}${pause}      containers: [{name: app, program: app-no-wait${limit}, ${execs}}]`,
    program: `    ${name}: {comm: probe, steps: [${orphans(zombie, perRun, Math.round(perRun * share))}]}`,
  };
}

/** An orphan of an exec pins the PID of the exec, whose session it is in; one with its own pins none. */
function orphans(comm: string, count: number, pins: number): string {
  const fork = (first: string): string => `{fork: {comm: ${comm}, steps: [${first}{sleep: 1s}]}}`;
  if (pins < 2) return times(count, fork(pins === 0 ? 'setsid, ' : ''));
  const session = `setsid, ${times(Math.max(1, Math.round(count / pins)), fork(''))}, {exit: 0}`;
  return times(pins, `{fork: {comm: sh, steps: [${session}]}}, {wait: any}`);
}

function times(count: number, steps: string): string {
  return count === 1 ? steps : `{repeat: {times: ${count}, steps: [${steps}]}}`;
}
