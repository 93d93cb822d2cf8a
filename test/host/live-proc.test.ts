/** Scans of a /proc that changes in between: what is known already, and what must be read again. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LiveProc } from '../../src/host/live-proc.js';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pidsim-proc-'));
});

afterEach(() => rmSync(root, { recursive: true }));

/** PID, name, state, PPID, threads, and the tick of its start. */
function put(folder: string, stat: [number, string, string, number, number, number], cgroup = '0::/a'): void {
  const [pid, comm, state, ppid, threads, ticks] = stat;
  mkdirSync(join(root, folder), { recursive: true });
  const text = `${pid} (${comm}) ${state} ${ppid} ${pid} ${pid} 0 -1 0 0 0 0 0 0 0 0 0 20 0 ${threads} 0 ${ticks} 0 0\n`;
  writeFileSync(join(root, folder, 'stat'), text);
  writeFileSync(join(root, folder, 'cgroup'), `${cgroup}\n`);
}

function node(): LiveProc {
  put('1', [1, 'systemd', 'S', 0, 1, 1]);
  put('4', [4, 'server', 'S', 1, 1, 10]);
  put('5', [5, 'curl', 'Z', 4, 1, 20]);
  return new LiveProc(root, null);
}

describe('between two scans', () => {
  it('a zombie stays what it is while its parent lives, and has the cgroup that it came from', () => {
    const proc = node();
    const first = proc.scan()!;
    put('6', [6, 'curl', 'Z', 4, 1, 30], '0::/b');
    const second = proc.scan()!;
    expect(second.rows.map(({ pid, cgroup }) => [pid, cgroup])).toContainEqual([6, '0::/b']);
    expect(second.byPid.get(5)).toBe(first.byPid.get(5));
    expect(second.byPid.get(5)!.cgroup).toBe('0::/a');
  });

  it('it goes to another parent if its own ends, and the first scan still says whose it was', () => {
    const proc = node();
    const first = proc.scan()!;
    rmSync(join(root, '4'), { recursive: true });
    put('5', [5, 'curl', 'Z', 1, 1, 20]);
    expect(proc.scan()!.byPid.get(5)!.ppid).toBe(1);
    expect(first.byPid.get(5)!.ppid).toBe(4);
  });

  it('also if a new process has the PID of the parent', () => {
    const proc = node();
    proc.scan();
    put('4', [4, 'server', 'S', 1, 1, 99]);
    put('5', [5, 'curl', 'Z', 1, 1, 20]);
    expect(proc.scan()!.byPid.get(5)!.ppid).toBe(1);
  });

  it('another process can get its PID', () => {
    const proc = node();
    put('next', [5, 'sshd', 'S', 1, 1, 50]);
    proc.scan();
    renameSync(join(root, '5'), join(root, 'old'));
    renameSync(join(root, 'next'), join(root, '5'));
    expect(proc.scan()!.byPid.get(5)).toMatchObject({ name: 'sshd', stat: 'Ss' });
  });

  it('a main thread that has ended can be followed by one that lives (exec of another thread)', () => {
    const proc = node();
    put('5', [5, 'jvm', 'Z', 4, 9, 20]);
    expect(proc.scan()!.byPid.get(5)!.stat).toBe('Zsl');
    put('5', [5, 'jvm', 'S', 4, 1, 20]);
    expect(proc.scan()!.byPid.get(5)!.stat).toBe('Ss');
  });
});
