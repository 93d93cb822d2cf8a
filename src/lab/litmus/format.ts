/** Verifications as text for a terminal. */
import { ROW_HEADER, rowLine, sideBySide } from '../../procfs/rows-text.js';
import { plural } from '../../text/figures.js';
import { plainTable } from '../../text/table.js';
import { countsOf } from './expect.js';
import { differentOrders, type LitmusResult, type Verification } from './verify.js';
import { type Outcome, VERDICTS, type VerificationDocument, type View, type World } from './world.js';

/** A table of agreement, what differs side by side, and one line that sums up. */
export function formatVerification({ results, kernel }: Verification): string {
  const rows = results.map(resultRow);
  const parts = [
    plainTable([['LITMUS', 'RULES', 'MODEL', `KERNEL ${kernel.release}`, 'VERDICT'], ...rows]).join('\n'),
    ...results.filter(({ verdict }) => verdict === 'differs').map(formatDifference),
    ...results.filter((result) => differentOrders(result).length > 0).map(formatOrders),
    formatSkipped(results),
    formatSummary(results) + formatOrder(results),
  ];
  return parts.filter((part) => part !== '').join('\n\n') + '\n';
}

/** The same as data, `-o json`: both worlds of each litmus, what the file expects otherwise, the verdict. */
export function verificationDocument({ results, kernel }: Verification): VerificationDocument {
  return {
    kernel,
    results: results.map(({ litmus: { name, file, question, rules }, ...result }) => {
      const { verdict, model, kernel: real, unexpected, otherOrders } = result;
      return { name, file, question, rules, verdict, model, kernel: real, unexpected, otherOrders };
    }),
  };
}

function resultRow(result: LitmusResult): string[] {
  const { litmus, model, kernel, verdict } = result;
  const about = differentOrders(result).length > 0 ? `${verdict}, on one CPU` : verdict;
  return [litmus.name, litmus.rules.join(' '), outcomeText(model), outcomeText(kernel), about];
}

/** What came of it in which order, the most frequent first. */
function formatOrders(result: LitmusResult): string {
  const { litmus, kernel, otherOrders } = result;
  const times = new Map<string, number>();
  const different = new Set(differentOrders(result));
  for (const outcome of otherOrders) {
    const counts = outcomeText(outcome);
    const text = different.has(outcome) && counts === outcomeText(kernel) ? `${counts}, other rows` : counts;
    times.set(text, (times.get(text) ?? 0) + 1);
  }
  const rows = [...times].sort((a, b) => b[1] - a[1]).map(([text, count]) => [`  ${count} x`, text]);
  const runs = plural(otherOrders.length, 'run');
  const title = `${litmus.file}: on one CPU ${outcomeText(kernel)}; on two, of ${runs}`;
  return [title, ...plainTable(rows)].join('\n');
}

/** That a verdict is about one order, where there was anything to judge. */
function formatOrder(results: readonly LitmusResult[]): string {
  const run = results.filter(({ kernel }) => kernel.kind === 'rest');
  const tried = run.filter(({ otherOrders }) => otherOrders.length > 0);
  if (run.length === 0) return '';
  const order = 'A verdict is about the order in which one CPU runs the processes';
  if (tried.length === 0) return `\n${order}; --cpus 2 tries others.`;
  const other = tried.filter((result) => differentOrders(result).length > 0).length;
  const runs = plural(Math.max(...tried.map(({ otherOrders }) => otherOrders.length)), 'more run');
  const found = other === 0 ? 'the same each time' : `${other} of ${tried.length} came out otherwise`;
  return `\n${order}; on two CPUs, ${runs} each: ${found}.`;
}

/** `200 tasks, 199 zombies, 199 pinned, 2 refused` */
export function outcomeText(outcome: Outcome): string {
  if (outcome.kind === 'skipped') return '-';
  if (outcome.kind === 'failed') return 'failed';
  if (outcome.kind === 'restless') return 'never at rest';
  const { inside, refusals } = outcome.world;
  const { tasks, zombies, pinned } = countsOf(inside);
  const refused = refusals.reduce((sum, { count }) => sum + count, 0);
  const words = [plural(tasks, 'task')];
  if (zombies > 0) words.push(plural(zombies, 'zombie'));
  if (pinned > 0) words.push(`${pinned} pinned`);
  if (refused > 0) words.push(`${refused} refused`);
  return words.join(', ');
}

function formatSkipped(results: readonly LitmusResult[]): string {
  const missing = new Set(results.flatMap(({ kernel }) => (kernel.kind === 'skipped' ? kernel.missing : [])));
  const failed = results.flatMap(({ litmus, kernel }) =>
    kernel.kind === 'failed' ? [`${litmus.name} could not be run: ${kernel.message}`] : [],
  );
  return [...[...missing].map((text) => `not run on the kernel: ${text}`), ...failed].join('\n');
}

/** `112 litmus files: 112 agrees`, verdicts that no file has left out. */
function formatSummary(results: readonly LitmusResult[]): string {
  const counts = VERDICTS.map((verdict) => [
    verdict,
    results.filter((result) => result.verdict === verdict).length,
  ]);
  const words = counts.flatMap(([verdict, count]) =>
    count === 0 ? [] : [`${count} ${count === 1 ? verdict : SUMMARY_WORDS[verdict]}`],
  );
  return `${plural(results.length, 'litmus file')}: ${words.join(', ') || 'nothing to do'}`;
}

const SUMMARY_WORDS: Record<string, string> = {
  agrees: 'agree',
  differs: 'differ',
  skipped: 'skipped',
  failed: 'failed',
};

/** What differs between the worlds, or from what the file expects, as process tables side by side. */
export function formatDifference({ litmus, model, kernel, unexpected }: LitmusResult): string {
  const lines = [`${litmus.file}: ${litmus.question}`];
  if (model.kind === 'failed') lines.push(`  the model failed: ${model.message}`);
  if (model.kind === 'restless') lines.push(`  the model never came to rest: ${model.after}`);
  if (kernel.kind === 'restless') lines.push(`  the kernel never came to rest: ${kernel.after}`);
  const [left, right] = [worldOf(model), worldOf(kernel)];
  if (left !== null && right !== null) lines.push(...formatWorlds(left, right));
  for (const [where, texts] of Object.entries(unexpected))
    for (const text of texts) lines.push(`  the ${where} is not as the file says: ${text}`);
  return lines.join('\n');
}

function worldOf(outcome: Outcome): World | null {
  return outcome.kind === 'rest' || outcome.kind === 'restless' ? outcome.world : null;
}

/** Both process tables of every namespace in which they differ; `≠` marks the lines that do. */
export function formatWorlds(model: World, kernel: World): string[] {
  const lines: string[] = [];
  const addView = (name: string, left: View | undefined, right: View | undefined): void => {
    if (JSON.stringify(left) !== JSON.stringify(right))
      lines.push(...formatViews(name, left ?? EMPTY, right ?? EMPTY));
  };
  addView('inside', model.inside, kernel.inside);
  addView('outside', model.outside, kernel.outside);
  for (const name of new Set([...Object.keys(model.nested), ...Object.keys(kernel.nested)]))
    addView(`namespace ${name}`, model.nested[name], kernel.nested[name]);
  const compare = (what: string, left: unknown, right: unknown): void => {
    if (JSON.stringify(left) !== JSON.stringify(right))
      lines.push(`  ≠ ${what}: model ${JSON.stringify(left)}, kernel ${JSON.stringify(right)}`);
  };
  compare('refusals', model.refusals, kernel.refusals);
  compare('pids.current', model.pidsCurrent, kernel.pidsCurrent);
  if (model.pidsEvents !== null && kernel.pidsEvents !== null)
    compare('pids.events', model.pidsEvents, kernel.pidsEvents);
  return lines;
}

const EMPTY: View = { tasks: [], pinned: [] };

function formatViews(name: string, left: View, right: View): string[] {
  const pids = [...new Set([...left.tasks, ...right.tasks].map((task) => task.pid))].sort((a, b) => a - b);
  const line = ({ tasks }: View, pid: number): string => {
    const task = tasks.find((each) => each.pid === pid);
    return task === undefined ? '-' : rowLine(task);
  };
  const pinned = (view: View): string => `pinned: ${shorten(view.pinned.join(' ') || 'none')}`;
  const rows = pids.map((pid) => [line(left, pid), line(right, pid)] as const);
  const header = [`${ROW_HEADER} (model, ${name})`, `${ROW_HEADER} (kernel, ${name})`] as const;
  return sideBySide(header, [...rows, [pinned(left), pinned(right)]]).map((text) => `  ${text}`);
}

function shorten(text: string): string {
  return text.length > 50 ? `${text.slice(0, 49)}…` : text;
}
