/** The licences of the packages that are in a bundle: most of them ask that a copy goes along. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const INSTALLED = `${import.meta.dirname}/node_modules`;
const PACKAGE = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;
/** A helper of the bundler's own that it put into the bundle. */
const HELPER = '\0rolldown/';
/** What a package brings along in its own file, where no module path names it. */
const INSIDE = { 'd3-delaunay': ['delaunator', 'robust-predicates'] };
const LICENCE_FILE = /^(licen[cs]e|copying|notice)/i;
const LICENCE_IN_README = /^#*\s*licen[cs]e\b[\s\S]*/im;
const COMMENTS_AT_TOP = /^(?:\s*(?:\/\/.*\n|\/\*[\s\S]*?\*\/))+/;
const RULE = `\n\n${'-'.repeat(100)}\n\n`;

/** @param modules the paths of all modules that a bundle is made of. */
export function licencesOf(modules) {
  const packages = new Map();
  for (const path of modules) {
    const folder = path.startsWith(HELPER) ? `${INSTALLED}/rolldown` : PACKAGE.exec(path)?.[0];
    if (folder === undefined) continue;
    packages.set(folder, [...(packages.get(folder) ?? []), path]);
    for (const name of INSIDE[folder.split('/').at(-1)] ?? []) packages.set(`${INSTALLED}/${name}`, []);
  }
  const texts = [...packages].map(([folder, paths]) => licenceOf(folder, paths)).sort();
  const head = 'pidsim contains these packages. The licence of each stands below its name.';
  return `${[head, ...new Set(texts)].join(RULE)}\n`;
}

function licenceOf(folder, modules) {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const texts = [...licenceFiles(folder), ...notices(modules)];
  if (license === undefined || texts.length === 0)
    throw new Error(`${name} ${version} has no licence in ${folder}`);
  return [`${name} ${version} (${license})`, ...texts].join('\n\n');
}

function licenceFiles(folder) {
  const read = (file) => readFileSync(`${folder}/${file}`, 'utf8').trim();
  const files = readdirSync(folder);
  const licences = files.filter((file) => LICENCE_FILE.test(file)).sort();
  if (licences.length > 0) return licences.map(read);
  const readmes = files.filter((file) => /^readme/i.test(file));
  return readmes.flatMap((file) => LICENCE_IN_README.exec(read(file))?.[0] ?? []);
}

/** Modules that were taken from elsewhere say so at their top, and bundling removes comments. */
function notices(modules) {
  const tops = modules
    .filter((path) => existsSync(path))
    .map((path) => COMMENTS_AT_TOP.exec(readFileSync(path, 'utf8'))?.[0].trim() ?? '');
  return [...new Set(tops.filter((top) => /copyright|licen[cs]e/i.test(top)))];
}
