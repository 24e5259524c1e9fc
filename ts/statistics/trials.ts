// From trials to observables: rows, the table that says where each value stands in them, and one rule for every system.
import { type ControlOptions, controlled } from '../core/control.js';
import { type Axis, axis, type AxisName, type Estimated, innerAxis } from '../core/results.js';
import { addLog, estimatedLog, logAccumulator } from './log-moments.js';
import { accumulator, addTrial, estimated } from './moments.js';
import { addSpread, estimatedSpread, spreadAccumulator } from './spread.js';

/** One axis of a place: coordinates start to start + count − 1. */
interface RowAxis {
  readonly name: AxisName;
  readonly count: number;
  readonly start: number;
}

/** Where a value stands in a row: entry (i, j) at offset + i·stride + j, i along the outer axis, j along the inner one. */
interface RowPlace {
  readonly offset: number;
  readonly stride: number;
  readonly axes: readonly [outer: RowAxis, inner: RowAxis];
  readonly scale: 'linear' | 'log' | 'sign' | 'defined';
}

/** The layout of a row as native code declares it (native/core/trials.h). */
export interface RowTable<Name extends string = string> {
  readonly rowLength: number;
  readonly places: Readonly<Record<Name, RowPlace>>;
}

/** A trial: its row starts at `offset` of `rows`. */
interface TrialRow {
  rows: Float64Array;
  offset: number;
}

/** A value of a trial at positions i and j (from 0) of the axes of its measure. NaN: not defined in this trial. */
export type TrialValue = (row: TrialRow, i: number, j: number) => number;

/** The value at a place. */
export function valueAt(place: RowPlace): TrialValue {
  const { offset, stride } = place;
  return (row, i, j) => row.rows[row.offset + offset + i * stride + j] as number;
}

/** The axes of a place as those of an observable. */
export function axesAt(place: RowPlace): readonly [Axis, Axis] {
  const [outer, inner] = place.axes;
  return [axis(outer.name, outer.count, outer.start), innerAxis(inner.name, inner.count)];
}

/**
 * What is estimated from a value: its `mean`; `meanLog`, the mean of a logarithm; `logMean`, from logarithms the logarithm
 * of the mean of what they stand for; `relativeSpread`, from logarithms the relative variance; `logSpread`, the variance
 * of the logarithm.
 */
export type TrialEstimator = 'mean' | 'meanLog' | 'logMean' | 'relativeSpread' | 'logSpread';

export interface Measure {
  readonly axes: readonly [Axis, Axis];
  readonly estimator: TrialEstimator;
  readonly value: TrialValue;
  /** `logMean` of a signed number: its sign, −1, 0 or 1. */
  readonly sign?: TrialValue;
  /** Said of a position without a value. */
  readonly reason?: string;
}

/** Trials of one native call: their rows hold at most 2^24 numbers, 128 MiB. */
export function trialsAtOnce(rowLength: number): number {
  return Math.max(1, Math.floor(2 ** 24 / rowLength));
}

/**
 * Bytes of the rows of a run that are held together: those of a call, of the call before until they are collected, and a part
 * of a call that the collector has not given back (measured).
 */
export function rowBytes(rowLength: number, trials: number): number {
  const chunk = trialsAtOnce(rowLength);
  return 8 * rowLength * Math.min(trials, 2.4 * chunk);
}

interface Gatherer {
  readonly add: (row: TrialRow) => void;
  readonly finish: () => Estimated;
}

function gatherer({ axes, estimator, value, sign, reason = 'no trial' }: Measure): Gatherer {
  const [outer, inner] = [axes[0].values.length, axes[1].values.length];
  const size = outer * inner;
  const each = (add: (i: number, value: number, row: TrialRow, k: number, j: number) => void) => (row: TrialRow) => {
    for (let k = 0; k < outer; k++) for (let j = 0; j < inner; j++) add(k * inner + j, value(row, k, j), row, k, j);
  };
  if (estimator === 'logMean') {
    const sums = logAccumulator(size, sign !== undefined);
    const add = each((i, log, row, k, j) => addLog(sums, i, log, sign === undefined ? 1 : sign(row, k, j)));
    return { add, finish: () => estimatedLog(sums, axes, reason) };
  }
  if (estimator === 'relativeSpread' || estimator === 'logSpread') {
    const sums = spreadAccumulator(size, estimator === 'logSpread' ? 'logarithm' : 'relative');
    return { add: each((i, log) => addSpread(sums, i, log)), finish: () => estimatedSpread(sums, axes) };
  }
  const sums = accumulator(size);
  const values = new Float64Array(size);
  const read = each((i, each) => {
    values[i] = each;
  });
  return {
    add: (row) => {
      read(row);
      addTrial(sums, values);
    },
    finish: () => estimated(sums, axes, estimator, reason),
  };
}

/** Raw values of a measure; of a signed logarithm also the signs. */
interface Keeper {
  readonly add: (row: TrialRow) => void;
  readonly kept: Pick<Estimated, 'trials' | 'trialSigns'>;
}

/** Keeps the values of a measure trial by trial. 0 stands where a trial has no value; `count` says how many trials have one. */
function keeper({ axes, value, sign }: Measure, trials: number): Keeper {
  const [outer, inner] = [axes[0].values.length, axes[1].values.length];
  const values = new Float64Array(trials * outer * inner);
  const signs = sign === undefined ? undefined : new Int8Array(values.length);
  let next = 0;
  return {
    kept: signs === undefined ? { trials: values } : { trials: values, trialSigns: signs },
    add: (row) => {
      for (let k = 0; k < outer; k++) {
        for (let j = 0; j < inner; j++) {
          const each = value(row, k, j);
          if (signs !== undefined) signs[next] = sign?.(row, k, j) ?? 0;
          values[next++] = Number.isNaN(each) ? 0 : each;
        }
      }
    },
  };
}

interface TrialRun {
  readonly firstTrial: number;
  readonly trials: number;
  readonly rawTrials: boolean;
}

/**
 * Draws the trials of a run a part at a time and reduces them in the order of their index, so that no result depends on
 * threads or on how the run was split. An exact zero in every trial is no failure: a mean is 0, its logarithm −Infinity;
 * what has no value in any trial is undefined for the reason of its measure.
 *
 * @param units what the engine counts per trial, for progress
 * @param draw the native call: rows of `trials` trials from `firstTrial` on
 */
export async function estimateTrials<Name extends string>(
  measures: Readonly<Partial<Record<Name, Measure>>>,
  run: TrialRun,
  rowLength: number,
  units: number,
  options: ControlOptions,
  draw: (part: { readonly firstTrial: number; readonly trials: number }, slots: Int32Array) => Promise<Float64Array>,
): Promise<Partial<Record<Name, Estimated>>> {
  const gathered = (Object.entries(measures) as [Name, Measure][])
    .filter(([, { axes }]) => axes[1].values.length > 0)
    .map(([name, measure]) => ({
      name,
      sums: gatherer(measure),
      kept: run.rawTrials ? keeper(measure, run.trials) : undefined,
    }));
  await controlled(options, units * run.trials, async (slots) => {
    const chunk = trialsAtOnce(rowLength);
    for (let first = 0; first < run.trials; first += chunk) {
      const trials = Math.min(chunk, run.trials - first);
      const row = { rows: await draw({ firstTrial: run.firstTrial + first, trials }, slots), offset: 0 };
      for (; row.offset < trials * rowLength; row.offset += rowLength)
        for (const { sums, kept } of gathered) {
          sums.add(row);
          kept?.add(row);
        }
    }
  });
  const finished = gathered.map(({ name, sums, kept }) => [
    name,
    kept === undefined ? sums.finish() : { ...sums.finish(), ...kept.kept },
  ]);
  return Object.fromEntries(finished) as Partial<Record<Name, Estimated>>;
}
