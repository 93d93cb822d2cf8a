/**
 * How fast the page is, with the incident's 32,768 PIDs: `npm run page:measure`. The frames that a browser
 * draws while it is played, and how long it takes to go somewhere. Figures for docs/performance.md; nothing
 * here passes or fails.
 */
import type { Page } from 'playwright-core';
import { MOMENTS } from '../../src/web/engine/messages.js';
import { PageUnderTest, WHY_NOT } from './browser.js';

const PLAYED_MS = 5_000;
const SEEKS = 20;
const PAUSE_MS = 1_000;
/** Until runs stand where seeks begin. */
const SETTLES_MS = 15_000;

/** Milliseconds between the frames that the page draws. */
async function framesOf(page: Page, milliseconds: number): Promise<number[]> {
  return page.evaluate(`new Promise((resolve) => {
    const gaps = [];
    let before = performance.now();
    const until = before + ${milliseconds};
    const note = (now) => {
      gaps.push(now - before);
      before = now;
      if (now < until) requestAnimationFrame(note);
      else resolve(gaps.slice(1));
    };
    requestAnimationFrame(note);
  })`);
}

/**
 * Milliseconds from a place on the time line that is chosen, or a moment that is typed, to the picture of it,
 * and to its processes.
 */
async function seekOf(page: Page, into: string, value: string): Promise<{ picture: number; exact: number }> {
  return page.evaluate(`new Promise((resolve) => {
    const input = document.querySelector('${into}');
    const began = performance.now();
    const found = {};
    const look = (name, selector) => new MutationObserver((_, observer) => {
      found[name] = performance.now() - began;
      observer.disconnect();
      if (name === 'exact') resolve(found);
    }).observe(document.querySelector(selector), { childList: true });
    look('picture', '.numbers');
    look('exact', '.tree');
    input.value = '${value}';
    input.dispatchEvent(new Event('input'));
    input.dispatchEvent(new Event('change'));
  })`);
}

const quantile = (values: number[], part: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(part * values.length))];
const figures = (values: number[]): string =>
  `median ${quantile(values, 0.5).toFixed(0)} ms, 95 % below ${quantile(values, 0.95).toFixed(0)} ms`;

if (WHY_NOT !== null) process.stdout.write(`not measured: ${WHY_NOT}\n`);
else {
  const tried = await PageUnderTest.start();
  const page = await tried.open('#hidden?revealed=', { viewport: { width: 1440, height: 900 } });
  const began = performance.now();
  await page.locator('#digest', { hasText: 'Digest' }).waitFor({ timeout: 300_000 });
  process.stdout.write(`the first run, two days: ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
  await page.waitForTimeout(SETTLES_MS);
  for (const speed of [1_000, 10_000]) {
    await page.getByLabel('Speed').selectOption(String(speed));
    await page.getByRole('button', { name: 'play' }).click();
    const gaps = await framesOf(page, PLAYED_MS);
    await page.getByRole('button', { name: 'pause', exact: true }).click();
    process.stdout.write(
      `played ${speed} times: ${((1000 * gaps.length) / PLAYED_MS).toFixed(0)} frames a second, ${figures(gaps)}\n`,
    );
  }
  const places = [...new Array(SEEKS).keys()].map((seek) => ((seek * 7) % SEEKS) / SEEKS);
  const ways = [
    { name: 'a place on the time line', into: '#timeline input', valueAt: (part: number) => part * MOMENTS },
    {
      name: 'any moment',
      into: '.clock',
      valueAt: (part: number) => `${3 + Math.round(part * 172_000)}.123457s`,
    },
  ];
  for (const { name, into, valueAt } of ways) {
    const seeks = [];
    for (const part of places) {
      // Nobody types faster.
      await page.waitForTimeout(PAUSE_MS);
      seeks.push(await seekOf(page, into, String(valueAt(part))));
    }
    process.stdout.write(`to ${name}, its table: ${figures(seeks.map(({ picture }) => picture))}\n`);
    process.stdout.write(`to ${name}, with its processes: ${figures(seeks.map(({ exact }) => exact))}\n`);
  }
  await tried.stop();
}
