/**
 * Builds `dist/`: the command line, the library and the engine for a browser, each bundled; `--types` adds the
 * declarations, `--bench` the benchmarks. Bundling is what makes `pidsim` start fast, and a code cache; charting and the
 * lab are modules that are loaded when they are asked for.
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
import { build } from 'esbuild';

/** Built beside and swapped in at the end: whoever runs `dist/` meanwhile finds it whole. */
const FRESH = `dist.${process.pid}`;

/**
 * Functions of dependencies that most runs never call. Behind these, a dependency is loaded by the first call.
 *
 * `string-width`, with which yargs lays out pages of help, gets ready for every emoji there is as soon as it is loaded: a
 * tenth of the time that `pidsim` takes to start.
 */
const CALLED_SELDOM = { 'string-width': 'default', 'csv-stringify/browser/esm/sync': 'stringify' };

const startFaster = {
  name: 'start-faster',
  setup({ onResolve, onLoad, resolve }) {
    onResolve(
      { filter: /^(string-width|csv-stringify\/.*)$/ },
      async ({ path, resolveDir, kind, pluginData }) => {
        if (pluginData === 'itself') return;
        const itself = await resolve(path, { resolveDir, kind, pluginData: 'itself' });
        return { path: itself.path, namespace: 'late', pluginData: CALLED_SELDOM[path] };
      },
    );
    onLoad({ filter: /./, namespace: 'late' }, ({ path, pluginData: name }) => ({
      contents: `export ${name === 'default' ? name : `const ${name} =`} (...all) => require(${JSON.stringify(path)}).${name}(...all);`,
      resolveDir: dirname(path),
    }));
    // The same, but as ES modules: one scope instead of seventy functions, and without what nobody calls.
    onResolve({ filter: /^yaml$/ }, ({ kind }) =>
      resolve('./node_modules/yaml/browser/dist/index.js', { resolveDir: import.meta.dirname, kind }),
    );
  },
};

/** Name to file, of what the command line loads late. */
const loadedLate = {};

/**
 * The command line is one script, for the sake of its code cache, and a script cannot be split. So what it imports late
 * becomes a module of its own, with its own copy of what it shares with the script. They give each other nothing but data: an
 * object of a class that both have is no `instanceof` it on the other side.
 */
const noteLoadedLate = {
  name: 'note-loaded-late',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir, kind }) => {
      if (kind !== 'dynamic-import') return;
      const file = join(resolveDir, path).replace(/\.js$/, '.ts');
      const name = file.slice(join(import.meta.dirname, 'src/').length, -'.ts'.length).replaceAll('/', '-');
      loadedLate[name] = file;
      return { path: `./${name}.js`, external: true };
    });
  },
};

const common = {
  bundle: true,
  format: 'esm',
  target: 'es2023',
  outdir: FRESH,
  logLevel: 'warning',
  legalComments: 'none',
  chunkNames: 'chunk-[name]-[hash]',
};

const forNode = { ...common, platform: 'node', plugins: [startFaster] };

await build({
  ...forNode,
  entryPoints: { program: 'src/cli/main.ts' },
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  plugins: [noteLoadedLate, startFaster],
  // What src/cli/program.ts calls.
  banner: { js: '(function (require, __import, __url) {' },
  footer: { js: '})' },
  define: { 'import.meta.url': '__url' },
});
asScript(`${FRESH}/program.cjs`);
await Promise.all([
  build({ ...forNode, entryPoints: { cli: 'src/cli/start.ts', 'warm-up': 'src/cli/warm-up.ts' } }),
  build({
    ...forNode,
    entryPoints: { index: 'src/index.ts', ...loadedLate },
    splitting: true,
    external: ['@resvg/resvg-js'],
    // Some dependencies are CommonJS and call require() for Node's own modules.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
    },
  }),
  build({ ...common, entryPoints: { browser: 'src/browser.ts' }, platform: 'browser' }),
]);
keepConstants(FRESH);
chmodSync(`${FRESH}/cli.js`, 0o755);
// The lab compiles its runners on demand, with the machine's own compiler: it looks for them beside itself.
cpSync('src/lab', `${FRESH}/lab`, {
  recursive: true,
  filter: (path) => statSync(path).isDirectory() || /\.[ch]$/.test(path),
});

warmUp(FRESH);

rmSync('dist', { recursive: true, force: true });
renameSync(FRESH, 'dist');

if (process.argv.includes('--bench')) {
  await build({
    ...common,
    entryPoints: {
      main: 'test/bench/main.ts',
      instructions: 'test/bench/instructions.ts',
      probes: 'test/bench/probes.ts',
      turns: 'test/bench/turns.ts',
      slices: 'test/bench/slices.ts',
    },
    platform: 'node',
    packages: 'external',
    outdir: '.cache/bench/program',
  });
  keepConstants('.cache/bench/program');
}

if (process.argv.includes('--types')) {
  const { status } = spawnSync(
    process.execPath,
    ['node_modules/typescript/bin/tsc', '-p', 'src/tsconfig.types.json'],
    {
      stdio: 'inherit',
    },
  );
  process.exitCode = status ?? 1;
}

/**
 * Makes the command line a script that can come from a code cache.
 *
 * Such a script cannot import: V8 takes it to be the one that it was when the cache was made, of which Node knows nothing.
 * The function that it calls instead is one of a module. And text of one byte for each character is read sooner; an escape
 * means the same in a string, a template and a pattern, which is where a character may be that is not ASCII.
 */
function asScript(file) {
  const text = readFileSync(file, 'utf8')
    .replaceAll('import("./', '__import("./')
    .replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  writeFileSync(file, text);
}

/** Runs the incident, for the code cache: with that, most of what any command starts with has been called. */
function warmUp(folder) {
  const script = `${folder}/warm-up.js`;
  const args = ['run', 'scenarios/rabbitmq-pause-3.0.yaml', '-o', 'json'];
  const { status } = spawnSync(process.execPath, [script, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`${script}: ${status}`);
  rmSync(script);
}

/**
 * Makes our constants constants again. A bundler turns every `const` of a module into a `var`, which V8 reads from memory
 * and checks each time, where it would put the number of a `const` into the code: a tenth of the kernel model's speed.
 *
 * A function that is declared is a variable too, and whoever calls it has to look whether it is still the same. So those
 * of the engine's inner rooms are made constants, and no module may call one that is defined further
 * down while it is being loaded: another twentieth.
 */
function keepConstants(folder) {
  for (const name of readdirSync(folder).filter((file) => /\.c?js$/.test(file))) {
    let isOurs = false;
    let isInner = false;
    let isInFunction = false;
    const lines = readFileSync(`${folder}/${name}`, 'utf8')
      .split('\n')
      .map((line) => {
        // esbuild names the file that what follows comes from.
        if (line.startsWith('// ')) {
          isOurs = line.startsWith('// src/');
          isInner = /^\/\/ src\/(kernel|program|sim)\/[a-z-]+\.ts$/.test(line);
        }
        if (!isOurs) return line;
        if (isInner && !isInFunction && /^function \w+\(/.test(line)) {
          isInFunction = !line.endsWith('}');
          return line.replace(/^function (\w+)\(/, 'const $1 = function(') + (isInFunction ? '' : ';');
        }
        if (isInFunction && line === '}') {
          isInFunction = false;
          return '};';
        }
        return line.replace(/^var (?=[A-Z][A-Z0-9_]* = )/, 'const ');
      });
    writeFileSync(`${folder}/${name}`, lines.join('\n'));
  }
}
