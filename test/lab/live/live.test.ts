/** A PID namespace that fills for real, watched from outside: when it will be full, and whose fault it is. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LiveReading, LiveWatch } from '../../../src/diagnose/live.js';
import { LiveProc } from '../../../src/host/live-proc.js';
import { hasOwnPidMax } from '../../../src/lab/namespace/setup.js';
import type { Capture } from '../../../src/procfs/capture.js';
import { describeLive } from '../live.js';

const CLI = join(import.meta.dirname, '../../../dist/cli.js');
const PID_MAX = 1500;
const PER_SECOND = 20;
let folder: string;
const started: ChildProcess[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pidsim-live-'));
});

/** PID 1 ends, and with it all of its namespace. */
afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

interface Filling {
  /** Of its PID 1, on this machine. */
  pid: number;
  /** When a fork was refused, in seconds since boot, as it says itself: whoever reads it may come late. */
  fullS: Promise<number>;
}

/** A namespace with a pid_max of its own: that of the machine is never touched. */
async function fill(perSecond: number): Promise<Filling> {
  const leak = join(folder, 'leak');
  const compiled = spawnSync('cc', ['-O2', '-o', leak, join(import.meta.dirname, 'leak.c')], {
    encoding: 'utf8',
  });
  expect(compiled.stderr).toBe('');
  const script = `echo ${PID_MAX} >/proc/sys/kernel/pid_max && exec ${leak} ${perSecond}`;
  const options = ['--pid', '--fork', '--kill-child', '--mount-proc', 'sh', '-c', script];
  const child = spawn('unshare', options, { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  const fullS = new Promise<number>((resolve) => {
    child.stdout.on('data', (chunk) => resolve(Number(/full ([\d.]+)/.exec(String(chunk))?.[1])));
  });
  for (;;) {
    const [pid] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').split(' ');
    if (pid !== '' && readFileSync(`/proc/${pid}/comm`, 'utf8') === 'leak\n')
      return { pid: Number(pid), fullS };
    await sleep(20);
  }
}

function pidsim(...args: string[]) {
  return spawnSync(process.execPath, [CLI, 'diagnose', '--live', ...args], { encoding: 'utf8' });
}

describeLive('diagnose --live', () => {
  it('tells after a tenth of the way when the namespace is full, within 10 %', async (context) => {
    if (!hasOwnPidMax()) context.skip('before Linux 6.14 a namespace has no pid_max of its own');
    const { pid, fullS } = await fill(PER_SECOND);
    const proc = new LiveProc(`/proc/${pid}/root/proc`, pid);
    const watch = new LiveWatch({ pidMax: PID_MAX });
    let reading: LiveReading;
    let capture: Capture;
    do {
      await sleep(300);
      capture = proc.scan()!;
      reading = watch.add(capture);
    } while (reading.room.used < reading.room.usable / 10);
    const leftS = reading.hoursLeft!.value * 3600;
    const { zombies, pinned, blame, zombiesPerHour, diagnosis } = reading;
    expect(zombies).toBeGreaterThan(30);
    // On a busy machine an orphan may wait for its turn to end: it pins already, and is no zombie yet.
    const alive = capture.rows.length - 1 - zombies;
    expect(pinned! - zombies).toBeGreaterThanOrEqual(-1);
    expect(pinned! - zombies).toBeLessThanOrEqual(Math.max(1, alive));
    expect(blame).toMatchObject([{ zombies, where: 'leak (PID 1)' }]);
    expect(diagnosis.main.verdict).not.toBe('no-leak');
    expect(zombiesPerHour!.low).toBeLessThan(zombiesPerHour!.value);
    const actualS = (await fullS) - capture.nowS!;
    expect(Math.abs(leftS - actualS) / actualS).toBeLessThan(0.1);
    expect(actualS).toBeGreaterThan(reading.hoursLeft!.low * 3600);
    expect(actualS).toBeLessThan(reading.hoursLeft!.high * 3600);
  }, 90_000);

  it('ends with 99 when the alert holds, and goes on while it does not', async (context) => {
    if (!hasOwnPidMax()) context.skip('before Linux 6.14 a namespace has no pid_max of its own');
    const { pid } = await fill(5);
    await sleep(3000);
    const of = ['--pid', String(pid), '--pid-max', String(PID_MAX)];
    const alarmed = pidsim(...of, '--for', '20s', '--alert', 'timeLeft < 6h');
    expect(alarmed.status, alarmed.stdout).toBe(99);
    expect(alarmed.stderr).toContain('alert: timeLeft < 6h');
    const quiet = pidsim(...of, '--for', '1s', '--alert', 'zombies < 1');
    expect(quiet).toMatchObject({ status: 0, stderr: '' });
    expect(quiet.stdout.trimEnd().split('\n')).toHaveLength(2);
    const once = JSON.parse(pidsim(...of, '--once', '-o', 'json').stdout);
    expect(once).toMatchObject({ kind: 'Diagnosis', format: 'proc', view: 'container', pidMax: PID_MAX });
    expect(once.live.blame[0].where).toBe('leak (PID 1)');
    expect(pidsim('--pid', String(pid), '--once').stderr).toContain('--pid-max N');
  }, 90_000);

  it('reads a saved /proc as it reads a live one', async (context) => {
    if (!hasOwnPidMax()) context.skip('before Linux 6.14 a namespace has no pid_max of its own');
    const { pid } = await fill(5);
    await sleep(4000);
    const live = new LiveProc(`/proc/${pid}/root/proc`, pid).scan()!;
    const saved = join(folder, 'saved');
    for (const row of live.rows) {
      mkdirSync(join(saved, String(row.pid)), { recursive: true });
      for (const name of ['stat', 'status', 'cgroup'])
        writeFileSync(
          join(saved, String(row.pid), name),
          readFileSync(`/proc/${pid}/root/proc/${row.pid}/${name}`),
        );
    }
    writeFileSync(join(saved, 'uptime'), `${live.nowS} 0\n`);
    const again = new LiveProc(saved, null).scan()!;
    expect(again.rows).toEqual(live.rows);
    expect(again.around.pidMax).toBeNull();
    expect(pidsim('--root', saved).stdout).toContain('leak (PID 1) leaks');
  }, 90_000);
});
