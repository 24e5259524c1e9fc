// The explorer in headless Chromium: turn a knob, read the number that predict gives, simulate, two tabs, hostile addresses, the end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import t from 'tap';
import { predict } from '../../dist/index.js';
import { offlinePage } from '../../dist/explore/offline.js';
import { serveExplorer } from '../../dist/explore/server.js';
import { cleanEnvironment, main } from '../cli/command.js';
import { skipUnless } from '../fixtures/requirements.mjs';

const executablePath = process.env.MFT_CHROMIUM ?? '/usr/bin/chromium';
const skip = skipUnless('chromium', existsSync(executablePath));

t.test('the page', { skip, timeout: 240_000 }, async (t) => {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  const explorer = await serveExplorer();
  t.teardown(async () => {
    await browser.close();
    await explorer.close();
  });
  const link = (state: unknown): string => `${explorer.url}#${encodeURIComponent(JSON.stringify(state))}`;
  const small = { system: 'feedforward', spec: { activation: 'tanh', depth: 12, width: 60 } };

  await t.test('a knob is turned: the number that predict gives', async (t) => {
    const { page, problems } = await open(browser, link(small));
    await page.waitForSelector('[data-curve=correlation] svg');
    const slider = page.locator('#knob-weightVariance');
    await slider.focus();
    for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowRight');
    const weightVariance = Number(await page.getByLabel('weightVariance, exact').inputValue());
    t.ok(weightVariance > 1, 'by the keyboard');
    const { quantities, observables } = await predict({
      ...small.spec,
      system: 'feedforward',
      activation: 'tanh',
      weightVariance,
    });
    await text(
      page,
      '#numbers',
      `fixedPointVariance${Number((quantities.fixedPointVariance as number).toPrecision(6))}`,
    );
    const last = Number(observables.correlation?.values.at(-1)).toPrecision(4);
    t.match(await page.textContent('[data-curve=correlation] figcaption'), `0.5000 to ${last} by layer`);
    await page.waitForSelector('#advice li');
    await page.waitForSelector('#map svg[aria-label*="the network is at"]');
    t.match(await page.textContent('#command'), `--weight-variance ${weightVariance}`);
    t.match(decodeURIComponent(new URL(page.url()).hash), `"weightVariance":${weightVariance}`, 'a link holds it');
    t.same(problems, []);
    await page.close();
  });

  await t.test('simulated networks arrive over the lines; a turn of a knob takes them away', async (t) => {
    const { page, problems } = await open(browser, link(small));
    await page.waitForSelector('[data-curve=variance] svg');
    await page.click('#simulate');
    await text(page, '#verdict', '256 networks');
    t.match(await page.textContent('#verdict'), /256 networks: \w+, largest \|z\| \d/);
    t.ok((await page.locator('[data-curve=variance] svg circle').count()) >= 12);
    await page.selectOption('#knob-activation', 'relu');
    await text(page, '#command', 'relu');
    t.equal(await page.textContent('#verdict'), '');
    t.equal(await page.locator('[data-curve=variance] svg circle').count(), 0);
    t.same(problems, []);
    await page.close();
  });

  await t.test('downloads, dark, every system', async (t) => {
    const { page, problems } = await open(browser, link(small));
    await page.waitForSelector('[data-curve=variance] svg');
    for (const [id, pattern] of [
      ['#save-figure', /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg".*<\/svg>$/s],
      ['#save-spec', /"activation": "tanh"/],
    ] as const) {
      const [download] = await Promise.all([page.waitForEvent('download'), page.click(id)]);
      t.match(readFileSync(await download.path(), 'utf8'), pattern);
    }
    await page.emulateMedia({ colorScheme: 'dark' });
    t.equal(await page.evaluate('getComputedStyle(document.body).backgroundColor'), 'rgb(18, 18, 18)');
    for (const system of ['percolation', 'residual', 'kernel', 'autoencoder', 'recurrent', 'convolution', 'implicit']) {
      await page.selectOption('#system', system);
      await text(page, '#command', system);
      t.ok((await page.locator('#curves > figure').count()) > 0, system);
    }
    t.same(problems, []);
    await page.close();
  });

  await t.test('hostile addresses, and a second tab', async (t) => {
    const { page, problems } = await open(browser, link(small));
    await page.waitForSelector('[data-curve=variance] svg');
    const markup = '<img src=x onerror="window.stolen = 1">';
    for (const state of [
      { system: markup, spec: {} },
      { system: 'feedforward', spec: { activation: markup } },
      { system: 'feedforward', spec: { [markup]: markup } },
      { system: 'feedforward', spec: { depth: 1e12 } },
    ]) {
      const other = await open(browser, link(state));
      await other.page.waitForSelector('#failure:not([hidden])');
      t.match(await other.page.textContent('#failure'), /\[ERR_MFT_/);
      t.equal(await other.page.evaluate('window.stolen'), undefined);
      t.same(
        other.problems.filter((problem) => !/400/.test(problem)),
        [],
        'errors that are told',
      );
      await other.page.close();
    }
    const broken = await open(browser, `${explorer.url}#%7B%22system`);
    await broken.page.waitForSelector('[data-curve=variance] svg');
    t.same(broken.problems, [], 'half an address: the page as it begins');
    await page.selectOption('#knob-activation', 'erf');
    await text(page, '#command', 'erf');
    t.same(problems, [], 'the first tab goes on');
  });

  await t.test('one file that opens offline', async (t) => {
    const axes = [
      { field: 'weightVariance', values: [1, 2] },
      { field: 'activation', values: ['tanh', 'relu'] },
    ];
    const file = join(mkdtempSync(join(tmpdir(), 'mft-explore-')), 'page.html');
    writeFileSync(file, await offlinePage({ system: 'feedforward', spec: { depth: 6 } }, axes));
    const { page, problems } = await open(browser, pathToFileURL(file).href);
    await page.waitForSelector('[data-curve=correlation] svg');
    await page.selectOption('#knob-weightVariance', '2');
    await page.selectOption('#knob-activation', 'relu');
    const { observables } = await predict({ system: 'feedforward', activation: 'relu', weightVariance: 2, depth: 6 });
    const last = Number(observables.correlation?.values.at(-1)).toPrecision(4);
    await text(page, '[data-curve=correlation] figcaption', `to ${last} by layer`);
    t.equal(await page.isHidden('#simulate'), true);
    t.same(problems, []);
  });
});

t.test('mft explore ends with Ctrl-C, also while it computes', { timeout: 60_000 }, async (t) => {
  const child = spawn(process.execPath, [main, 'explore', '--activation', 'gelu'], { env: cleanEnvironment() });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const url = line.toString().trim();
  t.match(url, /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}\/#.*gelu/);
  const question = fetch(new URL('simulate', url.split('#')[0]), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ system: 'feedforward', spec: { width: 4000, depth: 200 } }),
  }).then(
    (response) => response.text().catch(() => 'cut'),
    () => 'cut',
  );
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const started = performance.now();
  child.kill('SIGINT');
  const [code] = (await once(child, 'exit')) as [number | null];
  t.equal(code, 0);
  t.ok(performance.now() - started < 5000, 'it does not wait for what it computes');
  t.equal(await question, 'cut');
});

/** Waits until an element holds a text. */
const text = (page: Page, selector: string, wanted: string): Promise<void> =>
  page.locator(selector, { hasText: wanted }).waitFor();

async function open(browser: Browser, address: string): Promise<{ readonly page: Page; readonly problems: string[] }> {
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(error.message));
  const { origin } = new URL(address);
  page.on('request', (asked) => {
    if (!asked.url().startsWith('blob:') && origin !== 'null' && new URL(asked.url()).origin !== origin)
      problems.push(`asked ${asked.url()}`);
  });
  await page.goto(address);
  return { page, problems };
}
