// inspect: what the weights of a file are, layer by layer.
import { basename } from 'node:path';
import { z } from 'zod';
import { parse } from '../core/checks.js';
import { withJson } from '../core/codec.js';
import { numberField } from '../core/fields.js';
import { controlFields } from '../core/options.js';
import { schemaVersion, type Warning } from '../core/results.js';
import { packageVersion } from '../core/provenance.js';
import type { NpyValues } from '../data/npy.js';
import { withWeightFile, type WeightFileOptions } from '../weights/open.js';
import type { WeightFile, WeightFormat } from '../weights/stored.js';
import { matrixOf, rowsOf, type WeightModule } from './module.js';
import { modulesByName } from './modules-by-name.js';
import { modulesByNode } from './modules-by-node.js';
import { type LayerReport, reportOn } from './report.js';
import { putTogether } from './stored-apart.js';

export interface InspectOptions extends WeightFileOptions {}

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
  readonly warnings: readonly Warning[];
  readonly package: string;
}

const schema = z.strictObject({
  ...controlFields,
  memoryLimit: numberField(
    { low: 0, above: true },
    'Bytes that the content of the file may take in memory.',
  ).optional(),
});

/**
 * What the weights of a network are, layer by layer and gate by gate: σ_w² and σ_b², mean and kurtosis, the largest singular value
 * against that of independent weights, stable rank, units without weights, and whether the numbers are still what a library drew.
 *
 * @param file a file of weights of any format that `readArrays` reads
 * @param options `memoryLimit`, cancellation
 * @returns a promise of one report per matrix, in the order of the file
 * @throws MftError (rejects) as `readArrays`
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
  const checked = parse(schema, options, 'options') as InspectOptions;
  return withWeightFile(file, checked, async (opened) => {
    const { modules, others, warnings } = modulesOf(opened);
    const layers: LayerReport[] = [];
    const start = performance.now();
    for (const [index, module] of modules.entries()) {
      if (checked.signal?.aborted) throw checked.signal.reason;
      layers.push(...(await reportsOf(module)));
      checked.onProgress?.({
        done: index + 1,
        total: modules.length,
        elapsedSeconds: (performance.now() - start) / 1000,
      });
    }
    return withJson({
      kind: 'inspection' as const,
      schemaVersion,
      file: basename(file),
      format: opened.format,
      metadata: opened.metadata,
      layers,
      others: others.map(({ name, shape, type }) => ({ name, shape, type })),
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

async function reportsOf(module: WeightModule): Promise<LayerReport[]> {
  const { weight, direction } = module;
  const values = await weight.read();
  const shape = direction === undefined ? weight.shape : weight.shape.slice(1);
  const matrix = matrixOf(part(values, direction), shape, module.layout);
  const { gates } = module;
  const rows = matrix.outputs / gates.length;
  const biases = await Promise.all(module.biases.map((bias) => bias.read()));
  return gates.map((gate, g) =>
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
