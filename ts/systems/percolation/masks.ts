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

/** The parents of every position, one per kernel tap. */
function connections(topology: 'dense' | 'residual' | ResolvedConvolution, width: number): NativeConnections {
  if (typeof topology === 'string') return { offsets: Float64Array.of(0, 1), sources: Float64Array.of(0) };
  const { kind, kernel, periodic } = topology;
  const line = Array.from({ length: width }, (_, x) => taps(x, width, kernel, periodic));
  const parents =
    kind === 'conv1d'
      ? line
      : line.flatMap((rows) =>
          line.map((columns) => rows.flatMap((row) => columns.map((column) => row * width + column))),
        );
  const offsets = new Float64Array(parents.length + 1);
  parents.forEach((list, i) => {
    offsets[i + 1] = (offsets[i] as number) + list.length;
  });
  return { offsets, sources: Float64Array.from(parents.flat()) };
}

function taps(x: number, width: number, kernel: number, periodic: boolean): number[] {
  const result: number[] = [];
  for (let y = x - Math.floor((kernel - 1) / 2); y <= x + Math.floor(kernel / 2); y++) {
    if (periodic) result.push(((y % width) + width) % width);
    else if (y >= 0 && y < width) result.push(y);
  }
  return result;
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
  const sources =
    typeof spec.topology === 'string' ? 1 : connections(spec.topology, spec.width as number).sources.length;
  return shapes.slice(1).map((shape, i) => sources * shape.channels * (shapes[i] as LayerShape).channels);
}
