/** Is this a template that nobody has rendered? Then hardly anything in it is what it seems. */

/** What Helm, Jinja and their like have, and what is in braces elsewhere (alert rules, workflows) has not. */
const SURE = [
  /\{\{-?\s*(if|else|end|with|range|include|template|define|toYaml|tpl|nindent|default|quote)\b/,
  /\{\{[^}\n]*\.(Values|Release|Chart|Capabilities|Files|Template)\b/,
  /\{%-?\s*(if|elif|else|endif|for|endfor|set|include|extends|block|macro|raw)\b/,
];
const BRACES = /\{\{|\{%/;

/** Of a text that is not YAML: the line, from 1, where a template shows; null: nowhere. */
export function templateLine(text: string): number | null {
  if (!BRACES.test(text)) return null;
  const lines = text.split('\n');
  for (const pattern of [...SURE, BRACES]) {
    const index = lines.findIndex((line) => pattern.test(line));
    if (index !== -1) return index + 1;
  }
  return null;
}

/** A value that a template engine should have replaced. */
export function isUnrendered(value: unknown): boolean {
  if (typeof value === 'string') return BRACES.test(value);
  // `name: {{ x }}` is a mapping whose key is a mapping.
  return typeof value === 'object' && value !== null && Object.keys(value).some((key) => key.startsWith('{'));
}

export const TEMPLATE_MESSAGE = 'this is a template and not yet a manifest';
