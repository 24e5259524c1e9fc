// mft init: stable variances for a network, the depth that trains with them, and code for other libraries.
import type { Command } from 'commander';
import { initialize } from '../advise/initialize.js';
import { expectedError } from '../core/errors.js';
import { interruptSignal } from './exit.js';
import { specCommand } from './flags.js';
import { printJson } from './output.js';

const libraries = ['pytorch', 'tfjs', 'keras', 'flax'] as const;

export function register(program: Command): void {
  specCommand(
    program,
    'init',
    'variances that keep signals and gradients over this depth, and code that sets them',
    false,
    (command) => command.option('--library <name>', `code for one of ${libraries.join(', ')}`, 'pytorch'),
    async ({ spec, options }) => {
      const library = libraries.find((name) => name === options.library);
      if (library === undefined)
        throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'library', `one of ${libraries.join(', ')}`, options.library);
      const found = await initialize(spec as never, { signal: interruptSignal() });
      if (options.json === true) {
        printJson(found);
        return;
      }
      const { depth, low, high, calibration } = found.trainableDepth;
      const brief = (value: number): string => String(Number(value.toPrecision(6)));
      process.stderr.write(
        `weightVariance ${brief(found.weightVariance)} (first layer ${brief(found.firstWeightVariance)}), ` +
          `biasVariance ${brief(found.biasVariance)}: keeps ${found.keeps}.\n` +
          `About ${Math.round(depth)} layers train (${Math.round(low)} to ${Math.round(high)}; ${calibration}).\n` +
          `Over ${found.spec.depth} layers the variance changes by e^${found.check.logVarianceRatio.toFixed(2)}, ` +
          `|∂E/∂z|² by e^${found.check.logGradientRatio.toFixed(2)}.\n`,
      );
      process.stdout.write(found.code[library]);
    },
  );
}
