// Derivatives of the marginal likelihood against differences, and fits of it.
import t from 'tap';
import { evaluate, MftError } from 'mft-native';

interface Gradient {
  readonly logMarginalLikelihood: number;
  readonly weightVariance: readonly number[];
  readonly biasVariance: readonly number[];
  readonly slope: number;
  readonly keepProbability: number;
  readonly noiseVariance: number;
}

const gradientOf = (parameters: object): Promise<Gradient> =>
  evaluate('kernel', 'kernelLikelihoodGradient', parameters as never) as never;

const inputs = Array.from({ length: 9 }, (_, i) =>
  Array.from({ length: 3 }, (_, j) => 3 * ((1e4 * Math.sin(3 * i + j + 1)) % 1)),
);
const targets = inputs.map(([x = 0, y = 0], i) => [x * y + 0.3 * Math.cos(9 * i), Math.sin(x)]);

const base = {
  depth: 2,
  weightVariance: [1.3, 1.8, 0.9],
  biasVariance: [0.1, 0.2, 0.3],
  keepProbability: 0.9,
  noiseVariance: 0.2,
  inputs,
  targets,
};

t.test('every derivative is that of the likelihood', async (t) => {
  let compared = 0;
  const rectifier = (a: number) => ({ name: 'abRelu', a, b: 1.2 });
  for (const activation of [rectifier(0.3), 'relu'] as const)
    for (const kernel of ['nngp', 'ntk'] as const)
      for (const maskSharing of ['independent', 'shared'] as const) {
        const at = { ...base, activation, kernel, maskSharing };
        const found = await gradientOf(at);
        const value = async (change: object): Promise<number> =>
          (await gradientOf({ ...at, ...change })).logMarginalLikelihood;
        const h = 1e-5;
        const check = async (what: string, derivative: number, put: (x: number) => object, x: number) => {
          const difference = ((await value(put(x + h))) - (await value(put(x - h)))) / (2 * h);
          const off = Math.abs(derivative - difference) / (1e-3 + Math.abs(difference));
          t.ok(
            off < 2e-7,
            `${JSON.stringify(activation)} ${kernel} ${maskSharing} ${what}: ${derivative} ${difference}`,
          );
          compared += 1;
        };
        const changed = (list: readonly number[], l: number, x: number): number[] =>
          list.map((old, k) => (k === l ? x : old));
        for (const l of [0, 1, 2]) {
          const { weightVariance, biasVariance } = base;
          const weight = (x: number) => ({ weightVariance: changed(weightVariance, l, x) });
          await check(`weight ${l}`, found.weightVariance[l] as number, weight, weightVariance[l] as number);
          const bias = (x: number) => ({ biasVariance: changed(biasVariance, l, x) });
          await check(`bias ${l}`, found.biasVariance[l] as number, bias, biasVariance[l] as number);
        }
        await check('noise', found.noiseVariance, (noiseVariance) => ({ noiseVariance }), 0.2);
        await check('keep', found.keepProbability, (keepProbability) => ({ keepProbability }), 0.9);
        if (typeof activation !== 'string')
          await check('slope', found.slope, (a) => ({ activation: rectifier(a) }), activation.a);
      }
  t.equal(compared, 2 * 4 * 8 + 4);
});

t.test('smooth activations: along a direction in which everything changes', async (t) => {
  // Two of them nearly opposite, and two nearly equal: sums over Hermite polynomials of kinks do not reach them.
  const [a, b] = inputs as [number[], number[]];
  const rows = [a, b, a.map((x, k) => (1 + 0.01 * k - 2) * x), b.map((x, k) => x + 0.01 * k)];
  const few = { ...base, inputs: rows, targets: targets.slice(0, 4) };
  for (const activation of ['erf', 'gelu', 'sin', 'cos', 'tanh', 'silu', 'hardTanh'])
    for (const kernel of ['nngp', 'ntk']) {
      const along = (x: number) =>
        gradientOf({
          ...few,
          activation,
          kernel,
          weightVariance: [1.3 + x, 1.8 - x, 0.9 + 2 * x],
          biasVariance: [0.1 - x, 0.2 + x, 0.3 + x],
          keepProbability: 0.9 + x,
          noiseVariance: 0.2 + x,
        });
      const [w, b] = [[1, -1, 2] as const, [-1, 1, 1] as const];
      const at = await along(0);
      const derivative =
        w.reduce((sum, factor, l) => sum + factor * (at.weightVariance[l] as number), 0) +
        b.reduce((sum, factor, l) => sum + factor * (at.biasVariance[l] as number), 0) +
        at.keepProbability +
        at.noiseVariance;
      const h = 1e-5;
      const difference = ((await along(h)).logMarginalLikelihood - (await along(-h)).logMarginalLikelihood) / (2 * h);
      t.ok(Math.abs(derivative / difference - 1) < 2e-7, `${activation} ${kernel}: ${derivative} ${difference}`);
    }
});

t.test('repeated inputs, and depths without hidden layers', async (t) => {
  const twice = {
    ...base,
    keepProbability: 1,
    activation: 'relu',
    inputs: [...inputs, inputs[0]],
    targets: [...targets, [1, 2]],
  };
  for (const kernel of ['nngp', 'ntk']) {
    const found = await gradientOf({ ...twice, kernel });
    const at = async (noiseVariance: number) =>
      (await gradientOf({ ...twice, kernel, noiseVariance })).logMarginalLikelihood;
    const difference = ((await at(0.20001)) - (await at(0.19999))) / 2e-5;
    t.ok(Math.abs(found.noiseVariance / difference - 1) < 1e-6);
    const weight = async (x: number) =>
      (await gradientOf({ ...twice, kernel, weightVariance: [x, 1.8, 0.9] })).logMarginalLikelihood;
    const byWeight = ((await weight(1.3 + 1e-5)) - (await weight(1.3 - 1e-5))) / 2e-5;
    t.ok(Math.abs((found.weightVariance[0] as number) / byWeight - 1) < 1e-6, `${found.weightVariance[0]} ${byWeight}`);
  }
  const flat = { ...base, depth: 0, weightVariance: 1.1, biasVariance: 0.2, keepProbability: 1 };
  const found = await gradientOf(flat);
  const at = async (weightVariance: number) => (await gradientOf({ ...flat, weightVariance })).logMarginalLikelihood;
  const difference = ((await at(1.1 + 1e-5)) - (await at(1.1 - 1e-5))) / 2e-5;
  t.ok(Math.abs((found.weightVariance[0] as number) / difference - 1) < 1e-6);
});

t.test('a fit finds a maximum: nothing near it is better, its derivatives vanish', async (t) => {
  const start = {
    ...base,
    activation: { name: 'leakyRelu', slope: 0.1 },
    weightVariance: 1,
    biasVariance: 0.1,
    noiseVariance: 0.5,
  };
  const fit = ['weightVariance', 'biasVariance', 'noiseVariance', 'slope', 'keepProbability'];
  const found = (await evaluate('kernel', 'kernelFit', { ...start, fit } as never)) as never as Gradient & {
    readonly isConverged: boolean;
    readonly logMarginalLikelihoodAtStart: number;
    readonly keepProbability: readonly number[];
  };
  t.ok(found.isConverged);
  t.ok(found.logMarginalLikelihood > found.logMarginalLikelihoodAtStart + 1);
  const end = {
    ...base,
    activation: { name: 'abRelu', a: found.slope, b: 1 },
    weightVariance: [...found.weightVariance],
    biasVariance: [...found.biasVariance],
    noiseVariance: found.noiseVariance,
    keepProbability: [...found.keepProbability],
  };
  const gradient = await gradientOf(end);
  t.ok(Math.abs(gradient.logMarginalLikelihood - found.logMarginalLikelihood) < 1e-9);
  const sum = (list: readonly number[]) => list.reduce((total, value) => total + value, 0);
  const logarithmic = [
    sum(gradient.weightVariance) * (found.weightVariance[0] as number),
    sum(gradient.biasVariance) * (found.biasVariance[0] as number),
    gradient.noiseVariance * found.noiseVariance,
    gradient.slope,
  ];
  for (const each of logarithmic) t.ok(Math.abs(each) < 1e-3, `derivative at the maximum: ${each}`);
  const perLayer = (await evaluate('kernel', 'kernelFit', {
    ...start,
    fit,
    perLayer: true,
  } as never)) as never as Gradient;
  t.ok(perLayer.logMarginalLikelihood >= found.logMarginalLikelihood - 1e-6, 'more freedom is not worse');
});

t.test('what cannot be fitted says why', async (t) => {
  const refused = async (code: string, pattern: RegExp, change: object, quantity = 'kernelFit'): Promise<void> => {
    const error: unknown = await evaluate('kernel', quantity as 'kernelFit', { ...base, ...change }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    t.ok(error instanceof MftError && error.code === code, `${code}: ${String(error)}`);
    t.match(String(error), pattern);
  };
  await refused('ERR_MFT_UNSUPPORTED', /continuous/, { activation: 'step' }, 'kernelLikelihoodGradient');
  const withZeros = { activation: 'tanh', biasVariance: 0, inputs: [[0, 0, 0], ...inputs.slice(1)] };
  await refused('ERR_MFT_UNSUPPORTED', /variance 0/, withZeros, 'kernelLikelihoodGradient');
  await refused('ERR_MFT_OUT_OF_RANGE', /noiseVariance/, { noiseVariance: 0, perLayer: true });
  await refused('ERR_MFT_OUT_OF_RANGE', /biasVariance/, { biasVariance: 0, weightVariance: 1 });
  await refused('ERR_MFT_OUT_OF_RANGE', /weightVariance/, {});
  await refused('ERR_MFT_OUT_OF_RANGE', /slope/, { activation: 'erf', fit: ['slope'] });
  await refused('ERR_MFT_OUT_OF_RANGE', /keepProbability/, { keepProbability: 1, fit: ['keepProbability'] });
});
