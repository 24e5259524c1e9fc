// What the two figures of gradients share: their scale, and the figure drawn of the points.
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import type { Scale } from '../types.js';

export interface GradientScale extends Scale {
  readonly width: number;
  readonly depth: number;
  readonly trials: number;
}

export function gradientFigures(points: readonly CurvePoint[], title: string, height: number) {
  const axes = { x: 'layer', y: 'log₁₀ of the mean', columns: 2, width: 340, height };
  return [{ name: 'gradients', figure: figureCurves(points, { title, ...axes }) }];
}
