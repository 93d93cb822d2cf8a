/**
 * The page as it is built, in Debian's Chromium. Whatever the page says or asks for is noted, and has to be
 * nothing.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { buildPage } from '../../page.js';

export const CHROMIUM = '/usr/bin/chromium';
/** By itself it would look for updates, and write to a log what it does not find in a container. */
export const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Why the page cannot be tried here; null: it can. */
export const WHY_NOT = existsSync(CHROMIUM) ? null : `${CHROMIUM} is not installed`;

export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe objects to: each rule, with the elements that break it. The page has to be open with `bypassCSP`. */
export async function axeObjections(page: Page): Promise<[rule: string, elements: string[]][]> {
  await page.evaluate(AXE);
  const found = (await page.evaluate('axe.run().then(({ violations }) => violations)')) as {
    id: string;
    nodes: { html: string; failureSummary: string }[];
  }[];
  return found.map(({ id, nodes }) => [id, nodes.map((node) => `${node.html}\n${node.failureSummary}`)]);
}

/** By how many pixels the page is wider than the screen. */
export async function pixelsTooWide(page: Page): Promise<number> {
  return (await page.evaluate('document.documentElement.scrollWidth - innerWidth')) as number;
}

export class PageUnderTest {
  /** Messages on the console, errors, and requests but the one for the file itself. */
  readonly said: string[] = [];

  private constructor(
    private readonly browser: Browser,
    private readonly folder: string,
  ) {}

  static async start(): Promise<PageUnderTest> {
    const folder = mkdtempSync(join(tmpdir(), 'pidsim-page-'));
    await buildPage(join(folder, 'pidsim.html'));
    return new PageUnderTest(await startBrowser(), folder);
  }

  get file(): string {
    return join(this.folder, 'pidsim.html');
  }

  /** The page at a place, when its world is on the stage. */
  async open(hash: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({ reducedMotion: 'reduce', ...options });
    context.setDefaultTimeout(90_000);
    const page = await context.newPage();
    page.on('console', (message) => this.said.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => this.said.push(`error: ${error.message}`));
    const address = pathToFileURL(this.file).href;
    page.on('request', (request) => {
      if (!request.url().startsWith('blob:') && request.url() !== address)
        this.said.push(`request: ${request.url()}`);
    });
    await page.goto(`${address}${hash}`);
    await page.locator('.numbers dd').first().waitFor();
    return page;
  }

  async stop(): Promise<void> {
    await this.browser.close();
    rmSync(this.folder, { recursive: true });
  }
}
