/**
 * Builds `dist/`: the command line, the library and the engine for a browser, each bundled; `--types` adds the
 * declarations. Bundling is what makes `pidsim` start fast; charting is a chunk that is loaded when a chart is drawn.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { minify } from 'terser';

/** Built beside and swapped in at the end: whoever runs `dist/` meanwhile finds it whole. */
const FRESH = `dist.${process.pid}`;

/** The layers that simulate. */
const HOT = /^src\/(sim|kernel|program|node)\//;

const common = {
  bundle: true,
  metafile: true,
  format: 'esm',
  target: 'es2023',
  outdir: FRESH,
  logLevel: 'warning',
  legalComments: 'none',
  chunkNames: 'chunk-[name]-[hash]',
};

const built = await Promise.all([
  build({
    ...common,
    entryPoints: { cli: 'src/cli/main.ts', index: 'src/index.ts' },
    platform: 'node',
    splitting: true,
    external: ['@resvg/resvg-js'],
    // Some dependencies are CommonJS and call require() for Node's own modules.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);",
    },
  }),
  build({ ...common, entryPoints: { browser: 'src/browser.ts' }, platform: 'browser' }),
]);
await Promise.all(built.flatMap(({ metafile }) => Object.entries(metafile.outputs)).map(inlineConstants));
chmodSync(`${FRESH}/cli.js`, 0o755);
// The lab compiles its runners on demand, with the machine's own compiler: it looks for them beside itself.
cpSync('src/lab', FRESH, {
  recursive: true,
  filter: (path) => statSync(path).isDirectory() || /\.[ch]$/.test(path),
});

rmSync('dist', { recursive: true, force: true });
renameSync(FRESH, 'dist');

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
 * Writes the values of constants where they are used. In a bundle a module's constants are variables, which the engine's
 * hot functions would load and check at every use; that costs a quarter of its speed (docs/performance.md).
 */
async function inlineConstants([path, { inputs }]) {
  if (!Object.keys(inputs).some((input) => HOT.test(input))) return;
  const { code } = await minify(readFileSync(path, 'utf8'), {
    module: true,
    mangle: false,
    compress: { defaults: false, toplevel: true, reduce_vars: true, evaluate: true, unused: true },
    format: { beautify: true },
  });
  writeFileSync(path, code);
}
