/** The incident for real beside the incident on the model, as a table. */
import { type ExhaustionRun, zombiesAtTenths } from './rabbitmq.js';

/** Markdown: probe of first failure and zombies at each tenth probe, the kernel beside the model's replications. */
export function formatExhaustion(real: ExhaustionRun | null, model: readonly ExhaustionRun[]): string {
  const { pidMax } = model[0];
  const probes = new Set(
    [real, ...model].flatMap((run) => (run === null ? [] : [...zombiesAtTenths(run).keys()])),
  );
  const rows = [...probes]
    .sort((a, b) => a - b)
    .map((probe) => [
      `zombies at probe ${probe}`,
      real === null ? '' : String(zombiesAtTenths(real).get(probe) ?? ''),
      spread(model.map((run) => zombiesAtTenths(run).get(probe) ?? null)),
    ]);
  const failure = [
    'first probe that fails',
    real === null ? '' : failureOf(real),
    spread(model.map((run) => run.firstFailure)),
  ];
  const last = [
    'zombies then',
    real === null ? '' : lastZombies(real),
    spread(model.map((run) => run.steps.at(-1)!.zombies)),
  ];
  const start = [
    'zombies of the start',
    real === null ? '' : firstZombies(real),
    spread(model.map((run) => run.steps[0].zombies)),
  ];
  const head = [`pid_max ${pidMax}`, 'kernel', `model (${model.length} replications)`];
  return (
    [head, head.map(() => '---'), failure, last, start, ...rows]
      .map((row) => `| ${row.join(' | ')} |`)
      .join('\n') + '\n'
  );
}

const failureOf = ({ firstFailure }: ExhaustionRun): string =>
  firstFailure === null ? 'none' : String(firstFailure);
const lastZombies = ({ steps }: ExhaustionRun): string => String(steps.at(-1)!.zombies);
const firstZombies = ({ steps }: ExhaustionRun): string => String(steps[0].zombies);

/** `119 (116 to 122)`: median, and the range where there is one; `none` counts as later than any. */
function spread(values: readonly (number | null)[]): string {
  const sorted = values.map((value) => value ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
  const text = (value: number): string => (Number.isFinite(value) ? String(value) : 'none');
  const [min, median, max] = [sorted[0], sorted[(sorted.length - 1) >> 1], sorted[sorted.length - 1]];
  return min === max ? text(median) : `${text(median)} (${text(min)} to ${text(max)})`;
}
