// Figures of system `feedforward`: name → what it shows and how it is built from a spec and a run.
import type { SystemFigure } from '../../core/system.js';
import { drawCorrelationMap, drawVarianceMap } from './figure-maps.js';
import { drawDepthScales, drawPhaseDiagram } from './figure-phase.js';
import { drawGradientProfile, drawProfile } from './figure-profiles.js';
import type { ResolvedFeedforwardRun, ResolvedFeedforwardSpec } from './spec.js';

type Figure = SystemFigure<ResolvedFeedforwardSpec, ResolvedFeedforwardRun>;

function entry(description: string, simulates: boolean, build: Figure['build']): Figure {
  return { description, usesSpec: true, simulates, build };
}

export const figures: Readonly<Record<string, Figure>> = {
  profile: entry(
    'variance, correlation and gradients layer by layer: theory (lines) and simulation (points, ±2 standard errors)',
    true,
    drawProfile,
  ),
  gradientProfile: entry(
    'squared gradients of one input and of a pair against layer, on a log scale, with the line χ₁^(L−l)',
    true,
    drawGradientProfile,
  ),
  varianceMap: entry(
    'q of a layer against q of the layer before, its fixed points, and simulated single layers',
    true,
    drawVarianceMap,
  ),
  correlationMap: entry(
    'c of a layer against c of the layer before at q*, its fixed point, and simulated single layers',
    true,
    drawCorrelationMap,
  ),
  phaseDiagram: entry('log χ₁ over (σ_w², σ_b²) with the critical line χ₁ = 1', false, drawPhaseDiagram),
  depthScales: entry("ξ_q, ξ_c and |ξ_∇| against σ_w² at the spec's σ_b² and ρ", false, drawDepthScales),
};
