/** The last chapter: a scenario as text, and what is wrong with it. */
import { byId, h } from './dom.js';
import type { Opened } from './engine/messages.js';

export class Sandbox {
  readonly #text = byId<HTMLTextAreaElement>('yaml');
  readonly #viewpoint = byId<HTMLSelectElement>('viewpoint');
  readonly #real = byId<HTMLDetailsElement>('real');
  readonly #litmusOf: (pod: string | null) => Promise<string | null>;

  /**
   * @param onRun a scenario is to be run, and seen from inside a pod or, empty, from the node.
   * @param litmusOf a pod of the scenario that is on the stage.
   */
  constructor(
    onRun: (yaml: string, viewpoint: string) => void,
    litmusOf: (pod: string | null) => Promise<string | null>,
  ) {
    this.#litmusOf = litmusOf;
    this.#real.addEventListener('toggle', () => this.#showLitmus());
    const run = (): void => onRun(this.#text.value, this.#viewpoint.value);
    byId('run').addEventListener('click', run);
    this.#viewpoint.addEventListener('change', run);
    this.#text.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) run();
    });
  }

  show(yaml: string, opened: Opened, viewpoint: string | null): void {
    if (this.#text.value !== yaml) this.#text.value = yaml;
    const diagnostics = opened.ok ? opened.warnings : opened.diagnostics;
    byId('diagnostics').replaceChildren(
      ...diagnostics.map(({ line, column, severity, message, hint = '' }) =>
        h(
          'li',
          { class: severity },
          h('button', { type: 'button', '@click': () => this.#goTo(line) }, `line ${line}:${column}`),
          ` ${severity}: ${message}. ${hint}`,
        ),
      ),
    );
    if (!opened.ok) return;
    this.#viewpoint.replaceChildren(
      h('option', { value: '' }, 'the node'),
      ...opened.pods.map((pod) => h('option', { value: pod, selected: pod === viewpoint }, `inside ${pod}`)),
    );
    void this.#showLitmus();
  }

  async #showLitmus(): Promise<void> {
    if (!this.#real.open) return;
    const text = (await this.#litmusOf(this.#viewpoint.value || null)) ?? '';
    const name = /^name: (.*)$/m.exec(text)?.[1] ?? 'pod';
    byId<HTMLTextAreaElement>('litmus').value = text;
    const save = byId<HTMLAnchorElement>('save-litmus');
    URL.revokeObjectURL(save.href);
    save.href = URL.createObjectURL(new Blob([text], { type: 'application/yaml' }));
    save.download = `${name}.yaml`;
  }

  #goTo(line: number): void {
    const lines = this.#text.value.split('\n');
    const start = lines.slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0);
    this.#text.focus();
    this.#text.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
  }
}
