// Figure 2: gradients of a linear dropout network with shared weights, simulated and in closed form.
import type { CurvePoint } from '../../figures/curves.js';
import {
  decadePoints,
  type GradientRun,
  gradientRun,
  meanLogSlope,
  rateLine,
} from '../../systems/feedforward/experiments/gradients.js';
import { profile } from '../../statistics/measured.js';
import { quantity } from '../../systems/feedforward/experiments/network.js';
import { measuredRow, statementRow, statisticRow } from '../rows.js';
import type { Reproduction, ReproductionRow } from '../types.js';
import { gradientFigures, type GradientScale } from './gradient-figure.js';
import { paper, sources } from './paper.js';

const keeps = [0.6, 0.7, 0.8, 0.9, 1];
const base = { activation: 'linear', weightVariance: 0.5, biasVariance: 0.1 } as const;
/** 4 q*²/ρ at the output layer. */
const publishedAtOutput: Readonly<Record<number, number>> = { 0.6: 2.4, 0.7: 0.7, 0.8: 0.3556 };
const panels = [
  '(a) one input: g_aa',
  '(b) pair: |g_ab|, theory of the mean',
  '(c) pair, last 30 layers',
  '(d) pair: |g_ab| with χ₁^(L−l)',
] as const;

export const figure2: Reproduction<GradientScale> = {
  id: 'deep-dropout-figure-2',
  paper,
  system: 'feedforward',
  title: 'Gradients of a linear dropout network with shared weights',
  settings: {
    ...base,
    keepProbability: keeps,
    depth: 200,
    width: '1000 in the caption, 500 in the file names',
    networks: 200,
    loss: 'Σ z²',
    inputs: 'two fixed N(0, 1) vectors',
  },
  scales: {
    quick: { width: 500, depth: 120, trials: 100, cost: '5 s' },
    paper: { width: 1000, depth: 200, trials: 200, cost: '40 s' },
  },
  run: async (scale, options) => {
    const points: CurvePoint[] = [];
    const rows: ReproductionRow[] = [];
    for (const keepProbability of keeps) {
      const run = await gradientRun({ ...base, keepProbability }, scale, 'preactivation', options);
      points.push(...(await curves(run)));
      rows.push(...(await rowsOf(run, scale.trials)));
    }
    const title = `Linear network, σ_w² = 0.5, σ_b² = 0.1, width ${scale.width}, ${scale.trials} networks (lines: closed form)`;
    return { figures: gradientFigures(points, title, 260), rows };
  },
};

async function curves(run: GradientRun): Promise<CurvePoint[]> {
  const { network, depth } = run;
  const series = `ρ = ${network.keepProbability}`;
  const points: CurvePoint[] = [];
  for (let layer = 1; layer <= depth; layer++) {
    const parameters = { ...network, distance: depth - layer };
    const single = Math.log10(await quantity('linearGradientSingle', parameters));
    const pair = Math.log10(await quantity('linearGradientPair', parameters));
    points.push({ x: layer, y: single, series, panel: panels[0] }, { x: layer, y: pair, series, panel: panels[1] });
    if (layer > depth - 30) points.push({ x: layer, y: pair, series, panel: panels[2] });
  }
  const pair = decadePoints(run, 'gradientPair', series, 5, panels[3]);
  points.push(
    ...decadePoints(run, 'gradientSingle', series, 5, panels[0]),
    ...pair.map((point) => ({ ...point, panel: panels[1] })),
  );
  points.push(...decadePoints(run, 'gradientPair', series, 1, panels[2]).filter(({ x }) => x > depth - 30));
  points.push(...pair, ...rateLine(pair, run.decay, depth));
  return points;
}

async function rowsOf(run: GradientRun, trials: number): Promise<ReproductionRow[]> {
  const { network, depth, width, decay, logBias } = run;
  const { keepProbability } = network;
  const rows: ReproductionRow[] = [];
  const single = run.simulation.observables.gradientSingle;
  const atOutput = publishedAtOutput[keepProbability];
  if (atOutput !== undefined && single !== undefined) {
    const measured = Math.exp(profile(single).values.at(-1) as number);
    const relative = single.standardError[(depth - 1) * 2] as number;
    rows.push(
      statisticRow({
        what: `g_aa at the output, ρ = ${keepProbability}`,
        published: atOutput,
        source: sources.equation,
        measured,
        standardError: relative * measured,
        count: trials,
        allowance: (atOutput * 4 * (1 + 2 * width * logBias)) / width,
      }),
    );
  }
  const far = depth - 10;
  const slope = meanLogSlope(run, 'gradientSingle', 20, far);
  rows.push(
    measuredRow({
      what: `slope of log g_aa, ρ = ${keepProbability}`,
      published: decay,
      source: sources.equation,
      measured: slope,
      allowance: 0.1 * logBias,
    }),
  );
  if (keepProbability === 1) return rows;
  const hidden = await noiseDepth(run, 1);
  const pairSlope = meanLogSlope(run, 'gradientPair', Math.max(20, Math.ceil(2 * hidden)), far);
  rows.push(
    measuredRow({
      what: `slope of log |g_ab|, ρ = ${keepProbability}`,
      published: decay,
      source: sources.caption,
      measured: pairSlope,
      allowance: 0.1 * logBias,
      note: 'one network sees only the noise floor of g_ab, which decays with χ₁; its mean decays with max(χ_c, χ_q²)',
    }),
  );
  const expected = await noiseDepth(run, trials);
  const measured = await measuredNoiseDepth(run);
  // The standard error of so many networks is itself known to a few tens of per cent only.
  const uncertain = Math.log(1.5) / (await ratioDecay(run, expected));
  rows.push(
    statementRow({
      what: `layers below the output at which the noise of g_ab reaches its mean, ρ = ${keepProbability}`,
      published: `M* = ${expected.toFixed(1)} ± ${uncertain.toFixed(1)} for ${trials} networks of width ${width}`,
      measured: Number(measured.toFixed(1)),
      holds: Math.abs(measured - expected) <= uncertain,
      source: sources.derived,
      note: 'from there on the mean over the networks is noise; a standard error off by a factor 1.5 is allowed',
    }),
  );
  return rows;
}

/** log(E g_ab/E g_aa) at a distance from the output. */
async function logRatio({ network }: GradientRun, distance: number): Promise<number> {
  const [single, pair] = await Promise.all([
    quantity('linearGradientSingle', { ...network, distance }),
    quantity('linearGradientPair', { ...network, distance }),
  ]);
  return Math.log(pair / single);
}

/** By how much that ratio falls per layer there: χ_c/χ₁, or χ_q²/χ₁ where the squared source decays more slowly. */
async function ratioDecay(run: GradientRun, distance: number): Promise<number> {
  const at = Math.floor(distance);
  return (await logRatio(run, at)) - (await logRatio(run, at + 1));
}

/** M*: where the mean of g_ab falls to the noise of the mean over so many networks, g_aa ρ c* r/√T with the floor r of the errors. */
async function noiseDepth(run: GradientRun, trials: number): Promise<number> {
  const { network, width, depth } = run;
  const floor = await quantity('pairGradientNoiseFloor', { ...network, width });
  const level = Math.log(
    (floor * network.keepProbability * (await quantity('fixedPointCorrelation', network))) / Math.sqrt(trials),
  );
  return crossing(depth, async (distance) => (await logRatio(run, distance)) - level);
}

/** The same in the simulation: where the standard error of mean g_ab reaches its closed form. */
async function measuredNoiseDepth({ simulation, network, depth }: GradientRun): Promise<number> {
  const pair = simulation.observables.gradientPair;
  return crossing(depth, async (distance) => {
    const at = depth - 1 - distance;
    return (
      Math.log(await quantity('linearGradientPair', { ...network, distance })) -
      (pair?.values[at] as number) -
      Math.log(pair?.standardError[at] as number)
    );
  });
}

/** Where a falling function of whole numbers below `end` passes 0, between two of them. */
async function crossing(end: number, at: (distance: number) => Promise<number>): Promise<number> {
  let before = Infinity;
  for (let distance = 0; distance < end; distance++) {
    const now = await at(distance);
    if (now <= 0) return distance === 0 ? 0 : distance - 1 + before / (before - now);
    before = now;
  }
  return end;
}
