// mft explore: a page on which knobs are turned; served on this machine only until Ctrl-C, or written as one file.
import type { Command } from 'commander';
import { expectedError } from '../core/errors.js';
import { offlinePage } from '../explore/offline.js';
import { serveExplorer } from '../explore/server.js';
import { axisSyntax, parseAxis } from './axis-text.js';
import { interruptSignal } from './exit.js';
import { specCommand } from './flags.js';
import { writeOutput } from './output.js';
import { progressBar } from './progress.js';

export function register(program: Command): void {
  specCommand(
    program,
    'explore',
    'a page on which you turn the knobs of a network and see what theory says; served on 127.0.0.1 until Ctrl-C',
    false,
    (command) => {
      command.option('--port <n>', 'port; default any free one');
      command.option('--export <file>', 'instead write one HTML file that opens offline, for the values of --axis');
      command.option(
        '--axis <field=values>',
        `with --export: a field that can be chosen: ${axisSyntax} (several allowed)`,
        (text: string, before: string[] = []) => [...before, text],
      );
    },
    async ({ spec: { system, ...spec }, options }) => {
      const state = { system: String(system), spec };
      if (options.export === undefined) return serve(state, options.port);
      const axes = ((options.axis ?? []) as string[]).map((text) => parseAxis(text, numberOrWord));
      const bar = await progressBar('explore');
      const page = await offlinePage(state, axes, { signal: interruptSignal(), onProgress: bar.onProgress }).finally(
        bar.stop,
      );
      await writeOutput(String(options.export), page);
    },
  );
}

const numberOrWord = (text: string): number | string =>
  text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;

async function serve(state: { readonly system: string; readonly spec: object }, port: unknown): Promise<void> {
  const explorer = await serveExplorer(port === undefined ? {} : { port: portIn(String(port)) });
  process.stdout.write(`${explorer.url}#${encodeURIComponent(JSON.stringify(state))}\n`);
  process.stderr.write('mft: open this address in a browser of this machine; Ctrl-C ends the page\n');
  const signal = interruptSignal();
  await new Promise<void>((settle) => signal.addEventListener('abort', () => settle(), { once: true }));
  await explorer.close();
}

function portIn(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'port', 'a whole number in [1, 65535]', text);
}
