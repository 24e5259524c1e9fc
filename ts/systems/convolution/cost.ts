// What predictions and simulations of `convolution` take: arithmetic and memory.
import { addon } from '../../core/addon.js';
import { leftBehind, leftByRows, threadsFor } from '../../core/memory.js';
import { rowBytes } from '../../statistics/trials.js';
import { meanFieldSize } from './mean-field.js';
import { nativeSimulation } from './simulate.js';
import { networkFromSpec, type ResolvedConvolutionRun, type ResolvedConvolutionSpec } from './spec.js';

/** Products a pair of positions takes: taps of both passes and the moment of the pair. */
const perPair = 400;
/** Bytes of objects that a pair of positions leaves behind; Hermite coefficients of a variance, and variances that one image has. */
const [perPairLeft, perCoefficients, mostVariances] = [8000, 1500, 512] as const;
/** Numbers of fields that wait for a collection, at most: 32 MiB. */
const mostDead = 3_600_000;
/** Evaluations of the certified bound, in products per layer; statistics of an entry of a row. */
const [perLayer, perStatistic, perWeight] = [20_000, 300, 12] as const;

export function predictionFlops(spec: ResolvedConvolutionSpec): number {
  const { pairs } = meanFieldSize(networkFromSpec(spec));
  return perLayer * spec.depth + perPair * pairs;
}

export function predictionBytes(spec: ResolvedConvolutionSpec): number {
  const network = networkFromSpec(spec);
  const { held, kept, pairs } = meanFieldSize(network);
  const [height, width, channels] = spec.input;
  // The image twice; three times the fields of each layer behind the first wait for a collection.
  const dead = Math.min(mostDead, 3 * held * (network.layers.length - 1));
  const numbers = 3 * held + kept + 2 * height * width * channels + dead;
  return leftBehind(2 ** 21 + perPairLeft * pairs) + 8 * numbers + perCoefficients * Math.min(mostVariances, pairs);
}

const rowLength = 7;

export function simulationFlops(spec: ResolvedConvolutionSpec, run: ResolvedConvolutionRun): number {
  const { layers } = networkFromSpec(spec);
  const products = layers.reduce((sum, { kernel, inputChannels, channels, preHeight, preWidth }) => {
    const patch = kernel ** 2 * inputChannels;
    return sum + patch * channels * (4 * preHeight * preWidth + perWeight) + 20 * channels * preHeight * preWidth;
  }, 0);
  return run.trials * (products + perStatistic * rowLength * spec.depth);
}

/** Rows of the trials, statistics of each place, an engine per thread. */
export function simulationBytes(spec: ResolvedConvolutionSpec, run: ResolvedConvolutionRun): number {
  const row = rowLength * spec.depth;
  const native = nativeSimulation(spec, run);
  const workers = Math.min(threadsFor(run.threads), run.trials);
  return (
    leftByRows(row, run.trials) +
    1.1 * (rowBytes(row, run.trials) + (run.rawTrials ? 8 * row * run.trials : 0)) +
    100 * row +
    1.1 * addon().convolutionEngineBytes(native) * workers +
    16 * native.image.length
  );
}

export const simulationLower = (): readonly string[] => ['trials', 'width', 'depth', 'threads'];
