// A recurrent cell with given weights: its gates as matrices, in the order of the system `recurrent`.
import { gatesOf } from '../../systems/recurrent/spec.js';

export type GivenKind = 'vanilla' | 'minimal' | 'gru' | 'lstm';

export interface GivenGate {
  /** Units × units and units × inputs, row-major. */
  readonly recurrent: Float64Array;
  readonly input: Float64Array;
  readonly bias: Float64Array;
}

export interface GivenCell {
  readonly name: string;
  readonly cell: GivenKind;
  readonly units: number;
  readonly inputs: number;
  /** GRU: r acts on W h + b_hn. */
  readonly resetAfter: boolean;
  readonly isRelu: boolean;
  /** In the order of `gateNames`. */
  readonly gates: readonly GivenGate[];
  /** b_hn of a GRU with `resetAfter`. */
  readonly candidateRecurrentBias: Float64Array;
}

export const gateNames = (cell: GivenKind): readonly string[] => gatesOf[cell];

/** Numbers of the state: of the lstm (c, h). */
export const stateSize = ({ cell, units }: Pick<GivenCell, 'cell' | 'units'>): number =>
  cell === 'lstm' ? 2 * units : units;
