// The phase table: growth laws of gradients and lengths fitted to iterated recurrences, beside those of the theorems.
import { controlOf } from '../../core/control.js';
import { figure } from '../../verbs/figure.js';
import { phaseTable, type PhaseTableRow } from '../../systems/residual/phase-table.js';
import { predict } from '../../verbs/predict.js';
import { numberRow, statementRow } from '../rows.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';
import { paper, sources, variances } from './paper.js';

interface GrowthScale extends Scale {
  readonly depth: number;
}

/** The one pair of forms that a fit over finitely many layers cannot tell apart: log l, and a power of it near 1. */
const isSameForm = (law: string, fitted: string): boolean =>
  fitted === law || (law === 'log' && fitted === 'powerOfLog');
const tolerance = 0.05;

export const growthLaws: Reproduction<GrowthScale> = {
  id: 'residual-growth-laws',
  paper,
  system: 'residual',
  title: 'Phase table of growth: forms and exponents fitted to recurrences against the theorems, tanh and ReLU',
  settings: {
    ...variances,
    cells: 'one point (β_v, β_w, β_a, β_b) of every region of tanh and ReLU',
    appendix: 'five ReLU cases: V < 1, V = 1, V > 1 with U < 1, = 1, > 1',
  },
  scales: { quick: { depth: 100_000, cost: '10 s' }, paper: { depth: 1_000_000, cost: '1 min' } },
  run: async ({ depth }, control) => {
    const rows = (await phaseTable(depth, control)).map(phaseRow);
    const far = await predict({
      system: 'residual',
      activation: 'relu',
      ...variances,
      outerWeightDecay: 0.8,
      innerWeightDecay: 0.8,
      outerBiasDecay: 0.4,
      innerBiasDecay: 0.4,
      depth,
      width: 1,
    });
    const gradient = far.observables.gradientSecondMoment?.values ?? new Float64Array(2);
    const [first, half, end] = [0, Math.floor(depth / 2), depth].map((l) => gradient[l] as number) as [
      number,
      number,
      number,
    ];
    rows.push(
      statementRow({
        what: 'gradient ratio of ReLU at V = 1.6',
        published: 'bounded',
        source: sources.statement,
        measured: `log χ_0/χ_L = ${(first - end).toFixed(4)}, of which ${(half - end).toExponential(1)} in the second half`,
        holds: half - end < 1e-3 * (first - end),
      }),
    );
    const [table, diagram] = await Promise.all([
      figure({ system: 'residual' }, 'phaseTable', controlOf(control)),
      figure({ system: 'residual' }, 'phaseDiagram', controlOf(control)),
    ]);
    return {
      figures: [
        { name: 'exponents', figure: table },
        { name: 'diagram', figure: diagram },
      ],
      rows,
    };
  },
};

function phaseRow({
  activation,
  decays,
  quantity,
  region,
  form,
  exponent,
  fittedForm,
  fittedExponent,
  isDetermined,
}: PhaseTableRow): ReproductionRow {
  const betas = [decays.outerWeightDecay, decays.innerWeightDecay, decays.outerBiasDecay, decays.innerBiasDecay].join(
    ', ',
  );
  const what = `${activation}, β (v, w, a, b) = ${betas}, ${quantity === 'gradient' ? 'χ_0/χ_l' : 'p_l'} (${region}): ${form}`;
  if (exponent !== undefined && fittedExponent !== undefined) {
    const row = numberRow({ what, published: exponent, source: sources.theorem, measured: fittedExponent, tolerance });
    return row.verdict === 'agrees' || isDetermined
      ? row
      : { ...row, verdict: 'inconclusive', note: 'the local slope still moves at this depth' };
  }
  return statementRow({
    what,
    published: form,
    source: sources.theorem,
    measured: fittedForm,
    holds: isSameForm(form, fittedForm),
    isResolved: isDetermined,
  });
}
