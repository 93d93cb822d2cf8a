/** The question of a chapter: choose, then see it happen, then read why. */
import { h } from './dom.js';
import type { PageState } from './state.js';

export class Question {
  readonly #reveal: HTMLButtonElement;
  readonly #verdict = h('p', { class: 'verdict', 'aria-live': 'polite' });

  /** @param onChange a choice has been made; or, `reveal`, it is to be shown. */
  constructor(
    private readonly field: HTMLFieldSetElement,
    onChange: (answer: string, reveal: boolean) => void,
  ) {
    const show = (): void => onChange(this.answer, true);
    this.#reveal = h('button', { type: 'button', class: 'reveal', '@click': show }, 'Show me');
    const why = field.querySelector('.why')!;
    why.before(this.#reveal, this.#verdict);
    field.addEventListener('change', () => onChange(this.answer, false));
  }

  get answer(): string {
    const chosen = this.field.querySelector<HTMLInputElement>('input[type=radio]:checked, input[type=range]');
    return chosen?.value ?? '';
  }

  /** How it is shown: what is chosen, `parent=waits`; where it goes, `2s` or `full`; what is done. */
  get shownBy(): { choose?: string; runTo?: string; then?: string } {
    return this.field.dataset;
  }

  show({ answer, isRevealed }: PageState): void {
    const right = this.field.dataset.right ?? '';
    for (const input of this.field.querySelectorAll('input')) {
      if (input.type === 'radio') input.checked = input.value === answer;
      else if (answer !== '') input.value = answer;
      const label = input.closest('label')!;
      label.classList.toggle('right', isRevealed && input.value === right);
      const isWrong = input.type === 'radio' && input.value === answer && answer !== right;
      label.classList.toggle('wrong', isRevealed && isWrong);
    }
    this.#reveal.disabled = this.answer === '';
    this.#reveal.hidden = isRevealed;
    this.#verdict.textContent = !isRevealed || right === '' ? '' : answer === right ? 'Right.' : 'No.';
    this.field.querySelector<HTMLElement>('.why')!.hidden = !isRevealed;
  }

  fill(name: string, text: string): void {
    for (const place of this.field.querySelectorAll(`[data-fill=${name}]`)) place.textContent = text;
  }
}
