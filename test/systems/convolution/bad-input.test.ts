// What no network is, and what a bound does not speak of, row by row: by the package and by the command line.
import t from 'tap';
import { evaluate, MftError, predict, train } from 'mft-native';
import { mft } from '../../cli/command.js';

const plain = { system: 'convolution', input: [12, 12, 1], depth: 2, width: [2, 3], kernel: 3, pool: 1 } as const;
const flags = ['--input', '12,12,1', '--depth', '2', '--width', '2,3', '--kernel', '3', '--pool', '1'];

/** [fields of a spec, the same as flags behind those of `plain`, code, sentence]. */
const refusals: readonly (readonly [object, readonly string[], string, RegExp])[] = [
  [{ kernel: [3, 20] }, ['--kernel', '3,20'], 'ERR_MFT_SHAPE', /`?kernel\[1\]`? to be at most 10, .* received 20/],
  [{ pool: [3, 1] }, ['--pool', '3,1'], 'ERR_MFT_SHAPE', /pool\[0\]`? to be a divisor of its map, 10 × 10, received 3/],
  [
    { width: [2.5, 3] },
    ['--width', '2.5,3'],
    'ERR_MFT_OUT_OF_RANGE',
    /width`? to be a whole number .* received .*2\.5/,
  ],
  [{ rank: [2, 9] }, ['--rank', '2,9'], 'ERR_MFT_OUT_OF_RANGE', /rank\[1\]`? to be at most 3, received 9/],
  [{ rank: 0 }, ['--rank', '0'], 'ERR_MFT_OUT_OF_RANGE', /rank`? to be a whole number in \[1, .* received 0/],
  [{ norm: -1 }, ['--norm', '-1'], 'ERR_MFT_OUT_OF_RANGE', /norm`? to be a number >= 0, .* received -1/],
  [{ samples: 0 }, ['--samples', '0'], 'ERR_MFT_OUT_OF_RANGE', /samples`? to be a whole number in \[1, .* received 0/],
  [
    { failureProbability: 1 },
    ['--failure-probability', '1'],
    'ERR_MFT_OUT_OF_RANGE',
    /failure-?[pP]robability`? to be a number in \(0, 1\), received 1/,
  ],
  [{ classes: 1 }, ['--classes', '1'], 'ERR_MFT_OUT_OF_RANGE', /classes`? to be a whole number in \[2, .* received 1/],
];

t.test('no network: the code, the field and its layer', async (t) => {
  for (const [fields, words, code, sentence] of refusals) {
    const refused = await predict({ ...plain, ...fields } as never).then(
      () => undefined,
      (error: unknown) => error,
    );
    t.ok(refused instanceof MftError, JSON.stringify(fields));
    t.match(refused, { code, message: sentence });
    const replaced = flags.flatMap((word, i) => (i % 2 > 0 || word === words[0] ? [] : [word, flags[i + 1] as string]));
    const ended = await mft(['predict', '--system', 'convolution', ...replaced, ...words]);
    t.ok(ended.status !== 0 && ended.stdout === '', `${words.join(' ')} ends with ${ended.status}`);
    t.match(ended.stderr, sentence);
  }
});

/** Networks of which only the certified bound speaks: the sentence of the stated one. */
const unspoken: readonly (readonly [object, readonly string[], RegExp])[] = [
  [{ norm: 0 }, ['--norm', '0'], /layers\[0\]\.norm` to be a number > 0 for a stated bound, received 0/],
  [{ pool: [2, 1] }, ['--pool', '2,1'], /one pool in all layers; the certified/],
  [{ pooling: 'max' }, ['--pooling', 'max'], /average pooling; the certified/],
  [{ kernel: [2, 3], stride: [5, 1] }, ['--kernel', '2,3', '--stride', '5,1'], /strides not above .*; the certified/],
];

t.test(
  'stated bounds that do not speak of a network: `{ reason }`, never NaN or null; the certified one has its value',
  async (t) => {
    for (const [fields, words, reason] of unspoken) {
      const { quantities } = await predict({ ...plain, ...fields } as never);
      const { gapStated, gapRepaired, gapCertified, bounds } = quantities as Record<string, unknown>;
      t.match(gapStated, { reason });
      t.match(gapRepaired, { reason });
      t.ok(
        typeof gapCertified === 'number' && gapCertified > 0,
        `${JSON.stringify(fields)}: certified ${gapCertified}`,
      );
      t.match(bounds, { stated: { isVacuous: true, isProved: false }, certified: { isProved: true } });
      t.notMatch(JSON.stringify(quantities), /:(null|NaN)/);
      const kept = flags.flatMap((word, i) =>
        i % 2 > 0 || words.includes(word) ? [] : [word, flags[i + 1] as string],
      );
      const { status, stdout } = await mft(['predict', '--system', 'convolution', ...kept, ...words, '--json']);
      t.equal(status, 0);
      const answer = JSON.parse(stdout) as { quantities: Record<string, unknown> };
      t.match(answer.quantities.gapStated, { reason });
      t.equal(answer.quantities.gapCertified, gapCertified, 'the command line says the same');
    }
  },
);

t.test('a negative radicand is a reason; a bound of 1 or more is vacuous, a stated one not proved', async (t) => {
  const tiny = { ...plain, input: [6, 6, 1], depth: 1, width: 2, pool: 2, fcNorm: 1, classes: 3 } as const;
  const { quantities } = await predict({ ...tiny, samples: 100 });
  t.match(quantities.gapStated, { reason: 'logFactor negative: the stated bound is undefined here' });
  const { stated, certified, repaired } = quantities.bounds as unknown as Record<string, object>;
  t.match(certified, { isVacuous: true, isProved: true });
  t.match([stated, repaired], [{ isProved: false }, { isProved: false }]);
  const large = (await predict({ ...plain, samples: 10 ** 15 })).quantities.bounds as unknown as Record<string, object>;
  t.match(large, { stated: { isVacuous: false, isProved: false }, certified: { isVacuous: false, isProved: true } });
  t.match(large.repaired, { isProved: true }, 'the repaired one is proved where its condition on the samples holds');
});

t.test('`evaluate` names the layer as well, and says which bound takes the network', async (t) => {
  const asked = (layer: object, more: object = {}): Promise<unknown> => {
    const layers = [{ kernel: 3, channels: 2, pool: 2, norm: 1, ...layer }];
    const architecture = { input: [12, 12, 1], classes: 3, fcNorm: 1, layers, ...more };
    return evaluate('convolution', 'gapStated', { architecture, samples: 1000 } as never);
  };
  const code = 'ERR_MFT_OUT_OF_RANGE';
  await t.rejects(asked({ kernel: 13 }), { code: 'ERR_MFT_SHAPE', message: /layers\[0\]\.kernel` to be at most 12/ });
  await t.rejects(asked({ pool: 3 }), { code: 'ERR_MFT_SHAPE', message: /layers\[0\]\.pool` to be a divisor/ });
  await t.rejects(asked({ norm: 0 }), { code, message: /layers\[0\]\.norm` to be a number > 0 for a stated bound/ });
  await t.rejects(asked({ rank: 7 }), { code, message: /layers\[0\]\.rank` to be at most 2, received 7/ });
  await t.rejects(asked({ channels: 1.5 }), { code, message: /layers\[0\]\.channels` to be a whole number/ });
  await t.rejects(asked({}, { fcRank: 9 }), { code, message: /fcRank` to be at most 3, received 9/ });
  await t.rejects(asked({}, { pooling: 'max' }), { code: 'ERR_MFT_UNSUPPORTED', message: /the certified ones take/ });
});

t.test('images outside [0, x]: no bound of the trained network, and the entry is named', async (t) => {
  const set = (entry: number): object => {
    const images = new Float32Array(8 * 16).fill(0.5);
    images[37] = entry;
    const labels = Uint8Array.from({ length: 8 }, (_, i) => i % 2);
    const facts = { verified: true, files: [], sha256: '' };
    return {
      name: 'made',
      split: 'train',
      count: 8,
      shape: [4, 4],
      dimension: 16,
      classes: 2,
      images,
      labels,
      ...facts,
    };
  };
  const bounds = async (entry: number, inputBound = 1): Promise<unknown> => {
    const spec = {
      system: 'convolution',
      input: [4, 4, 1],
      depth: 1,
      width: 2,
      kernel: 3,
      pool: 2,
      classes: 2,
      inputBound,
    };
    const options = { loss: 'brier', normalization: 'unit', steps: 1, batchSize: 8 };
    const run = await train(spec as never, { train: set(entry), test: set(0.25) } as never, options as never);
    return run.quantities?.bounds;
  };
  t.match(await bounds(1), { certified: { isProved: true } });
  t.match(await bounds(1.5), { reason: /^image 2 has an entry 1\.5 outside \[0, 1\]/ });
  t.match(await bounds(-0.25), { reason: /^image 2 has an entry -0\.25 outside \[0, 1\]/ });
  t.match(await bounds(1.5, 2), { certified: { isProved: true } });
});
