// Simulation against theory (both engines, all blocks), its power, determinism, splitting, refusals.
import t from 'tap';
import { compare, predict, type ResidualRun, type ResidualSpec, simulate } from 'mft-native';
import { otherBits, sameBits } from '../../bits.js';

type Spec = { system: 'residual' } & ResidualSpec;
const width = 1500;

/** Blocks × {tanh, relu} × {constant, decaying variance} × {constant, decaying width}. */
function specs(): { readonly name: string; readonly spec: Spec }[] {
  const result: { name: string; spec: Spec }[] = [];
  for (const block of ['full', 'generalized', 'reduced'] as const) {
    for (const activation of ['tanh', 'relu'] as const) {
      // The reduced block with relu has O(30/N) corrections: tested by extrapolation below.
      if (block === 'reduced' && activation === 'relu') continue;
      for (const decay of [0, 0.6]) {
        for (const shrinks of block === 'full' ? [false, true] : [false]) {
          const outer =
            block === 'reduced'
              ? {}
              : { outerWeightVariance: 0.7, outerBiasVariance: 0.2, outerWeightDecay: decay, outerBiasDecay: decay };
          const spec: Spec = {
            system: 'residual',
            block,
            activation,
            depth: 6,
            innerWeightVariance: 1.1,
            innerBiasVariance: 0.3,
            innerWeightDecay: decay,
            innerBiasDecay: decay,
            ...outer,
            ...(block === 'generalized' ? { skipStrength: 0.8 } : {}),
            width: shrinks ? { start: 2 * width, halveAt: [3] } : width,
            ...(block === 'full' ? { hiddenWidth: 1200 } : {}),
          };
          result.push({ name: `${block} ${activation} decay ${decay} ${shrinks ? 'shrinking' : 'constant'}`, spec });
        }
      }
    }
  }
  return result;
}

/** Largest |z| over all observables and layers. */
async function largestZ(spec: Spec, run: ResidualRun, theory: Spec = spec): Promise<number> {
  const simulation = await simulate(spec, run);
  const changed = theory === spec ? [] : Object.keys(theory);
  return compare(await predict(theory), simulation, { mayDiffer: changed }).largestZ;
}

t.test('conditioned engine against theory: |z| < 5 everywhere', async (t) => {
  for (const { name, spec } of specs()) {
    const z = await largestZ(spec, { engine: 'conditioned', trials: 150, seed: 11 });
    t.ok(z < 5, `${name}: largest |z| ${z.toFixed(2)}`);
  }
});

t.test('dense engine against theory: |z| < 5 everywhere', async (t) => {
  for (const { name, spec } of specs()) {
    const small: Spec = {
      ...spec,
      width: typeof spec.width === 'number' ? 300 : { start: 600, halveAt: [3] },
      ...(spec.hiddenWidth === undefined ? {} : { hiddenWidth: 250 }),
    };
    const z = await largestZ(small, { engine: 'dense', trials: 40, seed: 12 });
    t.ok(z < 5, `${name}: largest |z| ${z.toFixed(2)}`);
  }
});

t.test('power: a variance 2 % off is noticed', async (t) => {
  const { spec } = specs()[0] as { spec: Spec };
  for (const field of ['innerWeightVariance', 'outerWeightVariance'] as const) {
    const wrong = { ...spec, [field]: (spec[field] as number) * 1.02 };
    const z = await largestZ(
      { ...spec, width: 6000, hiddenWidth: 6000 },
      { trials: 400, seed: 13 },
      { ...wrong, width: 6000, hiddenWidth: 6000 },
    );
    t.ok(z > 5, `${field}: largest |z| ${z.toFixed(2)}`);
  }
});

t.test('the total gradient does not change with the widths', async (t) => {
  const base = { system: 'residual', depth: 8, innerBiasVariance: 0.2 } as const;
  const constant = await simulate({ ...base, width: 2000 }, { trials: 120, seed: 5 });
  const shrinking = await simulate({ ...base, width: { start: 4000, halveAt: [3, 6] } }, { trials: 120, seed: 6 });
  const comparison = compare(constant, shrinking, { mayDiffer: ['width'], observables: ['gradientTotal'] });
  t.ok(comparison.largestZ < 5, `largest |z| ${comparison.largestZ}`);
});

t.test('reduced block with relu: the correction is of order 1/N', async (t) => {
  const at = async (width: number): Promise<{ bias: number; error: number }> => {
    const spec = {
      system: 'residual',
      block: 'reduced',
      activation: 'relu',
      depth: 4,
      innerWeightVariance: 0.4,
      width,
    } as const;
    const theory = await predict(spec);
    const simulation = await simulate(spec, { trials: 3000, seed: 17 });
    const [expected, got] = [theory.observables.secondMoment, simulation.observables.secondMoment];
    const last = (got?.values.length ?? 0) - 1;
    return {
      bias: (got?.values[last] as number) - (expected?.values[last] as number),
      error: got?.standardError[last] as number,
    };
  };
  const [narrow, wide] = [await at(60), await at(120)];
  const extrapolated = 2 * wide.bias - narrow.bias;
  const error = Math.hypot(2 * wide.error, narrow.error);
  t.ok(
    Math.abs(extrapolated) < 5 * error,
    `bias ${narrow.bias}, ${wide.bias} extrapolates to ${extrapolated} ± ${error}`,
  );
  t.ok(
    (await predict({ system: 'residual', block: 'reduced', activation: 'relu', depth: 2 })).warnings.some(
      ({ id }) => id === 'slowWidthConvergence',
    ),
  );
});

const small = { system: 'residual', depth: 5, width: { start: 32, halveAt: [3] }, innerBiasVariance: 0.1 } as const;

t.test('same seed, same bits: threads, splitting', async (t) => {
  for (const engine of ['conditioned', 'dense'] as const) {
    const one = await simulate(small, { engine, trials: 9, seed: 3, threads: 1, rawTrials: true });
    const three = await simulate(small, { engine, trials: 9, seed: 3, threads: 3, rawTrials: true });
    sameBits(t, three.observables, one.observables, `${engine}: threads`);
    const other = await simulate(small, { engine, trials: 9, seed: 4, threads: 1, rawTrials: true });
    otherBits(t, other.observables, one.observables, `${engine}: another seed`);
    const parts = await Promise.all([
      simulate(small, { engine, trials: 4, seed: 3, rawTrials: true }),
      simulate(small, { engine, trials: 5, firstTrial: 4, seed: 3, rawTrials: true }),
    ]);
    const joined = parts.flatMap((part) => [...(part.observables.gradientTotal?.trials ?? [])]);
    t.ok(joined.length > 0, 'there are trials');
    sameBits(t, Float64Array.from(joined), one.observables.gradientTotal?.trials, `${engine}: split`);
  }
});

t.test('degenerate networks simulate exactly', async (t) => {
  const none = await simulate({ system: 'residual', depth: 0, width: 16 }, { trials: 3 });
  t.ok(Math.abs(none.observables.secondMoment?.values[0] as number) < 1e-14, 'depth 0 returns the inputs');
  const identity = await simulate({ system: 'residual', depth: 6, width: 16, outerWeightVariance: 0 }, { trials: 3 });
  t.ok(
    [...(identity.observables.gradientTotal?.values ?? [])].every((value) => Math.abs(value) < 1e-13),
    'no branch: the gradient passes unchanged',
  );
  t.ok(
    [...(identity.observables.innerWeightGradient?.values ?? [])].every((value) => value === -Infinity),
    'and the inner weights get none',
  );
  const equal = await simulate({ ...small, inputs: { correlation: 1 } }, { trials: 3 });
  t.ok(
    [...(equal.observables.metricExpressivity?.values ?? [])].every((value) => value === -Infinity),
    'equal inputs stay equal',
  );
  const deep = await simulate(
    { system: 'residual', activation: 'relu', depth: 2500, width: 8, inputs: { count: 1 } },
    { trials: 2 },
  );
  const length = deep.observables.secondMoment?.values.at(-1) as number;
  t.ok(length > 400 && Number.isFinite(length), `relu beyond the range of doubles: log p = ${length}`);
});

t.test('cancelled, refused', async (t) => {
  const controller = new AbortController();
  const running = simulate(
    { system: 'residual', depth: 200, width: 400 },
    { trials: 2000, engine: 'dense' },
    { signal: controller.signal },
  );
  setTimeout(() => controller.abort(new Error('enough')), 30);
  await t.rejects(running, { message: 'enough' });
  await t.rejects(simulate({ system: 'residual', depth: 1000, width: 10_000_000 }, {}), { code: 'ERR_MFT_MEMORY' });
});

t.test('narrow networks do not disagree with the theory of wide ones, wide networks are still judged', async (t) => {
  // One hidden unit a block: the mean of the gradient is 0.7 of a logarithm below, its spread a twelfth of the first order.
  const spec = {
    system: 'residual',
    depth: 6,
    innerBiasVariance: 2.1,
    innerWeightDecay: -1.45,
    depthPower: -0.42,
  } as const;
  const run = { trials: 60, seed: 500_004, threads: 1 } as const;
  const narrow = { ...spec, width: 94, hiddenWidth: 1 } as const;
  const { verdict } = compare(await predict(narrow), await simulate(narrow, run));
  t.not(verdict, 'disagrees');
  const wide = { ...spec, width: 400, depth: 2, depthPower: 0, innerWeightDecay: 0 } as const;
  const other = { ...wide, outerWeightVariance: 1.1 } as const;
  const simulation = await simulate(wide, run);
  t.equal(compare(await predict(wide), simulation).verdict, 'agrees');
  const planted = await predict(other);
  t.equal(compare({ ...planted, spec: simulation.spec } as typeof planted, simulation).verdict, 'disagrees');
});

t.test('inputs of second moment 1e-300: tanh passes them like 1e-150', async (t) => {
  const spec = { system: 'residual', depth: 3, width: 60 } as const;
  const [least, small] = await Promise.all(
    [1e-300, 1e-150].map((secondMoment) => predict({ ...spec, inputs: { secondMoment, correlation: 0.5 } })),
  );
  const of = (result: typeof least): Float64Array =>
    (result as { observables: { secondMoment: { values: Float64Array } } }).observables.secondMoment.values;
  const [a, b] = [of(least), of(small)];
  for (let i = 0; i < a.length; i++)
    t.ok(Math.abs((a[i] as number) - (b[i] as number) + 150 * Math.LN10) < 1e-9, `entry ${i}`);
});
