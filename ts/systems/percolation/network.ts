// The network of a percolation question: fields shared by the spec and the quantities, and its form as runs of equal layers.
import { z } from 'zod';
import { MftError, expectedError } from '../../core/errors.js';
import { numberField, wholeField } from '../../core/fields.js';

const largestWhole = Number.MAX_SAFE_INTEGER;
const longestList = 1_000_000;

function keepField(description: string, symbol: string): z.ZodUnion<readonly [z.ZodNumber, z.ZodArray<z.ZodNumber>]> {
  const one = z.number().gte(0).lte(1);
  return z.union([one, z.array(one).max(longestList)]).meta({
    expected: 'a number in [0, 1], or a list with one such number per layer',
    description,
    list: true,
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
export const siteKeepField = keepField(
  'Dropout: probability of keeping a hidden node; one number, or one per hidden layer.',
  's',
);
export const bondKeepField = keepField(
  'Dropconnect: probability of keeping an edge; one number, or one per weight layer (depth + 1).',
  'b',
);
export const inputKeepField = numberField({ low: 0, high: 1 }, 'Probability of keeping an input node.', 's_0');
export const activeProbabilityField = numberField(
  { low: 0, high: 1 },
  'Extra factor on siteKeep: 1/2 is bias-free ReLU at initialisation.',
  'a',
);

/** The fields of a fully connected network, for the parameters of a quantity. */
export const networkFields = {
  widths: z
    .array(z.int().gte(1).lte(largestWhole))
    .min(2)
    .max(longestList)
    .meta({
      expected: 'a list of at least two whole numbers >= 1: input, hidden layers, output',
      description: 'Nodes of every layer, input and output included.',
      list: true,
      symbol: 'N_0..N_{L+1}',
    })
    .optional(),
  width: widthField.optional(),
  depth: depthField.optional(),
  inputWidth: wholeField(1, largestWhole, 'Input nodes; `width` when left out.', 'N_0').optional(),
  outputWidth: wholeField(1, largestWhole, 'Output nodes; `width` when left out.', 'N_{L+1}').optional(),
  siteKeep: siteKeepField.default(1),
  bondKeep: bondKeepField.default(1),
  inputKeep: inputKeepField.default(1),
  activeProbability: activeProbabilityField.default(1),
} as const;

const networkSchema = z.strictObject(networkFields);
export type NetworkParameters = z.output<typeof networkSchema>;

/** `count` equal layers: nodes, keep probability of a node, keep probability of an edge into the layer. */
export interface LayerRun {
  readonly count: number;
  readonly width: number;
  readonly siteKeep: number;
  readonly bondKeep: number;
}

/** Layers 0..depth+1 with the input apart; the last run ends with the output, whose nodes are never dropped. */
export interface Network {
  readonly inputWidth: number;
  readonly inputKeep: number;
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

/** Layers 1..depth+1 as runs: `widthAt` and the lists are read layer by layer only where something varies. */
export function layerRuns(
  depth: number,
  width: Listed,
  outputWidth: number,
  siteKeep: Listed,
  bondKeep: Listed,
  activeProbability = 1,
): LayerRun[] {
  const hidden = (i: number): LayerRun => ({
    count: 1,
    width: at(width, i),
    siteKeep: at(siteKeep, i) * activeProbability,
    bondKeep: at(bondKeep, i),
  });
  const output = { count: 1, width: outputWidth, siteKeep: 1, bondKeep: at(bondKeep, depth) };
  if (typeof width === 'number' && typeof siteKeep === 'number' && typeof bondKeep === 'number') {
    return depth === 0 ? [output] : [{ ...hidden(0), count: depth }, output];
  }
  const runs: { count: number; width: number; siteKeep: number; bondKeep: number }[] = [];
  for (let i = 0; i <= depth; i++) {
    const layer = i < depth ? hidden(i) : output;
    const last = runs.at(-1);
    if (
      last !== undefined &&
      last.width === layer.width &&
      last.siteKeep === layer.siteKeep &&
      last.bondKeep === layer.bondKeep
    )
      last.count++;
    else runs.push({ ...layer });
  }
  return runs;
}

function at(value: Listed, i: number): number {
  return typeof value === 'number' ? value : (value[i] as number);
}

/** Widths as numbers: input, hidden (one number or a list), output, depth. */
export function resolveWidths(parameters: {
  widths?: readonly number[] | undefined;
  width?: number | undefined;
  depth?: number | undefined;
  inputWidth?: number | undefined;
  outputWidth?: number | undefined;
}): { inputWidth: number; hidden: Listed; outputWidth: number; depth: number } {
  const { widths, width, depth } = parameters;
  if (widths !== undefined) {
    for (const name of ['width', 'depth', 'inputWidth', 'outputWidth'] as const) {
      if (parameters[name] !== undefined)
        throw expectedError('ERR_MFT_INVALID_ARGUMENT', name, 'left out where `widths` is given', parameters[name]);
    }
    return {
      inputWidth: widths[0] as number,
      hidden: widths.slice(1, -1),
      outputWidth: widths.at(-1) as number,
      depth: widths.length - 2,
    };
  }
  if (width === undefined)
    throw expectedError(
      'ERR_MFT_INVALID_ARGUMENT',
      'width',
      `a whole number in [1, ${largestWhole}] (or \`widths\` a list)`,
      width,
    );
  if (depth === undefined)
    throw expectedError(
      'ERR_MFT_INVALID_ARGUMENT',
      'depth',
      `a whole number in [0, ${largestWhole}] (or \`widths\` a list)`,
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
 * @throws MftError ERR_MFT_INVALID_ARGUMENT (neither widths nor width and depth, or both), ERR_MFT_SHAPE (length of a list)
 */
export function resolveNetwork(parameters: NetworkParameters): Network {
  const { inputWidth, hidden, outputWidth, depth } = resolveWidths(parameters);
  checkLength('siteKeep', parameters.siteKeep, depth);
  checkLength('bondKeep', parameters.bondKeep, depth + 1);
  return {
    inputWidth,
    inputKeep: parameters.inputKeep,
    depth,
    runs: layerRuns(depth, hidden, outputWidth, parameters.siteKeep, parameters.bondKeep, parameters.activeProbability),
  };
}

/** The same network read from the output to the input: its chain counts the nodes that still reach the output. */
export function reversed(network: Network): Network {
  const { runs } = network;
  const output = runs.at(-1) as LayerRun;
  const backwards: LayerRun[] = [];
  // A layer's edges come from the layer before it; read backwards they come from the layer after it.
  const push = (layer: LayerRun): void => {
    const last = backwards.at(-1);
    if (
      last !== undefined &&
      last.width === layer.width &&
      last.siteKeep === layer.siteKeep &&
      last.bondKeep === layer.bondKeep
    )
      backwards[backwards.length - 1] = { ...last, count: last.count + layer.count };
    else if (layer.count > 0) backwards.push(layer);
  };
  for (let i = runs.length - 1; i >= 0; i--) {
    const run = runs[i] as LayerRun;
    const before = runs[i - 1];
    const inside = run.count - 1; // layers of the run that another layer of the run follows
    push({ count: inside, width: run.width, siteKeep: run.siteKeep, bondKeep: run.bondKeep });
    push({
      count: 1,
      width: before?.width ?? network.inputWidth,
      siteKeep: before?.siteKeep ?? network.inputKeep,
      bondKeep: run.bondKeep,
    });
  }
  return { inputWidth: output.width, inputKeep: output.siteKeep, depth: network.depth, runs: backwards };
}

/** The layer with this index, 0..depth+1, as a run of one. */
export function layerAt(network: Network, index: number): LayerRun {
  if (index === 0) return { count: 1, width: network.inputWidth, siteKeep: network.inputKeep, bondKeep: 1 };
  let end = 0;
  for (const run of network.runs) {
    end += run.count;
    if (index <= end) return run;
  }
  throw expectedError('ERR_MFT_OUT_OF_RANGE', 'layer', `a whole number in [0, ${network.depth + 1}]`, index);
}
