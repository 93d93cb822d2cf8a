/**
 * Builds `dist/`: the command line and the library as one graph of modules, the engine for a browser and the kernel by
 * itself as one file each, the page that teaches, the licences of what they contain, the JSON Schema of scenario files.
 * `--types` adds the declarations, `--bench` the benchmarks.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'rolldown';
import { documentDeclaration, withoutJson } from './declarations.js';
import { licencesOf } from './licences.js';
import { buildPage } from './page.js';

/** Built beside `dist/` and swapped in at the end: a `pidsim` that runs meanwhile finds it whole. */
const FRESH = `dist.${process.pid}`;

const common = {
  // Numbers of an enum and of a constant stand in the code: a `switch` over them becomes a jump table.
  transform: { target: 'es2023', typescript: { optimizeEnums: true } },
  optimization: { inlineConst: { mode: 'all' } },
};

const forNode = {
  ...common,
  platform: 'node',
  resolve: {
    alias: {
      // The same as ES modules: what nobody calls is left out.
      yaml: join(import.meta.dirname, 'node_modules/yaml/browser/dist/index.js'),
      // Node has what the browser's edition brings along.
      'csv-stringify/browser/esm/sync': 'csv-stringify/sync',
      'string-width': join(import.meta.dirname, 'src/cli/string-width.ts'),
    },
  },
};

const output = (dir) => ({
  dir,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: 'chunk-[name]-[hash].js',
  comments: { legal: false, annotation: false, jsdoc: false },
  // A file with one character that is not ASCII takes V8 twice the memory, and longer to read.
  minify: { compress: false, mangle: false, codegen: { removeWhitespace: false, asciiOnly: true } },
});

/** Whatever of it is data alone, readers of scenarios need too. */
const SIMULATES =
  /src\/(cli\/(study|compiler)|run\/(?!result|harm|bracket|story)|study\/(?!estimate|survival|sweep)|kernel\/(?!limits|signals|ids)|node\/(?!spec|versions|context)|sim\/(calendar|simulation|timeouts|instant|rung|digest)|program\/(machine|interpret|context|waiting))/;

await buildPackage();
if (process.argv.includes('--bench')) await buildBenchmarks();

async function buildPackage() {
  const bundles = await Promise.all([
    build({
      ...forNode,
      input: {
        cli: 'src/cli/start.ts',
        index: 'src/index.ts',
        worker: 'src/host/worker.ts',
        lab: 'src/entry/lab.ts',
        vitest: 'src/entry/vitest.ts',
      },
      external: ['vitest'],
      // What most commands need is one file: Node takes its time for each more. What simulates is another: a
      // command that only reads does without.
      output: {
        ...output(FRESH),
        codeSplitting: {
          groups: [
            // A group takes in what its modules import: first what simulates nothing, then the rest.
            { name: 'shared', test: (id) => !SIMULATES.test(id), minShareCount: 6, priority: 2 },
            { name: 'model', test: SIMULATES, minShareCount: 2, priority: 1 },
          ],
        },
      },
    }),
    ...['browser.ts', 'entry/kernel.ts'].map((path) =>
      build({
        ...common,
        platform: 'browser',
        input: { [path.replace(/^.*\/|\.ts$/g, '')]: `src/${path}` },
        output: { ...output(FRESH), codeSplitting: false },
      }),
    ),
  ]);
  const ofPage = await buildPage(`${FRESH}/pidsim.html`);
  const chunks = bundles.flatMap((bundle) => bundle.output).filter(({ type }) => type === 'chunk');
  writeFileSync(
    `${FRESH}/THIRD-PARTY-LICENSES.txt`,
    licencesOf([...chunks.flatMap(({ moduleIds }) => moduleIds), ...ofPage]),
  );
  chmodSync(`${FRESH}/cli.js`, 0o755);
  // The lab compiles its runners with the machine's own compiler when it needs them, and looks for them here.
  cpSync('src/lab', `${FRESH}/lab`, {
    recursive: true,
    filter: (path) => statSync(path).isDirectory() || /\.[ch]$/.test(path),
  });
  writeFileSync(`${FRESH}/scenario.schema.json`, node(`${FRESH}/cli.js`, 'explain', '--schema'));
  if (process.argv.includes('--types')) {
    node('node_modules/typescript/bin/tsc', '-p', 'src/tsconfig.types.json', '--outDir', `${FRESH}/types`);
    for (const path of readdirSync(`${FRESH}/types`, { recursive: true })) {
      if (!path.endsWith('.d.ts')) continue;
      const file = `${FRESH}/types/${path}`;
      const read = (json) => JSON.parse(readFileSync(join('src', dirname(path), json), 'utf8'));
      writeFileSync(file, withoutJson(readFileSync(file, 'utf8'), read));
    }
    const schema = JSON.parse(readFileSync(`${FRESH}/scenario.schema.json`, 'utf8'));
    writeFileSync(`${FRESH}/types/scenario/document.d.ts`, documentDeclaration(schema));
  }
  rmSync('dist', { recursive: true, force: true });
  renameSync(FRESH, 'dist');
}

async function buildBenchmarks() {
  await build({
    ...common,
    platform: 'node',
    // Packages stay outside.
    external: /^[^./]/,
    input: Object.fromEntries(
      ['main', 'memory', 'turns', 'slices'].map((name) => [name, `test/bench/${name}.ts`]),
    ),
    output: { ...output('.cache/bench/program'), cleanDir: true },
  });
}

/** What a program prints. Its failure is one of the build. */
function node(...args) {
  const { status, stdout } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status === 0) return stdout;
  process.stderr.write(stdout);
  rmSync(FRESH, { recursive: true, force: true });
  throw new Error(`${args.join(' ')}: ${status}`);
}
