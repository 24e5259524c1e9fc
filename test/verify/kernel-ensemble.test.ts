// Ensembles of trained finite networks against `ntkEnsemble`: means and covariances of the outputs at images nobody trained on, by
// z-scores with an allowance for what a finite width may change; at two widths, that this falls as 1/width, and without it a planted
// error of 2 %. The tangent kernel of random networks against the analytic one at three widths.
import t from 'tap';
import { empiricalKernels, evaluate } from 'mft-native';
import { skipUnless } from '../fixtures/requirements.mjs';
import {
  type Ensemble,
  imagesOf,
  learningRate,
  model,
  momentsOf,
  predictedOf,
  steps,
  tests,
  trainedOutputs,
  whitenedScale,
} from './ensembles.js';

const [networks, width] = [120, 1000] as const;

const skip = skipUnless('data', process.env.MFT_DATA !== undefined);

/** `bias`: what the whitened covariance lacks of 1, times the width (480 networks: 11.0 ± 1.1 and 45.9 ± 1.1 at 250 units). */
const cases = [
  { depth: 1, name: 'MNIST', bias: 11 },
  { depth: 2, name: 'synthetic', bias: 47 },
] as const;

for (const { depth, name, bias } of cases)
  t.test(
    `${name}: ${networks} networks with ${depth} hidden layers of ${width} units`,
    {
      timeout: 1_800_000,
      skip: name === 'MNIST' && skip,
    },
    async (t) => {
      const data = await imagesOf(name);
      const { classes } = data.train;
      const predicted = await predictedOf(data, depth);
      t.ok(learningRate < predicted.largestStableRate, `stable below ${predicted.largestStableRate}`);
      const found = await trainedOutputs(data, { depth, width, networks });
      const { means, deviations } = momentsOf(found, classes);

      // What 1/width may change, relative to the deviation over networks.
      const allowance = (3 * depth) / width;
      let [most, squares] = [0, 0];
      means.forEach((mean, at) => {
        const [i, c] = [Math.floor(at / classes), at % classes];
        const wanted = predicted.mean[i]?.[c] as number;
        const deviation = Math.sqrt(predicted.covariance[i]?.[i] as number);
        const off = Math.max(0, Math.abs(mean - wanted) - allowance * (Math.abs(wanted) + deviation));
        most = Math.max(most, (off / deviation) * Math.sqrt(networks));
        squares += ((mean - wanted) / deviation) ** 2 * networks;
      });
      const meanSquare = squares / means.length;
      const meanSquareOf = ({ mean, covariance }: Ensemble): number =>
        means.reduce((sum, value, at) => {
          const [i, c] = [Math.floor(at / classes), at % classes];
          return sum + (value - (mean[i]?.[c] as number)) ** 2 / (covariance[i]?.[i] as number);
        }, 0) *
        (networks / means.length);
      t.ok(most < 4.5, `means: largest z ${most.toFixed(2)} of ${means.length}`);
      t.ok(meanSquare < 1.6 && meanSquare > 0.5, `means: mean z² ${meanSquare.toFixed(3)}`);

      // The outputs of a network are independent and alike: every class is a sample of one covariance.
      let [largest, compared, ratio] = [0, 0, 0];
      for (let i = 0; i < tests; i++)
        for (let j = 0; j <= i; j++) {
          const sum = deviations.reduce((total, each) => total + (each[i] as number) * (each[j] as number), 0);
          const count = classes * (networks - 1);
          const [own, other, both] = [
            predicted.covariance[i]?.[i],
            predicted.covariance[j]?.[j],
            predicted.covariance[i]?.[j],
          ] as [number, number, number];
          const error = Math.sqrt((own * other + both ** 2) / count);
          const off = Math.abs(sum / count - both) - 2 * allowance * Math.sqrt(own * other);
          largest = Math.max(largest, off / error);
          if (i === j) ratio += sum / count / own / tests;
          compared += 1;
        }
      t.ok(largest < 4.5, `covariances: largest z ${largest.toFixed(2)} of ${compared}`);
      t.ok(Math.abs(ratio - 1) < 0.1, `variances: ${ratio.toFixed(3)} of what is predicted`);
      // All covariances as one number, a hundred times as sharp as a single one.
      const freedom = classes * (networks - 1);
      const scaleOf = (covariance: readonly (readonly number[])[]): number =>
        whitenedScale(covariance, deviations) / freedom;
      const scaleError = Math.sqrt(2 / (tests * freedom));
      const scale = scaleOf(predicted.covariance);
      const mayBeOff = 4.5 * scaleError + bias / width;
      const z = (scale - 1) / scaleError;
      t.ok(Math.abs(scale - 1) < mayBeOff, `whitened covariance: ${scale.toFixed(4)}, z ${z.toFixed(2)}`);
      t.comment(`whitened covariance: ${scale.toFixed(4)}, z ${z.toFixed(2)}`);
      const planted = scaleOf(
        (await predictedOf(data, depth, { weightVariance: 1.05 * model.weightVariance })).covariance,
      );
      t.ok(Math.abs(planted - 1) > mayBeOff, `planted twentieth of weight variance: ${planted.toFixed(4)}`);
      // Twice the time is noticed by the means.
      const late = meanSquareOf(await predictedOf(data, depth, { time: 2 * steps }));
      t.ok(late > 1.6, `planted time, means: mean z² ${late.toFixed(2)}`);
      t.comment(`depth ${depth}: z of means ${most.toFixed(2)}, z² ${meanSquare.toFixed(3)}`);
      t.comment(`covariances: z ${largest.toFixed(2)}, ratio ${ratio.toFixed(3)}`);
    },
  );

/** All covariances of an ensemble as one number, 1 in theory: under what is predicted, and with 2 % more weight variance. */
async function scalesAt(width: number, networks: number) {
  const data = await imagesOf('synthetic');
  const { classes } = data.train;
  const { deviations } = momentsOf(await trainedOutputs(data, { depth: 2, width, networks }), classes);
  const freedom = classes * (networks - 1);
  const scaleOf = async (weightVariance: number): Promise<number> =>
    whitenedScale((await predictedOf(data, 2, { weightVariance })).covariance, deviations) / freedom;
  const [scale, planted] = [await scaleOf(model.weightVariance), await scaleOf(1.02 * model.weightVariance)];
  return { scale, planted, error: Math.sqrt(2 / (tests * freedom)) };
}

t.test(
  'two hidden layers: what the covariance lacks falls as 1/width, and 2 % of weight variance are found',
  { timeout: 2_000_000 },
  async (t) => {
    const [narrow, wide] = [await scalesAt(250, 480), await scalesAt(750, 480)];
    const [lack, lackWide] = [250 * (1 - narrow.scale), 750 * (1 - wide.scale)];
    t.comment(`1 − scale, times the width: ${lack.toFixed(1)} ± ${(250 * narrow.error).toFixed(1)} at 250 units,`);
    t.comment(`${lackWide.toFixed(1)} ± ${(750 * wide.error).toFixed(1)} at 750`);
    t.ok(1 - wide.scale > 4.5 * wide.error, 'at 750 units it is seen');
    const apart = (lack - lackWide) / Math.hypot(250 * narrow.error, 750 * wide.error);
    t.ok(Math.abs(apart) < 3.5, `the same at both widths: z ${apart.toFixed(2)}`);
    t.ok(Math.abs(lack - cases[1].bias) < 4.5 * 250 * narrow.error, `${cases[1].bias}`);
    // The line through both in 1/width, at infinite width: no allowance.
    const error = Math.hypot(3 * wide.error, narrow.error) / 2;
    const [z, planted] = [
      ((3 * wide.scale - narrow.scale) / 2 - 1) / error,
      ((3 * wide.planted - narrow.planted) / 2 - 1) / error,
    ];
    t.ok(Math.abs(z) < 3.5, `infinite width: z ${z.toFixed(2)}`);
    t.ok(planted < -4.5, `2 % more weight variance: z ${planted.toFixed(2)}`);
    t.comment(`infinite width: z ${z.toFixed(2)}; with 2 % more weight variance ${planted.toFixed(2)}`);
  },
);

/** Normal numbers of a generator of its own (splitmix32 and Box–Muller). */
function normals(seed: number): () => number {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (((z ^ (z >>> 15)) >>> 0) + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

t.test('the mean over networks is the analytic tangent kernel but for 1/width', { timeout: 600_000 }, async (t) => {
  const inputs = [
    [1.2, -0.4, 0.7, 0.1],
    [0.3, 0.9, -1.1, 0.5],
    [-0.8, 1, 0.2, -1.3],
  ];
  const [depth, count] = [3, 16_000] as const;
  const network = { ...model, activation: 'tanh' } as const;
  const { ntk } = (await evaluate('kernel', 'mlpKernels', { ...network, depth, inputs })) as { ntk: number[][] };
  const wanted = ntk.flat();
  /** Relative deviations of the mean times the width, and of a single network. */
  const at = async (width: number) => {
    const [sum, squares] = [new Float64Array(9), new Float64Array(9)];
    const fans = [4, ...Array.from({ length: depth }, () => width)];
    const draw = normals(Math.imul(width, 0x85ebca6b));
    const drawn = (deviation: number, shape: readonly number[]) => ({
      shape,
      values: Float64Array.from({ length: shape.reduce((product, n) => product * n, 1) }, () => deviation * draw()),
    });
    for (let k = 0; k < count; k++) {
      const weights = Object.fromEntries(
        fans.flatMap((fan, l) => [
          [`layer${l + 1}.weight`, drawn(Math.sqrt(model.weightVariance / fan), [l === depth ? 1 : width, fan])],
          [`layer${l + 1}.bias`, drawn(Math.sqrt(model.biasVariance), [l === depth ? 1 : width])],
        ]),
      );
      const found = await empiricalKernels(weights, inputs, { ...network, parameterization: 'ntk' });
      found.ntk.values.forEach((value, i) => {
        const off = value / (wanted[i] as number) - 1;
        sum[i] = (sum[i] as number) + off / count;
        squares[i] = (squares[i] as number) + off ** 2 / count;
      });
    }
    const single = squares.map((square, i) => Math.sqrt(square - (sum[i] as number) ** 2));
    return { bias: sum.map((off) => off * width), error: single.map((s) => (s * width) / Math.sqrt(count)), single };
  };
  const [narrow, middle, wide] = [await at(4), await at(8), await at(16)];
  // Of rows that are neither equal nor nearly independent.
  const pair = 2;
  for (const [width, { bias, error }] of [
    [4, narrow],
    [8, middle],
    [16, wide],
  ] as const) {
    const [product, noise] = [bias[pair] as number, error[pair] as number];
    t.comment(`width ${width}: relative bias × width ${product.toFixed(3)} ± ${noise.toFixed(3)}`);
    t.ok(width === 16 || Math.abs(product) > 4.5 * noise, `width ${width}: seen, z ${(product / noise).toFixed(2)}`);
    const apart = (product - (narrow.bias[pair] as number)) / Math.hypot(noise, narrow.error[pair] as number);
    t.ok(width === 4 || Math.abs(apart) < 4.5, `width ${width}: times the width it is that of 4: ${apart.toFixed(2)}`);
  }
  for (const i of [0, 4, 8]) {
    const ratio = (narrow.single[i] as number) / (wide.single[i] as number);
    t.ok(ratio > 1.6 && ratio < 2.5, `the deviation of one network falls as 1/√width: ${ratio}`);
  }
});
