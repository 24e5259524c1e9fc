// Training of recurrent networks: every task and cell, weights by name, continuing, refusals, texts and their perplexities.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { MftError, predict, readDataset, train, type TrainOptions, type WordDataset } from 'mft-native';

const folder = await mkdtemp(join(tmpdir(), 'mft-recurrent-'));
t.teardown(() => rm(folder, { recursive: true }));

const images = await readDataset('synthetic', 'train');
const alone = { train: images };

const cells = ['vanilla', 'minimal', 'gru', 'peepholeLstm', 'lstm', 'minGru', 'minLstm'] as const;
const quick: TrainOptions = {
  optimizer: 'adam',
  learningRate: 0.005,
  batchSize: 50,
  trainCount: 2000,
  epochs: 3,
  clipNorm: 1,
  trainEvaluation: 0,
};
const base = { system: 'recurrent', width: 32, steps: 28 } as const;

t.test('rows of images: every cell learns the classes from its last state', async (t) => {
  for (const cell of cells) {
    const run = await train({ ...base, cell, biasMean: cell === 'vanilla' ? 0 : 1 }, alone, {
      ...quick,
      validationCount: 500,
      learningRate: 0.01,
    });
    t.ok((run.test?.accuracy ?? 0) > 0.4, `${cell}: ${run.test?.accuracy} of 500 images, chance 0.1`);
    t.equal(run.steps, 120);
  }
});

t.test('images in other stretches, more layers, truncation, dropout', async (t) => {
  const few = { ...quick, epochs: 1, trainCount: 500 };
  const run = (spec: object) => train({ ...base, cell: 'gru', ...spec }, alone, few);
  const plain = await run({});
  for (const [name, spec] of Object.entries({
    'pixel by pixel': { steps: 784, width: 8 },
    'two layers': { training: { layers: 2 } },
    truncated: { training: { truncation: 7 } },
    dropout: { training: { keepProbability: 0.8 } },
  })) {
    const { checksum, reports, stopped } = await run(spec);
    t.not(checksum, plain.checksum, name);
    t.equal(stopped, undefined);
    t.type(reports[0]?.trainLoss, 'number');
  }
  const { checksum } = await run({ training: { task: 'pixels', layers: 1, keepProbability: 1, truncation: 0 } });
  t.equal(checksum, plain.checksum, 'defaults said are defaults');
});

t.test('a digit, then noise: the theory of memory decides', async (t) => {
  const accuracy = async (biasMean: number): Promise<number> => {
    const run = await train(
      {
        system: 'recurrent',
        cell: 'minimal',
        width: 64,
        steps: 5,
        biasMean,
        recurrentWeightVariance: 6.88 ** 2,
        inputWeightVariance: 1.39 ** 2,
        inputVariance: 0.46,
        training: { task: 'digitThenNoise', projection: 'fixed' },
      },
      alone,
      { ...quick, validationCount: 500, learningRate: 0.006, epochs: 6 },
    );
    return run.test?.accuracy ?? 0;
  };
  const [long, short] = [await accuracy(6), await accuracy(-2)];
  t.ok(long > 0.35, `bias 6 remembers 5 steps: ${long}`);
  t.ok(short < 0.2, `bias -2 forgets them: ${short}`);
});

t.test('a fixed projection is not trained, the first state is what the theory says', async (t) => {
  const spec = { ...base, cell: 'minimal', training: { projection: 'fixed' } } as const;
  const options = { ...quick, epochs: 1, returnWeights: true, statisticsEvery: 40 } as const;
  const [none, some] = [
    await train(spec, alone, { ...options, epochs: undefined as never, steps: 1, learningRate: 0 }),
    await train(spec, alone, options),
  ];
  t.strictSame(some.weights?.['layer1.weight'], none.weights?.['layer1.weight']);
  t.notSame(some.weights?.['layer2.recurrent.weight'], none.weights?.['layer2.recurrent.weight']);
  t.strictSame(Object.keys(some.weights ?? {}), [
    'layer1.weight',
    'layer2.input.weight',
    'layer2.input.bias',
    'layer2.recurrent.weight',
    'layer3.weight',
    'layer3.bias',
  ]);
});

t.test('the second moment of the states of the first step is the predicted one', async (t) => {
  // Every position of a digit followed by noise has inputs of the theory's law but the first: R = 0.3, N(0, R).
  const spec = {
    system: 'recurrent',
    cell: 'vanilla',
    width: 300,
    steps: 8,
    recurrentWeightVariance: 1.5,
    inputVariance: 0.3,
    training: { task: 'digitThenNoise' },
  } as const;
  const options = { ...quick, statisticsEvery: 1, learningRate: 0, batchSize: 100 } as const;
  const prediction = await predict({ ...spec, inputWidth: 784 });
  const last = prediction.observables.stateVariance?.values.at(-1) as number;
  const seen = await Promise.all(
    Array.from({ length: 8 }, async (_, k) => {
      const { statistics } = await train(spec, alone, {
        ...options,
        steps: 1,
        epochs: undefined as never,
        seed: k + 1,
      });
      return statistics?.variance?.values[1] as number;
    }),
  );
  const mean = seen.reduce((sum, x) => sum + x, 0) / seen.length;
  const error = Math.sqrt(seen.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (seen.length * (seen.length - 1)));
  t.ok(Math.abs(mean - last) < 4.5 * error + (3 / 300) * last, `${mean} ± ${error}, predicted ${last}`);
  t.ok(error < 0.05 * last, 'the comparison can see five per cent');
});

t.test('weights go out and come in as .npz, a finished run goes on, cancelling stops', async (t) => {
  const spec = { ...base, cell: 'lstm', biasMean: 1 } as const;
  const file = join(folder, 'lstm.npz');
  const options = { ...quick, epochs: 1, reportEvery: 10 } as const;
  const saved = await train(spec, alone, { ...options, saveWeights: file });
  const back = await train(spec, alone, {
    ...options,
    epochs: undefined as never,
    steps: 1,
    learningRate: 0,
    initialWeights: file,
  });
  t.equal(back.checksum, saved.checksum, 'the same bits after a round trip');
  const checkpoint = join(folder, 'run');
  await train(spec, alone, { ...options, checkpoint });
  const more = await train(spec, alone, { ...options, epochs: 2, checkpoint });
  const whole = await train(spec, alone, { ...options, epochs: 2 });
  t.equal(more.resumedFrom, 40);
  t.equal(more.checksum, whole.checksum, 'continued and uninterrupted runs have the same bits');
  const controller = new AbortController();
  const reason = new Error('enough');
  await t.rejects(
    train(spec, alone, {
      ...options,
      epochs: 1000,
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    }),
    reason,
  );
});

t.test('divergence is a result', async (t) => {
  const run = await train({ ...base, cell: 'vanilla', activation: 'relu', recurrentWeightVariance: 1e8 }, 'synthetic', {
    ...quick,
    epochs: 1,
  });
  t.match(run.stopped?.reason ?? '', /not finite/);
});

/** A text in which a word is followed by the one three later in a circle of ten; every 50th is unknown. */
function text(words: number): WordDataset {
  const vocabulary = [...'abcdefghij', '<unk>'];
  const numbers = Int32Array.from({ length: words + 1 }, (_, i) => (i % 50 === 49 ? 10 : (3 * i) % 10));
  return {
    name: 'made-up',
    split: 'train',
    count: words,
    shape: [1],
    dimension: 1,
    classes: vocabulary.length,
    images: numbers.subarray(0, words),
    labels: numbers.subarray(1),
    vocabulary,
    verified: true,
    files: [],
    sha256: `made up, ${words}`,
  };
}

t.test('texts: every cell predicts the next word; perplexities with and without unknown words', async (t) => {
  const data = { train: text(20_003), test: text(3001) };
  for (const cell of cells)
    for (const tiedEmbedding of [false, true]) {
      const run = await train(
        { system: 'recurrent', cell, width: 16, steps: 10, training: { task: 'words', tiedEmbedding } },
        data,
        { optimizer: 'adam', learningRate: 0.01, batchSize: 20, epochs: 3, clipNorm: 5 },
      );
      const { testPerplexity, testPerplexityWithoutUnknown, trainPerplexity } = run.quantities ?? {};
      const name = `${cell}${tiedEmbedding ? ', tied' : ''}`;
      t.ok(Number(testPerplexity) < 4, `${name}: ${testPerplexity}`);
      t.ok(Number(testPerplexityWithoutUnknown) < Number(testPerplexity), `${testPerplexityWithoutUnknown}`);
      t.type(trainPerplexity, 'number');
      t.equal(run.test?.count, 3000, 'words');
      t.ok(Math.abs(Number(testPerplexity) - Math.exp(Number(run.test?.loss))) < 1e-12);
      t.match(run.warnings.at(-1), { id: 'droppedWords', message: /reads 20000 of 20003 words:/ });
    }
});

t.test('a text goes on, with its states, to the same bits', async (t) => {
  const checkpoint = join(folder, 'text');
  const spec = { system: 'recurrent', cell: 'gru', width: 16, steps: 10, training: { task: 'words' } } as const;
  const data = { train: text(5000), test: text(1000) };
  const options = { optimizer: 'adam', batchSize: 10 } as const;
  await train(spec, data, { ...options, steps: 30, checkpoint });
  const more = await train(spec, data, { ...options, steps: 70, checkpoint });
  const whole = await train(spec, data, { ...options, steps: 70, threads: 1 });
  t.equal(more.resumedFrom, 30);
  t.equal(more.checksum, whole.checksum);
});

t.test('what cannot be trained is refused by name', async (t) => {
  const refused = async (spec: object, code: string, parameter: string, data: unknown = alone, options = {}) => {
    const error = await train({ ...base, cell: 'gru', ...spec }, data as never, { ...quick, ...options }).then(
      () => undefined,
      (each: unknown) => each,
    );
    t.ok(error instanceof MftError, parameter);
    t.match(error, { code: `ERR_MFT_${code}`, parameter });
  };
  await refused({ steps: 20 }, 'SHAPE', 'steps');
  await refused({ weightSharing: 'untied' }, 'UNSUPPORTED', 'weightSharing');
  await refused({ initialStateVariance: 1 }, 'UNSUPPORTED', 'initialStateVariance');
  await refused({ cell: 'minimal', gate: 'probit' }, 'UNSUPPORTED', 'gate');
  await refused({ inputVariance: 2 }, 'UNSUPPORTED', 'inputVariance');
  await refused({ inputWidth: 5 }, 'SHAPE', 'inputWidth');
  await refused({ biasMean: 1 }, 'UNSUPPORTED', 'biasMean', alone, { hasBiases: false });
  await refused({ training: { task: 'speech' } }, 'INVALID_ARGUMENT', 'training');
  await refused({ training: { layers: 0 } }, 'INVALID_ARGUMENT', 'training');
  await refused({ training: { tiedEmbedding: true } }, 'UNSUPPORTED', 'training');
  await refused({ training: { task: 'words' } }, 'SHAPE', 'dataset');
  await refused({}, 'SHAPE', 'training', { train: text(1000) }, { trainCount: 0 });
  await refused(
    { steps: 2000, training: { task: 'words' } },
    'SHAPE',
    'steps',
    { train: text(1000) },
    { trainCount: 0 },
  );
  await refused({}, 'MEMORY', 'width', alone, { memoryLimit: 1e5 });
  const wrong = { ...text(1000), labels: new Int32Array(1000).fill(11) };
  await refused({ training: { task: 'words' } }, 'INVALID_ARGUMENT', 'dataset.train.labels', { train: wrong });
  await t.rejects(train({ system: 'feedforward', width: 5, depth: 2 }, { train: text(1000) }, { batchSize: 10 }), {
    code: 'ERR_MFT_UNSUPPORTED',
    parameter: 'dataset',
  });
});
