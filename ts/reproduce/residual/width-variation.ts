// Width variation: widths that halve at l = m² cap the gradient per coordinate, change no forward mean, and widen the spread.
import { figure } from '../../verbs/figure.js';
import type { ResidualSpec } from '../../systems/residual/spec.js';
import { compare } from '../../statistics/compare.js';
import { predict, simulate } from '../../verbs/predict.js';
import { comparisonRow, numberRow, statementRow, statisticRow } from '../rows.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';
import { paper, sources, variances } from './paper.js';

interface WidthScale extends Scale {
  readonly start: number;
  readonly trials: number;
}

const depth = 100;
const halveAt = [16, 25, 36, 49, 64, 81] as const;
/** Means that hold at every width. Cosines and logarithms of single networks are biased by 1/width, which is 1/16 at the end. */
const exactMeans = [
  'secondMoment',
  'metricExpressivity',
  'gradientSecondMoment',
  'outerWeightGradient',
  'innerWeightGradient',
] as const;

export const widthVariation: Reproduction<WidthScale> = {
  id: 'residual-width-variation',
  paper,
  system: 'residual',
  title: 'Width variation: p, e and χ against the layer, with widths halved at l = 16, 25, … 81 and without',
  settings: { activation: 'tanh', depth, ...variances, width: { start: 2048, halveAt }, draws: 'not recorded' },
  scales: { quick: { start: 1024, trials: 400, cost: '5 s' }, paper: { start: 2048, trials: 4000, cost: '1 min' } },
  run: async ({ start, trials }, { seed = 1, threads = 0, journal: _journal, ...control }) => {
    const run = { trials, seed, threads };
    const constant = { system: 'residual', activation: 'tanh', depth, ...variances, width: start } as const satisfies {
      system: 'residual';
    } & ResidualSpec;
    const halved = { ...constant, width: { start, halveAt } };
    const rows: ReproductionRow[] = [];
    const [plain, varied] = await Promise.all([predict(constant), predict(halved)]);
    const last = (
      observable:
        | { readonly values: Float64Array; readonly axes: readonly { readonly values: Float64Array }[] }
        | undefined,
      layer: number,
    ): number => {
      const inner = observable?.axes[1]?.values.length ?? 1;
      return observable?.values[layer * inner] as number;
    };
    const number = (what: string, published: number, measured: number, tolerance: number): void =>
      void rows.push(numberRow({ what, published, source: sources.caption, measured, tolerance }));
    number('p_100', 190.268, Math.exp(last(plain.observables.secondMoment, depth)), 5e-4);
    number('e_100', 0.88375, last(plain.observables.angularExpressivity, depth), 5e-6);
    number('p_100 with halved widths: the same', 190.268, Math.exp(last(varied.observables.secondMoment, depth)), 5e-4);
    number(
      'χ_0/χ_100',
      997.81,
      Math.exp(last(plain.observables.gradientSecondMoment, 0) - last(plain.observables.gradientSecondMoment, depth)),
      5e-3,
    );
    number(
      'χ_0/χ_100 with halved widths',
      15.591,
      Math.exp(last(varied.observables.gradientSecondMoment, 0) - last(varied.observables.gradientSecondMoment, depth)),
      5e-4,
    );
    const chi = Array.from({ length: depth - 14 }, (_, i) =>
      Math.exp(
        last(varied.observables.gradientSecondMoment, 15 + i) - last(varied.observables.gradientSecondMoment, depth),
      ),
    );
    rows.push(
      statementRow({
        what: 'χ_l with halved widths from l = 15 on',
        published: 'in [1, 2.882]',
        source: sources.caption,
        measured: `in [${Math.min(...chi).toFixed(3)}, ${Math.max(...chi).toFixed(3)}]`,
        holds: Math.min(...chi) > 0.9995 && Math.abs(Math.max(...chi) - 2.882) < 5e-4,
      }),
    );
    for (const [name, spec, prediction] of [
      ['constant widths', constant, plain],
      ['halved widths', halved, varied],
    ] as const) {
      const simulation = await simulate(spec, run, control);
      rows.push(
        comparisonRow({
          what: `networks with ${name} against the recurrences: p, s, χ, χ_v, χ_w at every layer`,
          source: sources.theorem,
          comparison: compare(prediction, simulation, { observables: exactMeans }),
        }),
      );
      const second = simulation.observables.secondMoment;
      const inner = second?.axes[1]?.values.length ?? 1;
      const predicted = prediction.quantities.relativeStandardDeviationOfSecondMoment;
      if (second === undefined || typeof predicted !== 'number') continue;
      const spread = Math.sqrt(second.variance[depth * inner] as number);
      // The error of a standard deviation of a nearly log-normal sample of this size, with its heavy tail counted twice.
      rows.push(
        statisticRow({
          what: `relative standard deviation of |x_100|²/N, ${name}`,
          published: predicted,
          source: sources.derived,
          measured: spread,
          standardError: (2 * spread) / Math.sqrt(2 * (trials - 1)),
          count: trials,
          allowance: predicted ** 2 / 2,
        }),
      );
    }
    const drawn = await figure(halved, 'widthVariation', { run, ...control });
    return { figures: [{ name: 'profiles', figure: drawn }], rows };
  },
};
