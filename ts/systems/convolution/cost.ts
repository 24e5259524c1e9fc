// What predictions and simulations of `convolution` take: arithmetic and memory.
import { addon } from '../../core/addon.js';
import { leftByRows, threadsFor, youngGeneration } from '../../core/memory.js';
import { rowBytes } from '../../statistics/trials.js';
import { meanFieldSize } from './mean-field.js';
import { nativeSimulation } from './simulate.js';
import { networkFromSpec, type ResolvedConvolutionRun, type ResolvedConvolutionSpec } from './spec.js';

/** Room for the code, the stacks of the threads and a result of a simulation. */
const base = 2 ** 23;
/** Products a pair of positions takes: taps of both passes and the moment of the pair. */
const perPair = 400;
/** Evaluations of the certified bound, in products per layer; statistics of an entry of a row. */
const [perLayer, perStatistic, perWeight] = [20_000, 300, 12] as const;

export function predictionFlops(spec: ResolvedConvolutionSpec): number {
  const { pairs } = meanFieldSize(networkFromSpec(spec));
  return perLayer * spec.depth + perPair * pairs;
}

export function predictionBytes(spec: ResolvedConvolutionSpec): number {
  return youngGeneration + 2 ** 21 + 8 * 3 * meanFieldSize(networkFromSpec(spec)).held + 400 * spec.depth;
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
    base +
    leftByRows(row, run.trials) +
    1.1 * (rowBytes(row, run.trials) + (run.rawTrials ? 8 * row * run.trials : 0)) +
    100 * row +
    addon().convolutionEngineBytes(native) * workers +
    16 * native.image.length
  );
}

export const simulationLower = (): readonly string[] => ['trials', 'width', 'depth', 'threads'];
