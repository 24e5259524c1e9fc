// Figure 1: phase diagram of tanh; residuals of variance and correlation fall exponentially.
import type { VegaLiteFigure } from '../../core/system.js';
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { feedforward } from '../../systems/feedforward/index.js';
import { linearGrid } from '../../numeric/grids.js';
import { type Network, quantity } from '../../systems/feedforward/experiments/network.js';
import { numberRow, printedRow } from '../rows.js';
import {
  correlationResiduals,
  iteratedDepthScale,
  residualPoints,
  type ResidualRun,
  varianceResiduals,
} from '../../systems/feedforward/experiments/residuals.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';
import { fittedRow } from './fitted-row.js';
import { paper, sources } from './paper.js';

interface ResidualScale extends Scale {
  readonly width: number;
  readonly trials: number;
  readonly weights: readonly number[];
}

/** Points of the critical line: σ_b², σ_w². */
const critical: readonly (readonly [number, number])[] = [
  [0, 1],
  [0.01, 1.424205290489],
  [0.05, 1.760954639607],
  [0.1, 1.986072641136],
  [0.3, 2.50512718968],
];
const base = { activation: 'tanh', biasVariance: 0.05, keepProbability: 1 } as const;

/** c¹ of the pair. */
const start = 0.2;

export const figure1: Reproduction<ResidualScale> = {
  id: 'deep-information-figure-1',
  paper,
  system: 'feedforward',
  title: 'Phase diagram of tanh; residuals of variance and correlation against layer',
  settings: { activation: 'tanh', biasVariance: 0.05, weightVariance: '0.01 … 1.7' },
  scales: {
    quick: { width: 20_000, trials: 10, weights: [0.3, 1, 1.7], cost: '15 s' },
    paper: { width: 50_000, trials: 40, weights: [0.01, 0.3, 0.7, 1, 1.3, 1.5, 1.7, 2.5], cost: '60 s' },
  },
  run: async (scale, options) => {
    const rows: ReproductionRow[] = [];
    for (const [biasVariance, weightVariance] of critical) {
      const measured = await quantity('criticalWeightVariance', { activation: 'tanh', biasVariance });
      rows.push(
        printedRow({
          what: `critical σ_w² at σ_b² = ${biasVariance}`,
          published: weightVariance,
          measured,
          decimals: 12,
          source: sources.equation,
        }),
      );
    }
    const points: CurvePoint[] = [];
    for (const weightVariance of scale.weights) {
      const network: Network = { ...base, weightVariance };
      const series = `σ_w² = ${weightVariance}`;
      const size = { width: scale.width, depth: 40, trials: scale.trials };
      const variance = await varianceResiduals(network, { ...size, depth: 15 }, options);
      const correlation = await correlationResiduals(network, start, size, options);
      points.push(...residualPoints(variance, series, '|q − q*|'), ...residualPoints(correlation, series, '|c − c*|'));
      rows.push(
        ...(await rowsOf('variance', network, variance, scale.width)),
        ...(await rowsOf('correlation', network, correlation, scale.width)),
      );
    }
    const spec = feedforward.resolveSpec({
      system: 'feedforward',
      activation: 'tanh',
      weightVariance: 1.7,
      biasVariance: 0.05,
    });
    const phase = await feedforward.figures.phaseDiagram?.build(spec, feedforward.resolveRun({}, spec), options);
    const title = `tanh, σ_b² = 0.05: maps (lines) and ${scale.trials} networks of width ${scale.width} (points, ±2 standard errors)`;
    return {
      figures: [
        ...(phase === undefined ? [] : [{ name: 'phase-diagram', figure: phase }]),
        {
          name: 'residuals',
          figure: figureCurves(points, {
            title,
            x: 'layer',
            y: 'residual',
            yScale: 'log',
            yDomain: [1e-6, 2],
            columns: 2,
            width: 340,
            height: 260,
          }),
        },
        { name: 'critical-line', figure: await criticalLine() },
      ],
      rows,
    };
  },
};

/** ξ = −1/log χ against the iterated map, and the simulated networks against the map. */
async function rowsOf(
  of: 'variance' | 'correlation',
  network: Network,
  run: ResidualRun,
  width: number,
): Promise<ReproductionRow[]> {
  const symbol = of === 'variance' ? 'ξ_q' : 'ξ_c';
  const at = `σ_w² = ${network.weightVariance}`;
  const published = await quantity(of === 'variance' ? 'depthScaleVariance' : 'depthScaleCorrelation', network);
  return [
    numberRow({
      what: `${symbol} by iterating the map, ${at}`,
      published,
      source: sources.equation,
      measured: await iteratedDepthScale(network, of, start),
      tolerance: 1e-3 * published,
    }),
    ...fittedRow(`${symbol} fitted to simulated networks, ${at}`, run, width, sources.equation),
  ];
}

async function criticalLine(): Promise<VegaLiteFigure> {
  const points: CurvePoint[] = [];
  for (const root of linearGrid(0, Math.sqrt(0.5), 51))
    points.push({
      x: await quantity('criticalWeightVariance', { activation: 'tanh', biasVariance: root ** 2 }),
      y: root ** 2,
    });
  return figureCurves(points, {
    title: 'Critical line of tanh: ordered to the left, chaotic to the right',
    x: 'σ_w²',
    y: 'σ_b²',
    width: 380,
    height: 280,
  });
}
