// Networks whose signals vanish or grow beyond what the numbers of a simulation hold: exact scaling, exact laws.
import t from 'tap';
import { type FeedforwardSpec, simulate, type Simulation } from 'mft-native';
import { sameBits } from '../../bits.js';

type Spec = { readonly system: 'feedforward' } & FeedforwardSpec;
const valuesOf = (
  { observables }: Simulation<'feedforward'>,
  name: 'errorNorm' | 'typicalGradientSingle',
): Float64Array => observables[name]?.values as Float64Array;

t.test(
  'ReLU divided by 2^m in every layer is the same network: correlations bit for bit, logarithms shifted',
  async (t) => {
    const [width, depth] = [48, 200];
    const five = {
      values: Array.from({ length: 5 }, (_, a) => Array.from({ length: width }, (_, i) => Math.cos(a + 2.7 * i))),
    };
    let cases = 0;
    for (const engine of ['conditioned', 'dense'] as const)
      for (const precision of ['float32', 'float64'] as const)
        for (const [count, m, biasVariance] of [
          [2, 3, 0],
          [2, -3, 0],
          [1, 3, 0],
          [5, 3, 0],
          [2, 2, 0.01],
        ] as const) {
          const run = { engine, precision, trials: 3, seed: 6, threads: 1 } as const;
          const plain: Spec = {
            system: 'feedforward',
            activation: 'relu',
            width,
            depth,
            inputs: count === 5 ? five : { count },
          };
          // Growth by 2^3 a layer leaves the range of the variance itself after 170 layers.
          const layers = m < 0 ? 160 : depth;
          const spec: Spec = { ...plain, depth: layers, weightVariance: 2, biasVariance };
          const shifted: Spec = {
            ...spec,
            weightVariance: 2 * 4 ** -m,
            biasVariance:
              biasVariance === 0 ? 0 : Array.from({ length: layers }, (_, l) => biasVariance * 4 ** (-m * (l + 1))),
          };
          const [one, other] = [await simulate(spec, run), await simulate(shifted, run)];
          const name = `${engine} ${precision}, ${count} inputs, 2^${-m}, biases ${biasVariance}`;
          if (count > 1)
            for (const key of ['correlation', 'errorCorrelation'] as const)
              sameBits(t, other.observables[key]?.values, one.observables[key]?.values, `${name}: ${key}`);
          // δ^L = 2 z^L carries 2^(−mL), every further layer below 2^(−m) more; u^{l−1} carries 2^(−m(l − 1)).
          for (const [key, power] of [
            ['errorNorm', (l: number) => 2 * layers - l],
            ['typicalGradientSingle', () => 2 * layers - 1],
          ] as const) {
            const [a, b] = [valuesOf(one, key), valuesOf(other, key)];
            const inner = a.length / layers;
            let worst = 0;
            for (let i = 0; i < a.length; i++) {
              const expected = (a[i] as number) - 2 * m * Math.LN2 * power(Math.floor(i / inner) + 1);
              worst = Math.max(worst, Math.abs((b[i] as number) - expected));
            }
            t.ok(worst < 1e-9, `${name}: ${key} differs by ${worst.toExponential(1)}`);
          }
          cases++;
        }
    t.equal(cases, 20, 'every engine');
  },
);

/** ψ(x) and ψ'(x) for x > 5, from their asymptotic series after eight steps of the recurrence. */
function polygamma(x: number): readonly [number, number] {
  let [digamma, trigamma, y] = [0, 0, x];
  for (let k = 0; k < 8; k++, y++) {
    digamma -= 1 / y;
    trigamma += 1 / y ** 2;
  }
  digamma += Math.log(y) - 1 / (2 * y) - 1 / (12 * y ** 2) + 1 / (120 * y ** 4);
  trigamma += 1 / y + 1 / (2 * y ** 2) + 1 / (6 * y ** 3) - 1 / (30 * y ** 5);
  return [digamma, trigamma];
}

t.test('10,000 layers that vanish: log |z^L|² has the exact law of a product of chi squares', async (t) => {
  const [width, depth, trials] = [100, 10_000, 16];
  const [digamma, trigamma] = polygamma(width / 2);
  for (const [precision, activation, secondMoment] of [
    ['float32', 'linear', 1],
    ['float64', 'linear', 1],
    // So small that tanh is the identity to float32, in units of its own.
    ['float32', 'tanh', 1e-12],
  ] as const) {
    const spec: Spec = {
      system: 'feedforward',
      activation,
      weightVariance: 0.97,
      width,
      depth,
      inputs: { count: 1, secondMoment },
    };
    const values = valuesOf(await simulate(spec, { precision, trials, seed: 8 }), 'errorNorm');
    // δ^L = 2 z^L; log |z^l|² − log |z^{l−1}|² = log σ_w² + log(χ²_N/N); errorNorm is log |δ|².
    const expected = Math.log(4 * width * secondMoment) + depth * (Math.log(0.97) + digamma - Math.log(width / 2));
    const deviation = Math.sqrt((depth * trigamma) / trials);
    const z = ((values.at(-1) as number) - expected) / deviation;
    t.ok(
      Math.abs(z) < 4.5,
      `${activation} ${precision}: z = ${z.toFixed(2)} (${expected.toFixed(1)} ± ${deviation.toFixed(2)})`,
    );
    t.ok(deviation < 10, 'an error of one per cent would show');
  }
});

t.test('ReLU, σ_w² = 0.5, 80 layers in float32: 1.37e-48 and −213.3, as in float64', async (t) => {
  const spec: Spec = { system: 'feedforward', activation: 'relu', weightVariance: 0.5, width: 2000, depth: 80 };
  for (const engine of ['conditioned', 'dense'] as const) {
    const { observables } = await simulate(spec, {
      precision: 'float32',
      trials: engine === 'dense' ? 8 : 100,
      seed: 3,
      engine,
    });
    for (const [name, wanted, index] of [
      ['variance', Math.log(0.25 ** 80 * 2), -1],
      ['gradientSingle', -213.27, 0],
    ] as const) {
      const { values, standardError } = observables[name] as { values: Float64Array; standardError: Float64Array };
      const [value, error] = [values.at(index) as number, standardError.at(index) as number];
      const z = name === 'variance' ? (value - Math.exp(wanted)) / error : (value - wanted) / error;
      t.ok(Math.abs(z) < 5, `${engine} ${name}: ${value}, z = ${z.toFixed(2)}`);
    }
  }
});

t.test('functions that vanish faster than their argument, and inputs near the ends of the range', async (t) => {
  for (const precision of ['float32', 'float64'] as const)
    for (const engine of ['conditioned', 'dense'] as const) {
      const square = await simulate(
        {
          system: 'feedforward',
          activation: { expression: 'x * x' },
          depth: 6,
          width: 30,
          inputs: { secondMoment: 1e-6 },
        },
        { precision, engine, trials: 4, seed: 2 },
      );
      t.ok(
        valuesOf(square, 'typicalGradientSingle').every(Number.isFinite),
        `${engine} ${precision}: x², 1e-96 after 5 layers`,
      );
      for (const secondMoment of [1e-300, 1e300]) {
        const run = { precision, engine, trials: 4, seed: 2 } as const;
        const spec: Spec = { system: 'feedforward', activation: 'relu', weightVariance: 2, depth: 5, width: 30 };
        const ordinary = await simulate({ ...spec, inputs: { secondMoment: 1 } }, run);
        const extreme = await simulate({ ...spec, inputs: { secondMoment } }, run);
        const [a, b] = [valuesOf(ordinary, 'errorNorm')[0] as number, valuesOf(extreme, 'errorNorm')[0] as number];
        t.ok(Math.abs(b - a - Math.log(secondMoment)) < 1e-3, `${engine} ${precision}: second moment ${secondMoment}`);
      }
    }
});
