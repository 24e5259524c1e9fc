// What `advise` says about a spec of `implicit`: whether its gradient exists, which solver, how many terms.
import { type ControlOptions, throwIfAborted } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import type { Finding } from '../../core/results.js';
import { type MeanField, meanField, singularEdges, termsToTolerance } from './mean-field.js';
import type { ResolvedImplicitSpec } from './spec.js';

/** The settings of the released code: products of the Neumann series for graphs and for memories. */
const releasedProducts = [5, 20] as const;
const wanted = 1e-4;

function attempted(spec: ResolvedImplicitSpec): MeanField | undefined {
  try {
    return meanField(spec);
  } catch (error) {
    if (error instanceof MftError && error.code === 'ERR_MFT_NO_FIXED_POINT') return undefined;
    throw error;
  }
}

/** The weight variance at which χ falls to 0.8, by bisection: χ grows with it. */
function contracting(spec: ResolvedImplicitSpec): MeanField & { readonly weightVariance: number } {
  let [low, high] = [0, spec.weightVariance];
  const at = (weightVariance: number): MeanField | undefined => attempted({ ...spec, weightVariance });
  for (let step = 0; step < 50; step++) {
    const middle = 0.5 * (low + high);
    const found = at(middle);
    if (found !== undefined && found.chi <= 0.8) low = middle;
    else high = middle;
  }
  return { ...(at(low) ?? { variance: spec.inputVariance, chi: 0 }), weightVariance: low };
}

const round = (x: number): string => x.toPrecision(3);

export async function findings(spec: ResolvedImplicitSpec, options: ControlOptions): Promise<readonly Finding[]> {
  throwIfAborted(options);
  const found = attempted(spec);
  if (found === undefined || found.chi >= 1) {
    const better = contracting(spec);
    return [
      {
        id: 'noStableSteadyState',
        severity: 'critical',
        claim:
          (found === undefined
            ? 'The variance of the pre-activations has no fixed point'
            : `χ = ${round(found.chi)} >= 1: a wide layer has no stable steady state`) +
          '; plain iteration does not settle and a Neumann gradient grows with every term.',
        evidence: found === undefined ? [] : [{ quantity: 'squaredJacobianRadius', value: found.chi }],
        change: { weightVariance: better.weightVariance },
        after: [{ quantity: 'squaredJacobianRadius', value: better.chi }],
      },
    ];
  }
  const radius = Math.sqrt(found.chi);
  const terms = termsToTolerance(found.chi, wanted);
  const evidence = [{ quantity: 'squaredJacobianRadius', value: found.chi }];
  const result: Finding[] = [
    {
      id: 'termsOfTheSeries',
      severity: terms > 100 ? 'warning' : 'info',
      claim: `ρ(J) = ${round(radius)}: a Neumann gradient is within ${wanted} of the true one after ${terms} terms.`,
      evidence,
    },
  ];
  const errors = [1, ...releasedProducts.map((products) => products + 1)].map((count) => radius ** count);
  if ((errors[0] as number) > 0.1)
    result.push({
      id: 'fewTermsAreBiased',
      severity: (errors[1] as number) > 0.1 ? 'warning' : 'info',
      claim:
        `One term (a one-step or Jacobian-free gradient) is off by ${round(100 * (errors[0] as number))} %, ` +
        `5 products by ${round(100 * (errors[1] as number))} %, 20 products by ${round(100 * (errors[2] as number))} %.`,
      evidence,
    });
  const [smallest, largest] = singularEdges(radius);
  const kappa = largest / smallest;
  const ratio = radius === 0 ? 1 : (2 * Math.log(radius)) / Math.log((kappa - 1) / (kappa + 1));
  if (ratio > 1)
    result.push({
      id: 'normalEquationsAreSlow',
      severity: 'info',
      claim:
        `Conjugate gradient on the normal equations takes ${round(ratio)} times the products of the Neumann series here ` +
        `(condition number ${round(kappa)}); GMRES takes fewest.`,
      evidence: [{ quantity: 'conditionNumberOfIdentityMinusJacobian', value: kappa }],
    });
  return result;
}
