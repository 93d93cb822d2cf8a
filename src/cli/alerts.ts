/** `pidsim alerts test`: would these alert rules have fired in time? Asked of the real promtool. */
import { readFileSync } from 'node:fs';
import type { CommandModule } from 'yargs';
import { checkRules, promtool, testRules } from '../host/promtool.js';
import { toJson } from '../report/document.js';
import { labelsText } from '../report/openmetrics.js';
import SERIES from '../report/openmetrics.json' with { type: 'json' };
import { type AlertsOfScenario, alertsDocument, alertsTable } from '../report/study/alerts.js';
import { Meter } from '../run/meter.js';
import { Run } from '../run/run.js';
import type { Scenario } from '../scenario/scenario.js';
import { US_PER_HOUR, US_PER_SECOND } from '../sim/time.js';
import { type AlertRun, promtoolTest, readFirings, seriesIn, verdictOf } from '../study/alerts.js';
import { prepare } from '../study/replicate.js';
import { parseDurationUs } from '../text/duration.js';
import { isMapping } from '../text/value.js';
import { readYaml } from '../text/yaml.js';
import { compileFor } from './compiler.js';
import { CommandError, EXIT, usageError } from './exit.js';
import { reasonOf } from './files.js';
import type { Interruption } from './interruption.js';
import { load, templatesOrExit } from './load.js';
import { type FileArguments, loadOptions, number, outputOption, text, withReading } from './options.js';
import { changeOf, inStudy, replicationsOf, type StudyArguments } from './study.js';

interface Arguments extends FileArguments, Pick<StudyArguments, 'horizon' | 'seed' | 'replications'> {
  output: 'table' | 'json';
  rules: string[];
  scenario: string[];
  interval: string;
}

interface Rules {
  /** By the names that promtool is given. */
  files: Record<string, string>;
  alerts: string[];
  /** Of each alert or recorded series, what its expression asks for. */
  asked: Record<string, string[]>;
}

const NOT_HERE = `error: promtool is not installed, and it is what judges the rules
  hint: apt install prometheus, or a release of Prometheus from prometheus.io/download`;
/** What fires later than this after the first refused fork has not warned anybody. */
const LATE_US = US_PER_HOUR;

const testCommand: CommandModule<object, Arguments> = {
  command: 'test <rules..>',
  describe: 'Whether alert rules fire, how long before the first refused fork, and how often for nothing',
  builder: (yargs) =>
    withReading<Arguments>(yargs)
      .positional('rules', { type: 'string', array: true, describe: 'Files of Prometheus alerting rules' })
      .options({
        scenario: {
          alias: 's',
          type: 'string',
          array: true,
          demandOption: 'name scenarios of leaking and of healthy nodes',
          describe: 'Scenarios or manifests; those that fill tell lead times, the others false alarms',
        },
        replications: { ...text('Runs of each, with other luck and other draws'), default: '10' },
        horizon: text("How long to simulate. Default: the scenario's own"),
        interval: { ...text('Between scrapes, and evaluations'), default: '1m' },
        seed: number("Seed to use instead of the scenario's own"),
        output: outputOption(['table', 'json']),
      })
      .example(
        '$0 alerts test rules.yml --scenario scenarios/rabbitmq-pause-3.0.yaml scenarios/healthy-node.yaml',
        'how early, and how often for nothing',
      ) as never,
  async handler(args) {
    const intervalUs = parseDurationUs(args.interval);
    if (intervalUs === null || intervalUs < US_PER_SECOND || intervalUs % US_PER_SECOND !== 0)
      throw usageError(`--interval ${args.interval}: not whole seconds`, '--interval 1m');
    const replications = replicationsOf(args as StudyArguments);
    if (replications === 'auto') throw usageError('--replications auto: how many?', '--replications 10');
    const rules = await rulesOrExit(args.rules.map(String));
    const study = args as unknown as StudyArguments;
    const change = changeOf(study);
    const templates = templatesOrExit(load(args.scenario.map(String), loadOptions(args)), (scenario) => ({
      ...change(scenario),
      sampleEveryUs: intervalUs,
    }));
    await inStudy({ ...study, threads: 1 }, 'runs', async ({ onProgress, interruption }) => {
      const all: AlertsOfScenario[] = [];
      const heard = new Set<string>();
      for (const [index, template] of templates.entries()) {
        const { jobOf, scenario } = prepare(template);
        const runs: AlertRun[] = [];
        for (let replication = 0; replication < replications && !interruption.aborted; replication++) {
          const told = await alertRun(jobOf(replication), rules, intervalUs, interruption);
          if (told === null) break;
          runs.push(told.run);
          for (const name of told.series) heard.add(name);
          onProgress(index * replications + replication + 1, templates.length * replications);
          if (!told.isRandom) break;
        }
        interruption.throwIfAborted();
        all.push({
          scenario: scenario.name,
          runs,
          verdicts: rules.alerts.map((alert) => verdictOf(alert, runs)),
        });
      }
      const unheard = unheardOf(rules, heard);
      process.stdout.write(
        args.output === 'json' ? toJson(alertsDocument(all, unheard)) : alertsTable(all, unheard),
      );
    });
  },
};

export const alertsCommand: CommandModule = {
  command: 'alerts <command>',
  describe: 'Would your alert have fired, and in time?',
  builder: (yargs) => yargs.command(testCommand).demandCommand(1, 'name a command: pidsim alerts test'),
  handler() {
    // One of the commands has run.
  },
};

/** Checked by promtool itself. */
async function rulesOrExit(paths: readonly string[]): Promise<Rules> {
  const rules: Rules = { files: {}, alerts: [], asked: {} };
  for (const [index, path] of paths.entries()) {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      throw usageError(`${path}: ${reasonOf(error)}`);
    }
    const plain = plainRules(readYaml(text, path).documents.map(({ value }) => value));
    const checked = await (plain === null ? promtool(['check', 'rules', path]) : checkRules(plain, path));
    if (checked === null) throw new CommandError(EXIT.skipped, NOT_HERE);
    if (!checked.isOk) throw new CommandError(EXIT.usage, checked.text.trimEnd());
    rules.files[`rules-${index}.yml`] = plain ?? text;
    for (const { alert, record, expr } of rulesIn(readYaml(plain ?? text, path).documents[0]?.value)) {
      if (typeof alert === 'string') rules.alerts.push(alert);
      rules.asked[String(alert ?? record)] ??= seriesIn(String(expr));
    }
  }
  if (rules.alerts.length === 0)
    throw usageError(`${paths.join(', ')}: no alert in it`, 'rules with `alert:`');
  return { ...rules, alerts: [...new Set(rules.alerts)] };
}

function listIn(of: unknown, key: string): unknown[] {
  return isMapping(of) && Array.isArray(of[key]) ? (of[key] as unknown[]) : [];
}

function rulesIn(value: unknown): Record<string, unknown>[] {
  return listIn(value, 'groups')
    .flatMap((group) => listIn(group, 'rules'))
    .filter(isMapping);
}

/** The groups of PrometheusRule objects, as promtool reads them; null: it is no such object. JSON is YAML. */
function plainRules(documents: readonly unknown[]): string | null {
  const objects = documents.filter((value) => isMapping(value) && value.kind === 'PrometheusRule');
  if (objects.length === 0) return null;
  return JSON.stringify({
    groups: objects.flatMap((value) => listIn((value as { spec?: unknown }).spec, 'groups')),
  });
}

/** By alert: the series that it asks for, also through recorded ones, and that no simulated exporter has. */
function unheardOf({ alerts, asked }: Rules, heard: ReadonlySet<string>): Record<string, string[]> {
  const missing = (name: string, seen: readonly string[]): string[] => {
    if (heard.has(name) || /^ALERTS(_FOR_STATE)?$/.test(name) || seen.includes(name)) return [];
    return asked[name]?.flatMap((each) => missing(each, [...seen, name])) ?? [name];
  };
  const all = alerts.map((alert): [string, string[]] => [
    alert,
    [...new Set(asked[alert].flatMap((name) => missing(name, [alert])))],
  ]);
  return Object.fromEntries(all.filter(([, names]) => names.length > 0));
}

/** null: interrupted. */
async function alertRun(
  { scenario, replication }: { scenario: Scenario; replication: number },
  { files }: Rules,
  intervalUs: number,
  interruption: Interruption,
): Promise<{ run: AlertRun; isRandom: boolean; series: string[] } | null> {
  compileFor(scenario);
  let meter!: Meter;
  const run = new Run(scenario, {
    replication,
    record: false,
    observe: (node) => (meter = new Meter(node, scenario.name)),
  });
  let refusedUs: number | null = null;
  for (let untilUs = LATE_US; !run.isOver; untilUs += LATE_US) {
    while (!run.advance(untilUs)) if (interruption.aborted) return null;
    await interruption.breathe();
    if (refusedUs !== null) break;
    const { firstForkRefusedSeconds } = run.summary().symptoms;
    if (firstForkRefusedSeconds !== null) refusedUs = firstForkRefusedSeconds * US_PER_SECOND;
  }
  const { symptoms, projection, endSeconds } = run.summary();
  const { metered } = meter;
  const text = Object.values(files).join('\n');
  const test = promtoolTest(metered, {
    ruleFiles: Object.keys(files),
    isUsed: (name) => text.includes(name) || text.includes('__name__'),
    intervalSeconds: intervalUs / US_PER_SECOND,
    labelsText,
  });
  const answer = await testRules(test, files);
  const fired = answer === null ? null : readFirings(answer.text, intervalUs / US_PER_SECOND);
  if (fired === null) throw new CommandError(EXIT.usage, answer?.text.trimEnd() ?? NOT_HERE);
  return {
    run: {
      refusedSeconds: symptoms.firstForkRefusedSeconds,
      isHeading: projection?.kind === 'exhausts',
      endSeconds,
      fired,
    },
    isRandom: run.node.context.streams.isUsed,
    series: [...Object.keys(SERIES), ...metered.metrics.map(({ name }) => name)],
  };
}
