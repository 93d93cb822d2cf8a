/**
 * Rules that no litmus file can show, since no step of a program says them: asked of the kernel by a program
 * in C. What the model leaves out is left out because of what is seen here.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cgroupVersion } from '../../../src/lab/litmus/kernel-run.js';
import { PrivateNamespace } from '../../../src/lab/namespace/private-namespace.js';
import { describeLive } from '../live.js';

let home: string;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'pidsim-facts-'));
  execFileSync('cc', ['-O2', '-o', join(home, 'facts'), join(import.meta.dirname, 'facts.c')]);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

async function fact(rule: string): Promise<string> {
  const host = await PrivateNamespace.open({ pidMax: 400 });
  try {
    const init = await host.startInit([join(home, 'facts'), rule]);
    return (await init.ended).outputTail.trim();
  } finally {
    await host.close();
  }
}

describeLive('the kernel’s own answer', () => {
  it('K13: a pidfd and an open /proc/PID hold no PID', async () => {
    expect(await fact('K13')).toBe('open reused');
  });

  it('K16: a child with another exit signal stays where others are reaped, and needs __WALL', async () => {
    expect(await fact('K16')).toBe('usual reaped, other stays, waitpid does not, with __WALL finds it');
  });

  it('K42: a zombie has no memory and no files', async () => {
    expect(await fact('K42')).toBe("memory no, file no, parent's memory yes");
  });

  it('K47: a zombie that is traced is hidden from its parent until the tracer lets go', async () => {
    expect(await fact('K47')).toBe('before hidden, after seen');
  });

  it('K48: with cgroup v1 a zombie’s /proc/PID/cgroup says `/`, with v2 the path', async () => {
    const lines = (await fact('K48')).split('\n');
    const isV1 = cgroupVersion() === 'v1';
    const [live, dead] = lines.filter((line) => line.startsWith('pids ') === isV1);
    expect(live).toMatch(/pidsim-probe-/);
    expect(dead).toBe(isV1 ? 'pids /' : live);
  });
});
