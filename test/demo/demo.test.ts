/**
 * The built demo in headless Chromium, with real clicks and strokes, under the strict policy that its server sends.
 * Skipped where there is no Chromium (the variable CHROMIUM gives another path).
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isolation, policy } from '../../demo/vite.config.ts';
import { serve } from './serve.ts';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const here = existsSync(CHROMIUM);
if (!here) console.log(`the demo is not tested: there is no Chromium at ${CHROMIUM}`);

const root = fileURLToPath(new URL('../../', import.meta.url));
const security = { 'Content-Security-Policy': policy };
const LONG = 90_000;

type Stroke = [x: number, y: number][];
/** As people draw them, with coordinates in 0 … 1. */
const strokes: Record<string, Stroke[]> = {
  '0': [Array.from({ length: 25 }, (_, i) => [0.5 - 0.2 * Math.sin(i / 3.8), 0.5 - 0.3 * Math.cos(i / 3.8)])],
  '1': [
    [
      [0.53, 0.2],
      [0.5, 0.5],
      [0.48, 0.8],
    ],
  ],
  '7': [
    [
      [0.3, 0.25],
      [0.5, 0.24],
      [0.7, 0.25],
      [0.58, 0.5],
      [0.48, 0.8],
    ],
  ],
};

async function draw(page: Page, digit: string): Promise<void> {
  await page.click('#clear');
  const { x, y, width, height } = (await page.locator('#pad').boundingBox())!;
  for (const stroke of strokes[digit]!) {
    const [first, ...rest] = stroke.map(([u, v]): [number, number] => [x + u * width, y + v * height]);
    await page.mouse.move(...first!);
    await page.mouse.down();
    for (const point of rest) await page.mouse.move(...point, { steps: 4 });
    await page.mouse.up();
  }
}

const number = async (page: Page, selector: string): Promise<number> =>
  Number.parseFloat((await page.textContent(selector))!.replace(/,/g, ''));

const textIs = (page: Page, selector: string, text: string) =>
  page.waitForFunction(([s, t]) => document.querySelector(s!)?.textContent === t, [selector, text], {
    timeout: 20_000,
  });

describe.skipIf(!here)('the demo in Chromium', () => {
  let browser: Browser;
  const servers: Server[] = [];
  const complaints: string[] = [];

  async function open(headers: Record<string, string>, width = 1100): Promise<Page> {
    const { server, url } = await serve(`${root}out/demo`, { ...security, ...headers });
    servers.push(server);
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.addInitScript(() =>
      addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
        console.error(`policy: ${violatedDirective} ${blockedURI}`),
      ),
    );
    await page.goto(url);
    await page.waitForSelector('#train:not([disabled])', { timeout: 20_000 });
    return page;
  }

  beforeAll(async () => {
    expect(spawnSync(process.execPath, ['--import', 'tsx', 'demo/data/pack.ts'], { cwd: root }).status).toBe(0);
    await build({ configFile: `${root}demo/vite.config.ts`, logLevel: 'warn' });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  }, LONG);

  afterAll(async () => {
    await browser?.close();
    for (const server of servers) server.close();
  });

  describe('with isolation', () => {
    let page: Page;
    beforeAll(async () => {
      page = await open(isolation);
    }, LONG);

    it('runs on threads', async () => {
      const facts = await page.locator('#facts li').allTextContents();
      const cores = await page.evaluate(() => navigator.hardwareConcurrency);
      expect(facts).toContain(cores === 1 ? 'one thread' : `${cores} threads`);
      expect(await page.isHidden('#why')).toBe(cores > 1);
    });

    it(
      'learns digits in stages, and recognises strokes',
      async () => {
        await page.click('#train');
        await page.waitForFunction(() => document.querySelector('#epoch')?.textContent?.startsWith('2 of'), null, {
          timeout: LONG,
        });
        await page.click('#train');
        await textIs(page, '#digits-status', 'Paused.');
        await page.click('#train');
        await page.waitForSelector('#train[disabled]', { timeout: LONG });
        expect(await number(page, '#accuracy')).toBeGreaterThan(95);
        for (const digit of Object.keys(strokes)) {
          await draw(page, digit);
          await textIs(page, '#guess', digit);
          expect(await page.textContent('#guess'), `a drawn ${digit}`).toBe(digit);
        }
        await page.click('#clear');
        await textIs(page, '#guess', '?');
      },
      2 * LONG,
    );

    it('chooses test digits by keyboard', async () => {
      const sample = page.locator('.sample.right').first();
      await sample.focus();
      await page.keyboard.press('Enter');
      const label = (await sample.getAttribute('aria-label'))!;
      const digit = label.match(/^Test digit (\d), taken for \1$/)![1]!;
      await textIs(page, '#guess', digit);
      expect(await page.textContent('#guess')).toBe(digit);
    });

    it(
      'separates the moons, and restarts when the network changes',
      async () => {
        await page.click('#play');
        await page.waitForFunction(
          () => Number.parseFloat(document.querySelector('#moons-accuracy')!.textContent!) > 95,
          null,
          { timeout: LONG },
        );
        await page.click('#play');
        expect(await page.textContent('#play')).toBe('Play');
        expect(await number(page, '#moons-step')).toBeGreaterThan(0);
        await page.focus('#hidden');
        await page.keyboard.press('ArrowRight');
        await textIs(page, '#moons-step', '0');
        expect(await page.textContent('#hidden-value')).toBe('17');
      },
      LONG,
    );

    it(
      'is faster than plain JavaScript',
      async () => {
        await page.click('#run-race');
        await page.waitForSelector('#run-race:not([disabled])', { timeout: LONG });
        const times = await page.locator('.times').allTextContents();
        const ratios = times.filter((text) => text !== '').map((text) => Number.parseFloat(text));
        expect(ratios.length).toBeGreaterThanOrEqual(3);
        for (const ratio of ratios) expect(ratio).toBeGreaterThan(1);
        expect(ratios.every(Number.isFinite)).toBe(true);
      },
      LONG,
    );
  });

  it(
    'runs on one thread without isolation, says so, and fits a phone',
    async () => {
      const page = await open({}, 360);
      expect(await page.locator('#facts li').allTextContents()).toContain('one thread');
      expect(await page.textContent('#why')).toContain('not cross-origin isolated');
      await page.click('#train');
      await page.waitForFunction(() => document.querySelector('#accuracy')?.textContent !== '–', null, {
        timeout: LONG,
      });
      expect(await number(page, '#accuracy')).toBeGreaterThan(85);
      await page.click('#train-reset');
      await textIs(page, '#accuracy', '–');
      const [inner, scroll] = await page.evaluate(() => [innerWidth, document.documentElement.scrollWidth]);
      expect(scroll).toBeLessThanOrEqual(inner!);
    },
    LONG,
  );

  it('logs no error, no warning and no violation of the policy', () => {
    expect(complaints).toEqual([]);
  });
});
