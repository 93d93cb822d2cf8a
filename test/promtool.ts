/** Tests that need Prometheus' own program say so where it is missing. */
import { test } from 'vitest';
import { isInstalled } from './lab/live.js';

export const HAS_PROMTOOL = isInstalled('promtool');

export function testWithPromtool(name: string, body: () => Promise<void> | void, timeout = 120_000): void {
  if (HAS_PROMTOOL) test(name, body, timeout);
  else test.skip(`${name} (skipped: promtool is not installed)`, body);
}
