// The largest squared singular value of the input-output Jacobian of a wide network whose φ is linear on either side of 0 ((3.19) of
// docs/systems/feedforward.md): there (φ'(u) m/ρ)² takes two values and 0, whatever q, and the S-transform of its law is a root of a
// quadratic.
import { MftError } from '../../core/errors.js';
import { gaussianFunctionOf } from '../../gaussian/expectation.js';
import { type ActivationSpec, evaluateActivation } from '../../gaussian/activations.js';

interface Edge {
  readonly activation: ActivationSpec;
  readonly weightVariance: number;
  readonly keepProbability: number;
  readonly depth: number;
  readonly weights: 'gaussian' | 'orthogonal';
}

/** log s is searched in ± this: beyond it the function is its own limit to rounding. Golden sections until that interval is as small. */
const widest = 40;
const golden = (Math.sqrt(5) - 1) / 2;
const sections = 60;

/** The least value of a function that falls and then rises. */
function leastOf(f: (x: number) => number): number {
  let [low, high] = [-widest, widest];
  for (let i = 0; i < sections; i++) {
    const step = golden * (high - low);
    if (f(high - step) < f(low + step)) high = low + step;
    else low = high - step;
  }
  return f((low + high) / 2);
}

/** @throws MftError ERR_MFT_UNSUPPORTED where φ is not linear on either side of 0, ERR_MFT_NOT_FINITE beyond the range of doubles */
export function largestSquaredSingularValue(edge: Edge): number {
  const { activation, weightVariance, keepProbability, depth, weights } = edge;
  const { homogeneousDegree } = gaussianFunctionOf(activation);
  if (homogeneousDegree !== 1)
    throw new MftError(
      'ERR_MFT_UNSUPPORTED',
      'The edge of the singular values is known here for activations that are linear on either side of 0 (linear, relu, leakyRelu, …).',
      { parameter: 'activation' },
    );
  if (weightVariance === 0) return 0;
  const slopes = evaluateActivation(activation, Float64Array.of(-1, 1), 1);
  const [a, b] = [0, 1].map((i) => ((slopes[i] as number) / keepProbability) ** 2) as [number, number];
  if (a === 0 && b === 0) return 0;
  const share = keepProbability / 2;
  const logEdge = (logS: number): number => {
    const s = Math.exp(logS);
    // s x with E d/(x − d) = s: s x² − (s + share)(a + b) x + a b (s + 2 share) = 0.
    const half = ((s + share) * (a + b)) / 2;
    const scaled = half + Math.sqrt(Math.max(0, half * half - s * a * b * (s + 2 * share)));
    const law = Math.log(weightVariance * scaled) - (weights === 'orthogonal' ? Math.log1p(s) : 0);
    return Math.log1p(1 / s) + depth * law;
  };
  const value = Math.exp(Math.min(leastOf(logEdge), logEdge(widest)));
  if (Number.isFinite(value)) return value;
  throw new MftError(
    'ERR_MFT_NOT_FINITE',
    'The largest squared singular value is beyond the range of double precision (1.8e308): lower `weightVariance` or `depth`.',
    { parameter: 'weightVariance' },
  );
}
