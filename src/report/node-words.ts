/** A node and its assumptions in words: versions, limits, and whether PID 1 reaps. */
import type { FirstProcess, NodeFacts, OtherAnswer, RunResult } from '../run/result.js';
import { formatCount, listOf, plural } from '../text/figures.js';
import { capitalised } from './answer.js';
import { limitWords, shortAnswer } from './harm-words.js';

const LIMIT_OF = { node: '', 'all-pods': ' for all pods', pod: ' for each pod' };
const FROM: Record<NonNullable<NodeFacts['limits'][number]['from']>, string> = {
  file: 'from the file',
  preset: 'from the preset',
  default: 'the default',
  memory: 'from memory',
  derived: 'from the node’s, less reservedPids',
};
const NAMES_MAX = 3;

/** `kernel 4.14, kubelet 1.7.9, docker 1.12.6, pause 3.0; pid_max 32,768, …; PID 1 of web is …`. */
export function nodeLine({ kernel, kubelet, runtime, pause, limits, firstProcesses }: NodeFacts): string {
  const versions = [`kernel ${kernel}`, kubelet && `kubelet ${kubelet}`, runtime, pause && `pause ${pause}`];
  const bounds = limits.map(
    ({ scope, limit, from }) =>
      `${limitWords(limit)}${LIMIT_OF[scope]}${from === undefined ? '' : ` (${FROM[from]})`}`,
  );
  const parts = [
    versions.filter((part) => part !== null).join(', '),
    bounds.join(', '),
    ...firstWords(firstProcesses),
  ];
  return parts.join('; ');
}

/** Who is PID 1, and whether it reaps: the answer depends on it more than on anything else. */
function firstWords(all: readonly FirstProcess[]): string[] {
  return Object.values(REAPING).flatMap((reaping) => {
    const alike = all.filter((each) => reapingOf(each) === reaping);
    if (alike.length === 0) return [];
    const who = alike
      .slice(0, NAMES_MAX)
      .map(({ of, program }) => `of ${namesOf(of)} is ${firstLine(program)}`);
    if (alike.length > NAMES_MAX) who.push(`${plural(alike.length - NAMES_MAX, 'other program')} elsewhere`);
    return `PID 1 ${listOf(who)}: ${reaping}`;
  });
}

const REAPING = {
  never: 'it never waits for orphans',
  assumed: 'assumed never to wait for orphans',
  reaps: 'it reaps orphans',
};

/** Whether an unknown image reaps is an assumption. */
function reapingOf({ program, reaps }: FirstProcess): string {
  if (reaps) return REAPING.reaps;
  return program.startsWith('image ') ? REAPING.assumed : REAPING.never;
}

/** For many different nodes: in which of them orphans stay, and in which that is assumed. */
export function reapingLines(results: readonly RunResult[]): string[] {
  const kinds = [
    [REAPING.never, 'PID 1 never waits for orphans'],
    [REAPING.assumed, 'PID 1 is assumed never to wait for orphans'],
  ] as const;
  return kinds.flatMap(([reaping, words]) => {
    const names = results
      .filter(({ node }) => node.firstProcesses.some((one) => reapingOf(one) === reaping))
      .map(({ scenario }) => scenario.name);
    if (names.length === 0) return [];
    const others = names.length > NAMES_MAX ? [plural(names.length - NAMES_MAX, 'other')] : [];
    return `${words} in ${listOf([...names.slice(0, NAMES_MAX), ...others])}.`;
  });
}

/** Of a script of many lines only the first is shown. */
function firstLine(command: string): string {
  const lines = command.trimEnd().split('\n');
  return lines.length === 1 ? command : `${lines[0]}… (${lines.length} lines)`;
}

function namesOf(names: readonly string[]): string {
  if (names.length <= NAMES_MAX) return listOf(names);
  return `${names[0]} and ${names.length - 1} others`;
}

function commandsOf(all: readonly { command: string }[]): string {
  return listOf(all.map(({ command }) => `\`${command}\``));
}

/** Whether it matters what the assumed commands do. Empty: the run has no bracket. */
export function bracketSentence({ bracket, endSeconds }: RunResult): string[] {
  if (bracket === undefined) return [];
  const { ofEach, untried } = bracket;
  const each = `if each of these commands left ${plural(bracket.orphansPerRun, 'orphan')} a run`;
  if (bracket.isSame) return [`The command does not matter: the answer is the same ${each}.`];
  const words = ({ firstHarm, projection }: OtherAnswer) => shortAnswer(firstHarm, projection, endSeconds);
  const [same, other] = [true, false].map((isSame) => ofEach.filter((one) => one.isSame === isSame));
  const alone = [
    ...other.map((one) => `with \`${one.command}\` ${words(one)}`),
    ...(same.length === 0 ? [] : [`${commandsOf(same)} ${same.length === 1 ? 'does' : 'do'} not matter`]),
    ...(untried === 0 ? [] : [`${plural(untried, 'other')} not tried`]),
  ];
  const all = `${capitalised(words(bracket))} ${each}.`;
  return [ofEach.length === 0 ? all : `${all} One alone: ${alone.join('; ')}.`];
}

const ASSUMPTIONS_MAX = 30;

/** What the answer rests on, a line each. */
export function basisLines(result: RunResult): string[] {
  const { assumptions } = result;
  const shown = assumptions
    .slice(0, ASSUMPTIONS_MAX)
    .map(({ what, effect, where }) => `${what}: ${effect} (${where})`);
  const more = assumptions.length - shown.length;
  const rest = more > 0 ? [`${formatCount(more)} more assumptions in summary.json`] : [];
  return [nodeLine(result.node), ...shown, ...bracketSentence(result), ...rest];
}
