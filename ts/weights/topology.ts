// What a file says of the order of its layers: nodes with inputs and outputs by name.

export type AttributeValue = number | string | boolean | readonly number[] | readonly string[];

/** A node of ONNX or of a tfjs graph, or a layer of a tfjs LayersModel. */
export interface TopologyNode {
  readonly name: string;
  /** `Gemm`, `MatMul`, `Dense`, … */
  readonly operation: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

export interface LayerTopology {
  readonly kind: 'onnx' | 'layers' | 'graph';
  readonly nodes: readonly TopologyNode[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Another name of an array → the name under which it is stored: what Identity nodes say. */
  readonly sameAs: ReadonlyMap<string, string>;
}
