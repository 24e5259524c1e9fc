// Figures of system `residual`: growth along the layers, width variation, the phase diagram with its table.
import type { ControlOptions } from '../../core/control.js';
import type { SystemFigure, SystemOptions, VegaLiteFigure } from '../../core/system.js';
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { figure, palette, titled } from '../../figures/vega-lite.js';
import type { ActivationSpec } from '../../gaussian/activations.js';
import { linearGrid, logGrid } from '../../numeric/grids.js';
import { growthLaw } from './growth-law.js';
import type { GrowthForm } from './growth-schedule.js';
import { predictedInputs } from './inputs.js';
import { nativeNetwork, recurrence } from './network.js';
import { phaseTable } from './phase-table.js';
import { predictResidual } from './predict.js';
import { simulateResidual } from './simulate.js';
import type { ResolvedResidualRun, ResolvedResidualSpec } from './spec.js';
import { withCommonDecay } from './design.js';

/** Layers 1..L, at most 400 of them, evenly in log l. */
function layersShown(depth: number): number[] {
  const count = Math.min(400, depth);
  return [...new Set(logGrid(1, depth, count).map(Math.round))];
}

/** Theory along the layers for several common decays. */
async function growthCurves(spec: ResolvedResidualSpec, options: SystemOptions): Promise<VegaLiteFigure> {
  const { secondMoments, angularDeficit } = predictedInputs(spec, options.inputs);
  const points: CurvePoint[] = [];
  const decays = spec.block === 'full' ? [0, 0.25, 0.5, 0.75, 1] : [spec.innerWeightDecay];
  for (const decay of decays) {
    const network = spec.block === 'full' ? withCommonDecay(spec, decay) : spec;
    const run = await recurrence(
      nativeNetwork(network),
      {
        secondMoment: secondMoments[0] as number,
        angularDeficit: angularDeficit ?? 0,
        pair: angularDeficit !== undefined,
        fluctuations: false,
        interpolate: true,
      },
      options,
    );
    for (const l of layersShown(spec.depth)) {
      const series = `β = ${decay}`;
      const chi = (run.logGradient[0] as number) - (run.logGradient[l] as number);
      points.push(
        { panel: 'log χ_0/χ_l', series, x: l, y: chi },
        { panel: 'log p_l', series, x: l, y: run.logSecondMoment[l] as number },
      );
      // One input, and two of different length, have no s and e in theory.
      if (angularDeficit === undefined) continue;
      const logDeficit = (run.logMetricExpressivity[l] as number) - (run.logSecondMoment[l] as number);
      points.push(
        { panel: 'log s_l', series, x: l, y: run.logMetricExpressivity[l] as number },
        { panel: 'e_l', series, x: l, y: -Math.expm1(logDeficit) },
      );
    }
  }
  return figureCurves(points, {
    title: `Growth along the layers, ${JSON.stringify(spec.activation)}`,
    x: 'layer',
    y: '',
    xScale: 'log',
    columns: 2,
  });
}

/** p, e and χ against the layer, theory and simulation, with and without the width schedule. */
async function widthVariation(
  spec: ResolvedResidualSpec,
  run: ResolvedResidualRun,
  options: ControlOptions,
): Promise<VegaLiteFigure> {
  const points: CurvePoint[] = [];
  const first =
    typeof spec.width === 'number' ? spec.width : 'start' in spec.width ? spec.width.start : (spec.width[0] as number);
  const { hiddenWidth: _, ...rest } = spec;
  for (const [series, network] of [
    ['widths of the spec', spec],
    ['constant width', { ...rest, width: first }],
  ] as const) {
    const theory = await predictResidual(network as ResolvedResidualSpec, options);
    const simulation = await simulateResidual(network as ResolvedResidualSpec, run, options);
    for (const [panel, name] of [
      ['p_l', 'secondMoment'],
      ['e_l', 'angularExpressivity'],
      ['χ_l/χ_L per coordinate', 'gradientSecondMoment'],
      ['|∂E/∂x_l|² total', 'gradientTotal'],
    ] as const) {
      const expected = theory.observables[name];
      const measured = simulation.observables[name];
      if (expected === undefined || measured === undefined) continue;
      const inner = expected.axes[1]?.values.length ?? 1;
      const value = (y: number): number => (expected.scale === 'log' ? Math.exp(y) : y);
      for (let l = 0; l < expected.values.length / inner; l++) {
        const estimate = value(measured.values[l * inner] as number);
        // One standard deviation over networks, as in the paper's figure.
        const deviation = Math.sqrt(measured.variance[l * inner] as number) * (expected.scale === 'log' ? estimate : 1);
        points.push(
          { panel, series, x: l, y: value(expected.values[l * inner] as number) },
          { panel, series, mark: 'point', x: l, y: estimate, low: estimate - deviation, high: estimate + deviation },
        );
      }
    }
  }
  return figureCurves(points, {
    title: 'Width variation: theory (lines), networks (points, ± one standard deviation)',
    x: 'layer',
    y: '',
    columns: 2,
  });
}

const formColours: readonly (readonly [GrowthForm, string])[] = [
  ['stretchedExponential', palette[1] as string],
  ['exponentialOfSqrtLog', palette[4] as string],
  ['power', palette[0] as string],
  ['powerTimesLog', palette[5] as string],
  ['log', palette[3] as string],
  ['bounded', palette[2] as string],
  ['marginal', '#999999'],
];

/** One cell of the phase diagram. */
interface PhaseCell {
  readonly panel: string;
  readonly x: number;
  readonly y: number;
  readonly form: GrowthForm;
  readonly exponent?: number;
}

const steps = linearGrid(0, 1.5, 31);

/** The diagram of tanh and ReLU over two decays: weights (β_v = β_w) across, biases (β_a = β_b) up; all variances 1. */
function phaseCells(): readonly PhaseCell[] {
  const cells: PhaseCell[] = [];
  const base = {
    innerWeightVariance: 1,
    innerBiasVariance: 1,
    outerWeightVariance: 1,
    outerBiasVariance: 1,
    tolerance: 1e-9,
  };
  for (const activation of ['tanh', 'relu'] as readonly ActivationSpec[]) {
    for (const weights of steps) {
      for (const biases of steps) {
        const law = growthLaw({
          ...base,
          activation,
          innerWeightDecay: weights,
          outerWeightDecay: weights,
          innerBiasDecay: biases,
          outerBiasDecay: biases,
        });
        for (const name of ['gradient', 'length'] as const) {
          const { form, exponent } = law[name];
          cells.push({
            panel: `${String(activation)}: ${name === 'gradient' ? 'χ_0/χ_l' : 'p_l'}`,
            x: weights,
            y: biases,
            form,
            ...(exponent === undefined ? {} : { exponent }),
          });
        }
      }
    }
  }
  return cells;
}

function phaseDiagram(): VegaLiteFigure {
  const cells = phaseCells();
  const half = 0.025;
  const color = {
    field: 'form',
    type: 'nominal',
    title: null,
    legend: { labelLimit: 240 },
    scale: { domain: formColours.map(([form]) => form), range: formColours.map(([, colour]) => colour) },
  };
  const encoding = {
    x: { field: 'x0', type: 'quantitative', title: 'β_v = β_w', scale: { nice: false } },
    x2: { field: 'x1' },
    y: { field: 'y0', type: 'quantitative', title: 'β_a = β_b', scale: { nice: false } },
    y2: { field: 'y1' },
    color,
    opacity: { field: 'exponent', type: 'quantitative', legend: null, scale: { domain: [0, 2], range: [0.35, 1] } },
  };
  const panels = [...new Set(cells.map((cell) => cell.panel))];
  return figure({
    ...titled('Growth of gradients and activations, all variances 1 (darker: larger exponent)'),
    columns: 2,
    concat: panels.map((panel) => ({
      title: panel,
      width: 220,
      height: 220,
      data: {
        values: cells
          .filter((cell) => cell.panel === panel)
          .map((cell) => ({
            exponent: 1,
            ...cell,
            x0: cell.x - half,
            x1: cell.x + half,
            y0: cell.y - half,
            y1: cell.y + half,
          })),
      },
      mark: { type: 'rect', strokeWidth: 0 },
      encoding,
    })),
  });
}

/** Fitted exponents of iterated recurrences against those of the theory, one point per cell of the table. */
async function exponentTable(options: ControlOptions): Promise<VegaLiteFigure> {
  const rows = await phaseTable(100_000, options);
  const shown: CurvePoint[] = rows.flatMap((row) =>
    row.exponent === undefined || row.fittedExponent === undefined
      ? []
      : [
          {
            panel: `${row.activation}: ${row.quantity === 'gradient' ? 'χ_0/χ_l' : 'p_l'}`,
            series: `fitted: ${row.form}`,
            mark: 'point',
            x: row.exponent,
            y: row.fittedExponent,
          } as const,
        ],
  );
  const diagonal = [...new Set(shown.map(({ panel }) => panel))].flatMap((panel) =>
    [0, 1].map((x): CurvePoint => ({ ...(panel === undefined ? {} : { panel }), series: 'theory', x, y: x })),
  );
  return figureCurves([...diagonal, ...shown], {
    title: 'Growth exponents: fits to recurrences of depth 100 000 against the theory',
    x: 'exponent in theory',
    y: 'fitted exponent',
    columns: 2,
  });
}

export const figures: Readonly<Record<string, SystemFigure<ResolvedResidualSpec, ResolvedResidualRun>>> = {
  growth: {
    description: 'log χ_0/χ_l, log p_l, log s_l and e_l along the layers for common decays 0 to 1 (theory).',
    usesSpec: true,
    simulates: false,
    build: (spec, _run, options) => growthCurves(spec, options),
  },
  widthVariation: {
    description:
      'p, e, χ per coordinate and total against the layer with the widths of the spec and with constant width (theory and simulation).',
    usesSpec: true,
    simulates: true,
    build: widthVariation,
  },
  phaseTable: {
    description:
      'Exponents fitted to iterated recurrences against those of the theory, a point per cell of the phase table.',
    usesSpec: false,
    simulates: false,
    build: (_spec, _run, options) => exponentTable(options),
  },
  phaseDiagram: {
    description: 'Form of growth of gradients and activations over the decay exponents, tanh and ReLU (3.7).',
    usesSpec: false,
    simulates: false,
    build: async () => phaseDiagram(),
  },
};
