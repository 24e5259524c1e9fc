// Modules of files that say nothing but names: the names of PyTorch, of Keras and tfjs, of `train`.
import type { StoredArray, WeightFormat } from '../weights/stored.js';
import type { Layout, ModuleKind, WeightModule } from './module.js';

/** Gates in the order their rows are stored: PyTorch's LSTM i f g o and GRU r z n, Keras's LSTM i f c o and GRU z r h. */
const gateOrders = {
  pytorch: { 1: [''], 3: ['r', 'z', 'n'], 4: ['i', 'f', 'g', 'o'] },
  keras: { 1: [''], 3: ['z', 'r', 'h'], 4: ['i', 'f', 'c', 'o'] },
} as const;

const isEmbedding = /(^|[./_])(embeddings?|emb|embed_tokens|wte|wpe|token_embedding)([./_]|$)/i;

/** Arrays by name, and those that are still nobody's. */
interface Pile {
  take(name: string): StoredArray | undefined;
  readonly rest: Map<string, StoredArray>;
}

function pileOf(arrays: readonly StoredArray[]): Pile {
  const rest = new Map(arrays.map((array) => [array.name, array]));
  return {
    rest,
    take: (name) => {
      const found = rest.get(name);
      rest.delete(name);
      return found;
    },
  };
}

/**
 * Modules in the order of the file, and what belongs to none: norms, counters, position tables.
 *
 * A weight `NAME.weight` is [outputs, inputs, places…] as in PyTorch; `NAME/kernel` is [places…, inputs, outputs] as in Keras.
 */
export function modulesByName(
  arrays: readonly StoredArray[],
  format: WeightFormat,
): { modules: WeightModule[]; others: StoredArray[] } {
  const pile = pileOf(arrays);
  const modules: WeightModule[] = [];
  for (const { name } of arrays) {
    const array = pile.rest.get(name);
    if (array === undefined) continue;
    const found = recurrent(array, pile) ?? attention(array, pile) ?? plain(array, pile, format);
    modules.push(...(found ?? []));
  }
  return { modules: withTies(modules), others: [...pile.rest.values()] };
}

function module(
  name: string,
  kind: ModuleKind,
  weight: StoredArray,
  layout: Layout,
  more: Partial<WeightModule> = {},
): WeightModule {
  return { name, kind, role: 'weight', weight, layout, gates: [''], biases: [], biasPieces: 1, tiedWith: [], ...more };
}

/** Both matrices of a cell: weight_ih_l0 and weight_hh_l0, or kernel and recurrent_kernel. */
function recurrent({ name }: StoredArray, pile: Pile): WeightModule[] | undefined {
  const torch = /^(.*?)weight_(ih|hh)(_l\d+(?:_reverse)?)?$/.exec(name);
  const keras = /^(.*\/)(?:recurrent_)?kernel$/.exec(name);
  const names =
    torch !== null
      ? ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'].map((part) => `${torch[1]}${part}${torch[3] ?? ''}`)
      : keras !== null
        ? ['kernel', 'recurrent_kernel', 'bias'].map((part) => `${keras[1]}${part}`)
        : undefined;
  const [own, back] = names?.slice(0, 2).map((part) => pile.rest.get(part)) ?? [];
  if (names === undefined || own?.shape.length !== 2 || back?.shape.length !== 2) return undefined;
  const isTorch = torch !== null;
  const [rows, hidden] = (isTorch ? back.shape : [...back.shape].reverse()) as [number, number];
  const orders: Readonly<Record<number, readonly string[]>> = gateOrders[isTorch ? 'pytorch' : 'keras'];
  const gates = orders[rows / hidden];
  if (gates === undefined || (isTorch ? own.shape[0] : own.shape[1]) !== rows) return undefined;
  const biases = names.slice(2).flatMap((part) => {
    const found = pile.rest.get(part);
    return found?.shape.length === 1 && found.shape[0] === rows ? [pile.take(part) as StoredArray] : [];
  });
  pile.take(own.name);
  pile.take(back.name);
  const base =
    `${(torch?.[1] ?? keras?.[1] ?? '').replace(/[./]$/, '')}${torch?.[3] ?? ''}`.replace(/^_/, '') || 'cell';
  const layout = isTorch ? 'outputsFirst' : 'inputsFirst';
  return [
    module(base, 'recurrent', own, layout, { role: 'input', gates, hidden, biases }),
    module(base, 'recurrent', back, layout, { role: 'recurrent', gates, hidden }),
  ];
}

/** in_proj_weight: queries, keys and values in one. */
function attention(weight: StoredArray, pile: Pile): WeightModule[] | undefined {
  const base = /^(.*?)in_proj_weight$/.exec(weight.name)?.[1];
  const [rows = 0, columns = 0] = weight.shape;
  if (base === undefined || weight.shape.length !== 2 || rows !== 3 * columns) return undefined;
  pile.take(weight.name);
  const bias = pile.take(`${base}in_proj_bias`);
  return [
    module(`${base}in_proj`, 'attention', weight, 'outputsFirst', {
      gates: ['query', 'key', 'value'],
      biases: bias === undefined ? [] : [bias],
    }),
  ];
}

const inputsFirst = /^(?:(.*)\/)?(kernel|pointwise_kernel|filters|weights|pointwise_filter)$/;
const depthwise = /^(?:(.*)\/)?(depthwise_kernel|depthwise_filter)$/;

function plain(weight: StoredArray, pile: Pile, format: WeightFormat): WeightModule[] | undefined {
  const { name, shape } = weight;
  if (shape.length < 2 || !/^(?:[|<>=]?f|F|BF|FLOAT|DOUBLE|BFLOAT|Float|Double|Half|BFloat|float)/.test(weight.type))
    return undefined;
  const torch = /^(?:(.*)\.)?weight$/.exec(name);
  const slim = depthwise.exec(name) ?? inputsFirst.exec(name);
  const table = /^(?:(.*)\/)?embeddings$/.exec(name);
  if (torch === null && slim === null && table === null && format !== 'npy') return undefined;
  pile.take(name);
  const base = torch?.[1] ?? slim?.[1] ?? table?.[1] ?? name;
  if (table !== null || (torch !== null && shape.length === 2 && isEmbedding.test(base)))
    // A row per word: each number stands alone, no sum is taken.
    return [module(base, 'embedding', weight, 'outputsFirst', { role: 'embedding' })];
  const layout = torch !== null || slim === null ? 'outputsFirst' : depthwise.test(name) ? 'depthwise' : 'inputsFirst';
  const outputs =
    layout === 'outputsFirst'
      ? shape[0]
      : layout === 'depthwise'
        ? (shape.at(-1) as number) * (shape.at(-2) as number)
        : shape.at(-1);
  const biases = (
    torch !== null
      ? [torch[1] === undefined ? 'bias' : `${base}.bias`]
      : ['bias', 'biases'].map((part) => `${base}/${part}`)
  ).flatMap((part) => {
    const found = pile.rest.get(part);
    return found?.shape.length === 1 && found.shape[0] === outputs ? [pile.take(part) as StoredArray] : [];
  });
  return [module(base, shape.length === 2 ? 'dense' : 'convolution', weight, layout, { biases })];
}

/** Which modules have one storage. */
function withTies(modules: readonly WeightModule[]): WeightModule[] {
  return modules.map((one) => ({
    ...one,
    tiedWith: modules
      .filter((other) => other !== one && other.weight.storage === one.weight.storage && other.name !== one.name)
      .map(({ name }) => name),
  }));
}
