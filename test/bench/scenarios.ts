import { readFileSync } from 'node:fs';
import { parseScenario } from '../../src/scenario/parse.js';
import type { Scenario } from '../../src/scenario/scenario.js';

export function scenarioOf(text: string): Scenario {
  const parsed = parseScenario(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics, null, 2));
  return parsed.value[0];
}

export const INCIDENT_FILE = 'scenarios/rabbitmq-pause-3.0.yaml';
export const INCIDENT = scenarioOf(readFileSync(INCIDENT_FILE, 'utf8'));
