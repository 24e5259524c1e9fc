// What `advise` says about a feedforward network, read from the predicted profile of these inputs, widths, variances and this
// depth: phase, the depth that trains, what signals and gradients do over the layers, and changes that help.
import type { Finding } from '../../core/results.js';
import type { SystemOptions } from '../../core/system.js';
import { depthScale, type Multipliers } from '../../gaussian/multipliers.js';
import {
  type Assessment,
  assess,
  attractors,
  isScattered,
  isSound,
  noticeable,
  otherSide,
  severe,
  unknownShift,
} from './assessment.js';
import { workingChanges } from './changes.js';
import { inputWidthOf, type ResolvedFeedforwardSpec } from './spec.js';
import { calibration } from './trainable-depth.js';
import { phaseOf } from './trainability.js';

type Evidence = Finding['evidence'];

/** Findings of a spec, at least three. @throws MftError like `predict` */
export async function feedforwardFindings(
  spec: ResolvedFeedforwardSpec,
  options: SystemOptions = {},
): Promise<readonly Finding[]> {
  const assessment = await assess(spec, options);
  const ends = endsOf(assessment);
  return [
    phaseFinding(assessment),
    ...bistableFinding(assessment, ends),
    depthFinding(assessment),
    gradientFinding(assessment, ends),
    ...signalFinding(assessment, ends),
    ...(ends?.isDivided === true ? [] : typicalFinding(assessment)),
    ...sharedWeightFinding(assessment),
    ...(spec.depth <= assessment.trainable.low && isSound(assessment) ? [] : await changeFindings(assessment, options)),
  ];
}

function scales(found: Multipliers | undefined): Evidence {
  if (found === undefined) return [];
  const { gradientMultiplier, correlationMultiplier, varianceMultiplier } = found;
  const list = [
    { quantity: 'gradientMultiplier', value: gradientMultiplier },
    { quantity: 'depthScaleGradient', value: depthScale(gradientMultiplier) },
    ...(correlationMultiplier === undefined
      ? []
      : [
          { quantity: 'correlationMultiplier', value: correlationMultiplier },
          { quantity: 'depthScaleCorrelation', value: depthScale(correlationMultiplier) },
        ]),
    { quantity: 'depthScaleVariance', value: depthScale(varianceMultiplier) },
  ];
  // At criticality a scale is infinite: its multiplier, 1, says so.
  return list.filter(({ value }) => Number.isFinite(value));
}

/** Four digits are more than a sentence is worth. */
function brief(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** What a pair of inputs comes to over this depth. */
function pairSentence({ profile, spec }: Assessment): string {
  const [first, last] = [profile.oneMinusCorrelation[0] as number, profile.oneMinusCorrelation.at(-1) as number];
  if (profile.logCorrelationResponse === undefined) return '';
  const shownCorrelation = (delta: number): string =>
    delta < 1e-3 && delta > 0 ? `1 − ${delta.toExponential(1)}` : brief(1 - delta);
  if (spec.depth === 1) return '';
  const way = last < first ? 'become more alike' : last > first ? 'part' : 'keep their correlation';
  return (
    ` Two inputs ${way}: correlation ${shownCorrelation(first)} at layer 1, ${shownCorrelation(last)} at layer ${spec.depth}` +
    `${profile.logCorrelationResponse < -severe ? ', whatever it was at the start' : ''}.`
  );
}

const limits = {
  ordered: 'ordered phase: far from the output gradients shrink towards the input',
  critical: 'critical phase: in the limit gradients neither shrink nor grow by a constant factor per layer',
  chaotic: 'chaotic phase: far from the output gradients grow towards the input',
} as const;

function phaseFinding(assessment: Assessment): Finding {
  const { found, layer, reason, profile } = assessment;
  const finding = (claim: string): Finding => ({
    id: 'phase',
    severity: 'info',
    claim: `${claim}${pairSentence(assessment)}`,
    evidence: scales(found),
  });
  if (layer === undefined)
    return finding('The layers differ: there is no phase, and what follows is read from the layers one by one.');
  if (found === undefined) return finding(`No phase: ${reason ?? 'there is no fixed point.'}`);
  const { fixedPointVariance: q } = found;
  const last = profile.variance.at(-1) as number;
  const isSettled =
    found.isMarginal || (q === 0 ? assessment.trainable.from === 'fixedPoint' : Math.abs(last - q) <= 0.1 * q);
  const distance = isSettled
    ? ''
    : ` The network is not there at its last layer (variance ${brief(last)}, fixed point ${brief(q)}): the numbers below ` +
      'are those of its own layers.';
  const drops = (layer.keepProbability ?? 1) < 1 && layer.maskSharing !== 'shared';
  return finding(
    `The network is in the ${limits[phaseOf(found.gradientMultiplier)]}.${distance}` +
      `${drops ? ' Dropout drives two inputs apart in every phase.' : ''}`,
  );
}

/** Where signals can end, when there are two ends or more, and where those of most networks of infinite width do. */
interface Ends {
  readonly all: readonly string[];
  readonly separating: readonly number[];
  readonly reached: string;
  /** Share of networks of these widths that go the other way, and whether it is worth a word. */
  readonly share: number;
  readonly isDivided: boolean;
}

const endless = 'growth without bound';

function endsOf(assessment: Assessment): Ends | undefined {
  const found = attractors(assessment);
  if (found === undefined) return undefined;
  const { stable, separating, diverges } = found;
  const reached = assessment.found;
  const share = otherSide(assessment, separating);
  return {
    all: [
      ...stable.map((q) => (q === 0 ? 'no signal (variance 0)' : `variance ${brief(q)}`)),
      ...(diverges ? [endless] : []),
    ],
    separating,
    reached:
      reached === undefined
        ? endless
        : reached.fixedPointVariance === 0
          ? 'no signal'
          : `variance ${brief(reached.fixedPointVariance)}`,
    share,
    isDivided: share > 0.02,
  };
}

/** Of which networks a claim is, where some of them end elsewhere. */
function among(ends: Ends | undefined): string {
  return ends?.isDivided === true ? `In networks that tend to ${ends.reached}: ` : '';
}

function bistableFinding(assessment: Assessment, ends: Ends | undefined): readonly Finding[] {
  if (ends === undefined) return [];
  const { all, separating, reached, share, isDivided } = ends;
  const first = assessment.profile.variance[0] as number;
  const divided = isDivided
    ? `at these widths about ${Math.round(100 * share)} % of networks go the other way, and no claim below holds for them; `
    : '';
  return [
    {
      id: 'bistable',
      severity: isDivided ? 'critical' : 'warning',
      claim:
        `There are ${all.length === 2 ? 'two' : all.length} ends for signals, ${all.join(' and ')}, on both sides of variance ` +
        `${separating.map(brief).join(', ')}. This network starts at variance ${brief(first)} and tends to ${reached}; ` +
        `${divided}other inputs may go elsewhere.`,
      evidence: [
        { quantity: 'variance', value: first },
        ...separating.map((value) => ({ quantity: 'fixedPointVariance', value })),
        ...(isDivided ? [{ quantity: 'otherSideProbability', value: share }] : []),
      ],
    },
  ];
}

function depthFinding({ spec, trainable, found }: Assessment): Finding {
  const { depth: value, low, high, isUnbounded, from } = trainable;
  const { depth } = spec;
  const range = `about ${Math.round(value)} layers (80 % interval ${Math.round(low)} to ${Math.round(high)})`;
  const source = ` The interval comes from ${calibration.source}.`;
  const longer = isUnbounded ? ' Its depth scales exceed those of the calibration: the end of the range is used.' : '';
  const own =
    from === 'layers'
      ? ' The depth scale is that over its own layers, which the calibration, of networks at their fixed point, does not cover.'
      : '';
  const verdict =
    depth <= low
      ? 'within what trains'
      : depth <= value
        ? 'probably trainable'
        : depth <= high
          ? 'probably too deep'
          : 'too deep';
  return {
    id: 'trainableDepth',
    severity: depth <= low ? 'info' : depth <= high ? 'warning' : 'critical',
    claim: `Networks like this train up to ${range}; ${depth} layers are ${verdict}.${longer}${own}${source}`,
    evidence: [
      { quantity: 'trainableDepth', value, low, high },
      { quantity: 'depth', value: depth },
      ...scales(found).filter(
        ({ quantity }) => quantity === 'depthScaleGradient' || quantity === 'depthScaleCorrelation',
      ),
    ],
  };
}

/** "grow by a factor 12 (e^2.48)", "shrink by a factor e^-17.90", "keep their size" */
function growth(log: number): string {
  const size = Math.abs(log);
  if (size < 0.01) return 'keep their size';
  const power = `e^${log.toFixed(2)}`;
  return `${log < 0 ? 'shrink' : 'grow'} by a factor ${size > severe ? power : `${brief(Math.exp(size))} (${power})`}`;
}

function gradientFinding(assessment: Assessment, ends: Ends | undefined): Finding {
  const { spec, profile } = assessment;
  const { logGradientRatio: ofSignals, logWeightGradientRatio: ofWeights } = profile;
  const over = `from layer ${spec.depth} back to layer 1`;
  if (ofSignals === undefined || ofSignals === Number.NEGATIVE_INFINITY)
    return {
      id: 'noGradient',
      severity: 'critical',
      claim:
        ofSignals === undefined
          ? 'Gradients have no finite mean square, or are exactly 0 at the output: the activation jumps, or no signal arrives.'
          : 'No gradient arrives at layer 1: a layer on the way passes nothing.',
      evidence: [],
    };
  const size = Math.max(Math.abs(ofSignals), Math.abs(ofWeights ?? 0));
  const weights =
    ofWeights === undefined || ofWeights === Number.NEGATIVE_INFINITY
      ? ''
      : `; those of an entry of the weights, (∂E/∂W)², ${growth(ofWeights)}`;
  const evidence = [
    { quantity: 'logGradientRatio', value: ofSignals },
    ...(weights === '' ? [] : [{ quantity: 'logWeightGradientRatio', value: ofWeights as number }]),
  ];
  const leading = Math.abs(ofSignals) === size ? ofSignals : (ofWeights as number);
  const id = size <= noticeable ? 'gradientsKept' : leading < 0 ? 'vanishingGradients' : 'explodingGradients';
  return {
    id,
    severity: size <= noticeable ? 'info' : size > severe ? 'critical' : 'warning',
    claim: `${among(ends)}Squared gradients of the pre-activations, |∂E/∂z|², ${growth(ofSignals)} ${over}${weights}.`,
    evidence,
  };
}

function signalFinding({ spec, profile }: Assessment, ends: Ends | undefined): readonly Finding[] {
  const { logVarianceRatio: log, variance } = profile;
  if (log !== undefined && Math.abs(log) <= noticeable) return [];
  const [first, last] = [variance[0] as number, variance.at(-1) as number];
  const isLost = log === undefined || log < 0;
  return [
    {
      id: isLost ? 'vanishingSignals' : 'growingSignals',
      severity: log === undefined || Math.abs(log) > severe ? 'critical' : 'warning',
      claim:
        log === undefined
          ? 'There is no signal: the variance of the first layer is 0.'
          : `${among(ends)}The variance of the pre-activations goes from ${brief(first)} at layer 1 to ${brief(last)} at layer ` +
            `${spec.depth}, a factor e^${log.toFixed(2)}.`,
      evidence: [
        { quantity: 'varianceOfFirstLayer', value: first },
        { quantity: 'varianceOfLastLayer', value: last },
        ...(log === undefined ? [] : [{ quantity: 'logVarianceRatio', value: log }]),
      ],
    },
  ];
}

function typicalFinding({ spec, profile }: Assessment): readonly Finding[] {
  const { finiteWidth, logGradientRatio } = profile;
  const unknown = unknownShift(profile);
  const { weights } = spec;
  if (typeof weights === 'object' && weights.law === 'studentT' && weights.degreesOfFreedom <= 4)
    return [
      {
        id: 'beyondInfiniteWidth',
        severity: 'warning',
        claim:
          'Weights of this law have no fourth moment: networks come near infinite width no faster than ' +
          `width^${brief(4 / weights.degreesOfFreedom - 2)}, and what the typical one does is not known. Simulate.`,
        evidence: logGradientRatio === undefined ? [] : [{ quantity: 'logGradientRatio', value: logGradientRatio }],
      },
    ];
  if (unknown !== undefined && logGradientRatio !== undefined)
    return [
      {
        id: 'beyondInfiniteWidth',
        severity: 'warning',
        claim:
          'At these widths gradients need not be those of infinite width: the leading correction in depth/width, ' +
          `${brief(unknown)} in log |∂E/∂z|², is no small one, and what follows it is not known. Simulate, or take wider layers.`,
        evidence: [
          { quantity: 'logGradientRatio', value: logGradientRatio },
          { quantity: 'logGradientCorrection', value: unknown },
        ],
      },
    ];
  if (finiteWidth === undefined || !isScattered(profile) || logGradientRatio === undefined) return [];
  const typical = logGradientRatio + finiteWidth.shift;
  const spread = Math.sqrt(finiteWidth.variance);
  return [
    {
      id: 'typicalNetwork',
      severity: Math.abs(typical) + spread > severe ? 'critical' : 'warning',
      claim:
        `At these widths networks scatter: |∂E/∂z|² changes by e^${typical.toFixed(1)} ± ${spread.toFixed(1)} over ` +
        `${spec.depth} layers in a typical network, by e^${logGradientRatio.toFixed(1)} on average over many ` +
        '(leading order in depth/width).',
      evidence: [
        { quantity: 'typicalLogGradientRatio', value: typical, low: typical - spread, high: typical + spread },
        { quantity: 'logGradientVariance', value: finiteWidth.variance },
      ],
    },
  ];
}

function sharedWeightFinding({ found, spec, trainable }: Assessment): readonly Finding[] {
  if (found === undefined || trainable.from === 'layers' || spec.backwardWeights !== 'shared') return [];
  const { gradientMultiplier, varianceMultiplier } = found;
  const square = varianceMultiplier ** 2;
  if (!(square > gradientMultiplier)) return [];
  return [
    {
      id: 'sharedWeightExponent',
      severity: 'warning',
      claim:
        'Squared gradients follow χ_q² and not χ_1: back-propagation uses the weights of the forward pass, and the ' +
        'independence assumption misses the exponent here.',
      evidence: [
        { quantity: 'varianceMultiplier', value: varianceMultiplier },
        { quantity: 'varianceMultiplierSquared', value: square },
        { quantity: 'gradientMultiplier', value: gradientMultiplier },
      ],
    },
  ];
}

/** The numbers that a change is about. */
function state({ trainable, spec, profile }: Assessment): Evidence {
  const { depth: value, low, high } = trainable;
  const { logGradientRatio } = profile;
  return [
    { quantity: 'trainableDepth', value, low, high },
    { quantity: 'depth', value: spec.depth },
    ...(logGradientRatio === undefined ? [] : [{ quantity: 'logGradientRatio', value: logGradientRatio }]),
  ];
}

async function changeFindings(before: Assessment, options: SystemOptions): Promise<readonly Finding[]> {
  const changes = await workingChanges(before, options);
  const alone = changes.filter(({ id, isPartial }) => id !== 'changeDepth' && isPartial === undefined);
  return changes.map(({ id, what, change, after, isPartial }) => ({
    id,
    severity: 'info',
    claim:
      id === 'changeDepth'
        ? `${after.spec.depth} layers are trainable as the network is.` +
          (alone.length > 0 ? '' : ` No change of one or two fields makes ${before.spec.depth} layers trainable.`)
        : `${what} ${isPartial === true ? partialPromise(after, isMany(what)) : promise(before, after, isMany(what))}.`,
    evidence: state(before),
    change,
    after: state(after).flatMap(({ quantity, value, low, high }) => [
      { quantity, value },
      ...(low === undefined || high === undefined
        ? []
        : [
            { quantity: `${quantity}Low`, value: low },
            { quantity: `${quantity}High`, value: high },
          ]),
    ]),
  }));
}

/** Whether a change has several subjects: "`weightVariance` 1 and `biasVariance` 2 make …". */
function isMany(what: string): boolean {
  return /^Inputs|^`.* and `/.test(what);
}

/** What the changed network is predicted to do. */
function promise(before: Assessment, after: Assessment, isPlural: boolean): string {
  const { depth } = after.spec;
  const length = (layers: number): string =>
    layers < 1e6 ? String(Number(layers.toPrecision(3))) : 'more than a million';
  const [old, now] = [before.trainable.length, after.trainable.length];
  const reason =
    now > old ? `6 ξ_c grows from ${length(old)} to ${length(now)} layers` : `6 ξ_c is ${length(now)} layers`;
  const gradients = `|∂E/∂z|² then changes by e^${(after.profile.logGradientRatio ?? 0).toFixed(2)}`;
  return depth <= after.trainable.low
    ? `make${isPlural ? '' : 's'} ${depth} layers trainable: ${reason}, ${gradients}`
    : `keep${isPlural ? '' : 's'} signals and gradients over ${depth} layers, more than any calibration reaches: ${reason}, ${gradients}`;
}

/** The same dropout network as a path problem; none without dropout or without hidden layers. */
export function relatedSpecs(
  spec: ResolvedFeedforwardSpec,
): readonly ({ readonly system: string } & Readonly<Record<string, unknown>>)[] {
  const { depth, width, keepProbability, inputKeepProbability } = spec;
  const keeps = typeof keepProbability === 'number' ? [keepProbability] : keepProbability;
  if (depth === 1 || (inputKeepProbability === 1 && keeps.every((keep) => keep === 1))) return [];
  const inputWidth = inputWidthOf(spec);
  const sizes = typeof width === 'number' ? { width, depth: depth - 1, inputWidth } : { width: [inputWidth, ...width] };
  const hasBiases =
    typeof spec.biasVariance === 'number' ? spec.biasVariance > 0 : spec.biasVariance.some((variance) => variance > 0);
  // Half of the units of a bias-free ReLU network are off besides those that are masked.
  const activeProbability = spec.activation === 'relu' && !hasBiases ? 0.5 : 1;
  return [
    {
      system: 'percolation',
      ...sizes,
      keepProbability,
      inputKeepProbability,
      activeProbability,
      hasBiases,
    },
  ];
}

/** The same where the depth stays too much. */
function partialPromise({ spec, trainable, profile }: Assessment, isPlural: boolean): string {
  const gradients = `(|∂E/∂z|² changes by e^${(profile.logGradientRatio ?? 0).toFixed(2)})`;
  return (
    `keep${isPlural ? '' : 's'} signals and gradients over ${spec.depth} layers ${gradients}, ` +
    `although correlations are lost earlier: about ${Math.round(trainable.depth)} layers train ` +
    `(${Math.round(trainable.low)} to ${Math.round(trainable.high)})`
  );
}
