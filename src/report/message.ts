/** What is said of expectations, of how to repeat a run, and of files. */
import { type ExpectationResult, type RunResult, STANDARD_INPUT } from '../run/result.js';

/** @param name of the scenario. */
export function expectationFailures(name: string, expectations: readonly ExpectationResult[]): string[] {
  return expectations
    .filter(({ ok }) => ok === false)
    .map(({ text, actual }) => `${name}: expected ${text}, but it was ${actual}`);
}

/** `3 of 3 hold`; empty when nothing was expected. */
export function expectationTally(result: RunResult): string {
  const { expectations } = result;
  if (expectations.length === 0) return '';
  return `${expectations.filter(({ ok }) => ok).length} of ${expectations.length} hold`;
}

/** For a shell. */
export function reproduceCommand({ scenario, seed, until, fidelity, start }: RunResult): string {
  const { files = [scenario.path], preset } = scenario.madeFrom ?? {};
  const node = preset === undefined ? '' : ` --node ${preset}`;
  const set = (scenario.settings ?? []).map((text) => ` --set ${quoted(text)}`).join('');
  const end = until === 'horizon' ? '' : ` --until ${until}`;
  const all = fidelity === 'events' ? ' --fidelity events' : '';
  const options = `${node}${set} --seed ${seed}${end}${all}${start === undefined ? '' : ` --start ${start}`}`;
  if (files[0] === STANDARD_INPUT) return `pidsim run -${options} < SCENARIO.yaml`;
  return `pidsim run ${files.map(quoted).join(' ')}${options}`;
}

export function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

export function reproduce({ seed, digest, fidelity }: RunResult): string {
  const of = fidelity === 'events' ? 'all events' : 'all rows';
  return `Seed ${seed}, digest ${digest} of ${of}: the same file and seed give the same on every machine.`;
}

export function notOurs(path: string): string {
  return `${path} exists and was not written by pidsim, so it is left alone and nothing has been written`;
}
