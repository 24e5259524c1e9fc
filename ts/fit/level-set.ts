// The depth at which successes turn into failures: a logistic curve in log depth, finite even when outcomes separate.
import { expectedError } from '../core/errors.js';
import { largestOf, leastOf } from '../numeric/extremes.js';

/** Outcomes of one column of a heat map. */
export interface Outcome {
  readonly depth: number;
  readonly isSuccess: boolean;
}

/** Where the fitted probability of success is one half, or on which side of the depths tried it lies. */
export type LevelSet =
  | {
      readonly depth: number;
      readonly low: number;
      readonly high: number;
      readonly logStandardError: number;
      readonly slope: number;
    }
  | { readonly censored: 'above' | 'below' };

const normal95 = 1.959963984540054;
const iterations = 200;
const tolerance = 1e-10;

/**
 * Level set P = 1/2 of the logistic law P(success at depth L) = 1/(1 + e^{−(a + b log L)}), fitted by maximum likelihood
 * with Jeffreys' prior (Firth's correction), so that a and b stay finite when every shallow network succeeds and every
 * deep one fails.
 *
 * @param outcomes at least two depths
 * @returns the depth e^{−a/b} with a 95 % interval (delta method on its logarithm) and b; or `censored`: 'above' when the
 *   boundary lies beyond the deepest network ('below': before the shallowest), where the fit would extrapolate
 * @throws MftError ERR_MFT_SHAPE for fewer than two depths
 * **Numerics**: Newton steps with halving to 1e-10. **Source**: D. Firth, Biometrika 80 (1993) 27.
 */
export function fitLevelSet(outcomes: readonly Outcome[]): LevelSet {
  const depths = outcomes.map(({ depth }) => depth);
  const [shallowest, deepest] = [leastOf(depths), largestOf(depths)];
  if (!(shallowest > 0 && shallowest < deepest))
    throw expectedError('ERR_MFT_SHAPE', 'outcomes', 'outcomes at two depths above 0 or more', outcomes.length);
  const successes = outcomes.filter(({ isSuccess }) => isSuccess).length;
  if (successes === outcomes.length) return { censored: 'above' };
  if (successes === 0) return { censored: 'below' };
  const centre = Math.log(shallowest * deepest) / 2;
  const x = depths.map((depth) => Math.log(depth) - centre);
  const y = outcomes.map(({ isSuccess }) => (isSuccess ? 1 : 0));
  let beta: Pair = [0, 0];
  let state = evaluate(x, y, beta);
  for (let k = 0; k < iterations; k++) {
    const step = solve(state.information, state.score);
    let scale = 1;
    let next = evaluate(x, y, [beta[0] + step[0], beta[1] + step[1]]);
    while (!(next.objective >= state.objective - 1e-12) && scale > 1e-6) {
      scale /= 2;
      next = evaluate(x, y, [beta[0] + scale * step[0], beta[1] + scale * step[1]]);
    }
    beta = [beta[0] + scale * step[0], beta[1] + scale * step[1]];
    state = next;
    if (Math.hypot(...step) * scale < tolerance) break;
  }
  const [a, b] = beta;
  // A success rate that does not fall with depth has no boundary: it lies above when most succeed, else below.
  if (b >= 0) return { censored: 2 * successes >= outcomes.length ? 'above' : 'below' };
  const root = -a / b;
  const logDepth = root + centre;
  if (logDepth > Math.log(deepest)) return { censored: 'above' };
  if (logDepth < Math.log(shallowest)) return { censored: 'below' };
  const [spreadA, spreadB] = solve(state.information, [1, root]);
  const logStandardError = Math.sqrt(spreadA + root * spreadB) / Math.abs(b);
  const interval = Math.exp(normal95 * logStandardError);
  const depth = Math.exp(logDepth);
  return { depth, low: depth / interval, high: depth * interval, logStandardError, slope: b };
}

type Pair = readonly [number, number];
type Symmetric = readonly [aa: number, ab: number, bb: number];

/** Penalised log-likelihood ℓ + ½ log|I|, its modified score Σ (y − p + h(½ − p)) (1, x) and the information I. */
function evaluate(
  x: readonly number[],
  y: readonly number[],
  [a, b]: Pair,
): { objective: number; score: Pair; information: Symmetric } {
  const p = x.map((at) => 1 / (1 + Math.exp(-(a + b * at))));
  let [aa, ab, bb] = [0, 0, 0];
  x.forEach((at, i) => {
    const weight = (p[i] as number) * (1 - (p[i] as number));
    aa += weight;
    ab += weight * at;
    bb += weight * at * at;
  });
  const information: Symmetric = [aa, ab, bb];
  let objective = 0.5 * Math.log(aa * bb - ab * ab);
  let [first, second] = [0, 0];
  x.forEach((at, i) => {
    const [chance, hit] = [p[i] as number, y[i] as number];
    const [u, v] = solve(information, [1, at]);
    const residual = hit - chance + chance * (1 - chance) * (u + at * v) * (0.5 - chance);
    first += residual;
    second += residual * at;
    objective += Math.log(hit === 1 ? chance : 1 - chance);
  });
  return { objective, score: [first, second], information };
}

function solve([aa, ab, bb]: Symmetric, [u, v]: Pair): Pair {
  const determinant = aa * bb - ab * ab;
  return [(bb * u - ab * v) / determinant, (aa * v - ab * u) / determinant];
}
