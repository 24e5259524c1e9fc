// mft figure: a figure of a system, as Vega-Lite JSON, SVG, PNG or a page.
import { existsSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import type { Command } from 'commander';
import { expectedError, MftError } from '../core/errors.js';
import type { VegaLiteFigure } from '../core/system.js';
import { render } from '../figures/render.js';
import { figure } from '../verbs/figure.js';
import { interruptSignal } from './exit.js';
import { specCommand } from './flags.js';
import { printJson, table, writeOutput } from './output.js';
import { progressBar } from './progress.js';

export function register(program: Command): void {
  specCommand(
    program,
    'figure',
    'draw a figure of a system; without a name, list them',
    true,
    (command) => {
      command.argument('[name]', 'name of the figure');
      command.option(
        '-o, --output <file...>',
        'write to .svg, .png, .html or .json (several allowed); without it the JSON is printed',
      );
    },
    async ({ system, spec, run, options, words }) => {
      const name = words[0]?.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
      if (name === undefined) {
        process.stdout.write(
          `${table(
            ['figure', 'shows'],
            Object.entries(system.figures).map(([key, value]) => [key, value.description]),
          )}\n`,
        );
        return;
      }
      const files = (options.output as string[] | undefined) ?? [];
      requireFigureFiles(files);
      const bar = await progressBar(name);
      const drawn = await figure(spec as never, name, {
        run,
        signal: interruptSignal(),
        onProgress: bar.onProgress,
      }).finally(bar.stop);
      if (files.length === 0) printJson(drawn);
      for (const file of files) await writeFigure(drawn, file);
    },
  );
}

const formats = ['.svg', '.png', '.html', '.json'];

/** What can be said of output files before anything is computed: their format is known and their folder is there. */
export function requireFigureFiles(files: readonly string[]): void {
  for (const file of files) {
    if (!formats.includes(extname(file).toLowerCase()))
      throw expectedError(
        'ERR_MFT_INVALID_ARGUMENT',
        'output',
        `a file ending in ${formats.slice(0, -1).join(', ')} or .json`,
        file,
      );
    const folder = dirname(file);
    if (!existsSync(folder))
      throw new MftError('ERR_MFT_DISK', `Could not write ${file}: there is no folder ${folder}.`, {
        parameter: 'output',
      });
  }
}

/** A page that opens offline: the drawing itself, no script. */
async function page(drawn: VegaLiteFigure): Promise<string> {
  const style = 'body{margin:2rem;font-family:sans-serif}svg{max-width:100%;height:auto}';
  const head = `<meta charset="utf-8"><title>mft-native</title><style>${style}</style>`;
  return `<!doctype html><html lang="en"><head>${head}</head><body>${await render(drawn)}</body></html>\n`;
}

/** Writes a figure in the format its extension names. */
export async function writeFigure(drawn: VegaLiteFigure, file: string): Promise<void> {
  requireFigureFiles([file]);
  const extension = extname(file).toLowerCase();
  if (extension === '.svg') await writeOutput(file, await render(drawn));
  else if (extension === '.png') await writeOutput(file, await render(drawn, { format: 'png' }));
  else if (extension === '.html') await writeOutput(file, await page(drawn));
  else await writeOutput(file, `${JSON.stringify(drawn, null, 1)}\n`);
}
