// Figure 4: squared gradient norm against layer: exponentials with ξ_∇.
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { decadePoints, gradientRun, meanLogSlope, rateLine } from '../../systems/feedforward/experiments/gradients.js';
import { measuredRow } from '../rows.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';
import { paper, sources } from './paper.js';

interface GradientScale extends Scale {
  readonly width: number;
  readonly depth: number;
  readonly trials: number;
  readonly weights: readonly number[];
}

export const figure4: Reproduction<GradientScale> = {
  id: 'deep-information-figure-4',
  paper,
  system: 'feedforward',
  title: 'Gradients against layer: vanishing, critical, exploding',
  settings: {
    activation: 'tanh',
    biasVariance: 0.05,
    weightVariance: '1 … 4',
    depth: 240,
    loss: 'cross-entropy on MNIST; here an error at the output that is independent of the weights, as a narrow read-out gives',
  },
  scales: {
    quick: { width: 500, depth: 120, trials: 40, weights: [1, 1.5, 1.76, 2.5, 4], cost: '3 s' },
    paper: { width: 1000, depth: 240, trials: 200, weights: [1, 1.3, 1.5, 1.76, 2, 2.5, 3, 3.5, 4], cost: '90 s' },
  },
  run: async (scale, options) => {
    const points: CurvePoint[] = [];
    const rows: ReproductionRow[] = [];
    for (const weightVariance of scale.weights) {
      const run = await gradientRun(
        { activation: 'tanh', weightVariance, biasVariance: 0.05, keepProbability: 1 },
        scale,
        'randomReadout',
        options,
      );
      const own = decadePoints(run, 'gradientSingle', `σ_w² = ${weightVariance}`, 4);
      points.push(...own, ...rateLine(own, run.decay, scale.depth));
      const slope = meanLogSlope(run, 'gradientSingle', 5, scale.depth - 15);
      rows.push(
        measuredRow({
          what: `growth per layer of log |∂E/∂W|², σ_w² = ${weightVariance}`,
          published: run.decay,
          source: sources.equation,
          measured: slope,
          allowance: 0.15 * run.logBias,
          note: 'mean of the logarithm, corrected by β/2N',
        }),
      );
    }
    const title = `Squared gradients, tanh, width ${scale.width}, ${scale.trials} networks (dashed: e^(−(L−l)/ξ_∇))`;
    return {
      figures: [
        {
          name: 'gradients',
          figure: figureCurves(points, { title, x: 'layer', y: 'log₁₀ of the mean', width: 460, height: 320 }),
        },
      ],
      rows,
    };
  },
};
