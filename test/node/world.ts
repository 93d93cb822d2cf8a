/** Small worlds for tests: a scenario from what matters, everything else at a plain default. */

import { NONE } from '../../src/kernel/kernel.js';
import type {
  ContainerSpec,
  KubeletSpec,
  NodeSpec,
  PodSpec,
  ProbeSpec,
  RuntimeSpec,
} from '../../src/node/spec.js';
import type { Program } from '../../src/program/code.js';
import { compileSource } from '../../src/program/compile.js';
import type { Step } from '../../src/program/step.js';
import type { RunResult } from '../../src/run/result.js';
import { Run, type RunOptions } from '../../src/run/run.js';
import { parseScenarioValue } from '../../src/scenario/parse.js';
import type { Scenario } from '../../src/scenario/scenario.js';
import { API_VERSION, KIND } from '../../src/scenario/schema.js';
import { US_PER_SECOND } from '../../src/sim/time.js';

export const S = US_PER_SECOND;

/** Compiles steps. */
export function program(comm: string, steps: Step[]): Program {
  const compiled = compileSource(comm, { comm, steps }, new Map());
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return compiled.program;
}

/** An application that waits for nobody. */
export const APP = program('app', [{ 'on-term': 'exit' }, 'pause']);
/** A command that does nothing and succeeds. */
export const PLAIN = program('true', [{ sleep: '10ms' }]);
/** Leaves one orphan, which ends a little later than the command. */
export const ORPHAN = program('leaky', [
  { fork: { comm: 'orphan', steps: [{ sleep: '50ms' }] } },
  { sleep: '10ms' },
]);
export const FAILING = program('false', [{ exit: 1 }]);

export function probe(given: Partial<ProbeSpec> & { program?: Program } = {}): ProbeSpec {
  const { program: command = PLAIN, ...rest } = given;
  return {
    type: 'readiness',
    action: { kind: 'exec', program: command },
    initialDelayUs: 0,
    periodUs: 10 * S,
    timeoutUs: S,
    successThreshold: 1,
    failureThreshold: 3,
    ...rest,
  };
}

export function container(given: Partial<ContainerSpec> = {}): ContainerSpec {
  return { name: 'app', program: APP, probes: [], ...given };
}

export function pod(given: Partial<PodSpec> = {}): PodSpec {
  return {
    name: 'web',
    count: 1,
    pidMode: null,
    sandboxless: false,
    hostNetwork: false,
    pidMax: null,
    startAtUs: 0,
    stopAtUs: null,
    restartPolicy: 'Always',
    terminationGraceUs: 30 * S,
    containers: [container()],
    ...given,
  };
}

export type NodeGiven = Partial<Omit<NodeSpec, 'kernel' | 'kubelet' | 'runtime'>> & {
  kernel?: Partial<NodeSpec['kernel']>;
  kubelet?: Partial<KubeletSpec>;
  runtime?: Partial<RuntimeSpec>;
};

/** The node of a scenario that says nothing, so that a key of scenarios has its default here too. */
const DEFAULTS = nodeOfNothing();

function nodeOfNothing(): NodeSpec {
  const source = { apiVersion: API_VERSION, kind: KIND, metadata: { name: 'nothing' }, spec: {} };
  const parsed = parseScenarioValue(source);
  if (!parsed.ok) throw new Error(parsed.diagnostics[0].message);
  return parsed.value[0].node;
}

export function node(given: NodeGiven = {}): NodeSpec {
  return {
    ...DEFAULTS,
    baselineTaskCount: 100,
    pause: '3.1',
    ...given,
    kernel: { ...DEFAULTS.kernel, version: '6.18', threadsMax: 120_000, ...given.kernel },
    kubelet: { ...DEFAULTS.kubelet, version: '1.30', ...given.kubelet },
    runtime: { ...DEFAULTS.runtime, version: '1.7', networkPlugin: 'none', ...given.runtime },
  };
}

export function scenario(given: NodeGiven, horizonSeconds: number, more: Partial<Scenario> = {}): Scenario {
  return {
    path: '<test>',
    name: 'test',
    title: 'Test',
    description: '',
    seed: 1,
    horizonUs: horizonSeconds * S,
    sampleEveryUs: null,
    expect: [],
    uncertain: [],
    races: [],
    assumptions: [],
    ...more,
    node: node(given),
  };
}

/** A run that has come to `seconds`, to look at and to go on with. */
export class World {
  readonly run: Run;

  constructor(given: NodeGiven, horizonSeconds = 1_000_000, options: RunOptions = {}) {
    this.run = new Run(scenario(given, horizonSeconds), options);
  }

  to(seconds: number): this {
    while (!this.run.advance(seconds * S));
    this.kernel.checkInvariants();
    return this;
  }

  get kernel() {
    return this.run.machine.kernel;
  }

  get node() {
    return this.run.node;
  }

  get zombies(): number {
    return this.kernel.zombies();
  }

  result(): RunResult {
    return this.run.result();
  }

  /** `comm` of every process in a pod's namespace, in order of PIDs; zombies with `<defunct>`. */
  inside(name: string): string[] {
    return (this.run.processes(name) ?? []).map(({ comm, stat }) =>
      stat[0] === 'Z' ? `${comm} <defunct>` : comm,
    );
  }

  on(comm: string) {
    return (this.run.processes() ?? []).filter((row) => row.comm === comm);
  }

  eventKinds(): string[] {
    return this.run.result().events.map(({ kind }) => kind);
  }
}

/** Forks sleepers on the host until exactly so many PIDs are free. */
export function leaveFree(world: World, free: number): void {
  const { kernel } = world;
  const held = [];
  for (let task = kernel.fork(kernel.init); task !== NONE; task = kernel.fork(kernel.init)) held.push(task);
  for (const task of held.splice(held.length - free)) {
    kernel.exit(task, 0);
    kernel.wait(kernel.init, task);
  }
}
