// Makes test/fixtures/real-weights.json: what two independent readers find in trained networks of other packages. Needs python3 with NumPy
// (PYTHON names another one) and, in bench/, `npm ci` for onnxruntime-node.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { realWeights } from './packages.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const { files, absent } = realWeights();
if (absent !== undefined) throw new Error(absent);

const told = execFileSync(process.env.PYTHON ?? 'python3', [join(here, 'arrays.py'), ...Object.values(files)], {
  encoding: 'utf8',
  maxBuffer: 2 ** 26,
});
const arrays = JSON.parse(told);

/** Inputs of the outputs: no pattern, exactly the same in the test. */
const input = (count, i) => Float32Array.from({ length: count }, (_, j) => 3 * Math.sin(1 + 12.9898 * (j + 1000 * i)));

const { default: onnx } = await import('onnxruntime-node');
const outputs = {};
for (const name of ['hello_deepa.onnx', 'hello_deepa_old.onnx', 'namaste_deepa.onnx']) {
  const session = await onnx.InferenceSession.create(files[name]);
  const [{ name: feed, shape }] = session.inputMetadata;
  outputs[name] = [];
  for (let i = 0; i < 4; i++) {
    const values = input(
      shape.reduce((product, size) => product * size, 1),
      i,
    );
    const result = await session.run({ [feed]: new onnx.Tensor('float32', values, shape) });
    outputs[name].push(result[session.outputNames[0]].data[0]);
  }
}

/** One array a line: the sums to twelve digits, which is what sums of float32 in another order agree to. */
const lines = Object.entries(arrays).map(([file, rows]) => {
  const inner = rows.map(([name, shape, ...sums]) =>
    JSON.stringify([name, shape, ...sums.map((x) => Number(x.toPrecision(12)))]),
  );
  return `    ${JSON.stringify(file)}: [\n      ${inner.join(',\n      ')}\n    ]`;
});
const text = `{
  "source": "bench/real-weights/run.mjs: NumPy and onnxruntime-node ${onnx.env.versions.node}",
  "outputs": ${JSON.stringify(outputs)},
  "arrays": {
${lines.join(',\n')}
  }
}
`;
writeFileSync(join(dirname(dirname(here)), 'test', 'fixtures', 'real-weights.json'), text);
