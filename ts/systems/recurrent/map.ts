// The quantities of a phase diagram over many points at once.
import { addon } from '../../core/addon.js';
import { type ControlOptions, controlled } from '../../core/control.js';
import { threadsFor } from '../../core/memory.js';
import type { QuantityValue } from '../../core/results.js';
import type { GridPoint } from '../../core/system.js';
import { hasClosedMoments, nativeCell } from './cell.js';
import type { NativeCell } from './native.js';
import type { ResolvedRecurrentSpec } from './spec.js';
import { chaoticPair, timescale } from './theory.js';

interface PointAnswer {
  readonly second: number;
  readonly chi1MinusOne: number;
  readonly covariance: number;
  readonly susceptibilityMinusOne: number;
  readonly isAtUnity: boolean;
  readonly spec: ResolvedRecurrentSpec;
}

function memory({ spec, second, ...pair }: PointAnswer): QuantityValue | undefined {
  if (second === 0) return undefined;
  if (spec.inputCorrelation === 1 && !pair.isAtUnity) return chaoticPair(pair.chi1MinusOne);
  return timescale(pair.susceptibilityMinusOne);
}

const twice = (value: QuantityValue | undefined): QuantityValue | undefined =>
  typeof value === 'number' ? 2 * value : value;

const ofState: Readonly<Record<string, (at: PointAnswer) => QuantityValue | undefined>> = {
  chi1: ({ chi1MinusOne }) => 1 + chi1MinusOne,
  chi1MinusOne: ({ chi1MinusOne }) => chi1MinusOne,
  perturbationGrowthPerStep: ({ chi1MinusOne }) => 1 + chi1MinusOne,
  stateVarianceFixedPoint: ({ second }) => second,
};
const ofPair: Readonly<Record<string, (at: PointAnswer) => QuantityValue | undefined>> = {
  correlationSusceptibility: ({ susceptibilityMinusOne }) => 1 + susceptibilityMinusOne,
  stateCovarianceFixedPoint: ({ covariance }) => covariance,
  memoryTimescale: memory,
  amplitudeTimescale: (at) => twice(memory(at)),
};

/** Values of the quantities that are known here, point by point; undefined: to be asked for by itself. */
export async function mapPoints(
  points: readonly GridPoint[],
  quantities: readonly string[],
  options: ControlOptions,
): Promise<Readonly<Record<string, readonly (QuantityValue | undefined)[]>>> {
  const specs = points as unknown as readonly ResolvedRecurrentSpec[];
  const names = quantities.filter((name) => Object.hasOwn(ofState, name) || Object.hasOwn(ofPair, name));
  if (names.length === 0 || specs.some(({ cell }) => !hasClosedMoments(cell))) return {};
  const hasPairs = names.some((name) => Object.hasOwn(ofPair, name));
  const cells: NativeCell[] = specs.map((spec) => nativeCell(spec));
  const grid = {
    cells,
    threads: threadsFor(0),
    ...(hasPairs ? { inputCorrelation: Float64Array.from(specs, ({ inputCorrelation }) => inputCorrelation) } : {}),
  };
  const found = await controlled(options, cells.length, (slots) => addon().recurrentGrid(grid, slots));
  const at = (name: string, i: number): number => (found[name] as Float64Array)[i] as number;
  const answers = specs.map((spec, i): PointAnswer | undefined =>
    at('isKnown', i) === 0
      ? undefined
      : {
          spec,
          second: at('second', i),
          chi1MinusOne: at('chi1MinusOne', i),
          covariance: at('covariance', i),
          susceptibilityMinusOne: at('susceptibilityMinusOne', i),
          isAtUnity: at('isAtUnity', i) === 1,
        },
  );
  return Object.fromEntries(
    names.map((name) => {
      const value = ofState[name] ?? ofPair[name];
      return [name, answers.map((answer) => (answer === undefined ? undefined : value?.(answer)))];
    }),
  );
}
