/**
 * What a PID namespace of one's own cannot show: cgroup v2, the limits of the whole machine, its own wrap. Each is a
 * question with a rule's ID, played by puppets in the box and in the model; the answers are lists of figures.
 */
import { Box, type BoxTable } from './box.js';
import { CGROUPS } from './containers.js';
import { BoxStage, type Held, ModelStage, type Stage } from './puppets.js';

export interface Experiment {
  rule: string;
  question: string;
  play(stage: Stage): Promise<Figures>;
  /** Figures that show the rule at work, of which a world without it would give others. */
  expected: Figures;
}

export type Figures = Record<string, number | string | boolean>;

const held = ({ made, errno }: Held): string => (errno === '' ? `${made}` : `${made}, then ${errno}`);

export const EXPERIMENTS: readonly Experiment[] = [
  {
    rule: 'K6',
    question: 'On one CPU pid_max is 32768 at first, and can be set to 301 at least and to 4194304 at most.',
    expected: { 'at first': 32_768, 300: false, 301: true, 4194304: true, 4194305: false },
    async play(stage) {
      const first = await stage.pidMax();
      const figures: Figures = { 'at first': first };
      for (const pidMax of [300, 301, 4_194_304, 4_194_305]) figures[pidMax] = await stage.setPidMax(pidMax);
      await stage.setPidMax(first);
      return figures;
    },
  },
  {
    rule: 'K34',
    question:
      'A zombie keeps its charge in every cgroup above it until it is reaped, and then gives it back.',
    expected: {
      filled: '9, then EAGAIN',
      'with zombies': '0, then EAGAIN',
      above: 10,
      reaped: 4,
      after: 6,
      'above after': 6,
    },
    async play(stage) {
      await stage.group('above');
      await stage.group('below', { parent: 'above', pidsMax: 10 });
      const puppet = await stage.puppet('a');
      await puppet.join('below');
      const filled = held(await puppet.hold(20));
      await puppet.kill(4);
      return {
        filled,
        'with zombies': held(await puppet.hold(1)),
        above: await stage.current('above'),
        reaped: await puppet.reap(),
        after: await stage.current('below'),
        'above after': await stage.current('above'),
      };
    },
  },
  {
    rule: 'K35',
    question: 'Tasks that are moved into a full cgroup get in; their next fork is refused.',
    expected: { current: 3, fork: '0, then EAGAIN', thread: '0, then EAGAIN' },
    async play(stage) {
      await stage.group('small', { pidsMax: 1 });
      const puppets = [await stage.puppet('a'), await stage.puppet('b'), await stage.puppet('c')];
      for (const puppet of puppets) await puppet.join('small');
      return {
        current: await stage.current('small'),
        fork: held(await puppets[2].hold(1)),
        thread: held(await puppets[2].threads(1)),
      };
    },
  },
  {
    rule: 'K36',
    question:
      'A cgroup of zombies alone lists nobody and can be removed; those above it stay charged until they are reaped.',
    expected: {
      'busy with live ones': false,
      listed: 0,
      current: 3,
      removed: true,
      above: 4,
      reaped: 3,
      after: 1,
    },
    async play(stage) {
      await stage.group('above');
      await stage.group('left', { parent: 'above' });
      await stage.group('other', { parent: 'above' });
      const puppet = await stage.puppet('a');
      await puppet.join('left');
      await puppet.hold(3);
      await puppet.join('other');
      const busy = await stage.removeGroup('left');
      await puppet.kill(3);
      return {
        'busy with live ones': busy,
        listed: await stage.listed('left'),
        current: await stage.current('left'),
        removed: await stage.removeGroup('left'),
        above: await stage.current('above'),
        reaped: await puppet.reap(),
        after: await stage.current('above'),
      };
    },
  },
  {
    rule: 'K37',
    question:
      'Before Linux 6.11 a refusal counts in pids.events of the cgroup that forks, though the one above it is full.',
    expected: { fork: '4, then EAGAIN', 'of the forker': 1, 'of the full one': 0 },
    async play(stage) {
      await stage.group('full', { pidsMax: 5 });
      await stage.group('forker', { parent: 'full' });
      const puppet = await stage.puppet('a');
      await puppet.join('forker');
      const fork = held(await puppet.hold(10));
      return {
        fork,
        'of the forker': await stage.events('forker'),
        'of the full one': await stage.events('full'),
      };
    },
  },
  {
    rule: 'K38',
    question:
      'PIDs are looked at before the cgroup, threads-max and RLIMIT_NPROC before both: what refuses first counts.',
    expected: {
      'cgroup alone': '0, then EAGAIN',
      'moves the cursor by': 1,
      'counted then': 1,
      'with threads-max as well': '0, then EAGAIN',
      'threads-max moves it by': 0,
      'counted with threads-max': 1,
      'RLIMIT_NPROC moves it by': 0,
      'counted with RLIMIT_NPROC': 1,
    },
    async play(stage) {
      await stage.group('full', { pidsMax: 1 });
      const puppet = await stage.puppet('a');
      await puppet.join('full');
      const moved = async (act: () => Promise<unknown>): Promise<number> => {
        const before = await stage.lastPid();
        await act();
        return (await stage.lastPid()) - before;
      };
      const figures: Figures = {};
      figures['moves the cursor by'] = await moved(async () => {
        figures['cgroup alone'] = held(await puppet.hold(1));
      });
      figures['counted then'] = await stage.events('full');
      const threadsMax = await stage.tasks();
      await stage.setThreadsMax(threadsMax);
      figures['threads-max moves it by'] = await moved(async () => {
        figures['with threads-max as well'] = held(await puppet.hold(1));
      });
      await stage.setThreadsMax(THREADS_MAX_ROOMY);
      figures['counted with threads-max'] = await stage.events('full');
      await puppet.setNproc(1);
      await puppet.setUser(1234);
      figures['RLIMIT_NPROC moves it by'] = await moved(() => puppet.hold(1));
      figures['counted with RLIMIT_NPROC'] = await stage.events('full');
      return figures;
    },
  },
  {
    rule: 'K39',
    question: "RLIMIT_NPROC counts all of a user's tasks, zombies too, and does not bind root.",
    expected: {
      first: '7, then EAGAIN',
      second: '0, then EAGAIN',
      root: '5',
      zombies: '0, then EAGAIN',
      reaped: 3,
      after: '3, then EAGAIN',
      another: '9, then EAGAIN',
    },
    async play(stage) {
      const make = async (name: string, uid: number): Promise<Awaited<ReturnType<Stage['puppet']>>> => {
        const puppet = await stage.puppet(name);
        await puppet.setNproc(uid === 0 ? 1 : 10);
        if (uid !== 0) await puppet.setUser(uid);
        return puppet;
      };
      const [first, second, third] = [await make('a', 1000), await make('b', 1000), await make('c', 1000)];
      const [root, another] = [await make('d', 0), await make('e', 1001)];
      const figures: Figures = { first: held(await first.hold(20)), second: held(await second.hold(1)) };
      figures.root = held(await root.hold(5));
      await first.kill(3);
      figures.zombies = held(await second.hold(1));
      figures.reaped = await first.reap();
      figures.after = held(await third.hold(20));
      figures.another = held(await another.hold(20));
      return figures;
    },
  },
  {
    rule: 'K40',
    question: 'threads-max binds root, counts zombies and threads, and lets go with the one that is reaped.',
    expected: {
      processes: '30, then EAGAIN',
      zombies: '0, then EAGAIN',
      reaped: 10,
      threads: '10, then EAGAIN',
    },
    async play(stage) {
      const puppet = await stage.puppet('a');
      await stage.setThreadsMax((await stage.tasks()) + 30);
      const figures: Figures = { processes: held(await puppet.hold(100)) };
      await puppet.kill(10);
      figures.zombies = held(await puppet.hold(1));
      figures.reaped = await puppet.reap();
      figures.threads = held(await puppet.threads(100));
      await stage.setThreadsMax(THREADS_MAX_ROOMY);
      return figures;
    },
  },
  {
    rule: 'K41',
    question: 'The total in /proc/loadavg counts threads and zombies, and falls when they are reaped.',
    expected: { processes: 20, threads: 30, zombies: 30, reaped: 15 },
    async play(stage) {
      const puppet = await stage.puppet('a');
      const before = await stage.tasks();
      const risen = async (): Promise<number> => (await stage.tasks()) - before;
      await puppet.hold(20);
      const processes = await risen();
      await puppet.threads(10);
      const threads = await risen();
      await puppet.kill(15);
      const zombies = await risen();
      await puppet.reap();
      return { processes, threads, zombies, reaped: await risen() };
    },
  },
  {
    rule: 'K3',
    question:
      'Once the whole machine has wrapped, PIDs below 300 are lost: it is full with as many tasks fewer.',
    expected: {
      'fork when full': '0, then EAGAIN',
      'as full as PIDs allow': false,
      'made the second time, less': 0,
    },
    async play(stage) {
      const puppet = await stage.puppet('a');
      await stage.setPidMax(PID_MAX_SMALL);
      const first = await puppet.hold(5000);
      const figures: Figures = {
        made: first.made,
        'fork when full': held(await puppet.hold(1)),
        'as full as PIDs allow': (await stage.tasks()) === PID_MAX_SMALL - 1,
      };
      await puppet.kill(first.made);
      await puppet.reap();
      const again = await puppet.hold(5000);
      figures['made the second time, less'] = first.made - again.made;
      await puppet.kill(again.made);
      await puppet.reap();
      figures['come and go when there is room'] = held(await puppet.churn(2000));
      return figures;
    },
  },
];

const PID_MAX_SMALL = 1000;
const THREADS_MAX_ROOMY = 3000;

export interface ExperimentResult {
  experiment: Experiment;
  box: Figures;
  model: Figures;
}

/** Plays all of them in one box, the one that wraps it last. */
export function playExperiments(
  experiments: readonly Experiment[] = EXPERIMENTS,
  options: { limitSeconds?: number; signal?: AbortSignal } = {},
): Promise<{ release: string; results: ExperimentResult[] }> {
  return Box.use({ limitSeconds: 300, ...options }, async (box) => {
    const release = await box.read('/proc/sys/kernel/osrelease');
    await box.write(`${CGROUPS}/cgroup.subtree_control`, '+pids');
    await box.write('/proc/sys/kernel/threads-max', THREADS_MAX_ROOMY);
    const results: ExperimentResult[] = [];
    for (const [index, experiment] of experiments.entries()) {
      const pidMax = Number(await box.read('/proc/sys/kernel/pid_max'));
      const table = await box.table();
      const model = new ModelStage(release, table, pidMax, THREADS_MAX_ROOMY);
      const stage = new BoxStage(box, `x${index}-`);
      results.push({ experiment, box: await experiment.play(stage), model: await experiment.play(model) });
      await stage.clear();
      await untilGone(box, table);
    }
    return { release, results };
  });
}

const GONE_MS = 5_000;

/** What has been killed is still dying when `clear` is done, and would be in the table of the next experiment. */
async function untilGone(box: Box, { processes }: BoxTable): Promise<void> {
  const before = new Set(processes.map(({ pid }) => pid));
  const giveUpAt = Date.now() + GONE_MS;
  const isGone = async () => (await box.table()).processes.every(({ pid }) => before.has(pid));
  // A kernel thread may have come meanwhile: it stays, and is no reason to wait for ever.
  while (!(await isGone()) && Date.now() < giveUpAt) await new Promise((resolve) => setTimeout(resolve, 50));
}
