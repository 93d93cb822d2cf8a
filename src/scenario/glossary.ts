/** The words of the field and of this project: docs/glossary.md and `pidsim explain TERM` come from here. */
import { didYouMean } from '../text/suggest.js';
import { indent } from './explanation.js';

export interface Term {
  /** As it is written in a sentence. The first is the term, the others are what else it is called. */
  names: readonly [string, ...string[]];
  meaning: string;
  /** Rules of docs/rules.md. */
  rules?: readonly string[];
}

export interface GlossarySection {
  title: string;
  terms: readonly Term[];
}

const PROCESSES: readonly Term[] = [
  {
    names: ['task'],
    meaning:
      'What the kernel schedules: a thread. A process with four threads is four tasks. Every task holds one PID in its own PID namespace and one in each namespace around it.',
    rules: ['K1', 'K9'],
  },
  {
    names: ['process', 'thread group'],
    meaning:
      'One or more tasks that share memory and signal handling. Its PID is the PID of its first task, the leader.',
  },
  {
    names: ['PID', 'process ID'],
    meaning:
      'The number by which a task, a process group or a session is known in one PID namespace. PIDs are handed out in turn, not lowest first: a PID that has just been freed is used again only after all larger ones have had their turn.',
    rules: ['K2'],
  },
  {
    names: ['zombie', 'defunct process'],
    meaning:
      'A process that has exited and has not been reaped. It has no memory and no files, but it holds its PID, its place in the pids cgroup and its share of threads-max until its parent waits for it.',
    rules: ['K9', 'K34', 'K42'],
  },
  {
    names: ['reap', 'wait'],
    meaning:
      'To take the exit status of a dead child with wait() or waitpid(). The zombie is gone at that instant, and the next fork may use its PID.',
    rules: ['K14'],
  },
  {
    names: ['orphan'],
    meaning: 'A process whose parent has exited. It gets another parent at once: its child reaper.',
    rules: ['K20'],
  },
  {
    names: ['child reaper', 'adopter'],
    meaning:
      'The process that adopts an orphan: another thread of the dead parent, else the nearest ancestor that is a subreaper, else PID 1 of the PID namespace of the dead parent.',
    rules: ['K20', 'K24'],
  },
  {
    names: ['subreaper'],
    meaning:
      'A process that has asked to adopt the orphans among its own descendants (prctl PR_SET_CHILD_SUBREAPER). A process that was execed into the container from outside is not its descendant.',
    rules: ['K21', 'K24'],
  },
  {
    names: ['PID 1', 'init'],
    meaning:
      'The first process of a PID namespace. It adopts the orphans there, ignores signals that it has no handler for, and takes the whole namespace with it when it exits.',
    rules: ['K20', 'K30', 'K33'],
  },
  {
    names: ['SIGCHLD'],
    meaning:
      'The signal that tells a parent that a child has exited. There is one slot for it: ten children that exit at once may deliver it once. By default it is discarded, and the child stays a zombie.',
    rules: ['K15', 'K17', 'K25'],
  },
  {
    names: ['autoreap'],
    meaning:
      'A parent that ignores SIGCHLD, or has set SA_NOCLDWAIT, has its children released as they exit: they never become zombies.',
    rules: ['K15', 'K18'],
  },
  {
    names: ['process group', 'PGID'],
    meaning: 'Processes that are signalled together. Its ID is the PID of the process that founded it.',
  },
  {
    names: ['session', 'SID'],
    meaning:
      'Process groups that belong to one login or one exec. Its ID is the PID of its leader, the process that called setsid(). runc makes every execed process a session leader.',
    rules: ['K11'],
  },
  {
    names: ['pinned PID'],
    meaning:
      'The PID of a leader that has been reaped, which cannot be reused while its session or process group still has a member; a zombie is a member too. No process has it, so it shows in no ps, not in /proc/loadavg, not in pids.current and not in the kubelet: the hidden half of a leak.',
    rules: ['K10', 'K12'],
  },
];

const LIMITS: readonly Term[] = [
  {
    names: ['PID namespace'],
    meaning:
      'A table of PIDs. Namespaces are nested: a task needs a PID in its own and in each one around it, and the first full one refuses the fork.',
    rules: ['K1'],
  },
  {
    names: ['pid_max', 'kernel.pid_max'],
    meaning:
      'The first PID that is not handed out any more: with 32768 the largest PID is 32767. One value for the whole machine before Linux 6.14; since then each PID namespace has its own as well.',
    rules: ['K2', 'K6', 'K7'],
  },
  {
    names: ['wrap', 'cursor'],
    meaning:
      'The cursor is the next PID to try. When it reaches pid_max it starts again, at 300: after that first wrap no PID below 300 is handed out, and the usable table is pid_max - 300.',
    rules: ['K3', 'K4'],
  },
  {
    names: ['threads-max', 'kernel.threads-max'],
    meaning:
      'The most tasks that the machine may have, zombies included. By default memory divided by 128 KiB. It binds root too.',
    rules: ['K40'],
  },
  {
    names: ['pids cgroup', 'pids.max', 'pids.current'],
    meaning:
      'The controller that limits the tasks of a group of processes. pids.current counts live tasks and zombies, not pinned PIDs; a fork over pids.max of the group or of any group around it is refused.',
    rules: ['K34', 'K37', 'K38'],
  },
  {
    names: ['kubepods'],
    meaning:
      'The cgroup of all pods. Since Kubernetes 1.15 its pids.max is what the kubelet takes the capacity to be, less what is reserved.',
    rules: ['R22'],
  },
  {
    names: ['RLIMIT_NPROC', 'ulimit -u'],
    meaning: 'The most tasks that one user may have, in all namespaces together. Root is exempt.',
    rules: ['K39'],
  },
  {
    names: ['EAGAIN', 'refused fork'],
    meaning:
      '"Resource temporarily unavailable": what fork() returns when a limit refuses the new task, and what a shell prints as "cannot fork". The scope of a refusal says whose limit it was: the node, all pods, or one pod.',
    rules: ['K5'],
  },
];

const NODE: readonly Term[] = [
  {
    names: ['sandbox'],
    meaning:
      'What a container runtime sets up for a pod before its containers: namespaces, a cgroup, and usually pause.',
  },
  {
    names: ['pause', 'infra container'],
    meaning:
      'The small process that keeps a sandbox alive. Where the containers of a pod share a PID namespace it is PID 1 and adopts every orphan. Version 3.0 never reaps; 3.1 and later reap at every SIGCHLD.',
    rules: ['R1', 'R8', 'K26'],
  },
  {
    names: ['shim'],
    meaning:
      'The process of the runtime that is parent to a container and to what is execed into it (containerd-shim, conmon). It reaps its own children; it cannot reap an orphan inside the namespace.',
    rules: ['R4', 'R28'],
  },
  {
    names: ['runc'],
    meaning:
      'The program that creates a container or brings a process into one. An exec is given 14 PIDs for a moment: Go threads and the stages of nsexec.',
    rules: ['R29'],
  },
  {
    names: ['exec'],
    meaning:
      'Bringing a process into a running container from outside, as an exec probe and kubectl exec do. The process is a child of the shim; its orphans go to PID 1 of the container.',
    rules: ['R4', 'R5'],
  },
  {
    names: ['probe', 'health check', 'exec probe'],
    meaning:
      "The kubelet's liveness, readiness or startup check of a container. An exec probe starts processes in the container; httpGet, tcpSocket and grpc probes start none.",
    rules: ['R10', 'R14'],
  },
  {
    names: ['probe worker'],
    meaning: 'The part of the kubelet that runs one probe of one container, one run at a time.',
    rules: ['R10', 'R11', 'R12'],
  },
  {
    names: ['eviction', 'pid.available', 'PIDPressure'],
    meaning:
      'The kubelet ends pods when too few PIDs are available by its own count, which sees neither pinned PIDs nor, before 1.24, threads-max. There is no threshold by default.',
    rules: ['R21', 'R24', 'R25'],
  },
  {
    names: ['back-off'],
    meaning:
      'The growing wait before a container is restarted once more: 10 s, doubled each time, at most 5 min.',
    rules: ['R30'],
  },
];

const SIMULATOR: readonly Term[] = [
  {
    names: ['scenario'],
    meaning:
      'A YAML file that describes a node, its pods and what happens to it: what `pidsim run` simulates.',
  },
  {
    names: ['step', 'step language'],
    meaning:
      'What a program is made of: fork, wait, sleep, exit and a few more. What runs in a container is a list of steps, and the same list runs on the simulated kernel and, in the lab, as real processes.',
  },
  {
    names: ['catalogue'],
    meaning: 'The programs that ship with pidsim, each with its source: `pidsim explain program`.',
  },
  {
    names: ['horizon'],
    meaning: 'How much time a run simulates, unless something ends it earlier.',
  },
  {
    names: ['exhausted', 'node full'],
    meaning:
      'The node has refused a fork by a limit of its own, pid_max or threads-max. A pod that reaches its own limit does not exhaust the node.',
  },
  {
    names: ['censored', 'not full in time'],
    meaning:
      "A statistician's word: the run ended before the node was full, so all that is known of the time to exhaustion is that it is longer.",
  },
  {
    names: ['projection'],
    meaning:
      'When a run that was not full in time would have been full, had it gone on as in its second half. It assumes that nothing changes.',
  },
  {
    names: ['symptom'],
    meaning:
      'What a person notices: a login refused, a pod that cannot be created or deleted, a failed probe.',
  },
  {
    names: ['blame', 'origin'],
    meaning:
      'Whose tasks hold the PIDs: each task carries the origin (pod, container and purpose) that asked for it, and a pinned PID is counted for the origin that it belonged to.',
  },
  {
    names: ['seed', 'replication'],
    meaning:
      'The same scenario and seed give the same run to the last byte, on every platform. A replication is another draw of everything that is random.',
  },
  {
    names: ['digest'],
    meaning:
      'A fingerprint of all that happened in a run: two runs with the same digest did the same things.',
  },
  {
    names: ['engine event'],
    meaning: 'An event of the calendar, or a fork, an end, a release or a refusal that it makes happen.',
  },
  {
    names: ['litmus file'],
    meaning:
      'A small world as text: PID 1, what enters from outside, which limits hold, and how it looks at rest. It runs on the model and on a real kernel, and both are compared process by process.',
  },
  {
    names: ['at rest'],
    meaning:
      'The state of a world in which no process will do anything more by itself. The model and the kernel are compared there, since the model has no scheduler and no durations.',
  },
];

export const GLOSSARY: readonly GlossarySection[] = [
  { title: 'Processes', terms: PROCESSES },
  { title: 'PIDs and limits', terms: LIMITS },
  { title: 'The node', terms: NODE },
  { title: 'The simulator', terms: SIMULATOR },
];

const TERMS = GLOSSARY.flatMap(({ terms }) => terms);

/** The term of that name, in any of its spellings: `pinned PIDs`, `Zombie`. */
export function findTerm(word: string): Term | null {
  const wanted = plain(word);
  return TERMS.find(({ names }) => names.some((name) => plain(name) === wanted)) ?? null;
}

/** `zombie` for `zombei`. */
export function similarTerm(word: string): string | undefined {
  return didYouMean(
    word.toLowerCase(),
    TERMS.flatMap(({ names }) => names),
  );
}

/** Without case, and in the singular: `SIGCHLD`, `zombies`, `PIDs`. */
function plain(name: string): string {
  return name.trim().toLowerCase().replace(/s$/, '');
}

export function explainTerm({ names: [name, ...others], meaning, rules = [] }: Term): string {
  return [
    `TERM:     ${name}`,
    ...(others.length > 0 ? [`ALSO:     ${others.join(', ')}`] : []),
    ...(rules.length > 0 ? [`RULES:    ${rules.join(', ')} (docs/rules.md)`] : []),
    '',
    'MEANING:',
    ...indent(meaning, 4),
    '',
  ].join('\n');
}

/** docs/glossary.md, in Markdown. */
export function glossaryPage(): string {
  const sections = GLOSSARY.map(({ title, terms }) => `## ${title}\n\n${terms.map(entry).join('\n\n')}`);
  return `# Glossary

<!-- Generated from src/scenario/glossary.ts by \`npm run docs:reference\`. Do not edit. -->

The words of this project. Where Linux, Kubernetes or statistics has a word, it is theirs. On the command line:
\`pidsim explain zombie\`. The rules (K1, R1, …) are in [rules.md](rules.md).

${sections.join('\n\n')}
`;
}

function entry({ names: [name, ...others], meaning, rules = [] }: Term): string {
  const also = others.length > 0 ? ` (${others.join(', ')})` : '';
  const cited = rules.length > 0 ? ` [${rules.join(', ')}]` : '';
  return `**${name}**${also}: ${meaning}${cited}`;
}
