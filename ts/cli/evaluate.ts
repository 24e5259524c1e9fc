// mft evaluate SYSTEM QUANTITY: one named quantity.
import type { Command } from 'commander';
import { MftError } from '../core/errors.js';
import { evaluate } from '../verbs/evaluate.js';
import { printJson } from './output.js';

export function register(program: Command): void {
  program
    .command('evaluate')
    .description(
      'one quantity of a system, e.g. mft evaluate feedforward criticalWeightVariance --parameters ' +
        '\'{"activation":"tanh","biasVariance":0.05}\'',
    )
    .argument('<system>')
    .argument('<quantity>')
    .option('--parameters <json>', 'parameters as JSON', '{}')
    .action(async (system: string, quantity: string, options: { parameters: string }) => {
      let parameters: unknown;
      try {
        parameters = JSON.parse(options.parameters);
      } catch (cause) {
        throw new MftError(
          'ERR_MFT_INVALID_ARGUMENT',
          `Expected \`--parameters\` to be JSON, received ${options.parameters.slice(0, 80)}.`,
          { parameter: 'parameters', cause },
        );
      }
      printJson(await evaluate(system as never, quantity as never, parameters as object));
    });
}
