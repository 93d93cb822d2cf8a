import { describe, expect, it } from 'vitest';
import { HOST_NS, Kernel, NONE } from '../../src/kernel/kernel.js';
import { kernelRules } from '../../src/node/versions/kernel.js';
import { freePids } from '../../src/run/capacity.js';

describe('the PIDs that are free', () => {
  it('K7: are below a pid_max that was lowered, even while PIDs above it are still held', () => {
    const kernel = new Kernel({ rules: kernelRules('6.18')!, pidMax: 2000, threadsMax: 10_000 });
    for (let i = 0; i < 1000; i++) kernel.fork(kernel.init);
    kernel.setPidMax(HOST_NS, 901);
    expect(freePids(kernel)).toBe(0);
    for (const task of kernel.listTasks().filter(({ pid }) => pid > 300 && pid <= 350)) {
      kernel.exit(task.task, 0);
      kernel.wait(kernel.init, task.task);
    }
    const free = freePids(kernel);
    let made = 0;
    while (kernel.fork(kernel.init) !== NONE) made++;
    expect([free, made]).toEqual([50, 50]);
    expect(freePids(kernel)).toBe(0);
  });
});
