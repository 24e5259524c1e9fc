// Noise, decay and rate that change from given steps on: theory against simulation, against the parts, and what is refused.
import t from 'tap';
import {
  type AutoencoderSpec,
  advise,
  compare,
  type Estimated,
  evaluate,
  type Predicted,
  predict,
  simulate,
} from 'mft-native';
import { sameBits } from '../../bits.js';

const aligned = {
  system: 'autoencoder',
  inputVariance: [4, 2, 1],
  initial: 'aligned',
  initialVariance: 0.09,
  learningRate: 0.02,
  noiseVariance: 2,
  steps: 120,
  recordEvery: 20,
} as const;
const schedule = [
  { fromStep: 40, noiseVariance: 0.3 },
  { fromStep: 80, weightDecay: 0.4, learningRate: 0.01 },
];
type Spec = AutoencoderSpec & { readonly system: 'autoencoder' };

t.test('theory and simulation agree, for aligned starts, networks and sampled noise', async (t) => {
  for (const [spec, run] of [
    [
      { ...aligned, schedule },
      { trials: 20_000, seed: 3 },
    ],
    [
      { ...aligned, schedule, tied: true, learningRate: 0.01 },
      { trials: 5000, seed: 4 },
    ],
    [
      { ...aligned, schedule, initial: 'gaussian', initialVariance: 1e-4, width: 40, steps: 300, firstRecord: 260 },
      { trials: 200, seed: 5 },
    ],
  ] as const) {
    const comparison = compare(await predict(spec), await simulate(spec, run));
    t.not(comparison.verdict, 'disagrees', `${spec.initial} ${JSON.stringify(comparison.verdict)}`);
  }
  const network = { ...aligned, schedule, initial: 'gaussian', initialVariance: 0.01, width: 3 } as const;
  const expected = await simulate(network, { trials: 200, seed: 6 });
  const sampled = await simulate(network, { trials: 200, seed: 6, examples: 100 });
  const [a, b] = [expected, sampled].map(({ observables }) => observables.loss as Estimated) as [Estimated, Estimated];
  const z = a.values.map(
    (x, i) => (x - (b.values[i] as number)) / Math.hypot(a.standardError[i] as number, b.standardError[i] as number),
  );
  t.ok(
    z.every((each) => Math.abs(each) < 4.5),
    `sampled noise: |z| ${Math.max(...z.map(Math.abs))}`,
  );
});

t.test('pieces that change nothing leave every bit of a simulation', async (t) => {
  const same = [
    { fromStep: 30, noiseVariance: 2 },
    { fromStep: 50, learningRate: 0.02, weightDecay: 0 },
  ];
  for (const more of [{}, { initial: 'gaussian', width: 5 }] as const) {
    const plain = await simulate({ ...aligned, ...more }, { trials: 5, rawTrials: true });
    const pieces = await simulate({ ...aligned, ...more, schedule: same }, { trials: 5, rawTrials: true });
    sameBits(t, pieces.observables, plain.observables, JSON.stringify(more));
  }
  const at0 = await simulate(
    { ...aligned, schedule: [{ fromStep: 0, noiseVariance: 0.5 }] },
    { trials: 5, rawTrials: true },
  );
  const base = await simulate({ ...aligned, noiseVariance: 0.5 }, { trials: 5, rawTrials: true });
  sameBits(t, at0.observables, base.observables, 'from step 0');
});

t.test('the flow through pieces is that of one direction at a time; half-times are where it passes', async (t) => {
  const spec: Spec = {
    ...aligned,
    initial: 'balanced',
    width: 400,
    initialVariance: 1e-6,
    dynamics: 'flow',
    schedule,
    steps: 2000,
  };
  const { quantities, observables } = await predict({ ...spec, recordEvery: 1 });
  const times = quantities.timeToReach as readonly number[];
  const { values } = observables.modeMapping as Predicted;
  for (const [i, inputVariance] of aligned.inputVariance.entries()) {
    const n = 400 - i;
    const initialMapping = 1e-6 * n * (1 - 2 / (9 * n)) ** 3;
    const end = (await evaluate('autoencoder', 'fixedPoint', {
      inputVariance,
      noiseVariance: 0.3,
      weightDecay: 0.4,
    })) as number;
    const [there] = (await evaluate('autoencoder', 'modeCurve', {
      inputVariance,
      noiseVariance: 2,
      learningRate: 0.02,
      initialMapping,
      steps: [times[i] as number],
      schedule,
    })) as readonly number[];
    t.ok(
      Math.abs((there as number) / (end / 2) - 1) < 1e-9,
      `direction ${i}: ${there} at step ${times[i]}, half of ${end}`,
    );
    const before = values[3 * Math.floor(times[i] as number) + i] as number;
    t.ok(Math.abs(before / (end / 2) - 1) < 0.1, `mean over starts: ${before}`);
    t.ok(Math.abs((values.at(i - 3) as number) - end) < 1e-6, 'the end is that of the last piece');
  }
  t.same(quantities.fixedPoint, [3.6 / 4.3, 1.6 / 2.3, 0.6 / 1.3]);
});

t.test('a rate that is too high later is told with its step', async (t) => {
  const spec: Spec = { ...aligned, steps: 50, schedule: [{ fromStep: 49, learningRate: 0.3 }] };
  t.match((await predict(spec)).warnings, [
    { id: 'unstableLearningRate', message: /0\.3 from step 49 on .* 0\.250000\./ },
  ]);
  t.match((await advise(spec)).sections[0]?.findings, [
    { id: 'learningRateUnstable', claim: /0\.3 \(from step 49 on\)/ },
  ]);
});

t.test('what is refused', async (t) => {
  for (const [bad, code] of [
    [[{ fromStep: 5 }, { fromStep: 5 }], 'ERR_MFT_INVALID_ARGUMENT'],
    [[{ fromStep: 5 }, { fromStep: 4 }], 'ERR_MFT_INVALID_ARGUMENT'],
    [[{ fromStep: 1.5 }], 'ERR_MFT_INVALID_ARGUMENT'],
    [[{ fromStep: -1 }], 'ERR_MFT_INVALID_ARGUMENT'],
    [[{ fromStep: 1, noiseVariance: -1 }], 'ERR_MFT_INVALID_ARGUMENT'],
    [[{ fromStep: 1, learningRate: Number.NaN }], 'ERR_MFT_INVALID_ARGUMENT'],
    [[{ noiseVariance: 1 }], 'ERR_MFT_INVALID_ARGUMENT'],
    [3, 'ERR_MFT_OUT_OF_RANGE'],
  ] as const)
    await t.rejects(
      predict({ ...aligned, schedule: bad as never }),
      { code, parameter: /^schedule/ },
      JSON.stringify(bad),
    );
});
