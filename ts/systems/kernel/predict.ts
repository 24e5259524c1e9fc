// Theory of `kernel`: the kernels of the inputs at infinite width, layer by layer for the first of them.
import { controlOf } from '../../core/control.js';
import { axis, innerAxis, type Predicted, type QuantityValue, type Warning } from '../../core/results.js';
import { MftError } from '../../core/errors.js';
import type { PredictionBody, SystemOptions } from '../../core/system.js';
import type { InputRow, InputVectors } from '../../core/inputs.js';
import { type CertifiedKernels, certifiedKernels } from './certified.js';
import { variancesOf } from './dense.js';
import { type Kernels, selfKernels } from './kernels.js';
import type { KernelModel } from './model.js';
import { excessKurtosisOf, isRotationInvariant, type LawNumbers } from './laws.js';
import { inputMaskNoise, withInputMasks } from './input-masks.js';
import { fixedPoint, normPreserving } from './normalized.js';
import type { KernelObservable } from './observables.js';
import { hasTangent } from './pair.js';
import { slopesOf } from './rectifier.js';
import { scatterOf } from './scatter.js';
import { inputVectors, lawOf, modelOf, type ResolvedKernelSpec } from './spec.js';
import { diagnosticsOf, universalityCorrection } from './universality.js';
import { largestOf, leastOf } from '../../numeric/extremes.js';

/** Pairs are reported layer by layer among the first inputs only: 32 inputs have 496 pairs. */
const mostPaired = 32;

/** What finite width may change is said of every entry of matrices up to this size. */
const mostAllowed = 256;

/** Error of an expectation relative to √(E φ² E φ²), a layer; rounding of the recursion included. */
const errorPerLayer = 2e-13;
/** Terms in 1/width behind the second layer are not predicted: the size to allow for, a layer, relative to √(K_aa K_bb). */
const allowancePerLayer = 3;

export async function predict(
  spec: ResolvedKernelSpec,
  options: SystemOptions,
): Promise<PredictionBody<KernelObservable>> {
  const data = inputVectors(spec, options.inputs);
  const model = modelOf(spec, data.dimension);
  refuseMixtures(spec, model);
  const ntk = model.depth === 0 || hasTangent(model.phi);
  const paired = Math.min(data.count, mostPaired);
  const masked = data.count > mostAllowed ? paired : data.count;
  const layers: Kernels[] = [];
  const { dimension, values } = data;
  const first = { count: paired, dimension, values: values.subarray(0, paired * dimension) };
  const quiet = options.signal === undefined ? {} : { signal: options.signal };
  await selfKernels(model, first, { ...quiet, onLayer: (_, kernel) => layers.push(kernel) });
  const certified = spec.certified === true ? await certifiedKernels(model, data, undefined, options) : undefined;
  const kernels = certified ?? (await selfKernels(model, data, { ...controlOf(options), ntk }));
  const variance = kernels.layerVariance ?? variancesOf(model, data);
  return {
    quantities: { ...quantitiesOf(spec), ...lawQuantities(spec, model, data), ...boundsOf(certified) },
    observables: withInputMasks(
      withScatter(
        observablesOf(spec, model, kernels, layers, variance, ntk),
        scatterOf(model, data, variance),
        model.phi.homogeneousDegree === 1,
      ),
      inputMaskNoise(model, data, masked),
      masked,
      pairsOf(paired),
    ),
    warnings: warningsOf(spec, ntk),
  };
}

/** What every entry of both kernels may be off, row by row. */
function boundsOf(certified: CertifiedKernels | undefined): Record<string, QuantityValue> {
  if (certified === undefined) return {};
  const { columns, nngpBound, ntkBound } = certified;
  const rows = (bound: Float64Array): number[][] =>
    Array.from({ length: columns }, (_, i) => [...bound.subarray(i * columns, (i + 1) * columns)]);
  return { nngpBound: rows(nngpBound), ntkBound: rows(ntkBound) };
}

/** Above this relative variance the first order says nothing of what a kernel of a φ that is not homogeneous moves by. */
const largestScatter = 0.25;

/** The diagonal with its spread; where that of a curved φ is large, its mean is not known either. */
function withScatter(
  observables: Partial<Record<KernelObservable, Predicted>>,
  spread: Float64Array | undefined,
  isHomogeneous: boolean,
): Partial<Record<KernelObservable, Predicted>> {
  const { variance, nngp, ntk } = observables;
  if (spread === undefined || variance === undefined || variance.spread !== undefined) return observables;
  const count = variance.axes[1]?.values.length ?? 1;
  // A curved φ moves the mean by about half the relative variance it got.
  const moved = (one: Predicted, at: (i: number) => number): Predicted['finiteSize'] => {
    if (isHomogeneous || one.finiteSize === undefined) return one.finiteSize;
    const { allowance = new Float64Array(one.values.length) } = one.finiteSize;
    const added = allowance.map((known, i) => {
      const got = at(i);
      return got > largestScatter ? Infinity : known + got * Math.abs(one.values[i] as number);
    });
    return { ...one.finiteSize, allowance: added };
  };
  /** The largest spread below a layer: what was got there is handed on. */
  const below = (layer: number, a: number): number => {
    let most = 0;
    for (let l = 0; l < layer; l++) most = Math.max(most, spread[l * count + a] as number);
    return most;
  };
  const last = spread.length / count - 1;
  const onDiagonal = (i: number): boolean => i % count === Math.floor(i / count);
  const matrix = (one: Predicted): Predicted => ({
    ...one,
    spread: one.values.map((_, i) => (onDiagonal(i) ? (spread[last * count + (i % count)] as number) : 0)),
    ...sized(moved(one, (i) => Math.max(below(last, i % count), below(last, Math.floor(i / count))))),
  });
  return {
    ...observables,
    variance: { ...variance, spread, ...sized(moved(variance, (i) => below(Math.floor(i / count), i % count))) },
    ...(nngp === undefined ? {} : { nngp: matrix(nngp) }),
    ...(ntk === undefined ? {} : { ntk: matrix(ntk) }),
  };
}

const sized = (finiteSize: Predicted['finiteSize']): Pick<Predicted, 'finiteSize'> =>
  finiteSize === undefined ? {} : { finiteSize };

/**
 * Rows of multivariate t weights keep their random length at every width: pre-activations are then no Gaussian pairs. A rectifier
 * without biases forgets the length but for its mean square; for anything else the kernel is a mixture at every layer.
 *
 * @throws MftError ERR_MFT_UNSUPPORTED
 */
function refuseMixtures(spec: ResolvedKernelSpec, model: KernelModel): void {
  if (lawOf(spec).law !== 'multivariateT' || model.depth === 0) return;
  if (model.phi.homogeneousDegree === 1 && model.biases.every((bias) => bias === 0)) return;
  throw new MftError(
    'ERR_MFT_UNSUPPORTED',
    'Rows of multivariate t weights keep their random length at every width: the kernels of deep networks are known for ' +
      'rectifiers without biases only, that of one layer as the quantity `layerKernel`. `simulate` takes all of them.',
    { parameter: 'weights', received: spec.weights },
  );
}

function observablesOf(
  spec: ResolvedKernelSpec,
  model: KernelModel,
  kernels: Kernels,
  layers: readonly Kernels[],
  variance: Float64Array,
  ntk: boolean,
): Partial<Record<KernelObservable, Predicted>> {
  const count = kernels.rows;
  const layerAxis = axis('layer', model.depth + 1, 1);
  const inputs = innerAxis('input', count);
  const matrixAxes = [axis('input', count), innerAxis('otherInput', count)];
  const pairs = pairsOf(Math.min(count, mostPaired));
  const pairAxis = innerAxis('pair', pairs.length);
  const unknown = unknownTerms(spec, model, layers);
  const error = errorPerLayer * (model.depth + 1);
  const at = (kernel: Kernels, list: Float64Array, [a, b]: readonly [number, number]): number =>
    list[a * kernel.columns + b] as number;
  const root = (kernel: Kernels, [a, b]: readonly [number, number]): number =>
    Math.sqrt(kernel.rowVariance[a] as number) * Math.sqrt(kernel.rowVariance[b] as number);
  const everyPair = (value: (kernel: Kernels, pair: readonly [number, number]) => number): Float64Array => {
    const found = new Float64Array(layers.length * pairs.length);
    let next = 0;
    for (const kernel of layers) for (const pair of pairs) found[next++] = value(kernel, pair);
    return found;
  };
  const roots = everyPair(root);
  const matrix = (values: Float64Array, behind: number): Predicted => ({
    axes: matrixAxes,
    scale: 'linear',
    values,
    error,
    ...(count > mostAllowed
      ? {}
      : unknown.of(values, model.depth - 1 + behind, (i) => Math.sqrt(diagonal(values, i, count)))),
  });
  const layered = (values: Float64Array, inner: typeof inputs, sizes: Float64Array, behind: number): Predicted => ({
    axes: [layerAxis, inner],
    scale: 'linear',
    values,
    error,
    ...unknown.layered(values, inner.values.length, sizes, behind),
  });
  const result: Partial<Record<KernelObservable, Predicted>> = {
    nngp: matrix(kernels.nngp, 0),
    variance: layered(variance, inputs, variance, 0),
  };
  if (ntk) result.ntk = matrix(kernels.ntk, 1);
  if (pairs.length === 0) return result;
  const flat = { reason: 'the variance of an input is zero: it has no angle' };
  const undefinedAt = [...roots.keys()].filter((i) => roots[i] === 0).map((index) => ({ index, ...flat }));
  const hidden = undefinedAt.length > 0 ? { undefinedAt } : {};
  const ones = roots.map(() => 1);
  return {
    ...result,
    covariance: layered(
      everyPair((kernel, pair) => at(kernel, kernel.nngp, pair)),
      pairAxis,
      roots,
      0,
    ),
    normalizedKernel: {
      ...layered(
        everyPair((kernel, pair) =>
          root(kernel, pair) === 0 ? 0 : at(kernel, kernel.nngp, pair) / root(kernel, pair),
        ),
        pairAxis,
        ones,
        1,
      ),
      ...hidden,
    },
    normalizedKernelGap: {
      axes: [layerAxis, pairAxis],
      scale: 'log',
      values: everyPair((kernel, pair) => (root(kernel, pair) === 0 ? 0 : Math.log(at(kernel, kernel.gap, pair)))),
      error: error * 10,
      ...hidden,
    },
  };
}

const diagonal = (values: Float64Array, i: number, count: number): number => {
  const [a, b] = [Math.floor(i / count), i % count];
  return Math.abs((values[a * count + a] as number) * (values[b * count + b] as number));
};

/** What is not predicted of finite networks: no values, but how large they may be; without a fourth moment of the weights, no spread. */
function unknownTerms(
  spec: ResolvedKernelSpec,
  model: KernelModel,
  layers: readonly Kernels[],
): {
  readonly of: (values: Float64Array, behind: number, size: (i: number) => number) => Partial<Predicted>;
  readonly layered: (values: Float64Array, inner: number, sizes: Float64Array, behind: number) => Partial<Predicted>;
} {
  const width = leastOf(typeof spec.width === 'number' ? [spec.width] : spec.width);
  const { law, parameter } = lawOf(spec);
  const isHeavy = (law === 'studentT' || law === 'multivariateT') && parameter <= 4;
  const ofLaw = lawAllowance(spec, model);
  const allowance = (behind: number, size: number): number =>
    (allowancePerLayer * Math.max(0, behind) + ofLaw(width, behind)) * (size / width);
  const terms = (allowances: Float64Array): Partial<Predicted> => ({
    ...(model.depth > 0
      ? { finiteSize: { order: 1, values: new Float64Array(allowances.length), allowance: allowances } }
      : {}),
    ...(isHeavy ? { spread: new Float64Array(allowances.length).fill(Infinity) } : {}),
  });
  return {
    of: (values, behind, size) => terms(values.map((_, i) => allowance(behind, size(i)))),
    layered: (values, inner, sizes, behind) =>
      terms(
        values.map((_, i) => {
          const before = Math.min(Math.floor(i / inner), layers.length) - 1 + behind;
          return allowance(before, sizes[i] as number);
        }),
      ),
  };
}

/**
 * What the law of the weights may change, times width: |κ| Σ x⁴/|x|⁴ of the inputs at the first layer and 3|κ|/N at each behind;
 * weights on a sphere or ball are not normal by 1/fan-in either. A rectifier without biases has the kernel of every
 * rotation-invariant law.
 */
function lawAllowance(spec: ResolvedKernelSpec, model: KernelModel): (width: number, behind: number) => number {
  const { law, parameter } = lawOf(spec);
  const isFree = model.phi.homogeneousDegree === 1 && model.biases.every((bias) => bias === 0);
  if (law === 'gaussian' || (isRotationInvariant(law) && isFree)) return () => 0;
  const kurtosis = isRotationInvariant(law) ? 2 : Math.abs(excessKurtosisOf(law, lawNumbersOf(parameter)));
  const share = largestShare(spec);
  return (width, behind) => (behind < 0 ? 0 : kurtosis * (3 * behind + width * share));
}

/** The largest Σ x⁴/|x|⁴ of the inputs; 3/(d + 2) of directions that are drawn. */
function largestShare(spec: ResolvedKernelSpec): number {
  const { inputs } = spec;
  if (!('values' in inputs)) return 3 / (inputVectors(spec, undefined).dimension + 2);
  const share = (row: InputRow): number => {
    let [squares, fourths] = [0, 0];
    for (const x of row) {
      squares += x * x;
      fourths += (x * x) ** 2;
    }
    return squares === 0 ? 0 : fourths / squares ** 2;
  };
  return largestOf(inputs.values.map(share));
}

/** a < b, in the order 01, 02, …, 12, …. */
function pairsOf(count: number): (readonly [number, number])[] {
  const pairs: [number, number][] = [];
  for (let a = 0; a < count; a++) for (let b = a + 1; b < count; b++) pairs.push([a, b]);
  return pairs;
}

/** What a leaky rectifier without biases, the same in all layers, lets one say in closed form. */
function quantitiesOf(spec: ResolvedKernelSpec): Record<string, QuantityValue> {
  const model = modelOf(spec, 1);
  const slopes = slopesOf(model.phi);
  if (slopes === undefined || slopes.above === 0) return {};
  const keep = model.keeps[0] ?? 1;
  const negativeSlope = slopes.below / slopes.above;
  if (model.keeps.some((each) => each !== keep)) return {};
  const keepProbability = model.sharedMasks ? 1 : keep;
  const preserving = normPreserving({ negativeSlope, keepProbability: keep }) / slopes.above ** 2;
  const isFree = model.biases.every((bias) => bias === 0);
  return {
    normPreservingWeightVariance: preserving,
    ...(isFree ? { fixedPointCorrelation: fixedPoint({ negativeSlope, keepProbability }) } : {}),
  };
}

/**
 * What the law of the weights may change at the inputs' own dimension: how far the first inputs are from the condition under which it
 * changes nothing, (5.6), and by how much the kernel of the first pair differs from the Gaussian one behind the first hidden layer, (5.5).
 */
function lawQuantities(
  spec: ResolvedKernelSpec,
  model: KernelModel,
  { count, dimension, values }: InputVectors,
): Record<string, QuantityValue> {
  const { law, parameter } = lawOf(spec);
  if (!('values' in spec.inputs || 'dataset' in spec.inputs)) return {};
  const row = (i: number): Float64Array => values.subarray(i * dimension, (i + 1) * dimension);
  const saying = (value: () => QuantityValue): QuantityValue => {
    try {
      return value();
    } catch (error) {
      if (error instanceof MftError && said.has(error.code)) return { reason: error.message };
      throw error;
    }
  };
  const shown = [...Array(Math.min(count, mostPaired)).keys()];
  const inputDiagnostics = shown.map((i) => saying(() => [...diagnosticsOf(row(i))]));
  if (count < 2 || model.depth === 0 || isRotationInvariant(law)) return { inputDiagnostics };
  if ((model.biases[0] as number) > 0 || model.inputKeep < 1)
    return {
      inputDiagnostics,
      universalityCorrection: { reason: 'derived without biases and masks of the inputs only' },
    };
  const variance = (model.weights[0] as number) / (model.scalesInputs ? dimension : 1);
  const kurtosis = excessKurtosisOf(law, lawNumbersOf(parameter));
  return {
    inputDiagnostics,
    universalityCorrection: saying(() => universalityCorrection(model.phi, variance, kurtosis, row(0), row(1))),
  };
}

/** Refusals that are answers: parallel inputs and rows of zeros, no fourth moment. */
const said: ReadonlySet<string> = new Set(['ERR_MFT_DEGENERATE', 'ERR_MFT_OUT_OF_RANGE']);

function warningsOf(spec: ResolvedKernelSpec, ntk: boolean): readonly Warning[] {
  const { law, parameter } = lawOf(spec);
  const warnings: Warning[] = [];
  if (!ntk)
    warnings.push({
      id: 'noTangentKernel',
      message:
        'The tangent kernel is infinite for this activation: it jumps, or is too steep. Only the NNGP is predicted.',
    });
  if (law === 'studentT' && parameter <= 3)
    warnings.push({
      id: 'noThirdMoment',
      message: `Weights of ${parameter} degrees of freedom have no third moment: kernels converge in the dimension slower than 1/√d.`,
    });
  if ((law === 'studentT' || law === 'multivariateT') && parameter <= 4)
    warnings.push({
      id: 'noFourthMoment',
      message: `Weights of ${parameter} degrees of freedom have no fourth moment: sample kernels converge slower than 1/√width.`,
    });
  return warnings;
}

/** The numbers of a law by its one parameter: only the one it has is read. */
const lawNumbersOf = (parameter: number): LawNumbers => ({
  variance: 1,
  radius: 1,
  scale: 1,
  shape: parameter,
  degreesOfFreedom: parameter,
  density: parameter,
});
