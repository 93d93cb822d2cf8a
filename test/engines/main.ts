/**
 * `npm run test:engines`: every scenario that comes with pidsim has the same digest in each Node that it supports and in
 * Chromium, and the command line runs in each Node.
 *
 * Those that cannot be had here are named and left out. Exit 0: all the same; 1: not, or one failed; 3: fewer than two
 * engines.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { CHROMIUM, FLAGS, WHY_NOT } from '../web/browser.js';

/** The oldest that package.json allows, and those after it. */
const NODES = ['20.19.0', '22.23.5', '24.22.3'];
const ROOT = join(import.meta.dirname, '../..');
const HOME = join(ROOT, '.cache/engines');
/** By the command line too. */
const ONE = 'scenarios/healthy-node.yaml';

interface Ran {
  engine: string;
  digests: Record<string, string>;
}

const texts = Object.fromEntries(
  readdirSync(join(ROOT, 'scenarios'), { recursive: true, encoding: 'utf8' })
    .map((name) => join('scenarios', name))
    .filter((path) => statSync(join(ROOT, path)).isFile())
    .map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]),
);

const engines = NODES.flatMap(installed).map(inNode);
if (WHY_NOT === null) engines.push(inChromium());
else process.stdout.write(`left out: Chromium (${WHY_NOT})\n`);
const [first, ...others] = await Promise.all(engines);
report(first, 'the rest is held to it');
for (const ran of others) {
  const different = Object.keys(ran.digests).filter((name) => ran.digests[name] !== first.digests[name]);
  report(ran, different.length === 0 ? 'the same' : `other digests: ${different.join(', ')}`);
  if (different.length > 0) process.exitCode = 1;
}
if (others.length === 0) process.exitCode = 3;

function report({ engine, digests }: Ran, verdict: string): void {
  process.stdout.write(`${engine}: ${Object.keys(digests).length} runs, ${verdict}\n`);
}

/** The program, from the registry that npm is set up for; this Node where it is as new and the other cannot be had. */
function installed(version: string): string[] {
  const home = join(HOME, version);
  const program = `node@npm:node-${process.platform}-${process.arch}@${version}`;
  const flags = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'];
  mkdirSync(home, { recursive: true });
  try {
    execFileSync('npm', ['install', ...flags, '--prefix', home, program], { stdio: 'pipe' });
    return [join(home, 'node_modules/node/bin/node')];
  } catch {
    if (parseInt(version, 10) === parseInt(process.versions.node, 10)) return [process.execPath];
    process.stdout.write(`left out: Node ${version}, which npm does not find\n`);
    return [];
  }
}

async function inNode(node: string): Promise<Ran> {
  const library = pathToFileURL(join(ROOT, 'dist/index.js')).href;
  const ran: Ran = JSON.parse(
    await output(node, [join(import.meta.dirname, 'digests.js'), library], JSON.stringify(texts)),
  );
  // As the library does it, unless told otherwise.
  const words = ['run', join(ROOT, ONE), '-o', 'json', '--fidelity', 'events'];
  const said = await output(node, [join(ROOT, 'dist/cli.js'), ...words], '');
  ran.digests['command line'] = JSON.parse(said).metadata.digest;
  if (ran.digests['command line'] !== ran.digests[`${ONE}#0`])
    throw new Error(`${ran.engine}: ${ONE} by hand`);
  return ran;
}

function output(command: string, words: string[], input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
    child.on('error', reject);
    child.on('close', (status) =>
      status === 0 ? resolve(text) : reject(new Error(`${command} ${words.join(' ')}: ${status}`)),
    );
    child.stdin.end(input);
  });
}

/** A page of its own address, whose only files are the engine and the texts. */
async function inChromium(): Promise<Ran> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  try {
    const page = await browser.newPage();
    const files: Record<string, string> = {
      '/digests.js': join(import.meta.dirname, 'digests.js'),
      '/pidsim.js': join(ROOT, 'dist/browser.js'),
    };
    await page.route('**/*', (route) => {
      const path = files[new URL(route.request().url()).pathname];
      return path === undefined
        ? route.fulfill({ contentType: 'text/html', body: '<!doctype html>' })
        : route.fulfill({ contentType: 'text/javascript', body: readFileSync(path) });
    });
    await page.goto('http://pidsim.test/');
    const digests = await page.evaluate<Record<string, string>>(`Promise.all(
      [import('/digests.js'), import('/pidsim.js')]
    ).then(([{ digestsOf }, pidsim]) => digestsOf(pidsim, ${JSON.stringify(texts)}))`);
    return { engine: `Chromium ${browser.version()}`, digests };
  } finally {
    await browser.close();
  }
}
