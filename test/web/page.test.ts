/**
 * The page in a browser: every chapter played through, every control, a shared link, and nothing said or
 * asked for.
 */
import { readFileSync, statSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { simulate } from '../../src/run/run.js';
import { parseScenario } from '../../src/scenario/parse.js';
import { axeObjections, PageUnderTest, pixelsTooWide, WHY_NOT } from './browser.js';

const CHAPTERS = ['defunct', 'wait', 'orphan', 'docker', 'pause', 'hidden', 'full', 'sandbox'];

// A machine that is busy with something else takes its time.
vi.setConfig({ testTimeout: 180_000 });
const poll = (look: () => unknown) => expect.poll(look, { timeout: 20_000 });

const suite = (name: string, body: () => void): void => {
  if (WHY_NOT === null) describe(name, body);
  else describe.skip(`${name} (skipped: ${WHY_NOT})`, body);
};

suite('the page', () => {
  let tried: PageUnderTest;
  const opened: Page[] = [];

  beforeAll(async () => {
    tried = await PageUnderTest.start();
  });
  afterAll(() => tried?.stop());
  afterEach(async () => {
    for (const page of opened.splice(0)) await page.context().close();
    expect(tried.said.splice(0)).toEqual([]);
  });

  async function open(...args: Parameters<PageUnderTest['open']>): Promise<Page> {
    const page = await tried.open(...args);
    opened.push(page);
    return page;
  }

  const shown = (page: Page, selector: string) => page.locator(`.chapter:not([hidden]) ${selector}`);
  const count = async (page: Page, name: string): Promise<number> => {
    const text = await page.locator('.numbers div', { hasText: name }).first().locator('dd').innerText();
    return Number(text.replaceAll(',', ''));
  };
  const caption = (page: Page) => page.locator('#caption');
  const clock = (page: Page) => page.locator('.clock').inputValue();
  const filmed = (page: Page) => page.locator('#digest', { hasText: 'Digest' }).waitFor();

  test('is one file below 800 kB, with a policy that allows its own script and style and nothing else', () => {
    const html = readFileSync(tried.file, 'utf8');
    expect(statSync(tried.file).size).toBeLessThan(800_000);
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)![1].split('; ');
    expect(policy.map((part) => part.replace(/'sha256-[^']*'/, 'HASH'))).toEqual([
      "default-src 'none'",
      'script-src HASH',
      'style-src HASH',
      'worker-src blob:',
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    expect(html).not.toMatch(/<(script|link|img|iframe)\b[^>]*\b(src|href)=/);
  });

  test('its policy would stop a script, a style or a request that is not its own', async () => {
    const page = await open('#defunct');
    const stopped = await page.evaluate(`(async () => {
      const script = document.createElement('script');
      script.textContent = 'window.ran = true';
      document.body.append(script);
      const fetched = await fetch('https://example.org/').then(() => true, () => false);
      return [window.ran === undefined, !fetched];
    })()`);
    expect(stopped).toEqual([true, true]);
    expect(tried.said.splice(0).join('\n')).toContain('Content Security Policy');
  });

  describe.each(CHAPTERS)('chapter %s', (chapter) => {
    test('has a text, and is reached by its link', async () => {
      const page = await open('');
      await page.locator(`#chapters a[href="#${chapter}"]`).click();
      await page.locator(`[data-chapter=${chapter}]:not([hidden]) h1`).waitFor();
      expect(await page.locator('.chapter:not([hidden])').getAttribute('data-chapter')).toBe(chapter);
      expect((await shown(page, 'p').first().innerText()).length).toBeGreaterThan(100);
      expect(await page.locator('[aria-current=page]').getAttribute('href')).toBe(`#${chapter}`);
    });

    test.each([
      { colorScheme: 'light', viewport: { width: 1440, height: 900 } },
      { colorScheme: 'dark', viewport: { width: 360, height: 740 } },
    ] as const)('has nothing that axe objects to: $colorScheme, $viewport.width px', async (options) => {
      const page = await open(`#${chapter}?revealed=`, { ...options, bypassCSP: true });
      await page.locator('[role=treeitem], .processes').first().waitFor();
      expect(await axeObjections(page)).toEqual([]);
      expect(await pixelsTooWide(page)).toBeLessThanOrEqual(0);
    });
  });

  test('on paper is the text of all chapters, with each reason, and no button', async () => {
    const page = await open('#wait');
    await page.emulateMedia({ media: 'print' });
    const seen = `(selector) => [...document.querySelectorAll(selector)].filter((each) => each.checkVisibility()).length`;
    const count = async (selector: string) => page.evaluate(`(${seen})('${selector}')`);
    expect(await count('h1')).toBe(CHAPTERS.length - 1);
    expect(await count('.why')).toBe(await page.locator('.why').count());
    expect(await count('button, #stage, textarea')).toBe(0);
  });

  describe('questions', () => {
    test.each([
      ['defunct', 'c', '2.0 s', 'zombie'],
      ['wait', 'b', '5.0 s', 'reaped'],
      ['orphan', 'b', '2.0 s', 'PID 1'],
      ['docker', 'c', '0:10:00', 'tini'],
      ['pause', 'a', '0:40:00', '3.1'],
    ])('of %s: a choice, then it is run on, and why', async (chapter, right, at, why) => {
      const page = await open(`#${chapter}`);
      await expect(shown(page, '.why').isVisible()).resolves.toBe(false);
      await expect(shown(page, '.reveal').isDisabled()).resolves.toBe(true);
      await shown(page, `.question input[value=${right}]`).check();
      await shown(page, '.reveal').click();
      await shown(page, '.verdict').getByText('Right.').waitFor();
      await poll(() => clock(page)).toBe(at);
      if (chapter !== 'wait') await poll(() => shown(page, '.why').innerText()).toContain(why);
    });

    test.each([
      ['defunct', 2],
      ['wait', 1],
      ['orphan', 1],
      ['docker', 2],
      ['pause', 0],
      ['full', 2],
    ])('of %s: by keyboard alone, on a phone in the dark', async (chapter, downs) => {
      const page = await open(`#${chapter}`, { colorScheme: 'dark', viewport: { width: 360, height: 740 } });
      const tabTo = async (selector: string): Promise<void> => {
        for (let tabs = 0; !(await page.evaluate(`document.activeElement.matches('${selector}')`)); tabs++) {
          if (tabs > 60) throw new Error(`${selector} is not reached`);
          await page.keyboard.press('Tab');
        }
        const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
        expect(outline, `${selector}: where the focus is, is seen`).not.toBe('none');
      };
      await tabTo('.question input');
      await page.keyboard.press('Space');
      for (let down = 0; down < downs; down++) await page.keyboard.press('ArrowDown');
      await tabTo('.reveal');
      await page.keyboard.press('Enter');
      await shown(page, '.verdict').getByText('Right.').waitFor();
      await tabTo('#onwards a');
      await page.keyboard.press('Enter');
      await poll(() => page.locator('.chapter:not([hidden])').getAttribute('data-chapter')).not.toBe(chapter);
    });

    test('a wrong choice is called so, and the right one is shown', async () => {
      const page = await open('#defunct');
      await shown(page, '.question input[value=a]').check();
      await shown(page, '.reveal').click();
      await shown(page, '.verdict').getByText('No.').waitFor();
      expect(await shown(page, 'label.right input').getAttribute('value')).toBe('c');
      expect(await shown(page, 'label.wrong input').getAttribute('value')).toBe('a');
    });

    test('the guess: the curve is hidden until it is revealed, and then the run goes to where it is full', async () => {
      const page = await open('#hidden');
      await page.locator('#timeline path.guess').waitFor({ state: 'attached' });
      expect(await page.locator('#timeline .area').count()).toBe(0);
      await filmed(page);
      await page.locator('#guess').fill('24');
      expect(await page.locator('#guess-text').innerText()).toBe('24 h');
      await shown(page, '.reveal').click();
      await page.locator('#timeline .area').first().waitFor({ state: 'attached' });
      await poll(() => clock(page)).toMatch(/^20:/);
      await poll(() => page.locator('[data-fill=headline]').innerText()).toMatch(/^Full after 20\.6 h/);
      // The hidden half is nearly one.
      const share = async () => (await count(page, 'pinned')) / (await count(page, 'zombies'));
      await poll(share).toBeGreaterThan(0.8);
      expect(await share()).toBeLessThan(1);
    });

    test('a line that is drawn on the chart is a guess too', async () => {
      const page = await open('#hidden');
      await filmed(page);
      const { x, y, width, height } = (await page.locator('#timeline .plot').boundingBox())!;
      await page.mouse.move(x + 60, y + height - 30);
      await page.mouse.down();
      await page.mouse.move(x + width / 2, y + height / 2, { steps: 4 });
      await page.mouse.move(x + width * 0.75, y + 14, { steps: 4 });
      await page.mouse.up();
      const hours = Number.parseFloat(await page.locator('#guess-text').innerText());
      expect(hours).toBeGreaterThan(30);
      expect(hours).toBeLessThan(38);
    });
  });

  describe('a small world', () => {
    test('goes one transition at a time by the keyboard, there and back, and says each', async () => {
      const page = await open('#defunct');
      const said: string[] = [];
      for (let step = 0; step < 6; step++) {
        said.push(await caption(page).innerText());
        await page.keyboard.press('ArrowRight');
      }
      expect(said).toContain('child 3 exits with status 7');
      expect(said).toContain('child 3 is a zombie: nobody has taken its exit status');
      expect(said).toContain('SIGCHLD to parent 2 from child 3: nothing happens');
      expect(await page.locator('.tree .dead').first().innerText()).toContain('3 child');
      const after = await caption(page).innerText();
      await page.keyboard.press('ArrowLeft');
      await page.keyboard.press('ArrowRight');
      expect(await caption(page).innerText()).toBe(after);
    });

    test('the same in the buttons; and a scrub to a moment', async () => {
      const page = await open('#defunct');
      await page.getByLabel('The next transition').click();
      await poll(() => page.locator('.tree [role=treeitem]').count()).toBe(3);
      await page.getByLabel('The transition before').click();
      await poll(() => page.locator('.tree [role=treeitem]').count()).toBe(2);
      await page.getByLabel('Time', { exact: true }).locator('visible=true').last().fill('240');
      await poll(() => clock(page)).toBe('6.0 s');
      await poll(() => count(page, 'zombies')).toBe(1);
    });

    test.each([
      ['0:16:40', '0:16:40', 1_000_000_000],
      ['90.5s', '0:01:30', 90_500_000],
      ['5h', '1:00:00', 3_600_000_000],
    ])('%s typed into the clock leads there', async (typed, shownAs, timeUs) => {
      const page = await open('#docker');
      await page.locator('.clock').fill(typed);
      await page.locator('.clock').press('Enter');
      await poll(() => page.url()).toContain(`t=${timeUs}`);
      expect(await clock(page)).toBe(shownAs);
      await page.locator('.clock').fill('noon');
      await page.locator('.clock').press('Enter');
      await poll(() => clock(page)).toBe(shownAs);
    });

    test('each chapter leads to the next', async () => {
      const page = await open('');
      const seen = [];
      for (const next = page.locator('#onwards a'); (await next.count()) > 0; ) {
        seen.push(await next.innerText());
        await next.press('Enter');
        await page.locator('h1', { hasText: seen.at(-1)!.replace(' →', '') }).waitFor();
      }
      const others = page.locator('#chapters a:not([href="#defunct"])');
      expect(seen).toEqual((await others.allInnerTexts()).map((title) => `${title} →`));
    });

    test('shows at which line of its program each process is', async () => {
      const page = await open('#defunct?t=3000000');
      expect(await page.locator('.programs .current').allInnerTexts()).toEqual(
        ['pause\nPID 1', 'sleep: 5s\nPID 2'].map((text) => expect.stringContaining(text.split('\n')[0])),
      );
    });

    test.each([
      ['wait', 'sleeps', 1],
      ['wait', 'waits', 0],
      ['wait', 'ignores', 0],
      ['orphan', 'app', 2],
      ['orphan', 'waits', 0],
      ['orphan', 'handler', 0],
    ])('%s, %s: %i zombies stay', async (chapter, value, zombies) => {
      const page = await open(`#${chapter}?t=5500000`);
      await page.locator(`.control input[value=${value}]`).check({ force: true });
      await poll(() => count(page, 'zombies')).toBe(zombies);
    });

    test('pointing at a process shows its row, and which process holds its PID', async () => {
      const page = await open('#defunct?t=3000000');
      await page.locator('.tree .dead').hover();
      await poll(() => page.locator('.ps .marked').innerText()).toContain('[child] <defunct>');
      await page.getByText('PID 3 is child, a zombie: its parent, PID 2, has not waited for it.').waitFor();
      await page.locator('.tree').press('ArrowUp');
      await page.getByText('PID 2 is parent, a live process.').waitFor();
    });
  });

  describe('a large world', () => {
    const rows = (page: Page) => page.locator('.ps').innerText();

    test.each([
      ['init', 'tini', 0],
      ['init', 'bash', 1],
      ['init', 'dash', 0],
    ])('docker, PID 1 is %s %s', async (name, value, leaks) => {
      const page = await open('#docker?t=600000000');
      await page.locator(`input[name=control-${name}][value=${value}]`).check({ force: true });
      await poll(async () => ((await count(page, 'zombies')) > 50 ? 1 : 0)).toBe(leaks);
    });

    test.each([
      ['period', '60', (few: number, usual: number) => few < usual / 4],
      ['period', '5', (many: number, usual: number) => many > usual * 1.7],
      ['pid-max', '512', (same: number, usual: number) => same > usual - 5],
      ['pid-max', '4096', (same: number, usual: number) => same > usual - 5],
    ] as const)('docker, %s %s', async (name, value, is) => {
      const page = await open('#docker?t=480000000');
      const usual = await count(page, 'zombies');
      await page.locator(`input[name=control-${name}][value="${value}"]`).check({ force: true });
      await poll(async () => is(await count(page, 'zombies'), usual)).toBe(true);
    });

    test('the two pauses, side by side', async () => {
      const page = await open('#pause?t=1500000000');
      const zombies = page.locator('.numbers div', { hasText: 'zombies' }).locator('dd');
      await poll(() => zombies.allInnerTexts()).toEqual([expect.stringMatching(/^3\d\d$/), '0']);
      await page.locator('input[name=control-shared][value=container]').check({ force: true });
      await expect
        .poll(() => zombies.allInnerTexts())
        .toEqual([expect.stringMatching(/^3\d\d$/), expect.stringMatching(/^3\d\d$/)]);
      await page.locator('input[name=control-init][value=tini]').check({ force: true });
      await poll(() => zombies.allInnerTexts()).toEqual(['0', '0']);
    });

    test.each(CHAPTERS.slice(3))('%s has the digest that Node has', async (chapter) => {
      const page = await open(`#${chapter}`);
      await filmed(page);
      const path =
        {
          docker: 'src/web/chapters/docker.yaml',
          pause: 'src/web/chapters/pause.yaml',
          sandbox: 'src/web/chapters/docker.yaml',
        }[chapter] ?? 'scenarios/rabbitmq-pause-3.0.yaml';
      const parsed = parseScenario(readFileSync(path, 'utf8'));
      if (!parsed.ok) throw new Error(path);
      expect(await page.locator('#digest').innerText()).toContain(simulate(parsed.value[0]).digest);
    });

    test('plays, and stops where it is stopped', async () => {
      const page = await open('#docker');
      await page.getByLabel('Speed').selectOption('1000');
      await page.getByRole('button', { name: 'play' }).click();
      await poll(() => count(page, 'zombies')).toBeGreaterThan(20);
      await page.getByRole('button', { name: 'pause', exact: true }).click();
      // What was under way is still shown; then it stands still.
      const moved = async () => {
        const before = await clock(page);
        await page.waitForTimeout(300);
        return before !== (await clock(page));
      };
      await poll(moved).toBe(false);
    });

    test('there and back is the same; transitions go forwards and back from a moment', async () => {
      const page = await open('#docker?t=100000000');
      const before = await rows(page);
      await page.getByLabel('The next transition').click();
      await poll(() => caption(page).innerText()).not.toBe('');
      const first = await caption(page).innerText();
      await page.getByLabel('The next transition').click();
      await poll(() => caption(page).innerText()).not.toBe(first);
      await page.getByLabel('The transition before').click();
      await poll(() => caption(page).innerText()).toBe(first);
      await page.getByLabel('The transition before').click();
      await poll(() => caption(page).innerText()).not.toBe(first);
      await page.goto(`${page.url().split('#')[0]}#docker?t=100000000`);
      await poll(() => rows(page)).toBe(before);
    });

    test('a hatched cell says for whose sake it is taken, by pointer and by keyboard', async () => {
      const page = await open('#docker?t=900000000');
      const canvas = page.locator('canvas');
      await canvas.focus();
      const seen = new Set<string>();
      const holder = () => page.locator('.holder').innerText();
      for (let move = 0; move < 40; move++) {
        const before = await holder();
        await page.keyboard.press(move % 3 === 0 ? 'ArrowDown' : 'ArrowRight');
        await poll(holder).not.toBe(before);
        seen.add((await holder()).replace(/\d[\d,]*/g, 'N'));
      }
      expect([...seen].join('\n')).toMatch(
        /belongs to nobody and is free for nobody: it is the session and group of PID N,? inet_gethost, a zombie/,
      );
      const { width, height } = (await canvas.boundingBox())!;
      await canvas.hover({ position: { x: width / 2, y: height - 6 } });
      await page.locator('.holder', { hasText: /^PID 9\d\d/ }).waitFor();
    });

    test('cells can be made larger', async () => {
      const page = await open('#docker');
      const before = (await page.locator('canvas').boundingBox())!.width;
      await page.getByLabel('Larger cells').click();
      expect((await page.locator('canvas').boundingBox())!.width).toBeCloseTo(2 * before, 0);
      await page.getByLabel('Smaller cells').click();
      expect((await page.locator('canvas').boundingBox())!.width).toBeCloseTo(before, 0);
    });

    test('from the node, each pod is in the box of its namespace', async () => {
      const page = await open('#docker?t=60000000');
      expect(await page.locator('.tree .namespace').count()).toBe(0);
      await page.locator('input[name=control-from]').last().check({ force: true });
      await page
        .locator('.tree .namespace .box-label', { hasText: 'PID namespace of app' })
        .first()
        .waitFor();
    });
  });

  describe('the full node', () => {
    const outcome = (page: Page) => page.locator('#outcomes li').first();

    test('a pod cannot be created; with the pod deleted and pause 3.1 everything works again', async () => {
      const page = await open('#full');
      await page.getByRole('button', { name: 'create a pod' }).click();
      await poll(() => outcome(page).innerText()).toMatch(/Pod create failed: .*EAGAIN/);
      await page.getByRole('button', { name: 'ssh to the node' }).click();
      await poll(() => outcome(page).innerText()).toMatch(/You are in|Not in: /);
      await page.getByRole('button', { name: 'use pause 3.1' }).click();
      await poll(() => outcome(page).innerText()).toContain('pause 3.1 for new sandboxes');
      await page.getByRole('button', { name: 'restart the container' }).click();
      await poll(() => outcome(page).innerText()).not.toContain('pause 3.1');
      expect(await count(page, 'zombies')).toBeGreaterThan(16_000);
      await page.getByRole('button', { name: 'delete the RabbitMQ pod' }).click();
      await poll(() => count(page, 'zombies')).toBeLessThan(50);
      await page.getByRole('button', { name: 'create a pod' }).click();
      await poll(() => outcome(page).innerText()).toMatch(/Pod created/);
      await page.getByRole('button', { name: 'delete a pod' }).click();
      await poll(() => outcome(page).innerText()).toMatch(/Pod deleted/);
      // What was done is in the link.
      const again = await open(page.url().slice(page.url().indexOf('#')));
      for (const name of ['zombies', 'free'])
        await poll(async () => (await count(again, name)) - (await count(page, name))).toBe(0);
    });
  });

  describe('three nodes', () => {
    test('pause bumped on one leaves the others to fill; bumped on all, none fills; the link has the choice', async () => {
      const page = await open('#full');
      const nodes = (of: Page) =>
        expect.poll(() => of.locator('#nodes figcaption').allInnerTexts(), { timeout: 60_000 });
      const ofEach = (...words: RegExp[]) => words.map((each) => expect.stringMatching(each));
      await page.locator('input[name=cluster][value=one]').check({ force: true });
      const full = /pause 3\.0: Full after \d/;
      const notFull = /pause 3\.1 from 18 h on: Not full: .* in use at 18 h, then given back/;
      await nodes(page).toEqual(ofEach(notFull, full, full));
      await page.locator('input[name=cluster][value=all]').check({ force: true });
      await nodes(page).toEqual(ofEach(notFull, notFull, notFull));
      expect(await axeObjections(page)).toEqual([]);
      const again = await open(page.url().slice(page.url().indexOf('#')));
      await nodes(again).toEqual(ofEach(notFull, notFull, notFull));
    }, 200_000);
  });

  describe('the sandbox', () => {
    test('says what is wrong at its line, and runs what is right', async () => {
      const page = await open('#sandbox');
      const yaml = await page.locator('#yaml').inputValue();
      await page.locator('#yaml').fill(yaml.replace('periodSeconds: 10', 'periodSecond: 10'));
      await page.locator('#yaml').press('Control+Enter');
      const line = yaml.split('\n').findIndex((text) => text.includes('periodSeconds')) + 1;
      const finding = page.locator('#diagnostics .error').first();
      await finding.waitFor();
      expect(await finding.innerText()).toMatch(
        new RegExp(`line ${line}:\\d+ error: unknown key .periodSecond.*periodSeconds`),
      );
      await finding.getByRole('button').click();
      expect(
        await page.evaluate(
          'getSelection().toString() || yaml.value.slice(yaml.selectionStart, yaml.selectionEnd)',
        ),
      ).toContain('periodSecond: 10');
      await page.locator('#yaml').fill(yaml.replace('pidMax: 1024', 'pidMax: 600'));
      await page.getByRole('button', { name: 'Run' }).click();
      await poll(() => page.locator('#diagnostics li').count()).toBe(0);
      await poll(() => page.locator('canvas').getAttribute('aria-label')).toMatch(/^600 PIDs/);
      await page.locator('#viewpoint').selectOption('app');
      await poll(() => page.locator('.tree').innerText()).not.toContain('systemd');
      const again = await open(page.url().slice(page.url().indexOf('#')));
      await poll(() => again.locator('#yaml').inputValue()).toContain('pidMax: 600');
    });
  });

  describe('a link', () => {
    test.each([
      '#wait?t=6000000&set-parent=waits&answer=b&revealed=',
      '#orphan?step=5&t=1000000',
      '#docker?t=900000000&set-init=tini&from=',
      '#pause?t=1500000000&answer=c',
    ])('%s shows the same again', async (hash) => {
      const look = async (page: Page): Promise<string[]> => {
        const parts = ['.chapter:not([hidden])', '#controls', '#caption', '#scenes'];
        return Promise.all([clock(page), ...parts.map((part) => page.locator(part).innerText())]);
      };
      const page = await open(hash);
      await poll(() => clock(page)).not.toBe('');
      const kept = page.url().slice(page.url().indexOf('#'));
      const again = await open(kept);
      const differing = async () => {
        const [one, other] = [await look(page), await look(again)];
        return one.filter((text, part) => text !== other[part]);
      };
      await poll(differing).toEqual([]);
      expect(kept.split('?')[0]).toBe(hash.split('?')[0]);
    });

    test('that makes no sense leads to the first chapter, or is as good as it can be', async () => {
      const page = await open('#nowhere?t=5');
      await poll(() => page.locator('.chapter:not([hidden])').getAttribute('data-chapter')).toBe('defunct');
      const odd = await open('#docker?t=abc&step=-4&set-init=nobody&acts=%7Bnot&answer=z');
      await poll(() => clock(odd)).toBe('0.0 s');
    });
  });
});
