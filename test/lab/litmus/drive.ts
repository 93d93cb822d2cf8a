/** A driver to be interrupted: runs a litmus that never comes to rest. Says so on stdout when it is under way. */
import { runOnKernel } from '../../../src/lab/litmus/kernel-run.js';
import { litmusOf } from '../../../src/lab/litmus/litmus.js';

const litmus = litmusOf({
  name: 'endless',
  question: 'Does anything of it outlive its driver?',
  rules: [],
  programs: {
    init: {
      comm: 'init',
      steps: [
        {
          repeat: {
            times: 20,
            steps: [{ fork: { steps: [{ exec: { comm: 'execed', steps: ['pause'] } }] } }],
          },
        },
        { repeat: { times: 'forever', steps: ['reap'] } },
      ],
    },
  },
  init: 'init',
});
if (!litmus.ok) throw new Error(litmus.diagnostics[0].message);
const interruption = new AbortController();
process.once('SIGINT', () => interruption.abort());
const run = runOnKernel(litmus.value, { boundMs: 30_000, signal: interruption.signal });
setTimeout(() => console.log('under way'), 700);
await run;
if (interruption.signal.aborted) process.exitCode = 130;
