// The logistic fit of half-times: against SciPy's curve_fit, on mappings of autoencoders, and when it cannot be trusted.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { fitLogistic, predict, simulate } from 'mft-native';
import { mft } from '../cli/command.js';

const x = Array.from({ length: 20 }, (_, i) => 50 * i);
const y = x.map((s, i) => 0.7 / (1 + Math.exp(-0.013 * (s - 333))) + 0.01 * Math.sin(12.9898 * (i + 1)));
const names = ['amplitude', 'halfTime', 'rate'] as const;

t.test('parameters and standard errors equal SciPy', (t) => {
  // scipy.optimize.curve_fit with all tolerances 1e-15, without and with errors.
  const standardErrors = x.map((_, i) => 0.005 + 0.0005 * i);
  for (const [fit, values, errors] of [
    [
      fitLogistic(x, y),
      [0.706195936146379, 335.498057380414, 0.0119678675130844],
      [0.00129702637111424, 0.881623977633115, 0.000108151705852269],
    ],
    [
      fitLogistic(x, y, { standardErrors }),
      [0.7054967201450421, 335.2518737300457, 0.012000880533726471],
      [0.004704913256750064, 2.498104352935386, 0.0002640963532004809],
    ],
  ] as const) {
    t.ok(fit.converged, fit.reason);
    names.forEach((name, i) => {
      t.ok(Math.abs((fit.parameters[name] as number) - (values[i] as number)) < 1e-6 * (errors[i] as number), name);
      t.ok(Math.abs((fit.standardErrors[name] as number) / (errors[i] as number) - 1) < 1e-6, `error of ${name}`);
    });
  }
  const shifted = fitLogistic(
    x,
    y.map((value) => value + 3),
    { offset: 3 },
  );
  t.ok(Math.abs((shifted.parameters.halfTime as number) - 335.498057380414) < 1e-6);
  t.end();
});

t.test('half-times of directions that are learnt, from the API and the command line', async (t) => {
  const spec = {
    system: 'autoencoder',
    inputVariance: [4, 2, 1],
    initial: 'balanced',
    width: 500,
    noiseVariance: 0.5,
    dynamics: 'flow',
    learningRate: 0.01,
    steps: 1500,
  } as const;
  const theory = await predict(spec);
  const { values, axes } = theory.observables.modeMapping as NonNullable<typeof theory.observables.modeMapping>;
  const steps = axes[0]?.values as Float64Array;
  const series = (of: Float64Array, mode: number): Float64Array => of.filter((_, i) => i % 3 === mode);
  const times = theory.quantities.timeToReach as readonly number[];
  for (const mode of [0, 1, 2]) {
    const { parameters, converged } = fitLogistic(steps, series(values, mode));
    const nu = spec.inputVariance[mode] as number;
    t.ok(converged && Math.abs((parameters.halfTime as number) / (times[mode] as number) - 1) < 0.01, `mode ${mode}`);
    t.ok(Math.abs((parameters.amplitude as number) / (nu / (nu + 0.5)) - 1) < 1e-3, 'the plateau is w*');
    t.ok(Math.abs((parameters.rate as number) / (0.02 * nu) - 1) < 0.05, 'the rate is 2 α ν');
  }
  const { observables } = await simulate({ ...spec, dynamics: 'descent' }, { trials: 5, seed: 2 });
  const measured = fitLogistic(steps, series(observables.modeMapping?.values as Float64Array, 2));
  t.ok(
    Math.abs((measured.parameters.halfTime as number) / (times[2] as number) - 1) < 0.02,
    `${measured.parameters.halfTime}`,
  );
  const folder = await mkdtemp(join(tmpdir(), 'mft-logistic-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, 'theory.json');
  await writeFile(
    file,
    JSON.stringify({
      observables: { modeMapping: { axes: axes.map(({ values: at }) => ({ values: [...at] })), values: [...values] } },
    }),
  );
  const { stdout, status } = await mft([
    'fit',
    file,
    '--law',
    'logistic',
    '--observable',
    'modeMapping',
    '--series',
    '1',
    '--json',
  ]);
  t.equal(status, 0);
  t.same(JSON.parse(stdout).parameters, fitLogistic(steps, series(values, 1)).parameters);
});

t.test('a fit that cannot be trusted says so', (t) => {
  for (const [values, reason] of [
    [x.map(() => 0), /no value is above 0/],
    [x.map(() => -1), /no value is above 0/],
    [x.map(() => 1), /outside the window|cannot be told apart/],
    [x.map((s) => Math.exp(s / 100)), /outside the window|cannot be told apart/],
    [x.map((s) => (s > 500 ? 1 : 0)), /cannot be told apart|not significant/],
    [x.map((_, i) => (i % 2 === 0 ? 1 : -1)), /./],
  ] as const) {
    const fit = fitLogistic(x, values);
    t.match(fit, { converged: false, reason });
    t.ok(Object.values(fit.parameters).every(Number.isFinite), 'numbers all the same');
  }
  t.throws(() => fitLogistic([1, 2, 3], [1, 2, 3]), { code: 'ERR_MFT_SHAPE' });
  t.throws(() => fitLogistic(x, y, { offset: 'free' }), { code: 'ERR_MFT_INVALID_ARGUMENT', parameter: 'offset' });
  t.end();
});
