/** Runs on several threads. An answer depends on its order alone, so the number of threads changes none. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ScenarioRunError } from '../run/run.js';
import type { Scenario } from '../scenario/scenario.js';
import { type Job, type Row, type RunJobs, runJob } from '../study/row.js';
import type { Diagnostic } from '../text/diagnostic.js';
import type { Finished, RunOrder } from './run-scenario.js';

/**
 * To a thread: a run of a study, which leaves a row; or one of `pidsim run`, with its files. It keeps the
 * last scenario of a study, which is large; without one it takes that.
 */
export type Order = { scenario?: Scenario; job: Omit<Job, 'scenario'> } | { run: RunOrder };

/** From a thread: what was asked for, or why there is none. */
export type Answer =
  | { done: Row | Finished | null }
  | { diagnostics: readonly Diagnostic[] }
  | { failure: string; code?: string };

/** A thread takes a while to begin: what is done within that is done here. */
const FEW_JOBS = 2;
/** Room for new objects in each thread. V8's own 48 MB made it no faster. */
const resourceLimits = { maxYoungGenerationSizeMb: 12 };

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
    if (!this.isFor(jobs.length)) return this.#here(jobs, onProgress);
    const rows: Row[] = [];
    let done = 0;
    const orderOf = (index: number, before: number | null): Order => {
      const { scenario, ...job } = jobs[index];
      return before !== null && jobs[before].scenario === scenario ? { job } : { scenario, job };
    };
    await this.#onThreads<Row>(jobs.length, orderOf, (index, row) => {
      rows[index] = row;
      onProgress?.(++done);
    });
    const firstMissing = Array.from(jobs, (_job, index) => index).find((index) => rows[index] === undefined);
    return rows.slice(0, firstMissing);
  };

  /** Are so many jobs done sooner on threads than here? */
  isFor(count: number): boolean {
    return this.#threads >= 2 && count >= FEW_JOBS;
  }

  /** Scenarios by their place; after an abort some are missing. */
  async runScenarios(
    count: number,
    orderOf: (index: number) => RunOrder,
    take: (index: number, finished: Finished) => void,
  ): Promise<void> {
    await this.#onThreads<Finished>(count, (index) => ({ run: orderOf(index) }), take);
  }

  /** @param orderOf is told which order the thread has had before. */
  async #onThreads<T extends Row | Finished>(
    count: number,
    orderOf: (index: number, before: number | null) => Order,
    take: (index: number, done: T) => void,
  ): Promise<void> {
    let next = 0;
    const loop = async (worker: Worker): Promise<void> => {
      let before: number | null = null;
      while (next < count && !this.#signal?.aborted) {
        const index = next++;
        const done = await this.#ask(worker, orderOf(index, before));
        if (done === null) return;
        before = index;
        take(index, done as T);
      }
    };
    await Promise.all(this.#start(Math.min(this.#threads, count)).map(loop));
  }

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
      this.#workers.push(
        new Worker(new URL('./worker.js', import.meta.url), { resourceLimits }).setMaxListeners(0),
      );
    return this.#workers.slice(0, count);
  }

  /** null: aborted. */
  #ask(worker: Worker, order: Order): Promise<Row | Finished | null> {
    const signal = this.#signal;
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        worker.off('message', onAnswer).off('error', onError);
        signal?.removeEventListener('abort', onAbort);
        act();
      };
      const onAnswer = (answer: Answer): void =>
        settle(() => {
          if ('done' in answer) resolve(answer.done);
          else if ('diagnostics' in answer) reject(new ScenarioRunError(answer.diagnostics));
          else reject(Object.assign(new Error(answer.failure), { code: answer.code }));
        });
      const onError = (error: Error): void => settle(() => reject(error));
      const onAbort = (): void => settle(() => resolve(null));
      worker.on('message', onAnswer).on('error', onError);
      signal?.addEventListener('abort', onAbort);
      worker.postMessage(order);
    });
  }
}
