/** Transitions and holders of PIDs in words, from outside and from inside of a namespace. */
import { describe, expect, test } from 'vitest';
import { HOST_NS, pidNsId } from '../../src/kernel/kernel.js';
import { type HeldBy, holderWords, transitionWords } from '../../src/report/transition-words.js';
import type { Transition } from '../../src/run/transitions.js';

const namespace = pidNsId(1);
const PAUSE = { comm: 'pause', pids: [513, 1], namespace };
const CHILD = { comm: 'child', pids: [700, 18], namespace };
const OTHER = { comm: 'sh', pids: [600, 12], namespace };
const HOST = { comm: 'sshd', pids: [90], namespace: HOST_NS };

const said = (told: Omit<Transition, 'timeUs'>, level: number | null = 1): string =>
  transitionWords({ timeUs: 0, ...told } as Transition, level);

describe('a transition', () => {
  test.each<[Omit<Transition, 'timeUs'> & Record<string, unknown>, string]>([
    [{ kind: 'fork', who: OTHER, child: CHILD }, 'sh 12 forks child 18'],
    [{ kind: 'threads', who: OTHER, count: 3 }, 'sh 12 starts 3 threads'],
    [{ kind: 'threads', who: OTHER, count: -1 }, 'sh 12 ends 1 thread'],
    [{ kind: 'exec', who: CHILD }, 'PID 18 execs child'],
    [{ kind: 'leads', who: CHILD, what: 'session' }, 'child 18 founds a session'],
    [{ kind: 'leads', who: CHILD, what: 'group' }, 'child 18 founds a process group'],
    [{ kind: 'exit', who: CHILD, status: 7 }, 'child 18 exits with status 7'],
    [{ kind: 'exit', who: CHILD, status: 137 }, 'child 18 is killed by signal 9'],
    [
      { kind: 'reparented', who: CHILD, from: OTHER, to: PAUSE, why: 'init' },
      'child 18 is an orphan of sh 12: pause 1 adopts it, as PID 1 of the namespace',
    ],
    [
      { kind: 'reparented', who: CHILD, from: OTHER, to: PAUSE, why: 'subreaper' },
      'child 18 is an orphan of sh 12: pause 1 adopts it, as the nearest subreaper',
    ],
    [{ kind: 'zombie', who: CHILD }, 'child 18 is a zombie: nobody has taken its exit status'],
    [
      { kind: 'reaped', who: CHILD, by: OTHER, cause: 'wait' },
      'sh 12 waits and takes the status of child 18: the zombie is gone',
    ],
    [
      { kind: 'reaped', who: CHILD, by: OTHER, cause: 'autoreap' },
      'child 18 is released at once: sh 12 wants to hear of no child',
    ],
    [
      { kind: 'reaped', who: CHILD, by: PAUSE, cause: 'namespace-end' },
      'child 18 is released: its namespace ends',
    ],
    [
      { kind: 'pinned', pids: [600, 12], namespace, by: CHILD },
      'PID 12 belongs to nobody and stays taken: it is the session or group of child 18',
    ],
    [{ kind: 'released', pids: [600, 12], namespace }, 'PID 12 is free'],
    [
      { kind: 'signal', who: PAUSE, from: CHILD, signal: 'CHLD', effect: 'dropped' },
      'SIGCHLD to pause 1 from child 18: nothing happens',
    ],
    [
      { kind: 'signal', who: PAUSE, from: HOST, signal: 'KILL', effect: 'ends' },
      'SIGKILL to pause 1 from sshd (outside): it is to end',
    ],
    [
      { kind: 'signal', who: PAUSE, from: null, signal: 'TERM', effect: 'ignored' },
      'SIGTERM to pause 1: it ignores that',
    ],
    [
      { kind: 'refused', who: OTHER, limit: 'pid-max', errno: 'EAGAIN', level: 0 },
      "sh 12 cannot fork: EAGAIN, no PID below pid_max is free in the node's namespace",
    ],
    [
      { kind: 'refused', who: OTHER, limit: 'pids-cgroup', errno: 'EAGAIN', level: null },
      'sh 12 cannot fork: EAGAIN, a cgroup has pids.max tasks',
    ],
    [
      { kind: 'refused', who: OTHER, limit: 'namespace-dead', errno: 'ENOMEM', level: 1 },
      'sh 12 cannot fork: ENOMEM, PID 1 of the namespace has died',
    ],
    [
      { kind: 'wrapped', namespace, level: 1, pid: 300 },
      'PIDs of the PID namespace start again from below, at 300',
    ],
    [
      { kind: 'namespace-ends', who: PAUSE },
      'pause 1 ends as PID 1, and its namespace with it: everything in there is killed',
    ],
  ])('%j', (told, words) => {
    expect(said(told)).toBe(words);
  });

  test('has other PIDs from outside, and both for who asks for both', () => {
    expect(said({ kind: 'zombie', who: CHILD } as never, 0)).toContain('child 700 ');
    expect(said({ kind: 'zombie', who: CHILD } as never, null)).toContain('child 700/18 ');
  });
});

describe('the holder of a PID', () => {
  const row = { pid: 18, ppid: 1, comm: 'child', stat: 'Z' };
  test.each<[HeldBy, string]>([
    [{ cell: 'free' }, 'PID 5 is free.'],
    [
      { cell: 'reserved' },
      'PID 5 is free, and will not be handed out again: after the first wrap PIDs begin at 300.',
    ],
    [{ cell: 'live', row }, 'PID 5 is child, a live process.'],
    [{ cell: 'thread', row }, 'PID 5 is a thread of child (PID 18).'],
    [{ cell: 'zombie', row }, 'PID 5 is child, a zombie: its parent, PID 1, has not waited for it.'],
    [
      { cell: 'pinned', members: [{ row, of: 'both' }] },
      'PID 5 belongs to nobody and is free for nobody: it is the session and group of PID 18, child, a zombie.',
    ],
    [
      {
        cell: 'pinned',
        members: [
          { row: { ...row, stat: 'S' }, of: 'session' },
          { row, of: 'group' },
        ],
      },
      'PID 5 belongs to nobody and is free for nobody: it is the session of PID 18, child, which lives, and of 1 more.',
    ],
  ])('%j', (holder, words) => {
    expect(holderWords(5, holder)).toBe(words);
  });
});
