/** The worker around the engine: one world, its film, and answers. */
import { config } from 'zod';
import { FilmMaker } from './film.js';
import type { Ask, Questions, Reply } from './messages.js';
import { World } from './world.js';

// A schema must not be compiled with `new Function`: the page forbids that, and the browser would say so.
config({ jitless: true });

let world: World | null = null;
let film: FilmMaker | null = null;

const ANSWERS: Questions = {
  open(opening) {
    const { opened, world: made } = World.open(opening);
    world = made;
    film = null;
    if (made !== null) begin(made);
    return opened;
  },
  steps: (fromUs, most) => world?.steps(fromUs, most) ?? [],
  stepsBefore: (toUs, most) => world?.stepsBefore(toUs, most) ?? [],
  seek(toUs, withRows) {
    const filmed = film?.at(toUs) ?? null;
    if (filmed !== null) return filmed;
    world!.seek(toUs);
    return world!.frame(withRows);
  },
  act(act, atUs) {
    world!.seek(atUs);
    const words = world!.act(act);
    begin(world!);
    return { words, timeUs: world!.nowUs };
  },
  litmus: (pod) => world?.litmus(pod) ?? null,
  holder(pid, atUs) {
    world!.seek(atUs);
    return world!.holder(pid);
  },
};

/** A chart that grows need not be drawn more often. */
const TELL_EVERY_MS = 100;
let toldMs = 0;

function begin(of: World): void {
  const maker = new FilmMaker(of);
  film = maker;
  const goOn = (): void => {
    if (film !== maker) return;
    const made = maker.goOn();
    if (maker.isDone || performance.now() - toldMs > TELL_EVERY_MS) {
      toldMs = performance.now();
      reply({ film: made });
    }
    if (!maker.isDone) setTimeout(goOn, 0);
    else {
      of.passages.standAt(maker.places);
      tend();
    }
  };
  setTimeout(goOn, 0);
}

const TEND_MS = 8;
/** While the page asks again and again, as when it plays, its questions have the worker for themselves. */
const QUIET_MS = 150;
let askedMs = 0;
let isTending = false;

/** Prepares the next seek, in short slices: a question is answered between two of them. */
function tend(): void {
  if (isTending) return;
  isTending = true;
  const isQuiet = performance.now() - askedMs >= QUIET_MS;
  setTimeout(
    () => {
      isTending = false;
      const from = performance.now();
      if (from - askedMs < QUIET_MS) return tend();
      while (world?.passages.tend()) if (performance.now() - from > TEND_MS) return tend();
    },
    isQuiet ? 0 : QUIET_MS,
  );
}

function reply(message: Reply): void {
  postMessage(message);
}

addEventListener('message', ({ data }: MessageEvent<Ask>) => {
  const { id, question, args } = data;
  askedMs = performance.now();
  try {
    const answer = (ANSWERS[question] as (...args: unknown[]) => unknown)(...args);
    reply({ id, answer });
    if (film?.isDone) tend();
  } catch (error) {
    reply({ id, error: (error as Error).message });
  }
});
