/** Three nodes with a RabbitMQ pod each, and what becomes of them when pause is bumped on one or on all. */
import { byId, h, svg } from './dom.js';
import { Engine } from './engine/client.js';
import type { Film, TimedAct } from './engine/messages.js';

const HOUR_US = 3_600_000_000;
const BUMP_US = 18 * HOUR_US;
/** When the pod of each is made: a cluster does not fill all at once. */
const NODES = { A: '0s', B: '6h', C: '12h' };
type NodeName = keyof typeof NODES;

const BUMPED: Readonly<Record<string, readonly NodeName[]>> = { none: [], one: ['A'], all: ['A', 'B', 'C'] };
/** The new version is used when a sandbox is made, so the pod is made anew. */
const BUMP: readonly TimedAct[] = [
  { atUs: BUMP_US, act: { do: 'bump-pause', version: '3.1', atUs: BUMP_US } },
  { atUs: BUMP_US, act: { do: 'delete-pod', pod: 'rabbitmq', recreate: true, atUs: BUMP_US } },
];

const WIDTH = 300;
const HEIGHT = 64;

export class Cluster {
  readonly #nodes = byId('nodes');
  #engines: Engine[] = [];
  #shown: string | undefined;

  constructor(
    private readonly yaml: string,
    onChoose: (bumped: string) => void,
  ) {
    byId('cluster').addEventListener('change', (event) => onChoose((event.target as HTMLInputElement).value));
  }

  /** @param bumped where pause is bumped; undefined: nothing is chosen yet. */
  show(bumped: string | undefined): void {
    if (bumped === this.#shown) return;
    this.#shown = bumped;
    for (const engine of this.#engines) engine.close();
    this.#engines = [];
    for (const input of byId('cluster').querySelectorAll('input')) input.checked = input.value === bumped;
    const isBumped = BUMPED[bumped ?? ''];
    if (isBumped === undefined) this.#nodes.replaceChildren();
    else {
      const names = Object.keys(NODES) as NodeName[];
      this.#nodes.replaceChildren(...names.map((name) => this.#node(name, isBumped.includes(name))));
    }
  }

  #node(name: NodeName, isBumped: boolean): HTMLElement {
    const words = h('figcaption', { 'aria-live': 'polite' }, `Node ${name} is being computed …`);
    const plot = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': `Node ${name}` });
    const engine = new Engine((film) => {
      plot.replaceChildren(...drawn(film));
      if (film.digest === null) return;
      words.textContent = `Node ${name}, pause ${isBumped ? '3.1 from 18 h on' : '3.0'}: ${film.headline}.`;
      engine.close();
    });
    this.#engines.push(engine);
    const settings = [`pods.rabbitmq.startAt=${NODES[name]}`];
    const acts = isBumped ? [...BUMP] : [];
    void engine.ask('open', {
      yaml: this.yaml,
      settings,
      pod: null,
      acts,
      isSmall: false,
      isFar: true,
    });
    return h('figure', {}, plot, words);
  }
}

/** PIDs in use under the limit, from the beginning of the run to its end. */
function drawn({ columns: { timeUs, allocated, pidMax }, endUs }: Film): Node[] {
  const y = (pids: number): number => HEIGHT - (pids / (pidMax[0] * 1.05)) * HEIGHT;
  const points = timeUs.map(
    (at, index) => `${((at / endUs) * WIDTH).toFixed(1)} ${y(allocated[index]).toFixed(1)}`,
  );
  const limit = svg('path', { class: 'limit', d: `M0 ${y(pidMax[0])}H${WIDTH}` });
  const line = svg('path', { class: 'in-use', d: `M0 ${HEIGHT}L${points.join('L')}V${HEIGHT}Z` });
  return [line, limit];
}
