// What `advise` says about paths: irrelevant for this network, or where they die and when a run breaks.
import { type ControlOptions, throwIfAborted } from '../../core/control.js';
import type { Finding } from '../../core/results.js';
import { logProbabilities } from './chain.js';
import { siteCriticalKeep } from './formulas.js';
import type { LayerRun } from './network.js';
import { exponent, irrelevantBlocked, repeatedLayer, theoryOf } from './predict.js';
import { bondCriticalKeep, breakdownDepth } from './solve.js';
import type { ResolvedPercolationSpec } from './spec.js';
import { expectedLostSteps } from './training-run.js';

/** Path probability that a proposed change aims at. */
const comfortable = 0.999;

/** Findings about the paths of a network: one, at least. */
export async function findings(
  spec: ResolvedPercolationSpec,
  options: ControlOptions = {},
): Promise<readonly Finding[]> {
  throwIfAborted(options);
  const theory = await theoryOf(spec, options);
  if ('reason' in theory.forward) {
    return [
      {
        id: 'percolationUnknown',
        severity: 'info',
        claim: `Whether paths survive is not known exactly here (${theory.forward.reason}).`,
        evidence: [],
      },
    ];
  }
  const { logPath, logBlocked } = logProbabilities(theory.forward.logHazard.at(-1) as number);
  const evidence = [
    { quantity: 'logPathProbability', value: logPath },
    { quantity: 'logBlockedProbability', value: logBlocked },
  ];
  const lost = expectedLostSteps(logBlocked, spec.training.steps, spec.training.masksPerStep);
  if (Math.exp(logBlocked) < irrelevantBlocked) {
    return [
      {
        id: 'percolationIrrelevant',
        severity: 'info',
        claim:
          `Percolation is irrelevant for this network: a mask blocks every path with probability ` +
          `${exponent(logBlocked)}.${await farDeath(spec, options)}`,
        evidence,
      },
    ];
  }
  const share = lost / spec.training.steps;
  const severity = share > 0.5 ? 'critical' : share > 1e-3 ? 'warning' : 'info';
  const effect = spec.hasBiases
    ? 'only pull the network towards a constant'
    : 'have a gradient of exactly zero (with φ(0) = 0)';
  const death = theory.forward.logHazard.findIndex((k) => k > Math.log(Math.LN2));
  const where = death === -1 ? await deathDepth(spec, options) : `Paths die at layer ${theory.layers[death]}`;
  const claim = `${where}; ${count(lost)} of ${spec.training.steps} steps are lost: they ${effect}.${await breakdown(spec, options)}`;
  return [
    {
      id: 'pathsDie',
      severity,
      claim,
      evidence: [...evidence, { quantity: 'expectedLostSteps', value: lost }],
      ...(await proposal(spec, options)),
    },
  ];
}

function count(steps: number): string {
  return steps >= 10 ? Math.round(steps).toString() : steps.toPrecision(2);
}

async function deathDepth(spec: ResolvedPercolationSpec, options: ControlOptions): Promise<string> {
  const layer = repeatedLayer(spec);
  if ('reason' in layer) return 'More than half of the masks leave a path';
  // 2 θ(L) < 1: the depth at which half of the masks are blocked.
  const depth = await breakdownDepth(layer, 2, options);
  return depth === Infinity ? 'Paths die at no depth' : `Paths would die at depth ${shown(depth)}`;
}

/** How far paths reach where they do not matter; nothing beyond the largest number. */
async function farDeath(spec: ResolvedPercolationSpec, options: ControlOptions): Promise<string> {
  const layer = repeatedLayer(spec);
  if ('reason' in layer) return '';
  const depth = await breakdownDepth(layer, 2, options);
  return depth < Infinity ? ` Paths would die at depth ${shown(depth)}.` : '';
}

async function breakdown(spec: ResolvedPercolationSpec, options: ControlOptions): Promise<string> {
  const layer = repeatedLayer(spec);
  if ('reason' in layer) return '';
  const depth = await breakdownDepth(layer, spec.training.steps * spec.training.masksPerStep, options);
  return depth === Infinity ? '' : ` A run of ${spec.training.steps} steps breaks at depth ${shown(depth)}.`;
}

function shown(depth: number): string {
  return depth < 1e6 ? String(depth) : depth.toPrecision(3);
}

/** The keep rate that makes paths comfortable, for networks of equal layers with one kind of mask. */
async function proposal(
  spec: ResolvedPercolationSpec,
  options: ControlOptions,
): Promise<Pick<Finding, 'change' | 'after'>> {
  const layer = repeatedLayer(spec);
  if ('reason' in layer || typeof spec.width === 'object' || spec.inputKeepProbability !== 1) return {};
  const after = [{ quantity: 'pathProbability', value: comfortable }];
  const change = await keepRate(spec, layer, options);
  return change === undefined ? {} : { change, after };
}

async function keepRate(
  spec: ResolvedPercolationSpec,
  layer: Omit<LayerRun, 'count'>,
  options: ControlOptions,
): Promise<Readonly<Record<string, number>> | undefined> {
  const depth = spec.depth as number;
  if (layer.edgeKeepProbability === 1) {
    const keepProbability = siteCriticalKeep(layer.width, depth, comfortable) / spec.activeProbability;
    return keepProbability > (spec.keepProbability as number) && keepProbability <= 1 ? { keepProbability } : undefined;
  }
  if (layer.keepProbability !== 1) return undefined;
  const { edgeKeepProbability: _, ...rest } = spec;
  const edgeKeepProbability = await bondCriticalKeep(rest, comfortable, options);
  return edgeKeepProbability > layer.edgeKeepProbability ? { edgeKeepProbability } : undefined;
}
