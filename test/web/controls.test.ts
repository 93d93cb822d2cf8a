/** What can be changed on the page, and where one can go: in a browser. Everything is waited for. */

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseLitmus } from '../../src/lab/litmus/litmus.js';
import { PageUnderTest, WHY_NOT } from './browser.js';

const WAIT_MS = 120_000;
const name = `what can be changed${WHY_NOT === null ? '' : ` (skipped: ${WHY_NOT})`}`;

describe.skipIf(WHY_NOT !== null)(name, { timeout: 2 * WAIT_MS }, () => {
  let tried: PageUnderTest;

  beforeAll(async () => {
    tried = await PageUnderTest.start();
  }, WAIT_MS);
  afterAll(async () => {
    await tried.stop();
    expect(tried.said).toEqual([]);
  });

  const poll = <T>(look: () => Promise<T>) => expect.poll(look, { timeout: WAIT_MS, interval: 100 });
  const count = async (page: Page, of: string): Promise<number> => {
    const text = await page.locator('.numbers div', { hasText: of }).locator('dd').first().innerText();
    return Number(text.replaceAll(',', ''));
  };
  const choose = (page: Page, control: string, value: string) =>
    page.locator(`input[name="control-${control}"][value="${value}"]`).check({ force: true });

  test('a parent that founds a session leaves its PID pinned, if PID 1 reaps it', async () => {
    const page = await tried.open('#orphan?t=1500000&set-init=handler');
    await poll(() => count(page, 'pinned')).toBe(0);
    await choose(page, 'setsid', 'yes');
    await poll(() => count(page, 'pinned')).toBe(1);
    await page.context().close();
  });

  test('a check that leaves one orphan pins a PID a run, and without a session none', async () => {
    const page = await tried.open('#docker?t=600000000&set-check=orphan');
    await poll(() => count(page, 'pinned')).toBeGreaterThan(50);
    await choose(page, 'check', 'no-setsid');
    await poll(() => count(page, 'pinned')).toBe(0);
    await poll(() => count(page, 'zombies')).toBeGreaterThan(50);
    await page.context().close();
  });

  test('a table as small as Linux allows', async () => {
    const page = await tried.open('#docker');
    await choose(page, 'pid-max', '301');
    await poll(() => page.locator('canvas').getAttribute('aria-label')).toMatch(/^301 PIDs/);
    await page.context().close();
  });

  test('a place on the time line shows exactly what a link to that moment shows', async () => {
    const page = await tried.open('#docker');
    await page.locator('#digest', { hasText: 'Digest' }).waitFor({ timeout: WAIT_MS });
    const look = async (on: Page): Promise<string[]> => [
      await on.locator('#transport .clock').inputValue(),
      await on.locator('.numbers').innerText(),
      await on.locator('.tree').innerText(),
    ];
    for (const place of ['200', '77', '340']) {
      await page.locator('#timeline input').fill(place);
      await poll(async () => page.url()).toContain(`t=${Number(place) * 7_500_000}`);
      const linked = await tried.open(page.url().slice(page.url().indexOf('#')));
      const seen = await look(page);
      await poll(() => look(linked)).toEqual(seen);
      await linked.context().close();
    }
    await page.context().close();
  });

  test('the sandbox has its pod as a litmus file, to be saved', async () => {
    const page = await tried.open('#sandbox');
    await page.locator('#real summary').click();
    const text = () => page.locator('#litmus').inputValue();
    await poll(text).toContain('name: app\n');
    expect(parseLitmus(await text(), 'app.yaml').ok).toBe(true);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('#save-litmus').click(),
    ]);
    expect(download.suggestedFilename()).toBe('app.yaml');
    const yaml = await page.locator('#yaml').inputValue();
    await page.locator('#yaml').fill(yaml.replace('program: app-no-wait', 'program: tini -- app-no-wait'));
    await page.getByRole('button', { name: 'Run' }).click();
    await poll(text).toContain('init: "tini -- app-no-wait"');
    await page.context().close();
  });
});
