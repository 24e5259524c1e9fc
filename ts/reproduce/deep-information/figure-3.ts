// Figure 3: dropout removes the fixed point c = 1 and with it the critical point; how ξ_c falls with the dropout rate.
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { linearWithPeaks } from '../../numeric/grids.js';
import { line, meanOf, trialProfiles } from '../../statistics/measured.js';
import { type Network, quantity, simulated } from '../../systems/feedforward/experiments/network.js';
import { numberRow, statementRow, statisticRow } from '../rows.js';
import type { Reproduction, ReproductionOptions, ReproductionRow, Scale } from '../types.js';
import { paper, sources } from './paper.js';

interface DropoutScale extends Scale {
  readonly width: number;
  readonly trials: number;
  readonly points: number;
}

const keeps = [1, 0.99, 0.98, 0.95, 0.9, 0.8];
const biasVariance = 0.05;
/** Dropout rates 1 − ρ of the scaling law. */
const rates = [1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2];

export const figure3: Reproduction<DropoutScale> = {
  id: 'deep-information-figure-3',
  paper,
  system: 'feedforward',
  title: 'Dropout destroys the critical point',
  settings: { activation: 'tanh', biasVariance, weightVariance: '1 … 4', keepProbability: keeps },
  scales: {
    quick: { width: 5000, trials: 20, points: 40, cost: '8 s' },
    paper: { width: 20_000, trials: 100, points: 120, cost: '60 s' },
  },
  run: async (scale, options) => {
    const curves: { readonly depthScale: CurvePoint[]; readonly fixedPoint: CurvePoint[] } = {
      depthScale: [],
      fixedPoint: [],
    };
    const rows: ReproductionRow[] = [];
    const critical = await quantity('criticalWeightVariance', { activation: 'tanh', biasVariance });
    for (const keepProbability of keeps) {
      let highest = 0;
      for (const weightVariance of linearWithPeaks(0.8, 4, scale.points, [critical])) {
        const network: Network = { activation: 'tanh', weightVariance, biasVariance, keepProbability };
        const series = `ρ = ${keepProbability}`;
        const scaleOfCorrelation = await quantity('depthScaleCorrelation', network);
        highest = Math.max(highest, scaleOfCorrelation);
        curves.depthScale.push({ x: weightVariance, y: scaleOfCorrelation, series });
        curves.fixedPoint.push({ x: weightVariance, y: await quantity('fixedPointCorrelation', network), series });
      }
      if (keepProbability === 1) continue;
      const atCritical = await quantity('depthScaleCorrelation', {
        activation: 'tanh',
        weightVariance: critical,
        biasVariance,
        keepProbability,
      });
      rows.push(
        statementRow({
          what: `ξ_c at the former critical point, ρ = ${keepProbability}`,
          published: 'finite',
          measured: atCritical,
          holds: atCritical < 50,
          source: sources.statement,
          note: `largest on the grid: ${highest.toPrecision(4)}`,
        }),
      );
      rows.push(
        await correlationRow(
          { activation: 'tanh', weightVariance: critical, biasVariance, keepProbability },
          scale,
          options,
        ),
      );
    }
    const smooth = await smoothScaling();
    const kinked = await kinkedScaling();
    rows.push(...scalingRows('tanh', smooth, -1 / 2), ...scalingRows('ReLU', kinked, -1 / 3));
    const scaling = [...scalingPoints('tanh (−1/2)', smooth), ...scalingPoints('ReLU (−1/3)', kinked)];
    return {
      figures: [
        {
          name: 'depth-scales',
          figure: figureCurves(curves.depthScale, {
            title: 'ξ_c with dropout, tanh, σ_b² = 0.05',
            x: 'σ_w²',
            y: 'ξ_c',
            yScale: 'log',
            yDomain: [1, 1000],
            width: 380,
            height: 260,
          }),
        },
        {
          name: 'fixed-points',
          figure: figureCurves(curves.fixedPoint, {
            title: 'c* with dropout, tanh, σ_b² = 0.05',
            x: 'σ_w²',
            y: 'c*',
            width: 380,
            height: 260,
          }),
        },
        {
          name: 'scaling',
          figure: figureCurves(scaling, {
            title: 'ξ_c at the former critical point: theory (points) and scaling law (lines)',
            x: 'ε',
            y: 'ξ_c',
            xScale: 'log',
            yScale: 'log',
            width: 380,
            height: 280,
          }),
        },
      ],
      rows,
    };
  },
};

/** c of simulated networks deep below the input against c*. */
async function correlationRow(
  network: Network,
  scale: DropoutScale,
  options: ReproductionOptions,
): Promise<ReproductionRow> {
  const depthScale = await quantity('depthScaleCorrelation', network);
  const depth = Math.ceil(12 * depthScale) + 5;
  const { observables } = await simulated(
    { ...network, width: scale.width, depth, inputs: { correlation: 0.9 } },
    { trials: scale.trials, rawTrials: true },
    options,
  );
  const { mean, standardError, count } = meanOf(
    trialProfiles(observables.correlation).map((values) => values.at(-1) as number),
  );
  const published = await quantity('fixedPointCorrelation', network);
  return statisticRow({
    what: `c of simulated networks at layer ${depth}, ρ = ${network.keepProbability}`,
    published,
    source: sources.equation,
    measured: mean,
    standardError,
    count,
    allowance: (10 * depthScale) / scale.width,
  });
}

interface ScalingPoint {
  readonly epsilon: number;
  readonly measured: number;
  readonly law: number;
}

/** Smooth φ: ξ_c = 1/√(2εC''), C'' = σ_w² q* E φ''². */
async function smoothScaling(): Promise<ScalingPoint[]> {
  const weightVariance = await quantity('criticalWeightVariance', { activation: 'tanh', biasVariance });
  return Promise.all(
    rates.map(async (rate) => {
      const network: Network = { activation: 'tanh', weightVariance, biasVariance, keepProbability: 1 - rate };
      const variance = await quantity('fixedPointVariance', network);
      const moment = await quantity('gaussianSecondMoment', { activation: 'tanh', variance });
      const curvature =
        weightVariance *
        variance *
        (await quantity('gaussianSecondDerivativeSecondMoment', { activation: 'tanh', variance }));
      const epsilon = (weightVariance * (1 / network.keepProbability - 1) * moment) / variance;
      return {
        epsilon,
        measured: await quantity('depthScaleCorrelation', network),
        law: 1 / Math.sqrt(2 * epsilon * curvature),
      };
    }),
  );
}

/** Kinked φ: ξ_c = 1/((3/2) κ^{2/3} ε^{1/3}), κ = 2√2/(3π), at σ_w² = 2ρ, σ_b = 0. */
async function kinkedScaling(): Promise<ScalingPoint[]> {
  const kappa = (2 * Math.SQRT2) / (3 * Math.PI);
  return Promise.all(
    rates.map(async (epsilon) => {
      const keepProbability = 1 - epsilon;
      const measured = await quantity('depthScaleCorrelation', {
        activation: 'relu',
        weightVariance: 2 * keepProbability,
        biasVariance: 0,
        keepProbability,
      });
      return { epsilon, measured, law: 1 / (1.5 * kappa ** (2 / 3) * epsilon ** (1 / 3)) };
    }),
  );
}

function scalingRows(name: string, points: readonly ScalingPoint[], exponent: number): ReproductionRow[] {
  const small = points.slice(0, 4);
  const { slope } = line(
    small.map(({ epsilon }) => Math.log(epsilon)),
    small.map(({ measured }) => Math.log(measured)),
  );
  const first = points[0] as ScalingPoint;
  return [
    numberRow({
      what: `exponent of ξ_c in ε, ${name}`,
      published: exponent,
      source: sources.derived,
      measured: slope,
      tolerance: 2e-3,
    }),
    numberRow({
      what: `ξ_c over its scaling law at 1 − ρ = ${rates[0]}, ${name}`,
      published: 1,
      source: sources.derived,
      measured: first.measured / first.law,
      tolerance: 2e-3,
    }),
  ];
}

function scalingPoints(series: string, points: readonly ScalingPoint[]): CurvePoint[] {
  return points.flatMap(({ epsilon, measured, law }): CurvePoint[] => [
    { x: epsilon, y: measured, series, mark: 'point' },
    { x: epsilon, y: law, series },
  ]);
}
