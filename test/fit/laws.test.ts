// Fits against SciPy's (test/fixtures/statistics.py), and the promises about convergence.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { type Fit, fitDepthScale, fitExponential, fitPower, fitStretched } from 'mft-native';
import { holds } from '../properties.js';

const fixtures = JSON.parse(readFileSync(new URL('../fixtures/statistics.json', import.meta.url), 'utf8'));
const laws: Readonly<Record<string, (x: number[], y: number[]) => Fit>> = {
  exponential: fitExponential,
  power: fitPower,
  stretched: fitStretched,
};

t.test('parameters and standard errors equal SciPy', async (t) => {
  t.equal(fixtures.fits.length, 11);
  for (const wanted of fixtures.fits) {
    const found = laws[wanted.law]?.(wanted.x, wanted.y) as Fit;
    t.ok(found.converged, `${wanted.law} ${wanted.amplitude}: ${found.reason}`);
    for (const [name, value] of Object.entries(found.parameters)) {
      if (wanted[name] === undefined) continue;
      const error = wanted[`${name}Error`];
      t.ok(
        Math.abs(value - wanted[name]) < 1e-3 * error,
        `${wanted.law} ${name}: ${value} against ${wanted[name]} ± ${error}`,
      );
      t.ok(Math.abs((found.standardErrors[name] as number) / error - 1) < 2e-3, `${wanted.law} error of ${name}`);
    }
  }
});

t.test('a fit that cannot be trusted says so', async (t) => {
  const x = Array.from({ length: 10 }, (_, i) => i);
  t.match(
    fitExponential(
      x,
      x.map(() => 0),
    ),
    { converged: false },
  );
  t.match(
    fitExponential(
      x,
      x.map((i) => (i % 2 === 0 ? 1 : -1)),
    ),
    { converged: false },
  );
  t.match(fitExponential([0, 1, 2, 3], [1, 0.5, 0.25, 0.125], { window: [0, 3] }), { converged: true });
  t.match(
    fitExponential(
      x,
      x.map(() => 1),
    ),
    { converged: false },
    'a constant has no depth scale',
  );
  t.throws(() => fitExponential([0, 1], [1, 2]), { code: 'ERR_MFT_SHAPE' });
  t.throws(() => fitExponential([0, 1, 2, 3], [1, NaN, 2, 3]), { code: 'ERR_MFT_NOT_FINITE' });
  t.throws(() => fitPower([0, 1, 2, 3], [1, 2, 3, 4]), { code: 'ERR_MFT_OUT_OF_RANGE' });
  t.throws(() => fitExponential([0, 1, 2, 3], [1, 2, 3, 4], { standardErrors: [1, 1, 1, 0] }), {
    code: 'ERR_MFT_OUT_OF_RANGE',
  });
});

t.test('exact data give exact parameters (property)', async (t) => {
  await holds(
    t,
    fc.property(
      fc.double({ min: -12, max: 12, noNaN: true }),
      fc.double({ min: 0.3, max: 200, noNaN: true }),
      fc.boolean(),
      (logAmplitude, scale, grows) => {
        const depthScale = grows ? -scale : scale;
        const x = Array.from({ length: 24 }, (_, l) => l + 1);
        const y = x.map((l) => Math.exp(logAmplitude - l / depthScale));
        const fit = fitExponential(x, y);
        return Math.abs((fit.parameters.depthScale as number) / depthScale - 1) < 1e-5;
      },
    ),
    { numRuns: 200, seed: 11 },
  );
});

t.test('a free offset', async (t) => {
  const x = Array.from({ length: 30 }, (_, l) => l);
  const fit = fitExponential(
    x,
    x.map((l) => 2 + 3 * Math.exp(-l / 4) + 1e-7 * Math.sin(l * l)),
    { offset: 'free' },
  );
  t.ok(Math.abs((fit.parameters.depthScale as number) - 4) < 1e-5);
  t.ok(Math.abs((fit.parameters.offset as number) - 2) < 1e-6);
});

t.test('depth scales: window, weights, refusal', async (t) => {
  const layer = Array.from({ length: 40 }, (_, l) => l + 1);
  const noise = layer.map((l) => 1e-3 * Math.sin(l * l * 1.7));
  const fit = fitDepthScale(
    layer,
    layer.map((l, i) => 0.4 + 0.5 * Math.exp(-l / 5) + (noise[i] as number)),
    layer.map(() => 1e-3),
    { limit: 0.4 },
  );
  t.ok(Math.abs(fit.depthScale - 5) < 4 * fit.standardError, `${fit.depthScale} ± ${fit.standardError}`);
  t.ok(fit.window[1] < 30, 'stops where the residual drowns in noise');
  t.throws(
    () =>
      fitDepthScale(
        layer,
        layer.map(() => 0),
        layer.map(() => 1),
      ),
    { code: 'ERR_MFT_SHAPE', received: 0 },
  );
});

t.test('an amplitude at x = 0 that no number holds is said, never infinite', async (t) => {
  const x = Array.from({ length: 12 }, (_, i) => 2000 + i);
  const decay = (shift: number): ReturnType<typeof fitExponential> =>
    fitExponential(
      x.map((at) => at - shift),
      x.map((at) => Math.exp(2000 - at)),
    );
  const lost = decay(0);
  t.equal(lost.converged, false);
  t.match(lost.reason, /amplitude at x = 0/);
  t.ok(Object.values(lost.parameters).every(Number.isFinite));
  const shifted = decay(2000);
  t.equal(shifted.converged, true);
  t.ok(Math.abs((shifted.parameters.amplitude as number) - 1) < 1e-9);
});
