// The perceptron whose kernels are computed, as a spec, a quantity and a regression describe it: fields, checks, lists per layer.
import * as z from 'zod';
import { checkPerLayer, perLayer } from '../../core/checks.js';
import { expectedError, MftError } from '../../core/errors.js';
import {
  activationNames,
  aliased,
  also,
  biasDeviationNames,
  choiceField,
  depthNames,
  dropNames,
  numberField,
  perLayerField,
  perLayerWholeField,
  weightDeviationNames,
  wholeField,
  widthNames,
} from '../../core/fields.js';
import { type ActivationSpec, activationCatalogue } from '../../gaussian/activations.js';
import { type GaussianFunction, gaussianFunctionOf } from '../../gaussian/expectation.js';

const largestDepth = 1_000_000;
const largestWidth = 100_000_000;

const activationField = z
  .custom<ActivationSpec>((value) => value !== undefined)
  .default('relu')
  .meta({
    expected: `an activation: one of ${Object.keys(activationCatalogue).join(', ')}, {name, ...parameters}, or {expression}`,
    description: 'Activation function.',
    symbol: 'φ',
  });

/** The fields of the network, the same in a spec and in the quantities of a data matrix. */
export const modelFields = {
  activation: also(activationField, activationNames),
  depth: also(wholeField(0, largestDepth, 'Hidden layers; a linear readout follows.', 'L'), depthNames).default(1),
  weightVariance: also(
    perLayerField({ low: 0 }, 'Variance of a weight times its fan-in; a list has depth + 1 of them.', 'σ_w²'),
    weightDeviationNames,
  ).default(1),
  biasVariance: also(
    perLayerField({ low: 0 }, 'Variance of a bias; a list has depth + 1 of them.', 'σ_b²'),
    biasDeviationNames,
  ).default(0),
  keepProbability: also(
    perLayerField({ low: 0, high: 1, above: true }, 'Probability of keeping a hidden unit.', 'ρ'),
    dropNames,
  ).default(1),
  inputKeepProbability: numberField(
    { low: 0, high: 1, above: true },
    'Probability of keeping an input component.',
    'ρ_0',
  ).default(1),
  maskSharing: choiceField(['independent', 'shared'], 'Whether all inputs get the same dropout masks.').default(
    'independent',
  ),
  mode: choiceField(['train', 'test'], 'Kernels with dropout, or without it as at test time.').default('train'),
  inputScaling: choiceField(
    ['dimension', 'none'],
    'What x·y of the first layer is divided by: the dimension of the inputs, or nothing.',
  ).default('dimension'),
  parameterization: choiceField(
    ['ntk', 'standard'],
    'What learning acts on: weights of unit variance with factors before them, or the weights themselves.',
  ).default('ntk'),
} as const;

/** Widths of the hidden layers, which only the standard parameterization and finite networks know. */
export const widthField = also(
  aliased(perLayerWholeField(1, largestWidth, 'Units of the hidden layers.', 'N'), 'hiddenWidths'),
  widthNames,
);

/** Network fields of a quantity. */
export const modelParameters = { ...modelFields, width: widthField.optional() } as const;
const modelSchema = z.strictObject(modelParameters);
export type ModelParameters = z.output<typeof modelSchema>;

/** The network with everything per layer. Layer l = 1..depth + 1 has index l − 1 in `weights` and `biases`. */
export interface KernelModel {
  readonly activation: ActivationSpec;
  readonly phi: GaussianFunction;
  readonly depth: number;
  /** Whether a dense layer has σ_w² = 0. */
  readonly hasZeroWeights: boolean;
  /** σ_w² and σ_b² of the dense layers, depth + 1 of each. */
  readonly weights: readonly number[];
  readonly biases: readonly number[];
  /** ρ of the hidden layers, `depth` of them; all 1 at test time. */
  readonly keeps: readonly number[];
  readonly inputKeep: number;
  readonly sharedMasks: boolean;
  readonly scalesInputs: boolean;
  readonly inputDimension: number;
  readonly isStandard: boolean;
  /** Widths of the hidden layers; empty where nobody asks. */
  readonly widths: readonly number[];
}

/** A list that is made when it is first read: checks and estimates of a deep network read none. */
function whenRead(parameter: string, value: number | readonly number[], length: number): () => readonly number[] {
  checkPerLayer(parameter, value, length);
  let list: readonly number[] | undefined;
  return () => {
    list ??= perLayer(parameter, value, length);
    return list;
  };
}

/**
 * Checks lists against the depth.
 *
 * @throws MftError ERR_MFT_SHAPE, ERR_MFT_INVALID_ARGUMENT (activation; widths of the standard parameterization left out)
 */
export function kernelModel(given: ModelParameters, inputDimension: number): KernelModel {
  const { activation, depth, mode, parameterization, width } = given;
  const isStandard = parameterization === 'standard';
  if (isStandard && width === undefined && depth > 0)
    throw expectedError(
      'ERR_MFT_INVALID_ARGUMENT',
      'hiddenWidths',
      `a number or a list of ${depth} for the standard parameterization`,
      width,
    );
  const isTest = mode === 'test';
  checkPerLayer('keepProbability', given.keepProbability, depth);
  const keeps = whenRead('keepProbability', isTest ? 1 : given.keepProbability, depth);
  const weights = whenRead('weightVariance', given.weightVariance, depth + 1);
  const biases = whenRead('biasVariance', given.biasVariance, depth + 1);
  const widths = width === undefined ? () => [] : whenRead('hiddenWidths', width, depth);
  return {
    activation,
    phi: gaussianFunctionOf(activation),
    depth,
    hasZeroWeights: [given.weightVariance].flat().includes(0),
    get weights() {
      return weights();
    },
    get biases() {
      return biases();
    },
    get keeps() {
      return keeps();
    },
    inputKeep: isTest ? 1 : given.inputKeepProbability,
    sharedMasks: given.maskSharing === 'shared',
    scalesInputs: given.inputScaling === 'dimension',
    inputDimension,
    isStandard,
    get widths() {
      return widths();
    },
  };
}

/** A data matrix as a list of rows of numbers; `rows` checks it. */
export const rowsField = z
  .custom<readonly (readonly number[])[]>((value) => Array.isArray(value))
  .meta({ expected: 'a list of rows of finite numbers, all of the same length', description: 'Inputs, one per row.' });

/** Rows of numbers as one block, row-major. */
export interface DataMatrix {
  readonly count: number;
  readonly dimension: number;
  readonly values: Float64Array;
}

/** @throws MftError ERR_MFT_SHAPE, ERR_MFT_OUT_OF_RANGE, ERR_MFT_INVALID_ARGUMENT naming row and column */
export function dataMatrix(rows: readonly (readonly number[])[], name: string): DataMatrix {
  const dimension = rows[0]?.length ?? 0;
  if (rows.length === 0 || !Array.isArray(rows[0]) || dimension === 0)
    throw expectedError('ERR_MFT_SHAPE', name, 'a list of rows of numbers, at least one of each', rows);
  const values = new Float64Array(rows.length * dimension);
  rows.forEach((row, i) => {
    if (!Array.isArray(row)) throw expectedError('ERR_MFT_INVALID_ARGUMENT', `${name}.${i}`, 'a list of numbers', row);
    if (row.length !== dimension)
      throw expectedError('ERR_MFT_SHAPE', `${name}.${i}`, `a list of ${dimension} numbers like the first`, row);
    for (let j = 0; j < dimension; j++) {
      const value: unknown = row[j];
      if (typeof value !== 'number')
        throw expectedError('ERR_MFT_INVALID_ARGUMENT', `${name}.${i}.${j}`, 'a finite number', value);
      if (!Number.isFinite(value))
        throw expectedError('ERR_MFT_OUT_OF_RANGE', `${name}.${i}.${j}`, 'a finite number', value);
      values[i * dimension + j] = value;
    }
  });
  return { count: rows.length, dimension, values };
}

/** @throws MftError ERR_MFT_SHAPE with both shapes */
export function requireSameColumns(other: DataMatrix, name: string, data: DataMatrix): void {
  if (other.dimension === data.dimension) return;
  throw new MftError(
    'ERR_MFT_SHAPE',
    `Expected \`${name}\` to have as many columns as \`inputs\` (${data.count} × ${data.dimension}), ` +
      `received ${other.count} × ${other.dimension}.`,
    { parameter: name, expected: `${data.dimension} columns`, received: other.dimension },
  );
}
