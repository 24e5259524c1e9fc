// Inverse design: schedules that meet a gradient budget.
import type { ControlOptions } from '../../core/control.js';
import { expectedError, MftError } from '../../core/errors.js';
import type { NativeResidualNetwork } from './native.js';
import { nativeNetwork, recurrence, type ResidualNetwork } from './network.js';
import { awaitedRoot } from '../../numeric/roots.js';

/** log χ_0/χ_L per coordinate. */
export async function logGradientRatio(
  network: NativeResidualNetwork,
  secondMoment: number,
  control: ControlOptions = {},
): Promise<number> {
  const result = await recurrence(
    network,
    { secondMoment, angularDeficit: 0, pair: false, fluctuations: false, interpolate: true },
    control,
  );
  return result.logGradient[0] as number;
}

/** Fields of the decay exponents a block has: the reduced one has no outer parameters. */
export function decaysOf(block: ResidualNetwork['block'], decay: number): Readonly<Record<string, number>> {
  const inner = { innerWeightDecay: decay, innerBiasDecay: decay };
  return block === 'reduced' ? inner : { ...inner, outerWeightDecay: decay, outerBiasDecay: decay };
}

/** The network with one decay exponent for all its variances. */
export function withCommonDecay(network: ResidualNetwork, decay: number): ResidualNetwork {
  return { ...network, ...decaysOf(network.block, decay) };
}

/**
 * The common decay exponent β (β_v = β_w = β_a = β_b) at which log χ_0/χ_L equals the budget.
 *
 * log χ_0/χ_L falls as β grows, to that of the first block alone. When β = 0 already meets the budget the answer is 0.
 *
 * @throws MftError ERR_MFT_OUT_OF_RANGE when no decay meets the budget
 *
 * **Numerics**: bracketed secant steps to a relative width of 1e-13.
 */
export async function decayForGradientBudget(
  network: ResidualNetwork,
  secondMoment: number,
  budget: number,
  control: ControlOptions = {},
): Promise<number> {
  const excess = async (decay: number): Promise<number> =>
    (await logGradientRatio(nativeNetwork(withCommonDecay(network, decay)), secondMoment, control)) - budget;
  const atZero = await excess(0);
  if (atZero <= 0) return 0;
  let high = 1;
  while ((await excess(high)) > 0) {
    high *= 2;
    if (high > 512)
      throw expectedError(
        'ERR_MFT_OUT_OF_RANGE',
        'budget',
        `a number > ${(await excess(high)) + budget}, the log gradient ratio of the first block alone`,
        budget,
      );
  }
  return awaitedRoot(excess, high === 1 ? 0 : high / 2, high, (x) => 5e-14 * Math.abs(x));
}

interface FlatGradientWidths {
  /** N_0..N_L. */
  readonly widths: readonly number[];
  /** log χ_0/χ_L per coordinate with these whole numbers. */
  readonly logGradientRatio: number;
}

/**
 * Widths that hold χ_l constant per coordinate: N_{l−1}/N_l = 1 + σ_v²σ_w²V̇(q_l) at every block, rounded to whole numbers
 * (each from the exact product, so that rounding does not add up). With a `budget` they shrink only as far as log χ_0/χ_L = budget needs:
 * N_l is start · (χ_l/χ_0)^f of constant width, f = 1 − budget/log(χ_0/χ_L).
 *
 * @param start N_0
 * @param budget log χ_0/χ_L per coordinate that may remain; 0: flat
 * @throws MftError ERR_MFT_OUT_OF_RANGE when a width would fall below 1
 */
export async function widthsForFlatGradient(
  network: ResidualNetwork,
  secondMoment: number,
  start: number,
  control: ControlOptions = {},
  budget = 0,
): Promise<FlatGradientWidths> {
  if (network.block !== 'full')
    throw new MftError(
      'ERR_MFT_UNSUPPORTED',
      `Expected \`block\` to be full: only it has projections, received ${network.block}.`,
      { parameter: 'block' },
    );
  const { depth } = network;
  const options = { secondMoment, angularDeficit: 0, pair: false, fluctuations: false, interpolate: true };
  const { hiddenWidth: _, ...rest } = network;
  const constant = await recurrence(nativeNetwork({ ...rest, width: start } as ResidualNetwork), options, control);
  const total = constant.logGradient[0] as number;
  const share = budget === 0 ? 1 : Math.max(0, 1 - budget / total);
  const widths = Array.from({ length: depth + 1 }, (_, l) =>
    Math.round(start * Math.exp(share * ((constant.logGradient[l] as number) - total))),
  );
  const smallest = widths[depth] as number;
  if (smallest < 1)
    throw expectedError(
      'ERR_MFT_OUT_OF_RANGE',
      'start',
      `at least ${Math.ceil(Math.exp(share * total))}, so that the last width is 1 or more`,
      start,
    );
  const log = await logGradientRatio(
    nativeNetwork({ ...rest, width: widths } as ResidualNetwork),
    secondMoment,
    control,
  );
  return { widths, logGradientRatio: log };
}
