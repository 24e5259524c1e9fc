// Names of other libraries: the message names the field here and how the number changes.
import t from 'tap';
import { predict, simulate } from 'mft-native';
import { mft } from './cli/command.js';

const hints: readonly [name: string, hint: RegExp][] = [
  ['keep_prob', /`keepProbability`, the same probability/],
  ['keepProb', /`keepProbability`, the same probability/],
  ['rate', /`keepProbability` = 1 - rate/],
  ['p', /`keepProbability` = 1 - p/],
  ['dropout_rate', /`keepProbability` = 1 - dropoutRate/],
  ['drop_prob', /`keepProbability` = 1 - /],
  ['W_std', /`weightVariance` = W_std squared/],
  ['b_std', /`biasVariance` = b_std squared/],
  ['sigma_w', /`weightVariance` = sigma_w squared/],
  ['sigmaB', /`biasVariance` = sigma_b squared/],
  ['gain', /`weightVariance` = gain squared/],
  ['layers', /`depth`/],
  ['num_layers', /`depth`/],
  ['units', /`width`/],
  ['hidden_size', /`width`/],
  ['nonlinearity', /`activation`/],
  ['std', /`weightVariance`, the square of the standard deviation times the fan-in/],
  ['kernel_initializer', /`weightVariance`: 2 for He, 1 for LeCun/],
  ['init', /`weightVariance`: 2 for He, 1 for LeCun/],
  ['use_bias', /`biasVariance`, 0 without biases/],
  ['biases', /`biasMean`, with `biasVariance` 0/],
  ['hidden', /`width`/],
  ['hidden_layer_sizes', /`width`, a list/],
  ['N', /`width`/],
  ['L', /`depth`/],
  ['rho', /`keepProbability`, the same probability/],
  ['fan_in', /`inputWidth`, that of the first layer/],
  ['seed', /not of the network but of its run or training: `seed` beside the spec/],
  ['lr', /`learningRate` beside the spec/],
  ['batch_size', /`batchSize` beside the spec/],
  ['negative_slope', /`activation` = \{name: 'leakyRelu', slope/],
];

t.test('keep_prob, rate, W_std, gain, layers: what are they called here?', async (t) => {
  for (const [name, message] of hints) {
    const spec = { system: 'feedforward', [name]: 0.5 } as never;
    await t.rejects(predict(spec), { code: 'ERR_MFT_INVALID_ARGUMENT', message }, `predict: ${name}`);
    await t.rejects(simulate(spec), { code: 'ERR_MFT_INVALID_ARGUMENT', message }, `simulate: ${name}`);
  }
});

t.test('the same as flags', async (t) => {
  for (const [flag, message] of [
    ['--dropRate', /keep-probability|keepProbability/],
    ['--drop-rate', /keep-probability|keepProbability/],
    ['--keep-prob', /keep-probability|keepProbability/],
    ['--gain', /weight-variance|weightVariance/],
    ['--layers', /depth/],
  ] as const) {
    const { status, stderr } = await mft(['predict', flag, '0.1']);
    t.equal(status, 2, flag);
    t.match(stderr, message, flag);
  }
});
