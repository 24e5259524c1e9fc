// What `advise` says about a residual network: growth of gradients and activations, spread at its widths, and the
// schedules (decay, 1/√L, width variation, zero-initialised branches) that change them.
import { perLayer } from '../../core/checks.js';
import { type ControlOptions, throwIfAborted } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import type { Finding } from '../../core/results.js';
import {
  decayForGradientBudget,
  decaysOf,
  logGradientRatio,
  widthsForFlatGradient,
  withCommonDecay,
} from './design.js';
import { describedInputs } from './inputs.js';
import type { Recurrence } from './native.js';
import { nativeNetwork, recurrence, type ResidualNetwork } from './network.js';
import { predictResidual } from './predict.js';
import { dropsBranches, type ResolvedResidualSpec, widthList } from './spec.js';

/** Gradients of the first and last layer may differ by this factor in mean square before a change is proposed. */
const gradientBudget = Math.log(10);
const severeGradient = Math.log(1e4);
const longActivations = 8;
const wideSpread = 0.3;

interface State {
  readonly logGradientRatio: number;
  readonly logSecondMoment: number;
  /** Under stochastic depth there is no theory of pairs. */
  readonly angularDeficit?: number;
}

async function stateOf(
  network: ResidualNetwork,
  secondMoment: number,
  angularDeficit: number,
  options: ControlOptions,
): Promise<State> {
  const run = await recurrence(
    nativeNetwork(network),
    {
      secondMoment,
      angularDeficit,
      pair: !dropsBranches(network),
      fluctuations: false,
      interpolate: true,
    },
    options,
  );
  return stateAtEnd(run);
}

function stateAtEnd(run: Recurrence): State {
  const last = run.logSecondMoment.length - 1;
  const logSecondMoment = run.logSecondMoment[last] as number;
  return {
    logGradientRatio: run.logGradient[0] as number,
    logSecondMoment,
    ...(run.logMetricExpressivity.length === 0
      ? {}
      : { angularDeficit: Math.exp((run.logMetricExpressivity[last] as number) - logSecondMoment) }),
  };
}

const numbers = (state: State): { quantity: string; value: number }[] =>
  Object.entries(state).map(([quantity, value]) => ({ quantity, value: value as number }));

/** Findings of a spec. */
export async function residualFindings(
  spec: ResolvedResidualSpec,
  options: ControlOptions = {},
): Promise<readonly Finding[]> {
  throwIfAborted(options);
  const { secondMoments, angularDeficit = 0.5 } =
    'dataset' in spec.inputs ? { secondMoments: [1] } : describedInputs(spec, undefined);
  const secondMoment = secondMoments[0] as number;
  const state = await stateOf(spec, secondMoment, angularDeficit, options);
  const findings: Finding[] = [await growthFinding(spec, secondMoment, angularDeficit, state, options)];
  const alternatives = await alternativesOf(spec, secondMoment, angularDeficit, options);
  if (state.logSecondMoment - Math.log(secondMoment) > longActivations) {
    findings.push({
      id: 'activationGrowth',
      severity: 'warning',
      claim:
        `Activations grow by a factor e^${state.logSecondMoment.toFixed(1)} in mean square over ${spec.depth} ` +
        `blocks; in ReLU networks training was seen to fail above about e^8 (one data set, one learning rate).`,
      evidence: numbers(state),
    });
  }
  if (state.angularDeficit !== undefined && state.angularDeficit < 1e-3) {
    findings.push({
      id: 'inputsMerge',
      severity: 'warning',
      claim:
        `Two inputs at cosine ${(1 - angularDeficit).toFixed(3)} arrive at the last layer with 1 − cosine = ` +
        `${state.angularDeficit.toExponential(2)}: the network hardly tells them apart.`,
      evidence: numbers(state),
    });
  }
  findings.push(...(await dropoutFinding(spec, secondMoment, angularDeficit, state, options)));
  return [...findings, ...(await spreadFinding(spec, options)), ...alternatives];
}

async function growthFinding(
  spec: ResolvedResidualSpec,
  secondMoment: number,
  angularDeficit: number,
  state: State,
  options: ControlOptions,
): Promise<Finding> {
  const ratio = state.logGradientRatio;
  const [compared, exponent] = ratio < 0 ? ['are smaller than', -ratio] : ['exceed', ratio];
  const claim =
    `Gradients at the input ${compared} those at the output by a factor e^${exponent.toFixed(2)} in mean square ` +
    `per coordinate over ${spec.depth} blocks.`;
  if (exponent <= gradientBudget)
    return {
      id: 'gradientGrowth',
      severity: 'info',
      claim: `${claim} That is within a factor of 10.`,
      evidence: numbers(state),
    };
  const severity = exponent > severeGradient ? 'critical' : 'warning';
  const base = { id: 'gradientGrowth', severity, claim, evidence: numbers(state) } as const;
  if (spec.skipStrength !== 1 || ratio < 0) return base;
  try {
    const decay = await decayForGradientBudget(spec, secondMoment, gradientBudget, options);
    const after = await stateOf(withCommonDecay(spec, decay), secondMoment, angularDeficit, options);
    const change = decaysOf(spec.block, decay);
    const remedy =
      decay === 0
        ? 'Constant variances keep that within a factor of 10.'
        : `Variances that decay like l^−${decay.toFixed(3)} bring that to a factor of 10.`;
    return { ...base, claim: `${claim} ${remedy}`, change, after: numbers(after) };
  } catch (error) {
    if (error instanceof MftError && error.code === 'ERR_MFT_OUT_OF_RANGE') return base;
    throw error;
  }
}

async function spreadFinding(spec: ResolvedResidualSpec, options: ControlOptions): Promise<readonly Finding[]> {
  if (spec.block === 'reduced' || 'dataset' in spec.inputs) return [];
  const { quantities } = await predictResidual(spec, options);
  const value = quantities.relativeStandardDeviationOfSecondMoment;
  if (typeof value !== 'number' || value <= wideSpread) return [];
  return [
    {
      id: 'finiteWidth',
      severity: 'warning',
      claim:
        `At these widths |x|² of the last layer differs from network to network by ${(100 * value).toFixed(0)} ` +
        `% (standard deviation): single networks will stray from the theory.`,
      evidence: [{ quantity: 'relativeStandardDeviationOfSecondMoment', value }],
    },
  ];
}

/** Known schemes as points of the same diagram. */
async function alternativesOf(
  spec: ResolvedResidualSpec,
  secondMoment: number,
  angularDeficit: number,
  options: ControlOptions,
): Promise<readonly Finding[]> {
  // Branches that start at zero are an identity already: nothing to change.
  if (spec.block !== 'full' || nativeNetwork(spec).outerWeightVariance.every((variance) => variance === 0)) return [];
  const findings: Finding[] = [];
  const scheme = async (id: string, claim: string, change: Readonly<Record<string, unknown>>): Promise<void> => {
    const after = await stateOf({ ...spec, ...change } as ResidualNetwork, secondMoment, angularDeficit, options);
    findings.push({ id, severity: 'info', claim, evidence: [], change, after: numbers(after) });
  };
  if (spec.depthPower === 0)
    await scheme(
      'inverseRootDepth',
      'Branches scaled by 1/√L have a finite limit as the depth grows: gradients, lengths and angles change by O(1) factors.',
      { depthPower: 1 },
    );
  await scheme(
    'zeroBranch',
    'SkipInit and ReZero start every branch at zero: an exact identity. Gradients and ' +
      'angles do not change with depth; all learning starts in the branch multipliers.',
    { outerWeightVariance: 0, outerBiasVariance: 0 },
  );
  await scheme(
    'fixup',
    'Fixup starts the last map of a branch at zero and its first one at variance 2/L: an identity whose first ' +
      'step does not depend on the depth.',
    { outerWeightVariance: 0, outerBiasVariance: 0, innerWeightVariance: 2 / spec.depth },
  );
  return dropsBranches(spec) ? findings : [...findings, ...(await widthFindings(spec, secondMoment, options))];
}

/** What dropout and stochastic depth add to the growth of a branch, and the outer variance that takes it back. */
async function dropoutFinding(
  spec: ResolvedResidualSpec,
  secondMoment: number,
  angularDeficit: number,
  state: State,
  options: ControlOptions,
): Promise<readonly Finding[]> {
  const keeps = nativeNetwork(spec);
  if ([...keeps.keepProbability, ...keeps.branchKeepProbability].every((keep) => keep === 1) || secondMoment === 0)
    return [];
  const after = async (change: object): Promise<State> =>
    stateOf({ ...spec, ...change } as ResidualNetwork, secondMoment, angularDeficit, options);
  const without = await after({ keepProbability: 1, branchKeepProbability: 1 });
  const claim =
    'Dropout and stochastic depth multiply the mean square of a branch by 1/(ρ τ): activations grow by ' +
    `e^${(state.logSecondMoment - Math.log(secondMoment)).toFixed(2)}, without them by ` +
    `e^${(without.logSecondMoment - Math.log(secondMoment)).toFixed(2)}; gradients by ` +
    `e^${state.logGradientRatio.toFixed(2)}, without them by e^${without.logGradientRatio.toFixed(2)}.`;
  const base = { id: 'branchDropout', severity: 'info', claim, evidence: numbers(state) } as const;
  if (spec.block === 'reduced') return [base];
  const reduced = perLayer('outerWeightVariance', spec.outerWeightVariance, spec.depth).map(
    (variance, i) => variance * (keeps.keepProbability[i] as number) * (keeps.branchKeepProbability[i] as number),
  );
  const isOne = [spec.outerWeightVariance, spec.keepProbability, spec.branchKeepProbability].every(
    (value) => typeof value === 'number',
  );
  const change = { outerWeightVariance: isOne ? (reduced[0] as number) : reduced };
  return [
    {
      ...base,
      claim: `${claim} An \`outerWeightVariance\` times ρ τ takes that back.`,
      change,
      after: numbers(await after(change)),
    },
  ];
}

/** Widths that shrink: to a flat gradient, and only as far as the budget needs; with the spread between networks they cost. */
async function widthFindings(
  spec: ResolvedResidualSpec,
  secondMoment: number,
  options: ControlOptions,
): Promise<readonly Finding[]> {
  const start = widthList(spec.width, spec.depth)[0] as number;
  const { hiddenWidth: _, ...rest } = spec;
  const constant = await logGradientRatio(
    nativeNetwork({ ...rest, width: start } as ResidualNetwork),
    secondMoment,
    options,
  );
  const findings: Finding[] = [];
  const schedule = async (id: string, budget: number, effect: string): Promise<void> => {
    try {
      const { widths, logGradientRatio: ratio } = await widthsForFlatGradient(
        spec,
        secondMoment,
        start,
        options,
        budget,
      );
      const run = await recurrence(
        nativeNetwork({ ...rest, width: [...widths] }),
        {
          secondMoment,
          angularDeficit: 0,
          pair: false,
          fluctuations: true,
          interpolate: true,
        },
        options,
      );
      const spread = Math.sqrt(run.secondMomentVariance.at(-1) as number);
      // Beyond the range of numbers there is none.
      const isKnown = Number.isFinite(spread);
      findings.push({
        id,
        severity: 'info',
        claim:
          `Widths that shrink from ${widths[0]} to ${widths[spec.depth]} ${effect}; its total norm and the ` +
          'forward means do not change' +
          (isKnown
            ? ', |x|² of the last layer then differs from network to network by about ' +
              `${(100 * spread).toFixed(0)} % (leading order in 1/width).`
            : '.'),
        evidence: [],
        change: { width: widths, ...(spec.hiddenWidth === undefined ? {} : { hiddenWidth: widths.slice(1) }) },
        after: [
          { quantity: 'logGradientRatio', value: ratio },
          ...(isKnown ? [{ quantity: 'relativeStandardDeviationOfSecondMoment', value: spread }] : []),
        ],
      });
    } catch (error) {
      if (!(error instanceof MftError) || error.code !== 'ERR_MFT_OUT_OF_RANGE') throw error;
      const needed = Math.exp(constant - budget);
      findings.push({
        id,
        severity: 'info',
        claim:
          `No widths that start at ${start} ${effect}: the last one would round to 0. A first width of ` +
          `${needed < 1e9 ? Math.ceil(needed) : needed.toExponential(1)} is enough.`,
        evidence: [{ quantity: 'logGradientRatio', value: constant }],
      });
    }
  };
  await schedule('widthVariation', 0, 'hold the gradient per coordinate constant');
  if (constant > gradientBudget)
    await schedule('widthsForBudget', gradientBudget, 'keep the gradient per coordinate within a factor of 10');
  return findings;
}
