import { describe, expect, test } from 'vitest';
import { partOf, psDocument, psFooter, renderPs } from '../../src/report/ps.js';
import type { NodeProcess } from '../../src/run/result.js';

function row(
  pid: number,
  ppid: number,
  pgid: number,
  sid: number,
  stat: string,
  comm: string,
  rest = {},
): NodeProcess {
  return { pid, ppid, pgid, sid, stat, comm, nspid: [pid], threads: 1, pod: null, container: null, ...rest };
}

const inPod = { pod: 'rabbitmq', container: 'rabbitmq' };

const NODE: NodeProcess[] = [
  row(1, 0, 1, 1, 'Ss', 'systemd'),
  row(2, 0, 0, 0, 'S', 'kthreadd'),
  row(300, 1, 300, 300, 'Ssl', 'dockerd', { threads: 12 }),
  row(400, 300, 400, 400, 'Ss', 'pause', { ...inPod, nspid: [400, 1] }),
  row(410, 300, 410, 410, 'Ssl', 'beam.smp', { ...inPod, threads: 20, nspid: [410, 7] }),
  row(420, 410, 420, 420, 'Ss', 'erl_child_setup', inPod),
  row(500, 400, 499, 499, 'Z', 'inet_gethost', inPod),
  row(504, 400, 503, 503, 'Z', 'inet_gethost', inPod),
  row(508, 400, 507, 507, 'Z', 'inet_gethost', inPod),
  row(900, 400, 900, 900, 'Zs', 'erl_child_setup', inPod),
  row(1000, 1, 1000, 1000, 'Ss', 'sshd'),
];

describe('ps', () => {
  test('lists processes as ps -eo does, a zombie as [name] <defunct>', () => {
    expect(renderPs(NODE)).toBe(
      [
        ' PID PPID PGID  SID NLWP STAT CMD',
        '   1    0    1    1    1 Ss   systemd',
        '   2    0    0    0    1 S    kthreadd',
        ' 300    1  300  300   12 Ssl  dockerd',
        ' 400  300  400  400    1 Ss   pause',
        ' 410  300  410  410   20 Ssl  beam.smp',
        ' 420  410  420  420    1 Ss   erl_child_setup',
        ' 500  400  499  499    1 Z    [inet_gethost] <defunct>',
        ' 504  400  503  503    1 Z    [inet_gethost] <defunct>',
        ' 508  400  507  507    1 Z    [inet_gethost] <defunct>',
        ' 900  400  900  900    1 Zs   [erl_child_setup] <defunct>',
        '1000    1 1000 1000    1 Ss   sshd',
        '',
      ].join('\n'),
    );
  });

  test('draws the tree as ps --forest does, zombies of a kind in one line', () => {
    expect(renderPs(NODE, { tree: true })).toBe(
      [
        ' PID PPID PGID  SID NLWP STAT CMD',
        '   1    0    1    1    1 Ss   systemd',
        ' 300    1  300  300   12 Ssl   \\_ dockerd',
        ' 400  300  400  400    1 Ss    |   \\_ pause',
        '   -  400    -    -    1 Z     |   |   \\_ 3 × [inet_gethost] <defunct>',
        ' 900  400  900  900    1 Zs    |   |   \\_ [erl_child_setup] <defunct>',
        ' 410  300  410  410   20 Ssl   |   \\_ beam.smp',
        ' 420  410  420  420    1 Ss    |       \\_ erl_child_setup',
        '1000    1 1000 1000    1 Ss    \\_ sshd',
        '   2    0    0    0    1 S    kthreadd',
        '',
      ].join('\n'),
    );
  });

  test('a zombie leader with children keeps a line of its own', () => {
    const rows = [
      row(1, 0, 1, 1, 'Ss', 'init'),
      row(5, 1, 5, 5, 'Zl', 'app', { threads: 2 }),
      row(6, 1, 6, 6, 'Zl', 'app', { threads: 2 }),
      row(7, 5, 5, 5, 'S', 'child'),
    ];
    expect(renderPs(rows, { tree: true }).split('\n').slice(2, 5)).toEqual([
      '  5    1    5   5    2 Zl    \\_ [app] <defunct>',
      '  7    5    5   5    1 S     |   \\_ child',
      '  6    1    6   6    2 Zl    \\_ [app] <defunct>',
    ]);
  });

  test('the wide form adds the PIDs in inner namespaces, the pod and the container', () => {
    const [head, first] = renderPs(NODE.slice(3, 4), { wide: true }).split('\n');
    expect(head).toBe('PID PPID PGID SID NLWP STAT NSPID POD      CONTAINER CMD');
    expect(first).toBe('400  300  400 400    1 Ss   400,1 rabbitmq rabbitmq  pause');
  });

  test('a table of 30,000 zombies and a chain of 30,000 forks are no trouble', () => {
    const zombies = Array.from({ length: 30_000 }, (_, index) => row(index + 2, 1, 1, 1, 'Z', 'true'));
    expect(renderPs([NODE[0], ...zombies], { tree: true })).toContain(' \\_ 30,000 × [true] <defunct>\n');
    const chain = Array.from({ length: 30_000 }, (_, index) => row(index + 1, index, 1, 1, 'S', 'sh'));
    expect(renderPs(chain, { tree: true }).split('\n')).toHaveLength(30_002);
  });

  test('an empty table is a head line', () => {
    expect(renderPs([])).toBe('PID PPID PGID SID NLWP STAT CMD\n');
  });

  test('as JSON it is one object per process with its threads, and the pinned PIDs of each namespace (K10)', () => {
    const { kind, namespaces } = psDocument([
      { containers: [], processes: NODE },
      { containers: ['a'], processes: [row(1, 0, 1, 1, 'Ss', 'a')] },
    ]);
    expect(kind).toBe('ProcessList');
    expect(namespaces[0].processes[3]).toMatchObject({
      pid: 400,
      ppid: 300,
      comm: 'pause',
      threads: 1,
      nspid: [400, 1],
    });
    expect(namespaces.map(({ pinnedPids }) => pinnedPids.length)).toEqual([3, 0]);
  });
});

describe('K10: what ps cannot show', () => {
  test('is said in a line below', () => {
    expect(psFooter(NODE)).toMatch(/^3 more PIDs/);
    expect(psFooter([row(1, 0, 1, 1, 'Ss', 'init')])).not.toContain('more');
  });
});

describe('a part of a listing', () => {
  const pidsOf = (part: Partial<Parameters<typeof partOf>[1]>): number[] | undefined =>
    partOf(NODE, { kernelThreads: true, withAncestors: false, ...part })?.map(({ pid }) => pid);

  test('without the threads of the kernel', () => {
    expect(pidsOf({ kernelThreads: false })).toEqual(NODE.map(({ pid }) => pid).filter((pid) => pid !== 2));
    expect(pidsOf({})).toHaveLength(NODE.length);
  });

  test('is the descendants of all processes of a name, or of one PID; for a tree, with their ancestors', () => {
    expect(pidsOf({ under: 'pause' })).toEqual([500, 504, 508, 900]);
    expect(pidsOf({ under: '410' })).toEqual([420]);
    expect(pidsOf({ under: 'pause', withAncestors: true })).toEqual([1, 300, 400, 500, 504, 508, 900]);
    expect(pidsOf({ under: 'erl_child_setup' })).toEqual([]);
    expect(pidsOf({ under: 'nobody' })).toBeUndefined();
  });

  test('counts only the PIDs that its own processes pin, and none of a process that is left out', () => {
    const part = partOf(NODE, { under: 'pause', kernelThreads: true, withAncestors: false })!;
    expect(psFooter(part, NODE)).toMatch(/^3 more PIDs are taken/);
    const [inner, leader] = [row(7, 1, 6, 6, 'S', 'inner'), row(6, 1, 6, 6, 'Ss', 'leader')];
    expect(psFooter([inner], [inner, leader])).not.toContain('more');
    expect(psFooter([inner])).toMatch(/^1 more PID is taken, which ps cannot show: its leader/);
    const listing = { containers: [], processes: [inner], among: [inner, leader] };
    expect(psDocument([listing]).namespaces).toEqual([
      { containers: [], processes: [inner], pinnedPids: [] },
    ]);
  });
});
