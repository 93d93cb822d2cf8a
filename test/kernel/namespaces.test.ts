/** Namespaces by themselves: which are nested in which. */
import { describe, expect, it } from 'vitest';
import { HOST_NS, pidNsId } from '../../src/kernel/ids.js';
import { PidNamespace } from '../../src/kernel/namespaces.js';

function nested() {
  const host = new PidNamespace(HOST_NS, null, 400);
  const [first, second] = [1, 2].map((id) => new PidNamespace(pidNsId(id), host, 400));
  const below = new PidNamespace(pidNsId(3), first, 400);
  host.children.push(first, second);
  first.children.push(below);
  return { host, first, second, below };
}

describe('a namespace', () => {
  it('K1 contains itself and what is nested in it, at any depth, and nothing else', () => {
    const { host, first, second, below } = nested();
    expect([first, second, below].map((other) => host.contains(other))).toEqual([true, true, true]);
    expect([first, below].map((other) => first.contains(other))).toEqual([true, true]);
    expect([host, second].map((other) => first.contains(other))).toEqual([false, false]);
    expect([host, first, second].map((other) => below.contains(other))).toEqual([false, false, false]);
  });

  it('K31 in which no PID will be taken again is no longer looked at with the one around it', () => {
    const { host, first, second } = nested();
    first.leaveParent();
    expect(host.children).toEqual([second]);
    first.leaveParent();
    expect(host.children).toEqual([second]);
    host.leaveParent();
    expect(host.children).toEqual([second]);
  });
});
