// A spec as the native simulation takes it: layers of positions × channels, and which positions feed which.
import { expectedError } from '../../core/errors.js';
import type { NativeConnections, NativeMaskNetwork } from './native.js';
import { resolveWidths } from './network.js';
import type { ResolvedConvolution, ResolvedPercolationSpec } from './spec.js';

/** Nodes of each layer, input and output included. */
interface LayerShape {
  readonly positions: number;
  readonly channels: number;
}

const mostLayers = 100_000;

/** Shapes of all layers. @throws MftError ERR_MFT_OUT_OF_RANGE for more than 100,000 layers */
export function layerShapes(spec: ResolvedPercolationSpec): LayerShape[] {
  const { inputWidth, hidden, outputWidth, depth } = resolveWidths(spec);
  if (depth > mostLayers)
    throw expectedError(
      'ERR_MFT_OUT_OF_RANGE',
      'depth',
      `at most ${mostLayers} for a simulation (theory has no such limit)`,
      depth,
    );
  if (typeof spec.topology === 'object') {
    const { kind, channels } = spec.topology;
    const positions = kind === 'conv2d' ? (spec.width as number) ** 2 : (spec.width as number);
    return Array.from({ length: depth + 2 }, () => ({ positions, channels }));
  }
  const widthAt = (i: number): number =>
    i === 0
      ? inputWidth
      : i === depth + 1
        ? outputWidth
        : typeof hidden === 'number'
          ? hidden
          : (hidden[i - 1] as number);
  return Array.from({ length: depth + 2 }, (_, i) => ({ positions: 1, channels: widthAt(i) }));
}

/** Parents of each place of a line. */
function tapsOf({ kernel, periodic }: ResolvedConvolution, width: number): number[][] {
  return Array.from({ length: width }, (_, x) => {
    const around = Array.from({ length: kernel }, (_, k) => x - Math.floor((kernel - 1) / 2) + k);
    return periodic ? around.map((y) => ((y % width) + width) % width) : around.filter((y) => y >= 0 && y < width);
  });
}

/** Parents of all positions together, without building their lists: the square's taps are those of its two sides. */
export function connectionCount(topology: 'dense' | 'residual' | ResolvedConvolution, width: number): number {
  if (typeof topology === 'string') return 1;
  const { kind, kernel, periodic } = topology;
  let line = periodic ? width * kernel : 0;
  const [before, after] = [Math.floor((kernel - 1) / 2), Math.floor(kernel / 2)];
  if (!periodic) for (let x = 0; x < width; x++) line += Math.min(width - 1, x + after) - Math.max(0, x - before) + 1;
  return kind === 'conv1d' ? line : line ** 2;
}

/** The parents of every position, one per kernel tap. */
function connections(topology: 'dense' | 'residual' | ResolvedConvolution, width: number): NativeConnections {
  if (typeof topology === 'string') return { offsets: Float64Array.of(0, 1), sources: Float64Array.of(0) };
  const line = tapsOf(topology, width);
  // A line is a field of one row.
  const rows = topology.kind === 'conv1d' ? [[0]] : line;
  const offsets = new Float64Array(rows.length * width + 1);
  const sources = new Float64Array(connectionCount(topology, width));
  let [position, next] = [0, 0];
  for (const above of rows) {
    for (const columns of line) {
      for (const row of above) for (const column of columns) sources[next++] = row * width + column;
      offsets[++position] = next;
    }
  }
  return { offsets, sources };
}

/** Layers and connections for the addon. */
export function nativeNetwork(spec: ResolvedPercolationSpec): NativeMaskNetwork {
  const shapes = layerShapes(spec);
  const output = shapes.length - 1;
  const keep = (value: number | readonly number[], i: number): number =>
    typeof value === 'number' ? value : (value[i] as number);
  const layers = shapes.map(({ positions, channels }, i) => ({
    positions,
    channels,
    keepProbability:
      i === 0
        ? spec.inputKeepProbability
        : i === output
          ? 1
          : keep(spec.keepProbability, i - 1) * spec.activeProbability,
    edgeKeepProbability: i === 0 ? 1 : keep(spec.edgeKeepProbability, i - 1),
    isResidual: spec.topology === 'residual' && i > 0 && i < output,
  }));
  return { layers, connections: [connections(spec.topology, typeof spec.width === 'number' ? spec.width : 1)] };
}

/** Edges of each weight layer. */
export function edgeCounts(spec: ResolvedPercolationSpec): number[] {
  const shapes = layerShapes(spec);
  const sources = connectionCount(spec.topology, spec.width as number);
  return shapes.slice(1).map((shape, i) => sources * shape.channels * (shapes[i] as LayerShape).channels);
}
