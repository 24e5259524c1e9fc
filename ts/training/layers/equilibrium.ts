// The layer that runs to rest: h* = φ(W (m h*)/ρ + U x + c), one mask per solve; the gradient goes through h* by the adjoint system
// (native/train/layers/equilibrium.h).
import type { Shape } from '../../core/trainer.js';
import type { LayerBase } from '../plan.js';

declare module '../plan.js' {
  interface LayerKinds {
    readonly equilibrium: EquilibriumLayer;
  }
}

interface EquilibriumLayer extends LayerBase<'equilibrium'> {
  readonly units: number;
  /** φ, as the addon takes it; the identity when left out. */
  readonly activation?: object;
  /** Of U and of W, times fan-in; of c as it is. */
  readonly inputWeightVariance: number;
  readonly recurrentWeightVariance: number;
  readonly biasVariance: number;
  /** ρ of the state that is fed back. */
  readonly keepProbability: number;
  /** At rest: ‖F(h) − h‖ ≤ tolerance √units; adjoint found: residual ≤ tolerance ‖g‖. */
  readonly tolerance: number;
  readonly updateLimit: number;
  readonly gradient: 'neumann' | 'originalRbp' | 'conjugateGradient' | 'unrolled';
  /** Terms of the series, products, iterations, updates gone back. */
  readonly terms: number;
  /** Largest ℓ1 norm of a row of W after every update; 0: any. */
  readonly rowNorm: number;
}

type Own = 'kind' | 'output' | 'multiplyAdds' | 'products';

/** An equilibrium layer on outputs of that shape; `updates` is how many updates a solve is reckoned with. */
export function equilibrium(
  input: Shape,
  { updates, ...fields }: Omit<EquilibriumLayer, Own> & { readonly updates: number },
): EquilibriumLayer {
  const inputs = input.reduce((product, size) => product * size, 1);
  const { units } = fields;
  return {
    kind: 'equilibrium',
    output: [units],
    multiplyAdds: units * (inputs + updates * units),
    products: ['input', 'recurrent'],
    ...fields,
  };
}
