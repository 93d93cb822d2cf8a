/** `docs/lab-node.md`: what was measured, as tables; each figure with its spread over the repeats. */
import type { LitmusResult } from '../../../src/lab/litmus/verify.js';
import type { ContainerdResult } from './containerd.js';
import type { EndResult } from './ends.js';
import type { EnginesResult } from './engines.js';
import type { ExperimentResult } from './experiments.js';
import type { Fill } from './fill.js';
import type { RoomResult } from './full-cgroups.js';
import type { PauseResult } from './pause-check.js';
import type { Peak } from './peaks.js';
import type { BoxKernel } from './second-kernel.js';
import type { SequencesResult } from './sequences.js';
import type { Survival } from './survivors.js';

export interface Measured {
  kernel?: BoxKernel;
  litmus?: { all: number; results: LitmusResult[] };
  experiments?: ExperimentResult[];
  fills?: Fill[];
  survivors?: Survival[];
  rooms?: RoomResult[];
  ends?: EndResult[];
  peaks?: Peak[];
  sequences?: SequencesResult;
  containerd?: ContainerdResult[];
  engines?: EnginesResult;
  pauses?: PauseResult[];
}

/** Measured once by hand, in a PID namespace of Linux 6.18 with a lowered pid_max, on two CPUs. */
const ELSEWHERE = `## Measured elsewhere: Linux 6.18, two CPUs

In a PID namespace of its own that was filled until so many PIDs were free, with fewer most tries were refused:

| request | PIDs free | PIDs given | model |
| --- | --- | --- | --- |
| \`runc exec --detach\` | 12 | 14 to 15 | 12, 14 |
| \`runc create\` | 13 | 15 to 16 | 13, 15 |
| \`runc kill\`, \`start\`, \`delete\` | 5 | 5 to 6 | 5, 5 |
| CNI plugin \`bridge\` with host-local and iptables: add, delete | 12, 11 | 20 to 22, 15 to 17 | 12, 11 at once and given |
| CNI plugin \`ptp\`: add, delete | 10, 11 | not counted | 10, 11 |
| a shell over sshd, without a command in it | 2 as root, 3 as a user | not counted | 2, 3; bash tries a refused fork again for 15 s, then gives a prompt, which the model calls refused |

Of 22 scripts in dash, busybox ash and bash, each in a pids cgroup with room for none to three more, all 264 end in the model as they really end
(test/lab/shell.test.ts).`;

export function formatMeasured(measured: Measured): string {
  const sections = [HEAD, kernelSection(measured), fillSection(measured), survivorSection(measured)];
  sections.push(roomSection(measured), endSection(measured), peakSection(measured));
  sections.push(sequenceSection(measured), containerdSection(measured), engineSection(measured));
  sections.push(pauseSection(measured), ELSEWHERE);
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

const HEAD = `# The node model beside a real node

<!-- Written by \`npm run lab:node -- --write\`. Do not edit. -->

A private machine (\`linux.uml\`, one CPU, cgroup v2) is booted as a process, real containers are made in it by runc, and
its table is filled to the last PID. The model starts with the same tasks and the same cursor (test/lab/machine/node.yaml).
It is run as containerd runs containers: a shim of eleven tasks for each pod, \`runc create\` and \`runc start\`,
\`runc exec --detach\`. There is no kubelet in the box: what it does rests on its source and on published reports; of dockerd and podman
section 8 has a little. "Box" is what was measured, "model" what the model says; where they differ, both stand here.`;

function kernelSection({ kernel, litmus, experiments }: Measured): string {
  if (kernel === undefined) return '';
  const lines = [`## A second kernel: Linux ${kernel.release}, cgroup ${kernel.cgroup}`, ''];
  if (litmus !== undefined) {
    const agreed = litmus.results.filter(({ verdict }) => verdict === 'agrees').length;
    const others = litmus.results
      .filter(({ verdict }) => verdict !== 'agrees')
      .map(({ litmus: { name } }) => name);
    lines.push(
      `${litmus.results.length} of ${litmus.all} litmus files need no \`pid_max\` of their own namespace (Linux 6.14) and ran ` +
        `there: ${agreed} agree with the model${others.length === 0 ? '' : `; not: ${others.join(', ')}`}.`,
      '',
    );
  }
  if (experiments === undefined) return lines.join('\n').trimEnd();
  lines.push('What a namespace of its own cannot show:', '');
  const rows = experiments.map(({ experiment, box, model }) => [
    experiment.rule,
    experiment.question,
    figures(box),
    JSON.stringify(box) === JSON.stringify(model) ? 'the same' : figures(model),
  ]);
  return [...lines, table(['rule', 'what it says', 'box', 'model'], rows)].join('\n');
}

function figures(values: Record<string, unknown>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}: ${value}`)
    .join('; ');
}

function fillSection({ fills = [] }: Measured): string {
  if (fills.length === 0) return '';
  const sizes = [...new Set(fills.map(({ pidMax }) => pidMax))].sort((a, b) => a - b);
  const rows = sizes.flatMap((pidMax) => {
    const runs = fills.filter((fill) => fill.pidMax === pidMax);
    const row = (what: string, of: (side: Fill['model']) => number): string[] => [
      String(pidMax),
      what,
      spread(runs.map(({ box }) => of(box))),
      spread(runs.map(({ model }) => of(model))),
      String(runs.length),
    ];
    return [
      row('first exec refused', ({ exec }) => exec),
      row('zombies then', ({ zombies }) => zombies),
      row('pinned PIDs then', ({ pinned }) => pinned),
      row('PIDs free then', ({ free }) => free),
    ];
  });
  const messages = [...new Set(fills.map(({ box }) => box.message))].map((message) => `\`${message}\``);
  return [
    '## 1. A leaking exec, until one is refused',
    '',
    'Each exec leaves one zombie and one pinned PID. The refused one said ' + `${messages.join(' or ')}.`,
    '',
    table(['pid_max', '', 'box', 'model', 'repeats'], rows),
    '',
    'Go starts the threads of runc when it needs them: with 11 PIDs free an exec gets in now and then.',
  ].join('\n');
}

function survivorSection({ survivors = [] }: Measured): string {
  if (survivors.length === 0) return '';
  const rows = survivors.map(({ activity, worked, tries, messages, modelNeeds }) => {
    const levels = [...worked];
    const never = levels.filter(([, count]) => count === 0).map(([free]) => free);
    const always = levels.findIndex(
      ([, count], index) => count === tries && levels.slice(index).every(([, c]) => c === tries),
    );
    const between = levels.filter(([, count]) => count > 0 && count < tries);
    return [
      activity,
      never.length === 0 ? 'none' : String(Math.max(...never)),
      between.map(([free, count]) => `${free}: ${count} of ${tries}`).join(', ') || 'none',
      always < 0 ? `not up to ${levels.at(-1)![0]}` : String(levels[always][0]),
      String(modelNeeds),
      messages.map((message) => `\`${message}\``).join('<br>'),
    ];
  });
  return [
    '## 2. What still works when few PIDs are free',
    '',
    `Each with exactly so many PIDs free, ${survivors[0].tries} tries at each count.`,
    '',
    table(['', 'never works up to', 'sometimes', 'always from', 'model: from', 'what the refused say'], rows),
  ].join('\n');
}

function roomSection({ rooms = [] }: Measured): string {
  if (rooms.length === 0) return '';
  const rows = rooms.map(({ what, room, worked, tries, left, model, message }) => [
    what,
    String(room),
    `${worked} of ${tries}`,
    model ? 'works' : 'refused',
    String(left),
    message === '' ? '' : `\`${message}\``,
  ]);
  return [
    '## 3. A full cgroup',
    '',
    'On one CPU fewer than five slots are too few, as long as runc is not kept waiting: while the load of the host was 12, 3 of 20 execs and',
    '1 of 40 starts got in with fewer. It is the race of R46.',
    '',
    table(['', 'free slots', 'box: worked', 'model', 'charges left behind', 'what the refused say'], rows),
  ].join('\n');
}

function endSection({ ends = [] }: Measured): string {
  if (ends.length === 0) return '';
  const rows = ends.map(({ what, box, model }) => [what, box, model === box ? 'the same' : model]);
  return ['## 4. Execs that do not end, and what a kill frees', '', table(['', 'box', 'model'], rows)].join(
    '\n',
  );
}

function peakSection({ peaks = [] }: Measured): string {
  if (peaks.length === 0) return '';
  const names = [...new Set(peaks.map(({ what }) => what))];
  const rows = names.map((what) => {
    const runs = peaks.filter((peak) => peak.what === what);
    const seen = runs.map(({ peak }) => peak).filter((peak) => !Number.isNaN(peak));
    const [{ model }] = runs;
    return [
      what,
      seen.length === 0 ? 'below that of create' : spread(seen),
      spread(runs.map(({ pids }) => pids)),
      spread(runs.map(({ rest }) => rest)),
      ...(model === null ? ['', '', ''] : [model.peak, model.pids, model.rest].map(String)),
      String(runs.length),
    ];
  });
  const columns = ['tasks at one time', 'PIDs handed out', 'tasks more afterwards'];
  return [
    '## 5. Tasks that come and go',
    '',
    'Of the box, then of the model, which creates and starts a container in one go. A cron job is one of Debian’s cron: it forks a cron of',
    'its own, that one forks the shell. Below a conmon, and in the foreground, the model has the same runc as a',
    'detached one.',
    '',
    table(['', ...columns, ...columns.map((column) => `model: ${column}`), 'repeats'], rows),
  ].join('\n');
}

function sequenceSection({ sequences }: Measured): string {
  if (sequences === undefined) return '';
  const { seed, sequences: count, actions, refused, agreedLater, differences } = sequences;
  const rows = differences.map((one) => [String(one.sequence), one.actions.join(', '), one.box, one.model]);
  const lines = [
    '## 6. Random sequences',
    '',
    `${count} sequences of seed ${seed}, ${actions} actions (${refused} refused), tasks, zombies and pinned PIDs compared after each: ` +
      `${differences.length} differ.${agreedLater === 0 ? '' : ` ${agreedLater} differed on a busy machine, and agreed when played again.`}`,
  ];
  if (rows.length > 0) lines.push('', table(['sequence', 'actions', 'box', 'model'], rows));
  return lines.join('\n');
}

function containerdSection({ containerd = [] }: Measured): string {
  if (containerd.length === 0) return '';
  const rows = containerd.map(({ what, box, model }) => [what, box, model === box ? 'the same' : model]);
  return [
    '## 7. containerd itself',
    '',
    'The pods above have a puppet for a shim. Here containerd with its own shim made them, asked by `ctr`: a sandbox, and a container in',
    'its PID namespace and in the same shim.',
    '',
    table(['', 'box', 'model'], rows),
  ].join('\n');
}

function engineSection({ engines }: Measured): string {
  if (engines === undefined || engines.rows.length === 0) return '';
  const rows = engines.rows.map(({ what, box, model }) => [what, box, model === box ? 'the same' : model]);
  const peaks = engines.peaks.map((one) => [one.what, ...[one.peak, one.pids, one.rest].map(String)]);
  return [
    '## 8. podman and dockerd themselves',
    '',
    'Without a network, and with their images in the memory of the box. The first table has what a command takes: of the tasks at one time',
    'those are counted that it starts in its own cgroup, so not those of a daemon and its shims. Four seconds after a `podman stop` its clean-up',
    'may still be running.',
    '',
    table(['', 'tasks at one time', 'PIDs handed out', 'tasks more afterwards'], peaks),
    '',
    table(['', 'box', 'model'], rows),
  ].join('\n');
}

function pauseSection({ pauses = [] }: Measured): string {
  if (pauses.length === 0) return '';
  const rows = pauses.map((one) => [
    one.pause,
    one.origin,
    ...[one.execs, one.zombies, one.pinned].map(String),
  ]);
  return [
    '## pause itself',
    '',
    "The program of kubernetes issue 50865 (its child is orphaned and exits), exec'd in a pod whose PID 1 is pause.",
    '',
    table(['pause', 'built from', 'execs', 'zombies', 'pinned PIDs'], rows),
  ].join('\n');
}

/** `119 (116 to 122)`: median, and the range where there is one. */
function spread(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const [least, median, most] = [sorted[0], sorted[(sorted.length - 1) >> 1], sorted[sorted.length - 1]];
  return least === most ? String(median) : `${median} (${least} to ${most})`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
