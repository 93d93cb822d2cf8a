/** Who has a PID, and why it cannot be reused: a sentence. */
import { formatCount } from '../text/figures.js';

/** As the kernel's `holderOf` has it, of a process what `ps` shows of it. */
interface HolderRow {
  pid: number;
  ppid: number;
  comm: string;
  stat: string;
}

export type HeldBy =
  | { cell: 'free' | 'reserved' }
  | { cell: 'live' | 'zombie' | 'thread'; row: HolderRow }
  | { cell: 'pinned'; members: { row: HolderRow; of: 'session' | 'group' | 'both' }[] };

export function holderWords(pid: number, holder: HeldBy): string {
  const begin = `PID ${pid}`;
  switch (holder.cell) {
    case 'free':
      return `${begin} is free.`;
    case 'reserved':
      return `${begin} is free, and will not be handed out again: after the first wrap PIDs begin at 300.`;
    case 'live':
      return `${begin} is ${holder.row.comm}, a live process.`;
    case 'thread':
      return `${begin} is a thread of ${holder.row.comm} (PID ${holder.row.pid}).`;
    case 'zombie':
      return `${begin} is ${holder.row.comm}, a zombie: its parent, PID ${holder.row.ppid}, has not waited for it.`;
    case 'pinned': {
      const [{ row, of }] = holder.members;
      const others = holder.members.length - 1;
      const more = others === 0 ? '' : `, and of ${formatCount(others)} more`;
      const what = of === 'both' ? 'session and group' : of;
      const whose = `PID ${row.pid}, ${row.comm}, ${row.stat.startsWith('Z') ? 'a zombie' : 'which lives'}`;
      return `${begin} belongs to nobody and is free for nobody: it is the ${what} of ${whose}${more}.`;
    }
  }
}
