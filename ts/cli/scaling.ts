// mft scaling: whether the rates of a small network hold for wide ones.
import type { Command } from 'commander';
import { checkScaling, type ScalingCheckOptions } from '../advise/check-scaling.js';
import { interruptSignal } from './exit.js';
import { specCommand } from './flags.js';
import { printJson, table } from './output.js';
import { progressBar } from './progress.js';

export function register(program: Command): void {
  specCommand(
    program,
    'scaling',
    'how activations, and what a few steps change of them, grow with the width',
    false,
    (command) =>
      command
        .option('--widths <list>', 'at least three widths, ascending', '64,256,1024')
        .option('--rule <name>', 'standard or muP', 'standard')
        .option('--base-width <number>', 'width at which every factor is 1; default the first', Number)
        .option('--optimizer <name>', 'sgd or adam', 'adam')
        .option('--learning-rate <number>', 'at the base width', Number)
        .option('--steps <number>', 'steps on one batch', Number)
        .option('--seeds <number>', 'networks of each width', Number)
        .option('--dataset <name>', 'synthetic, mnist or cifar10', 'synthetic'),
    async ({ spec, options }) => {
      const widths = String(options.widths).split(',').map(Number);
      const given = (names: readonly string[]): object =>
        Object.fromEntries(names.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])));
      const bar = await progressBar('scaling');
      const check = await checkScaling(spec as never, widths, {
        scaling: { rule: options.rule as 'standard', baseWidth: (options.baseWidth as number) ?? widths[0] },
        ...(given(['optimizer', 'learningRate', 'steps', 'seeds', 'dataset']) as ScalingCheckOptions),
        signal: interruptSignal(),
        onProgress: bar.onProgress,
      }).finally(bar.stop);
      if (options.json === true) {
        printJson(check);
        return;
      }
      const brief = (value: number): string => value.toPrecision(3);
      const rows = check.exponents.map(({ layer, what, exponent, standardError, verdict, values }) => [
        String(layer),
        what,
        `${exponent.toFixed(3)} +- ${standardError.toFixed(3)}`,
        verdict,
        values.map(brief).join('  '),
      ]);
      const header = ['layer', 'of', 'exponent', 'verdict', `root mean squares at widths ${widths.join(', ')}`];
      process.stdout.write(`${table(header, rows)}\n\n${check.rule}: ${check.verdict}\n`);
    },
  );
}
