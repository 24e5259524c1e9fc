// The quantities of system `percolation` (docs/systems/percolation.md): name → formula.
import type { ControlOptions } from '../../core/control.js';
import * as z from 'zod';
import { expectedError } from '../../core/errors.js';
import { aliased, booleanField, numberField, wholeField } from '../../core/fields.js';
import { type Quantity, quantity, withMapped } from '../../core/system.js';
import { type LogProbabilities, pathProbability, reachLaws, stationaryLaw } from './chain.js';
import { convolutionPath, largestExactPositions } from './convolution.js';
import * as formulas from './formulas.js';
import {
  activeProbabilityField,
  depthField,
  edgeKeepProbabilityField,
  type NetworkParameters,
  networkParameters,
  resolveNetwork,
  reversed,
  widthField,
} from './network.js';
import { bondCriticalKeep, bondWidthForTarget, breakdownDepth } from './solve.js';
import * as run from './training-run.js';

const largestWhole = Number.MAX_SAFE_INTEGER;

const targetField = z
  .number()
  .gt(0)
  .lt(1)
  .meta({ expected: 'a number in (0, 1)', description: 'Target path probability.', symbol: 't' });
const keepField = aliased(numberField({ low: 0, high: 1 }, 'Probability of keeping a node.', 's'), 'siteKeep');
const edgeKeepField = aliased(numberField({ low: 0, high: 1 }, 'Probability of keeping an edge.', 'b'), 'bondKeep');
const stepsField = wholeField(1, largestWhole, 'Training steps.', 'T');
const masksField = wholeField(1, largestWhole, 'Independent masks per step.', 'M').default(1);

const network = z.strictObject(networkParameters);
const layer = z.strictObject({
  width: widthField,
  keepProbability: keepField.default(1),
  edgeKeepProbability: edgeKeepField.default(1),
  activeProbability: activeProbabilityField.default(1),
});
const training = z.strictObject({ ...networkParameters, steps: stepsField, masksPerStep: masksField });

const logsOf = (parameters: NetworkParameters, options?: ControlOptions): Promise<LogProbabilities> =>
  pathProbability(resolveNetwork(parameters), options);

function ofNetwork(symbol: string, description: string, value: (logs: LogProbabilities) => number): Quantity<number> {
  return quantity({
    symbol,
    description,
    source: 'derived; docs 3.1',
    parameters: network,
    evaluate: async (p, options) => value(await logsOf(p, options)),
  });
}

function ofTraining(
  symbol: string,
  description: string,
  value: (logBlocked: number, steps: number, masksPerStep: number) => number,
): Quantity<number> {
  const evaluate = async (
    { steps, masksPerStep, ...rest }: z.output<typeof training>,
    options?: ControlOptions,
  ): Promise<number> => value((await logsOf(rest, options)).logBlocked, steps, masksPerStep);
  return quantity({ symbol, description, source: 'derived; docs 3.10', parameters: training, evaluate });
}

function ofLayer(
  symbol: string,
  description: string,
  value: (law: { logDecayRate: number; mean: number }) => number | { reason: string },
): Quantity<number | { reason: string }> {
  const evaluate = async (p: z.output<typeof layer>): Promise<number | { reason: string }> =>
    value(
      await stationaryLaw({
        width: p.width,
        keepProbability: p.keepProbability * p.activeProbability,
        edgeKeepProbability: p.edgeKeepProbability,
      }),
    );
  return quantity({ symbol, description, source: 'derived; docs 3.3', parameters: layer, evaluate });
}

function refuseIndex(name: string, value: number, largest: number): void {
  if (value > largest) throw expectedError('ERR_MFT_OUT_OF_RANGE', name, `a whole number in [0, ${largest}]`, value);
}

function refuseCertain(name: string, keep: number): void {
  if (keep <= 0 || keep >= 1) throw expectedError('ERR_MFT_OUT_OF_RANGE', name, 'a number in (0, 1)', keep);
}

const layerIndex = (name: string): z.ZodNumber => wholeField(0, largestWhole, `Index of the ${name}.`);

const table = {
  pathProbability: ofNetwork('θ', 'Probability that a directed input-output path survives.', (logs) =>
    Math.exp(logs.logPath),
  ),
  blockedProbability: ofNetwork('B', 'Probability that no path survives.', (logs) => Math.exp(logs.logBlocked)),
  logPathProbability: ofNetwork('log θ', 'Its logarithm.', (logs) => logs.logPath),
  logBlockedProbability: ofNetwork('log B', 'Its logarithm.', (logs) => logs.logBlocked),
  siteCriticalKeep: quantity({
    symbol: 's*',
    description: 'Dropout only: keep rate with path probability `target`.',
    source: 'derived; docs 3.2',
    parameters: z.strictObject({ width: widthField, depth: depthField, target: targetField }),
    evaluate: (p) => formulas.siteCriticalKeep(p.width, p.depth, p.target),
  }),
  siteDepthForTarget: quantity({
    symbol: 'L*',
    description: 'Dropout only: depth (real) with path probability `target`.',
    source: 'derived; docs 3.2',
    parameters: z.strictObject({ width: widthField, keepProbability: keepField, target: targetField }),
    evaluate: (p) => formulas.siteDepthForTarget(p.width, p.keepProbability, p.target),
  }),
  siteWidthForTarget: quantity({
    symbol: 'W*',
    description: 'Dropout only: width (real) with path probability `target`.',
    source: 'derived; docs 3.2',
    parameters: z.strictObject({ depth: depthField, keepProbability: keepField, target: targetField }),
    evaluate: (p) => {
      refuseCertain('keepProbability', p.keepProbability);
      return formulas.siteWidthForTarget(p.depth, p.keepProbability, p.target);
    },
  }),
  bondCriticalKeep: quantity({
    symbol: 'b*',
    description: 'Keep rate of all weight layers with path probability `target`.',
    source: 'derived; docs 3.1',
    parameters: network.omit({ edgeKeepProbability: true }).extend({ target: targetField }),
    evaluate: ({ target, ...rest }) => bondCriticalKeep(rest, target),
  }),
  bondWidthForTarget: quantity({
    symbol: 'W_b*',
    description: 'Smallest width (input and output too) with path probability >= `target`.',
    source: 'derived; docs 3.1',
    parameters: z.strictObject({
      depth: depthField,
      edgeKeepProbability: aliased(edgeKeepProbabilityField, 'bondKeep'),
      keepProbability: networkParameters.keepProbability,
      activeProbability: activeProbabilityField.default(1),
      target: targetField,
    }),
    evaluate: ({ target, ...rest }) => {
      for (const [name, keep, used] of [
        ['edgeKeepProbability', rest.edgeKeepProbability, true],
        ['keepProbability', rest.keepProbability, rest.depth > 0],
        ['activeProbability', rest.activeProbability, rest.depth > 0],
      ] as const) {
        if (used && (typeof keep === 'number' ? keep === 0 : keep.includes(0)))
          throw expectedError('ERR_MFT_OUT_OF_RANGE', name, 'above 0 (no width reaches the target otherwise)', keep);
      }
      return bondWidthForTarget({ ...rest, inputKeepProbability: 1 }, target);
    },
  }),
  smallDropBlocked: quantity({
    symbol: '[L(2^W − 1) + 1] p^{W²}',
    description: 'Dropconnect at small drop probability p: leading term of the blocked probability.',
    source: 'derived; docs 3.4',
    parameters: z.strictObject({
      width: widthField,
      depth: depthField,
      drop: numberField({ low: 0, high: 1 }, 'Drop probability of an edge.', 'p'),
    }),
    evaluate: (p) => Math.exp(formulas.logSmallDropBlocked(p.width, p.depth, p.drop)),
  }),
  decayRate: ofLayer('−log λ', 'Loss of log path probability per layer at large depth.', (law) =>
    Math.exp(law.logDecayRate),
  ),
  logDecayRate: ofLayer('log(−log λ)', 'Its logarithm.', (law) => law.logDecayRate),
  quasiStationaryMean: ofLayer(
    'Σ m v_m',
    'Mean number of reached nodes of a layer deep in a network that has a path.',
    (law) => (law.logDecayRate === Infinity ? { reason: 'with keep rate 0 no layer is ever reached' } : law.mean),
  ),
  meanFieldFixedPoint: quantity({
    symbol: 'u*',
    description: 'Reached fraction of infinitely wide layers, u = s(1 − e^{−c_b u}).',
    source: 'derived; docs 3.5',
    parameters: z.strictObject({
      meanDegree: numberField({ low: 0 }, 'Mean number of kept edges of a node, W b.', 'c_b'),
      keepProbability: keepField.default(1),
    }),
    evaluate: (p) => formulas.meanFieldFixedPoint(p.meanDegree, p.keepProbability),
  }),
  galtonWatsonSurvival: quantity({
    symbol: 'x_g',
    description: 'Survival of the tree of descendants of a node for `generations` layers.',
    source: 'derived; docs 3.6',
    parameters: z.strictObject({
      width: widthField,
      keepProbability: keepField.default(1),
      edgeKeepProbability: edgeKeepField.default(1),
      activeProbability: activeProbabilityField.default(1),
      generations: wholeField(0, 100_000_000, 'Generations.', 'g'),
    }),
    evaluate: (p) =>
      formulas.galtonWatsonSurvival(
        p.width,
        p.keepProbability * p.activeProbability * p.edgeKeepProbability,
        p.generations,
      ),
  }),
  logExpectedPaths: quantity({
    symbol: 'log E N',
    description: 'Logarithm of the expected number of surviving paths.',
    source: 'derived; docs 3.7',
    parameters: network,
    evaluate: (p) => formulas.logExpectedPaths(resolveNetwork(p)),
  }),
  secondMomentLowerBound: quantity({
    symbol: '(E N)²/E N²',
    description: 'Lower bound of the path probability from two moments of the number of paths.',
    source: 'derived; docs 3.7',
    parameters: network,
    evaluate: (p) => Math.exp(formulas.logSecondMomentLowerBound(resolveNetwork(p))),
  }),
  edgeParticipation: quantity({
    symbol: 'b_i (E X_{i−1}/N_{i−1})(E Y_i/N_i)',
    description:
      'Probability that a given edge of ' +
      'weight layer `weightLayer` (0..depth) ' +
      'lies on a surviving path: the effective share of its learning rate.',
    source: 'derived; docs 3.9',
    parameters: z.strictObject({ ...networkParameters, weightLayer: layerIndex('weight layer') }),
    evaluate: async ({ weightLayer, ...rest }, options) => {
      const forward = resolveNetwork(rest);
      refuseIndex('weightLayer', weightLayer, forward.depth);
      const [tail, head] = await Promise.all([
        reachLaws(forward, [weightLayer, forward.depth + 1], options),
        reachLaws(reversed(forward), [forward.depth - weightLayer, forward.depth + 1], options),
      ]);
      const law = (laws: typeof tail): { logHazard: number; mean: number } => ({
        logHazard: laws.logHazard[0] as number,
        mean: laws.mean[0] as number,
      });
      return formulas.edgeParticipation(forward, weightLayer, law(tail), law(head));
    },
  }),
  layerReachesOutput: quantity({
    symbol: 'P(Y_i >= 1)',
    description: 'Probability that layer `layer` (0..depth+1) has a node that still reaches the output.',
    source: 'derived; docs 3.1',
    parameters: z.strictObject({ ...networkParameters, layer: layerIndex('layer') }),
    evaluate: async ({ layer: index, ...rest }, options) => {
      const forward = resolveNetwork(rest);
      refuseIndex('layer', index, forward.depth + 1);
      const laws = await reachLaws(reversed(forward), [forward.depth + 1 - index], options);
      return Math.exp(-Math.exp(laws.logHazard[0] as number));
    },
  }),
  expectedLostSteps: ofTraining(
    'T B^M',
    'Expected number of steps all of whose masks are blocked.',
    run.expectedLostSteps,
  ),
  expectedEffectiveSteps: ofTraining('T(1 − B^M)', 'Expected number of steps with a path.', run.expectedEffectiveSteps),
  expectedLostExamples: ofTraining('T M B', 'Expected number of blocked masks.', run.expectedLostExamples),
  probabilityNoLostStep: ofTraining('(1 − B^M)^T', 'Probability that no step is lost.', (...p) =>
    Math.exp(run.logProbabilityNoLostStep(...p)),
  ),
  logProbabilityAllLost: ofTraining(
    'T M log B',
    'Logarithm of the probability that every step is lost.',
    run.logProbabilityAllLost,
  ),
  longestLostRunTail: quantity({
    symbol: 'P(stall >= r)',
    description: 'Probability of at least `run` lost steps in a row.',
    source: 'derived; docs 3.10',
    parameters: z.strictObject({
      steps: wholeField(1, 100_000_000, 'Training steps.', 'T'),
      lostProbability: numberField({ low: 0, high: 1 }, 'Probability that a step is lost.', 'l'),
      run: wholeField(0, 100_000_000, 'Length of the stall.', 'r'),
    }),
    evaluate: (p) => run.longestLostRunTail(p.steps, p.lostProbability, p.run),
  }),
  breakdownDepth: quantity({
    symbol: 'min{L: T M θ(L) < 1}',
    description: 'Smallest depth at which a run expects less than one step with a path.',
    source: 'derived; docs 3.11',
    parameters: layer.extend({ steps: stepsField, masksPerStep: masksField }),
    evaluate: (p, options) =>
      breakdownDepth(
        {
          width: p.width,
          keepProbability: p.keepProbability * p.activeProbability,
          edgeKeepProbability: p.edgeKeepProbability,
        },
        p.steps * p.masksPerStep,
        options,
      ),
  }),
  conv1dPathProbability: quantity({
    symbol: 'θ_conv',
    description: 'Path probability of a stack of one-dimensional convolutions (stride 1, same zero padding).',
    source: 'derived; docs 3.12',
    parameters: z.strictObject({
      width: wholeField(1, largestExactPositions, 'Positions.', 'W'),
      kernel: wholeField(1, 100_000, 'Kernel length.', 'k'),
      depth: depthField,
      keepProbability: networkParameters.keepProbability,
      channels: wholeField(1, largestWhole, 'Channels of a hidden layer.', 'C').default(1),
      edgeKeepProbability: networkParameters.edgeKeepProbability,
      periodic: booleanField('Whether the positions form a ring.').default(false),
      inputKeepProbability: networkParameters.inputKeepProbability,
    }),
    evaluate: async (p) => Math.exp((await convolutionPath(p)).logPath),
  }),
} as const satisfies Readonly<Record<string, Quantity>>;

/** The table, with those marked that `map` draws over the fields of a spec. */
export const quantities = withMapped(table, [
  'logPathProbability',
  'logBlockedProbability',
  'decayRate',
  'logDecayRate',
  'breakdownDepth',
]);

export type PercolationQuantity = keyof typeof quantities;
