// The fast way to phase diagrams: fixed points and multipliers of all points natively, on tabulated moments; what the
// native solver leaves open (no fixed point, vanishing signals, unusual maps) goes to the quantities one by one.
import { addon } from '../../core/addon.js';
import { type ControlOptions, controlled } from '../../core/control.js';
import { threadsFor } from '../../core/memory.js';
import type { GridPoint } from '../../core/system.js';
import { canonicalActivation } from '../../gaussian/activations.js';
import { gaussianFunctionOf } from '../../gaussian/expectation.js';
import { depthScale } from '../../gaussian/multipliers.js';
import { phaseOf } from './trainability.js';
import { trainableDepthOfLength } from './trainable-depth.js';

/** q*, δ*, χ_q, χ₁, χ_c. */
type Row = readonly [q: number, delta: number, chiQ: number, chi1: number, chiC: number];

const fromRow: Readonly<Record<string, (row: Row) => number | string>> = {
  fixedPointVariance: ([q]) => q,
  fixedPointCorrelation: ([, delta]) => 1 - delta,
  oneMinusFixedPointCorrelation: ([, delta]) => delta,
  varianceMultiplier: ([, , chiQ]) => chiQ,
  gradientMultiplier: ([, , , chi1]) => chi1,
  correlationMultiplier: ([, , , , chiC]) => chiC,
  depthScaleVariance: ([, , chiQ]) => depthScale(chiQ),
  depthScaleGradient: ([, , , chi1]) => depthScale(chi1),
  depthScaleCorrelation: ([, , , , chiC]) => depthScale(chiC),
  trainableLength: ([, , , , chiC]) => trainableDepthOfLength(6 * Math.abs(depthScale(chiC))).depth,
  phase: ([, , , chi1]) => phaseOf(chi1),
};

const columns = 6;

/** The values of one quantity per name at every point, undefined where the quantity itself must be asked. */
export async function mapFeedforward(
  points: readonly GridPoint[],
  names: readonly string[],
  options: ControlOptions,
): Promise<Readonly<Record<string, readonly (number | string | undefined)[]>>> {
  const fast = names.filter((name) => Object.hasOwn(fromRow, name));
  const first = points[0];
  const isSame =
    first !== undefined &&
    points.every((point) => point.activation === first.activation && point.maskSharing === first.maskSharing);
  if (fast.length === 0 || !isSame || !points.every(isUniform)) return {};
  const phi = gaussianFunctionOf(canonicalActivation(first.activation));
  const { native } = phi;
  if (native === undefined || Number.isNaN(phi.atZero.value)) return {};
  const column = (name: string, missing: number): Float64Array =>
    Float64Array.from(points, (point) => (point[name] as number | undefined) ?? missing);
  const rows = await controlled(options, points.length, (slots) =>
    addon().feedforwardPhase(
      {
        activation: native,
        weightVariance: column('weightVariance', 1),
        biasVariance: column('biasVariance', 0),
        keepProbability: column('keepProbability', 1),
        sharesMasks: first.maskSharing === 'shared',
        valueAtZero: phi.atZero.value,
        threads: threadsFor(0),
      },
      slots,
    ),
  );
  return Object.fromEntries(
    fast.map((name) => [
      name,
      points.map((_, i) => {
        const at = i * columns;
        if (rows[at] !== 0) return undefined;
        const row = Array.from(rows.subarray(at + 1, at + columns)) as unknown as Row;
        const chi1 = row[3];
        return Number.isFinite(chi1) ? fromRow[name]?.(row) : undefined;
      }),
    ]),
  );
}

function isUniform(point: GridPoint): boolean {
  const isPlain = !Array.isArray(point.activation) && (point.biasMean ?? 0) === 0 && point.dropout !== 'alpha';
  return (
    isPlain &&
    ['weightVariance', 'biasVariance', 'keepProbability'].every(
      (name) => point[name] === undefined || typeof point[name] === 'number',
    )
  );
}
