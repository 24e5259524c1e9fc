// Modules of an ONNX graph: what each node does says which axis is which, whatever the arrays are called.
import type { StoredArray } from '../weights/stored.js';
import type { LayerTopology, TopologyNode } from '../weights/topology.js';
import type { WeightModule } from './module.js';

const gates: Readonly<Record<string, readonly string[]>> = {
  LSTM: ['i', 'o', 'f', 'c'],
  GRU: ['z', 'r', 'h'],
  RNN: [''],
};

/** Modules in the order of the nodes, and the arrays that belong to none. */
export function modulesByNode(
  arrays: readonly StoredArray[],
  { nodes }: LayerTopology,
): { modules: WeightModule[]; others: StoredArray[] } {
  const byName = new Map(arrays.map((array) => [array.name, array]));
  const uses = new Map<string, string[]>();
  const used = new Set<string>();
  const take = (name: string | undefined): StoredArray | undefined => {
    const found = byName.get(name ?? '');
    if (found !== undefined) used.add(found.name);
    return found;
  };
  const modules: WeightModule[] = [];
  for (const node of nodes) {
    const found = moduleOf(node, nodes, byName, take);
    for (const one of found) {
      modules.push(one);
      uses.set(one.weight.name, [...(uses.get(one.weight.name) ?? []), one.name]);
    }
  }
  return {
    modules: modules.map((one) => ({
      ...one,
      // Tied is what one name is used for twice; behind an Identity nobody can tell.
      tiedWith: (uses.get(one.weight.name) ?? []).filter((name) => name !== one.name),
    })),
    others: arrays.filter(({ name, type, shape }) => !used.has(name) && shape.length > 0 && /FLOAT|DOUBLE/.test(type)),
  };
}

function moduleOf(
  node: TopologyNode,
  nodes: readonly TopologyNode[],
  byName: ReadonlyMap<string, StoredArray>,
  take: (name: string | undefined) => StoredArray | undefined,
): WeightModule[] {
  const { operation, inputs, attributes } = node;
  const base = { gates: [''], biasPieces: 1, tiedWith: [], role: 'weight' } as const;
  if (operation === 'Gemm' || operation === 'MatMul') {
    const known = byName.get(inputs[1] ?? '');
    if (known?.shape.length !== 2) return [];
    const weight = take(inputs[1]) as StoredArray;
    const bias = operation === 'Gemm' ? take(inputs[2]) : take(addedTo(node, nodes, byName));
    const layout = operation === 'Gemm' && attributes.transB === 1 ? 'outputsFirst' : 'inputsFirst';
    return [
      {
        ...base,
        name: nameFor(node, weight, bias),
        kind: 'dense',
        weight,
        layout,
        biases: bias === undefined ? [] : [bias],
      },
    ];
  }
  if (operation === 'Conv') {
    const weight = take(inputs[1]);
    if (weight === undefined || weight.shape.length < 3) return [];
    const bias = take(inputs[2]);
    return [
      {
        ...base,
        name: nameFor(node, weight, bias),
        kind: 'convolution',
        weight,
        layout: 'outputsFirst',
        biases: bias === undefined ? [] : [bias],
      },
    ];
  }
  const order = Object.hasOwn(gates, operation) ? gates[operation] : undefined;
  const [own, back, bias] = [1, 2, 3].map((i) => byName.get(inputs[i] ?? ''));
  if (order === undefined || own?.shape.length !== 3 || back?.shape.length !== 3) return [];
  for (const i of [1, 2, 3]) take(inputs[i]);
  const count = own.shape[0] as number;
  const hidden = back.shape[2] as number;
  return Array.from({ length: count }, (_, index) => {
    const common = {
      ...base,
      name: count === 1 ? node.name : `${node.name} ${index === 0 ? 'forward' : 'backward'}`,
      kind: 'recurrent',
      layout: 'outputsFirst',
      gates: order,
      hidden,
      direction: { index, count },
    } as const;
    return [
      { ...common, role: 'input', weight: own, biases: bias === undefined ? [] : [bias], biasPieces: 2 },
      { ...common, role: 'recurrent', weight: back, biases: [] },
    ] satisfies WeightModule[];
  }).flat();
}

/** The array that the one Add behind a MatMul adds. */
function addedTo(
  node: TopologyNode,
  nodes: readonly TopologyNode[],
  byName: ReadonlyMap<string, StoredArray>,
): string | undefined {
  const next = nodes.filter(({ inputs }) => inputs.includes(node.outputs[0] ?? ''));
  if (next.length !== 1 || next[0]?.operation !== 'Add') return undefined;
  return next[0].inputs.find((name) => byName.get(name)?.shape.length === 1);
}

function nameFor(node: TopologyNode, weight: StoredArray, bias: StoredArray | undefined): string {
  const named = [/^(.*)\.weight$/.exec(weight.name), /^(.*)\.bias$/.exec(bias?.name ?? '')].find(
    (match) => match !== null,
  );
  return named?.[1] ?? node.name;
}
