// How much residual networks scatter, and what a simulation in double precision can resolve of it.
import t from 'tap';
import { compare, predict, simulate } from 'mft-native';

const saturated = {
  system: 'residual',
  activation: 'tanh',
  innerBiasVariance: 1000,
  depth: 2,
  width: 200,
  hiddenWidth: 40,
  inputs: { count: 1 },
} as const;

t.test('few unsaturated units make the gradients of parameters: their spread is predicted', async (t) => {
  const theory = await predict(saturated);
  const measured = await simulate(saturated, { trials: 4000, seed: 3 });
  for (const name of ['innerWeightGradient', 'innerBiasGradient'] as const) {
    const spread = theory.observables[name]?.spread?.[0] as number;
    const variance = measured.observables[name]?.variance[0] as number;
    // The variance of 4000 such numbers is known to about 7 %; without the units' own noise the spread would be 0.01.
    t.ok(Math.abs(Math.log(spread / variance)) < 0.25, `${name}: ${spread} against ${variance}`);
    const z = (measured.observables[name]?.values[0] as number) - (theory.observables[name]?.values[0] as number);
    t.ok(Math.abs(z) < 4 * Math.sqrt(spread / 4000), `${name}: the mean itself`);
  }
  const spread = theory.observables.gradientSpread?.spread?.[0] as number;
  const { values, variance } = measured.observables.gradientSpread ?? {};
  const relative = (variance?.[0] as number) / (values?.[0] as number) ** 2;
  t.ok(spread > 4, 'a Gaussian would have 2');
  t.ok(spread > relative / 2 && spread < 2 * relative, `a variance of rare units: ${spread} against ${relative}`);
});

t.test('verdicts do not rest on sixty trials of rare units', async (t) => {
  const spec = { ...saturated, hiddenWidth: 35, innerBiasVariance: 1e6 } as const;
  for (const seed of [1, 2, 3]) {
    const comparison = compare(await predict(spec), await simulate(spec, { trials: 60, seed }));
    t.not(comparison.verdict, 'disagrees', `seed ${seed}: largest |z| ${comparison.largestZ}`);
    t.equal(comparison.observables.innerWeightGradient?.verdict, 'inconclusive');
  }
});

t.test('a variance below the rounding of the trials is not evidence', async (t) => {
  const spec = {
    system: 'residual',
    depth: 3,
    width: 80,
    activation: 'tanh',
    innerBiasVariance: 1,
    inputs: { secondMoment: 1e100, correlation: 0.5 },
  } as const;
  const theory = await predict(spec);
  t.ok((theory.observables.gradientSpread?.values[0] as number) < 1e-40, 'every unit is saturated');
  const measured = await simulate(spec, { trials: 60, seed: 5 });
  const comparison = compare(theory, measured);
  t.not(comparison.verdict, 'disagrees');
  t.not(comparison.observables.gradientSpread?.verdict, 'disagrees');
});

t.test('a distance below the rounding of the activations is undefined, not noise', async (t) => {
  const spec = {
    system: 'residual',
    activation: 'tanh',
    outerBiasVariance: 0.1,
    depth: 4,
    width: 100,
    inputs: { secondMoment: 1e-300, correlation: 0.5 },
  } as const;
  const theory = await predict(spec);
  t.ok((theory.observables.angularDeficit?.values[4] as number) < -600, 'the bias is the same for both inputs');
  const measured = await simulate(spec, { trials: 20, seed: 5 });
  for (const name of ['metricExpressivity', 'angularDeficit'] as const) {
    const { undefinedAt = [] } = measured.observables[name] ?? {};
    t.same(
      undefinedAt.map(({ index }) => index),
      [1, 2, 3, 4],
      'all layers but the inputs',
    );
    t.match(undefinedAt[0]?.reason, /below the rounding/);
  }
  t.equal(measured.observables.angularExpressivity?.values[4], 1);
  t.not(compare(theory, measured).verdict, 'disagrees');
  const equal = { ...spec, inputs: { secondMoment: 1, correlation: 1 } } as const;
  const same = await simulate(equal, { trials: 5, seed: 5 });
  t.equal(same.observables.angularDeficit?.values[4], -Infinity, 'equal inputs stay equal');
  t.equal(same.observables.angularDeficit?.undefinedAt, undefined);
});

t.test('deep reduced blocks of an activation that is not odd: what finite width may add is said by size', async (t) => {
  const spec = {
    system: 'residual',
    block: 'reduced',
    activation: 'selu',
    innerWeightDecay: -0.062,
    depth: 26,
    width: 85,
  } as const;
  const theory = await predict(spec);
  t.equal(theory.observables.gradientSpread, undefined, 'fluctuations themselves are not claimed');
  const measured = await simulate(spec, { trials: 60, seed: 930_043 });
  const comparison = compare(theory, measured);
  t.ok(comparison.largestZ > 5, `${comparison.largestZ}`);
  t.equal(comparison.verdict, 'finiteSize');
  // Errors keep δ·x while |x|² outgrows |δ|²: the allowance has the size of what is measured, at another width too.
  const wide = await predict({ ...spec, width: 340 });
  const far = await simulate({ ...spec, width: 340 }, { trials: 40, seed: 7 });
  for (const l of [0, 8, 12]) {
    const at = 2 * l; // two inputs
    const [size, value] = [wide, far].map(({ observables }) => observables.gradientSecondMoment?.values[at] as number);
    const excess = (value as number) - (size as number);
    const allowed = wide.observables.gradientSecondMoment?.finiteSize?.allowance?.[at] as number;
    t.ok(allowed > 0.7 * excess && allowed < 1.8 * excess + 0.2, `layer ${l}: ${excess}, allowed ${allowed}`);
  }
});
