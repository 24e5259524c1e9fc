// The phase table regenerated: laws fitted to iterated recurrences at depth 3e5, exponent beside the theory's.
import t from 'tap';
import { fitGrowth, growthLaw, type GrowthForm, MftError } from 'mft-native';
import { nativeNetwork, recurrence } from '../../../dist/systems/residual/network.js';

type Activation = 'tanh' | 'relu' | 'erf';
/** Activation, β_v, β_w, β_a, β_b, then form and tolerance on the fitted exponent of χ_0/χ_l and of p_l. */
type Row = readonly [Activation, number, number, number, number, GrowthForm, number, GrowthForm, number];
const depth = 300_000;
const layers = Float64Array.from({ length: depth }, (_, i) => i + 1);

const table: readonly Row[] = [
  ['relu', 0.3, 0.1, 0.5, 0.5, 'stretchedExponential', 0.003, 'stretchedExponential', 0.003],
  ['relu', 0.5, 0.5, 0.3, 0.3, 'power', 0.001, 'power', 0.02],
  ['relu', 0.5, 0.5, 0.8, 0.8, 'power', 0.001, 'power', 0.02],
  ['relu', 0.8, 0.8, 0.4, 0.4, 'bounded', 0, 'power', 0.02],
  ['relu', 1, 1, 2, 2, 'bounded', 0, 'bounded', 0],
  ['tanh', 0, 0, 0, 0, 'stretchedExponential', 0.003, 'power', 0.005],
  ['erf', 0, 0, 0, 0, 'stretchedExponential', 0.003, 'power', 0.005],
  ['tanh', 0.2, 0.2, 0.2, 0.2, 'stretchedExponential', 0.005, 'power', 0.01],
  ['tanh', 0.5, 0.5, 0.5, 0.5, 'power', 0.001, 'power', 0.005],
  ['tanh', 0.8, 0.8, 0.8, 0.8, 'bounded', 0, 'power', 0.01],
  ['tanh', 1.5, 1, 1.5, 1.5, 'bounded', 0, 'bounded', 0],
];

const variances = { innerWeightVariance: 1, innerBiasVariance: 1, outerWeightVariance: 1, outerBiasVariance: 1 };

async function iterated(
  activation: Activation,
  v: number,
  w: number,
  a: number,
  b: number,
): Promise<{ gradient: Float64Array; length: Float64Array }> {
  const network = {
    ...variances,
    activation,
    block: 'full',
    depth,
    depthPower: 0,
    skipStrength: 1,
    keepProbability: 1,
    branchKeepProbability: 1,
    maskSharing: 'independent',
    width: 100,
    outerWeightDecay: v,
    innerWeightDecay: w,
    outerBiasDecay: a,
    innerBiasDecay: b,
  } as const;
  const run = await recurrence(nativeNetwork(network), {
    secondMoment: 1,
    angularDeficit: 0.5,
    pair: false,
    fluctuations: false,
    interpolate: true,
  });
  const top = run.logGradient[0] as number;
  return { gradient: run.logGradient.slice(1).map((log) => top - log), length: run.logSecondMoment.slice(1) };
}

t.test('phase table: exponents fitted and predicted', async (t) => {
  for (const [activation, v, w, a, b, gradientForm, gradientTolerance, lengthForm, lengthTolerance] of table) {
    const law = growthLaw({
      ...variances,
      activation,
      outerWeightDecay: v,
      innerWeightDecay: w,
      outerBiasDecay: a,
      innerBiasDecay: b,
      tolerance: 1e-12,
    });
    const measured = await iterated(activation, v, w, a, b);
    for (const [name, form, tolerance] of [
      ['gradient', gradientForm, gradientTolerance],
      ['length', lengthForm, lengthTolerance],
    ] as const) {
      const where = `${activation} (${v}, ${w}, ${a}, ${b}) ${name}`;
      t.equal(law[name].form, form, `${where}: form in theory`);
      const { best, models } = fitGrowth(layers, measured[name]);
      // exp(c √l) is the stretched exponential with exponent one half.
      const fitted = best.form === 'exponentialOfSqrt' ? 'stretchedExponential' : best.form;
      t.equal(
        fitted,
        form,
        `${where}: form fitted (${models
          .map((model) => `${model.form} ${model.residual.toExponential(1)}`)
          .slice(0, 3)
          .join(', ')})`,
      );
      const exponent = form === 'power' ? best.coefficient : best.exponent;
      if (form !== 'bounded')
        t.ok(
          Math.abs(exponent - (law[name].exponent ?? Number.NaN)) <= tolerance,
          `${where}: exponent ${exponent}, theory ${law[name].exponent}`,
        );
    }
  }
});

t.test('logarithmic corners: exp(c √log l) and log l', async (t) => {
  const law = growthLaw({
    ...variances,
    activation: 'tanh',
    outerWeightDecay: 1,
    innerWeightDecay: 0,
    outerBiasDecay: 1,
    innerBiasDecay: 1,
    tolerance: 1e-12,
  });
  const measured = await iterated('tanh', 1, 0, 1, 1);
  const gradient = fitGrowth(layers, measured.gradient).best;
  t.equal(law.gradient.form, 'exponentialOfSqrtLog');
  t.equal(gradient.form, 'exponentialOfSqrtLog');
  t.ok(
    Math.abs(gradient.coefficient / (law.gradient.coefficient ?? 0) - 1) < 0.03,
    `${gradient.coefficient} against ${law.gradient.coefficient}`,
  );
  t.equal(law.length.form, 'log');
  t.equal(fitGrowth(layers, measured.length).best.form, 'powerOfLog');
});

t.test('model selection on exact laws; a law not yet reached is called undetermined', async (t) => {
  const l = Array.from({ length: 2000 }, (_, i) => i + 1);
  const cases = [
    ['power', (x: number) => 1.7 * Math.log(x)],
    ['exponential', (x: number) => 0.01 * x],
    ['exponentialOfSqrt', (x: number) => 0.7 * Math.sqrt(x)],
    ['stretchedExponential', (x: number) => 0.7 * x ** 0.3],
    ['bounded', (x: number) => 3 - 1 / x ** 2],
  ] as const;
  for (const [form, f] of cases) {
    const fit = fitGrowth(l, l.map(f));
    t.equal(fit.best.form, form);
    t.ok(fit.isDetermined, form);
  }
  t.notOk(
    fitGrowth(
      l,
      l.map((x) => 2 * Math.log1p((x / 1000) ** 4)),
    ).isDetermined,
    'a crossover has no law yet',
  );
  t.throws(() => fitGrowth([1, 2], [1]), { code: 'ERR_MFT_SHAPE' });
  t.throws(
    () =>
      fitGrowth(
        l,
        l.map(() => Number.NaN),
      ),
    { code: 'ERR_MFT_NOT_FINITE' },
  );
});

t.test('borders, regions, refusals', async (t) => {
  const at = (activation: 'tanh' | 'relu', v: number, w: number, a: number, b: number): ReturnType<typeof growthLaw> =>
    growthLaw({
      ...variances,
      activation,
      outerWeightDecay: v,
      innerWeightDecay: w,
      outerBiasDecay: a,
      innerBiasDecay: b,
      tolerance: 1e-12,
    });
  t.ok(at('relu', 0.1 + 0.2, 0.7, 2, 2).onBoundary, '0.1 + 0.2 + 0.7 is the border V = 1');
  t.match(at('relu', 0.1 + 0.2, 0.7, 2, 2).gradient, { form: 'power', exponent: 0.5 });
  t.notOk(at('relu', 0.3, 0.3, 2, 2).onBoundary);
  t.match(at('tanh', 0.8, 0.1, 0.2, 0.2), { angularLimit: 1 });
  t.match(at('tanh', 0.2, 0.1, 0.8, 0.2), { angularLimit: 0 });
  const marginal = growthLaw({
    activation: 'tanh',
    outerWeightVariance: 0.5,
    innerWeightVariance: 1,
    outerBiasVariance: 0,
    innerBiasVariance: 0,
    outerWeightDecay: 0.5,
    innerWeightDecay: 0.5,
    outerBiasDecay: 0,
    innerBiasDecay: 0,
    tolerance: 1e-12,
  });
  t.equal(marginal.gradient.form, 'marginal');
  t.throws(() => at('relu', -0.1, 0, 0, 0), {
    code: 'ERR_MFT_OUT_OF_RANGE',
    parameter: 'outerWeightDecay',
    message: /non-negative decays/,
  });
  const base = {
    ...variances,
    outerWeightDecay: 0,
    innerWeightDecay: 0,
    outerBiasDecay: 0,
    innerBiasDecay: 0,
    tolerance: 1e-12,
  };
  t.throws(() => growthLaw({ ...base, activation: 'gelu' }), { code: 'ERR_MFT_UNSUPPORTED' });
  t.throws(() => growthLaw({ ...base, activation: { name: 'alphaRelu', alpha: 1.5 } }), {
    code: 'ERR_MFT_WRONG_PHASE',
  });
  try {
    growthLaw({ ...base, activation: { name: 'alphaRelu', alpha: 0.4 } });
    t.fail('alpha below one half has no law');
  } catch (error) {
    t.ok(error instanceof MftError && error.code === 'ERR_MFT_OUT_OF_RANGE');
  }
});
