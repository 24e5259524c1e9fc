// Figure 5: the law of figure 4 at several widths: does it collapse?
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { bootstrap } from '../../statistics/bootstrap.js';
import { type GradientRun, gradientRun } from '../../systems/feedforward/experiments/gradients.js';
import { line, momentsOfLogs, trialProfiles, varianceOf } from '../../statistics/measured.js';
import { statisticRow } from '../rows.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';
import { sampleStatistic } from '../../systems/feedforward/experiments/variance-law.js';
import { paper, sources } from './paper.js';

interface WidthScale extends Scale {
  readonly depth: number;
  readonly trials: number;
  readonly widths: readonly number[];
}

const network = { activation: 'tanh', weightVariance: 1.4, biasVariance: 0.1, keepProbability: 0.9 } as const;
const networksOfPaper = 100;
/** K = V/m² at the first layer in the paper's files, by width. */
const publishedRatios: Readonly<Record<number, number>> = { 100: 44, 300: 4, 500: 1.7, 900: 1.5 };

export const figure5: Reproduction<WidthScale> = {
  id: 'deep-dropout-figure-5',
  paper,
  system: 'feedforward',
  title: 'Variance against mean of gradients at several widths',
  settings: { ...network, depth: 200, widths: [300, 500, 700, 900], alsoComputed: 100, networks: networksOfPaper },
  scales: {
    quick: { depth: 200, trials: 200, widths: [100, 300, 500, 900], cost: '10 s' },
    paper: { depth: 200, trials: 1000, widths: [100, 300, 500, 700, 900], cost: '45 s' },
  },
  run: async (scale, options) => {
    const rows: ReproductionRow[] = [];
    const points: CurvePoint[] = [];
    for (const width of scale.widths) {
      const run = await gradientRun(network, { ...scale, width }, 'postactivation', options);
      const logs = trialProfiles(run.simulation.observables.gradientSingle);
      points.push(...curves(run, logs));
      const published = publishedRatios[width];
      if (published !== undefined && scale.depth === 200) rows.push(ratioRow(logs, width, published));
      rows.push(rateRow(run, logs));
    }
    const title = `tanh, ρ = 0.9, ${scale.trials} networks: `;
    const wide = { columns: 2, width: 360, height: 280 };
    return {
      figures: [
        {
          name: 'law',
          figure: figureCurves(
            points.filter((point) => point.panel === 'law').map(({ panel: _, ...point }) => point),
            { title: `${title}variance against mean of g_aa`, x: 'log₁₀ m', y: 'log₁₀ V', ...wide },
          ),
        },
        {
          name: 'rate',
          figure: figureCurves(
            points.filter((point) => point.panel === 'rate').map(({ panel: _, ...point }) => point),
            {
              title: `${title}the variance of log g_aa collapses in width`,
              x: 'M, layers below the output',
              y: 'N · Var(log g_aa)',
              ...wide,
            },
          ),
        },
      ],
      rows,
    };
  },
};

function curves({ width, depth, logBias }: GradientRun, logs: readonly (readonly number[])[]): CurvePoint[] {
  const series = `N = ${width}`;
  const sampled = Array.from({ length: Math.floor(depth / 10) }, (_, i) => depth - 10 * i);
  const points = sampled.flatMap((layer): CurvePoint[] => {
    const column = logs.map((values) => values[layer - 1] as number);
    const { logMean, ratio } = momentsOfLogs(column);
    const variance = width * varianceOf(column);
    const error = variance * Math.sqrt(2 / (logs.length - 1));
    return [
      { x: logMean / Math.LN10, y: (2 * logMean + Math.log(ratio)) / Math.LN10, series, mark: 'point', panel: 'law' },
      {
        x: depth - layer,
        y: variance,
        low: variance - 2 * error,
        high: variance + 2 * error,
        series,
        mark: 'point',
        panel: 'rate',
      },
    ];
  });
  return [
    ...points,
    ...[0, depth].map(
      (x): CurvePoint => ({ x, y: 2 * width * logBias * x, series: 'βM (derived)', mark: 'dashed', panel: 'rate' }),
    ),
  ];
}

function ratioRow(logs: readonly (readonly number[])[], width: number, published: number): ReproductionRow {
  const statistic = (sample: readonly (readonly number[])[]): number =>
    Math.log(momentsOfLogs(sample.map((values) => values[0] as number)).ratio);
  const { mean, deviation, samples } = sampleStatistic(logs, Math.min(networksOfPaper, logs.length), statistic);
  return statisticRow({
    what: `log V/m² at the first layer, N = ${width}`,
    published: Math.log(published),
    publishedError: deviation,
    source: sources.data,
    measured: mean,
    standardError: deviation / Math.sqrt(samples),
    count: logs.length,
    note:
      `samples of ${networksOfPaper} networks: heavy-tailed, so the logarithm is compared; the collapse ` +
      `is not exact, V/m² = exp(βM/N) − 1`,
  });
}

/** N d Var(log g)/dM by least squares over the layers far from both ends; its error by a bootstrap over networks. */
export function rateRow({ width, depth, logBias }: GradientRun, logs: readonly (readonly number[])[]): ReproductionRow {
  const beta = 2 * width * logBias;
  const layers = Array.from({ length: depth - 30 }, (_, i) => i + 11);
  const rate = (sample: readonly (readonly number[])[]): number =>
    -width *
    line(
      layers,
      layers.map((layer) => varianceOf(sample.map((values) => values[layer - 1] as number))),
    ).slope;
  const { standardError } = bootstrap(
    logs.length,
    (networks) => rate(networks.map((t) => logs[t] as readonly number[])),
    { replicates: 60 },
  );
  return statisticRow({
    what: `β = N dVar(log g_aa)/dM, N = ${width}`,
    published: beta,
    source: sources.derived,
    measured: rate(logs),
    standardError,
    count: logs.length,
    // Next order in 1/N: measured to be a few per cent at N = 500.
    allowance: beta * (0.03 + 5 / width),
  });
}
