// The recurrent cells of a file: by PyTorch's names (weight_ih_l0, weight_hh_l0) and by those of `train`
// (layer1.recurrent.weight).
import type { StoredArray } from '../../weights/stored.js';
import type { GivenCell, GivenGate, GivenKind } from './given-cell.js';

/** What no file says of its cells. */
interface UnsaidOfCells {
  /** Of a cell with one gate. */
  readonly cell: 'vanilla' | 'minimal';
  readonly activation: 'tanh' | 'relu';
}

type Read = (name: string) => Promise<Float64Array | undefined>;

/** Where the gates of `recurrent` stand in PyTorch's arrays: its GRU has r z n. */
const torchOrder: Readonly<Record<number, readonly number[]>> = { 1: [0], 3: [1, 0, 2], 4: [0, 1, 2, 3] };

const rowsOf = (values: Float64Array, gate: number, length: number): Float64Array =>
  values.slice(gate * length, (gate + 1) * length);

const kindOf = (gates: number, said: UnsaidOfCells): GivenKind =>
  gates === 1 ? said.cell : gates === 3 ? 'gru' : 'lstm';

/** Cells in the order of the file; reversed directions are cells of their own. */
export async function readCells(arrays: readonly StoredArray[], said: UnsaidOfCells): Promise<readonly GivenCell[]> {
  const byName = new Map(arrays.map((array) => [array.name, array]));
  const read: Read = async (name) => {
    const values = await byName.get(name)?.read();
    return values === undefined ? undefined : Float64Array.from(values, Number);
  };
  const shapeOf = (name: string): readonly number[] => byName.get(name)?.shape ?? [];
  const cells: GivenCell[] = [];
  for (const { name, shape } of arrays) {
    if (shape.length !== 2) continue;
    const torch = /^(.*?)weight_hh(_l\d+(?:_reverse)?)?$/.exec(name);
    const own = /^(.*\.|)recurrent\.weight$/.exec(name);
    const cell =
      torch !== null
        ? await torchCell(torch[1] ?? '', torch[2] ?? '', shape, shapeOf, read, said)
        : own !== null
          ? await ownCell(own[1] as string, shape, shapeOf, read, said)
          : undefined;
    if (cell !== undefined) cells.push(cell);
  }
  return cells;
}

type ShapeOf = (name: string) => readonly number[];

async function torchCell(
  prefix: string,
  suffix: string,
  [rows = 0, units = 1]: readonly number[],
  shapeOf: ShapeOf,
  read: Read,
  said: UnsaidOfCells,
): Promise<GivenCell | undefined> {
  const order = torchOrder[rows / units];
  const [inputRows, inputs = 0] = shapeOf(`${prefix}weight_ih${suffix}`);
  if (order === undefined || inputRows !== rows) return undefined;
  const recurrent = (await read(`${prefix}weight_hh${suffix}`)) as Float64Array;
  const input = (await read(`${prefix}weight_ih${suffix}`)) as Float64Array;
  const back = (await read(`${prefix}bias_hh${suffix}`)) ?? new Float64Array(rows);
  const bias = (await read(`${prefix}bias_ih${suffix}`)) ?? new Float64Array(rows);
  const cell = kindOf(order.length, said);
  const gates = order.map((at, k): GivenGate => {
    const [first, second] = [rowsOf(bias, at, units), rowsOf(back, at, units)];
    // r multiplies b_hn of the candidate, so it is no part of a sum.
    const isApart = cell === 'gru' && k === 2;
    return {
      recurrent: rowsOf(recurrent, at, units * units),
      input: rowsOf(input, at, units * inputs),
      bias: isApart ? first : first.map((value, i) => value + (second[i] as number)),
    };
  });
  return {
    name: `${prefix.replace(/[./]$/, '')}${suffix}`.replace(/^_/, '') || 'cell',
    cell,
    units,
    inputs,
    resetAfter: cell === 'gru',
    isRelu: said.activation === 'relu',
    gates,
    candidateRecurrentBias: cell === 'gru' ? rowsOf(back, 2, units) : new Float64Array(units),
  };
}

async function ownCell(
  prefix: string,
  [rows = 0, units = 1]: readonly number[],
  shapeOf: ShapeOf,
  read: Read,
  said: UnsaidOfCells,
): Promise<GivenCell | undefined> {
  const isGru = shapeOf(`${prefix}candidateRecurrent.weight`).length === 2;
  const count = rows / units;
  const [inputRows, inputs = 0] = shapeOf(`${prefix}input.weight`);
  if (inputRows !== rows || (isGru ? count !== 2 : count !== 1 && count !== 4)) return undefined;
  const part = async (stem: string, k: number): Promise<GivenGate> => {
    const [input, recurrent] = stem === '' ? ['input', 'recurrent'] : ['candidateInput', 'candidateRecurrent'];
    const bias = await read(`${prefix}${input}.bias`);
    return {
      recurrent: rowsOf((await read(`${prefix}${recurrent}.weight`)) as Float64Array, k, units * units),
      input: rowsOf((await read(`${prefix}${input}.weight`)) as Float64Array, k, units * inputs),
      bias: bias === undefined ? new Float64Array(units) : rowsOf(bias, k, units),
    };
  };
  const gates: GivenGate[] = [];
  for (let k = 0; k < count; k++) gates.push(await part('', k));
  if (isGru) gates.push(await part('candidate', 0));
  const apart = isGru ? await read(`${prefix}candidateRecurrent.bias`) : undefined;
  return {
    name: prefix.replace(/\.$/, '') || 'cell',
    cell: isGru ? 'gru' : kindOf(count, said),
    units,
    inputs,
    // Only the form with r behind the product has this bias.
    resetAfter: apart !== undefined,
    isRelu: said.activation === 'relu',
    gates,
    candidateRecurrentBias: apart ?? new Float64Array(units),
  };
}
