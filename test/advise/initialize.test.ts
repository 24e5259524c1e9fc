// initialize: the variances that it names keep signals and gradients over the depth asked for, in theory and in simulation.
import t from 'tap';
import { initialise, initialize, simulate } from 'mft-native';

t.equal(initialise, initialize, 'British spelling');

const settings = [
  [{ activation: 'gelu', keepProbability: 0.9, depth: 30 }, 1.7805522257036352, 0.18156851029387067],
  [{ activation: 'relu', keepProbability: 0.9, depth: 30 }, 1.8, 0],
  [{ activation: 'tanh', depth: 30, inputs: { secondMoment: 0.1 } }, 1.7609546396067386, 0.05],
] as const;
for (const [spec, weightVariance, biasVariance] of settings)
  t.test(JSON.stringify(spec), async (t) => {
    const found = await initialize({ ...spec, width: 1000 });
    t.ok(Math.abs(found.weightVariance / weightVariance - 1) < 1e-9, `σ_w² ${found.weightVariance}`);
    t.ok(Math.abs(found.biasVariance - biasVariance) < 1e-9, `σ_b² ${found.biasVariance}`);
    t.ok(Math.abs(found.check.logVarianceRatio) < 1e-9, 'starts where it stays');
    const { depth, low, high } = found.trainableDepth;
    t.ok(low < depth && depth < high);
    const simulated = await simulate(
      { system: 'feedforward', ...found.spec, inputs: { ...found.spec.inputs, count: 1 } } as never,
      {
        trials: 20,
        seed: 5,
      },
    );
    const { variance, errorNorm } = simulated.observables as Record<string, { readonly values: Float64Array }>;
    const over = (values: Float64Array | undefined): number => (values?.at(-1) as number) / (values?.[0] as number);
    t.ok(Math.abs(Math.log2(over(variance?.values))) < 1, `variance changes by ${over(variance?.values)}`);
    const gradient = (errorNorm?.values[0] as number) - (errorNorm?.values.at(-1) as number);
    t.ok(
      Math.abs(gradient - found.check.logGradientRatio) < 2,
      `gradients ${gradient}, ${found.check.logGradientRatio}`,
    );
    for (const code of Object.values(found.code))
      t.ok(
        [found.weightVariance, found.biasVariance].every((value) => code.includes(String(value))),
        'code has the numbers',
      );
  });

t.test('what is asked for, and what cannot be', async (t) => {
  const asked = await initialize({ activation: 'gelu', biasVariance: 0, depth: 10 });
  t.equal(asked.biasVariance, 0);
  t.notOk(asked.isStable, 'no critical point of gelu attracts without bias: the variance is kept instead');
  t.ok(Math.abs(asked.weightVariance - 2.3516) < 1e-3);
  t.equal((await initialize({ activation: 'tanh', depth: 1 })).trainableDepth.low > 1, true);
  await t.rejects(initialize({ keepProbability: [0.5, 0.9], depth: 3 }), { code: 'ERR_MFT_UNSUPPORTED' });
  await t.rejects(initialize({ inputs: { values: [[1, 2]] }, depth: 3 }), { code: 'ERR_MFT_UNSUPPORTED' });
  await t.rejects(initialize({ dropout: 0.1 } as never), {
    code: 'ERR_MFT_INVALID_ARGUMENT',
    message: /keepProbability/,
  });
});
