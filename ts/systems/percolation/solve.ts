// Inverse problems of the exact chain: the keep rate, width or depth at which the path probability reaches a target.
import type { ControlOptions } from '../../core/control.js';
import { expectedError } from '../../core/errors.js';
import { awaitedRoot } from '../../numeric/roots.js';
import { pathProbability, reachLaws, stationaryLaw } from './chain.js';
import { type Network, type NetworkParameters, layerRuns, resolveNetwork } from './network.js';

/** k = log(−log P) below this is a probability of 1 within 1e-320. */
const lowestSolve = -745;
/** x = log(−log(1 − b)) at the largest double below 1. */
const highestSolve = 3.6;

/** The keep rate of all weight layers at which the path probability is `target`. */
export async function bondCriticalKeep(
  parameters: Omit<NetworkParameters, 'edgeKeepProbability'>,
  target: number,
  options: ControlOptions = {},
): Promise<number> {
  const goal = Math.log(-Math.log(target));
  const hazardAt = async (edgeKeepProbability: number): Promise<number> =>
    (await pathProbability(resolveNetwork({ ...parameters, edgeKeepProbability }), options)).logHazard;
  const best = await hazardAt(1);
  if (best > goal)
    throw expectedError(
      'ERR_MFT_OUT_OF_RANGE',
      'target',
      `at most the path probability without dropped edges, ${Math.exp(-Math.exp(best))}`,
      target,
    );
  const keepAt = (x: number): number => -Math.expm1(-Math.exp(x));
  const difference = async (x: number): Promise<number> => {
    const k = await hazardAt(keepAt(x));
    return k === Infinity ? 1e6 : k === -Infinity ? -1e6 : k - goal;
  };
  if ((await difference(lowestSolve)) <= 0) return keepAt(lowestSolve);
  if ((await difference(highestSolve)) >= 0) return keepAt(highestSolve);
  return keepAt(await awaitedRoot(difference, lowestSolve, highestSolve, (x) => 5e-16 * Math.max(1, Math.abs(x))));
}

/** The smallest width (of all layers, input and output too) at which the path probability is at least `target`. */
export async function bondWidthForTarget(
  parameters: Omit<NetworkParameters, 'width'>,
  target: number,
  options: ControlOptions = {},
): Promise<number> {
  const goal = Math.log(-Math.log(target));
  const reaches = async (width: number): Promise<boolean> =>
    (await pathProbability(resolveNetwork({ ...parameters, width }), options)).logHazard <= goal;
  let high = 1;
  while (!(await reaches(high))) high *= 2;
  let low = Math.floor(high / 2); // too narrow, or 0
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await reaches(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Layers asked for in one walk through the chain. */
const probes = 64;

/**
 * The smallest depth at which steps·masksPerStep·P(path) < 1, with input and output as wide as the hidden layers;
 * Infinity when no depth does it.
 */
export async function breakdownDepth(
  layer: { readonly width: number; readonly keepProbability: number; readonly edgeKeepProbability: number },
  opportunities: number,
  options: ControlOptions = {},
): Promise<number> {
  const goal = Math.log(opportunities);
  const { width, keepProbability, edgeKeepProbability } = layer;
  const networkOf = (depth: number): Network => ({
    inputWidth: width,
    inputKeepProbability: 1,
    depth,
    runs: layerRuns({ depth, width, outputWidth: width, keepProbability, edgeKeepProbability }),
  });
  const hazard = async (depth: number): Promise<number> =>
    Math.exp((await pathProbability(networkOf(depth), options)).logHazard);
  const largest = 2 ** 52;
  if ((await hazard(0)) > goal) return 0;
  // First hidden layer l that is reached too rarely; the answer is l − 1 or l, because the output drops no nodes.
  let low = 0;
  let high = largest;
  const hidden = networkOf(largest);
  const tooRare = async (layers: readonly number[]): Promise<number> =>
    (await reachLaws(hidden, layers, options)).logHazard.findIndex((k) => Math.exp(k) > goal);
  const powers = Array.from({ length: 53 }, (_, i) => 2 ** i);
  const first = await tooRare(powers);
  if (first === -1)
    return beyond(layer, goal, (await reachLaws(hidden, [largest], options)).logHazard[0] as number, largest, options);
  high = powers[first] as number;
  low = first === 0 ? 0 : (powers[first - 1] as number);
  while (high - low > 1) {
    const count = Math.min(probes, high - low - 1);
    const layers = [
      ...new Set(Array.from({ length: count }, (_, i) => low + Math.floor(((high - low) * (i + 1)) / (count + 1)))),
    ].filter((l) => l > low && l < high);
    const found = await tooRare(layers);
    const lowNow = found === -1 ? (layers.at(-1) as number) : found === 0 ? low : (layers[found - 1] as number);
    high = found === -1 ? high : (layers[found] as number);
    low = lowNow;
  }
  return (await hazard(high - 1)) > goal ? high - 1 : high;
}

/** Past 2^52 layers the hazard grows by the decay rate per layer, and the depth is a real number anyway. */
async function beyond(
  layer: { readonly width: number; readonly keepProbability: number; readonly edgeKeepProbability: number },
  goal: number,
  logHazard: number,
  depth: number,
  options: ControlOptions,
): Promise<number> {
  const { logDecayRate } = await stationaryLaw(layer, options);
  return logDecayRate === -Infinity
    ? Infinity
    : depth + Math.ceil((goal - Math.exp(logHazard)) * Math.exp(-logDecayRate));
}
