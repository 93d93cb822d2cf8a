/**
 * Containers in the box, made by a real runc as containerd makes them:
 *
 *     agent ─► shim (a puppet: eleven tasks, a subreaper) ─► runc create, runc start ─► pause        the pod's sandbox
 *                                                       └──► runc create, runc start ─► application
 *                                                       └──► runc exec --detach ─► the command, the shim's child
 *
 * What was refused comes back as the status and the words of the program that was refused.
 */
import {
  type Answer,
  type Asker,
  type Box,
  compileStatic,
  type Ended,
  must,
  type RunOptions,
  run,
} from './box.js';
import { pauseProgram } from './pause.js';

export const CGROUPS = '/sys/fs/cgroup';
export const KUBEPODS = `${CGROUPS}/kubepods`;
export const ROOT = '/mnt/root';

/** Of containerd's shim (R28). */
export const SHIM_TASKS = 11;

export type PauseVersion = '3.0' | '3.1';

export interface PodOptions {
  /** `pod`: the sandbox's pause is PID 1 for all; `container`: each container has a namespace of its own. */
  pidMode?: 'pod' | 'container';
  pause?: PauseVersion;
  /** Tasks of its shim; 1 is a shim without threads. */
  shimTasks?: number;
  /** pids.max of its cgroup. */
  pidsMax?: number;
}

/** One attempt at something; `where` names the step that did not work. */
export interface Attempt {
  ok: boolean;
  where: string;
  output: string;
}

export interface ExecEnd extends Ended {
  /** False: nothing of the command has ever run. */
  started?: boolean;
}

export interface ExecOptions {
  /** The command's own process is killed then; 0: it is left running, and not waited for. */
  timeoutMs?: number;
  /** So long (at most) its output is read after its end. */
  outputMs?: number;
}

const EXEC_TIMEOUT_MS = 60_000;

/** Makes what containers need: a root with busybox, the two pauses, the cgroup of all pods. */
export async function prepareContainers(box: Box): Promise<void> {
  await box.makeFolders(ROOT);
  await box.makeFolders(...['bin', 'proc', 'dev', 'sys', 'tmp'].map((name) => `${ROOT}/${name}`));
  must('busybox', await box.ask('copy', '/bin/busybox', `${ROOT}/bin/busybox`));
  for (const name of ['sh', 'sleep', 'true', 'cat', 'timeout', 'setsid', 'id'])
    must(name, await box.ask('link', 'busybox', `${ROOT}/bin/${name}`));
  for (const version of ['3.0', '3.1'] as const)
    must('pause', await box.ask('copy', pauseProgram(version), `${ROOT}/pause-${version}`));
  must('orphan', await box.ask('copy', compileStatic('orphan'), `${ROOT}/orphan`));
  await box.write(`${CGROUPS}/cgroup.subtree_control`, '+pids');
  await box.makeFolders(KUBEPODS);
  await box.write(`${KUBEPODS}/cgroup.subtree_control`, '+pids');
}

export class Container {
  constructor(
    readonly pod: Pod,
    readonly id: string,
    readonly cgroup: string,
  ) {}

  get folder(): string {
    return `/mnt/${this.id}`;
  }

  exec(command: readonly string[], options: ExecOptions = {}): Promise<ExecEnd> {
    const { timeoutMs = EXEC_TIMEOUT_MS, outputMs = 0 } = options;
    const pidFile = `${this.folder}/exec.pid`;
    const words = ['runc', 'exec', '--detach', '--pid-file', pidFile, this.id, ...command];
    return this.pod.shim.ask<ExecEnd>('exec', timeoutMs, outputMs, pidFile, '/', ...words);
  }

  /** `runc kill`; signal 0 asks only whether it can be done. */
  kill(signal: string | number): Promise<Ended> {
    return this.pod.runc(['kill', this.id, String(signal)]);
  }

  delete(force = false): Promise<Ended> {
    return this.pod.runc(['delete', ...(force ? ['--force'] : []), this.id]);
  }
}

export class Pod {
  readonly containers: Container[] = [];
  pausePid = 0;
  readonly shim: Asker;
  private readonly shimName: string;

  constructor(
    readonly box: Box,
    readonly name: string,
    readonly options: PodOptions = {},
  ) {
    this.shimName = `shim-${name}`;
    this.shim = box.as(this.shimName);
  }

  get cgroup(): string {
    return `${KUBEPODS}/${this.name}`;
  }

  runc(words: readonly string[], options: RunOptions = {}): Promise<Ended> {
    return run(this.shim, ['runc', ...words], { outputMs: 0, ...options });
  }

  /** The cgroup, the shim, the sandbox. What did not work leaves nothing. */
  async create(): Promise<Attempt> {
    const { box, options } = this;
    await box.ask('mkdir', this.cgroup);
    if (options.pidsMax !== undefined) await box.write(`${this.cgroup}/pids.max`, options.pidsMax);
    const shim = await box.ask<Answer>('role', this.shimName, options.shimTasks ?? SHIM_TASKS);
    if (shim.errno !== '') return { ok: false, where: 'shim', output: shim.errno };
    await this.shim.ask('subreaper', 1);
    const made = await this.add('pause', [`/pause-${options.pause ?? '3.0'}`]);
    if (!made.attempt.ok) await this.endShim();
    else this.pausePid = made.pid;
    return { ...made.attempt, where: made.attempt.ok ? '' : `pause: ${made.attempt.where}` };
  }

  /** A container with a program as its first process. */
  async start(name: string, command: readonly string[], pidsMax?: number): Promise<Attempt> {
    return (await this.add(name, command, pidsMax)).attempt;
  }

  container(name: string): Container {
    return this.containers.find(({ id }) => id === `${this.name}-${name}`)!;
  }

  private async add(
    name: string,
    command: readonly string[],
    pidsMax?: number,
  ): Promise<{ attempt: Attempt; pid: number }> {
    const container = new Container(this, `${this.name}-${name}`, `${this.cgroup}/${name}`);
    await this.writeBundle(container, name, command, pidsMax);
    const pidFile = `${container.folder}/pid`;
    const created = await this.runc([
      'create',
      '--bundle',
      container.folder,
      '--pid-file',
      pidFile,
      container.id,
    ]);
    if (created.status !== 0) return { attempt: failed('create', created), pid: 0 };
    const started = await this.runc(['start', container.id]);
    if (started.status !== 0) {
      await container.delete(true);
      return { attempt: failed('start', started), pid: 0 };
    }
    this.containers.push(container);
    return { attempt: { ok: true, where: '', output: '' }, pid: Number(await this.box.read(pidFile)) };
  }

  private async writeBundle(
    container: Container,
    name: string,
    command: readonly string[],
    pidsMax?: number,
  ): Promise<void> {
    const shared = name !== 'pause' && this.options.pidMode === 'pod';
    const pid = shared ? { type: 'pid', path: `/proc/${this.pausePid}/ns/pid` } : { type: 'pid' };
    await this.box.ask('mkdir', container.folder);
    await this.box.write(
      `${container.folder}/config.json`,
      JSON.stringify(bundle(command, pid, `/kubepods/${this.name}/${name}`, pidsMax)),
    );
  }

  /** As a pod is deleted: each container is killed and deleted, the sandbox last; then the shim goes. */
  async delete(): Promise<Attempt> {
    for (const container of [...this.containers].reverse()) {
      const deleted = await container.delete(true);
      if (deleted.status !== 0) return failed(`delete ${container.id}`, deleted);
      this.containers.splice(this.containers.indexOf(container), 1);
    }
    await this.endShim();
    await this.box.ask('rmdir', this.cgroup);
    return { ok: true, where: '', output: '' };
  }

  async endShim(): Promise<void> {
    await this.shim.ask('bye');
  }
}

export function failed(where: string, { errno, status, output }: Ended): Attempt {
  return {
    ok: false,
    where,
    output: errno === '' ? `status ${status}: ${refusalIn(output)}` : `fork: ${errno}`,
  };
}

/** The words of a refusal: the first line that says so, without its time and the PID of who says it. */
export function refusalIn(output: string): string {
  const lines = output
    .split('\n')
    .filter((line) => /unable|failed|cannot|can't|unavailable|error/i.test(line));
  return (lines[0] ?? output.trim().split('\n').at(-1) ?? '')
    .replace(/^time="[^"]*" /, '')
    .replace(/(nsexec-\d)\[\d+\]/, '$1')
    .slice(0, 160);
}

/** The OCI runtime configuration. */
function bundle(
  command: readonly string[],
  pidNamespace: { type: string; path?: string },
  cgroupsPath: string,
  pidsMax?: number,
): unknown {
  const resources = pidsMax === undefined ? {} : { resources: { pids: { limit: pidsMax } } };
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: command,
      env: ['PATH=/bin'],
      cwd: '/',
      capabilities: {},
    },
    root: { path: ROOT, readonly: false },
    mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
    linux: {
      cgroupsPath,
      ...resources,
      namespaces: [pidNamespace, { type: 'mount' }],
    },
  };
}
