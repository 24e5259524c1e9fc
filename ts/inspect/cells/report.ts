// What a recurrent cell with given weights does: its fixed points, and its Jacobian's singular values beside their law.
import * as z from 'zod';
import { addon, seedHalves } from '../../core/addon.js';
import { type ControlOptions, throwIfAborted } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import { choiceField, numberField, wholeField } from '../../core/fields.js';
import type { Undefined } from '../../core/results.js';
import type { RecurrentSpec } from '../../systems/recurrent/spec.js';
import { evaluate } from '../../verbs/evaluate.js';
import type { StoredArray } from '../../weights/stored.js';
import { type CellFixedPoint, fixedPointsOf } from './fixed-points.js';
import { gateNames, type GivenCell, type GivenGate, stateSize } from './given-cell.js';
import { readCells } from './read-cells.js';
import { step } from './step.js';

/** What no file says of its recurrent cells. */
export interface InspectedSequence {
  /** R of the inputs of the sequences. Default 1. */
  readonly inputVariance?: number;
  /** Steps before the Jacobian is taken. Default 50. */
  readonly steps?: number;
  /** Sequences, each with a Jacobian at its end, and starts of the search for fixed points. Default 8. */
  readonly sequences?: number;
  readonly seed?: number;
  /** Of a cell with one gate: which it is. Default 'vanilla'. */
  readonly cell?: 'vanilla' | 'minimal';
  /** Of the vanilla cell. Default 'tanh'. */
  readonly activation?: 'tanh' | 'relu';
}

/** Share of the singular values up to s. */
export interface SingularShare {
  readonly singularValue: number;
  /** Mean over the sequences, and its standard error. */
  readonly measured: number;
  readonly standardError: number;
  /** Of independent weights of the same variances, drawn anew at every step. */
  readonly predicted: number | Undefined;
}

export interface CellReport {
  readonly name: string;
  /** The cell with the variances and means of its own gates, for `predict`. */
  readonly spec: { readonly system: 'recurrent' } & RecurrentSpec;
  /** Without input, by second moment; undefined where the cell is too large. */
  readonly fixedPoints: readonly CellFixedPoint[] | Undefined;
  /** Mean squared singular value of ∂h_t/∂h_{t−1} after the steps: measured, and χ₁ (of the lstm there is none). */
  readonly meanSquare: number | Undefined;
  readonly predictedMeanSquare: number | Undefined;
  readonly largestSingularValue: number | Undefined;
  readonly shares: readonly SingularShare[];
  /** The largest difference between measured and predicted shares. */
  readonly distance: number | Undefined;
}

export const sequenceField = z.strictObject({
  inputVariance: numberField({ low: 0 }, 'R of the inputs.', 'R').default(1),
  steps: wholeField(1, 10_000, 'Steps before the Jacobian is taken.').default(50),
  sequences: wholeField(2, 100, 'Sequences, and starts of the search.').default(8),
  seed: wholeField(0, Number.MAX_SAFE_INTEGER, 'Seed of the inputs.').default(1),
  cell: choiceField(['vanilla', 'minimal'], 'Which cell of one gate it is.').default('vanilla'),
  activation: choiceField(['tanh', 'relu'], 'φ of the vanilla cell.').default('tanh'),
});

/** Eigenvalues of larger matrices take minutes. */
const mostNumbers = 1024;
const shareCount = 12;
/** Samples of a unit behind a predicted share. */
const samples = 4096;

const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, x) => sum + x, 0) / values.length;
const variance = (values: ArrayLike<number>): number => {
  const center = mean(values);
  return mean(Array.from(values, (x) => (x - center) ** 2));
};

function specOf(given: GivenCell, inputVariance: number): CellReport['spec'] {
  const { cell, units, inputs, resetAfter, isRelu, candidateRecurrentBias } = given;
  const laws = given.gates.map(({ recurrent, input, bias }: GivenGate) => ({
    recurrentWeightVariance: units * variance(recurrent),
    inputWeightVariance: inputs * variance(input),
    biasVariance: variance(bias),
    biasMean: mean(bias),
  }));
  const names = gateNames(cell);
  return {
    system: 'recurrent',
    cell,
    ...(cell === 'vanilla' ? { activation: isRelu ? 'relu' : 'tanh' } : {}),
    ...(laws.length === 1 ? laws[0] : { gates: Object.fromEntries(laws.map((law, k) => [names[k] as string, law])) }),
    ...(cell === 'gru' ? { resetAfter } : {}),
    ...(resetAfter ? { candidateRecurrentBias: variance(candidateRecurrentBias) } : {}),
    inputVariance,
    width: units,
    inputWidth: inputs,
  };
}

/** What theory says, or why it says nothing. */
async function said(
  name: 'chi1' | 'singularValueCdf',
  spec: CellReport['spec'],
  more: Readonly<Record<string, number>>,
): Promise<number | Undefined> {
  const { system: _, width: _width, inputWidth: _inputs, ...fields } = spec;
  try {
    const value = await evaluate('recurrent', name, { ...fields, ...more } as never);
    return value as number | Undefined;
  } catch (error) {
    if (error instanceof MftError && error.code !== 'ERR_MFT_INTERNAL') return { reason: error.message };
    throw error;
  }
}

async function reportOn(
  given: GivenCell,
  options: z.output<typeof sequenceField>,
  control: ControlOptions,
): Promise<CellReport> {
  const { inputVariance, steps, sequences, seed } = options;
  const spec = specOf(given, inputVariance);
  const size = stateSize(given);
  if (size > mostNumbers) {
    const none = { reason: `its state has more than ${mostNumbers} numbers` };
    return {
      ...{ name: given.name, spec, fixedPoints: none, meanSquare: none, predictedMeanSquare: none },
      ...{ largestSingularValue: none, shares: [], distance: none },
    };
  }
  const starts: Float64Array[] = [new Float64Array(size)];
  const spectra: Float64Array[] = [];
  for (let trial = 0; trial < sequences; trial++) {
    throwIfAborted(control);
    const draw = { seed: seedHalves(seed), trial, layer: 0, purpose: 'dataset' as const };
    let state: Float64Array = new Float64Array(size);
    for (let t = 1; t <= steps; t++) {
      const count = given.inputs;
      const x = addon().normals({ ...draw, first: (t - 1) * count, count });
      for (let i = 0; i < count; i++) x[i] = Math.sqrt(inputVariance) * (x[i] as number);
      const next = step(given, state, x, t === steps);
      if (next.jacobian !== undefined)
        spectra.push((await addon().implicitSpectrum(size, next.jacobian)).slice(2 * size, 3 * size));
      state = next.state;
    }
    starts.push(state);
  }
  const fixedPoints = await fixedPointsOf(given, starts, async () => {
    await new Promise(setImmediate);
    throwIfAborted(control);
  });
  const largest = Math.max(...spectra.map((values) => values[0] as number));
  const shares: SingularShare[] = [];
  for (let k = 1; k <= shareCount; k++) {
    throwIfAborted(control);
    const singularValue = (k * largest) / shareCount;
    const each = spectra.map((values) => values.filter((s) => s <= singularValue).length / size);
    const standardError = Math.sqrt((variance(each) * sequences) / (sequences - 1) / sequences);
    // The vanilla law is in closed form or one equation: it samples nothing.
    const predicted = await said('singularValueCdf', spec, { singularValue, samples });
    shares.push({ singularValue, measured: mean(each), standardError, predicted });
  }
  const differences = shares.map(({ measured, predicted }) =>
    typeof predicted === 'number' ? Math.abs(measured - predicted) : Number.NaN,
  );
  const unsaid = shares.find(({ predicted }) => typeof predicted !== 'number')?.predicted as Undefined | undefined;
  return {
    name: given.name,
    spec,
    fixedPoints,
    meanSquare: mean(spectra.map((values) => mean(values.map((s) => s * s)))),
    predictedMeanSquare:
      given.cell === 'lstm'
        ? { reason: 'the state of the lstm is (c, h): its law is in shares' }
        : await said('chi1', spec, {}),
    largestSingularValue: largest,
    shares,
    distance: unsaid ?? Math.max(...differences),
  };
}

/** A report for every cell of the file, or why there is none. */
export async function cellReports(
  arrays: readonly StoredArray[],
  options: InspectedSequence,
  control: ControlOptions,
): Promise<readonly CellReport[] | Undefined> {
  const resolved = sequenceField.parse(options);
  const cells = await readCells(arrays, resolved);
  if (cells.length === 0)
    return { reason: 'no recurrent cell is named as PyTorch (weight_ih_l0, weight_hh_l0) or train name them' };
  const reports: CellReport[] = [];
  for (const cell of cells) reports.push(await reportOn(cell, resolved, control));
  return reports;
}

const brief = (value: number | Undefined): string =>
  typeof value === 'number' ? String(Number(value.toPrecision(4))) : `(${value.reason})`;

/** For people: fixed points, and the spectrum beside its law. */
export function cellLines(cells: readonly CellReport[] | Undefined): string[] {
  if ('reason' in cells) return [`No cells: ${cells.reason}.`];
  return cells.flatMap(({ name, spec, fixedPoints, meanSquare, predictedMeanSquare, shares, distance }) => [
    `${name}: ${spec.cell}, ${spec.width} units`,
    ...('reason' in fixedPoints
      ? [`  fixed points: ${fixedPoints.reason}`]
      : fixedPoints.map(
          ({ secondMoment, spectralRadius, isStable, found }) =>
            `  fixed point: mean square ${brief(secondMoment)}, spectral radius ${brief(spectralRadius)}, ` +
            `${isStable ? 'stable' : 'unstable'}, from ${found} starts`,
        )),
    `  mean squared singular value ${brief(meanSquare)}, of independent weights ${brief(predictedMeanSquare)}`,
    ...shares.map(
      ({ singularValue, measured, standardError, predicted }) =>
        `  up to ${brief(singularValue)}: ${brief(measured)} ± ${brief(standardError)}, predicted ${brief(predicted)}`,
    ),
    `  largest difference of shares ${brief(distance)}`,
  ]);
}
