// What a self-contained page needs to draw figures offline: Vega's code, its expression interpreter (so that the page's
// security policy can forbid eval), and figures compiled to Vega.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { MftError } from '../core/errors.js';
import type { VegaLiteFigure } from '../core/system.js';

const requireFrom = createRequire(import.meta.url);

/** Scripts for a page: they define `vega` and `vegaInterpreter`. @throws MftError (rejects) ERR_MFT_MISSING_PEER */
export async function pageScripts(): Promise<readonly string[]> {
  try {
    const vega = await readFile(join(dirname(requireFrom.resolve('vega')), 'vega.min.js'), 'utf8');
    const interpreter = await readFile(new URL(import.meta.resolve('vega-interpreter')), 'utf8');
    return [vega, classicScript(interpreter)].map((text) =>
      text.replaceAll('</script', '<\\/script').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'),
    );
  } catch (cause) {
    if (cause instanceof MftError) throw cause;
    throw new MftError(
      'ERR_MFT_MISSING_PEER',
      'A report needs the optional packages vega, vega-lite and vega-interpreter: npm install vega vega-lite vega-interpreter',
      { parameter: 'report', cause },
    );
  }
}

/** The interpreter is published as a module; its one import is part of Vega's own bundle. */
function classicScript(module: string): string {
  const imports = /^import \{([^}]*)\} from ['"]vega-util['"];/m.exec(module);
  const exports = /^export \{([^}]*)\};/m.exec(module);
  if (imports === null || exports === null || /^\s*(import|export) (?!\{)/m.test(module)) {
    throw new MftError(
      'ERR_MFT_MISSING_PEER',
      'The installed vega-interpreter has a form this version does not know; install vega-interpreter 2.3.',
      { parameter: 'vega-interpreter' },
    );
  }
  const body = module
    .replace(imports[0], `const {${(imports[1] as string).replace(/ as /g, ': ')}} = vega;`)
    .replace(exports[0], `return {${(exports[1] as string).replace(/([$\w]+) as ([$\w]+)/g, '$2: $1')}};`);
  return `var vegaInterpreter = (function () {\n${body}\n})();\n`;
}

/** A Vega-Lite figure as the Vega specification that the page's script parses. */
export async function compiledFigure(figure: VegaLiteFigure): Promise<object> {
  const { compile } = (await import('vega-lite').catch((cause: unknown) => {
    throw new MftError(
      'ERR_MFT_MISSING_PEER',
      'A report needs the optional package vega-lite: npm install vega vega-lite vega-interpreter',
      { parameter: 'vega-lite', cause },
    );
  })) as unknown as { compile: (figure: unknown) => { spec: object } };
  return compile(figure).spec;
}
