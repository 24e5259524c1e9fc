// Finite-size scaling of dropconnect: at mean degree 1 + a/√W and depth t√W the path probability depends on a and t only.
import { figure } from '../../verbs/figure.js';
import { simulate } from '../../verbs/predict.js';
import { printedRow, statementRow, statisticRow } from '../rows.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';
import { paper, quantity, sources } from './paper.js';

interface CollapseScale extends Scale {
  readonly trials: number;
}

const widths = [64, 256, 1024];
/** θ at mean degree 1: [t, W = 64, 256, 1024], to three decimals. */
const critical: readonly (readonly [number, readonly number[]])[] = [
  [2, [0.788, 0.848, 0.881]],
  [4, [0.316, 0.338, 0.354]],
];

export const criticalCollapse: Reproduction<CollapseScale> = {
  id: 'percolation-critical-collapse',
  paper,
  system: 'percolation',
  title: 'Critical window of dropconnect: path probability at mean degree 1 + a/√W and depth t√W',
  settings: { width: widths, scaledDepth: critical.map(([t]) => t), offset: [-2, 0, 2] },
  scales: { quick: { trials: 4096, cost: '20 s' }, paper: { trials: 102_400, cost: '1 min' } },
  run: async ({ trials }, { seed = 1, threads = 0, journal: _journal, ...control }) => {
    const rows: ReproductionRow[] = [];
    const pathProbability = theory();
    for (const [t, published] of critical) {
      for (const [i, width] of widths.entries()) {
        const theta = await pathProbability(width, t, 0);
        rows.push(
          printedRow({
            what: `θ at a = 0, t = ${t}, W = ${width}`,
            published: published[i] as number,
            source: sources.derived,
            measured: theta,
            decimals: 3,
          }),
        );
        if (width > 256) continue;
        const { observables } = await simulate(
          { system: 'percolation', ...network(width, t, 0) },
          { trials, seed, threads, backward: false },
          control,
        );
        rows.push(
          statisticRow({
            what: `share of ${trials} masks with a path at a = 0, t = ${t}, W = ${width}`,
            published: theta,
            source: sources.derived,
            measured: observables.pathProbability?.values.at(-1) ?? 0,
            standardError: Math.sqrt((theta * (1 - theta)) / trials),
            count: Infinity,
          }),
        );
      }
      for (const offset of [-2, 0, 2]) rows.push(await collapseRow(t, offset, pathProbability));
    }
    const drawn = await figure({ system: 'percolation' }, 'criticalCollapse', control);
    return { figures: [{ name: 'collapse', figure: drawn }], rows };
  },
};

function network(
  width: number,
  t: number,
  offset: number,
): { width: number; depth: number; edgeKeepProbability: number } {
  return {
    width,
    depth: Math.round(t * Math.sqrt(width)),
    edgeKeepProbability: (1 + offset / Math.sqrt(width)) / width,
  };
}

type PathProbability = (width: number, t: number, offset: number) => Promise<number>;

/** Path probabilities, each computed once: a width of 1024 takes a third of a second. */
function theory(): PathProbability {
  const known = new Map<string, Promise<number>>();
  return (width, t, offset) => {
    const key = `${width} ${t} ${offset}`;
    const found = known.get(key) ?? quantity('pathProbability', network(width, t, offset));
    known.set(key, found);
    return found;
  };
}

/** Corrections are of order 1/√W: with four times the width they shrink. */
async function collapseRow(t: number, offset: number, pathProbability: PathProbability): Promise<ReproductionRow> {
  const [small, middle, large] = (await Promise.all(widths.map((width) => pathProbability(width, t, offset)))) as [
    number,
    number,
    number,
  ];
  const [before, after] = [Math.abs(middle - small), Math.abs(large - middle)];
  return statementRow({
    what: `curves draw together at a = ${offset}, t = ${t}`,
    published: 'the step from W = 256 to 1024 is smaller than that from 64 to 256',
    source: sources.derived,
    measured: `${after.toFixed(4)} against ${before.toFixed(4)}`,
    holds: after < before,
  });
}
