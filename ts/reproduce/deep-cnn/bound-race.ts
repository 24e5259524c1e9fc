// All bounds on the gap of one network over the number of images and over its depth, and where they cross.
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { type Network, networkFrom } from '../../systems/convolution/architecture.js';
import { boundsOf } from '../../systems/convolution/bounds.js';
import { printedRow, statementRow } from '../rows.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';

interface RaceScale extends Scale {
  /** Values of n a factor of 10. */
  readonly points: number;
}

/** 5,110 weights: 28 × 28 images, kernels of 5, channels of 6 and 16, pools of 2. */
const lenet = {
  input: [28, 28, 1],
  layers: [
    { kernel: 5, channels: 6, pool: 2 },
    { kernel: 5, channels: 16, pool: 2 },
  ],
  classes: 10,
  fcNorm: 5,
} as const;

/** `depth` layers of 3 × 3 kernels and 8 channels on 32 × 32 images. */
const deep = (depth: number): object => ({
  input: [32, 32, 3],
  layers: Array.from({ length: depth }, () => ({ kernel: 3, channels: 8 })),
  classes: 10,
  fcNorm: 5,
});

const failureProbability = 0.01;
const names = ['stated', 'repaired', 'certified', 'bitCount', 'parameterCount'] as const;
type Name = (typeof names)[number];

/** A bound as a number; undefined where it does not speak of the network or of this n. */
function boundAt(network: Network, name: Name, samples: number, bits = 32): number | undefined {
  const value = boundsOf(network, { samples, failureProbability, bits })[name]?.value;
  return typeof value === 'number' ? value : undefined;
}

export const boundRace: Reproduction<RaceScale> = {
  id: 'deep-cnn-bound-race',
  paper:
    'Zhou and Feng: Understanding Generalization and Optimization Performance of Deep CNNs (arXiv 1805.10767), without experiments; ours',
  system: 'convolution',
  title: 'Bounds on the gap over the number of images and the depth, and where they cross',
  settings: { ...lenet, failureProbability, norms: 1, bits: 32 },
  scales: {
    quick: { points: 4, cost: '1 s' },
    paper: { points: 20, cost: '5 s' },
  },
  run: async (scale) => {
    const network = networkFrom(lenet);
    const samples = Array.from({ length: 8 * scale.points + 1 }, (_, i) => Math.round(10 ** (2 + i / scale.points)));
    const depths = [1, 2, 3, 4, 6, 8];
    return {
      figures: [
        {
          name: 'samples',
          figure: draw(
            names.flatMap((series) => samples.map((x) => ({ x, y: boundAt(network, series, x), series }))),
            { title: 'Bounds on the gap of a network of 5,110 weights', x: 'images n', xScale: 'log' },
          ),
        },
        {
          name: 'depth',
          figure: draw(
            names.flatMap((series) =>
              depths.map((x) => ({ x, y: boundAt(networkFrom(deep(x)), series, 60_000), series })),
            ),
            { title: 'The same of 60,000 images over the depth: 3 × 3 kernels, 8 channels', x: 'convolutions L' },
          ),
        },
      ],
      rows: [...printedRows(network), ...crossingRows(network), depthRow(depths)],
    };
  },
};

/** Numbers of an independent calculation. */
function printedRows(network: Network): ReproductionRow[] {
  const rows: readonly (readonly [string, number, number, number | undefined])[] = [
    ['stated, n = 60,000', 0.597, 3, boundAt(network, 'stated', 60_000)],
    ['certified, n = 60,000', 0.675, 3, boundAt(network, 'certified', 60_000)],
    ['repaired, n = 60,000', 1.79, 2, boundAt(network, 'repaired', 60_000)],
    ['stated, n = 1e8', 0.0205, 4, boundAt(network, 'stated', 1e8)],
    ['certified, n = 1e8', 0.0193, 4, boundAt(network, 'certified', 1e8)],
    ['32 bits a weight, n = 60,000', 0.972, 3, boundAt(network, 'bitCount', 60_000, 32)],
    ['8 bits', 0.486, 3, boundAt(network, 'bitCount', 60_000, 8)],
    ['4 bits', 0.344, 3, boundAt(network, 'bitCount', 60_000, 4)],
  ];
  return rows.map(([what, published, decimals, measured = Number.NaN]) =>
    printedRow({ what, published, decimals, measured, source: 'derived (an independent calculation)' }),
  );
}

/** Where the certified bound falls below others for good. */
function crossingRows(network: Network): ReproductionRow[] {
  const crossing = (name: Name): number => {
    let [low, high] = [Math.log(1e3), Math.log(1e12)];
    const isBelow = (log: number): boolean => {
      const n = Math.round(Math.exp(log));
      return (boundAt(network, 'certified', n) as number) < (boundAt(network, name, n) ?? Infinity);
    };
    while (high - low > 1e-6) {
      const middle = (low + high) / 2;
      if (isBelow(middle)) high = middle;
      else low = middle;
    }
    return Math.round(Math.exp(high));
  };
  const stated = crossing('stated');
  return [
    statementRow({
      what: 'from where on the certified bound is below the stated one',
      published: 'between 60,000, where it is above, and 1e8, where it is below',
      source: 'derived',
      measured: `n = ${stated.toExponential(2)}`,
      holds: stated > 60_000 && stated < 1e8,
    }),
    statementRow({
      what: 'the certified bound of any network beside 4 bits a weight of one that is stored so, n = 60,000',
      published: 'few bits are the smaller bound: they pay for a code alone',
      source: 'derived',
      measured: `${boundAt(network, 'certified', 60_000)?.toFixed(3)}, ${boundAt(network, 'bitCount', 60_000, 4)?.toFixed(3)}`,
      holds: (boundAt(network, 'bitCount', 60_000, 4) as number) < (boundAt(network, 'certified', 60_000) as number),
    }),
  ];
}

/** With norms fixed, depth enters through logarithms and through the number of weights alone. */
function depthRow(depths: readonly number[]): ReproductionRow {
  const ratios = depths.map((depth) => {
    const network = networkFrom(deep(depth));
    return (boundAt(network, 'certified', 60_000) as number) / (boundAt(network, 'parameterCount', 60_000) as number);
  });
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  return statementRow({
    what: `certified bound over √(weights/n), ${depths[0]} to ${depths.at(-1)} convolutions`,
    published: 'norms and depth enter the logarithm alone: a factor between 1 and 4',
    source: 'derived',
    measured: `${least.toFixed(2)} to ${most.toFixed(2)}`,
    holds: least > 1 && most < 4,
  });
}

type Maybe = Omit<CurvePoint, 'y'> & { readonly y: number | undefined };

const draw = (
  points: readonly Maybe[],
  options: { readonly title: string; readonly x: string; readonly xScale?: 'log' },
): ReturnType<typeof figureCurves> =>
  figureCurves(
    [
      ...points.flatMap((point) => (point.y === undefined ? [] : [{ ...point, y: point.y }])),
      ...[points[0], points.at(-1)].map((point) => ({
        x: point?.x ?? 1,
        y: 1,
        series: 'says nothing',
        mark: 'dashed' as const,
      })),
    ],
    { ...options, y: 'bound on the gap', yScale: 'log' },
  );
