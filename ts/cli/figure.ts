// mft figure: a figure of a system, as Vega-Lite JSON, SVG or PNG.
import { extname } from 'node:path';
import type { Command } from 'commander';
import { expectedError } from '../core/errors.js';
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
        'write to .svg, .png or .json (several allowed); without it the JSON is printed',
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
      const bar = await progressBar(name);
      const drawn = await figure(spec as never, name, {
        run,
        signal: interruptSignal(),
        onProgress: bar.onProgress,
      }).finally(bar.stop);
      const files = (options.output as string[] | undefined) ?? [];
      if (files.length === 0) printJson(drawn);
      for (const file of files) await writeFigure(drawn, file);
    },
  );
}

/** Writes a figure in the format its extension names. */
export async function writeFigure(drawn: VegaLiteFigure, file: string): Promise<void> {
  const extension = extname(file).toLowerCase();
  if (extension === '.svg') await writeOutput(file, await render(drawn));
  else if (extension === '.png') await writeOutput(file, await render(drawn, { format: 'png' }));
  else if (extension === '.json') await writeOutput(file, `${JSON.stringify(drawn, null, 1)}\n`);
  else throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'output', 'a file ending in .svg, .png or .json', file);
}
