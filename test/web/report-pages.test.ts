/** The pages of `pidsim run`, in a browser: nothing that axe objects to, nothing wider than the screen, in print everything. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { axeObjections, pixelsTooWide, startBrowser, WHY_NOT } from './browser.js';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

const ROOT = join(import.meta.dirname, '../..');
const SCENARIOS = ['delete-the-leaking-pod', 'namespace-pid-max-800'];
const PAGES = ['index.html', ...SCENARIOS.map((name) => `${name}/index.html`)];
const SCREENS = [
  { colorScheme: 'light', viewport: { width: 1200, height: 900 } },
  { colorScheme: 'dark', viewport: { width: 420, height: 800 } },
] as const;

describe.skipIf(WHY_NOT !== null)(`pages of a run${WHY_NOT === null ? '' : ` (skipped: ${WHY_NOT})`}`, () => {
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pidsim-report-'));
    const files = SCENARIOS.map((name) => `scenarios/${name}.yaml`);
    const cli = join(ROOT, 'dist/cli.js');
    const { status } = spawnSync(process.execPath, [cli, 'run', ...files, '--dir', folder], { cwd: ROOT });
    expect(status).toBe(0);
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true });
  });

  describe.each(PAGES)('%s', (file) => {
    test.each(SCREENS)('$colorScheme, $viewport.width px', async (screen) => {
      const context = await browser.newContext({ ...screen, bypassCSP: true });
      const page = await context.newPage();
      await page.goto(pathToFileURL(join(folder, file)).href);
      expect(await axeObjections(page)).toEqual([]);
      expect(await pixelsTooWide(page)).toBeLessThanOrEqual(0);
      await context.close();
    });

    test('on paper no picture and no table is hidden', async () => {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(pathToFileURL(join(folder, file)).href);
      const shown = `[...document.querySelectorAll('svg, img, table')].filter((each) => each.checkVisibility()).length`;
      const onScreen = await page.evaluate(shown);
      await page.emulateMedia({ media: 'print' });
      expect(await page.evaluate(shown)).toBeGreaterThanOrEqual(onScreen as number);
      expect(onScreen).toBeGreaterThan(0);
      await context.close();
    });
  });
});
