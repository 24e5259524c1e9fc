// The network of a percolation question: fields shared by the spec and the quantities, and its form as runs of equal layers.
import * as z from 'zod';
import { MftError, expectedError } from '../../core/errors.js';
import { aliased, also, dropNames, numberField, wholeField } from '../../core/fields.js';

const largestWhole = Number.MAX_SAFE_INTEGER;
const longestList = 1_000_000;

function keepField(description: string, symbol: string): z.ZodUnion<readonly [z.ZodNumber, z.ZodArray<z.ZodNumber>]> {
  const one = z.number().gte(0).lte(1);
  return z.union([one, z.array(one).max(longestList)]).meta({
    expected: 'a number in [0, 1], or a list with one such number per layer',
    description,
    kind: 'list',
    symbol,
  });
}

export const widthField = wholeField(1, largestWhole, 'Nodes per layer (positions, for a convolution).', 'W');
export const depthField = wholeField(
  0,
  largestWhole,
  'Number of hidden layers; there are depth + 1 weight layers.',
  'L',
);
const keepProbabilityField = also(
  keepField('Dropout: probability of keeping a hidden node; one number, or one per hidden layer.', 's'),
  dropNames,
);
export const edgeKeepProbabilityField = also(
  keepField('Dropconnect: probability of keeping an edge; one number, or one per weight layer (depth + 1).', 'b'),
  { dropConnect: ' = 1 - dropConnect, a probability of keeping' },
);
const inputKeepProbabilityField = numberField({ low: 0, high: 1 }, 'Probability of keeping an input node.', 's_0');
export const activeProbabilityField = numberField(
  { low: 0, high: 1 },
  'Extra factor on keepProbability: 1/2 is bias-free ReLU at initialisation.',
  'a',
);

const one = z.int().gte(1).lte(largestWhole);
const widthsField = z.union([one, z.array(one).min(2).max(longestList)]).meta({
  expected: `a whole number in [1, ${largestWhole}], or a list of at least two: input, hidden layers, output`,
  description: 'Nodes per layer (positions, for a convolution), or a list with those of every layer, ends included.',
  kind: 'list',
  symbol: 'W',
});

/** The fields of a fully connected network. A list of widths says depth and both ends. */
export const networkFields = {
  width: widthsField.optional(),
  depth: depthField.optional(),
  inputWidth: wholeField(1, largestWhole, 'Input nodes; `width` when left out.', 'N_0').optional(),
  outputWidth: wholeField(1, largestWhole, 'Output nodes; `width` when left out.', 'N_{L+1}').optional(),
  keepProbability: keepProbabilityField.default(1),
  edgeKeepProbability: edgeKeepProbabilityField.default(1),
  inputKeepProbability: inputKeepProbabilityField.default(1),
  activeProbability: activeProbabilityField.default(1),
} as const;

/** The same fields as parameters of a quantity, where the names they had before are taken too. */
export const networkParameters = {
  ...networkFields,
  width: aliased(networkFields.width, 'widths'),
  keepProbability: aliased(networkFields.keepProbability, 'siteKeep'),
  edgeKeepProbability: aliased(networkFields.edgeKeepProbability, 'bondKeep'),
  inputKeepProbability: aliased(networkFields.inputKeepProbability, 'inputKeep'),
} as const;

const networkSchema = z.strictObject(networkFields);
export type NetworkParameters = z.output<typeof networkSchema>;

/** `count` equal layers: nodes, keep probability of a node, keep probability of an edge into the layer. */
export interface LayerRun {
  readonly count: number;
  readonly width: number;
  readonly keepProbability: number;
  readonly edgeKeepProbability: number;
}

/** Layers 0..depth+1 with the input apart; the last run ends with the output, whose nodes are never dropped. */
export interface Network {
  readonly inputWidth: number;
  readonly inputKeepProbability: number;
  readonly depth: number;
  readonly runs: readonly LayerRun[];
}

type Listed = number | readonly number[];

/** Refuses a list of the wrong length, without writing a number out as a list. */
export function checkLength(parameter: string, value: Listed, length: number): void {
  if (typeof value === 'number' || value.length === length) return;
  throw new MftError(
    'ERR_MFT_SHAPE',
    `Expected \`${parameter}\` to be a number or a list of ${length}, received a list of ${value.length}.`,
    { parameter, expected: `a list of ${length}`, received: value.length },
  );
}

/** What `layerRuns` reads: numbers, or lists with one per hidden layer (edges: per weight layer). */
interface Layers {
  readonly depth: number;
  readonly width: Listed;
  readonly outputWidth: number;
  readonly keepProbability: Listed;
  readonly edgeKeepProbability: Listed;
  /** Extra factor on every keep probability. Default 1. */
  readonly activeProbability?: number;
}

/** Layers 1..depth+1 as runs: the lists are read layer by layer only where something varies. */
export function layerRuns(layers: Layers): LayerRun[] {
  const { depth, width, outputWidth, keepProbability, edgeKeepProbability, activeProbability = 1 } = layers;
  const hidden = (i: number): LayerRun => ({
    count: 1,
    width: at(width, i),
    keepProbability: at(keepProbability, i) * activeProbability,
    edgeKeepProbability: at(edgeKeepProbability, i),
  });
  const output = {
    count: 1,
    width: outputWidth,
    keepProbability: 1,
    edgeKeepProbability: at(edgeKeepProbability, depth),
  };
  if (typeof width === 'number' && typeof keepProbability === 'number' && typeof edgeKeepProbability === 'number') {
    return depth === 0 ? [output] : [{ ...hidden(0), count: depth }, output];
  }
  const runs: LayerRun[] = [];
  for (let i = 0; i <= depth; i++) append(runs, i < depth ? hidden(i) : output);
  return runs;
}

/** Adds layers to the end of a list of runs; they join the last one where they are like it. */
function append(runs: LayerRun[], layer: LayerRun): void {
  if (layer.count === 0) return;
  const last = runs.at(-1);
  const isAlike =
    last?.width === layer.width &&
    last.keepProbability === layer.keepProbability &&
    last.edgeKeepProbability === layer.edgeKeepProbability;
  if (last !== undefined && isAlike) runs[runs.length - 1] = { ...last, count: last.count + layer.count };
  else runs.push(layer);
}

function at(value: Listed, i: number): number {
  return typeof value === 'number' ? value : (value[i] as number);
}

/** Widths as numbers: input, hidden (one number or a list), output, depth. */
export function resolveWidths(parameters: {
  width?: Listed | undefined;
  depth?: number | undefined;
  inputWidth?: number | undefined;
  outputWidth?: number | undefined;
}): { inputWidth: number; hidden: Listed; outputWidth: number; depth: number } {
  const { width, depth } = parameters;
  if (width !== undefined && typeof width !== 'number') {
    for (const name of ['depth', 'inputWidth', 'outputWidth'] as const) {
      if (parameters[name] !== undefined)
        throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, 'left out where `width` is a list', parameters[name]);
    }
    return {
      inputWidth: width[0] as number,
      hidden: width.slice(1, -1),
      outputWidth: width.at(-1) as number,
      depth: width.length - 2,
    };
  }
  if (width === undefined)
    throw expectedError(
      'ERR_MFT_INVALID_ARGUMENT',
      'width',
      `a whole number in [1, ${largestWhole}] (or a list)`,
      width,
    );
  if (depth === undefined)
    throw expectedError(
      'ERR_MFT_INVALID_ARGUMENT',
      'depth',
      `a whole number in [0, ${largestWhole}] (or \`width\` a list)`,
      depth,
    );
  return {
    inputWidth: parameters.inputWidth ?? width,
    hidden: width,
    outputWidth: parameters.outputWidth ?? width,
    depth,
  };
}

/**
 * The network that the parameters of a quantity describe.
 *
 * @throws MftError ERR_MFT_INVALID_ARGUMENT (no width, no depth, or a depth beside a list of widths), ERR_MFT_SHAPE (length of a list)
 */
export function resolveNetwork(parameters: NetworkParameters): Network {
  const { inputWidth, hidden, outputWidth, depth } = resolveWidths(parameters);
  checkLength('keepProbability', parameters.keepProbability, depth);
  checkLength('edgeKeepProbability', parameters.edgeKeepProbability, depth + 1);
  return {
    inputWidth,
    inputKeepProbability: parameters.inputKeepProbability,
    depth,
    runs: layerRuns({ ...parameters, depth, width: hidden, outputWidth }),
  };
}

/** The same network read from the output to the input: its chain counts the nodes that still reach the output. */
export function reversed(network: Network): Network {
  const { runs } = network;
  const output = runs.at(-1) as LayerRun;
  const backwards: LayerRun[] = [];
  // A layer's edges come from the layer before it; read backwards they come from the layer after it.
  for (let i = runs.length - 1; i >= 0; i--) {
    const run = runs[i] as LayerRun;
    const before = runs[i - 1];
    const inside = run.count - 1; // layers of the run that another layer of the run follows
    append(backwards, {
      count: inside,
      width: run.width,
      keepProbability: run.keepProbability,
      edgeKeepProbability: run.edgeKeepProbability,
    });
    append(backwards, {
      count: 1,
      width: before?.width ?? network.inputWidth,
      keepProbability: before?.keepProbability ?? network.inputKeepProbability,
      edgeKeepProbability: run.edgeKeepProbability,
    });
  }
  return {
    inputWidth: output.width,
    inputKeepProbability: output.keepProbability,
    depth: network.depth,
    runs: backwards,
  };
}

/** The layer with this index, 0..depth+1, as a run of one. */
export function layerAt(network: Network, index: number): LayerRun {
  if (index === 0)
    return {
      count: 1,
      width: network.inputWidth,
      keepProbability: network.inputKeepProbability,
      edgeKeepProbability: 1,
    };
  let end = 0;
  for (const run of network.runs) {
    end += run.count;
    if (index <= end) return run;
  }
  throw expectedError('ERR_MFT_OUT_OF_RANGE', 'layer', `a whole number in [0, ${network.depth + 1}]`, index);
}
