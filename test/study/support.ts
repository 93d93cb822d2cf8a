/** Templates of small scenarios, as a command line makes them of files. */
import { parseScenario } from '../../src/scenario/parse.js';
import type { Scenario } from '../../src/scenario/scenario.js';
import { parseSetting, type Setting } from '../../src/scenario/settings.js';
import type { Template } from '../../src/study/replicate.js';
import { type RunJobs, runJob } from '../../src/study/row.js';
import type { Parsed } from '../../src/text/diagnostic.js';

/** A node that is full in minutes: each probe leaves an orphan under a pause that does not reap. */
export function leaky(spec = ''): string {
  return `apiVersion: pidsim/v1
kind: Scenario
metadata: {name: leaky}
spec:
  horizon: 2h
  node:
    kernel: {version: "4.14", pidMax: 1000, memory: 4Gi}
    baseline: {tasks: 60}
    kubelet: {version: "1.7"}
    runtime: {name: docker, version: "17.12"}
    pause: "3.0"
  programs:
    probe: {comm: probe, steps: [{fork: {comm: orphan, steps: [setsid, {sleep: 100ms}]}}, {exit: 0}]}
  pods:
    - name: web
      containers:
        - {name: app, program: app, livenessProbe: {exec: {command: [probe]}, periodSeconds: 2}}
${spec}`;
}

export interface TestTemplate extends Template {
  document: unknown;
  with: (...settings: (string | Setting)[]) => TestTemplate;
}

export function template(text: string, after: readonly Setting[] = []): TestTemplate {
  const own = (parsed: ReturnType<typeof parseScenario>): Parsed<Scenario> =>
    parsed.ok ? { ...parsed, value: parsed.value[0] } : parsed;
  const written = parseScenario(text, { settings: after });
  if (!written.ok) throw new Error(written.diagnostics.map(({ message }) => message).join('\n'));
  return {
    scenario: written.value[0],
    document: written.sources![0].value,
    vary: ({ settings, orphansOf, shareOf }) =>
      own(parseScenario(text, { settings: [...settings, ...after], assume: { orphansOf, shareOf } })),
    with: (...settings) =>
      template(text, [
        ...after,
        ...settings.map((each) => (typeof each === 'string' ? parseSetting(each)! : each)),
      ]),
  };
}

/** One run after another, as a study without threads. */
export const inTurn: RunJobs = async (jobs, onProgress) =>
  jobs.map((job, index) => {
    const row = runJob(job);
    onProgress?.(index + 1);
    return row;
  });

/** Counts the runs. */
export function counting(): { run: RunJobs; count: () => number } {
  let count = 0;
  const run: RunJobs = (jobs, onProgress) => {
    count += jobs.length;
    return inTurn(jobs, onProgress);
  };
  return { run, count: () => count };
}
