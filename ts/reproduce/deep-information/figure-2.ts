// Figure 2: depth scales against σ_w²: ξ_c diverges on the critical line, ξ_q does not.
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { depthScalePoints } from '../../systems/feedforward/figure-phase.js';
import { linearGrid } from '../../numeric/grids.js';
import { type Network, quantity } from '../../systems/feedforward/experiments/network.js';
import { statementRow } from '../rows.js';
import { correlationResiduals, fittedDepthScale } from '../../systems/feedforward/experiments/residuals.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';
import { fittedRow } from './fitted-row.js';
import { paper, sources } from './paper.js';

interface DepthScale extends Scale {
  readonly width: number;
  readonly trials: number;
  readonly points: number;
  readonly simulated: readonly number[];
}

/** Relative distances from the critical line. */
const near = [0.03, 0.01, 0.003, 0.001];
const biases = [0.01, 0.05, 0.1, 0.2, 0.3];

export const figure2: Reproduction<DepthScale> = {
  id: 'deep-information-figure-2',
  paper,
  system: 'feedforward',
  title: 'Depth scales of variance and correlation against the weight variance',
  settings: { activation: 'tanh', biasVariance: biases, weightVariance: '0.1 … 4' },
  scales: {
    quick: { width: 20_000, trials: 10, points: 40, simulated: [0.8, 1.2, 2.4, 3.2], cost: '15 s' },
    paper: {
      width: 50_000,
      trials: 40,
      points: 118,
      simulated: [0.5, 0.8, 1.1, 1.4, 2.1, 2.4, 2.8, 3.2, 3.6],
      cost: '60 s',
    },
  },
  run: async (scale, options) => {
    const points: CurvePoint[] = [];
    const rows: ReproductionRow[] = [];
    for (const biasVariance of biases) {
      const layer = { activation: 'tanh', weightVariance: 1, biasVariance, keepProbability: 1 } as const;
      const weightVariance = await quantity('criticalWeightVariance', { activation: 'tanh', biasVariance });
      // Close to the critical line too, or the peaks are those of the grid.
      const weights = [
        ...linearGrid(0.1, 4, scale.points),
        ...near.flatMap((x) => [weightVariance * (1 - x), weightVariance * (1 + x)]),
      ].sort((a, b) => a - b);
      for (const { series: panel, ...point } of depthScalePoints(layer, weights))
        points.push({ ...point, panel: panel ?? '', series: `σ_b² = ${biasVariance}` });
      const atCritical = { ...layer, weightVariance };
      const correlation = await quantity('depthScaleCorrelation', atCritical);
      const variance = await quantity('depthScaleVariance', atCritical);
      rows.push(
        statementRow({
          what: `ξ_c on the critical line, σ_b² = ${biasVariance}`,
          published: 'diverges',
          measured: correlation,
          holds: correlation > 1e10,
          source: sources.statement,
        }),
      );
      rows.push(
        statementRow({
          what: `ξ_q on the critical line, σ_b² = ${biasVariance}`,
          published: 'stays finite',
          measured: variance,
          holds: variance < 10,
          source: sources.statement,
        }),
      );
    }
    for (const weightVariance of scale.simulated) {
      const network: Network = { activation: 'tanh', weightVariance, biasVariance: 0.05, keepProbability: 1 };
      // Start far from c*: it is 1 in the ordered phase and falls in the chaotic one.
      const start = (await quantity('fixedPointCorrelation', network)) > 0.6 ? 0.1 : 0.9;
      const run = await correlationResiduals(
        network,
        start,
        { width: scale.width, depth: 40, trials: scale.trials },
        options,
      );
      rows.push(
        ...fittedRow(
          `ξ_c fitted to simulated networks, σ_w² = ${weightVariance}, σ_b² = 0.05`,
          run,
          scale.width,
          sources.equation,
        ),
      );
      const fit = fittedDepthScale(run);
      if (fit === undefined) continue;
      // Shown as the asymptotic scale: times what the same fit of the map leaves out.
      const correction = (await quantity('depthScaleCorrelation', network)) / fit.ofTheory;
      const [mean, standardError] = [correction * fit.measured.mean, correction * fit.measured.standardError];
      points.push({
        x: weightVariance,
        y: mean,
        low: mean - 2 * standardError,
        high: mean + 2 * standardError,
        series: 'σ_b² = 0.05',
        panel: 'ξ_c',
        mark: 'point',
      });
    }
    const shown = points.filter((point) => point.panel === 'ξ_q' || point.panel === 'ξ_c');
    const title = `Depth scales of tanh (points: fits to ${scale.trials} networks of width ${scale.width}, transient corrected by the map)`;
    return {
      figures: [
        {
          name: 'depth-scales',
          figure: figureCurves(shown, {
            title,
            x: 'σ_w²',
            y: 'layers',
            yScale: 'log',
            yDomain: [0.2, 1000],
            columns: 2,
            width: 340,
            height: 260,
          }),
        },
      ],
      rows,
    };
  },
};
