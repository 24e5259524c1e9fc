// mft shape SPEC: an activation made for the depth of a network.
import { shape } from '../advise/shape.js';
import { expectedError } from '../core/errors.js';
import { specCommand } from './flags.js';
import { printJson, shown } from './output.js';

const methods = ['dks', 'tat'] as const;

export function register(program: import('commander').Command): void {
  specCommand(
    program,
    'shape',
    'an activation shaped for the depth, so that deep networks train without normalisation',
    false,
    (command) =>
      command
        .option('--method <name>', `one of ${methods.join(', ')}`, 'dks')
        .option(
          '--target <number>',
          'slope (dks), curvature (tat) or correlation (tat of relu) of the whole network',
          Number,
        ),
    async ({ spec, options }) => {
      const method = methods.find((name) => name === options.method);
      if (method === undefined)
        throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'method', `one of ${methods.join(', ')}`, options.method);
      const found = shape(spec as never, {
        method,
        ...(options.target === undefined ? {} : { target: options.target as number }),
      });
      if (options.json === true) return printJson(found);
      const { inputScale, inputShift, outputShift, outputScale } = found.transform;
      process.stderr.write(
        `gamma (phi(alpha x + beta) + delta): alpha ${shown(inputScale)}, beta ${shown(inputShift)}, delta ${shown(outputShift)}, ` +
          `gamma ${shown(outputScale)}\n`,
      );
      process.stdout.write(`${JSON.stringify(found.spec)}\n`);
    },
  );
}
