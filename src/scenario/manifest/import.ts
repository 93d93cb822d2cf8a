/**
 * The scenario that Kubernetes objects make, as a file: what `pidsim run` of the objects runs, with a comment
 * where somebody who edits it may wonder. To run the file gives the same digest.
 */
import { Document, isMap, isPair, isScalar, isSeq, visit } from 'yaml';
import type { Diagnostic } from '../../text/diagnostic.js';
import { Findings, inReadingOrder } from '../../text/findings.js';
import type { Path } from '../../text/yaml.js';
import { type ClusterOptions, type ManifestText, scenarioOfCluster } from './cluster.js';

export interface Imported {
  /** null: there is nothing to write, and the diagnostics say why. */
  yaml: string | null;
  diagnostics: Diagnostic[];
}

export function importedYaml(texts: readonly ManifestText[], options: ClusterOptions = {}): Imported {
  const findings = new Findings();
  const made = scenarioOfCluster(texts, options, findings);
  const diagnostics = inReadingOrder(findings.all(), texts[0].path);
  if (made === null) return { yaml: null, diagnostics };
  const document = new Document(made.document.value, { aliasDuplicateObjects: false });
  visit(document, {
    Seq: (_key, seq) => {
      seq.flow = isShortCommand(seq.toJSON());
    },
  });
  for (const { path, text } of made.comments) comment(document, path, text);
  const said = diagnostics.map(({ message }) => ` ${message}`);
  document.commentBefore = [
    ` Made by \`pidsim import\` from ${texts.map(({ path }) => path).join(', ')}.`,
    ...said,
  ].join('\n');
  return { yaml: document.toString({ lineWidth: 110, flowCollectionPadding: false }), diagnostics };
}

/** A command line on one line, as people write it. */
function isShortCommand(items: unknown[]): boolean {
  const isWords = items.every((item) => typeof item === 'string' && !item.includes('\n'));
  return isWords && items.length > 0 && items.join(', ').length <= 80;
}

/** Before what stands at the path, or before the nearest that encloses it. */
function comment(document: Document, path: Path, text: string): void {
  let node: unknown = document.contents;
  let target: { commentBefore?: string | null } | null = null;
  for (const step of path) {
    const below = isMap(node)
      ? node.items.find(({ key }) => isScalar(key) && key.value === step)
      : isSeq(node)
        ? node.items[Number(step)]
        : undefined;
    if (below === undefined) break;
    node = isPair(below) ? below.value : below;
    target = (isPair(below) ? below.key : below) as { commentBefore?: string | null };
  }
  if (target !== null) target.commentBefore = [target.commentBefore, ` ${text}`].filter(Boolean).join('\n');
}
