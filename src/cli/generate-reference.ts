/** Writes docs/scenario-reference.md: `npm run docs:reference`. A test holds the committed page to it. */
import { writeFileSync } from 'node:fs';
import { catalogue } from '../program/catalogue/index.js';
import { scenarioReference } from '../scenario/reference.js';

writeFileSync('docs/scenario-reference.md', scenarioReference(catalogue()));
