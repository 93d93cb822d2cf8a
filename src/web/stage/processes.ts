/** The process tree with a box around each PID namespace, and `ps` of the same. Each shows the other. */
import { formatCount } from '../../text/figures.js';
import { fromTemplate, h } from '../dom.js';
import type { Frame, Row } from '../engine/messages.js';

export class Processes {
  readonly element = fromTemplate('processes');
  readonly #tree = this.element.querySelector<HTMLElement>('.tree')!;
  readonly #table = this.element.querySelector('tbody')!;
  #rows: Row[] = [];
  #selected = -1;

  /** @param onSelect told of the PID that is pointed at, or reached with the arrow keys. */
  constructor(private readonly onSelect: (pid: number) => void) {
    this.#tree.addEventListener('keydown', (event) => this.#key(event));
    for (const part of [this.#tree, this.#table]) {
      part.addEventListener('pointerover', (event) => {
        const of = (event.target as Element).closest<HTMLElement>('[data-row]');
        if (of !== null) this.#select(Number(of.dataset.row));
      });
      part.addEventListener('pointerleave', () => this.#mark(-1));
    }
  }

  show({ rows, rowsLeftOut = 0, about }: Frame): void {
    if (rows === undefined) return;
    this.#rows = rows;
    this.#tree.replaceChildren(...this.#branches(about));
    const inOrder = rows.map((row, index) => ({ row, index })).sort((a, b) => a.row.pid - b.row.pid);
    const lines = inOrder.map(({ row, index }) => lineOf(row, index, about.includes(row.pid)));
    if (rowsLeftOut > 0) {
      const more = `and ${formatCount(rowsLeftOut)} lines more`;
      lines.push(h('tr', {}, h('td', { colspan: 6, class: 'more' }, more)));
    }
    this.#table.replaceChildren(...lines);
    this.#mark(this.#selected);
  }

  /** Nested lists, from rows in the order of the tree with their depths. */
  #branches(about: readonly number[]): HTMLElement[] {
    const roots: HTMLElement[] = [];
    const open: { row: Row; item: HTMLElement; list: HTMLElement | null }[] = [];
    this.#rows.forEach((row, index) => {
      while (open.length > row.depth) open.pop();
      const parent = open.at(-1);
      const isInner = parent !== undefined && row.level > parent.row.level;
      const item = h(
        'li',
        { role: 'treeitem', 'aria-level': row.depth + 1, id: `process-${index}`, 'aria-selected': false },
        chipOf(row, index, about.includes(row.pid)),
      );
      if (isInner) {
        item.classList.add('namespace');
        const whose = row.pod === null ? '' : ` of ${row.pod}`;
        item.prepend(h('span', { class: 'box-label' }, `PID namespace${whose}`));
      }
      if (parent === undefined) roots.push(item);
      else {
        if (parent.list === null) {
          parent.list = h('ul', { role: 'group' });
          parent.item.append(parent.list);
        }
        parent.list.append(item);
      }
      open.push({ row, item, list: null });
    });
    return roots;
  }

  #key(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined || this.#rows.length === 0) return;
    event.preventDefault();
    event.stopPropagation();
    this.#select(Math.max(0, Math.min(this.#rows.length - 1, this.#selected + step)));
  }

  #select(index: number): void {
    if (index === this.#selected) return;
    this.#mark(index);
    if (this.#rows[index] !== undefined) this.onSelect(this.#rows[index].pid);
  }

  #mark(index: number): void {
    this.#selected = index;
    for (const part of this.element.querySelectorAll<HTMLElement>('[data-row]'))
      part.classList.toggle('marked', Number(part.dataset.row) === index);
    for (const item of this.#tree.querySelectorAll('[role=treeitem]'))
      item.setAttribute('aria-selected', String(item.id === `process-${index}`));
    if (index >= 0) this.#tree.setAttribute('aria-activedescendant', `process-${index}`);
    else this.#tree.removeAttribute('aria-activedescendant');
  }
}

const isDead = ({ stat }: Row): boolean => stat.startsWith('Z');

function classOf(row: Row, isAbout: boolean): string {
  return `${isDead(row) ? 'dead' : 'alive'}${isAbout ? ' about' : ''}`;
}

function chipOf(row: Row, index: number, isAbout: boolean): HTMLElement {
  const number = h('b', {}, row.count > 1 ? `${formatCount(row.count)} ×` : String(row.pid));
  const threads = row.threads > 1 ? h('span', { class: 'threads' }, `${row.threads} threads`) : null;
  const what = isDead(row) ? h('span', { class: 'defunct' }, 'defunct') : null;
  const attributes = { class: `chip ${classOf(row, isAbout)}`, 'data-row': index };
  return h('span', attributes, number, ` ${row.comm}`, threads, what);
}

function lineOf(row: Row, index: number, isAbout: boolean): HTMLTableRowElement {
  const isMany = row.count > 1;
  const one = (id: number): string => (isMany ? '–' : String(id));
  const command = isDead(row) ? `[${row.comm}] <defunct>` : row.comm;
  const words = isMany ? `${formatCount(row.count)} × ${command}` : command;
  const cells = [one(row.pid), String(row.ppid), one(row.pgid), one(row.sid), row.stat, words];
  const attributes = { class: classOf(row, isAbout), 'data-row': index };
  return h('tr', attributes, ...cells.map((cell) => h('td', {}, cell)));
}
