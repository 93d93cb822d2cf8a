import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isZombie } from '../../src/procfs/process-row.js';
import { parseNspid, parseStat } from '../../src/procfs/stat.js';

/** Fields 7 to 19 of proc_pid_stat(5), which no row shows. */
const SEVEN_TO_19 = '0 -1 4194560 10 0 0 0 1 2 3 4 20 0';

const line = (pid: number, comm: string, state: string, ids: string, threads: number): string =>
  `${pid} (${comm}) ${state} ${ids} ${SEVEN_TO_19} ${threads} 0 123456 0 0\n`;

describe('a row from /proc/PID/stat', () => {
  it('has the columns of ps', () => {
    expect(parseStat(line(12, 'sh', 'S', '1 12 12', 1))).toEqual({
      pid: 12,
      ppid: 1,
      pgid: 12,
      sid: 12,
      stat: 'Ss',
      comm: 'sh',
      threads: 1,
    });
    expect(parseStat(line(13, 'beam.smp', 'S', '12 12 12', 24))?.stat).toBe('Sl');
    expect(parseStat(line(14, 'worker', 'Z', '13 14 14', 3))?.stat).toBe('Zsl');
  });

  it('reads a comm with spaces, parentheses and what looks like the next field', () => {
    expect(parseStat(line(7, 'a) S 1 (b', 'Z', '1 5 5', 1))).toMatchObject({
      comm: 'a) S 1 (b',
      ppid: 1,
      stat: 'Z',
    });
  });

  it.each(['', 'no such process', '12 sh S 1', ')(', '12 (sh) S'])('is none in %j', (text) => {
    expect(parseStat(text)).toBeNull();
  });

  it.runIf(process.platform === 'linux')('is what this machine says of this process', () => {
    const row = parseStat(readFileSync('/proc/self/stat', 'utf8'))!;
    expect(row).toMatchObject({ pid: process.pid, ppid: process.ppid });
    expect(row.threads).toBeGreaterThan(1);
    expect(isZombie(row)).toBe(false);
    expect(parseNspid(readFileSync('/proc/self/status', 'utf8'))?.at(-1)).toBe(process.pid);
  });
});

describe('the PIDs in /proc/PID/status', () => {
  it('are read from the namespace of the reader inwards', () => {
    expect(parseNspid('Name:\tsh\nNStgid:\t400\t7\nNSpid:\t400\t7\nNSpgid:\t399\t0\n')).toEqual([400, 7]);
  });

  it('are not known where a kernel does not say', () => {
    expect(parseNspid('Name:\tsh\nPid:\t400\n')).toBeNull();
    expect(parseNspid('')).toBeNull();
  });
});
