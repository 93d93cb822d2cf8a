/** What the live tests of the lab share: whether they can run here, and what is left of a command afterwards. */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { missingForLab, pidsCgroupRoot } from '../../src/lab/namespace/setup.js';

const REQUIRED = process.env.PIDSIM_LAB === 'required';

/**
 * A describe that needs the real kernel: skipped with the reason, or failing with it under PIDSIM_LAB=required.
 * `concurrent`: its tests mostly wait, and may do so together.
 */
export function describeLive(name: string, body: () => void, options: { concurrent?: boolean } = {}): void {
  const missing = missingForLab();
  if (missing.length === 0) (options.concurrent ? describe.concurrent : describe)(name, body);
  else if (REQUIRED) {
    describe(name, () => {
      it('can run on this machine', () => expect(missing).toEqual([]));
    });
  } else describe.skip(`${name} (skipped: ${missing.join('; ')})`, body);
}

/** The same for one test that needs commands of the machine. */
export function itWith(
  commands: readonly string[],
  name: string,
  body: () => Promise<void>,
  timeoutMs?: number,
): void {
  const missing = commands.filter((command) => !isInstalled(command));
  if (missing.length === 0 || REQUIRED) it(name, body, timeoutMs);
  else it.skip(`${name} (skipped: not installed: ${missing.join(', ')})`, body);
}

export function isInstalled(command: string): boolean {
  return (process.env.PATH ?? '').split(':').some((dir) => dir !== '' && existsSync(join(dir, command)));
}

/** An environment by which everything that a command starts can be recognised, however it detaches itself. */
export function markedEnvironment(): { mark: string; env: NodeJS.ProcessEnv } {
  const mark = `PIDSIM_TEST_MARK=${randomUUID()}`;
  const [name, value] = mark.split('=');
  return { mark, env: { ...process.env, [name]: value } };
}

/** Processes that carry the mark, zombies of ours, cgroups and tracing instances made by this process. */
export function leftBehind(mark: string): string[] {
  return [...markedProcesses(mark), ...ownZombies(), ...ownCgroups(), ...ownTracing()];
}

/** Nothing is left, at the latest two seconds after the last call has returned. */
export async function expectNothingLeft(mark: string): Promise<void> {
  for (let waited = 0; waited < 2000 && leftBehind(mark).length > 0; waited += 50) await sleep(50);
  expect(leftBehind(mark)).toEqual([]);
}

function processes(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

function markedProcesses(mark: string): string[] {
  return processes()
    .filter((pid) => read(`/proc/${pid}/environ`).split('\0').includes(mark))
    .map((pid) => `process ${pid} ${read(`/proc/${pid}/comm`).trim()}`);
}

function ownZombies(): string[] {
  return processes()
    .map((pid) => read(`/proc/${pid}/status`))
    .filter(
      (status) => /^State:\s*Z/m.test(status) && new RegExp(`^PPid:\\s*${process.pid}$`, 'm').test(status),
    )
    .map((status) => `zombie ${/^Name:\s*(.*)$/m.exec(status)?.[1]}`);
}

function ownCgroups(): string[] {
  const root = pidsCgroupRoot();
  if (root === null) return [];
  return readdirSync(root)
    .filter((name) => name.startsWith(`pidsim-probe-${process.pid}-`))
    .map((name) => `cgroup ${name}`);
}

/** tracefs may not be mounted: it is looked at in a mount namespace that ends with the look. */
function ownTracing(): string[] {
  const look =
    'mount -t tracefs none /sys/kernel/tracing 2>/dev/null; ls /sys/kernel/tracing/instances 2>/dev/null || true';
  return execFileSync('unshare', ['-m', 'sh', '-c', look], { encoding: 'utf8' })
    .split('\n')
    .filter((name) => name.startsWith(`pidsim-${process.pid}-`))
    .map((name) => `tracing instance ${name}`);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
