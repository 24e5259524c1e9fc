// Bad input and edge cases of the specification, row by row, from the API and the command line: a code and the name of what is wrong,
// or a value with its flag or reason; never NaN, never null.
import t from 'tap';
import {
  type AutoencoderSpec,
  dataSpectrum,
  evaluate,
  MftError,
  predict,
  simulate,
  type Systems,
  train,
} from 'mft-native';
import { mft } from '../../cli/command.js';

type Name = Systems['autoencoder']['quantity'];
const start = { inputVariance: 1, learningRate: 0.01, step: 100 };

/** The quantity from the API and from the command line, which say the same. */
async function both(t: Tap, name: Name, parameters: object): Promise<unknown> {
  const words = ['evaluate', 'autoencoder', name, '--parameters', JSON.stringify(parameters)];
  const { stdout, stderr, status } = await mft(words);
  try {
    const value = await evaluate('autoencoder', name, parameters);
    t.equal(status, 0, `${name} ${JSON.stringify(parameters)}: ${stderr}`);
    t.notMatch(stdout, /NaN|null/);
    return value;
  } catch (error) {
    if (!(error instanceof MftError)) throw error;
    t.equal(status, 2);
    t.ok(stderr.includes(error.message) && stderr.includes(`[${error.code}]`), `${error.code}: ${error.message}`);
    return { code: error.code, parameter: error.parameter, message: error.message };
  }
}
type Tap = Pick<typeof t, 'equal' | 'match' | 'notMatch' | 'ok'>;

t.test('negative variance, decay, rate and step, and NaN', async (t) => {
  for (const [name, parameters] of [
    ['inputVariance', { ...start, inputVariance: -1, initialMapping: 0.1 }],
    ['noiseVariance', { ...start, noiseVariance: -1e-300, initialMapping: 0.1 }],
    ['weightDecay', { ...start, weightDecay: -2, initialMapping: 0.1 }],
    ['learningRate', { ...start, learningRate: -0.1, initialMapping: 0.1 }],
    ['step', { ...start, step: -1, initialMapping: 0.1 }],
  ] as const)
    t.match(await both(t, 'mapping', parameters), {
      code: 'ERR_MFT_OUT_OF_RANGE',
      parameter: name,
      message: /received -/,
    });
  for (const name of ['inputVariance', 'noiseVariance', 'learningRate', 'step', 'initialMapping', 'w1'])
    for (const value of [Number.NaN, Infinity])
      await t.rejects(
        evaluate('autoencoder', 'mapping', { ...start, w1: 1, w2: 1, [name]: value }),
        { code: /^ERR_MFT/, parameter: name },
        `${name} ${value}`,
      );
  for (const [name, flag] of [
    ['inputVariance', '--input-variance'],
    ['noiseVariance', '--noise-variance'],
    ['weightDecay', '--weight-decay'],
    ['learningRate', '--learning-rate'],
    ['initialVariance', '--initial-variance'],
    ['steps', '--steps'],
  ] as const) {
    await t.rejects(predict({ system: 'autoencoder', [name]: -1 }), { code: 'ERR_MFT_OUT_OF_RANGE', parameter: name });
    const { status, stderr } = await mft(['predict', '--system', 'autoencoder', `${flag}=-1`]);
    t.ok(status === 2 && stderr.includes(`\`${name}\``) && stderr.includes('ERR_MFT_OUT_OF_RANGE'), stderr);
  }
});

t.test('a mapping of 0 stays, one below 0 has no balanced weights', async (t) => {
  t.equal(await both(t, 'mapping', { ...start, initialMapping: 0 }), 0);
  t.match(await both(t, 'mapping', { ...start, initialMapping: -0.1 }), {
    code: 'ERR_MFT_OUT_OF_RANGE',
    parameter: 'initialMapping',
  });
  t.match(await both(t, 'flowEnd', { inputVariance: 1, w1: 0, w2: 0 }), { mapping: 0, isSaddle: true });
});

t.test('w1 = −w2 tends to the saddle', async (t) => {
  const late = (await both(t, 'mapping', { ...start, w1: 0.5, w2: -0.5, step: 1e9 })) as number;
  t.ok(Math.abs(late) < 1e-15);
  t.match(await both(t, 'flowEnd', { inputVariance: 1, w1: 0.5, w2: -0.5 }), { mapping: 0, isSaddle: true });
});

t.test('a direction without variance', async (t) => {
  for (const more of [{ noiseVariance: 1 }, { weightDecay: 1 }, { noiseVariance: 1, weightDecay: 1 }]) {
    const w = (await both(t, 'mapping', { ...start, inputVariance: 0, initialMapping: 0.5, ...more })) as number;
    t.ok(w > 0 && w < 0.5, `it decays: ${w}`);
    t.equal(await both(t, 'fixedPoint', { inputVariance: 0, ...more }), 0);
  }
  t.equal(
    await both(t, 'mapping', { ...start, inputVariance: 0, initialMapping: 0.5 }),
    0.5,
    'nothing pulls: the start',
  );
  t.match(await both(t, 'flowEnd', { inputVariance: 0, w1: 0.5, w2: 0.4 }), { mapping: 0.2, isSaddle: false });
  t.match(await both(t, 'learningRates', { inputVariance: 0 }), [
    Infinity,
    Infinity,
    { reason: /./ },
    Infinity,
    Infinity,
  ]);
});

t.test('what cannot be matched or reached says what can', async (t) => {
  for (const weightDecay of [1, 1.5])
    t.match(await both(t, 'equivalentNoiseVariance', { inputVariance: 1, weightDecay }), {
      code: 'ERR_MFT_OUT_OF_RANGE',
      parameter: 'weightDecay',
      message: /no noise level gives an exactly zero mapping/,
    });
  for (const target of [0.001, 0.5, 0.7, -1])
    t.match(
      await both(t, 'timeToReach', {
        inputVariance: 1,
        noiseVariance: 1,
        learningRate: 0.1,
        initialMapping: 0.01,
        target,
      }),
      {
        code: 'ERR_MFT_OUT_OF_RANGE',
        parameter: 'target',
        message: /in \(0\.01, 0\.5\)/,
      },
    );
  for (const p of [0, -0.5, 1.5])
    t.match(await both(t, 'maskingFixedPoint', { inputVariance: 1, coordinateVariance: 1, inputKeepProbability: p }), {
      code: 'ERR_MFT_OUT_OF_RANGE',
      parameter: 'inputKeepProbability',
    });
  await t.rejects(predict({ system: 'autoencoder', inputKeepProbability: 0 }), { code: 'ERR_MFT_OUT_OF_RANGE' });
});

t.test('rates above the limit are a warning, descent that overflows stops with its step', async (t) => {
  const { warnings } = await predict({
    system: 'autoencoder',
    inputVariance: [4, 1],
    learningRate: 0.26,
    initial: 'aligned',
    steps: 20,
  });
  t.match(warnings, [{ id: 'unstableLearningRate', message: /0\.250000/ }]);
  t.match(await both(t, 'descentWeights', { inputVariance: 4, learningRate: 3, w1: 1, w2: 2, steps: 1000 }), {
    code: 'ERR_MFT_NOT_FINITE',
    parameter: 'learningRate',
    message: /at step \d+/,
  });
  const wild: AutoencoderSpec = { inputVariance: [4, 1], learningRate: 3, initialVariance: 4, steps: 500, width: 3 };
  for (const initial of ['gaussian', 'aligned'] as const)
    await t.rejects(simulate({ system: 'autoencoder', ...wild, initial }, { trials: 2 }), {
      code: 'ERR_MFT_NOT_FINITE',
      message: /at step \d+/,
    });
  const { status, stderr } = await mft(
    'simulate --system autoencoder --input-variance 4,1 --learning-rate 3 --initial-variance 4 --width 3 --trials 2'.split(
      ' ',
    ),
  );
  t.ok(status !== 0 && /at step \d+.*ERR_MFT_NOT_FINITE/s.test(stderr), stderr);
});

t.test('more units than directions are allowed, none are not', async (t) => {
  const wide = await predict({ system: 'autoencoder', inputVariance: [2, 1], width: 10, steps: 50 });
  t.ok((wide.observables.modeMapping?.values ?? new Float64Array([Number.NaN])).every(Number.isFinite));
  for (const width of [0, -1, 1.5])
    await t.rejects(predict({ system: 'autoencoder', width }), { code: /^ERR_MFT/, parameter: 'width' });
  t.match(await both(t, 'optimumLoss', { spectrum: [1, 0.5], hidden: 0 }), {
    code: 'ERR_MFT_OUT_OF_RANGE',
    parameter: 'hidden',
  });
  t.equal(await both(t, 'optimumLoss', { spectrum: [1, 0.5], hidden: 9 }), 0);
});

t.test('constant and repeated components: modes without variance are absent, with a reason', async (t) => {
  const found = await dataSpectrum([
    [1, 1, 2, 0],
    [3, 3, 2, 0],
    [0, 0, 2, 0],
  ]);
  t.same(found.inputVariance.slice(2), new Float64Array([0, 0]), 'exactly zero');
  const { quantities, observables } = await predict({
    system: 'autoencoder',
    inputVariance: found.inputVariance,
    steps: 50,
  });
  t.match((quantities.timeToReach as unknown[]).slice(2), [
    { reason: 'it has no variance' },
    { reason: 'it has no variance' },
  ]);
  for (const { values } of Object.values(observables)) t.ok(values.every((x) => !Number.isNaN(x)));
  const images = new Float32Array(new SharedArrayBuffer(32)).fill(1);
  images[0] = -3;
  const set = {
    name: 'two',
    split: 'train',
    count: 4,
    shape: [2],
    dimension: 2,
    classes: 1,
    images,
    labels: new Uint8Array(4),
    verified: true,
    files: [],
    sha256: 'two',
  } as const;
  const flat = { ...set, images: images.map((x, i) => (i % 2 === 0 ? x : 0)) };
  const training = await train({ system: 'autoencoder', width: 2, steps: 4, training: { modes: 2 } }, { train: flat });
  t.match(training.statistics?.modeMapping?.undefinedAt?.[0], { index: 1, reason: 'a direction without variance' });
  t.ok(training.statistics?.modeMapping?.values.every(Number.isFinite));
});

t.test('data that are not centred have their mean as the leading mode; isCentred takes it away', async (t) => {
  const rows = [
    [10, 1],
    [10, -1],
    [11, 0],
    [9, 0],
  ];
  t.ok(Math.abs(((await dataSpectrum(rows)).inputVariance[0] as number) - 100.5) < 1e-9);
  t.ok(Math.abs(((await dataSpectrum(rows, { isCentred: true })).inputVariance[0] as number) - 0.5) < 1e-12);
});
