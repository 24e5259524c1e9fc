// Figure 4: variance against mean of the gradient metrics over networks, four activations, five keep probabilities.
import { separated } from '../../core/text.js';
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { type GradientMetric, type GradientRun, gradientRun } from '../../systems/feedforward/experiments/gradients.js';
import { profile, trialProfiles } from '../../statistics/measured.js';
import { statementRow, statisticRow } from '../rows.js';
import type { NamedFigure, Reproduction, ReproductionRow, Scale } from '../types.js';
import { exponentOf, predictedExponent, sampleStatistic } from '../../systems/feedforward/experiments/variance-law.js';
import { paper, sources } from './paper.js';

interface LawScale extends Scale {
  readonly width: number;
  readonly depth: number;
  /** A multiple of the paper's 100: more samples of that size. */
  readonly trials: number;
  readonly keeps: readonly number[];
}

const networksOfPaper = 100;
/** Exponents fitted to the paper's files at ρ = 0.6 … 1; undefined: left out of the paper's figure (χ₁ = 1.003, nothing to fit). */
const panels = [
  {
    label: 'linear',
    network: { activation: 'linear', weightVariance: 0.5, biasVariance: 0.1 },
    output: 'preactivation',
    exponents: [1.903, 1.966, 1.966, 1.975, 1.956],
  },
  {
    label: 'ReLU',
    network: { activation: 'relu', weightVariance: 1, biasVariance: 0.1 },
    output: 'postactivation',
    exponents: [1.91, 1.946, 1.954, 1.948, 1.956],
  },
  {
    label: 'tanh',
    network: { activation: 'tanh', weightVariance: 1.4, biasVariance: 0.1 },
    output: 'postactivation',
    exponents: [2.206, undefined, 1.693, 1.879, 1.889],
  },
  {
    label: 'hard tanh',
    network: { activation: 'hardTanh', weightVariance: 1.4, biasVariance: 0.1 },
    output: 'postactivation',
    exponents: [2.057, 2.063, 2.074, 2.087, 2.228],
  },
] as const;
const keepsOfPaper: readonly number[] = [0.6, 0.7, 0.8, 0.9, 1];
const metrics = { gradientSingle: 'g_aa', gradientPair: 'signed g_ab', gradientPairAbsolute: 'absolute g_ab' } as const;

export const figure4: Reproduction<LawScale> = {
  id: 'deep-dropout-figure-4',
  paper,
  system: 'feedforward',
  title: 'Variance of gradients over networks against their mean: V ∝ m^p for every activation',
  settings: {
    panels: panels.map((panel) => panel.label),
    keepProbability: keepsOfPaper,
    depth: 200,
    width: 500,
    networks: networksOfPaper,
    layers: 'every 10th',
  },
  scales: {
    quick: { width: 500, depth: 200, trials: 100, keeps: [0.6, 0.8, 1], cost: '12 s' },
    paper: { width: 500, depth: 200, trials: 500, keeps: keepsOfPaper, cost: '60 s' },
  },
  run: async (scale, options) => {
    const rows: ReproductionRow[] = [];
    const points: Record<GradientMetric, CurvePoint[]> = {
      gradientSingle: [],
      gradientPair: [],
      gradientPairAbsolute: [],
    };
    let sided = 0;
    let curves = 0;
    for (const { label, network, output, exponents } of panels) {
      for (const keepProbability of scale.keeps) {
        const run = await gradientRun({ ...network, keepProbability }, scale, output, options);
        for (const metric of Object.keys(points) as GradientMetric[])
          points[metric].push(...lawPoints(run, metric, label));
        const published = exponents[keepsOfPaper.indexOf(keepProbability)];
        if (published === undefined) continue;
        const row = exponentRow(run, `exponent of V against m, g_aa, ${label}, ρ = ${keepProbability}`, published);
        rows.push(row);
        curves++;
        if (Math.sign((row.measured as number) - 2) === -Math.sign(run.decay)) sided++;
      }
    }
    rows.push(
      statementRow({
        what: 'the law V ∝ m² of the paper',
        published: 'exponent 2 for every activation and keep rate',
        measured: `below 2 where gradients vanish, above where they explode: ${sided} of ${curves} curves`,
        holds: false,
        expected: {
          what: 'below 2 where gradients vanish, above where they explode, in 9 of 10 curves',
          holds: sided >= 0.9 * curves,
        },
        source: sources.caption,
        note:
          'V/m² = exp(βM/N) − 1 grows with the distance M to the output: 2 is the limit of ' +
          'infinite width, the finite-width exponent is 2 + (d log K/dM)/log χ₁ (derived)',
      }),
    );
    return {
      figures: (Object.keys(points) as GradientMetric[]).map((metric) => drawn(metric, points[metric], scale)),
      rows,
    };
  },
};

function layersOf(depth: number): number[] {
  return Array.from({ length: Math.floor((depth - 1) / 10) }, (_, i) => 10 * (i + 1));
}

function exponentRow(run: GradientRun, what: string, published: number): ReproductionRow {
  const layers = layersOf(run.depth);
  const logs = trialProfiles(run.simulation.observables.gradientSingle);
  const { mean, deviation, samples } = sampleStatistic(logs, Math.min(networksOfPaper, logs.length), (sample) =>
    exponentOf(sample, layers),
  );
  return statisticRow({
    what,
    published,
    publishedError: deviation,
    source: sources.data,
    measured: mean,
    standardError: deviation / Math.sqrt(samples),
    count: logs.length,
    expected: predictedExponent(layers, run.depth, run.decay, run.logBias),
    allowance: 0.02,
    note:
      `both are samples of ${networksOfPaper} networks; \`expected\` is the exponent of exp(βM/N) − 1, which ` +
      `overstates the deviation where V/m² is large`,
  });
}

/** log₁₀ V against log₁₀ |m|; the observable's variance is V/m². */
function lawPoints(run: GradientRun, metric: GradientMetric, panel: string): CurvePoint[] {
  const observable = run.simulation.observables[metric];
  if (observable === undefined) return [];
  const { values } = profile(observable);
  const ratios = profile({ ...observable, values: observable.variance }).values;
  const series = `ρ = ${run.network.keepProbability}`;
  return layersOf(run.depth).map((layer): CurvePoint => {
    const x = (values[layer - 1] as number) / Math.LN10;
    return { x, y: 2 * x + Math.log10(ratios[layer - 1] as number), series, mark: 'point', panel };
  });
}

function drawn(metric: GradientMetric, points: readonly CurvePoint[], scale: LawScale): NamedFigure {
  const guides = panels.flatMap(({ label: panel }): CurvePoint[] => {
    const own = points.filter((point) => point.panel === panel && Number.isFinite(point.y));
    const ends = [Math.min(...own.map(({ x }) => x)), Math.max(...own.map(({ x }) => x))];
    return ends.map((x) => ({ x, y: 2 * x, series: 'V = m²', mark: 'dashed', panel }));
  });
  const title =
    `${metrics[metric]}: variance against mean over ${scale.trials} networks of width ${scale.width}, ` +
    `every 10th of ${scale.depth} layers`;
  return {
    name: separated(metric, '-'),
    figure: figureCurves([...points, ...guides], {
      title,
      x: 'log₁₀ |m|',
      y: 'log₁₀ V',
      columns: 2,
      width: 320,
      height: 240,
    }),
  };
}
