// The layers of a tfjs LayersModel (Keras configuration) and the nodes of a GraphModel.
import { isRecord } from './json.js';
import type { AttributeValue, LayerTopology, TopologyNode } from './topology.js';

/** The layers of a LayersModel in the order they are called; undefined for anything else. */
export function layersTopology(topology: unknown): LayerTopology | undefined {
  const model = isRecord(topology) && isRecord(topology.model_config) ? topology.model_config : topology;
  if (!isRecord(model) || !['Sequential', 'Model', 'Functional'].includes(String(model.class_name))) return undefined;
  const isSequential = model.class_name === 'Sequential';
  const config = model.config;
  const layers = Array.isArray(config) ? config : isRecord(config) ? config.layers : undefined;
  if (!Array.isArray(layers)) return undefined;
  const nodes: TopologyNode[] = [];
  for (const layer of layers) {
    if (!isRecord(layer) || !isRecord(layer.config)) return undefined;
    const name = String(layer.config.name ?? layer.name ?? '');
    const previous = nodes[nodes.length - 1]?.name;
    const inputs = isSequential ? (previous === undefined ? [] : [previous]) : inboundOf(layer.inbound_nodes);
    nodes.push({
      name,
      operation: String(layer.class_name),
      inputs,
      outputs: [name],
      attributes: attributesOf(layer.config),
    });
  }
  const used = new Set(nodes.flatMap(({ inputs }) => inputs));
  const [first, last] = [nodes[0], nodes[nodes.length - 1]];
  return {
    kind: 'layers',
    nodes,
    inputs: isSequential
      ? first === undefined
        ? []
        : [first.name]
      : nodes.filter(({ inputs }) => inputs.length === 0).map(({ name }) => name),
    outputs: isSequential
      ? last === undefined
        ? []
        : [last.name]
      : nodes.filter(({ name }) => !used.has(name)).map(({ name }) => name),
    sameAs: new Map(),
  };
}

/** Names of the layers that a layer's first call takes. */
function inboundOf(inbound: unknown): string[] {
  const call = Array.isArray(inbound) ? (inbound[0] as unknown) : undefined;
  if (!Array.isArray(call)) return [];
  return call.flatMap((input) => (Array.isArray(input) && typeof input[0] === 'string' ? [input[0]] : []));
}

function attributesOf(config: Readonly<Record<string, unknown>>): Record<string, AttributeValue> {
  const result = Object.create(null) as Record<string, AttributeValue>;
  for (const [key, value] of Object.entries(config)) {
    if (['string', 'number', 'boolean'].includes(typeof value)) result[key] = value as AttributeValue;
    else if (Array.isArray(value) && value.every((item) => typeof item === 'number')) result[key] = value as number[];
    // An initialiser: its class and what it was given.
    else if (isRecord(value) && typeof value.class_name === 'string') {
      result[key] = value.class_name;
      for (const [field, given] of Object.entries(isRecord(value.config) ? value.config : {}))
        if (['string', 'number', 'boolean'].includes(typeof given)) result[`${key}.${field}`] = given as AttributeValue;
    }
  }
  return result;
}

/** The nodes of a GraphModel (TensorFlow's GraphDef as JSON); undefined for anything else. */
export function graphTopology(topology: unknown): LayerTopology | undefined {
  if (!isRecord(topology) || !Array.isArray(topology.node)) return undefined;
  const nodes: TopologyNode[] = [];
  for (const node of topology.node as unknown[]) {
    if (!isRecord(node) || typeof node.name !== 'string') return undefined;
    const inputs = Array.isArray(node.input) ? node.input.filter((name) => typeof name === 'string') : [];
    nodes.push({
      name: node.name,
      operation: String(node.op),
      // "^name": executed before; "name:0": its first output.
      inputs: inputs.filter((name) => !name.startsWith('^')).map((name) => name.replace(/:0$/, '')),
      outputs: [node.name],
      attributes: {},
    });
  }
  const used = new Set(nodes.flatMap(({ inputs }) => inputs));
  return {
    kind: 'graph',
    nodes,
    inputs: nodes.filter(({ operation }) => operation === 'Placeholder').map(({ name }) => name),
    outputs: nodes.filter(({ name }) => !used.has(name)).map(({ name }) => name),
    sameAs: new Map(),
  };
}
