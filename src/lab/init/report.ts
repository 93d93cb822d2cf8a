/** What an examination of a PID 1 comes to: its checks, and what they mean together. */
import { formatDuration } from '../../text/duration.js';
import { listOf, plural } from '../../text/figures.js';

/** By what can be required of a PID 1; in the order in which they are shown. */
export const INIT_CHECKS = {
  reaping: ['orphans', 'burst', 'stopped', 'strangers', 'own-child'],
  term: ['ends-on-term', 'child-told'],
  signals: ['passes-signals'],
  status: ['ends-with-child', 'passes-status'],
  /** Reported, and never required. */
  beside: ['process-group', 'child-signals', 'parent-death'],
} as const;
export type InitCheckName = (typeof INIT_CHECKS)[keyof typeof INIT_CHECKS][number];
export const INIT_REQUIREMENTS = ['reaping', 'term', 'signals', 'status'] as const;
export type InitRequirement = (typeof INIT_REQUIREMENTS)[number];

/** `none`: there was nothing to check, and the evidence says why. */
export type InitAnswer = 'yes' | 'no' | 'none';

export interface InitCheck {
  name: InitCheckName;
  answer: InitAnswer;
  /** What was done and seen, in words. */
  evidence: string;
  /** Counts and times behind the evidence: `made`, `adopted`, `zombies`, `pinned`, `status`, `endMs`, … */
  numbers: Record<string, number>;
}

export interface InitReport {
  /** What was started as PID 1, or `--pid N`. */
  command: string[];
  /** What the verdict is about, as `ps` shows PID 1: the program that the command ended up as. */
  comm: string;
  /** The programs that PID 1 became on the way, with the milliseconds since its start. */
  execs: { comm: string; afterMs: number }[];
  required: InitRequirement[];
  /** Does it do all that is required? */
  good: boolean;
  verdict: string;
  checks: InitCheck[];
  /** What it left behind: of all the orphans made, and when it ended on SIGTERM (null: it did not). */
  leaves: { orphans: number; zombies: number; liveAtEnd: number | null };
  /** What the reader should know of how this was found out. */
  notes: string[];
}

export function check(
  name: InitCheckName,
  answer: InitAnswer | boolean,
  evidence: string,
  numbers: Record<string, number> = {},
): InitCheck {
  return { name, answer: answer === true ? 'yes' : answer === false ? 'no' : answer, evidence, numbers };
}

/** Is nothing that is required of it answered with no? */
export function isGoodInit(checks: readonly InitCheck[], required: readonly InitRequirement[]): boolean {
  return required.every((requirement) => failed(checks, requirement).length === 0);
}

function failed(checks: readonly InitCheck[], requirement: InitRequirement): InitCheck[] {
  const names: readonly InitCheckName[] = INIT_CHECKS[requirement];
  return checks.filter(({ name, answer }) => names.includes(name) && answer === 'no');
}

export function reportOf(
  found: Pick<InitReport, 'command' | 'comm' | 'execs' | 'required' | 'checks' | 'notes'> & {
    liveAtEnd: number | null;
  },
): InitReport {
  const { liveAtEnd, checks, ...rest } = found;
  const order: InitCheckName[] = Object.values(INIT_CHECKS).flat();
  const sorted = [...checks].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
  const sum = (key: string): number => checks.reduce((total, { numbers }) => total + (numbers[key] ?? 0), 0);
  const report = {
    ...rest,
    checks: sorted,
    good: isGoodInit(checks, rest.required),
    leaves: { orphans: sum('made'), zombies: sum('zombies'), liveAtEnd },
  };
  return { ...report, verdict: verdictOf(report) };
}

function verdictOf(report: Omit<InitReport, 'verdict'>): string {
  const { checks, required, good, execs, comm } = report;
  const last = execs.at(-1);
  const who =
    last === undefined ? 'it' : `${comm}, which it becomes after ${formatDuration(last.afterMs * 1000)},`;
  const reaps = failed(checks, 'reaping').length === 0;
  const parts = [reaps ? `${who} reaps everything it adopts` : `${who} ${unreaped(report)}`];
  parts.push(...termWords(checks), ...signalWords(checks), ...statusWords(checks));
  const grade = good ? 'A good PID 1' : 'Not a good PID 1';
  const asked =
    required.length === 1 && required[0] === 'reaping' ? '' : ` (asked for: ${required.join(', ')})`;
  return `${grade}${asked}: ${parts.join('; ')}.`;
}

function unreaped({ checks, leaves: { orphans, zombies } }: Pick<InitReport, 'checks' | 'leaves'>): string {
  const bad = failed(checks, 'reaping');
  const left = `${zombies} of ${plural(orphans, 'orphan')} left as zombies`;
  if (zombies > 0 && zombies >= orphans) {
    const own = answerOf(checks, 'own-child') === 'yes' ? ', only its own child' : '';
    return `reaps no orphan${own} (${left}): put a reaping init in front of it`;
  }
  return `fails ${listOf(bad.map(({ name }) => name))} (${left})`;
}

function answerOf(checks: readonly InitCheck[], name: InitCheckName): InitAnswer | undefined {
  return checks.find((one) => one.name === name)?.answer;
}

function termWords(checks: readonly InitCheck[]): string[] {
  const ends = answerOf(checks, 'ends-on-term');
  const told = answerOf(checks, 'child-told');
  if (ends === 'no') {
    const handled = checks.find(({ name }) => name === 'ends-on-term')?.numbers.handled === 1;
    const alone = handled ? 'does not end on SIGTERM' : 'ignores SIGTERM';
    const what = told === 'yes' ? 'passes SIGTERM on and does not end' : alone;
    return [`it ${what}: stopping it takes the whole grace period`];
  }
  return ends === 'yes' && told === 'no'
    ? ['it ends on SIGTERM without telling its child, which is killed']
    : [];
}

function signalWords(checks: readonly InitCheck[]): string[] {
  const one = checks.find(({ name, answer }) => name === 'passes-signals' && answer === 'no');
  return one === undefined || answerOf(checks, 'child-told') === 'no'
    ? []
    : [`it does not pass on ${kept(one)}`];
}

/** The signals that did not arrive: their numbers' keys in order. */
function kept({ numbers }: InitCheck): string {
  return listOf(Object.keys(numbers).filter((signal) => numbers[signal] === 0));
}

function statusWords(checks: readonly InitCheck[]): string[] {
  if (answerOf(checks, 'ends-with-child') === 'no') return ['it does not end with its child'];
  return answerOf(checks, 'passes-status') === 'no' ? ['its own exit status hides that of its child'] : [];
}
