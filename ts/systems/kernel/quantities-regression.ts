// Quantities of regression: what a Gaussian process, or an ensemble of trained networks of infinite width, says of test inputs.
import * as z from 'zod';
import type { ControlOptions } from '../../core/control.js';
import { choiceField, numberField } from '../../core/fields.js';
import { expectedError } from '../../core/errors.js';
import type { QuantityValue } from '../../core/results.js';
import { type Quantity, quantity } from '../../core/system.js';
import { ensemble } from './ensemble.js';
import { crossKernels, selfKernels } from './kernels.js';
import {
  type DataMatrix,
  dataMatrix,
  type KernelModel,
  kernelModel,
  modelParameters,
  requireSameColumns,
  rowsField,
} from './model.js';
import { ensembleBytes, regressionBytes } from './quantity-bytes.js';
import { listsOf } from './rows.js';
import { leaveOneOut, posteriorCovariance, posteriorMean, regress, type Targets, targetsOf } from './regression.js';

export const targetsField = z
  .custom<readonly (number | readonly number[])[]>((value) => Array.isArray(value))
  .meta({ expected: 'a list of numbers, or of lists of numbers', description: 'Targets: one, or several, per input.' });

const shared = { ...modelParameters, inputs: rowsField, targets: targetsField, testInputs: rowsField } as const;

const regressionParameters = z.strictObject({
  ...shared,
  kernel: choiceField(['nngp', 'ntk'], 'Which kernel is the covariance.').default('nngp'),
  noiseVariance: numberField({ low: 0 }, 'Variance of the noise of the targets, absolute.', 'σ_n²').default(0),
  jitter: choiceField(
    ['none', 'auto'],
    'Whether a singular kernel gets 1e-12 to 1e-6 of its mean diagonal added; the result says how much.',
  ).default('none'),
});

const ensembleParameters = z.strictObject({
  ...shared,
  learningRate: numberField({ low: 0, above: true }, 'Rate of gradient descent on ½ mean (f − y)².', 'η').default(1),
  time: z
    .union([z.number().gte(0), z.literal('infinity')])
    .default('infinity')
    .meta({ expected: 'a number >= 0 or "infinity"', description: 'Time of training; steps in descent.', symbol: 't' }),
  dynamics: choiceField(['flow', 'descent'], 'Gradient flow, or steps of gradient descent.').default('flow'),
});

interface Given {
  readonly model: KernelModel;
  readonly data: DataMatrix;
  readonly tests: DataMatrix;
  readonly targets: Targets;
  readonly isSingle: boolean;
}

function given(p: z.output<typeof regressionParameters> | z.output<typeof ensembleParameters>): Given {
  const data = dataMatrix(p.inputs, 'inputs');
  const tests = dataMatrix(p.testInputs, 'testInputs');
  requireSameColumns(tests, 'testInputs', data);
  return {
    model: kernelModel(p, data.dimension),
    data,
    tests,
    targets: targetsOf(p.targets, data.count),
    isSingle: !Array.isArray(p.targets[0]),
  };
}

/** rows × columns from columns × rows. */
function transposed(values: Float64Array, columns: number): Float64Array {
  const rows = values.length / columns;
  return values.map((_, at) => values[(at % rows) * columns + Math.floor(at / rows)] as number);
}

/** One number for one target given as numbers, else one for each. */
const perTarget = (values: Float64Array, isSingle: boolean): number | number[] =>
  isSingle ? (values[0] as number) : Array.from(values);
const perRow = (values: Float64Array, { targets, isSingle }: Given): number[] | number[][] =>
  isSingle ? Array.from(values) : listsOf(values, targets.rows);

async function kernelRegression(
  p: z.output<typeof regressionParameters>,
  options: ControlOptions,
): Promise<QuantityValue> {
  const all = given(p);
  const { model, data, tests, targets } = all;
  const asked = { ...options, ntk: p.kernel === 'ntk' };
  const own = await selfKernels(model, data, asked);
  const regression = await regress(own[p.kernel], targets, p, { model, data }, options);
  const cross = (await crossKernels(model, tests, data, asked))[p.kernel];
  const prior = (await selfKernels(model, tests, asked))[p.kernel];
  const mean = await posteriorMean(cross, { ...regression, count: data.count }, options);
  const { values, clampedVariances } = await posteriorCovariance(prior, cross, regression.factor, options);
  const { factor, logMarginalLikelihood, outputScale, meanDiagonal, warnings } = regression;
  const left = await leaveOneOut(regression);
  return {
    mean: perRow(mean, all),
    covariance: listsOf(values, tests.count),
    logMarginalLikelihood: perTarget(logMarginalLikelihood, all.isSingle),
    leaveOneOut: perRow(all.isSingle ? left.means : transposed(left.means, data.count), all),
    leaveOneOutVariance: Array.from(left.variances),
    outputScale,
    meanDiagonal,
    noiseRelativeToDiagonal:
      meanDiagonal > 0
        ? p.noiseVariance / meanDiagonal
        : { reason: 'the kernel of the inputs with themselves is zero' },
    jitter: factor.jitter,
    smallestPivot: factor.smallestPivot,
    clampedVariances,
    warnings: [...warnings],
  };
}

async function ntkEnsemble(p: z.output<typeof ensembleParameters>, options: ControlOptions): Promise<QuantityValue> {
  const time = p.time === 'infinity' ? Number.POSITIVE_INFINITY : p.time;
  if (p.dynamics === 'descent' && Number.isFinite(time) && !Number.isSafeInteger(time))
    throw expectedError('ERR_MFT_OUT_OF_RANGE', 'time', 'a whole number of steps with `dynamics` "descent"', p.time);
  const all = given(p);
  const { model, data, tests, targets } = all;
  const asked = { ...options, ntk: true };
  const own = await selfKernels(model, data, asked);
  const cross = await crossKernels(model, tests, data, asked);
  const kernels = {
    count: data.count,
    tests: tests.count,
    tangent: own.ntk,
    covariance: own.nngp,
    crossTangent: cross.ntk,
    crossCovariance: cross.nngp,
    prior: (await selfKernels(model, tests, options)).nngp,
  };
  const training = { learningRate: p.learningRate, time, dynamics: p.dynamics };
  const found = await ensemble(kernels, targets, training, { model, data }, options);
  return {
    mean: perRow(found.mean, all),
    covariance: listsOf(found.covariance.values, tests.count),
    largestStableRate: found.largestStableRate,
    largestEigenvalue: found.largestEigenvalue,
    smallestEigenvalue: found.smallestEigenvalue,
    clampedVariances: found.covariance.clampedVariances,
  };
}

export const regressionQuantities = {
  kernelRegression: quantity({
    symbol: 'K_* A⁻¹ y',
    description: 'Mean and covariance of the outputs at `testInputs`, given the targets.',
    source: 'Lee et al. 2018; docs 6.1 to 6.4',
    parameters: regressionParameters,
    bytes: regressionBytes,
    evaluate: (p, options = {}) => kernelRegression(p, options),
  }),
  ntkEnsemble: quantity({
    symbol: 'Θ_* B y',
    description: 'Mean and covariance, over networks, of what training of infinitely wide ones makes of `testInputs`.',
    source: 'Lee et al. 2019; docs 6.5 to 6.8',
    parameters: ensembleParameters,
    bytes: ensembleBytes,
    evaluate: (p, options = {}) => ntkEnsemble(p, options),
  }),
} as const satisfies Readonly<Record<string, Quantity>>;
