// The HTML report in headless Chromium: no network, no console errors, nothing hostile comes alive, the numbers of the export.
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import t from 'tap';
import { exportJournal } from '../../dist/sweep/export.js';
import { localExecutor } from '../../dist/sweep/local.js';
import type { SweepPlan } from '../../dist/sweep/plan.js';
import { sweep } from '../../dist/sweep/run.js';
import { skipUnless } from '../fixtures/requirements.mjs';
import { toyVerbs } from '../fixtures/toy-verbs.mjs';

const executablePath = process.env.MFT_CHROMIUM ?? '/usr/bin/chromium';
const skip = skipUnless('chromium', existsSync(executablePath));
const hostile = `</script><script>window.stolen = 1</script><img src=x onerror="window.stolen = 2"><!-- "'&`;

t.test('a report opens offline', { skip, timeout: 120_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'mft-report-'));
  const journal = join(folder, 'rows.jsonl');
  const plan: SweepPlan = {
    title: `Report ${hostile}`,
    verb: 'toy',
    base: { system: 'toy', layers: 6 },
    run: { seed: 1 },
    axes: { x: { linear: [0.1, 1, 5] }, label: ['plain', hostile, '=HYPERLINK("http://evil.example")'] },
  };
  const executor = localExecutor({ processes: 2, childModule: new URL('../fixtures/toy-child.mjs', import.meta.url) });
  for await (const _ of sweep(plan, { journal, verbs: toyVerbs(), executor }));
  const report = join(folder, 'report.html');
  const csv = join(folder, 'rows.csv');
  await exportJournal(journal, { report, csv }, toyVerbs());

  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    const problems: string[] = [];
    const requests: string[] = [];
    page.on(
      'console',
      (message) => void (['error', 'warning'].includes(message.type()) && problems.push(message.text())),
    );
    page.on('pageerror', (error) => void problems.push(String(error)));
    page.on('request', (request) => void requests.push(request.url()));
    await page.goto(pathToFileURL(report).href);
    await page.waitForSelector('html[data-figures=drawn]', { timeout: 60_000 });
    t.same(problems, [], 'no console errors');
    t.same(requests, [pathToFileURL(report).href], 'nothing was loaded but the file');
    const figures = await page.$$eval('.figure', (all) =>
      all.map((figure) => figure.querySelectorAll('svg path').length),
    );
    t.ok(figures.length >= 3 && figures.every((paths) => paths > 3), `figures drawn: ${figures.join(', ')} paths`);
    t.equal(await page.evaluate('window.stolen'), undefined, 'no hostile text ran');
    t.equal(await page.$eval('h1', (heading) => heading.textContent), `Report ${hostile}`);
    t.equal(await page.$$eval('img', (images) => images.length), 0);
    const policy = await page.$eval('meta[http-equiv]', (meta) => meta.getAttribute('content'));
    t.notMatch(policy, /unsafe-eval|script-src[^;]*unsafe-inline/);
    // As text: the compiler of the tests knows no browser.
    const violation = await page.evaluate(`new Promise((resolve) => {
      document.addEventListener('securitypolicyviolation', (event) => resolve(event.violatedDirective));
      const script = document.createElement('script');
      script.textContent = 'window.injected = 1';
      document.body.append(script);
    })`);
    t.match(String(violation), /^script-src/, 'the policy is in force');
    t.equal(await page.evaluate('window.injected'), undefined);
    const shown = await page.$$eval('#rows tr', (rows) =>
      rows.map((row) =>
        Array.from(row.children as Iterable<{ textContent: string | null }>, (cell) => cell.textContent),
      ),
    );
    const [header = '', ...lines] = readFileSync(csv, 'utf8').trim().split('\r\n');
    t.same(shown[0], header.split(','));
    t.equal(shown.length - 1, lines.length);
    const numbers = (cells: readonly (string | null)[]): (string | null)[] =>
      cells.filter((cell) => cell !== null && /^-?(\d|Infinity)/.test(cell));
    const plain = lines.map((line, i) => ({ line, i })).filter(({ line }) => !line.includes('"'));
    t.ok(plain.length >= 30, `${plain.length} rows compared`);
    for (const { line, i } of plain) t.same(numbers(shown[i + 1] ?? []), numbers(line.split(',')), `row ${i}`);
    await page.screenshot({ path: join(folder, 'report.png'), fullPage: true });
    t.comment(join(folder, 'report.png'));
  } finally {
    await browser.close();
  }
});
