/** `pidsim run --replications`: how sure is the answer? */

import { toJson } from '../report/document.js';
import { expectationFailures } from '../report/message.js';
import { replicationFiles } from '../report/study/files.js';
import { fleetText } from '../report/study/fleet.js';
import {
  expectationsOf,
  replicationsCsv,
  replicationsDocument,
  replicationsTable,
} from '../report/study/replications.js';
import type { OutputFormat } from '../report/table.js';
import type { RunEnd } from '../run/result.js';
import { replicate } from '../study/replicate.js';
import { usageError } from './exit.js';
import { type Loaded, type LoadedTemplate, templatesOrExit } from './load.js';
import {
  changeOf,
  failOnExpectations,
  inStudy,
  replicationsOf,
  type StudyArguments,
  terminalWidth,
  writeStudy,
} from './study.js';

interface Arguments extends StudyArguments {
  output: OutputFormat;
  until: RunEnd;
}

export async function runMany(loaded: readonly Loaded[], args: Arguments): Promise<void> {
  if (args.output === 'yaml')
    throw usageError('-o yaml is for single runs', 'with --replications: table, csv or json');
  const templates = templatesOrExit(loaded, changeOf(args));
  await inStudy(args, 'runs', async ({ run, onProgress }) => {
    const options = {
      replications: replicationsOf(args),
      until: untilOf(args, templates),
      fidelity: args.fidelity,
      onProgress,
    };
    const isFleet = templates.every(({ scenario }) => scenario.group !== undefined);
    const all = (await replicate(templates, options, run)).filter(({ rows }) => rows.length > 0);
    if (args.output === 'json') process.stdout.write(toJson(replicationsDocument(all)));
    else if (args.output === 'csv') process.stdout.write(replicationsCsv(all));
    else process.stdout.write(isFleet ? fleetText(all) : replicationsTable(all, terminalWidth()));
    await writeStudy(args, replicationFiles(all));
    failOnExpectations(all.flatMap((one) => expectationFailures(one.scenario.name, expectationsOf(one))));
  });
}

/** If nothing else is asked for, a run ends with its first harm: the rest would take most of the time. */
function untilOf({ until }: Arguments, templates: readonly LoadedTemplate[]): RunEnd {
  const asks = templates.flatMap(({ scenario }) => scenario.expect).filter(({ over }) => over !== undefined);
  return until === 'horizon' && asks.every(({ subject }) => subject === 'firstHarm') ? 'harm' : until;
}
