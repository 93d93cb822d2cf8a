/** The engine as the page sees it: questions, each with a promise of its answer; and films. */
import packed from 'virtual:packed-engine';
import type { Film, Question, Questions, Reply } from './messages.js';

type Answer<Q extends Question> = ReturnType<Questions[Q]>;

interface Waiting {
  resolve: (answer: never) => void;
  reject: (error: Error) => void;
}

export class Engine {
  readonly #worker = startWorker();
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(onFilm: (film: Film) => void) {
    const hear = ({ data }: MessageEvent<Reply>): void => {
      if ('film' in data) {
        onFilm(data.film);
        return;
      }
      const { resolve, reject } = this.#waiting.get(data.id)!;
      this.#waiting.delete(data.id);
      if ('error' in data) reject(new Error(data.error));
      else resolve(data.answer as never);
    };
    void this.#worker.then((worker) => {
      worker.onmessage = hear;
    });
  }

  close(): void {
    void this.#worker.then((worker) => worker.terminate());
  }

  ask<Q extends Question>(question: Q, ...args: Parameters<Questions[Q]>): Promise<Answer<Q>> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      void this.#worker.then((worker) => worker.postMessage({ id, question, args }));
    });
  }
}

/** Unpacked the page would be three times as large. */
async function startWorker(): Promise<Worker> {
  const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  const script = await new Response(unpacked, { headers: { 'Content-Type': 'text/javascript' } }).blob();
  return new Worker(URL.createObjectURL(script));
}
