// The mean field of a network: what one image becomes, layer by layer, in infinitely many channels, and the gradient on its way back.
import type { ControlOptions } from '../../core/control.js';
import { pause } from '../../core/control.js';
import type { ConvolutionLayer, Network } from './architecture.js';
import {
  activated,
  type Displacement,
  type Fields,
  fieldOf,
  type Grid,
  key,
  normalised,
  type Step,
  tapMean,
  tapSpread,
  unitsOf,
} from './covariance.js';
import { momentsOf, type UnitMoments } from './moments.js';

interface Image {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly values: Float64Array;
}

/** Law of the weights: N(0, σ_w²/fan-in), biases N(0, σ_b²). */
interface Law {
  readonly weightVariance: number;
  readonly biasVariance: number;
}

/** The pre-activations of a layer. */
export interface LayerField {
  readonly grid: Grid;
  /** E X(p)² of every position. */
  readonly variance: Float64Array;
  /** E X(p) X(p + (0, 1)): 0 where there is no such position. */
  readonly neighbour: Float64Array;
  /** Positions that have a neighbour on the right. */
  readonly neighbours: number;
  /** Squared gradient of a unit functional of the last layer, all positions and channels. */
  gradient: number;
}

export interface MeanField {
  /** Layers with a value: all, or those before the first maximum that is taken. */
  readonly layers: readonly LayerField[];
  /** Whether a maximum over a pool stands in the way. */
  readonly isCut: boolean;
  readonly lost: number;
}

const here: Displacement = { down: 0, right: 0 };
const beside: Displacement = { down: 0, right: 1 };
const before = ({ inputHeight, inputWidth }: ConvolutionLayer): Grid => ({ height: inputHeight, width: inputWidth });
const after = ({ preHeight, preWidth }: ConvolutionLayer): Grid => ({ height: preHeight, width: preWidth });
const stepOf = (layer: ConvolutionLayer, { padding }: Network): Step => ({
  kernel: layer.kernel,
  stride: layer.stride,
  input: before(layer),
  output: after(layer),
  padding,
});

type Displacements = ReadonlyMap<string, Displacement>;

/** What is wanted of each layer's pre-activations (`wanted[i]`) and of what enters it (`entering[i]`). */
interface Needs {
  readonly wanted: readonly Displacements[];
  readonly entering: readonly Displacements[];
}

function needsOf(network: Network): Needs {
  const { layers, padding } = network;
  const wanted: Displacements[] = [];
  const entering: Displacements[] = [];
  for (let l = layers.length - 1; l >= 0; l--) {
    const layer = layers[l] as ConvolutionLayer;
    const own = new Map<string, Displacement>();
    const add = (into: Map<string, Displacement>, d: Displacement, grid: Grid): void => {
      const kept = normalised(d, grid, padding);
      if (kept !== undefined) into.set(key(kept), kept);
    };
    add(own, here, after(layer));
    add(own, beside, after(layer));
    const p = layer.pool;
    for (const d of entering[l + 1]?.values() ?? [])
      for (let i = 1 - p; i < p; i++)
        for (let j = 1 - p; j < p; j++) add(own, { down: p * d.down + i, right: p * d.right + j }, after(layer));
    const inside = new Map<string, Displacement>();
    for (const { down, right } of own.values())
      add(inside, { down: layer.stride * down, right: layer.stride * right }, before(layer));
    [wanted[l], entering[l]] = [own, inside];
  }
  return { wanted, entering };
}

/** Numbers the theory holds of a network's largest layer and keeps of all, and pairs of positions it takes in all. */
export function meanFieldSize(network: Network): { held: number; kept: number; pairs: number } {
  const { wanted } = needsOf(network);
  let [held, kept, pairs] = [0, 0, 0];
  for (const [l, { preHeight, preWidth, inputHeight, inputWidth }] of network.layers.entries()) {
    const count = (wanted[l] as Displacements).size;
    held = Math.max(held, count * (preHeight * preWidth + inputHeight * inputWidth));
    pairs += count * preHeight * preWidth;
    // Variances and those of neighbours; slopes and moments of what another layer follows.
    kept += (l < network.layers.length - 1 ? 4.5 : 2) * preHeight * preWidth;
  }
  return { held, kept, pairs };
}

/** Covariance of an image with itself, averaged over channels. */
function imageFields({ channels, height, width, values }: Image, wanted: Displacements, network: Network): Fields {
  const size = height * width;
  const product = (from: number, to: number): number => {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += (values[c * size + from] as number) * (values[c * size + to] as number);
    return sum / channels;
  };
  const grid = { height, width };
  return new Map([...wanted].map(([name, d]) => [name, fieldOf(d, grid, network.padding, product)]));
}

/** Means over pools: cov(P, P + e) = Σ_{u,v} cov(pP + u, pP + u + (pe + v − u))/p⁴. */
function pooled(fields: Fields, layer: ConvolutionLayer, wanted: Displacements, network: Network): Fields {
  const [p, grid, { padding }] = [layer.pool, after(layer), network];
  if (p === 1) return fields;
  const small = { height: layer.height, width: layer.width };
  const result = new Map<string, Float64Array>();
  for (const [name, e] of wanted) {
    const sum = new Float64Array(small.height * small.width);
    for (let i = 1 - p; i < p; i++)
      for (let j = 1 - p; j < p; j++) {
        const d = normalised({ down: p * e.down + i, right: p * e.right + j }, grid, padding);
        const field = d === undefined ? undefined : fields.get(key(d));
        if (field === undefined) continue;
        for (let P = 0; P < sum.length; P++) {
          const [row, column] = [Math.floor(P / small.width) * p, (P % small.width) * p];
          for (let a = Math.max(0, -i); a < Math.min(p, p - i); a++)
            for (let b = Math.max(0, -j); b < Math.min(p, p - j); b++)
              sum[P] = (sum[P] as number) + (field[(row + a) * grid.width + column + b] as number);
        }
      }
    result.set(
      name,
      sum.map((value) => value / p ** 4),
    );
  }
  return result;
}

/** Forward and backward through all layers. */
export async function meanField(
  network: Network,
  image: Image,
  { weightVariance, biasVariance }: Law,
  options: ControlOptions,
): Promise<MeanField> {
  const { wanted, entering } = needsOf(network);
  const moments = momentsOf(network.activation);
  const { layers, padding, pooling } = network;
  let inside = imageFields(image, entering[0] as Displacements, network);
  const found: LayerField[] = [];
  const slopes: Float64Array[] = [];
  let isCut = false;
  for (const [l, layer] of layers.entries()) {
    const grid = after(layer);
    const fields = new Map<string, Float64Array>();
    for (const [name, d] of wanted[l] as Displacements) {
      await pause(options);
      const from = normalised({ down: layer.stride * d.down, right: layer.stride * d.right }, before(layer), padding);
      const mean =
        from === undefined ? undefined : tapMean(inside.get(key(from)) as Float64Array, stepOf(layer, network));
      fields.set(
        name,
        fieldOf(d, grid, padding, (at) => weightVariance * (mean?.[at] ?? 0) + biasVariance),
      );
    }
    const variance = fields.get(key(here)) as Float64Array;
    const right = normalised(beside, grid, padding);
    const neighbour = right === undefined ? undefined : fields.get(key(right));
    const columns = padding === 'circular' ? grid.width : grid.width - 1;
    found.push({
      grid,
      variance,
      neighbour: neighbour ?? new Float64Array(variance.length),
      neighbours: grid.width > 1 ? columns * grid.height : 0,
      gradient: Number.NaN,
    });
    if (l === layers.length - 1) break;
    isCut = pooling === 'max' && layer.pool > 1;
    if (isCut) break;
    const units: UnitMoments[] = unitsOf(variance, moments);
    slopes.push(Float64Array.from(units, ({ slope }) => slope));
    const active = new Map<string, Float64Array>();
    for (const [name, d] of wanted[l] as Displacements) {
      await pause(options);
      active.set(name, activated(fields.get(name) as Float64Array, d, units, grid, padding, moments));
    }
    inside = pooled(active, layer, entering[l + 1] as Displacements, network);
  }
  if (!isCut) backward(network, found, slopes, weightVariance);
  return { layers: found, isCut, lost: moments.lost() };
}

/** T_l(p): squared gradient of v·X_L, |v| = 1, at position p, over all channels; on its way back from T_L = 1/positions. */
function backward(
  network: Network,
  found: LayerField[],
  slopes: readonly Float64Array[],
  weightVariance: number,
): void {
  const last = found.length - 1;
  let field = (found[last] as LayerField).variance.map((_, __, all) => 1 / all.length);
  (found[last] as LayerField).gradient = 1;
  for (let l = last; l > 0; l--) {
    const layer = network.layers[l] as ConvolutionLayer;
    const previous = network.layers[l - 1] as ConvolutionLayer;
    const entering = tapSpread(field, stepOf(layer, network));
    const [p, width] = [previous.pool, previous.preWidth];
    field = (slopes[l - 1] as Float64Array).map((slope, at) => {
      const [row, column] = [Math.floor(Math.floor(at / width) / p), Math.floor((at % width) / p)];
      return (weightVariance * slope * (entering[row * previous.width + column] as number)) / p ** 4;
    });
    (found[l - 1] as LayerField).gradient = field.reduce((sum, value) => sum + value, 0);
  }
}
