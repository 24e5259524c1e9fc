// Networks held to norms and to ranks while they train: what that does to the gap and to the bounds on it.
import { ticker } from '../../core/control.js';
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { inSetting, statementRow } from '../rows.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';
import { type GapPoint, gapData, isResolved, mean, trainedGap } from './gap-runs.js';
import { gratingsTraining, leastSteps } from './gratings-network.js';

interface ControlScale extends Scale {
  /** Norms b of the kernels, or ranks. */
  readonly values: readonly number[];
  readonly seeds: number;
  readonly steps: number;
}

const samples = 200;

interface Controlled extends GapPoint {
  readonly value: number;
}

/** A knob that training is held to, and the fields of the network at one of its values. */
interface Knob {
  readonly id: string;
  readonly title: string;
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly at: (value: number) => Readonly<Record<string, unknown>>;
  readonly scales: Reproduction<ControlScale>['scales'];
}

function controlled({ id, title, name, settings, at, scales }: Knob): Reproduction<ControlScale> {
  return {
    id,
    paper:
      'Zhou and Feng: Understanding Generalization and Optimization Performance of Deep CNNs (arXiv 1805.10767), without experiments; ours',
    system: 'convolution',
    title,
    settings: {
      ...gratingsTraining().network,
      ...gratingsTraining().options,
      ...settings,
      samples,
      batch: 'all images',
    },
    scales,
    run: async (scale, { seed = 1, threads = 0, journal: _journal, ...control }) => {
      const data = await gapData('gratings');
      const { onProgress: _, ...quiet } = control;
      const tick = ticker(scale.values.length * scale.seeds, control);
      const points: Controlled[] = [];
      for (const value of scale.values)
        for (let i = 0; i < scale.seeds; i++) {
          const training = { ...gratingsTraining(at(value)), steps: scale.steps };
          points.push({ value, ...(await trainedGap(data, training, samples, seed + i, { threads, ...quiet })) });
          await tick(points.length);
        }
      const rows = rowsOf(name, points, scale.values).map((row) =>
        inSetting(row, scale.steps >= leastSteps, `${leastSteps} steps are the setting`),
      );
      return { figures: [{ name: 'gap', figure: draw(title, name, points, scale.values) }], rows };
    },
  };
}

function rowsOf(name: string, points: readonly Controlled[], values: readonly number[]): ReproductionRow[] {
  const at = (value: number): readonly Controlled[] => points.filter((point) => point.value === value);
  const below = values.map((value) => {
    const own = at(value);
    const largest = Math.max(...own.map(({ gap }) => Math.abs(gap)));
    const [stated, certified] = [Math.min(...own.map((p) => p.stated)), Math.min(...own.map((p) => p.certified))];
    return statementRow({
      what: `gap of ${own.length} networks of ${name} ${value}`,
      published: 'below the stated and the certified bound of the class that training was held to',
      source: 'derived',
      measured:
        `gap ${mean(own.map(({ gap }) => gap)).toFixed(3)}, at most ${largest.toFixed(3)}; ` +
        `stated ${stated.toFixed(2)}, certified ${certified.toFixed(2)}`,
      holds: largest < stated && largest < certified,
    });
  });
  const [first, last] = [at(values[0] as number), at(values.at(-1) as number)];
  const change = (value: (point: Controlled) => number): readonly [string, boolean, boolean] => {
    const [a, b] = [first.map(value), last.map(value)];
    return [`${mean(a).toFixed(3)} → ${mean(b).toFixed(3)}`, mean(b) > mean(a), isResolved(a, b)];
  };
  const ends = `${name} ${values[0]} → ${values.at(-1)}`;
  const [gaps, gapGrows, gapDiffers] = change(({ gap }) => gap);
  const [risks, riskGrows, riskDiffers] = change(({ trainRisk }) => trainRisk);
  const bounds = values.map((value) => mean(at(value).map(({ stated }) => stated)));
  return [
    ...below,
    statementRow({
      what: 'the stated bound',
      published: `grows with every ${name}`,
      source: 'Zhou and Feng 2018, theorem 1',
      measured: bounds.map((bound) => bound.toFixed(2)).join(', '),
      holds: bounds.every((bound, i) => i === 0 || bound > (bounds[i - 1] as number)),
    }),
    statementRow({
      what: `the measured gap, ${ends}`,
      published: 'grows, as the bound does',
      source: 'Zhou and Feng 2018, after theorem 1',
      measured: gaps,
      holds: gapGrows && gapDiffers,
      isResolved: gapDiffers,
    }),
    statementRow({
      what: `the training risk, ${ends}`,
      published: 'falls: the constraint binds',
      source: 'derived',
      measured: risks,
      holds: !riskGrows && riskDiffers,
      isResolved: riskDiffers,
    }),
  ];
}

const draw = (
  title: string,
  name: string,
  points: readonly Controlled[],
  values: readonly number[],
): ReturnType<typeof figureCurves> => {
  const bound = (series: string, of: (point: GapPoint) => number): CurvePoint[] =>
    values.map((x) => ({ x, y: mean(points.filter(({ value }) => value === x).map(of)), series }));
  return figureCurves(
    [
      ...bound('stated bound', ({ stated }) => stated),
      ...bound('certified bound', ({ certified }) => certified),
      ...bound('training risk', ({ trainRisk }) => trainRisk),
      ...points.map(({ value, gap }) => ({
        x: value,
        y: Math.max(Math.abs(gap), 1e-4),
        series: '|test − training risk|',
        mark: 'point' as const,
      })),
    ],
    { title, x: name, y: 'gap, bound or risk', xScale: 'log', yScale: 'log' },
  );
};

export const norms = controlled({
  id: 'deep-cnn-norms',
  title: 'Training held to norms of the kernels: the gap and the bounds',
  name: 'norm',
  settings: { constraint: 'norms', fcNorm: 8 },
  at: (norm) => ({ constraint: 'norms', norm, fcNorm: 8 }),
  scales: {
    quick: { values: [0.5, 1, 2, 4, 8], seeds: 10, steps: 600, cost: '20 s' },
    paper: { values: [0.25, 0.5, 1, 2, 4, 8, 16], seeds: 40, steps: 600, cost: '2 min' },
  },
});

export const ranks = controlled({
  id: 'deep-cnn-ranks',
  title: 'Training held to ranks of eight kernels of 5 × 5: the gap and the bounds',
  name: 'rank',
  settings: { constraint: 'ranks', width: 8 },
  at: (rank) => ({ constraint: 'ranks', width: 8, rank }),
  scales: {
    quick: { values: [1, 2, 4, 8], seeds: 10, steps: 600, cost: '20 s' },
    paper: { values: [1, 2, 3, 4, 6, 8], seeds: 40, steps: 600, cost: '3 min' },
  },
});
