/**
 * The library: scenarios in, results out.
 *
 *     import { parseScenario, simulate } from 'pidsim';
 *
 *     const parsed = parseScenario(text);
 *     if (parsed.ok) console.log(simulate(parsed.value[0]).outcome);
 */
export * from './browser.js';
