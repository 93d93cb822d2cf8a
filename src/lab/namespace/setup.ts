/**
 * What the lab needs of the machine, and the C helper compiled on demand.
 *
 * Nothing is installed: a helper is compiled once into a private directory under the system's temporary
 * directory, named by the hash of its source, and used from there.
 */
import { execFileSync, type StdioOptions, spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import { release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { threadId } from 'node:worker_threads';

/** The machine cannot do this, and what would help. The command line exits 3 (skipped) for it. */
export class LabUnavailable extends Error {
  constructor(readonly missing: readonly string[]) {
    super('the lab cannot run here: ' + missing.join('; '));
    this.name = 'LabUnavailable';
  }
}

/** The machine could do this, but something of the lab's own is in the way: the command line exits 1. */
export class LabBroken extends Error {
  override readonly name = 'LabBroken';
}

export class BadLabOption extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BadLabOption';
  }
}

/** `value`, if it is a whole number in the range; `name` is that of the option. Throws BadLabOption. */
export function wholeNumber(name: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new BadLabOption(`${name} is a whole number from ${least} to ${most}`);
}

/** A time in milliseconds, more than none and at most a day. Throws BadLabOption. */
export function positiveMs(name: string, ms: number): number {
  if (ms > 0 && ms <= 86_400_000) return ms;
  throw new BadLabOption(`${name} is a time, more than none and at most a day`);
}

const CAP_SYS_ADMIN_BIT = 21n;

/**
 * What is missing on this machine, each with what to do about it; empty when the lab can run. `rootless`:
 * what is asked for can also be done as root of a user namespace.
 */
export function missingForLab({ rootless = false } = {}): string[] {
  if (process.platform !== 'linux') return ['this is not Linux: run it on a Linux machine or in a Linux VM'];
  const missing: string[] = [];
  if (!isRoot() && !(rootless && hasUserNamespaces())) {
    const or = rootless
      ? ', or allow user namespaces (user.max_user_namespaces, kernel.unprivileged_userns_clone)'
      : '';
    missing.push(`no CAP_SYS_ADMIN, needed for PID namespaces: run as root (in Docker: --privileged)${or}`);
  }
  if (!existsSync('/proc/self/ns/pid')) missing.push('the kernel has no PID namespaces (CONFIG_PID_NS)');
  if (!isInstalled('cc') && HELPERS === undefined) missing.push(NO_COMPILER);
  if (missing.length === 0 && isRoot() && !hasOwnPidMax() && pidsCgroupRoot() === null) {
    missing.push(
      'neither a pid_max per namespace (Linux 6.14) nor a pids cgroup: nothing would bound a runaway command',
    );
  }
  return missing;
}

/** A folder with helpers that were compiled elsewhere, for machines without a compiler. */
const HELPERS = process.env.PIDSIM_LAB_HELPERS;
const NO_COMPILER =
  'no C compiler `cc`: install one (Debian, Ubuntu: apt-get install gcc libc6-dev; Alpine: apk add gcc ' +
  'musl-dev; Fedora: dnf install gcc glibc-devel), or compile the helpers elsewhere, with ' +
  '`cc -O2 -static -pthread -o HELPERS/namespace node_modules/pidsim/dist/lab/namespace/*.c`, and the same ' +
  'for `runner`, and set PIDSIM_LAB_HELPERS to that folder';

/** May this process make namespaces as it is? */
export function isRoot(): boolean {
  const line = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return line !== null && ((BigInt('0x' + line[1]) >> CAP_SYS_ADMIN_BIT) & 1n) === 1n;
}

let userNamespaces: boolean | undefined;

function hasUserNamespaces(): boolean {
  userNamespaces ??= spawnSync('unshare', ['-Urpf', '--mount-proc', 'true']).status === 0;
  return userNamespaces;
}

/** Is there such a command, by its name in PATH or by its path? */
export function isInstalled(command: string): boolean {
  if (command.includes('/')) return existsSync(command);
  const folders = (process.env.PATH ?? '').split(':');
  return folders.some((folder) => folder !== '' && existsSync(join(folder, command)));
}

/** Does each PID namespace have a pid_max of its own (K7)? Before Linux 6.14 writing it would be global. */
export function hasOwnPidMax(): boolean {
  const [major, minor] = release()
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  return major > 6 || (major === 6 && minor >= 14);
}

/** The folder in which a pids cgroup can be made (v1 or v2), or null. */
export function pidsCgroupRoot(): string | null {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  const v1 = mounts.find(([, , type, options]) => type === 'cgroup' && options?.split(',').includes('pids'));
  if (v1 !== undefined) return v1[1];
  for (const [, dir, type] of mounts) {
    if (type !== 'cgroup2') continue;
    const enabled = join(dir, 'cgroup.subtree_control');
    if (existsSync(enabled) && readFileSync(enabled, 'utf8').split(/\s+/).includes('pids')) return dir;
  }
  return null;
}

let cgroupCount = 0;

/**
 * A path for a new pids cgroup, or null where there is none to have; removes what a killed session left
 * behind.
 *
 * @param kind a word of its name. @param parts the groups that its user makes in it.
 */
export function newCgroupDir(kind: string, parts: readonly string[] = []): string | null {
  const root = pidsCgroupRoot();
  if (root === null) return null;
  const prefix = `pidsim-${kind}-`;
  for (const name of readdirSync(root)) {
    const owner = name.startsWith(prefix) ? name.slice(prefix.length).split('-')[0] : null;
    if (owner === null || existsSync('/proc/' + owner)) continue;
    for (const part of [...parts, '']) removeEmpty(join(root, name, part));
  }
  cgroupCount += 1;
  return join(root, `${prefix}${process.pid}-${threadId}-${cgroupCount}`);
}

/** rmdir that never fails: a cgroup that is in use is not ours to remove. */
export function removeEmpty(dir: string): void {
  try {
    rmdirSync(dir);
  } catch {
    // In use or gone.
  }
}

/**
 * The program of the C sources in the folder `src/lab/NAME`. Throws LabUnavailable with the compiler's words,
 * or LabBroken.
 */
export function compileHelper(name: 'namespace' | 'runner'): string {
  if (HELPERS !== undefined) return join(HELPERS, name);
  const folder = findSource(name);
  const files = readdirSync(folder).filter((file) => /\.[ch]$/.test(file));
  const sources = files.sort().map((file) => join(folder, file));
  const hash = createHash('sha256');
  for (const source of sources) hash.update(readFileSync(source));
  const program = join(ownFolder(), `${name}-${hash.digest('hex').slice(0, 16)}`);
  if (!existsSync(program)) compile(name, sources, program);
  return program;
}

/** For compiled helpers, and nobody else's: what lies in it is run, often as root. */
function ownFolder(): string {
  const dir = join(tmpdir(), 'pidsim-lab-' + process.getuid!());
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const owner = lstatSync(dir);
    if (owner.isDirectory() && owner.uid === process.getuid!() && (owner.mode & 0o022) === 0) return dir;
  } catch (error) {
    throw new LabBroken(`the lab has no folder for its helpers: ${(error as Error).message}`);
  }
  throw new LabBroken(
    `${dir} is not a directory of ours alone, so no helper in it is run: remove it, or set TMPDIR`,
  );
}

function compile(name: string, sources: readonly string[], program: string): void {
  const fresh = `${program}.${randomUUID()}`;
  const words = ['-O2', '-Wall', '-pthread', '-o', fresh].concat(
    sources.filter((path) => path.endsWith('.c')),
  );
  const stdio: StdioOptions = ['ignore', 'ignore', 'pipe'];
  try {
    // Static where the C library can be: such a process starts much faster.
    execFileSync('cc', ['-static', ...words], { stdio });
  } catch {
    try {
      execFileSync('cc', words, { stdio });
    } catch (error) {
      const message = String((error as { stderr?: Buffer }).stderr ?? error).trim();
      throw new LabUnavailable([`cc cannot compile ${name}: ${message.split('\n')[0]}`]);
    }
  }
  const { error } = spawnSync(fresh, ['exit', '0']);
  if (error !== undefined) {
    rmSync(fresh, { force: true });
    throw new LabBroken(
      `a helper in ${dirname(program)} cannot be run (is it mounted noexec?): set TMPDIR. ${error.message}`,
    );
  }
  renameSync(fresh, program);
}

/** In `src/lab/` in the sources; in `lab/` beside the bundle in a package. */
function findSource(file: string): string {
  const places = [`../${file}`, `./lab/${file}`].map((place) =>
    fileURLToPath(new URL(place, import.meta.url)),
  );
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new Error(`${file} is not in the package: looked for ${places.join(', ')}`);
  return found;
}
