/** How many of each kind there can be: the next one is refused in words, and none overwrites another. */
import { describe, expect, it } from 'vitest';
import { Kernel, originId, ROOT_CGROUP } from '../../src/kernel/kernel.js';
import { kernelRules } from '../../src/node/versions/kernel.js';

function boot(): Kernel {
  return new Kernel({ rules: kernelRules('6.18')!, pidMax: 32_768, threadsMax: 10_000 });
}

describe('K1 K34 no more can be told apart than 65,536', () => {
  it('PID namespaces', () => {
    const kernel = boot();
    let last = 0;
    for (let count = 1; count < 65_536; count++) last = kernel.unsharePidNamespace(kernel.init);
    expect(last).toBe(65_535);
    expect(() => kernel.unsharePidNamespace(kernel.init)).toThrow('more than 65536 PID namespaces');
  });

  it('cgroups', () => {
    const kernel = boot();
    let last = 0;
    for (let count = 1; count < 65_536; count++) last = kernel.createCgroup(ROOT_CGROUP, 10);
    expect(last).toBe(65_535);
    expect(() => kernel.createCgroup(ROOT_CGROUP, 10)).toThrow('more than 65536 cgroups');
  });

  it('names of processes', () => {
    const kernel = boot();
    for (let count = 1; count < 65_536; count++) kernel.comm(`name ${count}`);
    expect(kernel.comm('init')).toBe(0);
    expect(kernel.comm('name 65535')).toBe(65_535);
    expect(() => kernel.comm('one more')).toThrow('more than 65536 names of processes');
  });

  it('accounts', () => {
    const kernel = boot();
    const child = kernel.forkAs(kernel.init, kernel.comm('sh'), originId(65_535), 0);
    expect(kernel.originOf(child)).toBe(65_535);
    expect(kernel.originCount(originId(65_535))).toMatchObject({ tasks: 1, created: 1 });
    expect(() => kernel.comeAndGo(originId(65_536), 1)).toThrow('more than 65536 origins');
    expect(kernel.originCount(originId(70_000))).toEqual({
      created: 0,
      released: 0,
      tasks: 0,
      zombies: 0,
      pids: 0,
    });
  });
});
