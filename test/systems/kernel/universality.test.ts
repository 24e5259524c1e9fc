// Heavy laws of weights at finite width, and what `predict` says of the law and the inputs.
import t from 'tap';
import { evaluate, predict, simulate } from 'mft-native';

// Two inputs of one plane of axes among 40 components: universality fails at every dimension.
const padded = (x: readonly number[]): number[] => [...x, ...Array.from({ length: 38 }, () => 0)];
const [x, y] = [[1, 0] as const, [Math.cos(1), Math.sin(1)] as const];
const values = [padded(x), padded(y)];
const gaussian = 0.318084;

/** Mean and standard error of the first layer's kernel over networks, for weights of unit variance. */
async function simulated(weights: object | string): Promise<readonly [number, number]> {
  const spec = { system: 'kernel', weights, width: 1000, weightVariance: 1, inputScaling: 'none', inputs: { values } };
  const { observables } = await simulate(spec as never, { trials: 1000, seed: 5, hasTangent: false });
  const { nngp } = observables as never as { nngp: { values: Float64Array; standardError: Float64Array } };
  return [nngp.values[1] as number, nngp.standardError[1] as number];
}

t.test('inputs along the axes keep the Gaussian kernel under multivariate t weights', async (t) => {
  const [mean, error] = await simulated({ law: 'multivariateT', degreesOfFreedom: 24 });
  t.ok(Math.abs((mean - gaussian) / error) < 4.5, `${mean} ± ${error}`);
});

t.test('inputs of 200,000 components', async (t) => {
  const row = (turn: (i: number) => number): Float64Array => Float64Array.from({ length: 200_000 }, (_, i) => turn(i));
  const { quantities } = await predict({
    system: 'kernel',
    weights: 'uniform',
    depth: 1,
    inputs: { values: [row(Math.sin), row((i) => Math.cos(3 * i))] },
  });
  // κ s²/24 Σ_t of fourth derivatives along (x_t, y_t), by 30-digit differences of the closed kernel.
  t.ok(Math.abs((quantities.universalityCorrection as number) / -1.193668622531075e-7 - 1) < 1e-11);
  const [shares] = quantities.inputDiagnostics as unknown as readonly (readonly number[])[];
  t.ok(Math.abs((shares?.[0] as number) / Math.sqrt(2 / 200_000) - 1) < 1e-4, 'max |x|/|x| of a sine');
});

t.test('weights without a fourth moment scatter: the error does not fall as 1/√width', async (t) => {
  const spread = async (degreesOfFreedom: number, width: number): Promise<number> => {
    const weights = { law: 'multivariateT', degreesOfFreedom } as const;
    const spec = {
      system: 'kernel',
      weights,
      width,
      weightVariance: 1,
      inputScaling: 'none',
      inputs: { values },
    } as const;
    const found = await simulate(spec, { trials: 200, seed: 7, hasTangent: false, rawTrials: true });
    const raw = Array.from({ length: 200 }, (_, i) => found.observables.nngp?.trials?.[4 * i + 1] as number);
    // Between quantiles: the variance over networks is infinite.
    const sorted = raw.toSorted((a, b) => a - b);
    return ((sorted[150] as number) - (sorted[50] as number)) / gaussian;
  };
  const [heavy, light] = [await spread(2.5, 250), await spread(24, 250)];
  const [heavyWide, lightWide] = [await spread(2.5, 4000), await spread(24, 4000)];
  t.ok(light / lightWide > 3, `16 times the width, ν = 24: ${light / lightWide}, 4 expected`);
  t.ok(heavy / heavyWide < 2.3, `ν = 2.5: ${heavy / heavyWide}, 16^(1 − 2/2.5) = 1.74 expected`);
  t.ok(heavyWide > 3 * lightWide, `at 4,000 units ν = 2.5: ${heavyWide}, ν = 24: ${lightWide}`);
  const { warnings } = await predict({
    system: 'kernel',
    weights: { law: 'multivariateT', degreesOfFreedom: 2.5 },
    inputs: { values },
  });
  t.ok(warnings.some(({ id }) => id === 'noFourthMoment'));
});

t.test('what predict says of the law and the inputs', async (t) => {
  const inputs = { values: [1, 2].map((k) => Array.from({ length: 12 }, (_, i) => Math.cos(k * k + k * i))) };
  const given = { system: 'kernel', weights: 'rademacher', weightVariance: 2, inputs } as const;
  const { quantities } = await predict(given);
  const correction = quantities.universalityCorrection as number;
  const [a, b] = inputs.values.map((row) => row.map((value) => value * Math.sqrt(2 / 12)));
  const kernel = (distribution: string): Promise<unknown> =>
    evaluate('kernel', 'layerKernel', { activation: 'relu', distribution, x: a, y: b } as never);
  const deviation = ((await kernel('rademacher')) as number) - ((await kernel('gaussian')) as number);
  t.ok(
    Math.abs(deviation) > 1e-4 && Math.abs(deviation - correction) < 0.5 * Math.abs(deviation),
    `${deviation}, ${correction}`,
  );
  t.same((quantities.inputDiagnostics as unknown[])[1], [
    ...((await evaluate('kernel', 'inputDiagnostics', { x: inputs.values[1] as number[] })) as Iterable<number>),
  ]);
  const said = async (more: object): Promise<unknown> =>
    (await predict({ ...given, ...more } as never)).quantities['universalityCorrection' as never];
  for (const [more, reason] of [
    [{ biasVariance: 0.1 }, /without biases/],
    [{ weights: { law: 'studentT', degreesOfFreedom: 3.5 } }, /fourth moment/],
    [
      {
        inputs: {
          values: [
            [1, 1],
            [2, 2],
          ],
        },
      },
      /parallel/,
    ],
  ] as const)
    t.match(await said(more), { reason });
  t.equal(await said({ weights: 'gaussian' }), undefined, 'normal weights have no correction');
});
