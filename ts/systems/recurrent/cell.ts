// The cell of a spec, or of the parameters of a quantity, as native code takes it.
import { MftError } from '../../core/errors.js';
import type { ActivationSpec } from '../../gaussian/activations.js';
import { affineFunctionOf } from '../../gaussian/expectation.js';
import type { NativeCell, NativeGate } from './native.js';
import { type CellName, type GateSpec, gatesOf, keepGate, requireFourthMoment, resolveGates } from './spec.js';

/** What describes a cell: fields of a spec with their defaults. */
export interface CellFields {
  readonly cell: CellName;
  readonly activation: ActivationSpec;
  readonly gate: 'sigmoid' | 'probit';
  readonly recurrentWeightVariance: number;
  readonly inputWeightVariance: number;
  readonly biasVariance: number;
  readonly biasMean: number;
  readonly gates?: Readonly<Record<string, GateSpec>> | undefined;
  readonly resetAfter: boolean;
  readonly candidateRecurrentBias: number;
  readonly inputVariance: number;
  readonly inputFourthMoment?: number | undefined;
  readonly weights: 'gaussian' | 'orthogonal';
  /** Which stable second moment a quantity is of, where there are several. Left out: the one reached from zero. */
  readonly branch?: 'fromZero' | 'fromLarge';
}

/** Every gate with its values: its own, else the common ones; the common mean is that of the gate that keeps. */
export function gateValues(fields: CellFields): readonly NativeGate[] {
  const own = resolveGates(fields.cell, fields.gates) ?? {};
  return gatesOf[fields.cell].map((name) => ({
    recurrentWeightVariance: own[name]?.recurrentWeightVariance ?? fields.recurrentWeightVariance,
    inputWeightVariance: own[name]?.inputWeightVariance ?? fields.inputWeightVariance,
    biasVariance: own[name]?.biasVariance ?? fields.biasVariance,
    biasMean: own[name]?.biasMean ?? (name === keepGate[fields.cell] ? fields.biasMean : 0),
  }));
}

export function nativeCell(fields: CellFields): NativeCell {
  requireFourthMoment(fields.inputVariance, fields.inputFourthMoment);
  const gates = gateValues(fields);
  const isVanilla = fields.cell === 'vanilla';
  const shift = isVanilla ? (gates[0]?.biasMean ?? 0) : 0;
  const activation = affineFunctionOf(isVanilla ? fields.activation : 'tanh', { shift, scale: 1, offset: 0 });
  if (activation.native === undefined)
    throw new MftError('ERR_MFT_INTERNAL', 'An activation of a spec has no native form.');
  return {
    cell: fields.cell,
    activation: activation.native,
    gate: fields.gate,
    resetAfter: fields.resetAfter,
    candidateRecurrentBiasVariance: fields.candidateRecurrentBias,
    gates,
    inputVariance: fields.inputVariance,
    inputFourthMoment: fields.inputFourthMoment ?? 3 * fields.inputVariance ** 2,
    isOrthogonal: fields.weights === 'orthogonal',
  };
}

/** Whether the moments of the state close without sampling when weights are drawn anew at every step. */
export const hasClosedMoments = (cell: CellName): boolean => cell !== 'lstm' && cell !== 'minLstm';

/**
 * Whether sharing weights over time changes nothing at infinite width: in the vanilla cell (only equal times enter), and where
 * gates read the input alone and no bias is kept.
 */
export function isTyingHarmless(fields: CellFields): boolean {
  if (fields.cell === 'vanilla') return true;
  if (fields.cell !== 'minGru' && fields.cell !== 'minLstm') return false;
  return gateValues(fields).every(({ biasVariance }) => biasVariance === 0);
}
