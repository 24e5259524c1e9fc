// One step of a cell with given weights, and its Jacobian with respect to the state.
import { type GivenCell, type GivenGate, stateSize } from './given-cell.js';

interface Step {
  readonly state: Float64Array;
  /** ∂ new state/∂ state, row-major; only where it is asked for. */
  readonly jacobian?: Float64Array;
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
const at = (values: Float64Array, i: number): number => values[i] as number;

function product(matrix: Float64Array, x: Float64Array, rows: number): Float64Array {
  const columns = x.length;
  return Float64Array.from({ length: rows }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < columns; j++) sum += at(matrix, i * columns + j) * at(x, j);
    return sum;
  });
}

const plus = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, i) => value + at(b, i));

/** W h + V x + b. */
const field = ({ recurrent, input, bias }: GivenGate, h: Float64Array, x: Float64Array): Float64Array =>
  plus(plus(product(recurrent, h, bias.length), product(input, x, bias.length)), bias);

/** Adds diag(factors) matrix diag(columns) to the block of `into` that begins at row and column. */
function add(
  into: Float64Array,
  size: number,
  [row, column]: readonly [number, number],
  factors: (i: number) => number,
  matrix: Float64Array,
  columns: (j: number) => number = () => 1,
): void {
  const n = Math.sqrt(matrix.length);
  for (let i = 0; i < n; i++) {
    const factor = factors(i);
    for (let j = 0; j < n; j++) {
      const place = (row + i) * size + column + j;
      into[place] = at(into, place) + factor * at(matrix, i * n + j) * columns(j);
    }
  }
}

function addDiagonal(
  into: Float64Array,
  size: number,
  [row, column]: readonly [number, number],
  values: (i: number) => number,
  n: number,
): void {
  for (let i = 0; i < n; i++) {
    const place = (row + i) * size + column + i;
    into[place] = at(into, place) + values(i);
  }
}

/** The state (of the lstm c, then h) one step later. */
export function step(cell: GivenCell, state: Float64Array, x: Float64Array, hasJacobian: boolean): Step {
  const size = stateSize(cell);
  const jacobian = hasJacobian ? new Float64Array(size * size) : undefined;
  const next = { vanilla, minimal, gru, lstm }[cell.cell](cell, state, x, jacobian);
  return jacobian === undefined ? { state: next } : { state: next, jacobian };
}

type Advance = (cell: GivenCell, state: Float64Array, x: Float64Array, j: Float64Array | undefined) => Float64Array;

const vanilla: Advance = ({ gates, units, isRelu }, h, x, j) => {
  const [gate] = gates as [GivenGate];
  const e = field(gate, h, x);
  const next = e.map((value) => (isRelu ? Math.max(0, value) : Math.tanh(value)));
  const slope = (i: number): number => (isRelu ? (at(e, i) > 0 ? 1 : 0) : 1 - at(next, i) ** 2);
  if (j !== undefined) add(j, units, [0, 0], slope, gate.recurrent);
  return next;
};

const minimal: Advance = ({ gates, units }, h, x, j) => {
  const [gate] = gates as [GivenGate];
  const u = field(gate, h, x).map(logistic);
  if (j !== undefined) {
    addDiagonal(j, units, [0, 0], (i) => at(u, i), units);
    add(j, units, [0, 0], (i) => at(u, i) * (1 - at(u, i)) * (at(h, i) - at(x, i)), gate.recurrent);
  }
  return h.map((value, i) => at(u, i) * value + (1 - at(u, i)) * at(x, i));
};

const gru: Advance = ({ gates, units, resetAfter, candidateRecurrentBias }, h, x, j) => {
  const [keep, reset, candidate] = gates as [GivenGate, GivenGate, GivenGate];
  const z = field(keep, h, x).map(logistic);
  const r = field(reset, h, x).map(logistic);
  const read = resetAfter ? h : h.map((value, i) => value * at(r, i));
  const own = product(candidate.recurrent, read, units);
  // What r multiplies: W h + b_hn, or the state.
  const multiplied = resetAfter ? plus(own, candidateRecurrentBias) : h;
  const fed = plus(product(candidate.input, x, units), candidate.bias);
  const g = fed.map((value, i) => Math.tanh(value + (resetAfter ? at(r, i) * at(multiplied, i) : at(own, i))));
  if (j !== undefined) {
    const corner = [0, 0] as const;
    const written = (i: number): number => (1 - at(z, i)) * (1 - at(g, i) ** 2);
    const turned = (i: number): number => at(r, i) * (1 - at(r, i)) * at(multiplied, i);
    addDiagonal(j, units, corner, (i) => at(z, i), units);
    add(j, units, corner, (i) => at(z, i) * (1 - at(z, i)) * (at(h, i) - at(g, i)), keep.recurrent);
    if (resetAfter) {
      add(j, units, corner, (i) => written(i) * at(r, i), candidate.recurrent);
      add(j, units, corner, (i) => written(i) * turned(i), reset.recurrent);
    } else {
      // ∂(r h)/∂h, then W_g: a product of two matrices.
      const inner = new Float64Array(units * units);
      addDiagonal(inner, units, corner, (i) => at(r, i), units);
      add(inner, units, corner, turned, reset.recurrent);
      const outer = new Float64Array(units * units);
      for (let i = 0; i < units; i++)
        for (let k = 0; k < units; k++) {
          const weight = at(candidate.recurrent, i * units + k);
          for (let l = 0; l < units; l++)
            outer[i * units + l] = at(outer, i * units + l) + weight * at(inner, k * units + l);
        }
      add(j, units, corner, written, outer);
    }
  }
  return h.map((value, i) => at(z, i) * value + (1 - at(z, i)) * at(g, i));
};

const lstm: Advance = ({ gates, units: n }, state, x, jacobian) => {
  const [c, h] = [state.subarray(0, n), state.subarray(n)];
  const [write, forget, candidate, output] = gates as [GivenGate, GivenGate, GivenGate, GivenGate];
  const [i, f, o] = [write, forget, output].map((gate) => field(gate, h, x).map(logistic)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const g = field(candidate, h, x).map(Math.tanh);
  const cell = c.map((value, k) => at(f, k) * value + at(i, k) * at(g, k));
  const shown = cell.map(Math.tanh);
  const next = new Float64Array(2 * n);
  next.set(cell);
  next.set(
    shown.map((value, k) => at(o, k) * value),
    n,
  );
  if (jacobian !== undefined) {
    const slope = (gate: Float64Array, k: number): number => at(gate, k) * (1 - at(gate, k));
    const passed = (k: number): number => at(o, k) * (1 - at(shown, k) ** 2);
    for (const [row, factor] of [
      [0, () => 1],
      [n, passed],
    ] as const) {
      addDiagonal(jacobian, 2 * n, [row, 0], (k) => factor(k) * at(f, k), n);
      const corner = [row, n] as const;
      add(jacobian, 2 * n, corner, (k) => factor(k) * slope(f, k) * at(c, k), forget.recurrent);
      add(jacobian, 2 * n, corner, (k) => factor(k) * slope(i, k) * at(g, k), write.recurrent);
      add(jacobian, 2 * n, corner, (k) => factor(k) * at(i, k) * (1 - at(g, k) ** 2), candidate.recurrent);
    }
    add(jacobian, 2 * n, [n, n], (k) => slope(o, k) * at(shown, k), output.recurrent);
  }
  return next;
};
