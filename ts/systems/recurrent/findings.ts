// What `advise` says about a spec of `recurrent`: whether its memory lasts its sequences, and the bias with which it would.
import { type ControlOptions, throwIfAborted } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import { type Finding, isUndefined, type QuantityValue } from '../../core/results.js';
import { quantities } from './quantities.js';
import { keepGate, type ResolvedRecurrentSpec } from './spec.js';
import { fixedPoints, memoryTimescale } from './theory.js';

/** Biases that people use whatever the length: zero, and the folk values of a forget gate. */
const folkBiases = [1, 2, 5] as const;

/** A value, or none where the cell has no theory for it. */
async function attempt<T>(work: () => Promise<T> | T): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof MftError) return undefined;
    throw error;
  }
}

const round = (x: number): string => (Number.isFinite(x) ? x.toPrecision(3) : 'any number of');

export async function findings(spec: ResolvedRecurrentSpec, options: ControlOptions): Promise<readonly Finding[]> {
  throwIfAborted(options);
  const found: Finding[] = [];
  const points = await attempt(() => fixedPoints(spec, options));
  if (points === undefined) {
    found.push({
      id: 'noFixedPoint',
      severity: 'critical',
      claim:
        'The second moment of the state has no fixed point that the theory knows: it diverges, or the cell is sampled.',
      evidence: [],
    });
    return found;
  }
  const stable = points.filter(({ isStable }) => isStable);
  const both = stable.map(({ second }) => round(second)).join(' and ');
  if (stable.length > 1)
    found.push({
      id: 'severalFixedPoints',
      severity: 'warning',
      claim: `Small and large initial states stay apart: second moments ${both} are stable.`,
      evidence: stable.map(({ second }) => ({ quantity: 'stateVarianceFixedPoints', value: second })),
    });
  const reached = stable[0] ?? points[0];
  if (reached !== undefined) found.push(chaosFinding(spec, 1 + reached.chi1MinusOne));
  throwIfAborted(options);
  const memory = await memoryFinding(spec, options);
  if (memory !== undefined) found.push(memory);
  return found;
}

function chaosFinding(spec: ResolvedRecurrentSpec, chi1: number): Finding {
  const evidence = [{ quantity: 'chi1', value: chi1 }];
  const overAll = chi1 ** spec.steps;
  if (chi1 > 1)
    return {
      id: 'gradientsExplode',
      severity: overAll > 100 ? 'critical' : 'warning',
      claim: `χ₁ = ${chi1.toPrecision(4)}: squared gradients grow by a factor of ${overAll.toExponential(1)} over ${spec.steps} steps.`,
      evidence,
    };
  return {
    id: 'gradientsShrink',
    severity: overAll < 1e-6 ? 'critical' : overAll < 1e-2 ? 'warning' : 'info',
    claim: `χ₁ = ${chi1.toPrecision(4)}: squared gradients fall by a factor of ${overAll.toExponential(1)} over ${spec.steps} steps.`,
    evidence,
  };
}

async function memoryFinding(spec: ResolvedRecurrentSpec, options: ControlOptions): Promise<Finding | undefined> {
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  // Of the lstm the memory has a theory for equal inputs: the time over which a perturbation falls.
  const isLstm = spec.cell === 'lstm';
  const inputCorrelation = isLstm ? 1 : spec.inputCorrelation;
  const lasting = (biasMean: number): Promise<QuantityValue | undefined> =>
    attempt(() => memoryTimescale({ ...spec, biasMean }, inputCorrelation, signal));
  const tau = await lasting(spec.biasMean);
  if (tau === undefined || typeof tau !== 'number') return undefined;
  const evidence = [{ quantity: 'memoryTimescale', value: tau }].filter(({ value }) => Number.isFinite(value));
  const wanted = spec.steps;
  if (tau >= wanted)
    return {
      id: 'memoryLasts',
      severity: 'info',
      claim: `The memory of squares lasts ${round(tau)} steps, the sequence ${wanted}.`,
      evidence,
    };
  const bias = await attempt(() => biasFor(spec, wanted, options));
  const folk: string[] = [];
  if (typeof bias === 'number')
    for (const each of folkBiases) {
      throwIfAborted(options);
      const lasts = await lasting(each);
      if (typeof lasts === 'number') folk.push(`${each}: ${round(lasts)}`);
    }
  const gate = keepGate[spec.cell];
  const advice =
    typeof bias === 'number'
      ? ` Its bias of ${gate} would have to be ${bias.toPrecision(4)} for ${wanted} steps; ` +
        `the usual values hold ${folk.join(', ')} steps.` +
        (spec.weightSharing === 'tied' ? ' Weights shared over time make gated cells remember longer than that.' : '')
      : '';
  return {
    id: 'memoryTooShort',
    severity: 'warning',
    claim: `The memory of squares lasts ${round(tau)} steps, the sequence ${wanted}.${advice}`,
    evidence,
    ...(typeof bias === 'number'
      ? { change: { biasMean: bias }, after: [{ quantity: 'memoryTimescale', value: wanted }] }
      : {}),
  };
}

async function biasFor(
  spec: ResolvedRecurrentSpec,
  timescale: number,
  options: ControlOptions,
): Promise<number | undefined> {
  const quantity = quantities.biasMeanForTimescale;
  const { biasMean: _, ...known } = spec;
  const inputCorrelation = spec.cell === 'lstm' ? 1 : spec.inputCorrelation;
  const fields = Object.entries({ ...known, inputCorrelation, timescale }).filter(([name]) =>
    Object.hasOwn(quantity.parameters.shape, name),
  );
  const value: QuantityValue = await quantity.evaluate(
    quantity.resolve(Object.fromEntries(fields), 'spec') as never,
    options,
  );
  return isUndefined(value) || typeof value !== 'number' ? undefined : value;
}
