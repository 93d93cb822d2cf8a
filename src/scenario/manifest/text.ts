/**
 * From the text of a file to Kubernetes objects.
 *
 *     text ─► JSON or YAML ─► documents ─► lists and Templates taken apart ─► KubeObject[]
 */
import { DUMP_VALUES_MAX, DUMP_YAML_CHARACTERS_MAX } from '../../text/bounds.js';
import { diagnosticOf } from '../../text/codes.js';
import { below, type Findings, type Place } from '../../text/findings.js';
import { readJson } from '../../text/json.js';
import { isMapping, shorten } from '../../text/value.js';
import { readYaml, type TextSize, type YamlText } from '../../text/yaml.js';
import { withParameters } from './parameters.js';
import { TEMPLATE_MESSAGE, templateLine } from './template.js';

export interface KubeObject {
  kind: string;
  /** Empty: it has none. */
  name: string;
  /** null: it says none. */
  namespace: string | null;
  value: Record<string, unknown>;
  place: Place;
}

const DUMP_SIZE: TextSize = {
  charactersMax: DUMP_YAML_CHARACTERS_MAX,
  valuesMax: DUMP_VALUES_MAX,
  remedy: 'Ask kubectl for JSON (`-o json`): that is read up to 200 MB.',
  takesLastOfTwo: true,
};

/** What `kubectl get` prints for people. */
const TABLE = /^NAME(SPACE)?[ \t]{2,}[A-Z]/;

const BYTE_ORDER_MARK = /^\ufeff/;

/** Has this text Kubernetes objects, and not a scenario? Nothing is parsed for that. */
export function isManifest(marked: string): boolean {
  const text = marked.replace(BYTE_ORDER_MARK, '');
  if (TABLE.test(text)) return true;
  if (/^[ \t]*(\{[ \t]*)?["']?apiVersion["']?[ \t]*:[ \t]*["']?pidsim\//m.test(text)) return false;
  const kind = /(?:^|[{,])[ \t]*(?:- )?["']?kind["']?[ \t]*:[ \t]*["']?([A-Za-z]+)/m.exec(text)?.[1];
  if (kind === undefined) return /^\s*\{\s*"kubeletconfig"\s*:|"creationTimestamp"\s*:/.test(text);
  return kind !== 'Scenario' && kind !== 'Fleet';
}

/** The objects of a file. What is wrong is in the findings; null: it cannot be read at all. */
export function readObjects(text: string, file: string, findings: Findings): KubeObject[] | null {
  const { documents, diagnostics } = parseText(text, file);
  findings.addAll(diagnostics);
  const isBroken = diagnostics.some(({ severity }) => severity === 'error');
  const objects = documents.flatMap((document) =>
    takeApart(document.value, { document, path: [] }, null, findings),
  );
  return isBroken && objects.length === 0 ? null : objects;
}

function parseText(marked: string, file: string): YamlText {
  const text = marked.replace(BYTE_ORDER_MARK, '');
  if (TABLE.test(text))
    return failed(
      { file, line: 1, column: 1 },
      'not-a-manifest',
      'this is the table that kubectl prints for people',
      {
        hint: 'Ask it for all: `-o json`.',
      },
    );
  const looksLikeJson = /^\s*[{[]\s*["{}[\]]/.test(text);
  const read = looksLikeJson ? readJson(text, file) : readYaml(text, file, DUMP_SIZE);
  const isBroken = read.diagnostics.some(({ code }) => code === 'yaml-syntax' || code === 'json-syntax');
  const line = isBroken ? templateLine(text) : null;
  if (line === null) return read;
  return failed({ file, line, column: 1 }, 'template', TEMPLATE_MESSAGE);
}

function failed(...why: Parameters<typeof diagnosticOf>): YamlText {
  return { documents: [], diagnostics: [diagnosticOf(...why)] };
}

/** `kindOfItem`: what the entries of a typed list are, which do not say it themselves. */
function takeApart(
  value: unknown,
  place: Place,
  kindOfItem: string | null,
  findings: Findings,
): KubeObject[] {
  if (Array.isArray(value)) return takeAll(value, place, kindOfItem, findings);
  if (value === null || value === undefined) return [];
  if (isMapping(value) && isMapping(value.kubeletconfig)) {
    return [objectOf('KubeletConfiguration', value.kubeletconfig, below(place, 'kubeletconfig'))];
  }
  const kind = isMapping(value) && typeof value.kind === 'string' ? value.kind : kindOfItem;
  if (!isMapping(value) || kind === null) {
    findings.error(place, 'not-a-manifest', 'this is not a Kubernetes object: it has no `kind`');
    return [];
  }
  const { items, objects, message } = value;
  if (kind === 'Status' && typeof message === 'string') {
    const what = `kubectl got no objects but an answer: ${shorten(message)}`;
    findings.error(below(place, 'message'), 'not-a-manifest', what);
    return [];
  }
  if (kind === 'List' || (kind.endsWith('List') && Array.isArray(items))) {
    const kindOfItems = kind === 'List' ? null : kind.slice(0, -'List'.length);
    return takeAll(Array.isArray(items) ? items : [], below(place, 'items'), kindOfItems, findings);
  }
  if (kind === 'Template' && Array.isArray(objects)) {
    const filled = withParameters(value);
    return takeAll(filled, below(place, 'objects'), null, findings);
  }
  return [objectOf(kind, value, place)];
}

function takeAll(
  values: readonly unknown[],
  place: Place,
  kindOfItem: string | null,
  findings: Findings,
): KubeObject[] {
  return values.flatMap((item, index) => takeApart(item, below(place, index), kindOfItem, findings));
}

function objectOf(kind: string, value: Record<string, unknown>, place: Place): KubeObject {
  const metadata = isMapping(value.metadata) ? value.metadata : {};
  const { name, generateName, namespace } = metadata;
  const given = typeof name === 'string' ? name : '';
  const generated = typeof generateName === 'string' ? generateName.replace(/-+$/, '') : '';
  return {
    kind,
    name: given || generated,
    namespace: typeof namespace === 'string' && namespace !== '' ? namespace : null,
    value,
    place,
  };
}
