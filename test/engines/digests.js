/** What is run in each engine, browser or Node: every scenario of `texts` (by path), to its digest. */
export function digestsOf({ parseScenario, simulate }, texts) {
  const digests = {};
  for (const [path, text] of Object.entries(texts)) {
    if (path.includes('/manifests/')) continue;
    const readFile = (beside) => texts[new URL(beside, `file:///${path}`).pathname.slice(1)] ?? null;
    const parsed = parseScenario(text, { path, readFile });
    if (!parsed.ok) throw new Error(`${path}: ${parsed.diagnostics[0].message}`);
    for (const [index, scenario] of parsed.value.entries())
      digests[`${path}#${index}`] = simulate(scenario).digest;
  }
  return digests;
}

if (globalThis.process?.argv[1] === import.meta.filename && import.meta.filename !== undefined) {
  const { readFileSync } = await import('node:fs');
  const pidsim = await import(process.argv[2]);
  const digests = digestsOf(pidsim, JSON.parse(readFileSync(0, 'utf8')));
  process.stdout.write(JSON.stringify({ engine: `Node ${process.versions.node}`, digests }));
}
