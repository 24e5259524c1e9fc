// Dynamics with dense matrices: affine, continuous Hopfield network, deep-equilibrium layer.
import { addon } from '../../core/addon.js';
import { type ActivationSpec, resolveActivation } from '../../gaussian/activations.js';
import { type Dynamics, type Loss, squaredLoss } from './dynamics.js';
import { byComponent, combined, multiply, spectrumOf, type Vector } from './products.js';

/** F(h) = M h + c. */
export function affine(matrix: Vector, offset: Vector, target: Vector): Dynamics {
  const n = offset.length;
  const outer = (z: Vector, h: Vector): Vector => multiply([n, n, 1], z, h);
  return {
    size: n,
    start: new Float64Array(n),
    isAffine: true,
    evaluate: (h) => combined(1, multiply([n, 1, n], matrix, h), offset),
    at: (h) => ({
      jvp: (v) => multiply([n, 1, n], matrix, v),
      vjp: (u) => multiply([n, 1, n], matrix, u, { a: true }),
      cotangent: (z) => ({ M: outer(z, h), c: z.slice() }),
    }),
    loss: (h) => squaredLoss(h, (i) => target[i] as number),
    globalBound: async () => (await spectrumOf(n, matrix)).singular[0] as number,
  };
}

export interface Hopfield {
  /** W = V + Vᵀ with zero diagonal, N × N. */
  readonly weights: Vector;
  /** Clamped coordinates come first. */
  readonly input: Vector;
  readonly leak: number;
  readonly gain: number;
  readonly step: number;
  readonly loss: (h: Vector) => Loss;
}

/** s(x) = 1/(1 + e^−x), and its derivative s(x) s(−x). */
export const logistic = (x: number): number => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
export const logisticSlope = (x: number): number => logistic(x) * logistic(-x);

/** Rows and columns of a block that stays in the cache while it is read along both. */
const blockSide = 64;

/** V + Vᵀ with zero diagonal. */
export function symmetricCouplings(couplings: Vector, n: number): Vector {
  const sum = new Float64Array(n * n);
  for (let i0 = 0; i0 < n; i0 += blockSide)
    for (let j0 = 0; j0 < n; j0 += blockSide) {
      const [iEnd, jEnd] = [Math.min(n, i0 + blockSide), Math.min(n, j0 + blockSide)];
      for (let i = i0; i < iEnd; i++)
        for (let j = j0; j < jEnd; j++)
          sum[i * n + j] = (couplings[i * n + j] as number) + (couplings[j * n + i] as number);
    }
  for (let i = 0; i < n; i++) sum[i * n + i] = 0;
  return sum;
}

/** F(h) = m [(1 − step/leak) h + step W s(gain h)] + (1 − m) x. */
export function hopfield({ weights, input, leak, gain, step, loss }: Hopfield): Dynamics {
  const n = Math.round(Math.sqrt(weights.length));
  const clamped = input.length;
  const kept = 1 - step / leak;
  const w = (x: Vector): Vector => multiply([n, 1, n], weights, x);
  const free = (x: Vector): Vector => x.map((value, i) => (i < clamped ? 0 : value));
  const start = new Float64Array(n);
  start.set(input);
  return {
    size: n,
    start,
    evaluate: (h) => {
      const product = w(h.map((x) => logistic(gain * x)));
      return h.map((x, i) => (i < clamped ? (input[i] as number) : kept * x + step * (product[i] as number)));
    },
    at: (h) => {
      const slope = h.map((x) => gain * logisticSlope(gain * x));
      return {
        jvp: (v) =>
          free(
            combined(
              step,
              w(byComponent(slope, v)),
              v.map((x) => kept * x),
            ),
          ),
        vjp: (u) => {
          const inner = free(u);
          return combined(
            step,
            byComponent(slope, w(inner)),
            inner.map((x) => kept * x),
          );
        },
        cotangent: (z) => {
          const inner = free(z).map((x) => step * x);
          const s = h.map((x) => logistic(gain * x));
          const gradient = multiply([n, n, 1], inner, s);
          return { V: symmetricCouplings(gradient, n) };
        },
      };
    },
    loss,
    globalBound: async () =>
      Math.abs(kept) + step * (gain / 4) * ((await spectrumOf(n, weights)).singular[0] as number),
    symmetric: (h) => ({
      scale: h.map((x) => Math.sqrt(gain * logisticSlope(gain * x))),
      free: (i) => i >= clamped,
    }),
  };
}

/** E = −½ sᵀ W s + 1/(leak gain) Σ_free [s ln s + (1 − s) ln(1 − s)], with 0 ln 0 = 0. */
export function hopfieldEnergy({ weights, input, leak, gain }: Omit<Hopfield, 'loss' | 'step'>, h: Vector): number {
  const n = h.length;
  const s = h.map((x) => logistic(gain * x));
  const product = multiply([n, 1, n], weights, s);
  const xlogx = (x: number): number => (x > 0 ? x * Math.log(x) : 0);
  let [energy, entropy] = [0, 0];
  for (let i = 0; i < n; i++) {
    energy -= 0.5 * (s[i] as number) * (product[i] as number);
    if (i >= input.length) entropy += xlogx(s[i] as number) + xlogx(logistic(-gain * (h[i] as number)));
  }
  return energy + entropy / (leak * gain);
}

interface EquilibriumLayer {
  readonly activation: ActivationSpec;
  /** n × n, n × inputs, n. */
  readonly weights: Vector;
  readonly inputWeights: Vector;
  readonly bias: Vector;
  readonly input: Vector;
  readonly target: Vector;
}

/** Largest |φ'| where it is known in closed form. */
const steepest: Readonly<Record<string, number>> = {
  tanh: 1,
  sigmoid: 0.25,
  relu: 1,
  linear: 1,
  erf: 2 / Math.sqrt(Math.PI),
  erfUnitSlope: 1,
  sin: 1,
  softplus: 1,
  hardTanh: 1,
};

export const steepestSlope = (activation: ActivationSpec): number | undefined =>
  typeof activation === 'string' ? steepest[activation] : undefined;

/** F(h) = φ(W h + U x + c). */
export function equilibriumLayer(layer: EquilibriumLayer): Dynamics {
  const { weights, inputWeights, bias, input, target } = layer;
  const n = bias.length;
  const activation = resolveActivation(layer.activation);
  const drive = combined(1, multiply([n, 1, input.length], inputWeights, input), bias);
  const pre = (h: Vector): Vector => combined(1, multiply([n, 1, n], weights, h), drive);
  const phi = (z: Vector, order: 0 | 1): Vector => addon().activate({ activation, z, order });
  const most = steepestSlope(layer.activation);
  return {
    size: n,
    start: new Float64Array(n),
    evaluate: (h) => phi(pre(h), 0),
    at: (h) => {
      const z = pre(h);
      const slope = phi(z, 1);
      return {
        jvp: (v) => byComponent(slope, multiply([n, 1, n], weights, v)),
        vjp: (u) => multiply([n, 1, n], weights, byComponent(slope, u), { a: true }),
        cotangent: (u) => {
          const inner = byComponent(slope, u);
          return { U: multiply([n, input.length, 1], inner, input), W: multiply([n, n, 1], inner, h), c: inner };
        },
        kinks: z.filter((x) => activation.kinks.includes(x)).length,
      };
    },
    loss: (h) => squaredLoss(h, (i) => target[i] as number),
    ...(most === undefined
      ? {}
      : { globalBound: async () => most * ((await spectrumOf(n, weights)).singular[0] as number) }),
  };
}
