// Residual networks as one would write them down in plain JavaScript: stored weights, nested loops.
import { generator } from '../competitor/naive-network.mjs';
import { accumulator, readOptions, serve } from '../competitor/serve.mjs';

const { width, depth, networks } = readOptions();

function network({ normal }) {
  const matrix = () => Float64Array.from({ length: width * width }, () => normal() / Math.sqrt(width));
  const times = (w, x) =>
    Float64Array.from({ length: width }, (_, i) => x.reduce((sum, value, j) => sum + w[i * width + j] * value, 0));
  const timesTransposed = (w, x) => {
    const result = new Float64Array(width);
    for (let i = 0; i < width; i++) for (let j = 0; j < width; j++) result[j] += w[i * width + j] * x[i];
    return result;
  };
  const inputs = [1, 0].map((sign) =>
    Float64Array.from({ length: width }, (_, i) => (i % 2 === sign ? 0 : Math.SQRT2)),
  );
  const blocks = [];
  let pair = inputs;
  for (let l = 0; l < depth; l++) {
    const block = { w: matrix(), v: matrix(), slopes: [] };
    const b = Float64Array.from({ length: width }, normal);
    const a = Float64Array.from({ length: width }, normal);
    pair = pair.map((x) => {
      const phi = times(block.w, x).map((h, i) => Math.tanh(h + b[i]));
      block.slopes.push(phi.map((value) => 1 - value * value));
      return times(block.v, phi).map((value, i) => value + x[i] + a[i]);
    });
    blocks.push(block);
  }
  const square = (x) => x.reduce((sum, value) => sum + value * value, 0);
  const errors = pair.map(() => Float64Array.from({ length: width }, normal));
  const start = square(errors[0]);
  for (const { w, v, slopes } of blocks.reverse()) {
    errors.forEach((error, k) => {
      const hidden = timesTransposed(v, error).map((value, i) => value * slopes[k][i]);
      timesTransposed(w, hidden).forEach((value, i) => void (error[i] += value));
    });
  }
  return { secondMoment: [square(pair[0]) / width], gradient: [square(errors[0]) / start] };
}

await serve(async (seed) => {
  const mean = accumulator();
  for (let t = 0; t < networks; t++) mean.add(network(generator(seed * networks + t)));
  return mean.mean();
});
