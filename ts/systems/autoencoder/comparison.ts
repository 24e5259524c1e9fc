// Noise, decay, masking and early stopping on one spectrum, each at its own best rate: what each keeps, and when.
import type { QuantityValue } from '../../core/results.js';
import { balancedMapping, balancedTime } from './balanced.js';
import { equivalentWeightDecay, fixedPoint, type Mode, modeLoss } from './mode.js';
import { stableLearningRate } from './rates.js';
import { leastOf } from '../../numeric/extremes.js';

interface Compared {
  /** Eigenvalues, falling. */
  readonly spectrum: readonly number[];
  readonly noiseVariance: number;
  /** Direction (from 0) on which decay and early stopping are matched to the noise. */
  readonly matched: number;
  /** Share of the limit of stability at which each trains. */
  readonly rateShare: number;
  readonly initialMapping: number;
  /** Noise under which the losses are taken. */
  readonly lossNoise: number;
}

const unlearned = { reason: 'its variance is not above the weight decay: it is never learnt' };

/** Steps until half of the fixed point. */
function halfTime(mode: Mode, initial: number, rate: number): QuantityValue {
  const end = fixedPoint(mode);
  if (end === 0) return mode.weightDecay > 0 ? unlearned : { reason: 'it has no variance' };
  return initial < end / 2
    ? balancedTime(mode, initial, end / 2) / rate
    : { reason: 'it starts beyond half of its fixed point' };
}

const lossOf = (spectrum: readonly number[], mappings: readonly number[], noiseVariance: number): number =>
  spectrum.reduce(
    (sum, inputVariance, i) =>
      sum + modeLoss({ inputVariance, noiseVariance, weightDecay: 0 }, mappings[i] as number, 0),
    0,
  );

/**
 * One rate for all directions, set by the one that limits it. `speedRatio`: growth of a direction with noise over that with decay,
 * [ν_i/(ν_i − g)]·[(ν_1 − g)/ν_1] where the leading direction limits both rates; above 1 for all but the leading one.
 */
export function compareRegularizers({
  spectrum,
  noiseVariance,
  matched,
  rateShare,
  initialMapping,
  lossNoise,
}: Compared): QuantityValue {
  const of = (noise: number, decay: number): Mode[] =>
    spectrum.map((inputVariance) => ({ inputVariance, noiseVariance: noise, weightDecay: decay }));
  const rateOf = (modes: readonly Mode[]): number => rateShare * leastOf(modes.map(stableLearningRate));
  const weightDecay = equivalentWeightDecay(spectrum[matched] as number, noiseVariance);
  const [noisy, decayed, plain] = [of(noiseVariance, 0), of(0, weightDecay), of(0, 0)];
  const [noiseRate, decayRate, plainRate] = [rateOf(noisy), rateOf(decayed), rateOf(plain)];
  const described = (modes: readonly Mode[], rate: number): Record<string, QuantityValue> => {
    const mapping = modes.map(fixedPoint);
    return {
      learningRate: rate,
      mapping,
      halfTime: modes.map((mode) => halfTime(mode, initialMapping, rate)),
      loss: lossOf(spectrum, mapping, lossNoise),
    };
  };
  const trace = spectrum.reduce((sum, each) => sum + each, 0);
  const target = fixedPoint(noisy[matched] as Mode);
  const stopping = ((): QuantityValue => {
    if (!(target > initialMapping && target < 1))
      return { reason: 'the mapping of the matched direction is not passed on the way to 1' };
    const step = balancedTime(plain[matched] as Mode, initialMapping, target) / plainRate;
    const mapping = plain.map((mode) => balancedMapping(mode, initialMapping, plainRate * step));
    return { learningRate: plainRate, step, mapping, loss: lossOf(spectrum, mapping, lossNoise) };
  })();
  return {
    noise: { noiseVariance, ...described(noisy, noiseRate) },
    decay: { weightDecay, ...described(decayed, decayRate) },
    masking: {
      // ((1 − p)/p) tr S/D = s²: the same directions where all coordinates have one second moment.
      inputKeepProbability: trace === 0 ? 1 : 1 / (1 + (noiseVariance * spectrum.length) / trace),
      ...described(noisy, noiseRate),
    },
    earlyStopping: stopping,
    speedRatio: spectrum.map((inputVariance) =>
      inputVariance > weightDecay
        ? (inputVariance * noiseRate) / ((inputVariance - weightDecay) * decayRate)
        : unlearned,
    ),
  };
}
