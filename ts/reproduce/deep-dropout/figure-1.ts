// Figure 1: variance maps with one simulated layer, and correlation maps, at three keep probabilities.
import { MftError } from '../../core/errors.js';
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { quantity, type Network } from '../../systems/feedforward/experiments/network.js';
import { linearGrid } from '../../numeric/grids.js';
import { printedRow, statementRow } from '../rows.js';
import { simulatedCorrelationMap, simulatedVarianceMap } from '../../systems/feedforward/experiments/single-layer.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';
import { paper, sources } from './paper.js';

interface MapScale extends Scale {
  readonly width: number;
  readonly trials: number;
  readonly points: number;
}

interface Panel {
  readonly label: string;
  readonly network: Omit<Network, 'keepProbability'>;
  /** q* (a, b) or c* (c, d) at ρ = 1, 0.7, 0.4; undefined: drawn in the paper, but there is none. */
  readonly published: readonly (number | undefined)[];
}

const keeps = [1, 0.7, 0.4];
const variancePanels: readonly Panel[] = [
  {
    label: '(a) linear, σ_w = 0.5, σ_b = 1.5',
    network: { activation: 'linear', weightVariance: 0.25, biasVariance: 2.25 },
    published: [3, 3.5, 6],
  },
  {
    label: '(b) tanh, σ_w = 2.5, σ_b = 0.5',
    network: { activation: 'tanh', weightVariance: 6.25, biasVariance: 0.25 },
    published: [4.286007, 6.550453, 12.451259],
  },
];
const correlationPanels: readonly Panel[] = [
  {
    label: '(c) ReLU, σ_w = 0.9, σ_b = 0.5',
    network: { activation: 'relu', weightVariance: 0.81, biasVariance: 0.25 },
    published: [1, 0.736322, undefined],
  },
  {
    label: '(d) erf(√π x/2), σ_w = 0.9, σ_b = 0.5',
    network: { activation: 'erfUnitSlope', weightVariance: 0.81, biasVariance: 0.25 },
    published: [1, 0.67092, 0.305656],
  },
];
const largestVariance = 15;

export const figure1: Reproduction<MapScale> = {
  id: 'deep-dropout-figure-1',
  paper,
  system: 'feedforward',
  title: 'Maps of variance and correlation with dropout, one simulated layer',
  settings: {
    width: 1000,
    inputs: 100,
    keepProbability: keeps,
    variancePanels: variancePanels.map((panel) => panel.label),
    correlationPanels: correlationPanels.map((panel) => panel.label),
  },
  scales: {
    quick: { width: 1000, trials: 60, points: 12, cost: '4 s' },
    paper: { width: 1000, trials: 100, points: 50, cost: '25 s' },
  },
  run: async (scale, options) => {
    const rows: ReproductionRow[] = [];
    const variancePoints: CurvePoint[] = [];
    const correlationPoints: CurvePoint[] = [];
    const { width, trials } = scale;
    for (const { label: panel, network, published } of variancePanels) {
      for (const q of [0, largestVariance])
        variancePoints.push({ x: q, y: q, series: 'q = q′', mark: 'dashed', panel });
      for (const [i, keepProbability] of keeps.entries()) {
        const each = { ...network, keepProbability };
        const task = {
          network: each,
          series: `ρ = ${keepProbability}`,
          panel,
          width,
          trials,
          theoryAt: linearGrid(0, largestVariance, 91),
          simulatedAt: linearGrid(largestVariance / scale.points, largestVariance, scale.points),
          curve: rows.length,
        };
        const { points, z } = await simulatedVarianceMap(task, options);
        variancePoints.push(...points);
        const what = `${panel}, ρ = ${keepProbability}`;
        rows.push(
          printedRow({
            what: `q* ${what}`,
            published: published[i] as number,
            measured: await quantity('fixedPointVariance', each),
            decimals: 6,
            source: sources.equation,
          }),
        );
        rows.push(simulationRow(`variance map ${what}`, z));
      }
    }
    for (const { label: panel, network, published } of correlationPanels) {
      for (const c of [0, 1]) correlationPoints.push({ x: c, y: c, series: 'c = c′', mark: 'dashed', panel });
      for (const [i, keepProbability] of keeps.entries()) {
        const each = { ...network, keepProbability };
        const what = `${panel}, ρ = ${keepProbability}`;
        const fixed = published[i];
        if (fixed === undefined) {
          rows.push(await missingRow(what, each));
          continue;
        }
        const variance = await quantity('fixedPointVariance', each);
        const task = {
          network: each,
          series: `ρ = ${keepProbability}`,
          panel,
          width,
          trials,
          theoryAt: linearGrid(0, 1, 81),
          simulatedAt: linearGrid(0, 1, Math.ceil(scale.points / 2)),
          variance,
          curve: rows.length,
        };
        const { points, z } = await simulatedCorrelationMap(task, options);
        correlationPoints.push(...points);
        rows.push(
          printedRow({
            what: `c* ${what}`,
            published: fixed,
            measured: await quantity('fixedPointCorrelation', each),
            decimals: 6,
            source: sources.equation,
          }),
        );
        rows.push(simulationRow(`correlation map ${what}`, z));
      }
    }
    const title = `one layer, width ${width}, ${trials} networks (bars: standard deviation)`;
    return {
      figures: [
        {
          name: 'variance-maps',
          figure: figureCurves(variancePoints, {
            title: `Variance maps: ${title}`,
            x: 'q',
            y: 'q′',
            columns: 2,
            width: 340,
            height: 300,
          }),
        },
        {
          name: 'correlation-maps',
          figure: figureCurves(correlationPoints, {
            title: `Correlation maps at q*: ${title}`,
            x: 'c',
            y: 'c′',
            columns: 2,
            width: 340,
            height: 300,
          }),
        },
      ],
      rows,
    };
  },
};

function simulationRow(what: string, z: readonly number[]): ReproductionRow {
  const largest = Math.max(...z.map(Math.abs));
  // Student's t of few trials has longer tails than the normal law: 5, not 4.5.
  return {
    ...statementRow({
      what: `simulated ${what}`,
      published: `theory at ${z.length} points`,
      measured: `largest |z| ${largest.toFixed(2)}`,
      holds: largest < 5,
      source: sources.equation,
    }),
    z: largest,
  };
}

/** The blue curve of panel (c) needs a fixed point that σ_w²/(2ρ) = 1.0125 > 1 forbids. */
async function missingRow(what: string, network: Network): Promise<ReproductionRow> {
  let measured = 'a fixed point';
  try {
    measured = `q* = ${await quantity('fixedPointVariance', network)}`;
  } catch (error) {
    if (!(error instanceof MftError && error.code === 'ERR_MFT_NO_FIXED_POINT')) throw error;
    measured = 'no fixed point q*';
  }
  const gain = network.weightVariance / (2 * network.keepProbability);
  return statementRow({
    what: `c map ${what}`,
    published: 'a curve',
    measured,
    source: sources.caption,
    holds: measured !== 'no fixed point q*',
    expected: { what: 'no fixed point q* where σ_w²/(2ρ) > 1', holds: gain > 1 && measured === 'no fixed point q*' },
    note: `σ_w²/(2ρ) = ${gain} > 1: the variance grows without bound, so there is no q* at which the curve could be drawn`,
  });
}
