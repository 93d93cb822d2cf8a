/** What V8 made of a program: which instruction comes from where in its text, and which function is written there. */

/** One function as compiled, with what V8 has put into it. */
interface CodeObject {
  start: number;
  end: number;
  /** Where the instructions of a position in the text begin, and that position, in order. */
  offsets: number[];
  positions: number[];
}

/**
 * The output of `node --print-opt-code`: of every function that is compiled a section with its instructions
 * (`Instructions (size = 1064)`, `0x7f89b20e1c80     0  488b59f8  REX.W movq rbx,[rcx-0x8]`, …) and a table of where they
 * come from (`Source positions:`, a line of headings, `        32     53628`, …).
 */
export class CompiledCode {
  /** By address, none of them over another. */
  private readonly objects: CodeObject[] = [];

  constructor(text: string) {
    const sections = text.split('--- Optimized code ---').slice(1);
    // What lies where something compiled later lies is gone.
    for (const section of sections.reverse()) {
      const object = objectIn(section);
      if (object !== null && !this.objects.some(({ start, end }) => start < object.end && object.start < end))
        this.objects.push(object);
    }
    this.objects.sort((a, b) => a.start - b.start);
  }

  /** Where in the text the instruction at an address comes from; null if it is in none of the functions. */
  positionAt(address: number): number | null {
    const object = this.objects[lastNotAfter(this.objects, address, ({ start }) => start)];
    if (object === undefined || address >= object.end) return null;
    const { offsets, positions } = object;
    const row = lastNotAfter(offsets, address - object.start, (offset) => offset);
    return positions[Math.max(0, row)];
  }
}

function objectIn(section: string): CodeObject | null {
  const code = /^Instructions \(size = (\d+)\)\n0x([0-9a-f]+) /m.exec(section);
  const table = /^Source positions:\n.*\n((?: +[0-9a-f]+ +\d+.*\n)+)/m.exec(section);
  if (code === null || table === null) return null;
  const start = Number.parseInt(code[2], 16);
  const rows = table[1].trimEnd().split('\n');
  const cells = rows.map((row) => row.trim().split(/ +/));
  return {
    start,
    end: start + Number(code[1]),
    offsets: cells.map(([offset]) => Number.parseInt(offset, 16)),
    positions: cells.map(([, position]) => Number(position)),
  };
}

/** The text of a program that esbuild has bundled, with the name of the file before what comes from it. */
export class Written {
  private readonly lineStarts: number[] = [];
  /** By line. */
  private readonly functions: string[] = [];

  constructor(text: string) {
    let position = 0;
    let file = '';
    let name = '';
    for (const line of text.split('\n')) {
      file = /^\/\/ (?:src\/)?(\S+)\.ts$/.exec(line)?.[1] ?? file;
      // Functions begin at the margin, methods two blanks from it.
      const found =
        /^(?:const|var) (\w+) = (?:function\(|class)|^function\*? (\w+)\(|^ {2}(?:get |\*)?(?!(?:if|for|while|switch)\b)(\w+)(?:\(.*\) \{| = \()/;
      name = found.exec(line)?.slice(1).find(Boolean) ?? name;
      this.lineStarts.push(position);
      this.functions.push(`${file}: ${name}`);
      position += line.length + 1;
    }
  }

  /** `file: name` of the function that is written at a position of the text. */
  functionAt(position: number): string {
    return this.functions[lastNotAfter(this.lineStarts, position, (start) => start)];
  }
}

/** The index of the last element that does not come after a place, in the order of their places; -1: all of them do. */
function lastNotAfter<T>(ordered: readonly T[], place: number, placeOf: (element: T) => number): number {
  let low = 0;
  let high = ordered.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (placeOf(ordered[middle]) <= place) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
