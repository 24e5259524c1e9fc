// One self-contained HTML page per sweep: figures, table, plan, provenance. It opens offline, loads nothing, and its
// security policy allows its own three scripts by hash and no eval.
import { createHash } from 'node:crypto';
import { compiledFigure, pageScripts } from '../figures/render-page.js';
import { csvCell } from './csv.js';
import type { ExportSource } from './export-source.js';
import { figurePoint, reportFigures } from './report-figures.js';
import { type TableRow, tableRows } from './table.js';

/** The table of a page stops here; the CSV has all rows. */
const mostTableRows = 2000;

/** Draws every figure of the page. Runs in the browser, so it stands here as text. */
const drawing = `
const figures = JSON.parse(document.getElementById('figures').textContent);
const loader = vega.loader();
loader.load = loader.http = loader.file = () => Promise.reject(new Error('This page loads nothing.'));
Promise.all(figures.map((figure, i) => {
  const container = document.getElementById('figure-' + i);
  const runtime = vega.parse(figure, undefined, { ast: true });
  return new vega.View(runtime, { expr: vegaInterpreter.expressionInterpreter, renderer: 'svg', container, loader }).runAsync();
})).then(() => { document.documentElement.dataset.figures = 'drawn'; });
`;

const style = `
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 78rem; padding: 0 1rem; color: #1a1a1a; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.figures { display: flex; flex-wrap: wrap; gap: 1rem 2rem; align-items: flex-start; }
.figure { max-width: 100%; overflow-x: auto; }
.scroll { overflow: auto; max-height: 40rem; border: 1px solid #ddd; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 12px; }
th, td { padding: 2px 8px; border-bottom: 1px solid #eee; text-align: right; white-space: nowrap; }
th { position: sticky; top: 0; background: #f6f6f6; }
pre { background: #f6f6f6; padding: .8rem; overflow: auto; }
`;

/** The page as text. @throws MftError (rejects) ERR_MFT_MISSING_PEER when vega is not installed */
export async function writeReport(source: ExportSource): Promise<string> {
  const points = [];
  const shown: TableRow[] = [];
  let [jobs, failed, lines] = [0, 0, 0];
  for await (const row of source.rows()) {
    jobs++;
    if (row.status === 'failed') failed++;
    const point = figurePoint(row, source.axisNames);
    if (point !== undefined) points.push(point);
    const rows = tableRows(row);
    lines += rows.length;
    shown.push(...rows.slice(0, mostTableRows - shown.length));
  }
  const figures = await Promise.all(reportFigures(points, source.axisNames).map(compiledFigure));
  const scripts = [...(await pageScripts()), drawing];
  const hashes = scripts.map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`).join(' ');
  const policy = `default-src 'none'; script-src ${hashes}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'`;
  const title =
    source.plan?.title ?? `${source.plan?.verb ?? 'sweep'} of ${source.plan?.base.system ?? 'several systems'}`;
  const { plan: _, ...provenance } = source.manifest;
  const names = [...source.columns.keys()];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(policy)}">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<p>${jobs} jobs, ${failed} failed, ${lines} rows.</p>
${source.planProblem === undefined ? '' : `<p>Rows stand in the order of their keys: ${escaped(source.planProblem)}</p>\n`}<h2>Figures</h2>
<div class="figures">
${figures.map((_figure, i) => `<div class="figure" id="figure-${i}"></div>`).join('\n')}
</div>
<h2>Rows</h2>
<p>${lines > shown.length ? `The first ${shown.length} of ${lines} rows; the CSV has all.` : 'All rows, with every digit.'}</p>
<div class="scroll"><table id="rows">
<thead><tr>${names.map((name) => `<th>${escaped(name)}</th>`).join('')}</tr></thead>
<tbody>
${shown.map((row) => `<tr>${names.map((name) => `<td>${escaped(cellText(row[name]))}</td>`).join('')}</tr>`).join('\n')}
</tbody></table></div>
<h2>Plan</h2>
<pre id="plan">${escaped(JSON.stringify(source.plan ?? null, null, 2))}</pre>
<h2>Provenance</h2>
<table id="provenance">${Object.entries(provenance)
    .map(
      ([name, value]) =>
        `<tr><th>${escaped(name)}</th><td>${escaped(typeof value === 'string' ? value : JSON.stringify(value))}</td></tr>`,
    )
    .join('\n')}</table>
<script type="application/json" id="figures">${embedded(figures)}</script>
${scripts.map((text) => `<script>${text}</script>`).join('\n')}
</body>
</html>
`;
}

function cellText(value: TableRow[string] | undefined): string {
  return value === undefined ? '' : typeof value === 'string' ? value : csvCell(value);
}

/** Text as HTML text or attribute. */
function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] as string);
}

/** JSON inside a script element: nothing in it can end the element or start a comment. */
function embedded(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
