/** Lists that a filter, a terminal or a column has cut: what is left is read, and the rest is not made up. */
import { describe, expect, it } from 'vitest';
import { renderDiagnosis } from '../../src/report/diagnosis.js';
import { diagnoseText, warningsOf } from './support.js';

const pids = Array.from({ length: 40 }, (_, index) => 100 + 3 * index);

function lines(command: string, row: (pid: number, index: number) => string): string {
  return [command, ...pids.map(row)].join('\n');
}

describe('rows that awk or grep has let through, without a head', () => {
  it.each([
    [`$ ps -ef | awk '/defunct/ {print $2, $3, $5, $8}'`, (pid: number) => `${pid} 7 10:42 [curl]`],
    [`$ ps aux | awk '$8 ~ /^Z/ { print $8 " " $2 }'`, (pid: number) => `Z ${pid}`],
    [`$ ps aux | awk '$8=="Z" {print $2,$NF}'`, (pid: number) => `${pid} [curl]`],
    [`$ ps -A -ostat,pid,ppid | grep -e '[zZ]'`, (pid: number) => `Z ${pid} 7`],
    [`$ ps -eo lstart,stat,pid,ppid | awk '/ Z / {print $7,$8}'`, (pid: number) => `${pid} 7`],
    ['pasted without the command:', (pid: number) => `Z ${pid} 7`],
    ['pasted without the command:', (pid: number) => `Z 7 ${pid}`],
  ])('%s', (command, row) => {
    const diagnosis = diagnoseText(lines(command, row));
    expect(diagnosis.main).toMatchObject({ zombies: 40, verdict: 'leak', complete: false });
    expect(renderDiagnosis(diagnosis)).not.toMatch(/\(\)|named ;/);
    const isTold = row(1).includes(' 7');
    expect(diagnosis.main.zombiesByParent?.[0].pid).toBe(isTold ? 7 : undefined);
  });

  it('are no zombies if the filter has taken the zombies away', () => {
    const text = lines(`$ ps -ef | grep -v defunct | awk '{print $2,$8}'`, (pid) => `${pid} [x]`);
    expect(diagnoseText(text).main.zombies ?? 0).toBe(0);
  });
});

describe('a name that is cut off at the edge of a terminal', () => {
  const head = 'UID        PID  PPID  C STIME TTY          TIME CMD';
  const list = (path: string): string =>
    [
      head,
      `root         1     0  0 10:00 ?        00:00:00 ${path}`,
      ...pids.map((pid) => `root       ${pid}     1  0 10:0${pid % 7} ?        00:00:00 [curl] <defunct>`),
    ].join('\n');

  it.each([
    ['/opt/python/3.11.4/bin/python3.11', 'python3.11'],
    ['/opt/python/3.11.', 'python/3.11.…'],
    ['/opt/python/3', 'python/3…'],
    // The line has exactly 80 columns.
    ['/opt/releases/python3.11/bin/pyt', 'bin/pyt…'],
    ['/opt/releases/python3.11/bin/p', 'p'],
  ])('%s is %s', (path, name) => {
    expect(diagnoseText(list(path)).main.zombiesByParent).toMatchObject([{ pid: 1, comm: name }]);
  });

  it('is said of cgroups, in which the pod would stand', () => {
    const cgroup = '0::/kubepods.slice/kubepods-burst';
    const row = (pid: number, cut: string): string => `${pid} 1 Z ${cut} curl`;
    const cut = (length: number): string =>
      ['PID PPID STAT CGROUP COMMAND', '1 0 Ss 0::/init.scope app', row(5, cgroup.slice(0, length))].join(
        '\n',
      );
    expect(warningsOf(diagnoseText(`${cut(27)}\n${row(6, cgroup.slice(0, 27))}`))).toContain(
      'truncated-cgroups',
    );
    expect(warningsOf(diagnoseText(`${cut(30)}\n${row(6, cgroup)}`))).not.toContain('truncated-cgroups');
  });
});

describe('names alone', () => {
  it('of a drawn process tree are no command lines, in which a zombie would have brackets', () => {
    const tree = ['PID PGID SID TTY TIME CMD', '1 1 1 ? 00:00:00 systemd', '9 9 9 ? 00:00:00     ps'];
    const diagnosis = diagnoseText([...tree, ...pids.map((pid) => `${pid} 5 5 ? 00:00:00   sh`)].join('\n'));
    expect(diagnosis.main).toMatchObject({ zombies: null, verdict: 'candidates' });
    expect(renderDiagnosis(diagnosis)).toMatch(/^Perhaps a leak: 40 sh at once, /);
  });

  it('of a tree in one line are candidates', () => {
    expect(diagnoseText('java---400*[curl]').main).toMatchObject({
      verdict: 'candidates',
      candidates: [{ comm: 'java', count: 400 }],
    });
  });
});

describe('start times in days', () => {
  const list = (days: string[]): string =>
    [
      'UID PID PPID C STIME TTY TIME CMD',
      'root 1 0 0 Mar01 ? 00:00:00 app',
      ...days.map((day, index) => `root ${50 + index} 1 0 ${day} ? 00:00:00 [curl] <defunct>`),
      'root 9000 0 0 18:00 ? 00:00:00 ps -ef',
    ].join('\n');
  const of = (day: string, count: number): string[] => Array.from({ length: count }, () => day);

  it('tell an old burst: all of one day, and none today', () => {
    const { main } = diagnoseText(list(of('Mar06', 200)));
    expect([main.verdict, main.ratePerHour]).toEqual(['old-burst', null]);
    expect(renderDiagnosis({ main, findings: [main], comparison: null })).toMatch(/all of one day\./);
  });

  it('tell that a leak has stopped: many a day, and none today', () => {
    const days = ['Mar03', 'Mar04', 'Mar05', 'Mar06'].flatMap((day) => of(day, 100));
    expect(diagnoseText(list(days)).main).toMatchObject({ verdict: 'leak-stopped', currentRatePerHour: 0 });
  });

  it('do not tell it of a few a day', () => {
    const days = ['Mar03', 'Mar04', 'Mar05', 'Mar06'].flatMap((day) => of(day, 2));
    expect(diagnoseText(list(days)).main.verdict).toBe('leak');
  });
});

describe('a drawn tree with all columns but PPID', () => {
  it('has children of PID 1 at its left edge', () => {
    const row = (pid: number, command: string, stat = 'S'): string =>
      `root ${pid} 0.0 0.0 0 0 ? ${stat} Mar06 0:00 ${command}`;
    const text = [
      'USER PID %CPU %MEM VSZ RSS TTY STAT START TIME COMMAND',
      row(2, '[kthreadd]'),
      row(3, ' \\_ [rcu_gp]'),
      row(1, '/sbin/init'),
      row(60, '/usr/bin/backupd'),
      ...pids.map((pid) => row(pid, ' \\_ [rsync] <defunct>', 'Z')),
    ];
    expect(diagnoseText(text.join('\n')).main.zombiesByParent).toMatchObject([
      { pid: 60, comm: 'backupd', adopter: 'live-parent' },
    ]);
  });
});

describe('a list that came another way than by copy and paste', () => {
  const head = 'UID        PID  PPID  C STIME TTY          TIME CMD';
  const list = [
    head,
    'root         1     0  0 10:00 ?        00:00:00 /usr/bin/python3 /srv/backupd --all',
    ...pids.map((pid) => `root       ${pid}     1  0 10:0${pid % 7} ?        00:00:00 [curl] <defunct>`),
  ];
  const found = { zombies: 40, complete: true, zombiesByParent: [{ pid: 1, comm: 'backupd', count: 40 }] };

  it.each<[string, (line: string, index: number) => string]>([
    ['quoted in a mail', (line) => `> ${line}`],
    ['by cat -n', (line, index) => `${String(index + 1).padStart(6)}\t${line}`],
    ['by grep -n', (line, index) => `${index + 1}:${line}`],
    ['out of the log of a container', (line) => `2026-11-30T10:00:00.123Z stdout F ${line}`],
    ['with tabs for blanks', (line) => line.replace(/ +/g, '\t')],
    ['out of the source of a page', (line) => line.replace('<defunct>', '&lt;defunct&gt;')],
  ])('%s', (_, change) => {
    expect(diagnoseText(list.map(change).join('\n')).main).toMatchObject(found);
  });

  it('has zombies only where the mark is that of ps', () => {
    const broken = list.map((line) => line.replace(' <defunct>', '<br>'));
    expect(diagnoseText(broken.join('\n')).main.zombies).toBe(0);
  });
});

describe('threads', () => {
  const head = 'PID USER PR NI VIRT RES SHR S %CPU %MEM TIME+ COMMAND';
  const top = (kind: string): string =>
    [
      `${kind}: 252 total, 1 running, 251 sleeping, 0 stopped, 0 zombie`,
      head,
      '1 root 20 0 9 9 9 S 0.0 0.0 0:00.00 init',
      ...Array.from({ length: 250 }, (_, at) => `${at + 9} app 20 0 9 9 9 S 0.0 0.0 0:00.00 java`),
      '900 root 20 0 9 9 9 R 0.0 0.0 0:00.00 top',
    ].join('\n');

  it('of `top -H` may be those of one process; without -H the same rows are processes', () => {
    const threads = diagnoseText(top('Threads'));
    expect(threads.main).toMatchObject({ verdict: 'threads', livingCrowds: [] });
    expect(threads.main.mostThreads).toEqual({ pid: null, comm: 'java', threads: 250 });
    expect(renderDiagnosis(threads)).toContain('which may be threads of one process');
    expect(diagnoseText(top('Tasks')).main.verdict).toBe('live-processes');
  });

  const task = (pid: number, threads: number): string =>
    `${pid} (java) S 1 100 100 0 -1 4 0 0 0 0 1 1 0 0 20 0 ${threads} 0 5000`;
  const ids = Array.from({ length: 50 }, (_, at) => 101 + at);

  it('of busybox `ps -T`, or of /proc/PID/task, may be processes, and that is said', () => {
    const busybox = (step: number): string =>
      [
        'PID USER TIME COMMAND',
        ...ids.map((pid) => `${pid * step} app 0:01 /bin/java`),
        '900 app 0:00 ps',
      ].join('\n');
    const stat = (threads: number): string => ids.map((pid) => task(pid, threads)).join('\n');
    for (const text of [busybox(1), stat(50)]) {
      expect(warningsOf(diagnoseText(text))).toContain('rows-may-be-threads');
      expect(renderDiagnosis(diagnoseText(text))).toMatch(/50 tasks named java/);
      expect(diagnoseText(text).main.threads).toBe(null);
    }
    // Threads of one process have PIDs close to each other, and each says how many they are.
    for (const text of [busybox(9), stat(2)]) {
      expect(warningsOf(diagnoseText(text))).not.toContain('rows-may-be-threads');
      expect(renderDiagnosis(diagnoseText(text))).toMatch(/50 processes named java/);
    }
  });

  it('of /proc/PID/task/*/status are told by their Tgid', () => {
    const status = ids.map((pid) => `Name:\tjava\nState:\tS\nTgid:\t110\nPid:\t${pid}\nPPid:\t1`).join('\n');
    const { main } = diagnoseText(status);
    expect([main.processes, main.threads, main.livingCrowds]).toEqual([1, 50, []]);
    expect(warningsOf(diagnoseText(status))).toContain('rows-are-threads');
    expect(diagnoseText(status.replaceAll(/Tgid:.*\n/g, '')).main.processes).toBe(50);
  });

  it('that no column shows are not said to be none', () => {
    const few = (...more: string[]): string =>
      ['PID PPID STAT COMMAND', '1 0 Ss app', '9 1 R ps', ...more].join('\n');
    expect(warningsOf(diagnoseText(few()))).toContain('no-thread-column');
    const shown = 'PID PPID NLWP STAT COMMAND\n1 0 900 Ssl app\n9 1 1 R ps';
    expect(diagnoseText(shown).main.verdict).toBe('threads');
  });

  it('counted by their PID are no crowd of processes', () => {
    const counts = `$ ps -eLf | awk '{print $2}' | sort | uniq -c | sort -rn | head -3\n 801 3\n 2 1\n 1 PID`;
    expect(diagnoseText(counts).main.usable).toBe(false);
  });
});

describe('a list of which a part is missing', () => {
  it('may be one without the ps that made it, and that is said where nothing leaks', () => {
    const cut = 'NLWP PID COMMAND\n9 1 /bin/app\n2 7 /bin/web';
    expect(warningsOf(diagnoseText(cut))).toContain('lister-missing');
    expect(renderDiagnosis(diagnoseText(cut))).not.toMatch(/Nothing leaks here/);
    expect(warningsOf(diagnoseText(`${cut}\n1 9 ps -eo nlwp,pid,args`))).not.toContain('lister-missing');
  });

  it('has nothing but PID 1 and threads of the kernel, as `head` leaves of a node', () => {
    const head = ['UID PID PPID C STIME TTY TIME CMD', 'root 1 0 0 10:00 ? 00:00:01 /sbin/init'];
    const kernel = (pid: number, ppid: number, name: string): string =>
      `root ${pid} ${ppid} 0 10:00 ? 00:00:00 [${name}]`;
    const cut = [...head, kernel(2, 0, 'kthreadd'), kernel(3, 2, 'rcu_gp'), kernel(4, 2, 'slub_flushwq')];
    const { main } = diagnoseText(cut.join('\n'));
    expect([main.complete, main.verdict, main.pinned]).toEqual([false, 'cannot-see', null]);
    const whole = [
      ...cut,
      'root 90 1 0 10:00 ? 00:00:00 /usr/sbin/sshd',
      'root 99 90 0 10:00 ? 00:00:00 ps -ef',
    ];
    expect(diagnoseText(whole.join('\n')).main).toMatchObject({ complete: true, verdict: 'no-leak' });
  });

  it('does not say that nothing leaks, unless something else does', () => {
    const part = ['  PID  PPID STAT COMMAND', '    7     1 Ss   nginx', '    9     7 S    nginx'].join('\n');
    const { main } = diagnoseText(part);
    expect([main.zombies, main.verdict]).toEqual([0, 'cannot-see']);
    expect(renderDiagnosis(diagnoseText(part))).toMatch(/^No zombies here, but the list is not whole/);
    const asked = '# ps -ef | grep defunct\nroot 99 70 0 10:00 pts/0 00:00:00 grep defunct';
    expect(diagnoseText(asked).main.verdict).toBe('no-leak');
    // So does the grep, without the command above it; one for `-w Z` does not find a zombie that leads a session.
    const alone = asked.split('\n')[1];
    expect(diagnoseText(alone).main.verdict).toBe('no-leak');
    expect(diagnoseText(alone.replace('defunct', '-w Z')).main.verdict).toBe('cannot-see');
  });
});
