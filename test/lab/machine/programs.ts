/** What runs in containers, in both worlds: a command for the box, steps for the model. */
import type { Program } from '../../../src/program/code.js';
import { compileSource } from '../../../src/program/compile.js';
import type { Step } from '../../../src/program/step.js';

export interface TwoFaced {
  command: readonly string[];
  comm: string;
  steps: Step[];
}

const shell = (script: string): string[] => ['/bin/sh', '-c', script];

/** By what they are for. */
export const PROGRAMS = {
  /** The application: reaps no child. */
  sleeper: { command: ['/bin/sleep', '100000'], comm: 'sleep', steps: ['pause'] },
  quick: { command: ['/bin/true'], comm: 'true', steps: [{ exit: 0 }] },
  /** Leaves a child that ends a little later: a zombie, and the shell's PID pinned. */
  leak: {
    command: shell('sleep 0.05 & true'),
    comm: 'sh',
    steps: [{ fork: { comm: 'sleep', steps: [{ sleep: '50ms' }] } }],
  },
  /** Ends at once; its child holds its stdout. */
  loud: {
    command: shell('sleep 2 & exit 0'),
    comm: 'sh',
    steps: [{ fork: { comm: 'sleep', steps: [{ sleep: '2s' }] } }],
  },
  /** Waits for a child: killed at its timeout, it leaves that child. */
  slow: {
    command: shell('sleep 1000; true'),
    comm: 'sh',
    steps: [{ fork: { comm: 'sleep', steps: [{ sleep: '1000s' }] } }, { wait: 'any' }],
  },
  /** Never ends by itself, and starts nothing. */
  hang: { command: ['/bin/sleep', '100000'], comm: 'sleep', steps: ['pause'] },
} as const satisfies Record<string, TwoFaced>;

export type ProgramName = keyof typeof PROGRAMS;

export function compiled(name: ProgramName): Program {
  const { comm, steps } = PROGRAMS[name];
  const program = compileSource(comm, { comm, steps: [...steps] }, new Map());
  if (!program.ok) throw new Error(JSON.stringify(program.problems));
  return program.program;
}

/** Jobs of the host's cron, from few tasks to many; each is known by its `sleep`. */
export const CRON_JOBS: readonly { what: string; command: string; steps: Step[] }[] = [
  {
    what: 'cron job, one command',
    command: '/bin/sleep 3',
    steps: [{ fork: { comm: 'sleep', steps: [{ sleep: '3s' }] } }, { wait: 'all' }],
  },
  {
    what: 'cron job that leaves a child',
    command: '/bin/sleep 3 & /bin/sleep 1',
    steps: [
      { fork: { comm: 'sleep', steps: [{ sleep: '3s' }] } },
      { fork: { comm: 'sleep', label: 'last', steps: [{ sleep: '1s' }] } },
      { wait: 'last' },
    ],
  },
];

/** As cron runs it: in a shell. */
export function cronProgram(steps: readonly Step[]): Program {
  const program = compileSource('job', { comm: 'sh', steps: [...steps] }, new Map());
  if (!program.ok) throw new Error(JSON.stringify(program.problems));
  return program.program;
}
