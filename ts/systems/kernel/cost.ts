// What predictions and simulations of `kernel` take: arithmetic and memory.
import { addon } from '../../core/addon.js';
import { inputCount } from '../../core/inputs.js';
import { leftBehind, leftByRows } from '../../core/memory.js';
import { rowBytes, trialsAtOnce } from '../../statistics/trials.js';
import { hasMaps } from './maps.js';
import { mostFollowed } from './scatter.js';
import { nativeSimulation } from './simulate.js';
import { lawOf, modelOf, type ResolvedKernelRun, type ResolvedKernelSpec } from './spec.js';

/** In products, of which a core does about 1e10 a second: a pair of inputs in a layer, by formula, near a kink's, or by quadrature. */
const [perPair, perNearPair, perIntegral] = [1000, 40_000, 4e7] as const;
/** A weight drawn, by law; an entry of an observable in the statistics of a trial. */
const [perWeight, perCostlyWeight, perStatistic] = [12, 400, 600] as const;
/** A closed form of a pair, of conditional estimates. */
const perClosed = 1500;
/** Doubles an entry of a result takes: sums, values and errors of a simulation; what theory holds of a pair. */
const [perEntry, perPredicted, perMapped, perCertified] = [14, 40, 2.1, 90] as const;
/** Bytes of objects that theory makes and drops: at all, in a layer, of a pair in a layer. */
const [perTheory, perLayerLeft, perPairLeft] = [2 ** 20, 60_000, 4000] as const;
/** Inputs of which every layer is reported; numbers of a block of natively mapped pairs. */
const [mostPaired, block] = [32, 2 ** 18] as const;
const triangle = (count: number): number => (count * (count + 1)) / 2;

/** From here on matrices are mapped natively; Hermite coefficients that a row has at a layer, at most. */
const [fewRows, mostOrders] = [20, 512] as const;

/** Activations whose pairs have formulas. */
export const closed: readonly string[] = [
  'relu',
  'linear',
  'abs',
  'erf',
  'erfUnitSlope',
  'gelu',
  'sin',
  'cos',
  'step',
  'sign',
];

const kinksAtZero = ['elu', 'selu', 'celu', 'softsign'];
const straight = ['hardTanh', 'hardSigmoid', 'relu6'];

function nameOf({ activation }: ResolvedKernelSpec): string {
  return typeof activation === 'object' && 'name' in activation ? activation.name : String(activation);
}

export function predictionFlops(spec: ResolvedKernelSpec): number {
  const count = inputCount(spec.inputs);
  const model = modelOf(spec, 1);
  const isClosed = model.phi.homogeneousDegree !== null || closed.includes(String(spec.activation));
  // Bent pieces with kinks elsewhere than at 0 are integrated where correlations are near 1.
  const isSummed = model.phi.isSmooth || kinksAtZero.includes(nameOf(spec)) || straight.includes(nameOf(spec));
  // Bounds take the pairs of every layer some six times.
  const times = spec.certified === true ? 6 : 1;
  const open = hasMaps(model) && isSummed ? (model.phi.isSmooth ? perPair : perNearPair) : perIntegral;
  return times * (1 + spec.depth) * count * (count + 1) * (isClosed ? perPair : open);
}

export function predictionBytes(spec: ResolvedKernelSpec): number {
  const count = inputCount(spec.inputs);
  const model = modelOf(spec, 1);
  // Natively K and Θ alone; else arrays of every pair beside them.
  const isCertified = spec.certified === true;
  const isMapped = hasMaps(model) && count >= fewRows && !isCertified;
  const held = isMapped ? perMapped : isCertified ? perCertified : perPredicted;
  const isSummed = isMapped && model.phi.homogeneousDegree !== 1 && !closed.includes(String(spec.activation));
  const table = isSummed ? Math.min(2 ** 30, 8 * mostOrders * spec.depth * count) : 0;
  const pairs = triangle(Math.min(count, mostPaired)) + (isMapped ? 0 : triangle(count));
  // How both matrices scatter over networks, where that is followed.
  const spreads = isMapped && count * spec.depth <= mostFollowed ? 2 * 8 * count ** 2 : 0;
  const left = perTheory + (spec.depth + 1) * (perLayerLeft + perPairLeft * pairs);
  const matrices = 8 * (held * count ** 2 + 2 * Math.min(block, count ** 2));
  return leftBehind(left) + matrices + spreads + 64 * (spec.depth + 1) * count + table;
}

/** Weights, twice with the tangent kernel, and their products with the inputs; the statistics of what every trial gives. */
export function simulationFlops(spec: ResolvedKernelSpec, run: ResolvedKernelRun): number {
  const native = nativeSimulation(spec, run, undefined);
  const { law } = lawOf(spec);
  const isCostly = law === 'generalizedGaussian' || law === 'studentT' || law === 'orthogonal';
  let before = native.inputWidth;
  let [weights, averaged] = [0, 0];
  const pairs = triangle(native.inputs);
  for (const width of native.width) {
    weights += before * width;
    averaged += width * (pairs * (before + perClosed) + before * perCostlyWeight);
    before = width;
  }
  const conditional = native.isConditional ? averaged : 0;
  const each = native.inputs + (isCostly ? perCostlyWeight : perWeight);
  const { rowLength } = addon().kernelLayout({ ...native, trials: 1 });
  return run.trials * (weights * each * (native.hasTangent ? 2 : 1) + conditional + perStatistic * rowLength);
}

/** The engine's own plan, the statistics, and the trials that were asked for. */
export function simulationBytes(spec: ResolvedKernelSpec, run: ResolvedKernelRun): number {
  const native = nativeSimulation(spec, run, undefined);
  const { rowLength } = addon().kernelLayout({ ...native, trials: 1 });
  const trials = Math.min(run.trials, trialsAtOnce(rowLength));
  const engine = addon().kernelMemory({ ...native, trials });
  const raw = run.rawTrials ? 8 * run.trials * rowLength : 0;
  const held = 1.02 * (engine + rowBytes(rowLength, run.trials) + raw) + 8 * perEntry * rowLength;
  return leftByRows(rowLength, run.trials) + held;
}

export function simulationLower(_spec: ResolvedKernelSpec, run: ResolvedKernelRun): readonly string[] {
  return run.rawTrials && run.trials > 1000 ? ['trials', 'depth', 'width'] : ['width', 'threads', 'trials'];
}
