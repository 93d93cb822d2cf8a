/**
 * Random scripts in the grammar of real probes: lists, pipelines, tests, loops, functions, traps, jobs,
 * substitutions, with stand-ins for commands. What only a run can know (an output, a file) is not in them.
 */
import { type RandomStream, RandomStreams } from '../../../src/sim/random.js';

export interface Script {
  text: string;
  /** `-e`. */
  options: string[];
}

export function generateScript(seed: number, index: number): Script {
  return new Generator(new RandomStreams(seed).stream(`script ${index}`, 'fuzz')).script();
}

const COMMANDS = ['quick', 'quick', 'slow', 'slow', 'bad', 'spawn', 'slowbad', 'long'];
const KNOWN = [
  'true',
  'false',
  ':',
  'test -n x',
  '[ 1 = 2 ]',
  'echo x',
  'cd /',
  'test -e /etc/passwd',
  '[ -z "" ]',
];
const REDIRECTIONS = [
  ' > /dev/null',
  ' 2>&1',
  ' >&2',
  ' > /dev/null 2>&1',
  ' < /dev/null',
  ' &> /dev/null',
  ' 2> /dev/null',
];
const ENDS = ['', '', '', '', '\n', ';', ' # done'];

class Generator {
  private names = 0;
  private budget = 9;

  constructor(private readonly random: RandomStream) {}

  script(): Script {
    const prefix = this.chance(0.08)
      ? this.pick(['set -e\n', 'set -e; ', 'trap "" TERM; ', 'set +e; ', 'A=1; '])
      : '';
    const trap = this.chance(0.06)
      ? `trap '${this.pick(['spawn', 'quick', 'exit 0', 'exit 3', 'true'])}' ${this.pick(['EXIT', 'EXIT', 'TERM', 'ERR'])}${this.pick(['; ', '\n'])}`
      : '';
    const list = this.list(0);
    const end = this.pick(ENDS);
    const text = prefix + trap + list + (list.endsWith('&') && end === ';' ? '' : end);
    return { text, options: this.chance(0.07) ? ['-e'] : [] };
  }

  private list(depth: number): string {
    let text = this.item(depth);
    for (let more = this.below(3); more > 0 && this.budget > 0; more--) {
      const joint = text.endsWith('&') ? this.pick([' ', '\n']) : this.pick(['; ', '; ', '\n']);
      text += joint + this.item(depth);
    }
    return text;
  }

  private item(depth: number): string {
    const choice = this.below(100);
    if (choice < 8) return `${this.andOr(depth)} &`;
    if (choice < 12) return this.job();
    if (choice < 15) return this.status();
    if (choice < 19 && depth < 3) return this.function(depth + 1);
    if (choice < 21 && depth < 3)
      return `i=0; while [ $i -lt 2 ]; do ${this.group(depth + 1)} i=$((i+1)); done`;
    if (choice < 23)
      return this.pick([
        'exit 0',
        'exit 1',
        'exit',
        'wait',
        'exit $?',
        'set -e',
        'shift 0',
        'exec > /dev/null',
      ]);
    return this.andOr(depth);
  }

  private andOr(depth: number): string {
    let text = this.pipeline(depth);
    for (let more = this.weighted([60, 28, 12]); more > 0 && this.budget > 0; more--)
      text +=
        this.pick([' && ', ' || ']) +
        (this.chance(0.2)
          ? this.pick(['exit 1', 'exit 0', 'true', 'exit 3', 'false'])
          : this.pipeline(depth));
    return text;
  }

  private pipeline(depth: number): string {
    const not = this.chance(0.06) ? '! ' : '';
    let text = not + this.command(depth);
    if (this.chance(0.85)) return text;
    for (let more = 1 + this.below(2); more > 0 && this.budget > 0; more--)
      text += ` | ${this.chance(0.4) ? 'cat' : this.command(depth)}`;
    return text;
  }

  private command(depth: number): string {
    this.budget--;
    const choice = depth >= 3 || this.budget <= 0 ? this.below(62) : this.below(100);
    if (choice < 40) return this.simple();
    if (choice < 52) return this.pick(KNOWN);
    if (choice < 54) return `command ${this.simple()}`;
    if (choice < 56) return `exec ${this.simple()}`;
    if (choice < 58)
      return `eval ${this.pick(['', '"'])}`.endsWith('"')
        ? `eval "${this.plain()}; ${this.plain()}"`
        : `eval ${this.plain()}`;
    if (choice < 60) return `A=1 ${this.simple()}`;
    if (choice < 62) return `cat <<EOF\nx\nEOF\n`.trimEnd().replace(/^cat/, this.plain()) + '\n:';
    if (choice < 67) return `(${this.list(depth + 1)})${this.redirected()}`.replace(/^\(\(/, '( (');
    if (choice < 71) return `{ ${this.group(depth + 1)} }${this.redirected()}`;
    if (choice < 79) return this.conditional(depth + 1);
    if (choice < 83) return this.loop(depth + 1);
    if (choice < 93) return this.substitution(depth + 1);
    return `case ${this.pick(['a', 'b'])} in a) ${this.list(depth + 1)};; *) ${this.list(depth + 1)};; esac`.replace(
      /&;;/g,
      '&\n;;',
    );
  }

  private simple(): string {
    return this.plain() + (this.chance(0.15) ? this.pick(REDIRECTIONS) : '');
  }

  private plain(): string {
    if (this.chance(0.85)) return this.pick(COMMANDS);
    const command = this.pick(COMMANDS);
    return this.pick([
      `sh -c "${command}"`,
      `sh -c '${command} && ${this.pick(COMMANDS)}'`,
      `bash -c '${command}; ${this.pick(COMMANDS)}'`,
      `bash -c "${command}"`,
      `env A=1 ${command}`,
      `nohup ${command}`,
      `setsid ${command}`,
      `xargs ${command}`,
      'timeout 0.2 slow',
      'timeout 0.2 quick',
      `timeout 5 ${command}`,
      'timeout -s KILL 0.2 long',
      'sleep 0.4',
    ]);
  }

  private redirected(): string {
    return this.chance(0.15) ? this.pick([' > /dev/null', ' 2>&1']) : '';
  }

  private group(depth: number): string {
    const list = this.list(depth);
    return list.endsWith('&') || list.endsWith('\n:') ? `${list}\n` : `${list};`;
  }

  private conditional(depth: number): string {
    const otherwise = this.chance(0.5) ? ` else ${this.group(depth)}` : '';
    return `if ${this.condition(depth)}; then ${this.group(depth)}${otherwise} fi`;
  }

  private condition(depth: number): string {
    const text = this.chance(0.5) ? this.pick(KNOWN) : this.pipeline(depth);
    return text.endsWith('\n:') ? 'true' : text;
  }

  private loop(depth: number): string {
    switch (this.below(4)) {
      case 0:
        return `for i in 1 2; do ${this.group(depth)} done`;
      case 1:
        return `while ${this.condition(depth)}; do ${this.group(depth)} break; done`;
      case 2:
        return `until ${this.pick(['true', 'slow', 'quick'])}; do ${this.group(depth)} done`;
      default:
        return `for i in 1 2 3; do ${this.plain()} && ${this.pick(['break', 'continue', 'exit 0'])}; ${this.group(depth)} done`;
    }
  }

  private substitution(depth: number): string {
    const inside = this.list(depth).replace(/\n:$/, '');
    const safe = inside.includes('<<') ? 'quick' : inside.replace(/^\(/, ' (');
    switch (this.below(5)) {
      case 0:
        return `x=$(${safe})`;
      case 1:
        return `x=\`${this.plain()}\``;
      case 2:
        return `echo "$(${safe})"`;
      case 3:
        return `${this.plain().replace(/^sleep .*/, 'quick')} "$(${safe})"`;
      default:
        return `test x = "$(echo x)"`;
    }
  }

  private function(depth: number): string {
    const name = `f${this.names++}`;
    return `${name}() { ${this.group(depth)}${this.chance(0.3) ? ` return ${this.below(3)};` : ''} }; ${name}`;
  }

  private job(): string {
    const [first, second] = [this.plain(), this.plain()];
    return this.pick([
      `${first} & wait`,
      `${first} & wait $!`,
      `${first} & p=$!; ${second}; wait $p`,
      `slow & p=$!; quick; kill $p; wait $p`,
      `${first} & ${second} & wait`,
      `(${first} &)`,
      `${first} & ${second}`,
      `${first} & p=$!; ${second} & q=$!; wait $p $q`,
      `${first} & ${second} & wait $!`,
      `for j in 1 2; do ${first} & done; wait`,
      `{ ${first}; ${second}; } & wait $!`,
      `(${first}; exit 3) & wait $!`,
      `(${first}; ${second}) & p=$!; wait $p || exit 4`,
    ]);
  }

  private status(): string {
    const command = this.plain();
    return this.pick([
      `${command}; rc=$?; exit $rc`,
      `${command}; rc=$?; ${this.plain()}; exit $rc`,
      `${command}; [ $? -eq 0 ] || exit 3`,
      `${command}; rc=$?; if [ $rc -ne 0 ]; then ${this.plain()}; exit $rc; fi`,
      `${command}; test $? = 1`,
      `${command}; exit $?`,
      `x=$(echo a); if [ "$x" = a ]; then ${command}; fi`,
      `case $(echo b) in a) ${command};; b|c) ${this.plain()};; esac`,
      `n=$((1+1)); [ $n -eq 2 ] && ${command}`,
      `${command}; case $? in 0) ${this.plain()};; *) exit 5;; esac`,
      `if ! ${command}; then exit 6; fi`,
      `y=; [ -z "$y" ] && ${command} || ${this.plain()}`,
      `set -- a b; for k; do ${command}; done; shift; [ $# -eq 1 ] || ${this.plain()}`,
      `printf 'a\\nb\\n' | while read l; do ${command}; done`,
    ]);
  }

  // ---- chance

  private below(limit: number): number {
    return Math.floor(this.random.uniform() * limit);
  }

  private chance(probability: number): boolean {
    return this.random.uniform() < probability;
  }

  private pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }

  private weighted(weights: readonly number[]): number {
    let left = this.below(weights.reduce((sum, weight) => sum + weight, 0));
    return weights.findIndex((weight) => (left -= weight) < 0);
  }
}
