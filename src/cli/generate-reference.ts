/** Writes the generated pages of docs/: `npm run docs:reference`. Tests hold the committed pages to it. */
import { writeFileSync } from 'node:fs';
import { catalogue } from '../program/catalogue/index.js';
import { glossaryPage } from '../scenario/glossary.js';
import { scenarioReference } from '../scenario/reference.js';
import { scenarioSchemaText } from '../scenario/schema.js';
import { versionsPage } from './versions-page.js';

writeFileSync('docs/scenario-reference.md', scenarioReference(catalogue()));
writeFileSync('docs/glossary.md', glossaryPage());
writeFileSync('docs/scenario.schema.json', scenarioSchemaText());
writeFileSync('docs/versions.md', versionsPage());
