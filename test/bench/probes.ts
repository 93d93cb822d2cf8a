/** The 110 pods for so many hours, and nothing else: what `npm run bench:instructions` counts. Prints the probe runs. */
import { compileFor } from '../../src/cli/compiler.js';
import { simulate } from '../../src/run/run.js';
import { hundredAndTenPods } from './scenarios.js';

// As the command line does for a month of them.
compileFor(hundredAndTenPods('30d'));
const { probes } = simulate(hundredAndTenPods(`${process.argv[2]}h`));
process.stdout.write(`${probes.reduce((sum, { runs }) => sum + runs, 0)}\n`);
