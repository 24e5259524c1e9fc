// The phase table regenerated: growth laws fitted to iterated recurrences beside those of the theory.
import type { ControlOptions } from '../../core/control.js';
import { type FittedForm, fitGrowth } from './growth-fit.js';
import { growthLaw } from './growth-law.js';
import type { GrowthForm } from './growth-schedule.js';
import { nativeNetwork, recurrence } from './network.js';

/** One cell: what theory says of a sequence, and what a fit to its iteration finds. */
export interface PhaseTableRow {
  readonly activation: 'tanh' | 'relu';
  readonly decays: {
    readonly outerWeightDecay: number;
    readonly innerWeightDecay: number;
    readonly outerBiasDecay: number;
    readonly innerBiasDecay: number;
  };
  readonly quantity: 'gradient' | 'length';
  readonly region: string;
  readonly form: GrowthForm;
  readonly exponent?: number;
  readonly fittedForm: FittedForm;
  /** Exponent of l (power) or of l inside the exponential; absent for bounded and logarithmic laws. */
  readonly fittedExponent?: number;
  readonly isDetermined: boolean;
}

/** (β_v, β_w, β_a, β_b): one point of every region that has an exponent to show. */
const points: readonly (readonly ['tanh' | 'relu', number, number, number, number])[] = [
  ['relu', 0.3, 0.1, 0.5, 0.5],
  ['relu', 0.5, 0.5, 0.3, 0.3],
  ['relu', 0.5, 0.5, 0.8, 0.8],
  ['relu', 0.8, 0.8, 0.4, 0.4],
  ['relu', 0.8, 0.8, 1, 0.2],
  ['relu', 1, 1, 2, 2],
  ['tanh', 0, 0, 0, 0],
  ['tanh', 0.2, 0.2, 0.2, 0.2],
  ['tanh', 0.4, 0.4, 0.2, 0.2],
  ['tanh', 0.5, 0.5, 0.5, 0.5],
  ['tanh', 1, 0, 1, 1],
  ['tanh', 0.8, 0.8, 0.8, 0.8],
  ['tanh', 1.5, 1, 1.5, 1.5],
];

/** Fits at the given depth, all variances 1. */
export async function phaseTable(depth: number, control: ControlOptions = {}): Promise<readonly PhaseTableRow[]> {
  const rows: PhaseTableRow[] = [];
  const layers = Float64Array.from({ length: depth }, (_, i) => i + 1);
  const variances = { innerWeightVariance: 1, innerBiasVariance: 1, outerWeightVariance: 1, outerBiasVariance: 1 };
  for (const [activation, outerWeightDecay, innerWeightDecay, outerBiasDecay, innerBiasDecay] of points) {
    const decays = { outerWeightDecay, innerWeightDecay, outerBiasDecay, innerBiasDecay };
    const law = growthLaw({ ...variances, ...decays, activation, tolerance: 1e-12 });
    const network = nativeNetwork({
      ...variances,
      ...decays,
      activation,
      block: 'full',
      depth,
      depthPower: 0,
      skipStrength: 1,
      keepProbability: 1,
      branchKeepProbability: 1,
      maskSharing: 'independent',
      width: 1,
    });
    const run = await recurrence(
      network,
      { secondMoment: 1, angularDeficit: 0, pair: false, fluctuations: false, interpolate: true },
      control,
    );
    const top = run.logGradient[0] as number;
    const measured = {
      gradient: run.logGradient.slice(1).map((log) => top - log),
      length: run.logSecondMoment.slice(1),
    };
    for (const quantity of ['gradient', 'length'] as const) {
      const { best, isDetermined } = fitGrowth(layers, measured[quantity]);
      const { form, exponent } = law[quantity];
      const fitted = best.form === 'power' ? best.coefficient : best.exponent > 0 ? best.exponent : undefined;
      rows.push({
        activation,
        decays,
        quantity,
        region: law.region,
        form,
        ...(exponent === undefined ? {} : { exponent }),
        fittedForm: best.form,
        ...(fitted === undefined ? {} : { fittedExponent: fitted }),
        isDetermined,
      });
    }
  }
  return rows;
}
