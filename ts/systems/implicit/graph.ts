// Sparse operators of graphs in compressed rows, and their transposes.
import { addon } from '../../core/addon.js';
import { MftError } from '../../core/errors.js';
import type { Vector } from './products.js';

export const normalisations = ['sum', 'mean', 'symmetric', 'symmetricWithSelfLoops'] as const;
type Normalisation = (typeof normalisations)[number];

export interface GraphOperator {
  readonly nodes: number;
  readonly rowPointers: Int32Array;
  readonly columns: Int32Array;
  readonly values: Vector;
}

/**
 * The operator of an undirected graph. An edge that is listed twice, or in both directions, counts once; a node without edges
 * gets nothing ("mean", "symmetric": 0, not 0/0). "symmetricWithSelfLoops" gives every node one loop; a listed loop is that loop.
 */
export function graphOperator(
  nodes: number,
  edges: readonly (readonly number[])[],
  normalisation: Normalisation,
): GraphOperator {
  const neighbours: Set<number>[] = Array.from({ length: nodes }, () => new Set());
  for (const [index, edge] of edges.entries()) {
    const [a, b] = edge;
    const isNode = (x: number | undefined): x is number =>
      x !== undefined && Number.isInteger(x) && x >= 0 && x < nodes;
    if (edge.length !== 2 || !isNode(a) || !isNode(b))
      throw new MftError('ERR_MFT_SHAPE', `Expected \`edges[${index}]\` to be two nodes in [0, ${nodes - 1}].`, {
        parameter: 'edges',
        received: edge,
      });
    neighbours[a]?.add(b);
    neighbours[b]?.add(a);
  }
  if (normalisation === 'symmetricWithSelfLoops') for (const [i, set] of neighbours.entries()) set.add(i);
  const degree = neighbours.map((set) => set.size);
  const rowPointers = Int32Array.of(0, ...accumulated(degree));
  const columns = new Int32Array(rowPointers[nodes] as number);
  const values = new Float64Array(columns.length);
  let at = 0;
  for (const [i, set] of neighbours.entries()) {
    for (const j of [...set].sort((x, y) => x - y)) {
      columns[at] = j;
      values[at++] = weight(degree[i] as number, degree[j] as number, normalisation);
    }
  }
  return { nodes, rowPointers, columns, values };
}

function weight(from: number, to: number, normalisation: Normalisation): number {
  if (normalisation === 'sum') return 1;
  return normalisation === 'mean' ? 1 / from : 1 / Math.sqrt(from * to);
}

function accumulated(counts: readonly number[]): number[] {
  let sum = 0;
  return counts.map((count) => (sum += count));
}

export function transpose({ nodes, rowPointers, columns, values }: GraphOperator): GraphOperator {
  const counts = new Int32Array(nodes);
  for (const column of columns) counts[column] = (counts[column] as number) + 1;
  const pointers = Int32Array.of(0, ...accumulated([...counts]));
  const next = pointers.slice(0, nodes);
  const [rows, turned] = [new Int32Array(columns.length), new Float64Array(columns.length)];
  for (let i = 0; i < nodes; i++) {
    for (let e = rowPointers[i] as number; e < (rowPointers[i + 1] as number); e++) {
      const column = columns[e] as number;
      const at = next[column] as number;
      next[column] = at + 1;
      rows[at] = i;
      turned[at] = values[e] as number;
    }
  }
  return { nodes, rowPointers: pointers, columns: rows, values: turned };
}

/** A x, `width` numbers a node. */
export function propagate(a: GraphOperator, width: number, x: Vector): Vector {
  const y = new Float64Array(a.nodes * width);
  addon().implicitGraphMultiply(a.rowPointers, a.columns, a.values, a.nodes, width, x, y);
  return y;
}

/** A as a dense matrix, row-major. */
export function denseOperator(a: GraphOperator): Vector {
  const matrix = new Float64Array(a.nodes * a.nodes);
  for (let i = 0; i < a.nodes; i++)
    for (let e = a.rowPointers[i] as number; e < (a.rowPointers[i + 1] as number); e++)
      matrix[i * a.nodes + (a.columns[e] as number)] = a.values[e] as number;
  return matrix;
}
