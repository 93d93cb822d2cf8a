/**
 * A scenario, or a fleet, as it is written: what `parseScenarioValue` reads. The package declares every key
 * of it, made from the JSON Schema when it is built (declarations.js).
 */
export interface ScenarioDocument {
  apiVersion: 'pidsim/v1';
  kind: 'Scenario' | 'Fleet';
  metadata: { name: string; title?: string; description?: string };
  spec: Record<string, unknown>;
}
