/** The programs of a small world as text, and at which line each process is. */
import { h } from '../dom.js';
import type { ProgramText } from '../engine/messages.js';

export class Programs {
  readonly element = h('figure', { class: 'programs', hidden: true });

  show(programs: readonly ProgramText[]): void {
    const listings = programs.map(({ name, lines }) =>
      h('section', {}, h('h2', {}, name), h('ol', {}, ...lines.map((line) => lineOf(line)))),
    );
    this.element.replaceChildren(
      h('figcaption', {}, 'programs, and at which line each process is'),
      h('div', {}, ...listings),
    );
    this.element.hidden = programs.length === 0;
  }
}

function lineOf({ text, depth, pids }: ProgramText['lines'][number]): HTMLElement {
  const who = pids.map((pid) => h('span', { class: 'at' }, `PID ${pid}`));
  const item = h(
    'li',
    pids.length > 0 ? { class: 'current', 'aria-current': 'step' } : {},
    h('code', {}, text),
    ...who,
  );
  item.style.setProperty('--depth', String(depth));
  return item;
}
