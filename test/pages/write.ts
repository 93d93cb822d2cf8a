/** Writes the generated pages of docs/: `npm run docs:reference`. Tests hold the committed pages to it. */
import { writeFileSync } from 'node:fs';
import { catalogue } from '../../src/program/catalogue/index.js';
import { scenarioSchemaText } from '../../src/scenario/schema.js';
import { glossaryPage } from './glossary.js';
import { incidentResults, incidentsPage } from './incidents.js';
import { scenarioReference } from './scenario-reference.js';
import { versionsPage } from './versions.js';

writeFileSync('docs/scenario-reference.md', scenarioReference(catalogue()));
writeFileSync('docs/glossary.md', glossaryPage());
writeFileSync('docs/scenario.schema.json', scenarioSchemaText());
writeFileSync('docs/versions.md', versionsPage());
writeFileSync('docs/incidents.md', incidentsPage(incidentResults()));
