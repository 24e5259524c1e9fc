// Masks of few inputs: products of two inputs scatter so much that a run may never meet what makes their mean.
import type { Predicted } from '../../core/results.js';
import type { DataMatrix, KernelModel } from './model.js';
import type { KernelObservable } from './observables.js';

/** Above this relative variance nothing follows, to first order, of what stands above the first layer. */
const largestNoise = 0.25;

/**
 * Relative variance of u_a·u_b/n over masks of the inputs, entry by entry of the first `count` inputs: (E m²/ρ⁴ − 1) Σ x_a²x_b²/(x_a·x_b)²,
 * one mask for both where they are shared or a = b. Undefined without masks; 0 where x_a·x_b is.
 */
export function inputMaskNoise(model: KernelModel, data: DataMatrix, count: number): Float64Array | undefined {
  if (model.inputKeep === 1) return undefined;
  const { dimension, values } = data;
  const result = new Float64Array(count * count);
  const [one, two] = [1 / model.inputKeep - 1, 1 / model.inputKeep ** 2 - 1];
  for (let a = 0; a < count; a++)
    for (let b = a; b < count; b++) {
      let [product, size, squares] = [0, 0, 0];
      for (let i = 0; i < dimension; i++) {
        const term = (values[a * dimension + i] as number) * (values[b * dimension + i] as number);
        product += term;
        size = Math.max(size, Math.abs(term));
      }
      if (product === 0) continue;
      for (let i = 0; i < dimension; i++)
        squares += (((values[a * dimension + i] as number) * (values[b * dimension + i] as number)) / size) ** 2;
      const share = squares / (product / size) ** 2;
      result[a * count + b] = result[b * count + a] = share * (model.sharedMasks || a === b ? one : two);
    }
  return result;
}

type Observables = Partial<Record<KernelObservable, Predicted>>;

/** The off-diagonal entries, and cosines, with what masks of the inputs do to them. */
export function withInputMasks(
  observables: Observables,
  noise: Float64Array | undefined,
  count: number,
  pairs: readonly (readonly [number, number])[],
): Observables {
  if (noise === undefined) return observables;
  const of = ([a, b]: readonly [number, number]): number => noise[a * count + b] as number;
  /** Of a mean that is not linear in the products of inputs. */
  const moved = (one: Predicted, at: (i: number) => number, sizes = one.values.map(Math.abs)): Predicted => {
    const { values = new Float64Array(one.values.length), allowance, order = 1 } = one.finiteSize ?? {};
    const known = allowance ?? new Float64Array(one.values.length);
    const added = known.map((size, i) => {
      const got = at(i);
      return got > largestNoise ? Infinity : size + got * (sizes[i] as number);
    });
    return { ...one, finiteSize: { ...one.finiteSize, order, values, allowance: added } };
  };
  /** The first layer is linear in the products: they scatter, and their mean stays. */
  const layered = (one: Predicted): Predicted => {
    const isFirst = (i: number): boolean => i < pairs.length;
    const pair = (i: number): number => of(pairs[i % pairs.length] as readonly [number, number]);
    const { spread = new Float64Array(one.values.length) } = one;
    return {
      ...moved(one, (i) => (isFirst(i) ? 0 : pair(i))),
      spread: spread.map((value, i) => (isFirst(i) ? value + pair(i) : value)),
    };
  };
  const cosine = (one: Predicted): Predicted => {
    const at = (i: number): number => {
      const [a, b] = pairs[i % pairs.length] as readonly [number, number];
      return Math.max(of([a, b]), of([a, a]), of([b, b]));
    };
    const ones = one.values.map(() => 1);
    return moved(one, at, ones);
  };
  const size = Math.sqrt(observables.nngp?.values.length ?? 0);
  const matrix = (one: Predicted): Predicted =>
    size > count
      ? one
      : moved(one, (i) => (i % size === Math.floor(i / size) ? 0 : of([Math.floor(i / size), i % size])));
  const { nngp, ntk, covariance, normalizedKernel, normalizedKernelGap } = observables;
  return {
    ...observables,
    ...(nngp === undefined ? {} : { nngp: matrix(nngp) }),
    ...(ntk === undefined ? {} : { ntk: matrix(ntk) }),
    ...(covariance === undefined ? {} : { covariance: layered(covariance) }),
    ...(normalizedKernel === undefined ? {} : { normalizedKernel: cosine(normalizedKernel) }),
    ...(normalizedKernelGap === undefined ? {} : { normalizedKernelGap: cosine(normalizedKernelGap) }),
  };
}
