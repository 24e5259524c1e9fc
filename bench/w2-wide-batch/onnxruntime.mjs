// A wide batch in ONNX Runtime. It has no random numbers of its own that would be fast and no automatic derivative: the
// backward pass is written into the graph; weights and masks are given, drawn before the time is taken.
import { inputVectors } from '../competitor/feedforward.mjs';
import { generator } from '../competitor/naive-network.mjs';
import { peer, readOptions, serve } from '../competitor/serve.mjs';
import { constant, model, operation } from './onnx.mjs';

const { InferenceSession, Tensor } = (await peer('onnxruntime-node')).default;
const options = readOptions();
const { width, depth, inputs, weightVariance, biasVariance, keepProbability, threads } = options;
const { uniform, normal } = generator(options.drawSeed ?? 1);
const normals = (count, variance) => Float32Array.from({ length: count }, () => Math.sqrt(variance) * normal());

const constants = [
  constant('input', [inputs, width], Float32Array.from(inputVectors(inputs, width).flatMap((row) => Array.from(row)))),
  constant('zero', [1], BigInt64Array.of(0n)),
  constant('two', [1], BigInt64Array.of(2n)),
  constant('one', [], Float32Array.of(1)),
  constant('factor', [], Float32Array.of(2)),
  constant('entries', [], Float32Array.of(width * width)),
  constant('lastAxis', [1], BigInt64Array.of(1n)),
];
const operations = [];
const outputs = {};
const masks = {};
let names = 0;
const op = (type, from, attributes, to = `x${names++}`) => {
  operations.push(operation(type, from, to, attributes));
  return to;
};
const result = (name, dimensions, type, from, attributes) => {
  op(type, from, attributes, name);
  outputs[name] = dimensions;
};
const squares = (x) => op('ReduceSum', [op('Mul', [x, x]), 'lastAxis'], { keepdims: 0 });
const gram = (name, x) => {
  const pair = op('Slice', [x, 'zero', 'two', 'zero']);
  result(name, [2, 2], 'Gemm', [pair, pair], { transB: 1 });
};

let u = 'input';
let z = 'input';
const below = [];
const slopes = [];
for (let l = 0; l < depth; l++) {
  constants.push(
    constant(`w${l}`, [width, width], normals(width * width, weightVariance / width)),
    constant(`b${l}`, [width], normals(width, biasVariance)),
  );
  below.push(squares(u));
  z = op('Gemm', [u, `w${l}`, `b${l}`], { transB: 1 });
  result(`variance${l}`, [], 'ReduceMean', [op('Mul', [z, z])], { keepdims: 0 });
  gram(`gram${l}`, z);
  if (l + 1 < depth) {
    masks[`mask${l}`] = new Tensor(
      'float32',
      Float32Array.from({ length: inputs * width }, () => (uniform() < keepProbability ? 1 / keepProbability : 0)),
      [inputs, width],
    );
    const value = op('Tanh', [z]);
    slopes.push(op('Mul', [`mask${l}`, op('Sub', ['one', op('Mul', [value, value])])]));
    u = op('Mul', [`mask${l}`, value]);
  }
}
let errors = op('Mul', [z, 'factor']);
for (let l = depth - 1; l >= 0; l--) {
  const products = op('Div', [op('Mul', [squares(errors), below[l]]), 'entries']);
  result(`gradient${l}`, [], 'ReduceMean', [op('Log', [products])], { keepdims: 0 });
  gram(`errorGram${l}`, errors);
  if (l > 0) errors = op('Mul', [op('MatMul', [errors, `w${l}`]), slopes[l - 1]]);
}
const maskShapes = Object.fromEntries(Object.keys(masks).map((name) => [name, [inputs, width]]));
const session = await InferenceSession.create(model({ operations, constants, inputs: maskShapes, outputs }), {
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  executionMode: 'sequential',
});

const numbers = (values, prefix) => Array.from({ length: depth }, (_, l) => values[`${prefix}${l}`].data[0]);
const cosines = (values, prefix) =>
  Array.from({ length: depth }, (_, l) => {
    const [aa, ab, , bb] = values[`${prefix}${l}`].data;
    return ab / Math.sqrt(aa * bb);
  });
await serve(async () => {
  const values = await session.run(masks);
  return {
    networks: 1,
    observables: {
      variance: numbers(values, 'variance'),
      correlation: cosines(values, 'gram'),
      typicalGradientSingle: numbers(values, 'gradient'),
      errorCorrelation: cosines(values, 'errorGram'),
    },
  };
});
