/** The page: a chapter, its world on the stage, what the reader does with it. The address has it all. */
import type { Act } from '../node/by-hand.js';
import { formatClock, formatDuration, parseDurationUs } from '../text/duration.js';
import { CHAPTERS, type Chapter } from './chapters.js';
import { Cluster } from './cluster.js';
import { byId, h, prefersStillness } from './dom.js';
import type { Opened } from './engine/messages.js';
import { Question } from './questions.js';
import { Sandbox } from './sandbox.js';
import { Scene } from './stage/scene.js';
import { Timeline } from './stage/timeline.js';
import { Transport } from './stage/transport.js';
import { hashOf, type PageState, stateFrom } from './state.js';

const HOUR_US = 3_600_000_000;
/** What is revealed takes about so long to be played. */
const REVEAL_S = 3;
/** How often the lists of processes are made anew while a world is played. */
const ROWS_EVERY_MS = 250;
/** After so long without a scrub, the moment goes into the address. */
const SETTLED_MS = 150;

/** By name of a button. `mine`: the pods that have been made by hand so far. */
const ACTS: Record<string, (mine: string[]) => Act> = {
  login: () => ({ do: 'login' }),
  'create-pod': (mine) => ({ do: 'create-pod', pod: `mine-${mine.length + 1}` }),
  'delete-pod': (mine) => ({ do: 'delete-pod', pod: mine.at(-1) ?? 'web-0', recreate: false, atUs: 0 }),
  'restart-container': () => ({ do: 'restart-container', pod: 'rabbitmq', container: 'rabbitmq', atUs: 0 }),
  'bump-pause': () => ({ do: 'bump-pause', version: '3.1', atUs: 0 }),
  'delete-rabbitmq': () => ({ do: 'delete-pod', pod: 'rabbitmq', recreate: true, atUs: 0 }),
};

class Page {
  state: PageState;
  #chapter: Chapter = CHAPTERS[0];
  #scenes: Scene[] = [];
  #question: Question | null = null;
  /** Another one whenever what is under way has become stale. */
  #token = 0;
  #rowsMs = 0;
  #settling = 0;
  /** Where a scrub has come to, while the engine is still on its way to an earlier place. */
  #wantedUs: number | null = null;
  #isSeeking = false;
  readonly #questions: Map<string, Question>;
  readonly #transport = new Transport(this);
  readonly #timeline: Timeline;
  readonly #sandbox: Sandbox;
  readonly #cluster: Cluster;

  constructor() {
    this.#questions = new Map(
      [...document.querySelectorAll<HTMLElement>('.chapter')].flatMap((section) => {
        const field = section.querySelector<HTMLFieldSetElement>('.question');
        if (field === null) return [];
        const question = new Question(field, (answer, reveal) => this.#answer(answer, reveal));
        return [[section.dataset.chapter!, question]];
      }),
    );
    this.#timeline = new Timeline(
      byId('timeline'),
      () => this.endUs,
      (timeUs) => void this.#scrub(timeUs),
    );
    this.#sandbox = new Sandbox(
      (yaml, viewpoint) => {
        this.state = { ...stateFrom('sandbox'), yaml, viewpoint };
        void this.#open();
      },
      (pod) => this.#scenes[0].litmus(pod),
    );
    this.#cluster = new Cluster(CHAPTERS.find(({ id }) => id === 'full')!.yaml, (bumped) => {
      this.state.choices.bumped = bumped;
      this.#cluster.show(bumped);
      this.#remember();
    });
    // The address is for what is shown.
    document.querySelector('.skip')!.addEventListener('click', (event) => {
      event.preventDefault();
      byId('text').focus();
    });
    for (const button of document.querySelectorAll<HTMLElement>('[data-act]'))
      button.addEventListener('click', () => void this.#act(button.dataset.act!));
    // By then the address may be that of what was on its way to be shown.
    addEventListener('hashchange', ({ newURL }) => this.#follow(new URL(newURL).hash));
    addEventListener('resize', () => this.#refresh());
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#refresh());
    addEventListener('keydown', (event) => this.#key(event));
    this.state = stateFrom(CHAPTERS[0].id);
    this.#follow(location.hash);
  }

  get timeUs(): number {
    return this.state.timeUs;
  }

  get endUs(): number {
    return this.#scenes[0]?.endUs ?? 1;
  }

  // ---- where it is

  #follow(hash: string): void {
    if (this.#scenes.length > 0 && hash === hashOf(this.state)) return;
    const [id, query = ''] = hash.slice(1).split(/\?(.*)/s);
    const chapter = CHAPTERS.find((each) => each.id === id);
    this.state = chapter === undefined ? stateFrom(CHAPTERS[0].id) : stateFrom(id, query, chapter.startUs);
    void this.#open();
  }

  #remember(): void {
    history.replaceState(null, '', hashOf(this.state));
  }

  async #open(): Promise<void> {
    const token = ++this.#token;
    this.#transport.stop();
    const chapter = CHAPTERS.find(({ id }) => id === this.state.chapter)!;
    if (chapter !== this.#chapter || this.#scenes.length === 0) this.#enter(chapter);
    this.#chapter = chapter;
    this.#cluster.show(chapter.id === 'full' ? this.state.choices.bumped : undefined);
    this.#question = this.#questions.get(chapter.id) ?? null;
    this.#controls();
    const yaml = this.state.yaml ?? chapter.yaml;
    const chosen = chapter.controls.flatMap(
      ({ name, choices }) => choices.find(({ value }) => value === this.state.choices[name])?.set ?? [],
    );
    const pod = this.#viewpoint;
    const { isSmall } = chapter;
    const opened = await Promise.all(
      this.#scenes.map((scene, side) => {
        const settings = [...chapter.sides[side].set, ...chosen];
        return scene.open({ yaml, settings, pod, isSmall, acts: this.state.acts });
      }),
    );
    if (token !== this.#token) return;
    this.#showOpened(opened[0]);
    if (opened.some(({ ok }) => !ok)) return;
    if (isSmall && (this.state.step > 0 || this.state.timeUs === 0)) {
      const { step, timeUs } = this.state;
      for (const scene of this.#scenes) scene.toStep(step, timeUs > 0 ? timeUs : undefined);
      this.#shown(this.#scenes[0].frame?.timeUs ?? 0);
    } else await this.goTo(Math.min(this.state.timeUs, this.endUs), true);
    this.#showQuestion();
  }

  get #viewpoint(): string | null {
    const { viewpoint } = this.state;
    return viewpoint === null ? this.#chapter.pod : viewpoint === '' ? null : viewpoint;
  }

  #enter(chapter: Chapter): void {
    for (const scene of this.#scenes) scene.close();
    this.#scenes = chapter.sides.map(({ title }) => new Scene(title, chapter.isSmall, () => this.#filmed()));
    byId('scenes').replaceChildren(...this.#scenes.map(({ element }) => element));
    byId('stage').dataset.chapter = chapter.id;
    byId('stage').classList.toggle('small', chapter.isSmall);
    this.#transport.speed = chapter.speed;
    for (const section of document.querySelectorAll<HTMLElement>('.chapter'))
      section.hidden = section.dataset.chapter !== chapter.id;
    for (const link of document.querySelectorAll('#chapters a')) {
      if (link.getAttribute('href') === `#${chapter.id}`) {
        link.setAttribute('aria-current', 'page');
        link.scrollIntoView({ block: 'nearest', inline: 'center' });
      } else link.removeAttribute('aria-current');
    }
    const onwards = document.querySelector('[aria-current]')!.parentElement!.nextElementSibling;
    byId('onwards').replaceChildren(...(onwards === null ? [] : [linkTo(onwards)]));
    document.title = `${document.querySelector('[aria-current]')!.textContent} · Defunct`;
    byId('outcomes').replaceChildren();
  }

  #showOpened(opened: Opened): void {
    if (this.#chapter.id === 'sandbox')
      this.#sandbox.show(this.state.yaml ?? this.#chapter.yaml, opened, this.#viewpoint);
    else if (!opened.ok) byId('caption').textContent = opened.diagnostics[0].message;
  }

  // ---- time

  async goTo(timeUs: number, isLast: boolean): Promise<void> {
    const token = this.#token;
    const withRows = isLast || performance.now() - this.#rowsMs > ROWS_EVERY_MS;
    if (withRows) this.#rowsMs = performance.now();
    await Promise.all(this.#scenes.map((scene) => scene.seek(timeUs, withRows)));
    if (token === this.#token) this.#shown(timeUs, isLast);
  }

  async step(direction: 1 | -1): Promise<void> {
    const token = this.#token;
    await Promise.all(this.#scenes.map((scene) => scene.go(direction)));
    if (token === this.#token) this.#shown(this.#scenes[0].frame?.timeUs ?? 0);
  }

  /** Goes to the newest place of a scrub; places that came while the engine was busy are skipped. */
  async #scrub(timeUs: number): Promise<void> {
    this.#transport.stop();
    clearTimeout(this.#settling);
    this.#settling = window.setTimeout(() => void this.goTo(timeUs, true), SETTLED_MS);
    this.#timeline.at(timeUs);
    this.#wantedUs = timeUs;
    if (this.#isSeeking) return;
    this.#isSeeking = true;
    try {
      for (let toUs: number | null = timeUs; toUs !== null; toUs = this.#wantedUs) {
        this.#wantedUs = null;
        await this.goTo(toUs, false);
      }
    } finally {
      this.#isSeeking = false;
    }
  }

  #shown(timeUs: number, doRemember = true): void {
    const { frame, step } = this.#scenes[0];
    this.state.timeUs = timeUs;
    this.state.step = this.#chapter.isSmall ? step : -1;
    this.#transport.show(timeUs);
    this.#timeline.at(timeUs);
    byId('caption').textContent = doRemember || this.#chapter.isSmall ? (frame?.words ?? '') : '';
    if (doRemember) this.#remember();
  }

  #filmed(): void {
    const [first, second] = this.#scenes;
    if (first === undefined) return;
    this.#timeline.show(first.film, this.#isGuess && !this.state.isRevealed, second?.film ?? null);
    const digest = first.film?.digest;
    byId('digest').textContent =
      digest == null || this.#chapter.isSmall ? '' : `Digest of this run: ${digest}, here as in Node.`;
    if (digest != null) this.#question?.fill('headline', `${first.film!.headline}.`);
  }

  get #isGuess(): boolean {
    return this.#chapter.id === 'hidden';
  }

  // ---- what can be changed

  #controls(): void {
    const { controls, isSmall, id, pod } = this.#chapter;
    const groups = controls.map(({ name, label, choices }) =>
      radios(name, label, choices, this.state.choices[name] ?? choices[0].value, (value) => {
        if (value === choices[0].value) delete this.state.choices[name];
        else this.state.choices[name] = value;
        this.state.step = -1;
        void this.#open();
      }),
    );
    if (!isSmall && id !== 'sandbox') {
      const places = [
        { value: pod ?? '', label: `inside ${pod}` },
        { value: '', label: 'of the node' },
      ];
      const choose = (value: string): void => {
        this.state.viewpoint = value;
        void this.#open();
      };
      groups.push(radios('from', 'processes', places, this.#viewpoint ?? '', choose));
    }
    const focused = document.activeElement?.id ?? '';
    byId('controls').replaceChildren(...groups);
    document.getElementById(focused)?.focus();
  }

  // ---- questions, and hands

  #showQuestion(): void {
    this.#question?.show(this.state);
    if (!this.#isGuess) {
      this.#timeline.onDraw = null;
      this.#timeline.guess([]);
    } else this.#showGuess();
    this.#filmed();
  }

  #showGuess(): void {
    const hours = Number(this.state.answer || byId<HTMLInputElement>('guess').value);
    byId('guess-text').textContent = formatDuration(hours * HOUR_US);
    const { pidMax } = this.#scenes[0].frame!.counts;
    this.#timeline.guess([
      [0, pidMax / 75],
      [hours * HOUR_US, pidMax],
    ]);
    this.#timeline.onDraw = this.state.isRevealed
      ? null
      : (points) => {
          const [fullUs] = points.find(([, pids]) => pids >= pidMax * 0.97) ?? points.at(-1) ?? [0];
          this.state.answer = String(Math.max(4, Math.min(48, Math.round((2 * fullUs) / HOUR_US) / 2)));
          this.#question?.show(this.state);
          byId('guess-text').textContent = formatDuration(Number(this.state.answer) * HOUR_US);
          this.#remember();
        };
  }

  #answer(answer: string, reveal: boolean): void {
    this.state.answer = answer;
    this.state.isRevealed = reveal;
    this.#showQuestion();
    this.#remember();
    if (reveal) void this.#reveal();
  }

  async #reveal(): Promise<void> {
    const { choose, runTo, then } = this.#question!.shownBy;
    byId('stage').scrollIntoView({ block: 'nearest' });
    if (choose !== undefined) {
      const [name, value] = choose.split('=');
      this.state.choices = { ...this.state.choices, [name]: value };
      this.state = { ...this.state, timeUs: 0, step: -1 };
      await this.#open();
    }
    if (then !== undefined) await this.#act(then);
    if (runTo === undefined) return;
    const [{ film, endUs }] = this.#scenes;
    const full = film?.marks.find(({ kind }) => kind === 'main')?.timeUs ?? endUs;
    const toUs = runTo === 'full' ? full : parseDurationUs(runTo)!;
    if (prefersStillness() || toUs <= this.timeUs) await this.goTo(toUs, true);
    else await this.#transport.play(toUs, Math.max(1, (toUs - this.timeUs) / 1e6 / REVEAL_S));
  }

  async #act(name: string): Promise<void> {
    this.#transport.stop();
    const act = ACTS[name](this.state.acts.flatMap(({ act }) => (act.do === 'create-pod' ? act.pod : [])));
    const atUs = this.timeUs;
    const item = h('li', {}, `${formatClock(atUs)} `);
    byId('outcomes').prepend(item);
    const { words, timeUs } = await this.#scenes[0].act(act);
    this.state.acts = [...this.state.acts.filter((done) => done.atUs <= atUs), { atUs, act }];
    await this.goTo(timeUs, true);
    item.append(words.length === 0 ? 'nothing has come of it in two minutes.' : words.join(' '));
  }

  // ---- the rest

  #refresh(): void {
    for (const scene of this.#scenes) scene.refresh();
    this.#filmed();
  }

  #key(event: KeyboardEvent): void {
    const { tagName = '' } = event.target as Element;
    if (/^(INPUT|TEXTAREA|SELECT|BUTTON|A)$/.test(tagName) || event.altKey || event.ctrlKey || event.metaKey)
      return;
    if (event.key === 'ArrowRight') this.#transport.step(1);
    else if (event.key === 'ArrowLeft') this.#transport.step(-1);
    else if (event.key === ' ') this.#transport.toggle();
    else return;
    event.preventDefault();
  }
}

/** The link of a chapter in the bar, once more. */
function linkTo(chapter: Element): HTMLElement {
  const { href } = chapter.querySelector('a')!;
  return h('a', { href }, `${chapter.textContent} →`);
}

function radios(
  name: string,
  label: string,
  choices: readonly { value: string; label: string }[],
  chosen: string,
  onChoose: (value: string) => void,
): HTMLFieldSetElement {
  const options = choices.map(({ value, label: words }) => {
    const checked = value === chosen;
    const attributes = { type: 'radio', name: `control-${name}`, id: `${name}-${value}`, value, checked };
    return h(
      'label',
      {},
      h('input', { ...attributes, '@change': () => onChoose(value) }),
      h('span', {}, words),
    );
  });
  return h('fieldset', { class: 'control' }, h('legend', {}, label), ...options);
}

new Page();
