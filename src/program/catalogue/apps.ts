/** Applications: what a container runs for as long as it lives, reduced to what they do with processes. */
import type { ProgramSource } from '../step.js';

/** Neither forks nor waits. Most server programs are so: a Go binary, a JVM, nginx's or redis' strangers. */
export const APP: ProgramSource = {
  comm: 'app',
  source: 'containerd issues 9979 and 5153, moby issue 47583: such programs do not reap strangers',
  description:
    'An ordinary quiet application: a main thread and 8 others, no children. As PID 1 it does not reap.',
  steps: [{ 'on-term': 'exit' }, { threads: 8 }, 'pause'],
};

export const APP_NO_WAIT: ProgramSource = {
  comm: 'app',
  source: 'kernel behaviour at the default disposition of SIGCHLD: dead children stay zombies, for PID 1 too',
  description:
    'A single-threaded application that never waits for anybody. As PID 1 it leaves every orphan a zombie.',
  steps: [{ 'on-term': 'exit' }, 'pause'],
};

export const APP_WAITS_OWN_CHILD: ProgramSource = {
  comm: 'app',
  source: 'observed: python3 with subprocess.run in a loop, as PID 1, leaves all of 20 orphans',
  description:
    'An application that runs a helper every 10 s and waits for that one alone. As PID 1 it leaves orphans.',
  steps: [
    { 'on-term': 'exit' },
    {
      repeat: {
        times: 'forever',
        steps: [
          { fork: { label: 'helper', comm: 'helper', steps: [{ sleep: '100ms' }], orElse: [] } },
          { wait: 'helper' },
          { sleep: '10s' },
        ],
      },
    },
  ],
};

/** Decision 0003 tells why there is a step for this. */
export const APP_MAIN_THREAD_EXITS: ProgramSource = {
  comm: 'app',
  source: 'kernel behaviour: exit_notify, delay_group_leader; observed as STAT Zl',
  description:
    'An application whose main thread has ended while 8 others work on: ps shows it defunct, it holds 9 PIDs, and ' +
    'no PID 1, however well it reaps, can clear it.',
  steps: [{ threads: 8 }, { sleep: '1s' }, 'exit-main-thread', 'pause'],
};

export const SLEEP_FOREVER: ProgramSource = {
  comm: 'sleep',
  source: 'observed: sleep as PID 1 leaves all of 20 orphans',
  description: 'sleep infinity: blocks for ever, reaps no child.',
  steps: ['pause'],
};

export const TAIL: ProgramSource = {
  comm: 'tail',
  source: 'observed: tail -f as PID 1 leaves all of 20 orphans',
  description: 'tail -f /dev/null, the popular way to keep a container alive: reaps no child.',
  steps: ['pause'],
};
