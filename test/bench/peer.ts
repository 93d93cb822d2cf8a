/**
 * Programs by other people, or in other languages, to compare with. They are compiled when they are needed;
 * what a machine does not have is left out, and the table gives the reason.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import type { BenchCase } from './bench-case.js';
import { CACHE } from './cache.js';
import { batchOf, type HoldLoad, loadFile } from './hold.js';

const SOURCES = 'test/bench/peers';

export interface Peer {
  name: string;
  /** What to install if it is missing. */
  needs: string;
  version: () => string;
  /** Compiles what must be compiled; the command that runs it. Throws if the machine cannot. */
  command: () => string[];
  /** A last argument, for a program that knows several ways. */
  way?: string;
  /** A batch is this many times smaller than ours, for a queue that is that much slower. */
  slower?: number;
}

export function output(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

/** The program compiled from a source, anew if a source is newer. */
function compiled(source: string, ...compile: string[]): string {
  const program = `${CACHE}/peers/${source.replace(/\.\w+$/, '')}`;
  const changed = Math.max(...readdirSync(SOURCES).map((file) => statSync(`${SOURCES}/${file}`).mtimeMs));
  if (!existsSync(program) || statSync(program).mtimeMs < changed) {
    mkdirSync(`${CACHE}/peers`, { recursive: true });
    const [compiler, ...options] = compile;
    output(compiler, `${SOURCES}/${source}`, '-o', program, ...options);
  }
  return program;
}

const cpp = (source: string, ...libraries: string[]): string =>
  compiled(source, 'c++', '-std=c++17', '-O2', ...libraries);
const firstLineOf = (command: string): string => output(command, '--version').split('\n')[0];

function ns3(name: string, source: string, queue: string): Peer {
  return {
    name: `ns-3 ${name}, ${queue}Scheduler`,
    needs: 'a C++ compiler and libns3-dev',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own notation.
    version: () => `ns-3 ${output('dpkg-query', '-W', '-f', '${Version}', 'libns3-dev')}`,
    command: () => [cpp(source, '-lns3-core')],
    way: `${queue}Scheduler`,
    slower: 4,
  };
}

/** By themselves: no event objects are made or run, which is to their advantage. */
export const NS3_SCHEDULERS = ['PriorityQueue', 'Map', 'Heap', 'Calendar'].map((queue) =>
  ns3('scheduler alone', 'ns3.cpp', queue),
);

/** As ns-3's users have them: `Simulator::Schedule` and `Run`. */
export const NS3_SIMULATORS = ['PriorityQueue', 'Map'].map((queue) =>
  ns3('Simulator', 'ns3_simulator.cpp', queue),
);

export const PRIORITY_QUEUE: Peer = {
  name: 'C++ std::priority_queue, made stable',
  needs: 'a C++ compiler',
  version: () => firstLineOf('c++'),
  command: () => [cpp('priority_queue.cpp')],
};

export const BINARY_HEAP: Peer = {
  name: 'Rust BinaryHeap, made stable',
  needs: 'rustc',
  version: () => firstLineOf('rustc'),
  command: () => [compiled('binary_heap.rs', 'rustc', '--edition=2021', '-Copt-level=3')],
};

/** The first Python that has SimPy: one of one's own choice, or Debian's with python3-simpy3. */
function simpy(): string[] {
  const script = `${SOURCES}/simpy_hold.py`;
  const errors: unknown[] = [];
  for (const python of ['python3', '/usr/bin/python3']) {
    try {
      output(python, script, '--version');
      return [python, script];
    } catch (error) {
      errors.push(error);
    }
  }
  throw errors[0];
}

function simpyPeer(name: string, way: string): Peer {
  return {
    name,
    needs: `SimPy 3 or 4 (apt-get install python3-simpy3, or pip install --target ${CACHE}/simpy simpy)`,
    version: () => {
      const [python, script] = simpy();
      return `SimPy ${output(python, script, '--version')}, ${output(python, '--version')}`;
    },
    command: simpy,
    way,
    slower: 32,
  };
}

/** As SimPy's users have it. */
export const SIMPY = simpyPeer('SimPy, a process for each event', 'processes');

/** Nothing but its queue: faster than any model that does something. */
export const SIMPY_QUEUE = simpyPeer('SimPy, timeouts that nobody waits for', 'bare');

export const LIFECYCLE: Peer = {
  name: 'the same bookkeeping in C++',
  needs: 'a C++ compiler',
  version: () => firstLineOf('c++'),
  command: () => [cpp('lifecycle.cpp')],
};

/** fork, vfork or posix_spawn of the machine's own kernel. */
export function realKernel(name: string, way: string): Peer {
  return {
    name,
    needs: 'a C compiler',
    version: () => `Linux ${output('uname', '-r')}`,
    command: () => [compiled('real_fork.c', 'cc', '-O2')],
    way,
  };
}

/** A peer's program is told what it wants to know by its arguments, and prints a rate. */
export function peerCase(
  peer: Peer,
  { group, unit, args = () => [] }: { group: string; unit: string; args?: () => string[] },
): BenchCase {
  return {
    group,
    name: peer.name,
    unit,
    better: 'more',
    missing: () => {
      try {
        peer.command();
        return null;
      } catch (error) {
        return `needs ${peer.needs}: ${reasonOf(error)}`;
      }
    },
    version: peer.version,
    run: () => {
      const [program, ...first] = peer.command();
      return Number(output(program, ...first, ...args(), ...(peer.way === undefined ? [] : [peer.way])));
    },
  };
}

/** The load, how many events are pending, and how long a batch is. */
export function holdPeer(peer: Peer, load: HoldLoad, group: string): BenchCase {
  const batch = Math.ceil(Math.max(batchOf(load) / (peer.slower ?? 1), 2 ** 12));
  return peerCase(peer, {
    group,
    unit: 'operations/s',
    args: () => [loadFile(load), String(load.pending), String(batch)],
  });
}

/** What a failed command had to say: its first line that speaks of an error, or Node's own words. */
function reasonOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string | null; message: string };
  const lines = (stderr ?? '').split('\n').filter((line) => line.trim() !== '');
  return (lines.find((line) => /error/i.test(line)) ?? lines[0] ?? message).trim();
}
