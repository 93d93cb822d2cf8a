/** Runs of a study on several threads. A row depends on its job alone, so the number of threads changes no answer. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ScenarioRunError } from '../run/run.js';
import type { Scenario } from '../scenario/scenario.js';
import { type Job, type Row, type RunJobs, runJob } from '../study/row.js';
import type { Diagnostic } from '../text/diagnostic.js';

/** To a thread. It keeps the last scenario, which is large; without one it takes that. */
export interface Order {
  scenario?: Scenario;
  job: Omit<Job, 'scenario'>;
}

/** From a thread: a row, or why there is none. */
export type Answer = { row: Row } | { diagnostics: readonly Diagnostic[] } | { failure: string };

/** A thread takes a while to begin: what is done within that is done here. */
const FEW_JOBS = 2;

export class Pool {
  readonly #threads: number;
  readonly #signal: AbortSignal | undefined;
  #workers: Worker[] = [];

  constructor({ threads, signal }: { threads?: number; signal?: AbortSignal } = {}) {
    this.#threads = threads ?? availableParallelism();
    this.#signal = signal;
  }

  /** The rows in the order of the jobs; after an abort those that come before the first unfinished one. */
  readonly run: RunJobs = async (jobs, onProgress) => {
    if (this.#threads < 2 || jobs.length < FEW_JOBS) return this.#here(jobs, onProgress);
    const rows: Row[] = [];
    let next = 0;
    let done = 0;
    const loop = async (worker: Worker): Promise<void> => {
      let last: Scenario | null = null;
      while (next < jobs.length && !this.#signal?.aborted) {
        const index = next++;
        const { scenario, ...job } = jobs[index];
        const order: Order = scenario === last ? { job } : { scenario, job };
        last = scenario;
        const row = await this.#ask(worker, order);
        if (row === null) return;
        rows[index] = row;
        onProgress?.(++done);
      }
    };
    await Promise.all(this.#start(Math.min(this.#threads, jobs.length)).map(loop));
    const firstMissing = Array.from(jobs, (_job, index) => index).find((index) => rows[index] === undefined);
    return rows.slice(0, firstMissing);
  };

  /** Ends the threads. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
    this.#workers = [];
  }

  async #here(jobs: readonly Job[], onProgress?: (done: number) => void): Promise<Row[]> {
    const rows: Row[] = [];
    for (const job of jobs) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#signal?.aborted) break;
      rows.push(runJob(job));
      onProgress?.(rows.length);
    }
    return rows;
  }

  #start(count: number): Worker[] {
    while (this.#workers.length < count)
      this.#workers.push(new Worker(new URL('./worker.js', import.meta.url)).setMaxListeners(0));
    return this.#workers.slice(0, count);
  }

  /** null: aborted. */
  #ask(worker: Worker, order: Order): Promise<Row | null> {
    const signal = this.#signal;
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        worker.off('message', onAnswer).off('error', onError);
        signal?.removeEventListener('abort', onAbort);
        act();
      };
      const onAnswer = (answer: Answer): void =>
        settle(() => {
          if ('row' in answer) resolve(answer.row);
          else if ('diagnostics' in answer) reject(new ScenarioRunError(answer.diagnostics));
          else reject(new Error(answer.failure));
        });
      const onError = (error: Error): void => settle(() => reject(error));
      const onAbort = (): void => settle(() => resolve(null));
      worker.on('message', onAnswer).on('error', onError);
      signal?.addEventListener('abort', onAbort);
      worker.postMessage(order);
    });
  }
}
