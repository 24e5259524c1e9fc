// inspect: what the weights of a file are, layer by layer.
import { basename } from 'node:path';
import * as z from 'zod';
import { parse } from '../core/checks.js';
import { plainCopy } from '../core/copy.js';
import { withJson } from '../core/codec.js';
import { numberField } from '../core/fields.js';
import { type ControlOptions, controlOf, ticker } from '../core/control.js';
import { expectedError, MftError } from '../core/errors.js';
import { controlFields } from '../core/options.js';
import { type QuantityValue, schemaVersion, type Undefined, type Warning } from '../core/results.js';
import { packageVersion } from '../core/provenance.js';
import type { NpyValues } from '../data/npy.js';
import { activationField, type ActivationSpec, canonicalActivation } from '../gaussian/activations.js';
import type { FeedforwardSpec } from '../systems/feedforward/spec.js';
import { withWeightFile, type WeightFileOptions } from '../weights/open.js';
import type { StoredArray, WeightFile, WeightFormat } from '../weights/stored.js';
import type { LayerTopology } from '../weights/topology.js';
import { fileBounds, type InspectedNetwork, type ReadModule } from './bounds.js';
import { type CellReport, cellReports, type InspectedSequence, sequenceField } from './cells/report.js';
import { type Chain, chainByNames, chainOfGraph, chainOfLayers } from './chain.js';
import type { Matrix } from './matrix.js';
import { matrixOf, rowsOf, type WeightModule } from './module.js';
import { modulesByName } from './modules-by-name.js';
import { modulesByNode } from './modules-by-node.js';
import { type LayerReport, reportOn } from './report.js';
import { type ChainLayer, measured, type MeasuredLayer } from './signal.js';
import { putTogether } from './stored-apart.js';

export interface InspectOptions extends WeightFileOptions {
  /** φ of the hidden layers, where the file does not say it (a state dict never does). */
  readonly activation?: ActivationSpec;
  /** Probability of keeping a unit in training, which no file says; of the spec only. Default 1. */
  readonly keepProbability?: number;
  /** Inputs to send through the network: what is measured at every layer is held against `predict`. */
  readonly inputs?: readonly (readonly number[])[];
  /** Of a convolutional network, what no file says: sizes, strides, pools, padding, φ and training examples. Bounds are then said. */
  readonly network?: InspectedNetwork;
  /** Send sequences through the recurrent cells: fixed points and singular values of the Jacobian are then said. {}: as default. */
  readonly recurrent?: InspectedSequence;
}

/** What a file of weights holds. */
export interface Inspection {
  readonly kind: 'inspection';
  readonly schemaVersion: typeof schemaVersion;
  readonly file: string;
  readonly format: WeightFormat;
  readonly metadata: Readonly<Record<string, string>>;
  /** A report for every matrix, gate by gate, in the order of the file (of ONNX: of the nodes). */
  readonly layers: readonly LayerReport[];
  /** Arrays that are no weights of a map: norms, counters, tables. */
  readonly others: readonly { readonly name: string; readonly shape: readonly number[]; readonly type: string }[];
  /**
   * The network as a spec, with the variances of its weights: for `predict`, `advise`, `simulate`. Or why there is none, with the
   * node that is none of ours.
   */
  readonly spec: ({ readonly system: 'feedforward' } & FeedforwardSpec) | Undefined;
  /** With `inputs`: the signals at every layer beside theory. */
  readonly signals?: readonly MeasuredLayer[];
  /** With `network`: norms, and every bound on the generalisation gap (docs/systems/convolution.md), or why there is none. */
  readonly bounds?: Readonly<Record<string, QuantityValue>> | Undefined;
  /** With `recurrent`: every cell, in the order of the file, or why there is none. */
  readonly cells?: readonly CellReport[] | Undefined;
  readonly warnings: readonly Warning[];
  readonly package: string;
}

const schema = z.strictObject({
  ...controlFields,
  memoryLimit: numberField({ low: 0, above: true }, 'Bytes that the content of the file may take.').optional(),
  // Without its default: what a file does not say is asked for, never guessed.
  activation: activationField.unwrap().optional(),
  keepProbability: numberField(
    { low: 0, high: 1, above: true },
    'Probability of keeping a unit in training.',
  ).optional(),
  inputs: z
    .array(z.array(z.number()).min(1))
    .min(1)
    .meta({ expected: 'a list of inputs, each a list of numbers', description: 'Inputs to send through the network.' })
    .optional(),
  network: z
    .looseObject({})
    .meta({
      expected: 'an object of fields of `convolution`: input, stride, pool, pooling, padding, activation, samples',
      description: 'What no file says of a convolutional network, for the bounds on its gap.',
    })
    .optional(),
  recurrent: sequenceField.optional(),
});

/**
 * What the weights of a network are, layer by layer and gate by gate: σ_w² and σ_b², mean and kurtosis, the largest singular value
 * against that of independent weights, stable rank, units without weights, and whether the numbers are still what a library drew.
 *
 * @param file a file of weights of any format that `readArrays` reads
 * @param options what no file says (`activation`, `keepProbability`), `inputs` to send through the network, a convolutional
 *   `network` for the bounds on its gap; `recurrent` for sequences through its cells; `memoryLimit`, cancellation
 * @returns a promise of one report per matrix, in the order of the file; the network as a spec, or why there is none; with `inputs`
 *   the variance of the signals at every layer beside `predict`
 * @throws MftError (rejects) as `readArrays`; ERR_MFT_INVALID_ARGUMENT for a `network` without what no file says;
 *   ERR_MFT_SHAPE, ERR_MFT_UNSUPPORTED for inputs that the network does not take
 *
 * **Numerics**: moments in double precision, whatever the file's; the largest singular value by at most 120 Lanczos steps (relative
 * error 1e-6). σ_w² has the relative standard error √((κ + 2)/n) for n weights of excess kurtosis κ. "asInitialized": |z| < 4 for
 * mean, variance and kurtosis under a law of some library, no number beyond its bound, and a largest singular value of probability
 * above 6e-5.
 * **Source**: docs/inspect.md; the edge: Marchenko and Pastur 1967, Johnstone 2001, Chiani 2014.
 *
 * @example
 * const { layers } = await inspect('model.pt');
 * for (const { name, weightVariance, weights } of layers) console.log(name, weightVariance, weights.verdict, weights.law);
 */
export async function inspect(file: string, options: InspectOptions = {}): Promise<Inspection> {
  const given = parse(schema, options, 'options') as unknown as InspectOptions;
  const activation = given.activation === undefined ? undefined : plainCopy(given.activation, 'activation');
  if (activation !== undefined) canonicalActivation(activation);
  const checked: InspectOptions = activation === undefined ? given : { ...given, activation };
  const { activation: _activation, keepProbability: _keep, inputs: _inputs, network, recurrent, ...reading } = checked;
  return withWeightFile(file, reading, async (opened) => {
    const { modules, others, warnings } = modulesOf(opened);
    const layers: LayerReport[] = [];
    const tick = ticker(modules.length, checked);
    const chain = chainOf(modules, others, opened.topology, checked);
    const kept: ChainLayer[] = [];
    const chained: LayerReport[] = [];
    const read: ReadModule[] = [];
    for (const [index, module] of modules.entries()) {
      const { reports, matrix, bias } = await reportsOf(module);
      layers.push(...reports);
      if (network !== undefined) read.push({ module, matrix, bias });
      const place = 'reason' in chain ? -1 : chain.modules.indexOf(module);
      if (place >= 0) {
        chained[place] = reports[0] as LayerReport;
        if (checked.inputs !== undefined) kept[place] = { matrix, bias };
      }
      await tick(index + 1);
    }
    const spec = 'reason' in chain ? chain : specOf(chain, chained, checked);
    const signals =
      checked.inputs === undefined ? undefined : await signalsOf(chain, spec, kept, checked.inputs, controlOf(checked));
    const cells = recurrent === undefined ? undefined : await cellReports(opened.arrays, recurrent, controlOf(checked));
    return withJson({
      kind: 'inspection' as const,
      schemaVersion,
      file: basename(file),
      format: opened.format,
      metadata: opened.metadata,
      layers,
      others: others.map(({ name, shape, type }) => ({ name, shape, type })),
      spec,
      ...(signals === undefined ? {} : { signals }),
      ...(network === undefined ? {} : { bounds: fileBounds(read, network) }),
      ...(cells === undefined ? {} : { cells }),
      warnings: [...opened.warnings, ...warnings],
      package: packageVersion(),
    });
  });
}

/** The modules of a file: by the nodes where it has a graph of ONNX, else by names. */
function modulesOf({ arrays, topology, format }: WeightFile) {
  if (topology?.kind === 'onnx') return { ...modulesByNode(arrays, topology), warnings: [] };
  const { arrays: whole, combined } = putTogether(arrays);
  const warnings: Warning[] = [...combined].map(([name, how]) => ({
    id: 'storedApart',
    message: `${name} is stored apart (${how}); reported is the weight that is used.`,
  }));
  return { ...modulesByName(whole, format), warnings };
}

/** The dense chain: from the graph where there is one, else from names and what the user says. */
function chainOf(
  modules: readonly WeightModule[],
  others: readonly StoredArray[],
  topology: LayerTopology | undefined,
  { activation }: InspectOptions,
): Chain | Undefined {
  if (topology?.kind === 'onnx') return chainOfGraph(modules, topology);
  if (topology?.kind === 'layers') return chainOfLayers(modules, topology);
  const names = others.map(({ name }) => name);
  return chainByNames(modules, names, activation);
}

function specOf(
  { activations }: Chain,
  reports: readonly LayerReport[],
  { keepProbability }: InspectOptions,
): Inspection['spec'] {
  const known = (value: number | Undefined): number => (typeof value === 'number' ? value : 0);
  return {
    system: 'feedforward',
    activation: activations.length === 0 ? 'linear' : activations,
    weightVariance: reports.map(({ weightVariance }) => weightVariance),
    biasVariance: reports.map(({ biasVariance }) => known(biasVariance)),
    biasMean: reports.map(({ biasMean }) => known(biasMean)),
    width: reports.map(({ outputs }) => outputs),
    inputWidth: reports[0]?.fanIn ?? 1,
    depth: reports.length,
    ...(keepProbability === undefined ? {} : { keepProbability }),
  };
}

async function signalsOf(
  chain: Chain | Undefined,
  spec: Inspection['spec'],
  layers: readonly ChainLayer[],
  inputs: readonly (readonly number[])[],
  control: ControlOptions,
): Promise<readonly MeasuredLayer[]> {
  if ('reason' in chain || 'reason' in spec)
    throw new MftError(
      'ERR_MFT_UNSUPPORTED',
      `No signals can be sent through this file: ${(chain as Undefined).reason}.`,
      { parameter: 'inputs' },
    );
  const width = spec.inputWidth as number;
  const wrong = inputs.findIndex((row) => row.length !== width);
  if (wrong >= 0)
    throw expectedError(
      'ERR_MFT_SHAPE',
      `inputs.${wrong}`,
      `${width} numbers, as the first layer takes`,
      inputs[wrong],
    );
  // Masks act in training only.
  const { keepProbability: _, system: _system, ...evaluated } = spec;
  return measured(layers, chain.activations, evaluated, inputs, control);
}

interface ModuleReport {
  readonly reports: LayerReport[];
  readonly matrix: Matrix;
  readonly bias: Float64Array | undefined;
}

async function reportsOf(module: WeightModule): Promise<ModuleReport> {
  const { weight, direction } = module;
  const values = await weight.read();
  const shape = direction === undefined ? weight.shape : weight.shape.slice(1);
  const matrix = matrixOf(part(values, direction), shape, module.layout);
  const { gates } = module;
  const rows = matrix.outputs / gates.length;
  const biases = await Promise.all(module.biases.map((bias) => bias.read()));
  const reports = gates.map((gate, g) =>
    reportOn(
      rowsOf(matrix, g * rows, rows),
      {
        name: module.name,
        kind: module.kind,
        role: module.role,
        gate,
        shape: weight.shape,
        places: matrix.places,
        allOutputs: matrix.outputs,
        biasPieces: biases.length === 2 ? 2 : module.biasPieces,
        tiedWith: module.tiedWith,
        ...(module.hidden === undefined ? {} : { hidden: module.hidden }),
      },
      biases.length === 0
        ? undefined
        : biasOf(
            biases.map((bias) => part(bias, direction)),
            module.biasPieces,
            matrix.outputs,
            g * rows,
            rows,
          ),
    ),
  );
  const all = biases.length === 0 ? undefined : biasOf(biases, 1, matrix.outputs, 0, matrix.outputs);
  return { reports, matrix, bias: gates.length === 1 ? all : undefined };
}

/** What one direction has of an array of several. */
function part(values: NpyValues, direction: WeightModule['direction']): NpyValues {
  if (direction === undefined) return values;
  const length = values.length / direction.count;
  return values.subarray(direction.index * length, (direction.index + 1) * length);
}

/** The biases that are added, added. */
function biasOf(vectors: readonly NpyValues[], pieces: number, all: number, from: number, count: number): Float64Array {
  const sum = new Float64Array(count);
  for (const vector of vectors)
    for (let piece = 0; piece < pieces; piece++)
      for (let i = 0; i < count; i++) sum[i] = (sum[i] as number) + (vector[piece * all + from + i] as number);
  return sum;
}
