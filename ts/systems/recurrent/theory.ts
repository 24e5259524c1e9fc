// Theory of untied cells: fixed points, pairs of sequences, trajectories, Jacobian; the lstm by collocation.
import { addon } from '../../core/addon.js';
import { canonicalJson } from '../../core/codec.js';
import { type ControlOptions, controlled, throwIfAborted } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import type { QuantityValue } from '../../core/results.js';
import { type CellFields, hasClosedMoments, nativeCell } from './cell.js';
import type { NativeQuestion } from './native.js';

type Answer = Readonly<Record<string, Float64Array>>;

/** Of the law of the lstm's cell state: 1e-8. */
const collocationPoints = 160;

const remembered = new Map<string, Answer>();
const mostRemembered = 64;

/** What lasts and is asked again and again for one cell; read, never written. */
const isKept = ({ what }: NativeQuestion): boolean => what === 'fixedPoints' || what === 'pair' || what === 'lstm';

export async function ask(fields: CellFields, question: NativeQuestion, options: ControlOptions = {}): Promise<Answer> {
  const cell = nativeCell(fields);
  throwIfAborted(options);
  const { activation, ...rest } = cell;
  const key = isKept(question) ? canonicalJson({ question, rest, activation: fields.activation }) : undefined;
  const known = key === undefined ? undefined : remembered.get(key);
  if (known !== undefined) return known;
  const answer = await controlled(options, question.steps ?? 1, (slots) =>
    addon().recurrentTheory(question, cell, slots),
  );
  if (key !== undefined) {
    if (remembered.size >= mostRemembered) remembered.clear();
    remembered.set(key, answer);
  }
  return answer;
}

export const first = (answer: Answer, name: string): number => (answer[name] as Float64Array)[0] as number;

/** A fixed point of the moments of the state. */
export interface StatePoint {
  readonly second: number;
  readonly mean: number;
  readonly isStable: boolean;
  /** χ₁ − 1. */
  readonly chi1MinusOne: number;
  /** Slope of the map of the second moment; undefined for the lstm. */
  readonly slope?: number;
  readonly preactivationVariance?: number;
}

/** All fixed points, ascending. @throws MftError ERR_MFT_NO_FIXED_POINT when the state diverges */
export async function fixedPoints(fields: CellFields, options: ControlOptions = {}): Promise<readonly StatePoint[]> {
  if (fields.cell === 'lstm') {
    const law = await ask(fields, { what: 'lstm', points: collocationPoints }, options);
    return [
      {
        second: first(law, 'second'),
        mean: first(law, 'mean'),
        isStable: true,
        chi1MinusOne: first(law, 'growth') - 1,
      },
    ];
  }
  requireMoments(fields);
  const answer = await ask(fields, { what: 'fixedPoints' }, options);
  const column = (name: string, i: number): number => (answer[name] as Float64Array)[i] as number;
  return Array.from(answer.second as Float64Array, (second, i) => ({
    second,
    mean: column('mean', i),
    isStable: column('isStable', i) === 1,
    chi1MinusOne: column('chi1MinusOne', i),
    slope: column('slope', i),
    preactivationVariance: column('preactivationVariance', i),
  }));
}

/** The fixed point that is reached from the zero state, the lowest stable one; of the branch from large states the highest. */
export async function fixedPoint(fields: CellFields, options: ControlOptions = {}): Promise<StatePoint> {
  const points = await fixedPoints(fields, options);
  const isStable = (point: StatePoint): boolean => point.isStable;
  const stable = fields.branch === 'fromLarge' ? points.findLast(isStable) : points.find(isStable);
  const reached = stable ?? points[0];
  if (reached === undefined)
    throw new MftError('ERR_MFT_NO_FIXED_POINT', 'The state has no fixed point.', { parameter: 'cell' });
  return reached;
}

export function requireMoments(fields: CellFields): void {
  if (!hasClosedMoments(fields.cell))
    throw new MftError('ERR_MFT_UNSUPPORTED', `The moments of cell ${fields.cell} do not close: it is sampled.`, {
      parameter: 'cell',
    });
}

/** Two sequences at their stable fixed point. */
interface PairState {
  readonly state: StatePoint;
  readonly covariance: number;
  /** χ − 1. */
  readonly susceptibilityMinusOne: number;
  /** The two states are equal. */
  readonly isAtUnity: boolean;
}

export async function pairFixedPoint(
  fields: CellFields,
  inputCorrelation: number,
  options: ControlOptions = {},
): Promise<PairState> {
  const state = await fixedPoint(fields, options);
  if (fields.cell === 'lstm') {
    if (inputCorrelation === 1 && state.chi1MinusOne <= 0)
      return { state, covariance: state.second, susceptibilityMinusOne: state.chi1MinusOne, isAtUnity: true };
    throw new MftError(
      'ERR_MFT_UNSUPPORTED',
      'Of the lstm the pair of sequences has a theory only where both come together: inputCorrelation 1 and growth below 1.',
      { parameter: 'inputCorrelation' },
    );
  }
  const answer = await ask(
    fields,
    {
      what: 'pair',
      second: state.second,
      mean: state.mean,
      inputCorrelation: Float64Array.of(inputCorrelation),
    },
    options,
  );
  return {
    state,
    covariance: first(answer, 'covariance'),
    susceptibilityMinusOne: first(answer, 'susceptibilityMinusOne'),
    isAtUnity: first(answer, 'isAtUnity') === 1,
  };
}

/** −1/ln χ: steps over which squares fall by e. */
export function timescale(chiMinusOne: number): QuantityValue {
  if (chiMinusOne > 0)
    return { reason: `χ = ${1 + chiMinusOne} exceeds 1: small differences grow, nothing is forgotten` };
  if (chiMinusOne === 0) return Infinity;
  if (chiMinusOne < -1)
    return { reason: `χ = ${1 + chiMinusOne} is negative: what is shared changes its sign at every step` };
  if (chiMinusOne === -1) return 0;
  return -1 / Math.log1p(chiMinusOne);
}

/** Why two sequences of the same inputs have no time scale in chaos. */
export function chaoticPair(chi1MinusOne: number): QuantityValue {
  return {
    reason: `χ₁ = ${1 + chi1MinusOne} exceeds 1: equal inputs do not bring two states together, nothing is forgotten`,
  };
}

/** Memory of a difference between two sequences whose inputs have this correlation. */
export async function memoryTimescale(
  fields: CellFields,
  inputCorrelation: number,
  options: ControlOptions = {},
): Promise<QuantityValue> {
  const pair = await pairFixedPoint(fields, inputCorrelation, options);
  if (inputCorrelation === 1 && !pair.isAtUnity) return chaoticPair(pair.state.chi1MinusOne);
  if (pair.state.second === 0 && fields.inputVariance === 0 && fields.cell === 'minimal')
    return { reason: 'without inputs the state of the minimal cell is 0: nothing to remember' };
  return timescale(pair.susceptibilityMinusOne);
}
