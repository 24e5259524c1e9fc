// mft reproduce: published figures and tables, published numbers beside ours.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { toJson } from '../core/codec.js';
import { expectedError } from '../core/errors.js';
import { reproductions, reproduce, summary } from '../reproduce/reproduce.js';
import type { ReproductionResult, ReproductionRow, ReproductionScale } from '../reproduce/types.js';
import { exitCodes, interruptSignal } from './exit.js';
import { writeFigure } from './figure.js';
import { printJson, shown, table, writeOutput } from './output.js';
import { progressBar } from './progress.js';

const defaultFolder = 'out/reproduce';

export function register(program: Command): void {
  program
    .command('reproduce')
    .description(
      'compute published figures and tables again and print published against measured numbers; without an id, list them',
    )
    .argument('[id]', 'which one; all: every one in turn')
    .option('--scale <scale>', "quick (seconds) or paper (the paper's widths and numbers of networks)", 'quick')
    .option('-o, --output <folder>', 'folder for the figures (SVG, PNG) and the rows (JSON)', defaultFolder)
    .option(
      '--journal <file>',
      'journal of the training runs, continued when it is there (default: training.jsonl in the folder)',
    )
    .option('--seed <value>', 'seed', '1')
    .option('--threads <value>', 'threads; 0 = all processors', '0')
    .option('--json', 'print JSON')
    .action(async (id: string | undefined, options: Readonly<Record<string, string | boolean | undefined>>) => {
      const folder = String(options.output);
      if (id === undefined) {
        await list(folder, options.json === true);
        return;
      }
      const run = {
        scale: options.scale as ReproductionScale,
        seed: whole('seed', options.seed),
        threads: whole('threads', options.threads),
      };
      mkdirSync(folder, { recursive: true });
      const journal = String(options.journal ?? join(folder, 'training.jsonl'));
      const ids = id === 'all' ? (await reproductions()).map((entry) => entry.id) : [id];
      const signal = interruptSignal();
      for (const each of ids) {
        const bar = await progressBar(each);
        const result = await reproduce(each, { ...run, journal, signal, onProgress: bar.onProgress }).finally(bar.stop);
        await write(result, folder);
        if (options.json === true) printJson(result);
        else print(result);
        if (result.rows.some((row) => row.verdict === 'differs')) process.exitCode = exitCodes.failedJobs;
      }
    });
}

function whole(name: string, text: unknown): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0)
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, 'a whole number >= 0', text);
  return value;
}

async function list(folder: string, asJson: boolean): Promise<void> {
  const entries = (await reproductions()).map((entry) => ({ ...entry, state: state(folder, entry.id) }));
  if (asJson) printJson(entries);
  else
    process.stdout.write(
      `${table(
        ['id', 'quick', 'paper', 'state', 'title'],
        entries.map((entry) => [
          entry.id,
          entry.quickCost,
          entry.paperCost,
          entry.state,
          `${entry.paper.split(':')[0]}: ${entry.title}`,
        ]),
      )}\n`,
    );
}

/** What an earlier run left in the folder. */
function state(folder: string, id: string): string {
  const file = join(folder, `${id}.json`);
  if (!existsSync(file)) return 'not run';
  try {
    const { scale, rows } = JSON.parse(readFileSync(file, 'utf8')) as ReproductionResult;
    return `${scale}: ${summary(rows)}`;
  } catch {
    return `unreadable ${file}`;
  }
}

async function write(result: ReproductionResult, folder: string): Promise<void> {
  for (const { name, figure } of result.figures)
    for (const extension of ['svg', 'png'])
      await writeFigure(figure, join(folder, `${result.id}-${name}.${extension}`));
  await writeOutput(join(folder, `${result.id}.json`), `${JSON.stringify(toJson(result), null, 1)}\n`);
}

function print(result: ReproductionResult): void {
  const rows = result.rows.map((row) => [
    row.what,
    shown(row.published),
    measuredText(row),
    row.z === undefined ? '' : row.z.toFixed(2),
    row.allowance === undefined ? '' : String(Number(row.allowance.toPrecision(2))),
    row.verdict,
    row.source,
  ]);
  const notes = [
    ...new Set(result.rows.filter((row) => row.verdict !== 'agrees' && row.note !== undefined).map((row) => row.note)),
  ];
  process.stdout.write(
    `${result.id} (${result.paper}), scale ${result.scale}: ` +
      `${summary(result.rows)}\n${table(['what', 'published', 'measured', 'z', 'allowed', 'verdict', 'source'], rows)}\n`,
  );
  for (const note of notes) process.stdout.write(`  ${note}\n`);
}

function measuredText(row: ReproductionRow): string {
  return row.standardError === undefined
    ? shown(row.measured)
    : `${shown(row.measured)} ± ${Number(row.standardError.toPrecision(2))}`;
}
