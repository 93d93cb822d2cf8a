/** `pidsim compare`: which fix buys how much? */
import type { CommandModule } from 'yargs';
import { csvTable } from '../report/csv.js';
import { toJson } from '../report/document.js';
import { COMPARE_CSV_COLUMNS, compareDocument, compareRows, compareTable } from '../report/study/compare.js';
import { compareFiles } from '../report/study/files.js';
import { inlined } from '../scenario/manifest/inline.js';
import type { Setting } from '../scenario/settings.js';
import { type Compared, compare, type Variant } from '../study/compare.js';
import { type Fix, fixesOf, restartEvery } from '../study/fixes.js';
import { type Restarts, restartsNeeded } from '../study/restarts.js';
import type { RunJobs } from '../study/row.js';
import { usageError } from './exit.js';
import { readerBeside } from './files.js';
import {
  type Loaded,
  type LoadedTemplate,
  type LoadOptions,
  load,
  loadTexts,
  orExit,
  templatesOrExit,
} from './load.js';
import {
  type FileArguments,
  loadOptions,
  namedFiles,
  off,
  outputOption,
  settingOrExit,
  texts,
  withFiles,
} from './options.js';
import {
  changeOf,
  inStudy,
  replicationsOf,
  type StudyArguments,
  terminalWidth,
  withStudy,
  writeStudy,
} from './study.js';

interface Arguments extends FileArguments, StudyArguments {
  output: (typeof FORMATS)[number];
  fixes: boolean;
  with?: string[];
}

const FORMATS = ['table', 'wide', 'csv', 'json'] as const;
/** Long enough to see whether a fix lasts. */
const HORIZON = '30d';

export const compareCommand: CommandModule<object, Arguments> = {
  command: 'compare [files..]',
  describe: 'Which fix buys how much: scenarios side by side, or one with what people do about it',
  builder: (yargs) =>
    withStudy(withFiles<Arguments>(yargs), HORIZON)
      .options({
        fixes: off('Of one scenario: the known fixes, each alone'),
        with: texts(
          "Of one scenario: a variant with this set; several at once: 'node.pause=3.1, pods.*.count=2'",
        ),
        output: outputOption(FORMATS),
      })
      .example('$0 compare incident.yaml --fixes', 'every known fix, with what it buys and costs')
      .example('$0 compare before.yaml after.yaml', 'two scenarios, with the same luck')
      .example(
        '$0 compare incident.yaml --with node.pause=3.1 --with node.kernel.pidMax=65536',
        'your own variants',
      ),
  async handler(args) {
    const loaded = load(namedFiles(args, 'pidsim compare incident.yaml --fixes'), loadOptions(args));
    const change = changeOf(args, HORIZON);
    const written = templatesOrExit(loaded, change);
    const inline = args.fixes ? withoutManifests(written, loadOptions(args)) : null;
    const templates = inline === null ? written : templatesOrExit(inline, change, true);
    const variants = variantsOf(templates, args);
    await inStudy(args, 'runs', async ({ run, onProgress, interruption }) => {
      const compared = await compare(
        variants,
        { replications: replicationsOf(args), fidelity: args.fidelity, onProgress },
        run,
      );
      const restarts =
        args.fixes && !interruption.aborted
          ? await restartsOf(templates[0], compared, run, args.fidelity)
          : null;
      await writeStudy(args, compareFiles(compared, restarts));
      process.stdout.write(render(compared, restarts, args.output));
    });
  },
};

/** A fix is a setting, which reaches no pod in another file: those are written out. Null: there are none. */
function withoutManifests([template]: readonly LoadedTemplate[], options: LoadOptions): Loaded[] | null {
  const { path } = template.scenario;
  const text = inlined(template.source?.value, readerBeside(path));
  return text === null ? null : loadTexts([{ path, text }], readerBeside, { ...options, settings: [] });
}

/** null: the scenario as it is comes to no harm, or has no exec probe, so there is nothing to restart. */
async function restartsOf(
  template: LoadedTemplate,
  [none]: readonly Compared[],
  run: RunJobs,
  fidelity: Arguments['fidelity'],
): Promise<Restarts | null> {
  const settings = (every: string) => restartEvery(template.scenario, template.source?.value, every);
  if (none.estimate === null || none.estimate.harmed.value === 0 || settings('1d').length === 0) return null;
  return restartsNeeded((every) => orExit(template.with(settings(every))), run, fidelity);
}

function render(
  compared: readonly Compared[],
  restarts: Restarts | null,
  format: Arguments['output'],
): string {
  if (format === 'json') return toJson(compareDocument(compared, restarts));
  if (format === 'csv') return csvTable(COMPARE_CSV_COLUMNS, compareRows(compared));
  return compareTable(compared, restarts, format === 'wide' ? null : terminalWidth());
}

function variantsOf(templates: readonly LoadedTemplate[], args: Arguments): Variant[] {
  const own = (args.with ?? []).map((text) => ({ text, settings: splitSettings(text).map(settingOrExit) }));
  const isOfOne = args.fixes || own.length > 0;
  if (!isOfOne && templates.length < 2)
    throw usageError('there is one scenario, and nothing to compare it with', 'name another, or add --fixes');
  if (!isOfOne)
    return templates.map((template) => ({ name: template.scenario.name, settings: [], template }));
  if (templates.length > 1)
    throw usageError(
      `--fixes and --with are for one scenario, and these are ${templates.length}`,
      'name one file with one node',
    );
  const [template] = templates;
  const fixes: Pick<Fix, 'name' | 'settings' | 'why'>[] = args.fixes
    ? fixesOf(template.scenario, template.source?.value)
    : [{ name: 'as it is', settings: [] }];
  return [
    ...fixes.map((fix): Variant => {
      const { settings, ...told } = fix;
      if (settings === null) return { ...told, settings: [], template: null, why: fix.why! };
      return variantWith(template, settings, told);
    }),
    ...own.map(({ text, settings }) => variantWith(template, settings, { name: text }, true)),
  ];
}

/** A fix that contradicts the scenario is left out, with its reason. A wrong `--with` is an error. */
function variantWith(
  template: LoadedTemplate,
  settings: readonly Setting[],
  told: Omit<Variant, 'settings' | 'template'>,
  isOwn = false,
): Variant {
  const texts = settings.map(({ text }) => text);
  const parsed = template.with(settings);
  if (parsed.ok) return { ...told, settings: texts, template: parsed.value };
  if (isOwn) orExit(parsed);
  const [{ message }] = parsed.diagnostics;
  return { ...told, settings: texts, template: null, why: message };
}

/** At commas that stand before a PATH=. */
function splitSettings(text: string): string[] {
  return text.split(/,\s*(?=[^\s,=]+=)/);
}
