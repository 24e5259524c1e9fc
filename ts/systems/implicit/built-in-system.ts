// The dynamics of this package as systems that the public functions take: the same parameters as quantities.
import { parse } from '../../core/checks.js';
import { plainCopy } from '../../core/copy.js';
import { type FixedPointSystem, ownDynamics, type StateLossFunction } from './user-system.js';

/** The parameters of a dynamics of this package: `dynamics` and the arrays it needs (docs/systems/implicit.md, Quantities). */
export interface FixedPointParameters {
  readonly dynamics:
    | 'affine'
    | 'hopfield'
    | 'deepEquilibrium'
    | 'graphTanh'
    | 'graphGru'
    | 'descentQuadratic'
    | 'descentLogistic';
  readonly [parameter: string]: unknown;
}

/** What `fixedPointSystem` returns. */
export interface BuiltInSystem {
  readonly system: Required<FixedPointSystem>;
  /** Where iteration starts. */
  readonly start: Float64Array;
  readonly loss: StateLossFunction;
}

/**
 * A dynamics of this package with its start and its loss, for `solveSteadyState`, `implicitGradient` and the like.
 *
 * @param parameters `dynamics` and its arrays, given or filled by a generator, as the quantities of system `implicit` take them
 * @returns a promise of `system` with all four products, `start`, `loss`
 * @throws MftError (rejects) ERR_MFT_INVALID_ARGUMENT (a parameter that the dynamics needs is not there), ERR_MFT_SHAPE,
 * ERR_MFT_OUT_OF_RANGE
 *
 * **Numerics**: float64, products by native kernels. **Source**: docs/systems/implicit.md (2.1) to (2.3).
 *
 * @example
 * import { fixedPointSystem, implicitGradient } from 'mft-native';
 * const { system, start, loss } = await fixedPointSystem({ dynamics: 'affine', matrix: [[0.5]], offset: [1] });
 * const { gradient } = await implicitGradient(system, start, loss);
 * console.log('c' in gradient && gradient.c[0]?.toFixed(6)); // 4.000000
 */
export async function fixedPointSystem(parameters: FixedPointParameters): Promise<BuiltInSystem> {
  const given = plainCopy(parameters, 'parameters');
  const { dynamicsOf, dynamicsSchema } = await import('./fixtures.js');
  const dynamics = dynamicsOf(parse(dynamicsSchema, given, 'parameters'));
  const system: Required<FixedPointSystem> = {
    stateSize: dynamics.size,
    evaluate: (h) => dynamics.evaluate(h),
    vjp: (h, u) => dynamics.at(h).vjp(u),
    jvp: (h, v) => dynamics.at(h).jvp(v),
    parameterCotangent: (h, adjoint) => dynamics.at(h).cotangent(adjoint),
  };
  ownDynamics.set(system, dynamics);
  return { system, start: dynamics.start.slice(), loss: (h) => dynamics.loss(h) };
}
