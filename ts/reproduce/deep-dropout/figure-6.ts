// Figure 6: steps to a test accuracy of 0.25 against the learning rate: without dropout the best rate falls with depth, with
// dropout the curves need no rescaling while the network is much shorter than its trainable length.
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { logGrid } from '../../numeric/grids.js';
import { formulaLengths } from '../../systems/feedforward/experiments/trainable-length.js';
import { line, meanOf } from '../../statistics/measured.js';
import { inSetting, measuredRow, statementRow } from '../rows.js';
import { network } from './trainability.js';
import { availableImages, imageNames, type TrainedRun, trainedRuns } from '../training.js';
import type { Reproduction, ReproductionOptions, ReproductionRow, Scale } from '../types.js';
import { paper, sources } from './paper.js';

interface Panel {
  readonly keepProbability: number;
  readonly depths: readonly number[];
}

interface StepsScale extends Scale {
  readonly width: number;
  readonly batchSize: number;
  readonly steps: number;
  readonly reportEvery: number;
  readonly validationCount: number;
  readonly seeds: number;
  readonly learningRates: readonly number[];
  readonly panels: readonly Panel[];
  readonly isPaper: boolean;
}

/** Steps to the accuracy, for every rate and seed; Infinity when it is not reached. */
interface Curve extends Panel {
  readonly depth: number;
  readonly rates: readonly number[];
  readonly steps: readonly (readonly number[])[];
}

const target = 0.25;
const weightVariance = 1.76;
const note = 'σ_w² of the figure is not recorded; here 1.76, the critical value without dropout';

export const figure6: Reproduction<StepsScale> = {
  id: 'deep-dropout-figure-6',
  paper,
  system: 'feedforward',
  title: 'Steps to accuracy 0.25 against the learning rate, at several depths and ρ',
  settings: {
    ...network,
    weights: 'orthogonal',
    data: 'MNIST',
    accuracy: target,
    panels: 'ρ = 1, L = 50 … 400; ρ = 0.99, L = 20 … 120, 300; ρ = 0.98, L = 10 … 55, 200',
    weightVariance: 'not recorded',
  },
  scales: {
    quick: {
      width: 64,
      batchSize: 64,
      steps: 100,
      reportEvery: 2,
      validationCount: 400,
      seeds: 4,
      learningRates: logRates(0.002, 0.5, 8),
      panels: [
        { keepProbability: 1, depths: [10, 20, 40] },
        { keepProbability: 0.95, depths: [5, 10, 20, 45] },
      ],
      isPaper: false,
      cost: '30 s',
    },
    paper: {
      width: 400,
      batchSize: 1000,
      steps: 500,
      reportEvery: 1,
      validationCount: 2000,
      seeds: 4,
      learningRates: logRates(1e-4, 1, 17),
      panels: [
        { keepProbability: 1, depths: Array.from({ length: 15 }, (_, i) => 50 + 25 * i) },
        { keepProbability: 0.99, depths: [...Array.from({ length: 11 }, (_, i) => 20 + 10 * i), 300] },
        { keepProbability: 0.98, depths: [...Array.from({ length: 10 }, (_, i) => 10 + 5 * i), 200] },
      ],
      isPaper: true,
      cost: '23 days',
    },
  },
  run: async (scale, options) => {
    const images = (await availableImages('mnist')) ?? 'synthetic';
    const curves = await trainedCurves(scale, images, options);
    const rows = scale.panels.flatMap((panel) =>
      rowsOf(
        curves.filter((curve) => curve.keepProbability === panel.keepProbability),
        panel,
        scale,
      ),
    );
    const name = `${imageNames[images]}, orthogonal weights, width ${scale.width}, batches of ${scale.batchSize}`;
    return {
      figures: [
        {
          name: 'steps',
          figure: figureCurves(points(curves, scale), {
            title: `Steps τ to accuracy ${target} (${name})`,
            x: 'learning rate η',
            y: 'steps τ',
            xScale: 'log',
            yScale: 'log',
            columns: 2,
          }),
        },
        {
          name: 'collapse',
          figure: figureCurves(points(curves, scale, true), {
            title: `The same against ηL (${name})`,
            x: 'η L',
            y: 'steps τ',
            xScale: 'log',
            yScale: 'log',
            columns: 2,
          }),
        },
      ],
      rows,
    };
  },
};

function logRates(low: number, high: number, count: number): readonly number[] {
  return logGrid(low, high, count).map((rate) => Number(rate.toPrecision(3)));
}

async function trainedCurves(
  scale: StepsScale,
  dataset: string,
  options: ReproductionOptions,
): Promise<readonly Curve[]> {
  const { width, batchSize, steps, reportEvery, validationCount, learningRates: rates } = scale;
  const first = options.seed ?? 1;
  const runs = await trainedRuns(
    {
      base: { system: 'feedforward', ...network, weightVariance, width, weights: 'orthogonal' },
      dataset,
      run: { batchSize, steps, reportEvery, validationCount, trainEvaluation: 0 },
      axes: {
        points: scale.panels.flatMap(({ keepProbability, depths }) =>
          depths.map((depth) => ({ keepProbability, depth })),
        ),
        'run.learningRate': [...rates],
      },
      seeds: Array.from({ length: scale.seeds }, (_, i) => first + i),
    },
    options,
  );
  return scale.panels.flatMap((panel) =>
    panel.depths.map((depth) => ({
      ...panel,
      depth,
      rates,
      steps: rates.map((rate) =>
        runs
          .filter(
            ({ spec, run }) =>
              spec.keepProbability === panel.keepProbability && spec.depth === depth && run.learningRate === rate,
          )
          .map(stepsToTarget),
      ),
    })),
  );
}

function stepsToTarget({ result }: TrainedRun): number {
  return result.reports.find(({ testAccuracy }) => (testAccuracy ?? 0) >= target)?.step ?? Infinity;
}

/** log of the best rate: mean of log η over the rates, weighted with 1/τ², seed by seed. */
function bestLogRates({ rates, steps }: Curve): number[] {
  const seeds = steps[0]?.length ?? 0;
  return Array.from({ length: seeds }, (_, seed) => {
    const weights = steps.map((own) => (own[seed] as number) ** -2);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return rates.reduce((sum, rate, i) => sum + Math.log(rate) * (weights[i] as number), 0) / total;
  });
}

function fewest({ steps }: Curve): number[] {
  return Array.from({ length: steps[0]?.length ?? 0 }, (_, seed) =>
    Math.min(...steps.map((own) => own[seed] as number)),
  );
}

const reduced = "width and batches are smaller than the paper's";

function rowsOf(curves: readonly Curve[], { keepProbability }: Panel, { isPaper }: StepsScale): ReproductionRow[] {
  const length = formulaLengths({ ...network, weightVariance, keepProbability }).twelveMinimum;
  const reached = curves.filter((curve) => fewest(curve).every(Number.isFinite));
  const short = keepProbability === 1 ? reached : reached.filter(({ depth }) => depth <= length / 4);
  const rows: ReproductionRow[] = [];
  const where = `ρ = ${keepProbability}`;
  if (short.length >= 2) {
    const logDepths = short.map(({ depth }) => Math.log(depth));
    const best = short.map(bestLogRates);
    const slope = meanOf(
      (best[0] as number[]).map(
        (_, seed) =>
          line(
            logDepths,
            best.map((rates) => rates[seed] as number),
          ).slope,
      ),
    );
    const row = measuredRow({
      what: `d log(best η)/d log L, ${where}, L = ${short.map(({ depth }) => depth).join(', ')}`,
      published: keepProbability === 1 ? -1 : 0,
      source: sources.caption,
      measured: slope,
      note,
    });
    rows.push(inSetting(row, isPaper, reduced));
  }
  const [deep, shallow] = [
    curves.filter(({ depth }) => depth > length / 2),
    curves.filter(({ depth }) => depth <= length / 4),
  ];
  if (keepProbability === 1 || deep.length === 0 || shallow.length === 0) return rows;
  const [most, least] = [Math.min(...deep.flatMap(fewest)), Math.max(...shallow.flatMap(fewest))];
  rows.push(
    inSetting(
      statementRow({
        what: `fewest steps beyond half of 12 min ξ = ${length.toFixed(0)} layers against up to a quarter of it, ${where}`,
        published: 'the curve lifts beyond the trainable length',
        source: sources.caption,
        measured: `${text(most)} against at most ${text(least)} (every seed)`,
        holds: most > least,
        note,
      }),
      isPaper,
      reduced,
    ),
  );
  return rows;
}

function text(steps: number): string {
  return Number.isFinite(steps) ? String(steps) : 'not reached';
}

function points(curves: readonly Curve[], scale: StepsScale, isScaled = false): CurvePoint[] {
  return [...curves]
    .sort((a, b) => a.depth - b.depth)
    .flatMap((curve) =>
      curve.rates.flatMap((rate, i): CurvePoint[] => {
        const own = curve.steps[i] as readonly number[];
        if (!own.every(Number.isFinite)) return [];
        const { mean, standardError } = meanOf(own.map(Math.log));
        const half = Number.isFinite(standardError) ? 2 * standardError : 0;
        const base = {
          x: isScaled ? rate * curve.depth : rate,
          y: Math.exp(mean),
          series: `L = ${curve.depth}`,
          panel: `ρ = ${curve.keepProbability}`,
        };
        return [
          base,
          { ...base, low: Math.exp(mean - half), high: Math.min(scale.steps, Math.exp(mean + half)), mark: 'point' },
        ];
      }),
    );
}
