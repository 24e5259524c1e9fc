// An associative memory that learns ten images: a continuous Hopfield network run to rest, its gradient through the steady state.
import { addon, seedHalves } from '../../../core/addon.js';
import { type ControlOptions, throwIfAborted } from '../../../core/control.js';
import { MftError } from '../../../core/errors.js';
import { logistic, logisticSlope, symmetricCouplings } from '../dense-dynamics.js';
import type { Iteration } from '../dynamics.js';
import { solveAdjointSystem } from '../adjoint.js';
import { solveForward } from '../forward.js';
import { arnoldi } from '../arnoldi.js';
import { minstd } from '../minstd.js';
import { difference, multiply, norm, type Vector } from '../products.js';
import { adam } from './adam.js';

const gain = 0.5;
const deviation = 1e-3;

interface MemoryOptions {
  readonly hidden: number;
  readonly updates: number;
  readonly learningRate: number;
  readonly reports: readonly number[];
  /** Steps and products at which the solvers are compared, at the last update. */
  readonly counts: readonly number[];
  readonly seed: number;
}

interface MemoryReport {
  readonly update: number;
  /** Mean absolute error of the raw outputs. */
  readonly loss: number;
  /** Share of pixels that differ after a threshold of ½, from the image itself and from one with half of its pixels taken away. */
  readonly bitError: number;
  readonly corruptedBitError: number;
  readonly spectralRadius: number;
  /** Products of the Neumann series to 1e-10. */
  readonly products: number;
}

interface SolverErrors {
  readonly solver: string;
  /** Relative error of z after each count of products (conjugate gradient: iterations). */
  readonly errors: readonly number[];
}

export interface TrainedMemory {
  readonly reports: readonly MemoryReport[];
  readonly solvers: readonly SolverErrors[];
  readonly losses: readonly number[];
}

/** All images at once: states of one unit beside each other, units × images; (pixels | hidden | pixels) units. */
function mapOf(W: Vector, images: Vector, pixels: number, units: number): Iteration & { readonly count: number } {
  const count = images.length / pixels;
  const size = units * count;
  const clamped = pixels * count;
  const start = new Float64Array(size);
  start.set(images);
  const times = (x: Vector): Vector => multiply([units, count, units], W, x);
  const free = (x: Vector): Vector => {
    const result = x.slice();
    result.fill(0, 0, clamped);
    return result;
  };
  return {
    size,
    count,
    start,
    evaluate: (h) => {
      const next = times(h.map((x) => logistic(gain * x)));
      next.set(images);
      return next;
    },
    at: (h) => {
      const slope = h.map((x) => gain * logisticSlope(gain * x));
      const scaled = (x: Vector): Vector => x.map((value, i) => value * (slope[i] as number));
      return {
        jvp: (v) => free(times(scaled(v))),
        vjp: (u) => scaled(times(free(u))),
        cotangent: (z) => {
          const s = h.map((x) => logistic(gain * x));
          return { V: symmetricCouplings(multiply([units, units, count], free(z), s, { b: true }), units) };
        },
      };
    },
    symmetric: (h) => ({
      scale: h.map((x) => Math.sqrt(gain * logisticSlope(gain * x))),
      free: (i) => i >= clamped,
    }),
  };
}

/** Mean absolute error of the outputs, its gradient, and the share of wrong bits. */
function judged(h: Vector, images: Vector) {
  const from = h.length - images.length;
  const gradient = new Float64Array(h.length);
  let [loss, wrong] = [0, 0];
  for (let i = 0; i < images.length; i++) {
    const [output, wanted] = [h[from + i] as number, images[i] as number];
    loss += Math.abs(output - wanted);
    gradient[from + i] = Math.sign(output - wanted) / images.length;
    if (output > 0.5 !== wanted > 0.5) wrong++;
  }
  return { loss: loss / images.length, gradient, bitError: wrong / images.length };
}

/** Trains on `images` (pixels × images, 0 or 1) with Neumann gradients; `corrupted` are the same with pixels taken away. */
export async function trainMemory(
  images: Vector,
  corrupted: Vector,
  pixels: number,
  options: MemoryOptions,
  control: ControlOptions,
): Promise<TrainedMemory> {
  const units = 2 * pixels + options.hidden;
  const V = addon()
    .normals({ seed: seedHalves(options.seed), trial: 0, layer: 0, purpose: 'weights', first: 0, count: units * units })
    .map((x) => deviation * x);
  const step = adam(options.learningRate);
  const [reports, losses]: [MemoryReport[], number[]] = [[], []];
  const settled = async (map: Iteration): Promise<Vector> => {
    const found = await solveForward(map, { absoluteTolerance: 1e-9, evaluationLimit: 2000 }, control);
    if (!found.converged)
      throw new MftError('ERR_MFT_NO_CONVERGENCE', `The memory did not come to rest: ${found.status}.`);
    return found.state;
  };
  let solvers: readonly SolverErrors[] = [];
  for (let update = 0; update <= options.updates; update++) {
    throwIfAborted(control);
    const W = symmetricCouplings(V, units);
    const map = mapOf(W, images, pixels, units);
    const h = await settled(map);
    const { loss, gradient, bitError } = judged(h, images);
    losses.push(loss);
    const at = map.at(h);
    const given = { method: 'neumann', tolerance: 1e-10, productLimit: 200 } as const;
    const { adjoint, vjpCount } = await solveAdjointSystem(map, at, h, gradient, given, control);
    if (options.reports.includes(update)) {
      const from = await settled(mapOf(W, corrupted, pixels, units));
      const { radius } = await arnoldi(at.vjp, minstd(5, map.size), 30);
      const corruptedBitError = judged(from, images).bitError;
      reports.push({ update, loss, bitError, corruptedBitError, spectralRadius: radius, products: vjpCount });
    }
    if (update === options.updates) solvers = await compared(map, h, gradient, options.counts, control);
    else step({ V }, at.cotangent(adjoint));
  }
  return { reports, losses, solvers };
}

async function compared(
  map: Iteration,
  h: Vector,
  g: Vector,
  counts: readonly number[],
  control: ControlOptions,
): Promise<readonly SolverErrors[]> {
  const at = map.at(h);
  const solved = async (given: Parameters<typeof solveAdjointSystem>[4]): Promise<Vector> =>
    (await solveAdjointSystem(map, at, h, g, given, control)).adjoint;
  const exact = await solved({ method: 'gmres', tolerance: 1e-15, restart: 80 });
  const start = minstd(9, g.length).map((x) => (x + 1) / 2);
  const ways: Readonly<Record<string, (k: number) => Parameters<typeof solveAdjointSystem>[4]>> = {
    'Neumann series': (k: number) => ({ method: 'neumann', termCount: k + 1, tolerance: 1e-30 }),
    'original RBP, uniform start': (k: number) => ({
      method: 'originalRbp',
      productLimit: k,
      initialGuess: start,
      tolerance: 1e-30,
    }),
    'conjugate gradient on the normal equations': (k: number) => ({
      method: 'conjugateGradient',
      productLimit: k,
      tolerance: 1e-30,
    }),
    'symmetric conjugate gradient': (k: number) => ({
      method: 'symmetricConjugateGradient',
      productLimit: k,
      tolerance: 1e-30,
    }),
    GMRES: (k: number) => ({ method: 'gmres', productLimit: k, tolerance: 1e-30, restart: 80 }),
  };
  const result: SolverErrors[] = [];
  for (const [solver, given] of Object.entries(ways)) {
    const errors: number[] = [];
    for (const k of counts) errors.push(norm(difference(await solved(given(k)), exact)) / norm(exact));
    result.push({ solver, errors });
  }
  return result;
}
