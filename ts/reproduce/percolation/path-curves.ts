// Path probability against drop probability, and the keep rates at which half of the masks leave a path.
import { figure } from '../../verbs/figure.js';
import { simulate } from '../../verbs/predict.js';
import { printedRow, statisticRow } from '../rows.js';
import type { Reproduction, ReproductionOptions, ReproductionRow, Scale } from '../types.js';
import { paper, quantity, sources } from './paper.js';

interface CurveScale extends Scale {
  readonly trials: number;
}

const depths = [1, 10, 100];
/** Half-way keep rates [W, dropout at L = 1, 10, 100, dropconnect at L = 1, 10, 100], to four decimals. */
const halfway: readonly (readonly [number, readonly number[], readonly number[]])[] = [
  [2, [0.2929, 0.7412, 0.9169], [0.3226, 0.6152, 0.7885]],
  [4, [0.1591, 0.4913, 0.7117], [0.1195, 0.3022, 0.4172]],
  [8, [0.083, 0.2868, 0.4631], [0.0416, 0.1361, 0.1885]],
  [16, [0.0424, 0.1555, 0.2672], [0.0143, 0.0606, 0.0839]],
  [32, [0.0214, 0.081, 0.144], [0.0049, 0.0272]],
];

export const pathCurves: Reproduction<CurveScale> = {
  id: 'percolation-path-curves',
  paper,
  system: 'percolation',
  title: 'Path probability against drop probability, and half-way keep rates',
  settings: { width: halfway.map(([width]) => width), depth: depths, models: ['dropout', 'dropconnect'], target: 0.5 },
  scales: { quick: { trials: 4096, cost: '20 s' }, paper: { trials: 102_400, cost: '5 min' } },
  run: async ({ trials }, { seed = 1, threads = 0, journal: _journal, ...control }) => {
    const rows: ReproductionRow[] = [];
    for (const [width, site, bond] of halfway) {
      for (const [model, published] of [
        ['keepProbability', site],
        ['edgeKeepProbability', bond],
      ] as const) {
        for (const [i, value] of published.entries())
          rows.push(
            ...(await halfwayRows(model, width, depths[i] as number, value, trials, { seed, threads, ...control })),
          );
      }
    }
    const drawn = await figure({ system: 'percolation' }, 'pathCurves', { run: { trials, seed, threads }, ...control });
    return { figures: [{ name: 'curves', figure: drawn }], rows };
  },
};

/** The half-way keep rate, and the share of explicit masks with a path there. */
async function halfwayRows(
  model: 'keepProbability' | 'edgeKeepProbability',
  width: number,
  depth: number,
  published: number,
  trials: number,
  { seed = 1, threads = 0, journal: _journal, ...control }: ReproductionOptions,
): Promise<ReproductionRow[]> {
  const where = `${model === 'keepProbability' ? 'dropout' : 'dropconnect'}, W = ${width}, L = ${depth}`;
  const keep = await quantity(model === 'keepProbability' ? 'siteCriticalKeep' : 'bondCriticalKeep', {
    width,
    depth,
    target: 0.5,
  });
  const { observables } = await simulate(
    { system: 'percolation', width, depth, [model]: keep },
    { trials, seed, threads, backward: false },
    control,
  );
  const path = observables.pathProbability;
  return [
    printedRow({
      what: `half-way keep rate: ${where}`,
      published,
      source: sources.derived,
      measured: keep,
      decimals: 4,
    }),
    statisticRow({
      what: `share of ${trials} masks with a path there: ${where}`,
      published: 0.5,
      source: sources.derived,
      measured: path?.values.at(-1) ?? 0,
      standardError: Math.sqrt(0.25 / trials),
      count: Infinity,
    }),
  ];
}
