// The chain of dense layers that a file holds, as a network of system `feedforward`; or which node is none of ours.
import type { Undefined } from '../core/results.js';
import type { ActivationSpec } from '../gaussian/activations.js';
import type { LayerTopology, TopologyNode } from '../weights/topology.js';
import type { WeightModule } from './module.js';

/** Dense layers in the order signals take them, and what lies between. */
export interface Chain {
  readonly modules: readonly WeightModule[];
  /** φ behind each layer but the last. */
  readonly activations: readonly ActivationSpec[];
}

/** What passes signals on as they are, in evaluation. */
const passing = new Set(['Identity', 'Flatten', 'Reshape', 'Dropout', 'Squeeze', 'Unsqueeze', 'Cast']);
/** What may follow the last layer: the output as a probability is no part of the network. */
const outputs = new Set(['Softmax', 'LogSoftmax', 'Sigmoid']);

type Activation = (attributes: TopologyNode['attributes']) => ActivationSpec | undefined;
const numberOr = (value: unknown, other: number): number => (typeof value === 'number' ? value : other);
const activations: Readonly<Record<string, Activation>> = {
  Relu: () => 'relu',
  Tanh: () => 'tanh',
  Sigmoid: () => 'sigmoid',
  Erf: () => 'erf',
  Softplus: () => 'softplus',
  // Attributes at their default may be absent.
  Elu: ({ alpha }) => ({ name: 'elu', alpha: numberOr(alpha, 1) }),
  LeakyRelu: ({ alpha }) => ({ name: 'leakyRelu', slope: numberOr(alpha, 0.01) }),
  Selu: ({ alpha, gamma }) =>
    Math.abs(numberOr(alpha, 1.67326) - 1.67326) < 1e-4 && Math.abs(numberOr(gamma, 1.0507) - 1.0507) < 1e-4
      ? 'selu'
      : undefined,
};

const notOurs = (node: TopologyNode, why: string): Undefined => ({
  reason: `not one of ours: node ${node.name || node.outputs[0]} (${node.operation}) ${why}`,
});

/** The chain of an ONNX graph: from its one input along the only way there is. */
export function chainOfGraph(modules: readonly WeightModule[], { nodes, inputs }: LayerTopology): Chain | Undefined {
  if (inputs.length !== 1) return { reason: `not one of ours: the graph has ${inputs.length} inputs` };
  const byWeight = new Map(modules.map((module) => [module.weight.name, module]));
  const chain: WeightModule[] = [];
  const between: ActivationSpec[] = [];
  let at = inputs[0] as string;
  let pending: ActivationSpec | undefined;
  const consumers = (name: string): TopologyNode[] => nodes.filter((node) => node.inputs.includes(name));
  for (let step = 0; step <= nodes.length; step++) {
    const [node, ...more] = consumers(at);
    if (node === undefined) break;
    const composed = more.length > 0 ? composedAt(at, [node, ...more], consumers) : undefined;
    if (composed !== undefined) {
      if (pending !== undefined) return notOurs(node, 'follows another activation');
      pending = composed.activation;
      at = composed.output;
      continue;
    }
    if (more.length > 0) return notOurs(more[0] as TopologyNode, `and ${node.name} take the same input`);
    const module = byWeight.get(node.inputs[1] ?? '');
    if ((node.operation === 'Gemm' || node.operation === 'MatMul') && module?.kind === 'dense') {
      if (
        numberOr(node.attributes.alpha, 1) !== 1 ||
        numberOr(node.attributes.beta, 1) !== 1 ||
        node.attributes.transA === 1
      )
        return notOurs(node, 'is scaled or transposed');
      if (chain.length > 0) between.push(pending ?? 'linear');
      else if (pending !== undefined) return notOurs(node, 'follows an activation of the inputs');
      pending = undefined;
      chain.push(module);
      at = node.outputs[0] ?? '';
      const added = consumers(at);
      const bias = module.biases[0]?.name;
      if (
        node.operation === 'MatMul' &&
        added.length === 1 &&
        added[0]?.operation === 'Add' &&
        bias !== undefined &&
        added[0].inputs.includes(bias)
      )
        at = added[0].outputs[0] ?? '';
      continue;
    }
    if (passing.has(node.operation)) at = node.outputs[0] ?? '';
    else {
      const isLast = consumers(node.outputs[0] ?? '').length === 0;
      const activation = Object.hasOwn(activations, node.operation)
        ? activations[node.operation]?.(node.attributes)
        : undefined;
      if (!(isLast && outputs.has(node.operation))) {
        if (activation === undefined) return notOurs(node, 'is no dense layer and no activation of ours');
        if (pending !== undefined) return notOurs(node, 'follows another activation');
        pending = activation;
      }
      at = node.outputs[0] ?? '';
    }
  }
  if (chain.length === 0) return { reason: 'not one of ours: no dense layer was found' };
  if (pending !== undefined) return { reason: 'not one of ours: an activation follows the last layer' };
  return fitting({ modules: chain, activations: between });
}

/** h·sigmoid(h), and h/2·(1 + erf(h/√2)) as PyTorch exports it. */
function composedAt(
  at: string,
  nodes: readonly TopologyNode[],
  consumers: (name: string) => TopologyNode[],
): { readonly activation: ActivationSpec; readonly output: string } | undefined {
  const product = nodes.find(({ operation }) => operation === 'Mul');
  const other = nodes.find((node) => node !== product);
  if (nodes.length !== 2 || product === undefined || other === undefined) return undefined;
  const rest = product.inputs.find((name) => name !== at) ?? '';
  if (other.operation === 'Sigmoid' && rest === other.outputs[0])
    return { activation: 'silu', output: product.outputs[0] ?? '' };
  const erf = consumers(other.outputs[0] ?? '');
  const sum = consumers(erf[0]?.outputs[0] ?? '');
  const half = consumers(product.outputs[0] ?? '');
  const isGelu =
    other.operation === 'Div' &&
    erf.length === 1 &&
    erf[0]?.operation === 'Erf' &&
    sum.length === 1 &&
    sum[0]?.operation === 'Add' &&
    sum[0].outputs[0] === rest &&
    half.length === 1 &&
    half[0]?.operation === 'Mul';
  return isGelu ? { activation: 'gelu', output: half[0]?.outputs[0] ?? '' } : undefined;
}

/** Keras's names of activations. */
const kerasActivations: Readonly<Record<string, ActivationSpec>> = {
  linear: 'linear',
  relu: 'relu',
  tanh: 'tanh',
  sigmoid: 'sigmoid',
  selu: 'selu',
  softplus: 'softplus',
  gelu: 'gelu',
  silu: 'silu',
  swish: 'silu',
  elu: { name: 'elu', alpha: 1 },
};

/** The chain of a tfjs LayersModel whose layers follow each other. */
export function chainOfLayers(modules: readonly WeightModule[], { nodes }: LayerTopology): Chain | Undefined {
  const chain: WeightModule[] = [];
  const behind: ActivationSpec[] = [];
  for (const [index, node] of nodes.entries()) {
    const { operation, attributes, inputs, name } = node;
    if (index > 0 && (inputs.length !== 1 || inputs[0] !== nodes[index - 1]?.name))
      return notOurs(node, 'does not follow the layer before it');
    if (['InputLayer', 'Flatten', 'Dropout', 'Reshape'].includes(operation)) continue;
    const isDense = operation === 'Dense';
    if (
      !isDense &&
      operation !== 'Activation' &&
      operation !== 'LeakyReLU' &&
      operation !== 'ReLU' &&
      operation !== 'Softmax'
    )
      return notOurs(node, 'is no dense layer and no activation of ours');
    const word =
      operation === 'ReLU' ? 'relu' : operation === 'Softmax' ? 'softmax' : String(attributes.activation ?? 'linear');
    const isEnd = nodes.slice(index + 1).every(({ operation: later }) => later !== 'Dense');
    const activation =
      operation === 'LeakyReLU'
        ? ({ name: 'leakyRelu', slope: numberOr(attributes.alpha, 0.3) } as const)
        : isEnd && ['softmax', 'sigmoid'].includes(word)
          ? 'linear'
          : Object.hasOwn(kerasActivations, word)
            ? kerasActivations[word]
            : undefined;
    if (activation === undefined) return notOurs(node, `has the activation ${word}, which is none of ours`);
    if (isDense) {
      const module = modules.find((one) => one.name === name);
      if (module === undefined) return notOurs(node, 'has no kernel in the file');
      chain.push(module);
      behind.push(activation);
    } else if (activation !== 'linear') {
      if (behind.at(-1) !== 'linear') return notOurs(node, 'follows no layer, or another activation');
      behind[behind.length - 1] = activation;
    }
  }
  if (chain.length === 0) return { reason: 'not one of ours: no dense layer was found' };
  if (behind.at(-1) !== 'linear') return { reason: 'not one of ours: an activation follows the last layer' };
  return fitting({ modules: chain, activations: behind.slice(0, -1) });
}

/**
 * The chain of a file without a graph: its dense layers by the numbers in their names (in the order of the file where they have
 * none), with the activation that the user names.
 */
export function chainByNames(
  modules: readonly WeightModule[],
  others: readonly string[],
  activation: ActivationSpec | undefined,
): Chain | Undefined {
  const strange = modules.find(({ kind }) => kind !== 'dense');
  if (modules.length === 0) return { reason: 'no dense layer was found' };
  if (strange !== undefined) return { reason: `not one of ours: ${strange.name} is no dense layer (${strange.kind})` };
  if (others.length > 0) return { reason: `not one of ours: ${others[0]} belongs to no dense layer` };
  if (activation === undefined)
    return { reason: 'the file names no activation and no dropout: give `activation` (and `keepProbability`)' };
  const numbers = (name: string): number[] => (name.match(/\d+/g) ?? []).map(Number);
  const ordered = [...modules].sort((a, b) => {
    const [x, y] = [numbers(a.name), numbers(b.name)];
    const place = x.findIndex((value, i) => value !== y[i]);
    return place < 0 || y[place] === undefined ? 0 : (x[place] as number) - (y[place] as number);
  });
  return fitting({ modules: ordered, activations: ordered.slice(1).map(() => activation) });
}

/** The chain when its widths follow from each other. */
function fitting(chain: Chain): Chain | Undefined {
  for (const [index, module] of chain.modules.entries()) {
    const before = chain.modules[index - 1];
    if (before !== undefined && sizes(before)[0] !== sizes(module)[1])
      return {
        reason: `not one of ours: ${before.name} has ${sizes(before)[0]} outputs, ${module.name} behind it ${sizes(module)[1]} inputs`,
      };
  }
  return chain;
}

/** Outputs and inputs of a dense layer. */
function sizes({ weight, layout }: WeightModule): readonly number[] {
  return layout === 'outputsFirst' ? weight.shape : [...weight.shape].reverse();
}
