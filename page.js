/**
 * Builds the page: one HTML file that opens from a disk and asks nothing of any network. Vite makes one script, with the
 * engine's worker packed inside it, and one style sheet; both are put into the HTML, and a policy that allows these two and
 * nothing else.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

/** More would be slow to send by mail. */
const BYTES_MAX = 800_000;

/** As build.js has it: numbers of an enum and of a constant stand in the code. */
const likeTheRest = {
  // That the worker takes most of the time is no news.
  checks: { bundlerTimings: false },
  optimization: { inlineConst: { mode: 'all' } },
  transform: { typescript: { optimizeEnums: true } },
};

const ROOT = `${import.meta.dirname}/src/web`;
/** What the page imports, with the text of the packed worker. */
const PACKED_ENGINE = 'virtual:packed-engine';

/** @param file where it is written. @returns the paths of the modules in it. */
export async function buildPage(file) {
  const modules = new Set();
  const note = { name: 'note-modules', moduleParsed: ({ id }) => void modules.add(id) };
  // A worker made of a module does not start in a page that was opened from a file.
  const engine = await built([note], { input: `${ROOT}/engine/worker.ts` });
  const [{ code }] = engine.filter(({ type }) => type === 'chunk');
  const packed = gzipSync(code, { level: 9 }).toString('base64');
  const isPacked = (id) => (id === PACKED_ENGINE ? id : null);
  const pack = {
    name: 'packed-engine',
    resolveId: isPacked,
    load: (id) => isPacked(id) && `export default '${packed}'`,
  };
  const output = await built([note, pack]);
  const only = (ending) => output.find(({ fileName }) => fileName.endsWith(ending));
  const style = String(only('.css').source).trim();
  // `</script>` within a string would end the script.
  const script = only('.js').code.trim().replaceAll('</script', '<\\/script');
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    'worker-src blob:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const html = String(only('.html').source)
    .replace(/<(script|link)\b[^>]*(src|href)="[^"]*\.(js|css)"[^>]*>(<\/script>)?/g, '')
    .replace(
      '<meta charset="utf-8">',
      (meta) => `${meta}<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    )
    .replace('</head>', () => `<style>${style}</style></head>`)
    .replace('</body>', () => `<script>${script}</script></body>`);
  if (Buffer.byteLength(html) > BYTES_MAX) throw new Error(`the page has ${Buffer.byteLength(html)} bytes`);
  writeFileSync(file, html);
  modules.delete(PACKED_ENGINE);
  return [...modules];
}

async function built(plugins, rolldownOptions = {}) {
  const { output } = await build({
    configFile: false,
    logLevel: 'warn',
    // Vite would make plain objects of the enums, before Rolldown sees them.
    oxc: false,
    root: ROOT,
    plugins,
    build: {
      write: false,
      target: 'es2023',
      modulePreload: false,
      cssCodeSplit: false,
      rolldownOptions: { ...likeTheRest, ...rolldownOptions, output: { format: 'iife' } },
    },
  });
  return output;
}

function hashOf(text) {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

if (process.argv[1] === import.meta.filename) await buildPage(`${import.meta.dirname}/dist/pidsim.html`);
