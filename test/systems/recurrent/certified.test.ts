// The certified start: what it returns holds by other quantities, and what is unstable or not alone is refused.
import t from 'tap';
import { evaluate, isUndefined } from 'mft-native';

interface Point {
  readonly biasMean: number;
  readonly recurrentWeightVariance: number;
  readonly varianceMapSlope: number;
  readonly isStable: boolean;
  readonly isBistable: boolean;
  readonly productSecondMoment: number;
}
interface Certified {
  readonly certified: Point | { readonly reason: string };
  readonly criticalPoints: readonly Point[];
}
const inputs = { inputWeightVariance: 1.39 ** 2, inputVariance: 0.46 } as const;
const asked = async (parameters: Readonly<Record<string, unknown>>): Promise<Certified> =>
  (await evaluate('recurrent', 'certifiedInitialization', parameters as never)) as unknown as Certified;

t.test('the minimal cell: critical, stable, alone, settled within T, and the best of all that are', async (t) => {
  for (const steps of [20, 100]) {
    const { certified, criticalPoints } = await asked({ cell: 'minimal', ...inputs, steps });
    if (isUndefined(certified)) return t.fail(certified.reason);
    const { biasMean, recurrentWeightVariance, productSecondMoment } = certified as Point;
    const cell = { cell: 'minimal', ...inputs, biasMean, recurrentWeightVariance } as const;
    t.ok(Math.abs((await evaluate('recurrent', 'chi1MinusOne', cell)) as number) < 1e-9, 'χ₁ = 1');
    t.equal(await evaluate('recurrent', 'isBistable', cell), false);
    const slope = (await evaluate('recurrent', 'varianceMapSlope', cell)) as number;
    t.ok(Math.abs(slope / Math.exp(-1 / steps) - 1) < 1e-6, `it stands where the line ends: slope ${slope}`);
    const products = (await evaluate('recurrent', 'jacobianProductNormalizedSecondMoments', {
      ...cell,
      steps,
    })) as number[];
    t.ok(Math.abs((products.at(-1) as number) / productSecondMoment - 1) < 1e-9, `m₂/m₁² ${productSecondMoment}`);
    const others = criticalPoints.filter((point) => point.varianceMapSlope < slope);
    t.ok(others.length > 20 && others.every((point) => point.productSecondMoment > productSecondMoment));
  }
});

t.test('unstable and bistable points are told and refused', async (t) => {
  const unstable = await asked({ cell: 'minimal', ...inputs, biasMean: 6 });
  t.match(unstable.certified, { reason: /stable, alone/ });
  t.match(unstable.criticalPoints, [{ isStable: false }]);
  const bistable = await asked({ cell: 'minimal', ...inputs, biasMean: 4.59, steps: 10_000 });
  t.match(bistable, { certified: { reason: /alone/ }, criticalPoints: [{ isStable: true, isBistable: true }] });
  const slow = await asked({ cell: 'minimal', ...inputs, biasMean: 4.5, steps: 100 });
  t.match(slow.certified, { reason: /within 100 steps/ }, 'slope 0.9984 settles in 600');
});

t.test('the vanilla cell, and what has no theory', async (t) => {
  const gaussian = await asked({ cell: 'vanilla', inputWeightVariance: 0.025 ** 2 });
  const orthogonal = await asked({ cell: 'vanilla', inputWeightVariance: 0.025 ** 2, weights: 'orthogonal' });
  const [broad, narrow] = [gaussian, orthogonal].map(({ certified }) => (certified as Point).productSecondMoment);
  t.ok(Math.abs((broad as number) - (narrow as number) - 100) < 1e-9, 'Gaussian weights add 1 a step');
  await t.rejects(asked({ cell: 'gru' }), { code: 'ERR_MFT_UNSUPPORTED' });
  await t.rejects(asked({ cell: 'minimal', lowest: 3, highest: 2 }), { code: 'ERR_MFT_OUT_OF_RANGE' });
});
