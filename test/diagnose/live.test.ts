/** Scans of a node that are made by hand: which rate, from when on, and when there is none. */
import { describe, expect, it } from 'vitest';
import { type LiveReading, LiveWatch } from '../../src/diagnose/live.js';
import { nothingAround } from '../../src/procfs/around-a-list.js';
import { type Capture, CaptureReader } from '../../src/procfs/capture.js';
import { statRow } from '../../src/procfs/other-lists.js';

const PID_MAX = 32_768;

function stat(pid: number, comm: string, state: string, ppid: number, ticks: number, sid = pid): string {
  return `${pid} (${comm}) ${state} ${ppid} ${sid} ${sid} 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 ${ticks} 0 0`;
}

/** systemd, kthreadd, and a server with zombies that started at these seconds; each pins the PID before its own. */
function scan(nowS: number, startsS: readonly number[], server = 5): Capture {
  const lines = [
    stat(1, 'systemd', 'S', 0, 1),
    stat(2, 'kthreadd', 'S', 0, 1, 0),
    stat(400, 'server', 'S', 1, server * 100),
    ...startsS.map((at, index) => stat(1001 + 2 * index, 'curl', 'Z', 400, at * 100, 1000 + 2 * index)),
  ];
  const rows = lines.map((line) => statRow(line)!);
  const [blank] = new CaptureReader('/proc').end();
  const byPid = new Map(rows.map((row) => [row.pid, row]));
  const around = { ...nothingAround(), pidMax: PID_MAX };
  return {
    ...blank,
    format: 'proc',
    columns: ['pid'],
    rows,
    byPid,
    nowS,
    clock: 'boot',
    showsState: true,
    around,
  };
}

function every(seconds: number, fromS: number, untilS: number): number[] {
  return Array.from(
    { length: Math.floor((untilS - fromS) / seconds) },
    (_, index) => fromS + index * seconds,
  );
}

function readings(...scans: Capture[]): LiveReading[] {
  const watch = new LiveWatch({});
  return scans.map((each) => watch.add(each));
}

describe('a live reading', () => {
  it('has a rate at once, from when the zombies started, and counts what they pin', () => {
    const [{ zombiesPerHour, pinned, hoursLeft, blame, room }] = readings(scan(1000, every(10, 100, 1000)));
    expect(zombiesPerHour!.value).toBeCloseTo(360, 0);
    expect(zombiesPerHour!.low).toBeLessThan(360);
    expect(zombiesPerHour!.high).toBeGreaterThan(360);
    expect(pinned).toBe(90);
    expect(hoursLeft!.value).toBeCloseTo(room.left / 720, 1);
    expect(blame).toMatchObject([{ where: 'server (PID 400)', zombies: 90 }]);
  });

  it('counts between two scans where the starts do not tell', () => {
    const strip = (capture: Capture): Capture => {
      for (const row of capture.rows) if (row.name === 'curl') row.start = null;
      return capture;
    };
    const [first, second] = readings(
      strip(scan(1000, every(10, 100, 1000))),
      strip(scan(1600, every(10, 100, 1600))),
    );
    expect(first.zombiesPerHour).toBeNull();
    expect(first.hoursLeft).toBeNull();
    expect(second.zombiesPerHour!.value).toBeCloseTo(360, 0);
    expect(second.diagnosis.main.ratePerHour!.basis).toBe('two-captures');
  });

  it('sees no end where a dozen zombies have come within a second: their parent is about to wait', () => {
    const passing = scan(1000, every(0.1, 999, 1000.2));
    const [, { zombies, hoursLeft, diagnosis }] = readings(scan(995, []), passing);
    expect(zombies).toBe(12);
    expect(hoursLeft).toBeNull();
    expect(diagnosis.main.verdict).toBe('no-leak');
  });

  it('begins anew when the parent has been restarted', () => {
    const [, after, later] = readings(
      scan(1000, every(10, 100, 1000)),
      scan(1100, every(10, 1040, 1100), 1030),
      scan(2000, every(10, 1040, 2000), 1030),
    );
    expect(after.diagnosis.comparison?.obstacle ?? 'parent-restarted').toBe('parent-restarted');
    expect(later.zombiesPerHour!.value).toBeCloseTo(360, 0);
  });

  it('says that a leak has stopped', () => {
    const [, { zombiesPerHour, hoursLeft }] = readings(
      scan(1000, every(10, 100, 1000)),
      scan(5000, every(10, 100, 1000)),
    );
    expect(zombiesPerHour!.value).toBe(0);
    expect(hoursLeft).toBeNull();
  });
});
