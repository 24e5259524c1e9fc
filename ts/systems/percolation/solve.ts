// Inverse problems of the exact chain: the keep rate, width or depth at which the path probability reaches a target.
import type { ControlOptions } from '../../core/control.js';
import { expectedError } from '../../core/errors.js';
import { pathProbability, reachLaws, stationaryLaw } from './chain.js';
import { type Network, type NetworkParameters, layerRuns, resolveNetwork } from './network.js';

/** k = log(−log P) below this is a probability of 1 within 1e-320. */
const lowestSolve = -745;
/** x = log(−log(1 − b)) at the largest double below 1. */
const highestSolve = 3.6;

/**
 * Root of a decreasing function in [low, high] by Brent's method (inverse quadratic interpolation, safeguarded by
 * bisection), to 1e-15 of max(1, |x|).
 */
async function rootOfDecreasing(f: (x: number) => Promise<number>, low: number, high: number): Promise<number> {
  let [a, b] = [low, high];
  let [fa, fb] = [await f(a), await f(b)];
  if (fa <= 0) return a;
  if (fb >= 0) return b;
  let [c, fc] = [a, fa];
  let step = b - a;
  let stepBefore = step;
  for (;;) {
    if (Math.abs(fc) < Math.abs(fb)) [a, b, c, fa, fb, fc] = [b, c, b, fb, fc, fb];
    const tolerance = 5e-16 * Math.max(1, Math.abs(b));
    const half = (c - b) / 2;
    if (Math.abs(half) <= tolerance || fb === 0) return b;
    const tried =
      Math.abs(stepBefore) >= tolerance && Math.abs(fa) > Math.abs(fb)
        ? interpolation(a, b, c, fa, fb, fc)
        : Number.NaN;
    const isUseful =
      Number.isFinite(tried) &&
      tried * half > 0 &&
      Math.abs(tried) < Math.min(1.5 * Math.abs(half), Math.abs(stepBefore) / 2);
    stepBefore = isUseful ? step : half;
    step = isUseful ? tried : half;
    [a, fa] = [b, fb];
    b += Math.abs(step) > tolerance ? step : Math.sign(half) * tolerance;
    fb = await f(b);
    if (fb > 0 === fc > 0) {
      [c, fc] = [a, fa];
      step = b - a;
      stepBefore = step;
    }
  }
}

/** The step from b that inverse quadratic (or, of two points, linear) interpolation takes. */
function interpolation(a: number, b: number, c: number, fa: number, fb: number, fc: number): number {
  const s = fb / fa;
  if (a === c) return ((c - b) * s) / (s - 1);
  const q = fa / fc;
  const r = fb / fc;
  const p = s * ((c - b) * q * (q - r) - (b - a) * (r - 1));
  return -p / ((q - 1) * (r - 1) * (s - 1));
}

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
  return keepAt(await rootOfDecreasing(difference, lowestSolve, highestSolve));
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
    runs: layerRuns(depth, width, width, keepProbability, edgeKeepProbability),
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
