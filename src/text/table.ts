/** Plain tables: cells in columns that are as wide as their widest cell. */
export type Align = 'left' | 'right';

export interface PlainTableOptions {
  /** By column; default: all to the left. */
  align?: readonly Align[];
  /** Between two columns; default: two spaces. */
  gap?: string;
  /** What a padded cell becomes, for instance coloured. Columns are as wide as if it added nothing. */
  paint?: (text: string, row: number, column: number) => string;
}

/** The widths of the columns; every row has as many cells as the first. */
export function columnWidths(rows: readonly (readonly string[])[]): number[] {
  const widths = (rows[0] ?? []).map(() => 0);
  // No spread into Math.max: a process table has more rows than a call may have arguments.
  for (const row of rows)
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column], cell.length);
  return widths;
}

/** Items in lines of at most `width` characters, as many as fit; a longer item has a line to itself. */
export function fillLines(items: readonly string[], width: number, gap = ' '): string[] {
  const lines: string[] = [];
  for (const item of items) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + gap.length + item.length <= width)
      lines[lines.length - 1] = line + gap + item;
    else lines.push(item);
  }
  return lines;
}

/** One line for each row; no line ends in blanks. */
export function plainTable(rows: readonly (readonly string[])[], options: PlainTableOptions = {}): string[] {
  const { align = [], gap = '  ', paint = (text) => text } = options;
  const widths = columnWidths(rows);
  return rows.map((cells, row) =>
    cells
      .map((cell, column) => {
        const width = widths[column];
        const padded = align[column] === 'right' ? cell.padStart(width) : cell.padEnd(width);
        return paint(column === cells.length - 1 ? padded.trimEnd() : padded, row, column);
      })
      .join(gap)
      .trimEnd(),
  );
}
