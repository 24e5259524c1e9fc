// Figures of system `percolation`: path-probability curves, phase diagram, finite-size collapse, layer profile.
import type { ControlOptions } from '../../core/control.js';
import type { SystemFigure, VegaLiteFigure } from '../../core/system.js';
import { figureCurves, type CurvePoint } from '../../figures/curves.js';
import { figureHeatMap, type HeatCell, type HeatLine } from '../../figures/heat-map.js';
import { linearGrid } from '../../numeric/grids.js';
import { pathProbability } from './chain.js';
import { layerRuns, type Network } from './network.js';
import { predictPercolation } from './predict.js';
import { simulatePercolation } from './simulate.js';
import { type ResolvedPercolationRun, type ResolvedPercolationSpec, resolvePercolationSpec } from './spec.js';

function rectangle(width: number, depth: number, keepProbability: number, edgeKeepProbability: number): Network {
  return {
    inputWidth: width,
    inputKeepProbability: 1,
    depth,
    runs: layerRuns({ depth, width, outputWidth: width, keepProbability, edgeKeepProbability }),
  };
}

const models = ['site', 'bond'] as const;
type Model = (typeof models)[number];

function keeps(model: Model, drop: number): { keepProbability: number; edgeKeepProbability: number } {
  return model === 'site'
    ? { keepProbability: 1 - drop, edgeKeepProbability: 1 }
    : { keepProbability: 1, edgeKeepProbability: 1 - drop };
}

const curveWidths = [2, 4, 8, 16, 32];
const curveDepths = [1, 10, 100];

/** θ against the drop probability, one panel per model and depth: exact lines and, at fewer points, explicit masks. */
async function pathCurves(
  _spec: unknown,
  run: ResolvedPercolationRun,
  options: ControlOptions,
): Promise<VegaLiteFigure> {
  const points: CurvePoint[] = [];
  for (const model of models) {
    for (const depth of curveDepths) {
      const panel = `${model === 'site' ? 'dropout' : 'dropconnect'}, L = ${depth}`;
      for (const width of curveWidths) {
        const series = `W = ${width}`;
        for (const drop of linearGrid(0, 1, 81)) {
          const keep = keeps(model, drop);
          points.push({
            x: drop,
            y: Math.exp(
              (await pathProbability(rectangle(width, depth, keep.keepProbability, keep.edgeKeepProbability), options))
                .logPath,
            ),
            series,
            panel,
          });
        }
        for (const drop of linearGrid(0.1, 0.9, 9))
          points.push({
            ...(await simulated(width, depth, { ...keeps(model, drop) }, run, options)),
            x: drop,
            series,
            panel,
          });
      }
    }
  }
  return figureCurves(points, {
    title: 'Probability that a path survives',
    x: 'drop probability',
    y: 'path probability θ',
  });
}

async function simulated(
  width: number,
  depth: number,
  keep: { keepProbability: number; edgeKeepProbability: number },
  run: ResolvedPercolationRun,
  options: ControlOptions,
): Promise<CurvePoint> {
  const spec = resolvePercolationSpec({ width, depth, ...keep });
  const { observables } = await simulatePercolation(spec, { ...run, backward: false, engine: 'masks' }, options);
  const path = observables.pathProbability;
  const y = path?.values.at(-1) ?? 0;
  const error = path?.standardError.at(-1) ?? 0;
  return { x: 0, y, low: y - 2 * error, high: y + 2 * error, mark: 'point' };
}

/** log10 of −log θ over width and log10 depth, with the line where half the masks are blocked on the site model's asymptote. */
async function phaseDiagram(
  spec: ResolvedPercolationSpec,
  _run: unknown,
  options: ControlOptions,
): Promise<VegaLiteFigure> {
  const keepProbability =
    (typeof spec.keepProbability === 'number' ? spec.keepProbability : (spec.keepProbability[0] ?? 1)) *
    spec.activeProbability;
  const edgeKeepProbability =
    typeof spec.edgeKeepProbability === 'number' ? spec.edgeKeepProbability : (spec.edgeKeepProbability[0] as number);
  const cells: HeatCell[] = [];
  const half: { x: number; y: number }[] = [];
  for (let width = 1; width <= 32; width++) {
    let before: HeatCell | undefined;
    for (const y of linearGrid(0, 6, 25)) {
      const { logHazard } = await pathProbability(
        rectangle(width, Math.round(10 ** y), keepProbability, edgeKeepProbability),
        options,
      );
      const cell = { x: width, y, value: Math.max(-12, Math.min(4, logHazard / Math.LN10)) };
      const level = Math.log10(Math.LN2);
      if (before !== undefined && before.value < level && cell.value >= level)
        half.push({ x: width, y: before.y + ((level - before.value) / (cell.value - before.value)) * (y - before.y) });
      before = cell;
      cells.push(cell);
    }
  }
  const drop = 1 - keepProbability;
  const site =
    drop > 0 && drop < 1 ? linearGrid(1, 32, 63).map((x) => ({ x, y: (-x * Math.log(drop)) / Math.LN10 })) : [];
  const lines: HeatLine[] = [
    { series: 'θ = 1/2', points: half },
    ...(edgeKeepProbability === 1 && site.length > 0 ? [{ series: 'L p^W = 1', points: site }] : []),
  ];
  return figureHeatMap(cells, {
    title: 'Where paths die',
    x: 'width W',
    y: 'log10 depth',
    value: 'log10(−log θ)',
    lines,
  });
}

/** θ at mean degree 1 + a/√W and depth t√W: curves of different widths fall together. */
async function criticalCollapse(_spec: unknown, _run: unknown, options: ControlOptions): Promise<VegaLiteFigure> {
  const points: CurvePoint[] = [];
  for (const width of [64, 256, 1024]) {
    const root = Math.sqrt(width);
    for (const scaledDepth of [1, 2, 4]) {
      for (const offset of linearGrid(-3, 3, 13)) {
        const edgeKeepProbability = Math.min(1, (1 + offset / root) / width);
        const { logPath } = await pathProbability(
          rectangle(width, Math.round(scaledDepth * root), 1, edgeKeepProbability),
          options,
        );
        points.push({ x: offset, y: Math.exp(logPath), series: `W = ${width}`, panel: `L = ${scaledDepth} √W` });
      }
    }
  }
  return figureCurves(points, {
    title: 'Critical window of dropconnect',
    x: 'a = (W b − 1) √W',
    y: 'path probability θ',
  });
}

/** Observables layer by layer: theory as lines, simulation as points. */
async function profile(
  spec: ResolvedPercolationSpec,
  run: ResolvedPercolationRun,
  options: ControlOptions,
): Promise<VegaLiteFigure> {
  const theory = (await predictPercolation(spec, options)).observables;
  const simulation = (await simulatePercolation(spec, run, options)).observables;
  const points: CurvePoint[] = [];
  for (const [name, { axes, values, standardError }] of Object.entries(simulation)) {
    const layers = axes[0]?.values ?? [];
    const expected = theory[name as keyof typeof theory];
    const isKnown = expected !== undefined && expected.undefinedAt === undefined;
    for (const [i, y] of values.entries()) {
      const x = layers[i] as number;
      const margin = 2 * (standardError[i] as number);
      if (isKnown) points.push({ x, y: expected.values[i] as number, panel: name });
      points.push({ x, y, low: y - margin, high: y + margin, mark: 'point', panel: name });
    }
  }
  return figureCurves(points, { title: 'Reached nodes, layer by layer', x: 'layer', y: 'value' });
}

export const figures = {
  profile: {
    description:
      'Path probability, reached fractions and edge participation of the spec, layer by layer: theory and simulation.',
    usesSpec: true,
    simulates: true,
    build: profile,
  },
  pathCurves: {
    description:
      'Path probability against drop probability for widths 2 to 32 and depths 1, 10, 100, dropout and ' +
      'dropconnect: theory and explicit masks.',
    usesSpec: false,
    simulates: true,
    build: pathCurves,
  },
  phaseDiagram: {
    description: 'Width against depth at the keep rates of the spec, with the line of path probability 1/2.',
    usesSpec: true,
    simulates: false,
    build: phaseDiagram,
  },
  criticalCollapse: {
    description: 'Finite-size scaling of dropconnect at mean degree 1 + a/√W and depth t√W.',
    usesSpec: false,
    simulates: false,
    build: criticalCollapse,
  },
} as const satisfies Readonly<Record<string, SystemFigure<ResolvedPercolationSpec, ResolvedPercolationRun>>>;
