// Figure 3: learning rates for noise and for the decay that matches it, as published and with one convention on both sides.
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { linearGrid } from '../../numeric/grids.js';
import { balancedMapping } from '../../systems/autoencoder/balanced.js';
import { equivalentWeightDecay } from '../../systems/autoencoder/mode.js';
import { numberRow, printedRow, statementRow } from '../rows.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';
import { direction, numberOf, pairOf, paper, sources } from './paper.js';
import { evaluate } from '../../verbs/evaluate.js';

interface CurveScale extends Scale {
  readonly points: number;
}

const initialMapping = 1e-6;
const lastStep = 19_999;
const factor = 0.005;
/** Of a noise: the rate 1/(2 + 3e) and, for decay, the rate of the left panel's code, (1 + e)/(2(1 + 2e)), and of the middle panel. */
const noiseRate = (e: number): number => factor / (2 + 3 * e);
const publishedDecayRate = (e: number): number => (factor * (1 + e)) / (2 * (1 + 2 * e));
const middleDecayRate = (e: number): number => factor / (2 + e / (1 + e));
/** Noise, height and epoch of the largest difference of mappings. */
const peaks = [
  [0.2, 0.2071, 3716],
  [0.4, 0.2706, 4620],
  [0.6, 0.2845, 5508],
  [1, 0.2686, 7250],
  [1.8, 0.2154, 10_635],
] as const;
const why =
  'the notebook draws the decay curves with 1/(2ν + 2g), the middle panel gives 1/(2ν + g); with the latter on both sides the ' +
  'difference is zero: matched decay is the noise dynamics slowed down by 1/w*, and its rate is larger by just that';

export const figure3: Reproduction<CurveScale> = {
  id: 'linear-autoencoders-figure-3',
  paper,
  system: 'autoencoder',
  title: 'Learning rates of noise and of matched weight decay',
  settings: {
    inputVariance: 1,
    noiseVariance: peaks.map(([noise]) => noise),
    initialMapping,
    lastStep,
    rateFactor: factor,
  },
  scales: { quick: { points: 101, cost: '1 s' }, paper: { points: 401, cost: '1 s' } },
  run: async ({ points: count }) => {
    const rows: ReproductionRow[] = [];
    const difference = (noiseVariance: number, decayLearningRate: number): Promise<readonly [number, number]> =>
      pairOf('peakDifference', {
        inputVariance: 1,
        noiseVariance,
        initialMapping,
        lastStep,
        noiseLearningRate: noiseRate(noiseVariance),
        decayLearningRate,
      });
    for (const [noise, height, epoch] of peaks) {
      const [measured, at] = await difference(noise, publishedDecayRate(noise));
      const [consistent] = await difference(noise, middleDecayRate(noise));
      rows.push(
        printedRow({
          what: `largest difference of mappings, s² = ${noise}`,
          published: height,
          source: sources.output,
          measured,
          decimals: 4,
          note: why,
        }),
        numberRow({
          what: `its epoch, s² = ${noise}`,
          published: epoch,
          source: sources.output,
          measured: at,
          tolerance: 0,
        }),
        statementRow({
          what: `largest difference with the middle panel's rates on both sides, s² = ${noise}`,
          published: 'zero to rounding',
          source: sources.derived,
          measured: consistent,
          holds: Math.abs(consistent) < 1e-14,
          note: why,
        }),
      );
    }
    rows.push(...(await rateRows()));
    const [left, middle, right] = curves(count);
    return {
      rows,
      figures: [
        { name: 'mappings', figure: figureCurves(left, { x: 'epoch', y: 'mapping', legend: 's²' }) },
        { name: 'rates', figure: figureCurves(middle, { x: 's²', y: 'learning rate' }) },
        {
          name: 'difference',
          figure: figureCurves(right, { x: 'epoch', y: 'mapping with noise − with decay', legend: 's²' }),
        },
      ],
    };
  },
};

/** The middle panel at both ends: rates for noise and decay, and their ratio. */
async function rateRows(): Promise<ReproductionRow[]> {
  const rows: ReproductionRow[] = [];
  for (const [noise, published] of [
    [0, [0.5, 0.5, 1]],
    [10, [0.031, 0.344, 0.091]],
  ] as const) {
    const values = (await evaluate('autoencoder', 'learningRates', {
      inputVariance: 1,
      noiseVariance: noise,
    })) as number[];
    for (const [i, name] of ['rate for noise', 'rate for decay', 'their ratio'].entries())
      rows.push(
        printedRow({
          what: `${name}, s² = ${noise}`,
          published: published[i] as number,
          source: sources.code,
          measured: values[i] as number,
          decimals: 3,
        }),
      );
  }
  rows.push(
    numberRow({
      what: 'limit of stability of noise over that of matched decay, s² = 0.5',
      published: 1 / 1.5,
      source: sources.derived,
      measured:
        (await numberOf('stableLearningRate', direction(1, 0.5))) /
        (await numberOf('stableLearningRate', direction(1, 0, equivalentWeightDecay(1, 0.5)))),
      tolerance: 1e-12,
    }),
  );
  return rows;
}

function curves(count: number): [CurvePoint[], CurvePoint[], CurvePoint[]] {
  const [left, middle, right]: [CurvePoint[], CurvePoint[], CurvePoint[]] = [[], [], []];
  for (const [noise] of peaks) {
    const decay = direction(1, 0, equivalentWeightDecay(1, noise));
    for (const step of linearGrid(0, lastStep, count)) {
      const withNoise = balancedMapping(direction(1, noise), initialMapping, noiseRate(noise) * step);
      const withDecay = balancedMapping(decay, initialMapping, publishedDecayRate(noise) * step);
      const tuned = balancedMapping(decay, initialMapping, middleDecayRate(noise) * step);
      left.push({ x: step, y: withNoise, series: `${noise}`, panel: 'noise' });
      left.push({ x: step, y: withDecay, series: `${noise}`, panel: 'decay' });
      right.push({ x: step, y: withNoise - withDecay, series: `${noise}`, panel: 'as published' });
      right.push({ x: step, y: withNoise - tuned, series: `${noise}`, panel: 'one convention' });
    }
  }
  for (const e of linearGrid(0, 10, count)) {
    middle.push({ x: e, y: 1 / (2 + 3 * e), series: 'noise' });
    middle.push({ x: e, y: 1 / (2 + e / (1 + e)), series: 'matched decay' });
  }
  return [left, middle, right];
}
