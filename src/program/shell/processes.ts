/** What a shell forks besides commands: subshells, jobs, pipelines, `$( )`. */
import type {
  AndOr,
  CommandNode,
  ParsedScript,
  Pipeline,
  PipelineNode,
  ProcessSubstitutionPart,
  Statement,
  Subshell,
} from 'unbash';
import type { Step } from '../step.js';
import { Commands, DEPTH_MAX, HOUR_US, isInput, isOutput } from './commands.js';
import { linesOf, outputOf } from './output.js';
import { type Flags, LAST, TESTED } from './shell.js';
import type { State } from './state.js';
import { negated, SUCCESS, UNKNOWN, type Value } from './values.js';

export abstract class Processes extends Commands {
  /**
   * bash becomes the last command of a list if that is a simple one without redirections, and if neither `&`
   * nor a list of another kind stands before it.
   */
  protected markLast(statements: readonly Statement[]): void {
    const last = statements.at(-1);
    if (last === undefined || last.background || statements.at(-2)?.background) return;
    const { command } = last;
    const simple = command.type === 'AndOr' && statements.length === 1 ? command.commands.at(-1)! : command;
    if (simple.type === 'Command' && simple.redirects.length === 0) this.becomes.add(simple);
  }

  /** `trap … ERR` and `-e`. */
  protected endIfFailed(node: { pos: number; end: number }, state: State, out: Step[], flags: Flags): void {
    const { errorTrap, errexit } = state;
    if (flags.tested || state.isDead || state.status.is === 'open' || !(errexit || errorTrap)) return;
    const goesOn = (way: State, steps: Step[]): void => {
      way.errorTrap = errorTrap;
      if (way.errexit) this.end(way, steps);
    };
    const failed = (way: State, steps: Step[]): void => {
      if (errorTrap === null) goesOn(way, steps);
      else
        this.trapped(errorTrap, TESTED, way.failures, Object.assign(way, { errorTrap: null }), steps, goesOn);
    };
    this.branch(state, out, goOn, failed, node);
  }

  protected subshell(node: Subshell, state: State, out: Step[], flags: Flags): void {
    const list = (way: State, steps: Step[]): void => {
      if (this.kind.name === 'bash') this.markLast(node.body.commands);
      this.list(node.body.commands, way, steps, { last: true, tested: flags.tested });
    };
    if (mayBecome(state, flags)) {
      const { frames } = this;
      this.frames = [];
      list(state, out);
      if (!state.isDead) this.end(state, out);
      this.frames = frames;
      return;
    }
    const label = this.label();
    this.fork(label, this.child(state, list), out);
    this.wait(label, state, out);
  }

  protected redirected(
    node: Extract<CommandNode, { type: 'Redirected' }>,
    state: State,
    out: Step[],
    flags: Flags,
  ): void {
    const { inputUs, inputLines } = state;
    const isRead = this.readers.length;
    this.redirect(node.redirects, state, out);
    const steps: Step[] = [];
    const isSubshell = node.command.type === 'Subshell';
    const isAway = isSubshell && mayBecome(state, flags) && node.redirects.some(isOutput);
    if (isAway) this.mark('closes', out);
    this.node(node.command, state, steps, isSubshell ? flags : { ...flags, last: false });
    if (node.redirects.some(isOutput)) this.detach(steps);
    this.endReaders(steps, isRead);
    out.push(...steps);
    if (!node.redirects.some(isInput)) return;
    state.inputUs = inputUs;
    state.inputLines = inputLines;
  }

  protected job(command: PipelineNode | AndOr, state: State, out: Step[], flags: Flags): void {
    const pipeline = this.pipelineOf(command);
    // Where bash does not mind a failure, its jobs do not either.
    const tested = this.kind.name === 'bash' && flags.tested;
    const labels =
      pipeline === null
        ? [this.single(command, state, out, tested)]
        : this.elements(pipeline, state, out, tested);
    state.jobs.push(...labels);
    this.forgetDone(state);
    state.lastJob = labels.at(-1)!;
    state.hasOthersJob = false;
    this.jobOf.set(state.lastJob, labels);
    state.status = SUCCESS;
  }

  /** The pipeline whose elements are jobs themselves: in bash also behind `!`, in others also in `{ }`. */
  private pipelineOf(command: PipelineNode | AndOr): Pipeline | null {
    const isBash = this.kind.name === 'bash';
    if (command.type === 'Pipeline' && command.commands.length > 1)
      return isBash || command.prefixes.length === 0 ? command : null;
    if (command.type !== 'BraceGroup' || isBash || command.body.commands.length !== 1) return null;
    const [only] = command.body.commands;
    return only.background ? null : this.pipelineOf(only.command);
  }

  protected single(command: PipelineNode | AndOr, state: State, out: Step[], tested: boolean): string {
    const steps = this.child(state, (way, inside) => {
      way.inputUs = null;
      way.inputLines = null;
      this.whole(command, way, inside, tested);
    });
    const label = this.label();
    const fork = this.fork(label, steps, out);
    if (this.givesUpOutput(command)) this.detached.add(fork);
    return label;
  }

  /** bash redirects for good where a process does nothing else; the others keep the old stdout for later. */
  private givesUpOutput(command: PipelineNode | AndOr): boolean {
    const isRedirected = command.type === 'Redirected' || command.type === 'Command';
    return this.kind.name === 'bash' && isRedirected && command.redirects.some(isOutput);
  }

  /** All that a forked shell does. */
  protected whole(command: PipelineNode | AndOr, state: State, out: Step[], tested = false): void {
    if (command.type === 'Command') this.becomes.add(command);
    this.node(command, state, out, { last: true, tested });
  }

  protected pipeline(node: Pipeline, state: State, out: Step[], flags: Flags): void {
    const isNegated = node.prefixes.filter(({ type }) => type === 'Negation').length % 2 === 1;
    if (node.commands.length === 1) {
      const [only] = node.commands;
      this.node(only, state, out, { last: false, tested: isNegated || flags.tested });
    } else this.piped(node, state, out, isNegated || flags.tested);
    if (state.isDead) return;
    if (isNegated) state.status = negated(state.status);
    else if (node.commands.length > 1) this.endIfFailed(node, state, out, flags);
  }

  protected piped(node: Pipeline, state: State, out: Step[], tested: boolean): void {
    const labels = this.elements(node, state, out, tested);
    this.forgetDone(state);
    for (const label of labels) this.emit(out, { wait: label });
    if (state.pipefail) this.emit(out, ...lastFailure(labels));
    state.noteStatus();
    state.failures = this.failuresBy.get(labels.at(-1)!) ?? [1];
    state.usual = this.usualOf(state.pipefail ? labels : labels.slice(-1));
  }

  /** Forks the elements of a pipeline: each is a child of the shell, also in the background. */
  protected elements(node: Pipeline, state: State, out: Step[], tested = false): string[] {
    let { inputUs, inputLines } = state;
    const labels: string[] = [];
    for (const [index, command] of node.commands.entries()) {
      const steps = this.child(state, (way, inside) => {
        way.inputUs = inputUs;
        way.inputLines = inputLines;
        this.whole(command, way, inside, tested);
      });
      const label = this.label();
      labels.push(label);
      const fork = this.fork(label, steps, out);
      const isAway = this.givesUpOutput(command);
      if (index === node.commands.length - 1) {
        if (isAway) this.detached.add(fork);
        break;
      }
      this.detached.add(fork);
      if (isAway) this.forgetWrites(steps);
      const readUntilUs = this.hasWrites(steps)
        ? this.readUntilUs(node.commands[index + 1], state)
        : undefined;
      inputUs = isAway ? 0 : this.lifeOf(steps, readUntilUs).stdoutUs;
      this.forgetWrites(steps);
      inputLines = linesOf(outputOf(this, command, Object.assign(state.clone(), { inputLines })));
    }
    return labels;
  }

  /** When the next element of a pipeline ends even if it is written to for ever. */
  private readUntilUs(reader: CommandNode, state: State): number {
    const { length } = this.notes;
    const steps = this.child(state, (way, inside) => {
      way.inputUs = HOUR_US;
      way.inputLines = null;
      this.whole(reader, way, inside);
    });
    this.notes.length = length;
    return this.lifeOf(steps).endUs;
  }

  substitute(script: ParsedScript | undefined, state: State, out: Step[], text: string | null = null): Value {
    if (script === undefined || this.depth >= DEPTH_MAX) return UNKNOWN;
    const output = script.commands.length === 1 ? outputOf(this, script.commands[0].command, state) : null;
    this.depth++;
    const { text: around } = this;
    this.text = text ?? around;
    const steps = this.child(state, (way, inside) => {
      if (this.kind.name !== 'dash') way.errexit = false;
      if (this.kind.name === 'bash') {
        this.markLast(script.commands);
        const [only] = script.commands;
        if (script.commands.length === 1 && !only.background) {
          this.whole(only.command, way, inside);
          return;
        }
      }
      this.list(script.commands, way, inside, LAST);
    });
    this.text = around;
    this.depth--;
    const { endUs, stdoutUs } = this.lifeOf(steps);
    this.forgetWrites(steps);
    const label = this.label();
    // A shell reads until nobody has the other end of the pipe; dash and ash do not look for dead children
    // meanwhile.
    const isDeaf = !this.kind.reapsAtOnce && (state.jobs.length > 0 || stdoutUs > endUs);
    this.fork(label, steps, out);
    if (isDeaf) this.emit(out, { sigchld: 'default' });
    if (stdoutUs > endUs)
      this.emit(out, stdoutUs >= HOUR_US ? 'pause' : { sleep: `${Math.round(stdoutUs)}us` });
    this.wait(label, state, out);
    if (isDeaf) this.emit(out, { sigchld: 'reap-all' }, 'reap');
    state.hasSubstituted = true;
    return output === null ? UNKNOWN : { text: output.replace(/\n+$/, '') };
  }

  /** `<( )` and `>( )`: a job that nobody waits for, whose output a command reads, or that reads its output. */
  reads({ script, operator }: ProcessSubstitutionPart, state: State, out: Step[]): void {
    if (script === undefined) return;
    const before = state.clone();
    const job = (inputUs: number | null): Step[] =>
      this.child(before, (way, inside) => {
        if (operator === '>') way.inputUs = inputUs;
        const [only] = script.commands;
        if (script.commands.length === 1) this.whole(only.command, way, inside);
        else this.list(script.commands, way, inside, LAST);
      });
    const steps = job(0);
    const label = this.label();
    this.fork(label, steps, out);
    state.jobs.push(label);
    if (operator === '>') {
      this.readers.push((us) => steps.splice(0, steps.length, ...job(us)));
      return;
    }
    state.inputUs = this.lifeOf(steps).stdoutUs;
    this.forgetWrites(steps);
    state.inputLines = null;
  }
}

/** A shell that ends with a subshell is that itself. */
function mayBecome({ exitTrap, handlers, hadHandlers }: State, { last }: Flags): boolean {
  return last && exitTrap === null && handlers.size === 0 && !hadHandlers;
}

function goOn(): void {}

/** The status of the last element of the pipeline that failed. */
function lastFailure(labels: readonly string[]): Step[] {
  const [label, ...before] = labels.toReversed();
  const wait: Step = { wait: label };
  if (before.length === 0) return [wait];
  return [wait, { if: { status: 0, steps: lastFailure(before.toReversed()) } }];
}
