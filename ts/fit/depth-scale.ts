// A depth scale from a simulated or predicted profile: window selection, then a weighted fit of the logarithm.
import { numberList } from '../core/copy.js';
import { depthScaleOptions } from './options.js';
import { expectedError, MftError } from '../core/errors.js';
import { invert } from './separable.js';

export interface DepthScaleOptions {
  /** Value the profile tends to; the fit is of log|y − limit|. Default 0. */
  readonly limit?: number;
  /** Leave out layers before this one (the transient: about 2ξ). Default: the first layer. */
  readonly from?: number;
  /** Leave out layers from the first one where |y − limit| falls below this many standard errors. Default 5. */
  readonly significance?: number;
}

export interface DepthScaleFit {
  /** ξ = −1/slope of log|y − limit| against layer; negative when it grows. */
  readonly depthScale: number;
  readonly standardError: number;
  /** Slope of the logarithm per layer and its standard error. */
  readonly slope: number;
  readonly slopeError: number;
  readonly intercept: number;
  readonly window: readonly [number, number];
  readonly points: number;
  readonly converged: boolean;
  readonly reason: string;
}

/**
 * Depth scale of a profile: weighted least squares of log|y − limit| against layer, in the window where the residual
 * stands above the noise.
 *
 * @param layer, y the profile
 * @param standardErrors standard error of each y; sets the weights and the end of the window
 * @param options the limit, the first layer, and the significance at which the window ends
 * @returns the depth scale with its standard error, and the window that was used
 * @throws MftError ERR_MFT_SHAPE with fewer than 4 usable layers (naming how many there were)
 *
 * **Numerics**: closed form. Errors of neighbouring layers of one network are correlated; the standard error given here
 * treats them as independent: use a bootstrap over networks (`rawTrials`) when it matters.
 * **Source**: derived; docs/systems/feedforward.md (3.5).
 *
 * @example
 * const layer = Array.from({ length: 20 }, (_, l) => l + 1);
 * fitDepthScale(layer, layer.map((l) => 0.3 * Math.exp(-l / 6)), layer.map(() => 1e-6)).depthScale; // 6
 */
export function fitDepthScale(
  layer: ArrayLike<number>,
  y: ArrayLike<number>,
  standardErrors: ArrayLike<number>,
  options: DepthScaleOptions = {},
): DepthScaleFit {
  return fitLogarithm(
    numberList(layer, 'layer'),
    numberList(y, 'y'),
    numberList(standardErrors, 'standardErrors'),
    depthScaleOptions(options),
  );
}

function fitLogarithm(
  layer: Float64Array,
  y: Float64Array,
  standardErrors: Float64Array,
  options: DepthScaleOptions,
): DepthScaleFit {
  for (const [name, values] of [
    ['y', y],
    ['standardErrors', standardErrors],
  ] as const) {
    if (values.length !== layer.length)
      throw expectedError('ERR_MFT_SHAPE', name, `a list of ${layer.length} values like \`layer\``, values.length);
  }
  const limit = options.limit ?? 0;
  const significance = options.significance ?? 5;
  const x: number[] = [];
  const log: number[] = [];
  const weight: number[] = [];
  for (let i = 0; i < layer.length; i++) {
    if ((layer[i] as number) < (options.from ?? -Infinity)) continue;
    const residual = Math.abs((y[i] as number) - limit);
    const error = standardErrors[i] as number;
    if (!(residual > significance * error) || residual === 0) break;
    x.push(layer[i] as number);
    log.push(Math.log(residual));
    weight.push(error > 0 ? (residual / error) ** 2 : 1);
  }
  if (x.length < 4)
    throw new MftError(
      'ERR_MFT_SHAPE',
      `Expected at least 4 layers where the residual exceeds ${significance} standard errors, found ${x.length}; ` +
        `use more trials or an earlier \`from\`.`,
      { parameter: 'y', received: x.length },
    );
  const centre = weight.reduce((sum, w, i) => sum + w * (x[i] as number), 0) / weight.reduce((sum, w) => sum + w, 0);
  const normal = [
    [0, 0],
    [0, 0],
  ];
  const right = [0, 0];
  x.forEach((at, i) => {
    const row = [1, at - centre];
    for (let r = 0; r < 2; r++) {
      right[r] = (right[r] as number) + (weight[i] as number) * (row[r] as number) * (log[i] as number);
      for (let c = 0; c < 2; c++)
        (normal[r] as number[])[c] =
          ((normal[r] as number[])[c] as number) + (weight[i] as number) * (row[r] as number) * (row[c] as number);
    }
  });
  const inverse = invert(normal);
  if (inverse === undefined)
    throw new MftError('ERR_MFT_NO_CONVERGENCE', 'The layers of the window cannot fix a slope.', {
      parameter: 'layer',
    });
  const [mean, slope] = inverse.map(
    (row) => (row[0] as number) * (right[0] as number) + (row[1] as number) * (right[1] as number),
  ) as [number, number];
  const slopeError = Math.sqrt(inverse[1]?.[1] as number);
  const isResolved = Math.abs(slope) > 2 * slopeError;
  return {
    depthScale: -1 / slope,
    standardError: slopeError / slope ** 2,
    slope,
    slopeError,
    intercept: mean - slope * centre,
    window: [x[0] as number, x.at(-1) as number],
    points: x.length,
    converged: isResolved,
    reason: isResolved
      ? 'converged'
      : 'the slope is not significant (below 2 standard errors): the scale is longer than the window can tell',
  };
}
