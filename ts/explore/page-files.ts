// The files of the explorer's page: HTML, style, and the script that the build bundles.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../core/addon.js';
import { MftError } from '../core/errors.js';

/** The page, with the names of the systems in it. */
export const pageHtml = (systems: readonly string[]): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>mft explore</title>
<link rel="stylesheet" href="page.css">
<script type="module" src="page.js"></script>
</head>
${pageBody(systems)}
</html>
`;

/** What the page holds before its script runs. */
export const pageBody = (systems: readonly string[]): string => `<body>
<header>
<h1>mft explore</h1>
<label>System <select id="system">${systems.map((name) => `<option>${name}</option>`).join('')}</select></label>
<span id="state" role="status"></span>
</header>
<main>
<form id="knobs" aria-label="Network"></form>
<div id="results">
<p id="failure" role="alert" hidden></p>
<section aria-labelledby="advice-title"><h2 id="advice-title">Advice</h2><ul id="advice" aria-live="polite"></ul></section>
<section aria-labelledby="curves-title">
<h2 id="curves-title">Layer by layer</h2>
<p><button type="button" id="simulate">Simulate</button> <span id="verdict" role="status"></span></p>
<div id="curves"></div>
</section>
<section id="map-section" aria-labelledby="map-title"><h2 id="map-title">Map</h2>
<div id="map-choice"></div><div id="map"></div></section>
<section aria-labelledby="numbers-title"><h2 id="numbers-title">Numbers</h2><ul id="warnings"></ul><table id="numbers"></table></section>
<section aria-labelledby="export-title">
<h2 id="export-title">Take with you</h2>
<p><button type="button" id="save-figure">Figure (SVG)</button> <button type="button" id="save-spec">Spec (JSON)</button>
The address of this page holds the network.</p>
<pre id="command"></pre>
<pre id="typescript"></pre>
</section>
</div>
</main>
</body>`;

export const pageStyle = `:root { color-scheme: light dark; --line: light-dark(#ccc, #444); --soft: light-dark(#f6f6f6, #1c1c1c); }
body { margin: 0; font: 15px/1.45 system-ui, sans-serif; background: light-dark(#fff, #121212); color: light-dark(#111, #eee); }
header { display: flex; gap: 1.5rem; align-items: baseline; padding: .6rem 1rem; border-bottom: 1px solid var(--line); flex-wrap: wrap; }
h1 { font-size: 1.1rem; margin: 0; } h2 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
main { display: grid; grid-template-columns: minmax(16rem, 20rem) 1fr; gap: 1rem; padding: 0 1rem 2rem; }
@media (max-width: 50rem) { main { grid-template-columns: 1fr; } }
form { align-self: start; } @media (min-width: 50.01rem) { form { position: sticky; top: 0; max-height: 100vh; overflow: auto; } }
.knob { display: grid; grid-template-columns: 1fr 6.5rem; gap: .1rem .5rem; padding: .3rem 0; border-bottom: 1px solid var(--line); }
.knob label { grid-column: 1 / 3; } .knob small { grid-column: 1 / 3; opacity: .75; } .knob.changed label { font-weight: 600; }
.knob :is(select, input.wide) { grid-column: 1 / 3; } input, select, button { font: inherit; min-width: 0; }
:focus-visible { outline: 2px solid light-dark(#0b57d0, #8ab4f8); outline-offset: 2px; }
#failure { border-left: 4px solid #c62828; padding: .4rem .8rem; background: var(--soft); }
#advice li.critical { font-weight: 600; } #curves { display: flex; flex-wrap: wrap; gap: .5rem 1rem; } figure { margin: 0; width: 350px; }
figcaption { font-size: .85rem; } table { border-collapse: collapse; }
td { padding: .1rem 1rem .1rem 0; border-bottom: 1px solid var(--line); }
pre { background: var(--soft); padding: .6rem; overflow: auto; } .busy { opacity: .55; } #state { margin-left: auto; opacity: .75; }
`;

/** The script of the page; the build makes it. */
export function pageScript(): string {
  const file = join(packageRoot, 'lib', 'explorer.js');
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new MftError('ERR_MFT_INTERNAL', 'The script of the explorer is not there: npm run compile makes it.', {
      cause,
    });
  }
}
