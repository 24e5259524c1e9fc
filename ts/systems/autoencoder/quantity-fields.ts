// Parameters that several quantities of `autoencoder` share.
import * as z from 'zod';
import { expectedError } from '../../core/errors.js';
import { numberField } from '../../core/fields.js';
import { imbalanced } from './curve.js';
import { squaresOf } from './flow.js';
import { checkMapping } from './mode.js';
import { piecesField } from './schedule.js';
import type { Squares } from './taylor.js';

export const variance = numberField(
  { low: 0 },
  'Eigenvalue of the second moment: variance of the data along a direction.',
  'ν',
);
export const noise = numberField({ low: 0 }, 'Variance of the noise per coordinate.', 's²').default(0);
export const decay = numberField({ low: 0 }, 'Weight decay.', 'g').default(0);
export const rate = numberField({ low: 0 }, 'Learning rate of a full-batch step.', 'α');
export const weight = (name: string): z.ZodNumber => numberField({}, `Weight ${name} at the start.`, name);
export const initial = numberField(
  {},
  'Mapping at the start; of equal weights, w1 = w2, unless `imbalance` is given.',
  'w_0',
);
export const modeFields = { inputVariance: variance, noiseVariance: noise, weightDecay: decay };
export const spectrumField = z
  .array(z.number().gte(0))
  .min(1)
  .meta({ expected: 'a list of numbers >= 0', description: 'Eigenvalues of the second moment.', symbol: 'ν_i' });

/** A start: by the mapping (and the imbalance), or by two weights. */
export const startFields = {
  ...modeFields,
  learningRate: rate,
  initialMapping: initial.optional(),
  imbalance: numberField(
    {},
    'w2² − w1² at the start, with `initialMapping`: 0 is rich, far above the fixed point lazy.',
    'c_0',
  ).optional(),
  w1: weight('w1').optional(),
  w2: weight('w2').optional(),
};

/** What changes from which step on, any real numbers. */
export const scheduleField = piecesField(z.number().gte(0));

interface GivenStart {
  readonly initialMapping?: number | undefined;
  readonly imbalance?: number | undefined;
  readonly w1?: number | undefined;
  readonly w2?: number | undefined;
}

/** The start that was given. @throws MftError ERR_MFT_INVALID_ARGUMENT, ERR_MFT_OUT_OF_RANGE */
export function startOf({ initialMapping, imbalance, w1, w2 }: GivenStart): Squares {
  const refuse = (name: string, expected: string, value: unknown): never => {
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, expected, value);
  };
  if (initialMapping !== undefined) {
    if (w1 !== undefined || w2 !== undefined)
      refuse('initialMapping', 'left out where `w1` and `w2` are given', initialMapping);
    if (imbalance !== undefined && imbalance !== 0) return squaresOf(imbalanced(initialMapping, imbalance));
    checkMapping(initialMapping);
    return { P: 4 * initialMapping, Q: 0, w: initialMapping };
  }
  if (imbalance !== undefined) refuse('imbalance', 'given with `initialMapping`', imbalance);
  if (w1 === undefined || w2 === undefined)
    return refuse(
      w1 === w2 ? 'initialMapping' : w1 === undefined ? 'w1' : 'w2',
      'a number (or give `w1` and `w2`)',
      undefined,
    );
  return squaresOf({ w1, w2 });
}
