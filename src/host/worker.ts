/** A thread of the pool: a run for each order. */
import { parentPort } from 'node:worker_threads';
import { type Run, ScenarioRunError } from '../run/run.js';
import type { Scenario } from '../scenario/scenario.js';
import { runJob } from '../study/row.js';
import type { Answer, Order } from './pool.js';
import { runScenario } from './run-scenario.js';

let last: Scenario | undefined;

parentPort!.on('message', async (order: Order) => parentPort!.postMessage(await answerTo(order)));

async function answerTo(order: Order): Promise<Answer> {
  try {
    if ('run' in order) return { done: await runScenario(order.run, toTheEnd) };
    const { scenario = last, job } = order;
    last = scenario;
    return { done: runJob({ scenario: scenario!, ...job }) };
  } catch (error) {
    if (error instanceof ScenarioRunError) return { diagnostics: error.diagnostics };
    const { stack, code } = error as NodeJS.ErrnoException;
    return { failure: stack ?? String(error), code };
  }
}

async function toTheEnd(run: Run): Promise<boolean> {
  while (!run.isOver) run.advance();
  return true;
}
