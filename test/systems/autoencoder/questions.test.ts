// Questions that people ask about linear autoencoders, with answers that do not come from this package.
import t from 'tap';
import { evaluate, predict, type Systems } from 'mft-native';

const near = (a: number, b: number, tolerance: number): boolean => Math.abs(a - b) <= tolerance * Math.abs(b);
type Name = Systems['autoencoder']['quantity'];
const number = async (name: Name, parameters: object): Promise<number> =>
  (await evaluate('autoencoder', name, parameters)) as number;
const numbers = async (name: Name, parameters: object): Promise<readonly number[]> =>
  (await evaluate('autoencoder', name, parameters)) as readonly number[];

t.test('one sample and four units: how long until it is repeated? The other directions have no variance', async (t) => {
  const inputVariance = 0.1 ** 2 + 0.3 ** 2 + 0.7 ** 2 + 0.2 ** 2;
  for (const [learningRate, steps] of [
    [0.1, 72.93841031959667],
    [0.01, 729.3841031959666],
    [0.001, 7293.841031959667],
  ] as const)
    t.ok(
      near(
        await number('timeToReach', { inputVariance, learningRate, initialMapping: 0.01, target: 0.99 }),
        steps,
        1e-12,
      ),
    );
  const theory = await predict({ system: 'autoencoder', inputVariance: [0.63, 0, 0, 0], width: 4, steps: 100 });
  t.same(
    (theory.quantities.timeToReach as unknown[]).slice(1).map((value) => typeof value),
    ['object', 'object', 'object'],
  );
});

t.test('points near a line: training does not stall, the second direction has not started', async (t) => {
  const common = { learningRate: 0.05, initialMapping: 1e-3 };
  t.ok(near(await number('timeToReach', { ...common, inputVariance: 1, target: 0.5 }), 69.0675477864855, 1e-12));
  t.ok(near(await number('timeToReach', { ...common, inputVariance: 0.01, target: 0.5 }), 6906.754778648554, 1e-12));
  t.ok(near(await number('mapping', { ...common, inputVariance: 0.01, step: 1000 }), 0.002713619066128357, 1e-12));
  t.equal(await number('mapping', { ...common, inputVariance: 1, step: 1000 }), 1);
});

t.test('every row is (1, 2, 3): which rate is safe?', async (t) => {
  t.same(await numbers('learningRates', { inputVariance: 14 }), [1 / 28, 1 / 28, 1, 1 / 14, 1 / 14]);
  const after = async (learningRate: number): Promise<number> => {
    const [w1, w2] = await numbers('descentWeights', { inputVariance: 14, learningRate, w1: 0.999, w2: 1, steps: 400 });
    return (w1 as number) * (w2 as number);
  };
  t.ok(Math.abs((await after(0.07)) - 0.999999999919) < 1e-11, 'below the limit it settles');
  t.ok(Math.abs((await after(0.0725)) - 0.8717202968) < 1e-9, 'above it oscillates for good');
  const { warnings } = await predict({
    system: 'autoencoder',
    inputVariance: 14,
    learningRate: 0.0725,
    initial: 'aligned',
    steps: 50,
  });
  t.match(warnings, [{ id: 'unstableLearningRate', message: /0\.0714286/ }]);
});

t.test('the noisy input as the target by mistake shrinks nothing', async (t) => {
  const common = { learningRate: 0.01, initialMapping: 1e-3 };
  const clean = (step: number): Promise<number> =>
    number('mapping', { ...common, inputVariance: 1, noiseVariance: 0.5, step });
  const noisy = (step: number): Promise<number> => number('mapping', { ...common, inputVariance: 1.5, step });
  t.ok(near(await clean(300), 0.2515701721856119, 1e-12) && near(await clean(600), 0.663951108388491, 1e-12));
  t.ok(near(await noisy(300), 0.890244914466954, 1e-12) && near(await noisy(600), 0.9999847854817201, 1e-12));
});

t.test('masks with and without rescaling', async (t) => {
  const of = (inputVariance: number, isRescaled: boolean): Promise<number> =>
    number('maskingFixedPoint', { inputVariance, coordinateVariance: 1, inputKeepProbability: 0.5, isRescaled });
  for (const [nu, rescaled, plain] of [
    [1.8, 0.642857142857143, 1.28571428571429],
    [0.2, 0.166666666666667, 0.333333333333333],
  ] as const) {
    t.ok(near(await of(nu, true), rescaled, 1e-14 * 100));
    t.ok(near(await of(nu, false), plain, 1e-14 * 100));
  }
});

t.test('trained at one noise, tested at another: at the optimum the matching level wins', async (t) => {
  const spectrum = [2000, 400, 100, 40, 15, 5];
  for (const [lossNoiseVariance, losses] of [
    [25, [48.5735259203, 64.6345932513, 100.255404828]],
    [100, [162.887596265, 135.807453416, 150.483508406]],
  ] as const)
    for (const [i, noiseVariance] of [25, 100, 225].entries()) {
      const found = await number('optimumLoss', { spectrum, hidden: 6, noiseVariance, lossNoiseVariance });
      t.ok(near(found, losses[i] as number, 1e-11), `${noiseVariance} at ${lossNoiseVariance}: ${found}`);
    }
  const chosen = await number('chosenNoiseVariance', { spectrum, samples: 1e12, lossNoiseVariance: 25 });
  t.ok(near(chosen, 25, 1e-4), `with examples without end the choice is the noise itself: ${chosen}`);
  const few = await number('chosenNoiseVariance', { spectrum, samples: 20, lossNoiseVariance: 25 });
  // The best level on the true distribution, over 200 drawn sets of 20 examples, is 16.9: what few examples do not show must not be shrunk.
  t.ok(few > 15 && few < 19, `with 20 examples less: ${few}`);
});

t.test('tied weights: twice the rate', async (t) => {
  const common = { inputVariance: 1.3, noiseVariance: 0.4, w1: 0.3, w2: 0.3, steps: 100 };
  const tied = await numbers('descentWeights', { ...common, tied: true, learningRate: 0.01 });
  const twice = await numbers('descentWeights', { ...common, learningRate: 0.02 });
  const once = await numbers('descentWeights', { ...common, learningRate: 0.01 });
  t.same(tied, twice);
  t.ok(near(tied[0] as number, 0.8578430957596982, 1e-13) && near(once[0] as number, 0.7009418510019323, 1e-13));
});

t.test('a noise deviation, a mean over coordinates and a decay of 1e-4', async (t) => {
  for (const [nu, kept] of [
    [0.1, 10 / 11],
    [0.01, 0.5],
    [0.001, 1 / 11],
  ] as const)
    t.ok(near(await number('fixedPoint', { inputVariance: nu, noiseVariance: 0.01 }), kept, 1e-14));
  const [, weightDecay] = await numbers('effectiveHyperparameters', {
    learningRate: 1,
    weightDecay: 1e-4,
    dimension: 3072,
  });
  t.ok(near(weightDecay as number, 0.1536, 1e-15));
  t.ok(near(await number('fixedPoint', { inputVariance: 0.2, weightDecay }), 0.232, 1e-12));
  t.ok(near(await number('fixedPoint', { inputVariance: 1.5, weightDecay }), 0.8976, 1e-12));
  t.equal(await number('fixedPoint', { inputVariance: 0.15, weightDecay }), 0);
});
