// Normalised kernels over depth under six laws of the weights: theory and networks, and inputs for which the law does matter.
import type { VegaLiteFigure } from '../../core/system.js';
import { controlOf } from '../../core/control.js';
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import type { KernelWeightLaw } from '../../systems/kernel/spec.js';
import { evaluate } from '../../verbs/evaluate.js';
import { simulate } from '../../verbs/predict.js';
import { printedRow, statementRow, statisticRow } from '../rows.js';
import type { Reproduction, ReproductionOptions, ReproductionRow, Scale } from '../types.js';

interface LawScale extends Scale {
  /** Of the inputs and of all hidden layers. */
  readonly width: number;
  readonly networks: number;
  /** Hidden layers, powers of two. */
  readonly depths: readonly number[];
  readonly negativeSlopes: readonly number[];
}

const derived = 'derived; experiment of the paper, settings as remembered';

const laws: Readonly<Record<string, KernelWeightLaw>> = {
  gaussian: 'gaussian',
  uniform: 'uniform',
  laplace: 'laplace',
  'generalised Gaussian 1.5': { law: 'generalizedGaussian', shape: 1.5 },
  'multivariate t, ν = 24': { law: 'multivariateT', degreesOfFreedom: 24 },
  'multivariate t, ν = 2.5': { law: 'multivariateT', degreesOfFreedom: 2.5 },
};
/** Its fourth moment is infinite: no standard error says how far a mean of few networks may be. */
const heavy = 'multivariate t, ν = 2.5';

const angles = [0.3, 1, Math.PI / 2, 2.5] as const;

/** One law's networks: cosines behind the depths, their standard errors, and theory; depth by depth, angle by angle. */
interface Measured {
  readonly law: string;
  readonly negativeSlope: number;
  readonly cosine: readonly (readonly number[])[];
  readonly error: readonly (readonly number[])[];
  readonly theory: readonly (readonly number[])[];
}

export const normalizedKernels: Reproduction<LawScale> = {
  id: 'weight-laws-normalized-kernels',
  paper: 'Tsuchida, Roosta-Khorasani, Gallagher: Invariance of weight distributions in rectified MLPs (ICML 2018)',
  system: 'kernel',
  title: 'Normalised kernels of rectifiers over depth: one family of curves for six laws of the weights',
  settings: {
    laws: Object.keys(laws),
    inputs: 'one plane of a space of as many dimensions as a layer has units, at angles 0.3, 1, π/2, 2.5',
    weightVariance: '2/(1 + a²), which keeps norms',
    negativeSlopes: [0, 0.2],
  },
  scales: {
    quick: { width: 300, networks: 12, depths: [1, 4, 16, 64], negativeSlopes: [0, 0.2], cost: '10 s' },
    paper: { width: 1000, networks: 16, depths: [1, 4, 16, 64, 128], negativeSlopes: [0, 0.2], cost: '4 min' },
  },
  run: async (scale, options) => {
    const all: Measured[] = [];
    for (const negativeSlope of scale.negativeSlopes)
      for (const law of Object.keys(laws)) all.push(await measured(scale, law, negativeSlope, options));
    return {
      figures: await Promise.all(
        scale.negativeSlopes.map(async (negativeSlope) => ({
          name: `slope-${negativeSlope}`,
          figure: await drawn(
            scale,
            all.filter((each) => each.negativeSlope === negativeSlope),
          ),
        })),
      ),
      rows: [
        ...all.flatMap((each) => lawRows(scale, each)),
        ...all.filter(({ law }) => law === heavy).map((each) => heavyRow(scale, each, all)),
        ...slopeRows(scale, all),
        ...(await axisRows()),
      ],
    };
  },
};

async function measured(
  { width, networks, depths }: LawScale,
  law: string,
  negativeSlope: number,
  { seed = 1, threads = 0, ...control }: ReproductionOptions,
): Promise<Measured> {
  const weights = laws[law] as KernelWeightLaw;
  // Two waves of one frequency, a quarter of a period apart: no direction of the plane is near an axis.
  const wave = Array.from({ length: width }, (_, k) => (2 * Math.PI * k) / width);
  const along = (angle: number): number[] => wave.map((phase) => Math.SQRT2 * Math.cos(phase - angle));
  const spec = {
    system: 'kernel',
    activation: { name: 'leakyRelu', slope: negativeSlope },
    depth: Math.max(...depths),
    weightVariance: 2 / (1 + negativeSlope ** 2),
    width,
    weights,
    inputs: { values: [0, ...angles].map(along) },
  } as const;
  const run = { trials: networks, seed, threads, hasTangent: false };
  const { observables } = await simulate(spec, run, controlOf(control));
  const { values, standardError, axes } = observables.normalizedKernel as NonNullable<
    typeof observables.normalizedKernel
  >;
  const pairs = (axes[1] as (typeof axes)[number]).values.length;
  // Pairs of the first input with the others come first; behind `depth` hidden layers is dense layer depth + 1.
  const at = (list: ArrayLike<number>): number[][] =>
    depths.map((depth) => angles.map((_, i) => list[depth * pairs + i] as number));
  const theory = await Promise.all(
    depths.map((depth) =>
      Promise.all(
        angles.map((angle) => evaluate('kernel', 'normalizedKernelAtDepth', { negativeSlope, angle, depth })),
      ),
    ),
  );
  return { law, negativeSlope, cosine: at(values), error: at(standardError), theory: theory as number[][] };
}

/** Of every depth the pair at a right angle; what finite width changes grows with depth, in the gap. */
function lawRows({ width, networks, depths }: LawScale, each: Measured): ReproductionRow[] {
  if (each.law === heavy) return [];
  return depths.map((depth, d) => {
    const [published, found] = [each.theory[d]?.[2] as number, each.cosine[d]?.[2] as number];
    return statisticRow({
      what: `${each.law}, slope ${each.negativeSlope}, behind ${depth} layers: cosine of inputs at a right angle`,
      published,
      source: derived,
      measured: found,
      standardError: each.error[d]?.[2] as number,
      count: networks,
      allowance: ((3 * depth) / width) * (1 - published),
      note: `rms deviation over four angles ${rootMeanSquare(each, d).toFixed(3)}`,
    });
  });
}

/** Root mean square over the angles of measured − theory. */
function rootMeanSquare({ cosine, theory }: Measured, depth: number): number {
  const squares = angles.map((_, i) => ((cosine[depth]?.[i] as number) - (theory[depth]?.[i] as number)) ** 2);
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
}

function heavyRow({ depths }: LawScale, each: Measured, all: readonly Measured[]): ReproductionRow {
  const gaussian = all.find(({ law, negativeSlope }) => law === 'gaussian' && negativeSlope === each.negativeSlope);
  const scatter = ({ error }: Measured): number => Math.hypot(...(error[0] ?? []));
  const ratio = scatter(each) / scatter(gaussian as Measured);
  return statementRow({
    what: `multivariate t, ν = 2.5, slope ${each.negativeSlope}: scatter behind the first layer, of the Gaussian law's`,
    published: 'several times as much: no fourth moment, sample kernels do not converge as 1/√width',
    source: 'derived',
    measured: `${ratio.toFixed(1)} times; rms deviations ${depths.map((_, d) => rootMeanSquare(each, d).toFixed(3)).join(', ')}`,
    holds: ratio > 1.5,
  });
}

/** Leaky rectifiers stay farther from the fixed point at every depth. */
function slopeRows({ depths, negativeSlopes }: LawScale, all: readonly Measured[]): ReproductionRow[] {
  const [first, second] = negativeSlopes;
  if (first === undefined || second === undefined) return [];
  const of = (slope: number): Measured =>
    all.find(({ law, negativeSlope }) => law === 'gaussian' && negativeSlope === slope) as Measured;
  const [less, more] = [of(first), of(second)];
  const isBelow = depths.every((_, d) => (more.cosine[d]?.[2] as number) < (less.cosine[d]?.[2] as number));
  return [
    statementRow({
      what: `cosines of slope ${second} against slope ${first}, inputs at a right angle`,
      published: 'smaller at every depth',
      source: 'statement of the paper',
      measured: isBelow ? 'smaller at every depth' : 'not at every depth',
      holds: isBelow,
    }),
  ];
}

/** Inputs along an axis: max|x_i|/|x| = 1 at any dimension, and the kernel keeps the law of the weights. */
async function axisRows(): Promise<ReproductionRow[]> {
  const published = [
    ['gaussian', 0.318084],
    ['uniform', 0.325376],
    ['laplace', 0.309159],
  ] as const;
  const pair = { x: [1, 0], y: [Math.cos(1), Math.sin(1)], activation: 'relu' } as const;
  const kernel = (distribution: string, more: object): Promise<unknown> =>
    evaluate('kernel', 'layerKernel', { ...pair, distribution, distributionParameters: more } as never);
  const rows = await Promise.all(
    published.map(async ([law, value]) =>
      printedRow({
        what: `E φφ of x = (1, 0) and y at angle 1, ${law} weights of variance 1, ReLU`,
        published: value,
        source: 'derived',
        measured: (await kernel(law, { variance: 1 })) as number,
        decimals: 6,
      }),
    ),
  );
  const [degreesOfFreedom, gaussian] = [3, 0.318084];
  // Scale 1/√3 has variance 1 at ν = 3.
  const measured = (await kernel('multivariateT', { degreesOfFreedom, scale: Math.sqrt(1 / 3) })) as number;
  const what = 'the same, multivariate t weights of variance 1: rotation keeps the Gaussian kernel';
  return [...rows, printedRow({ what, published: gaussian, source: 'derived', measured, decimals: 6 })];
}

async function drawn({ depths }: LawScale, all: readonly Measured[]): Promise<VegaLiteFigure> {
  const negativeSlope = all[0]?.negativeSlope ?? 0;
  const points: CurvePoint[] = [];
  for (const [d, depth] of depths.entries()) {
    const panel = `behind ${depth} hidden ${depth === 1 ? 'layer' : 'layers'}`;
    for (let i = 0; i <= 60; i++) {
      const angle = (Math.PI * i) / 60;
      const y = (await evaluate('kernel', 'normalizedKernelAtDepth', { negativeSlope, angle, depth })) as number;
      points.push({ x: angle, y, series: 'theory', panel });
    }
    for (const [k, { law, cosine, error }] of all.entries())
      for (const [i, angle] of angles.entries()) {
        const [y, margin] = [cosine[d]?.[i] as number, 2 * (error[d]?.[i] as number)];
        // Side by side: the bars of six laws would hide each other.
        const x = angle + 0.03 * (k - (all.length - 1) / 2);
        points.push({ x, y, low: y - margin, high: y + margin, mark: 'point', series: law, panel });
      }
  }
  return figureCurves(points, {
    title: `Normalised kernels, slope ${negativeSlope}`,
    x: 'angle of the inputs (laws side by side)',
    y: 'cosine',
    width: 300,
    height: 220,
    columns: 2,
  });
}
