/**
 * Row 6: random sequences of what happens on a node, in both worlds, compared each time all is at rest.
 *
 * A sequence fills the table either to 2 PIDs, with which nothing of a runtime works in either world, or to
 * so many that everything does: how few an exec can do with is the matter of row 2. A login leaves nothing,
 * and is made in the box only.
 */
import { HOST_NS } from '../../../src/kernel/kernel.js';
import { RandomStreams } from '../../../src/sim/random.js';
import { Box } from './box.js';
import { Pod, prepareContainers } from './containers.js';
import { boxCounts, less, textOf } from './ends.js';
import { startOf } from './fill.js';
import { LoginServer, missingForLogins } from './login.js';
import { type Held, ModelNode, type ModelPod, type Start } from './model-node.js';
import { PROGRAMS, type ProgramName } from './programs.js';

export type Action =
  | { do: 'create'; shared: boolean }
  | { do: 'exec'; pod: number; program: 'quick' | 'leak' | 'hang' | 'slow' }
  | { do: 'kill'; pod: number }
  | { do: 'delete'; pod: number }
  | { do: 'login' }
  | { do: 'fill'; free: number }
  | { do: 'raise' };

export interface Difference {
  sequence: number;
  /** The actions up to the one after which they differ. */
  actions: string[];
  box: string;
  model: string;
}

export interface SequencesResult {
  seed: number;
  sequences: number;
  actions: number;
  refused: number;
  /** Sequences that differed, and agreed when they were played again: the box or its host was busy. */
  agreedLater: number;
  differences: Difference[];
}

const PID_MAX = 450;
const RAISED = 520;
const FULL = 2;
const ROOMY = 80;
const ACTIONS_LEAST = 3;
const ACTIONS_MOST = 7;
const TIMEOUT_MS = 600;
const SETTLE_MS = 250;
const LOOKS_MAX = 16;
/** Kernel threads of the box come and go by themselves: so many PIDs more or fewer are free. */
const KERNEL_THREADS_MORE = 2;

/** A sequence of its own for each number, the same from the same seed. */
export function sequenceOf(seed: number, index: number): Action[] {
  const stream = new RandomStreams(seed).stream(`sequence ${index}`, 'actions');
  const next = (): number => stream.uniform();
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)];
  const actions: Action[] = [{ do: 'create', shared: next() < 0.5 }];
  let pods = 1;
  const length = ACTIONS_LEAST + Math.floor(next() * (ACTIONS_MOST - ACTIONS_LEAST + 1));
  while (actions.length < length) {
    const pod = Math.floor(next() * pods);
    const luck = next();
    if (luck < 0.1 && pods < 2) {
      actions.push({ do: 'create', shared: next() < 0.5 });
      pods++;
    } else if (luck < 0.6) {
      actions.push({ do: 'exec', pod, program: pick(['quick', 'leak', 'leak', 'hang', 'slow'] as const) });
    } else if (luck < 0.7) actions.push({ do: 'kill', pod });
    else if (luck < 0.8) actions.push({ do: 'delete', pod });
    else if (luck < 0.85) actions.push({ do: 'login' });
    else if (luck < 0.95) actions.push({ do: 'fill', free: pick([FULL, ROOMY]) });
    else actions.push({ do: 'raise' });
  }
  return actions;
}

export interface SequenceOptions {
  seed: number;
  /** Which of them; two boxes may share one supply. */
  indexes: Iterator<number>;
  limitSeconds: number;
  /** No new one is begun after so much real time. */
  stopAfterSeconds?: number;
  signal?: AbortSignal;
  onSequence?: (done: number, differences: number) => void;
}

export function playSequences(options: SequenceOptions): Promise<SequencesResult> {
  const { seed, indexes, stopAfterSeconds = options.limitSeconds } = options;
  const begun = performance.now();
  return Box.use(options, async (box) => {
    await prepareContainers(box);
    const logins = missingForLogins() === null ? await LoginServer.start(box) : null;
    await box.write('/proc/sys/kernel/pid_max', PID_MAX);
    const result: SequencesResult = {
      seed,
      sequences: 0,
      actions: 0,
      refused: 0,
      agreedLater: 0,
      differences: [],
    };
    while ((performance.now() - begun) / 1000 < stopAfterSeconds) {
      const { done, value: index } = indexes.next();
      if (done) break;
      const actions = sequenceOf(seed, index);
      const differences = await playOne(new RealSide(box, logins, `s${index}`), actions, index, result);
      if (differences.length > 0) {
        const again = await playOne(new RealSide(box, logins, `again${index}`), actions, index, {
          ...result,
        });
        result.differences.push(...again);
        if (again.length === 0) result.agreedLater++;
      }
      result.sequences++;
      options.onSequence?.(result.sequences, result.differences.length);
    }
    return result;
  });
}

async function playOne(
  real: RealSide,
  actions: readonly Action[],
  index: number,
  result: SequencesResult,
): Promise<Difference[]> {
  const differences: Difference[] = [];
  const start = await startOf(real.box, PID_MAX);
  await real.begin();
  const model = new ModelSide(start);
  for (const [step, action] of actions.entries()) {
    const boxOk = await real.act(action);
    const modelOk = model.act(action, real.held);
    const modelSees = `${said(modelOk)}${textOf(model.counts())}`;
    const boxSees = await atRest(async () => `${said(boxOk)}${textOf(await real.counts())}`, modelSees);
    result.actions++;
    if (boxOk === false) result.refused++;
    if (boxSees === modelSees) continue;
    const upTo = actions.slice(0, step + 1).map(describe);
    differences.push({ sequence: index, actions: upTo, box: boxSees, model: modelSees });
    break;
  }
  const left = await real.clear();
  if (left !== null)
    differences.push({
      sequence: index,
      actions: ['all pods deleted'],
      box: left,
      model: 'nothing is left',
    });
  return differences;
}

/**
 * On a busy machine what has to end takes its time: looked at until it is as the model says, or does not
 * become so.
 */
async function atRest(look: () => Promise<string>, expected: string): Promise<string> {
  let seen = await look();
  for (let looks = 1; looks < LOOKS_MAX && seen !== expected; looks++) seen = await look();
  return seen;
}

function said(ok: boolean | null): string {
  return ok === null ? '' : ok ? 'works; ' : 'refused; ';
}

export function describe(action: Action): string {
  switch (action.do) {
    case 'create':
      return action.shared ? 'create a pod that shares its PID namespace' : 'create a pod';
    case 'exec':
      return `exec ${action.program} in pod ${action.pod}`;
    case 'fill':
      return `fill to ${action.free} free`;
    case 'raise':
      return 'raise pid_max';
    case 'login':
      return 'log in';
    default:
      return `${action.do} pod ${action.pod}`;
  }
}

/** A pod as a sequence sees it: whether it has been made and still runs. */
interface Slot<T> {
  pod: T;
  running: boolean;
}

class RealSide {
  private readonly slots: (Slot<Pod> | null)[] = [];
  private before!: Held;
  /** How many PIDs are held by nothing but a fill. */
  held = 0;

  constructor(
    readonly box: Box,
    private readonly logins: LoginServer | null,
    /** Of its pods: new each time. */
    private readonly name: string,
  ) {}

  async begin(): Promise<void> {
    this.before = await boxCounts(this.box);
  }

  async counts(): Promise<Held> {
    await this.box.ask('sleep', SETTLE_MS);
    return less(await boxCounts(this.box), this.before);
  }

  /** Null: there was nothing to do, or nothing that can be refused. */
  async act(action: Action): Promise<boolean | null> {
    switch (action.do) {
      case 'create':
        return this.create(action.shared);
      case 'exec':
        return this.exec(action.pod, action.program);
      case 'kill':
        return this.kill(action.pod);
      case 'delete':
        return this.delete(action.pod);
      case 'login':
        await this.login();
        return null;
      case 'fill':
        await this.fill(action.free);
        return null;
      case 'raise':
        await this.box.write('/proc/sys/kernel/pid_max', RAISED);
        return null;
    }
  }

  private async create(shared: boolean): Promise<boolean> {
    const name = `${this.name}-${this.slots.length}`;
    const pod = new Pod(this.box, name, { pidMode: shared ? 'pod' : 'container' });
    const works = (await pod.create()).ok && (await pod.start('app', PROGRAMS.sleeper.command)).ok;
    this.slots.push(works ? { pod, running: true } : null);
    return works;
  }

  private async exec(index: number, program: ProgramName): Promise<boolean | null> {
    const slot = this.slots[index];
    if (!slot?.running) return null;
    const timeoutMs = program === 'hang' ? 0 : program === 'slow' ? TIMEOUT_MS : undefined;
    const end = await slot.pod.container('app').exec(PROGRAMS[program].command, { timeoutMs });
    return end.started === true;
  }

  private async kill(index: number): Promise<boolean | null> {
    const slot = this.slots[index];
    if (!slot?.running) return null;
    const container = slot.pod.container('app');
    const killed = await container.kill('KILL');
    if (killed.status !== 0) return false;
    await this.box.ask('sleep', SETTLE_MS);
    await container.delete(true);
    slot.pod.containers.splice(slot.pod.containers.indexOf(container), 1);
    slot.running = false;
    return true;
  }

  private async delete(index: number): Promise<boolean | null> {
    const slot = this.slots[index];
    if (!slot) return null;
    const works = (await slot.pod.delete()).ok;
    if (works) this.slots[index] = null;
    return works;
  }

  /** Its client takes the place of a process that is held. */
  private async login(): Promise<void> {
    if (this.logins === null) return;
    if (this.held > 0) await this.box.ask('end', 1);
    const client = await this.logins.client();
    await this.logins.login(client);
    if (this.held > 0) await this.box.ask('hold', 1);
  }

  private async fill(free: number): Promise<void> {
    const { made } = await this.box.ask<{ errno: string; made: number }>('hold', 100_000);
    const { ended } = await this.box.ask<{ errno: string; ended: number }>(
      'end',
      Math.min(free, this.held + made),
    );
    this.held += made - ended;
  }

  /** Takes away all there is; what is left all the same, or null. */
  async clear(): Promise<string | null> {
    await this.box.ask('end', this.held);
    for (const slot of this.slots) if (slot !== null) await slot.pod.delete();
    await this.box.write('/proc/sys/kernel/pid_max', PID_MAX);
    const nothing = textOf({ tasks: 0, zombies: 0, pinned: 0 });
    const left = await atRest(async () => textOf(await this.counts()), nothing);
    return left === nothing ? null : left;
  }
}

class ModelSide {
  private readonly node: ModelNode;
  private readonly slots: (Slot<ModelPod> | null)[] = [];
  private readonly before: Held;
  private heldMoreInBox = 0;

  constructor(start: Start) {
    this.node = new ModelNode(start);
    this.before = this.node.counts();
  }

  counts(): Held {
    const counts = less(this.node.counts(), this.before);
    return { ...counts, tasks: counts.tasks + this.heldMoreInBox };
  }

  /** Filled as far as the box; false: it takes many more or fewer held PIDs to be so. */
  private fill(free: number, held: number): boolean | null {
    this.node.fill(free);
    this.heldMoreInBox = held - this.node.heldCount;
    return Math.abs(this.heldMoreInBox) <= KERNEL_THREADS_MORE ? null : false;
  }

  /** `held`: so many PIDs the box holds now to be filled. */
  act(action: Action, held: number): boolean | null {
    const { node, slots } = this;
    if (action.do === 'create') {
      const pod = node.createPod(`m${slots.length}`, { pidMode: action.shared ? 'pod' : 'container' });
      slots.push(pod === null ? null : { pod, running: true });
      return pod !== null;
    }
    if (action.do === 'fill') return this.fill(action.free, held);
    if (action.do === 'raise') node.kernel.setPidMax(HOST_NS, RAISED);
    if (!('pod' in action)) return null;
    const slot = slots[action.pod];
    if (!slot || (action.do !== 'delete' && !slot.running)) return null;
    if (action.do === 'exec') {
      const timeoutMs = action.program === 'slow' ? TIMEOUT_MS : null;
      return node.exec(slot.pod.containers.get('app')!, action.program, timeoutMs) !== null;
    }
    if (action.do === 'kill') {
      const works = node.killContainer(slot.pod, 'app');
      if (works) slot.running = false;
      return works;
    }
    const works = node.deletePod(slot.pod);
    if (works) slots[action.pod] = null;
    return works;
  }
}
