// The flow of one direction: against 150 digits, against an independent integration, and the properties that it must have.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { evaluate, modeCurve } from 'mft-native';
import { balancedMapping } from '../../../dist/systems/autoencoder/balanced.js';
import { flow, flowTime, flowWeights, squaresOf } from '../../../dist/systems/autoencoder/flow.js';
import { equivalentWeightDecay, fixedPoint, type Mode } from '../../../dist/systems/autoencoder/mode.js';
import { holds } from '../../properties.js';
import { anyMode, exactness, flowsHold, logUniform, start, time, unit } from './flows.js';

const relative = (a: number, b: number): number => (a === b ? 0 : Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b)));
const mode = (inputVariance: number, noiseVariance = 0, weightDecay = 0): Mode => ({
  inputVariance,
  noiseVariance,
  weightDecay,
});

t.test('weights against closed forms in 150 digits', (t) => {
  const { cases } = JSON.parse(
    readFileSync(new URL('../../fixtures/autoencoder-flow.json', import.meta.url), 'utf8'),
  ) as { readonly cases: readonly (readonly number[])[] };
  t.equal(cases.length, 150);
  let worst = 0;
  for (const each of cases) {
    const [nu, s2, g, w1, w2, rate, step, first, second] = each as unknown as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const found = flowWeights(mode(nu, s2, g), { w1, w2 }, flowTime(rate, step));
    worst = Math.max(worst, relative(found[0], first), relative(found[1], second));
  }
  // The exponents reach 200: they are taken as sums of two doubles.
  t.ok(worst < exactness, `largest relative error ${worst}`);
  t.end();
});

t.test('closed forms against integration in 32 digits', (t) => flowsHold(t, { numRuns: 200, seed: 15 }));

t.test('no decay is too small, no start too lopsided, no time too long', (t) => {
  let count = 0;
  for (const nu of [0, 1e-12, 1, 1e12])
    for (const g of [5e-324, 1e-300, 1e-18, 1e-6, 1, 1e3])
      for (const [w1, w2] of [
        [1, 0.5],
        [1e8, -1],
        [1e60, 1],
        [1, -1 + 1e-15],
        [1e-140, 3e-140],
        [1e-155, 1e-160],
      ] as const)
        for (const s of [1e-6, 1, 1e9, 1e200]) {
          const { P, Q, w } = flow(mode(nu, 1, g), squaresOf({ w1, w2 }), s);
          if (P >= 0 && Q >= 0 && Number.isFinite(P + Q + w)) count++;
        }
  t.equal(count, 4 * 6 * 6 * 4, 'all are numbers');
  // The lazy start of a long run: the smaller weight follows the larger one's slow decay, w = ν/(k + 4g/(P + Q)).
  const lazy = flow(mode(1, 0.5, 1e-9), squaresOf({ w1: 1e6, w2: 1e-3 }), 1e6);
  t.ok(relative(lazy.w, 1 / (1.5 + (4 * 1e-9) / (lazy.P + lazy.Q))) < 1e-9, `${lazy.w}`);
  t.end();
});

t.test('semigroup, conservation, symmetries, scaling', async (t) => {
  await holds(
    t,
    fc.property(anyMode, start, unit, unit, logUniform(0.01, 100), (of, from, x, y, factor) => {
      const [s1, s2] = [time(of, x), time(of, y)];
      const { w1, w2 } = from;
      const [a, b] = flowWeights(of, from, s1);
      const there = flowWeights(of, { w1: a, w2: b }, s2);
      const once = flowWeights(of, from, s1 + s2);
      const size = Math.hypot(...once);
      const near = (x: readonly number[], y: readonly number[]): boolean =>
        Math.hypot((x[0] as number) - (y[0] as number), (x[1] as number) - (y[1] as number)) <= 2e-12 * size;
      // A unit in the last place of a nearly antisymmetric start grows as e^{2(ν − g)s}.
      const isSaddle = Math.abs(w1 + w2) < 1e-3 * Math.hypot(w1, w2) || Math.abs(w1 * w2) < 1e-9;
      const kept = (a * a - b * b) * Math.exp(2 * of.weightDecay * s1);
      const conserved =
        Math.abs(kept - (w1 * w1 - w2 * w2)) <= 1e-12 * Math.exp(2 * of.weightDecay * s1) * (a * a + b * b) + 1e-12;
      const [c, d] = flowWeights(of, { w1: -w1, w2: -w2 }, s1);
      const [e, f] = flowWeights(of, { w1: w2, w2: w1 }, s1);
      const scaled = mode(factor * of.inputVariance, factor * of.noiseVariance, factor * of.weightDecay);
      const same = flowWeights(scaled, from, (s1 + s2) / factor);
      return (
        (isSaddle || near(there, once)) &&
        conserved &&
        c === -a &&
        d === -b &&
        e === b &&
        f === a &&
        (isSaddle || near(same, once))
      );
    }),
    { numRuns: 1000, seed: 16 },
  );
});

t.test('limits', async (t) => {
  await holds(
    t,
    fc.property(anyMode, unit, (of, x) => {
      const m = of.inputVariance - of.weightDecay;
      fc.pre(Math.abs(m) > 1e-2 * of.inputVariance);
      const late = balancedMapping(of, 0.1 + x, 1e4 / Math.abs(m));
      return Math.abs(late - fixedPoint(of)) <= 1e-14;
    }),
    { numRuns: 300, seed: 17 },
    'the end is the fixed point',
  );
  await holds(
    t,
    fc.property(anyMode, unit, logUniform(1e-6, 0.1), (of, x, initial) => {
      const s = time(of, x);
      const w1 = Math.sqrt(initial) * (1 + 1e-9);
      const near = flow(of, squaresOf({ w1, w2: initial / w1 }), s).w;
      return relative(near, balancedMapping(of, initial, s)) < 1e-11;
    }),
    { numRuns: 300, seed: 18 },
    'nearly balanced starts meet the balanced form',
  );
  const [noiseAlone] = flowWeights(mode(1, 0.5), { w1: 0.9, w2: 0.1 }, 2);
  const gaps = [1e-3, 1e-4, 1e-5].map((g) => flowWeights(mode(1, 0.5, g), { w1: 0.9, w2: 0.1 }, 2)[0] - noiseAlone);
  t.ok(
    gaps.every((gap, i) => i === 0 || Math.abs((gaps[i - 1] as number) / gap - 10) < 0.1),
    `g → 0: ${gaps}`,
  );
  t.ok(Math.abs(flow(mode(2), squaresOf({ w1: 0.3, w2: 0.5 }), 1e6).w - 1) < 1e-15, 'without noise and decay it is 1');
});

t.test('decay matched to noise is the noise dynamics slowed down', async (t) => {
  await holds(
    t,
    fc.asyncProperty(logUniform(0.01, 10), logUniform(0.01, 4), async (nu, share) => {
      const s2 = share * nu;
      const g = equivalentWeightDecay(nu, s2);
      const end = nu / (nu + s2);
      const rate = 0.2 / (nu + s2);
      const w = Math.sqrt(0.01 * end);
      const noise = (await evaluate('autoencoder', 'descentWeights', {
        inputVariance: nu,
        noiseVariance: s2,
        learningRate: rate,
        w1: w,
        w2: w,
        steps: 2000,
      })) as number[];
      const decay = (await evaluate('autoencoder', 'descentWeights', {
        inputVariance: nu,
        weightDecay: g,
        learningRate: rate / end,
        w1: w,
        w2: w,
        steps: 2000,
      })) as number[];
      const flows = [
        balancedMapping(mode(nu, s2), 1e-3, 5 / nu),
        balancedMapping(mode(nu, 0, g), 1e-3, 5 / nu / end),
      ] as const;
      return relative(noise[0] as number, decay[0] as number) < 1e-13 && relative(...flows) < 1e-12;
    }),
    { numRuns: 100, seed: 19 },
  );
});

t.test('descent minus flow halves with the rate', async (t) => {
  const gaps: number[] = [];
  for (const rate of [0.02, 0.01]) {
    const found = (await evaluate('autoencoder', 'descentWeights', {
      inputVariance: 1,
      noiseVariance: 0.5,
      learningRate: rate,
      w1: 0.3,
      w2: 0.2,
      steps: 3 / rate,
    })) as number[];
    gaps.push(Math.abs((found[0] as number) - flowWeights(mode(1, 0.5), { w1: 0.3, w2: 0.2 }, 3)[0]));
  }
  const ratio = (gaps[0] as number) / (gaps[1] as number);
  t.ok(ratio > 1.8 && ratio < 2.2, `${gaps}: ${ratio}`);
});

t.test('the saddle, nothing at all, and time without end', (t) => {
  t.ok(flow(mode(1, 1), squaresOf({ w1: 0.5, w2: -0.5 }), 10).w < 0, 'w1 = −w2 stays below 0');
  t.ok(Math.abs(flow(mode(1, 1), squaresOf({ w1: 0.5, w2: -0.5 }), 1e9).w) < 1e-15, 'and ends at the saddle');
  t.same(flowWeights(mode(0), { w1: 0.2, w2: 0.7 }, 5), [0.2, 0.7], 'without variance, noise and decay nothing moves');
  t.same(flowWeights(mode(1, 1, 1), { w1: 0, w2: 0 }, 5), [0, 0]);
  for (const of of [mode(1, 1), mode(1, 1, 0.5), mode(1, 0, 2), mode(0, 1), mode(0, 0, 1)])
    t.ok(flowWeights(of, { w1: 0.9, w2: -0.2 }, 1e15).every(Number.isFinite), JSON.stringify(of));
  t.end();
});

t.test('curves at many steps are the flow at each', async (t) => {
  await holds(
    t,
    fc.property(anyMode, start, fc.array(unit, { minLength: 1, maxLength: 40 }), (of, from, places) => {
      const steps = [...places.map((x) => time(of, x)).sort((a, b) => a - b), 1e9];
      const values = modeCurve({ ...of, learningRate: 1, ...from }, steps);
      return steps.every((s, i) => {
        const { P, Q, w } = flow(of, squaresOf(from), s);
        return Math.abs((values[i] as number) - w) <= 1e-14 * (Math.abs(w) + (P + Q) / 4);
      });
    }),
    { numRuns: 60, seed: 20 },
  );
});

t.test('where a flow ends, and the saddle', async (t) => {
  const end = async (
    parameters: object,
  ): Promise<{ readonly mapping: number; readonly w1: number; readonly w2: number; readonly isSaddle: boolean }> =>
    (await evaluate('autoencoder', 'flowEnd', parameters as never)) as never;
  for (const [of, w1, w2] of [
    [mode(1, 0.5), 0.9, -0.2],
    [mode(2, 0.5), -3, 0.1],
    [mode(1, 0.5), -0.9, 0.8],
    [mode(1, 0.5, 0.3), -0.9, 0.2],
    [mode(0, 0.5), 0.9, 0.2],
    [mode(0.2, 0.5, 0.3), 0.9, 0.2],
  ] as const) {
    const found = await end({ ...of, w1, w2 });
    const late = flowWeights(of, { w1, w2 }, 500);
    t.ok(
      Math.abs(found.w1 - late[0]) < 1e-13 && Math.abs(found.w2 - late[1]) < 1e-13,
      `${found.w1} ${found.w2} ${late}`,
    );
    t.ok(Math.abs(found.mapping - found.w1 * found.w2) < 1e-14 && !found.isSaddle);
  }
  t.match(await end({ ...mode(1, 0.5), w1: 0.4, w2: -0.4 }), { mapping: 0, isSaddle: true });
  t.match(await end({ ...mode(1), w1: 0, w2: 0 }), { mapping: 0, isSaddle: true });
  t.match(
    await end({ ...mode(1, 0, 2), w1: 0.4, w2: -0.4 }),
    { mapping: 0, isSaddle: false },
    'with ν ≤ g all end there',
  );
  t.match(await end({ ...mode(0), w1: 0.4, w2: 0.7 }), { w1: 0.4, w2: 0.7, isSaddle: false }, 'nothing pulls');
});
