/**
 * `npm run test:forward -- [SEEDS]`: runs each shipped scenario forwarded and with everything simulated, for
 * so many seeds (default: 3), and random nodes too; exit code 1 if any two differ. It takes some minutes.
 */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { parseScenario } from '../../src/scenario/parse.js';
import { crowded } from './random-probes.js';
import { given } from './random-runs.js';
import { runBoth } from './same-run.js';

const seeds = Number(process.argv[2] ?? 3);

for (const folder of ['scenarios', 'scenarios/incidents', 'test/bench/scenarios']) {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.yaml'))) {
    const path = `${folder}/${name}`;
    const parsed = parseScenario(readFileSync(path, 'utf8'), { path });
    // What a manifest makes needs its file, which the engine does not read.
    for (const scenario of parsed.ok ? parsed.value : []) {
      for (let seed = 1; seed <= seeds; seed++) {
        const { difference, events, forwarded } = runBoth({ ...scenario, seed });
        const left = ((100 * forwarded.kernel) / Math.max(1, events.kernel)).toFixed(1);
        console.log(
          `${scenario.name} seed ${seed}: ${difference === '' ? 'the same' : difference}, ${left} % simulated`,
        );
        if (difference !== '') process.exitCode = 1;
      }
    }
  }
}

for (const nodes of [given, crowded]) {
  const random = fc.check(
    fc.property(nodes, ({ scenario, options }) => runBoth(scenario, options).difference === ''),
    { numRuns: 100 * seeds },
  );
  console.log(`random nodes: ${random.failed ? fc.defaultReportMessage(random) : 'the same'}`);
  if (random.failed) process.exitCode = 1;
}
