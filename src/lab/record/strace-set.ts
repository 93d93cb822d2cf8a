/**
 * What `strace -ff -ttt -o TRACE` wrote: a file for each task, `TRACE.PID`, as the one text that `strace -f`
 * would have written.
 *
 *     TRACE.4711   1700000000.1 wait4(-1, …) = 4712          4711 1700000000.1 wait4( <unfinished ...>
 *                  1700000000.3 exit_group(0)                4712 1700000000.2 +++ exited with 0 +++
 *     TRACE.4712   1700000000.2 +++ exited with 0 +++        4711 1700000000.3 <... wait4 resumed> …) = 4712
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const MEMBER = /^(.+)\.(\d+)$/;
const LINE = /^(\d+\.\d{6})\s+(.*)$/;
const WAIT = /^(wait4|waitid|waitpid)\((.*)$/;

/**
 * The set that a path means: by one of its files, or by what was given to `-o`, which is the `base` of all
 * their names. `missing` are tasks that were started and have no file. Null: it is no file of a set.
 */
export function straceSetOf(path: string) {
  const member = MEMBER.exec(path);
  const base = existsSync(path) ? member?.[1] : path;
  if (base === undefined || !existsSync(dirname(base))) return null;
  const files = readdirSync(dirname(base)).flatMap((name) => {
    const match = MEMBER.exec(name);
    return match !== null && match[1] === basename(base) ? [{ name, pid: Number(match[2]) }] : [];
  });
  if (files.length === 0) return null;
  const texts = files.map(({ name, pid }) => ({
    pid,
    text: readFileSync(join(dirname(base), name), 'utf8'),
  }));
  // A file that is named alone may be a whole trace of its own: it says whose each line is.
  const first = texts[0].text.split('\n', 1)[0];
  if (!LINE.test(first)) return null;
  return { base, text: joinStraceSet(texts), fileCount: files.length, missing: missingFrom(texts) };
}

const BIRTH = /^\d+\.\d+ (?:clone3?|v?fork)\(.*\)\s+= (\d+)/gm;

function missingFrom(files: readonly { pid: number; text: string }[]): number[] {
  const there = new Set(files.map(({ pid }) => pid));
  const born = files.flatMap(({ text }) => [...text.matchAll(BIRTH)].map(([, pid]) => Number(pid)));
  return born.filter((pid) => pid > 0 && !there.has(pid));
}

/** Lines of all tasks in the order of their times; what a task waits for comes before the end of its wait. */
function joinStraceSet(files: readonly { pid: number; text: string }[]): string {
  const lines = files.flatMap(({ pid, text }) => linesOf(pid, text));
  lines.sort((a, b) => a.time - b.time);
  return `${lines.map(({ text }) => text).join('\n')}\n`;
}

/** A call has its time when it began. A wait ends at the latest when its task begins the next. */
function linesOf(pid: number, text: string): { time: number; text: string }[] {
  const read = text.split('\n').flatMap((line) => {
    const match = LINE.exec(line);
    return match === null ? [] : [{ stamp: match[1], said: match[2] }];
  });
  return read.flatMap(({ stamp, said }, index) => {
    const time = Number(stamp);
    const wait = WAIT.exec(said);
    if (wait === null) return [{ time, text: `${pid} ${stamp} ${said}` }];
    const end = read[index + 1]?.stamp ?? stamp;
    return [
      { time, text: `${pid} ${stamp} ${wait[1]}( <unfinished ...>` },
      { time: Number(end), text: `${pid} ${end} <... ${wait[1]} resumed>${wait[2]}` },
    ];
  });
}
