/** The engine as the page sees it: questions, each with a promise of its answer, and films as they are made. */
import type { Film, Question, Questions, Reply } from './messages.js';
import EngineWorker from './worker.ts?worker&inline';

type Answer<Q extends Question> = ReturnType<Questions[Q]>;

interface Waiting {
  resolve: (answer: never) => void;
  reject: (error: Error) => void;
}

export class Engine {
  readonly #worker: Worker = new EngineWorker();
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(onFilm: (film: Film) => void) {
    this.#worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      if ('film' in data) {
        onFilm(data.film);
        return;
      }
      const { resolve, reject } = this.#waiting.get(data.id)!;
      this.#waiting.delete(data.id);
      if ('error' in data) reject(new Error(data.error));
      else resolve(data.answer as never);
    };
  }

  close(): void {
    this.#worker.terminate();
  }

  ask<Q extends Question>(question: Q, ...args: Parameters<Questions[Q]>): Promise<Answer<Q>> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, question, args });
    });
  }
}
