// mft gain ACTIVATION: the factor that keeps the mean square or the variance of a Gaussian.
import type { Command } from 'commander';
import { parseJson } from '../core/text.js';
import { type ActivationSpec, activationCatalogue } from '../gaussian/activations.js';
import { gain } from '../gaussian/gain.js';
import { printJson, shown, table } from './output.js';

interface Options {
  variance: number;
  json?: boolean;
}

/** Those of a whole table: without parameters that must be given, and with a second moment other than 0. */
const tabled = Object.entries(activationCatalogue).flatMap(([name, { parameters }]) =>
  parameters.every((parameter) => parameter.default !== undefined) ? [name] : [],
);

export function register(program: Command): void {
  program
    .command('gain')
    .description('the factor of an activation that keeps the mean square, or the variance, of a Gaussian')
    .argument('[activation]', 'a name or JSON; left out: a table of all names')
    .option('--variance <number>', 'variance of the Gaussian', Number, 1)
    .option('--json', 'print JSON')
    .action((given: string | undefined, { variance, json }: Options) => {
      const activations =
        given === undefined ? tabled : [given.trim().startsWith('{') ? parseJson(given, 'activation') : given];
      const rows = activations.map((activation) => ({
        activation: activation as ActivationSpec,
        secondMoment: gain(activation as ActivationSpec, { variance }),
        variance: gain(activation as ActivationSpec, { keeps: 'variance', variance }),
      }));
      if (json === true) return printJson(given === undefined ? rows : rows[0]);
      const lines = rows.map((row) => [
        typeof row.activation === 'string' ? row.activation : JSON.stringify(row.activation),
        shown(row.secondMoment),
        shown(row.variance),
      ]);
      process.stdout.write(`${table(['activation', 'keeps the mean square', 'keeps the variance'], lines)}\n`);
    });
}
