/** docs/glossary.md: the terms of src/scenario/glossary.json as a page. */
import { GLOSSARY, type Term } from '../../src/scenario/glossary.js';

export function glossaryPage(): string {
  const sections = GLOSSARY.map(({ title, terms }) => `## ${title}\n\n${terms.map(entry).join('\n\n')}`);
  return `# Glossary

<!-- Generated from src/scenario/glossary.json by \`npm run docs:reference\`. Do not edit. -->

The words of this project. Where Linux, Kubernetes or statistics has a word, it is theirs. On the command line:
\`pidsim explain zombie\`. The rules (K1, R1, …) are in [rules.md](rules.md).

${sections.join('\n\n')}
`;
}

function entry({ names: [name, ...others], meaning, rules = [] }: Term): string {
  const also = others.length > 0 ? ` (${others.join(', ')})` : '';
  const cited = rules.length > 0 ? ` [${rules.join(', ')}]` : '';
  return `**${name}**${also}: ${meaning}${cited}`;
}
