// mft init: what `initialize` gives, as text with code to paste or as JSON; libraries; refusals.
import t from 'tap';
import { initialize, toJson } from 'mft-native';
import { mft } from './command.js';

const words = ['init', '--activation', 'gelu', '--depth', '30', '--keep-probability', '0.9'];

t.test('30 layers, GELU, dropout 0.1: variances, the depth that trains with its interval, code', async (t) => {
  const { status, stdout, stderr } = await mft(words);
  t.equal(status, 0);
  t.match(stderr, /weightVariance 1\.78055 \(first layer [\d.]+\), biasVariance 0\.18/);
  t.match(stderr, /About \d+ layers train \(\d+ to \d+; 80 % interval/);
  t.match(stdout, /import torch[\s\S]+def initialize\(model, second_moment=1\)/);
});

t.test('--json is what the function returns', async (t) => {
  const { status, stdout } = await mft([...words, '--json']);
  t.equal(status, 0);
  const expected = await initialize({ activation: 'gelu', depth: 30, keepProbability: 0.9 });
  const [given, own] = [JSON.parse(stdout), JSON.parse(JSON.stringify(toJson(expected)))];
  t.equal(given.spec.biasVariance, own.spec.biasVariance);
  t.same(given.spec.weightVariance, own.spec.weightVariance);
  t.equal(given.spec.weightVariance.length, 30);
});

t.test('code for every library, and no other', async (t) => {
  for (const [library, mark] of [
    ['pytorch', /import torch/],
    ['tfjs', /tf\./],
    ['keras', /keras/],
    ['flax', /flax|jax/],
  ] as const) {
    const { status, stdout } = await mft([...words, '--library', library]);
    t.equal(status, 0);
    t.match(stdout, mark, library);
  }
  const { status, stderr } = await mft([...words, '--library', 'caffe']);
  t.not(status, 0);
  t.match(stderr, /pytorch/);
});
