/** A thread of the pool: a run for each order. */
import { parentPort } from 'node:worker_threads';
import { ScenarioRunError } from '../run/run.js';
import type { Scenario } from '../scenario/scenario.js';
import { runJob } from '../study/row.js';
import type { Answer, Order } from './pool.js';

let last: Scenario | undefined;

parentPort!.on('message', ({ scenario = last, job }: Order) => {
  last = scenario;
  parentPort!.postMessage(answerTo({ scenario: scenario!, ...job }));
});

function answerTo(job: Parameters<typeof runJob>[0]): Answer {
  try {
    return { row: runJob(job) };
  } catch (error) {
    if (error instanceof ScenarioRunError) return { diagnostics: error.diagnostics };
    return { failure: (error as Error).stack ?? String(error) };
  }
}
