/**
 * Other people's event queues, run through the same hold model as ours. Their programs are compiled when they are
 * needed; what a machine does not have is left out, and the table says what is missing.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import type { BenchCase } from './bench-case.js';
import { CACHE } from './cache.js';
import { batchOf, type HoldLoad, loadFile } from './hold.js';

const SOURCES = 'test/bench/peers';

export interface Peer {
  name: string;
  /** Which of the program's queues. */
  queue: string;
  /** What to install if it is missing. */
  needs: string;
  version: () => string;
  /** Compiles what must be compiled; the command that runs it. Throws if the machine cannot. */
  command: () => string[];
  /** A batch is this many times smaller than ours, for a queue that is that much slower. */
  slower?: number;
}

function output(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

/** The program compiled from a source, anew if the source is newer. */
function compiled(source: string, ...compile: string[]): string {
  const program = `${CACHE}/peers/${source.replace(/\.\w+$/, '')}`;
  const path = `${SOURCES}/${source}`;
  if (!existsSync(program) || statSync(program).mtimeMs < statSync(path).mtimeMs) {
    mkdirSync(`${CACHE}/peers`, { recursive: true });
    const [compiler, ...options] = compile;
    output(compiler, path, '-o', program, ...options);
  }
  return program;
}

function ns3(queue: string): Peer {
  return {
    name: `ns-3 ${queue}`,
    queue,
    needs: 'a C++ compiler and libns3-dev',
    version: () => `ns-3 ${output('dpkg-query', '-W', '-f', '${Version}', 'libns3-dev')}`,
    command: () => [compiled('ns3.cpp', 'c++', '-std=c++17', '-O2', '-lns3-core')],
    slower: 4,
  };
}

export const NS3 = ['PriorityQueueScheduler', 'MapScheduler', 'HeapScheduler', 'CalendarScheduler'].map(ns3);

export const PRIORITY_QUEUE: Peer = {
  name: 'C++ std::priority_queue, made stable',
  queue: '',
  needs: 'a C++ compiler',
  version: () => output('c++', '--version').split('\n')[0],
  command: () => [compiled('priority_queue.cpp', 'c++', '-std=c++17', '-O2')],
};

export const BINARY_HEAP: Peer = {
  name: 'Rust BinaryHeap, made stable',
  queue: '',
  needs: 'rustc',
  version: () => output('rustc', '--version'),
  command: () => [compiled('binary_heap.rs', 'rustc', '-Copt-level=3')],
};

/** A Python that has SimPy: the system's, or with `pip install --target .cache/bench/simpy simpy`. */
export const SIMPY: Peer = {
  name: 'SimPy',
  queue: '',
  needs: `SimPy 3 or 4 (python3 -m pip install --target ${CACHE}/simpy simpy)`,
  version: () => `SimPy ${output('python3', `${SOURCES}/simpy_hold.py`, '--version')}`,
  command: () => {
    output('python3', `${SOURCES}/simpy_hold.py`, '--version');
    return ['python3', `${SOURCES}/simpy_hold.py`];
  },
  slower: 32,
};

/** A peer's program is told the load, how many events are pending and how long a batch is, and prints a rate. */
export function holdPeer(peer: Peer, load: HoldLoad): BenchCase {
  const batch = Math.ceil(Math.max(batchOf(load) / (peer.slower ?? 1), 2 ** 12));
  return {
    name: `${load.name}: ${peer.name}`,
    unit: 'operations/s',
    better: 'more',
    missing: () => {
      try {
        peer.command();
        return null;
      } catch {
        return `needs ${peer.needs}`;
      }
    },
    version: peer.version,
    run: () => {
      const [program, ...args] = peer.command();
      return Number(
        output(program, ...args, loadFile(load), String(load.pending), String(batch), peer.queue),
      );
    },
  };
}
