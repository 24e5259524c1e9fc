// Signals through the very weights of a file, beside what theory says of independent weights of the same variances.
import type { ControlOptions } from '../core/control.js';
import { type ActivationSpec, evaluateActivation } from '../gaussian/activations.js';
import type { FeedforwardSpec } from '../systems/feedforward/spec.js';
import { predict } from '../verbs/predict.js';
import type { Predicted } from '../core/results.js';
import type { Matrix } from './matrix.js';

/** What was measured at the pre-activations of one layer, for one input. */
export interface MeasuredLayer {
  readonly layer: number;
  readonly input: number;
  /** q: mean square of the pre-activations. */
  readonly variance: number;
  /** That of independent weights, by `predict`. */
  readonly predicted: number;
  /** (measured/predicted − 1 − finite-size correction) over the predicted standard deviation of one network of this width. */
  readonly score: number;
  readonly verdict: 'agrees' | 'disagrees';
  /** Share of units whose activation is 0 for every input; only of layers with an activation. */
  readonly silent: number;
}

export interface ChainLayer {
  readonly matrix: Matrix;
  readonly bias: Float64Array | undefined;
}

/** |z| of a single network that theory allows. */
const largestChance = 4;

/**
 * Pre-activations of every input at every layer, in double precision, against `predict` of the same spec and inputs.
 *
 * Theory speaks of the mean over draws of weights; one network differs from it by the predicted spread (relative variance of one network).
 */
export async function measured(
  layers: readonly ChainLayer[],
  activations: readonly ActivationSpec[],
  spec: FeedforwardSpec,
  inputs: readonly (readonly number[])[],
  control: ControlOptions,
): Promise<MeasuredLayer[]> {
  const theory = await predict({ system: 'feedforward', ...spec, inputs }, control);
  const { values, spread, finiteSize } = theory.observables.variance as Predicted;
  let signals: readonly Float64Array[] = inputs.map((row) => Float64Array.from(row));
  const found: MeasuredLayer[] = [];
  for (const [l, { matrix, bias }] of layers.entries()) {
    const before = signals.map((signal) => mapped(matrix, bias, signal));
    const activation = activations[l];
    signals = activation === undefined ? before : before.map((h) => evaluateActivation(activation, h));
    const silent =
      activation === undefined
        ? 0
        : before[0]?.reduce((count, _, i) => count + (signals.every((u) => u[i] === 0) ? 1 : 0), 0);
    before.forEach((h, input) => {
      const place = l * inputs.length + input;
      const variance = h.reduce((sum, value) => sum + value * value, 0) / h.length;
      const predicted = values[place] as number;
      const expected = predicted + (finiteSize?.values[place] ?? 0);
      const deviation = predicted * Math.sqrt(spread?.[place] ?? Infinity);
      const score = (variance - expected) / deviation;
      found.push({
        layer: l + 1,
        input,
        variance,
        predicted,
        score,
        verdict: Math.abs(score) < largestChance ? 'agrees' : 'disagrees',
        silent: (silent ?? 0) / matrix.outputs,
      });
    });
  }
  return found;
}

function mapped(
  { outputs, inputs, values }: Matrix,
  bias: Float64Array | undefined,
  signal: Float64Array,
): Float64Array {
  return Float64Array.from({ length: outputs }, (_, row) => {
    let sum = bias?.[row] ?? 0;
    for (let j = 0; j < inputs; j++) sum += (values[row * inputs + j] as number) * (signal[j] as number);
    return sum;
  });
}
