// Steady states and their gradients: against finite differences, whole back-propagation, dense solves; hard cases by their names.
import t from 'tap';
import { evaluate } from 'mft-native';
import { adjointMethods, solveAdjointSystem } from '../../../dist/systems/implicit/adjoint.js';
import { certificateOf } from '../../../dist/systems/implicit/certificate.js';
import { affine } from '../../../dist/systems/implicit/dense-dynamics.js';
import { dynamicsFields, dynamicsOf } from '../../../dist/systems/implicit/fixtures.js';
import { minstd } from '../../../dist/systems/implicit/minstd.js';
import { forwardMethods, solveForward } from '../../../dist/systems/implicit/forward.js';
import { flattened, neumannSum, unrolled } from '../../../dist/systems/implicit/gradient.js';
import { difference, dot, norm, spectrumOf } from '../../../dist/systems/implicit/products.js';
import { restingState } from '../../../dist/systems/implicit/rest.js';
import { parse } from '../../../dist/core/checks.js';
import { z } from 'zod';

const ask = async (quantity: string, parameters: object): Promise<unknown> =>
  evaluate('implicit', quantity as 'gradient', parameters as never);
const numbers = async (quantity: string, parameters: object): Promise<number[]> =>
  (await ask(quantity, parameters)) as number[];
const schema = z.strictObject(dynamicsFields);
const built = (parameters: object) => dynamicsOf(parse(schema, parameters, 'parameters'));
const rows = (seed: number, n: number, m: number, scale: number): number[][] =>
  Array.from({ length: n }, (_, i) => Array.from(minstd(seed + i, m), (x) => scale * x));

const cycle = [
  [0, 1],
  [1, 2],
  [2, 3],
  [3, 0],
  [0, 2],
];
const layer = {
  dynamics: 'deepEquilibrium',
  weights: rows(11, 5, 5, 0.5),
  inputWeights: rows(31, 5, 2, 1),
  bias: rows(51, 1, 5, 0.3)[0],
  input: [0.4, -0.9],
  target: 0.2,
};
const memory = {
  dynamics: 'hopfield',
  couplings: rows(71, 7, 7, 0.9),
  input: [1, 0],
  hidden: 3,
  outputs: 2,
  target: [1, 0],
};
const graph = {
  dynamics: 'graphTanh',
  nodes: 4,
  edges: cycle,
  normalisation: 'mean',
  weights: rows(91, 2, 2, 0.7),
  inputWeights: rows(95, 3, 2, 0.8),
  bias: [0.1, -0.2],
  featureWidth: 3,
  featureSeed: 5,
  target: 0.3,
};
const gated = {
  dynamics: 'graphGru',
  nodes: 4,
  edges: cycle,
  width: 2,
  weightScale: 0.6,
  inputWeightSeed: 1,
  hiddenWeightSeed: 2,
  biasScale: 0.4,
  inputBiasSeed: 3,
  hiddenBiasSeed: 4,
  featureSeed: 5,
};
const descent = {
  dynamics: 'descentLogistic',
  samples: 10,
  width: 3,
  inputSeed: 1,
  labelSeed: 2,
  outerInputSeed: 3,
  outerLabelSeed: 4,
  logLearningRate: 0.3,
  momentumLogit: 0.2,
  logL2: -2.5,
};
const all = { layer, relu: { ...layer, activation: 'relu' }, memory, graph, gated, descent };

t.test('implicit gradients are those of central differences of the loss', async (t) => {
  const cases: readonly [object, string, string[]][] = [
    [layer, 'weights', ['W']],
    [layer, 'inputWeights', ['U']],
    [{ ...layer, activation: 'sigmoid' }, 'weights', ['W']],
    [memory, 'couplings', ['V']],
    [graph, 'weights', ['W']],
    [graph, 'inputWeights', ['U']],
  ];
  for (const [parameters, field, order] of cases) {
    const gradient = await numbers('gradient', { ...parameters, order });
    const matrix = (parameters as Record<string, number[][]>)[field] as number[][];
    const at = async (i: number, j: number, step: number): Promise<number> =>
      (await ask('loss', {
        ...parameters,
        [field]: matrix.map((row, k) => row.map((x, l) => x + (k === i && l === j ? step : 0))),
      })) as number;
    let worst = 0;
    for (const [i, row] of matrix.entries())
      for (const j of row.keys()) {
        const [near, far] = [1e-3, 2e-3];
        const slope = async (step: number): Promise<number> =>
          ((await at(i, j, step)) - (await at(i, j, -step))) / (2 * step);
        const richardson = (4 * (await slope(near)) - (await slope(far))) / 3;
        worst = Math.max(worst, Math.abs(richardson - (gradient[i * row.length + j] as number)));
      }
    const size = Math.max(...gradient.map(Math.abs));
    t.ok(worst <= 2e-8 * size, `${field}: ${(worst / size).toExponential(1)}`);
  }
});

t.test('products are of one matrix and its transpose, and that of the difference quotient', async (t) => {
  for (const [name, parameters] of Object.entries(all)) {
    const dynamics = built(parameters);
    const h = minstd(7, dynamics.size);
    const at = dynamics.at(h);
    const [u, v] = [minstd(8, dynamics.size), minstd(9, dynamics.size)];
    const defect = Math.abs(dot(u, at.jvp(v)) - dot(v, at.vjp(u))) / (norm(u) * norm(v));
    t.ok(defect < 1e-14, `${name}: ${defect.toExponential(1)}`);
    const moved = (step: number) => dynamics.evaluate(h.map((x, i) => x + step * (v[i] as number)));
    const quotient = difference(moved(1e-5), moved(-1e-5)).map((x) => x / 2e-5);
    t.ok(norm(difference(quotient, at.jvp(v))) < 1e-8 * norm(v), `${name}: difference quotient`);
  }
});

t.test('whole back-propagation of 4000 steps gives the implicit gradient; T updates at rest are T terms', async (t) => {
  for (const [name, parameters] of Object.entries(all)) {
    const dynamics = built(parameters);
    const exact = await numbers('gradient', parameters);
    const size = Math.max(...exact.map(Math.abs));
    const long = flattened(unrolled(dynamics, 4000, 4000));
    const worst = Math.max(...long.map((x, i) => Math.abs(x - (exact[i] as number))));
    t.ok(worst < 1e-11 * size, `${name}: ${(worst / size).toExponential(1)}`);
    const rest = await restingState(dynamics, {});
    const at = dynamics.at(rest);
    const g = dynamics.loss(rest).gradient;
    const short = flattened(unrolled({ ...dynamics, start: rest }, 9, 4));
    const four = flattened(at.cotangent(neumannSum(at.vjp, g, 4)));
    const five = flattened(at.cotangent(neumannSum(at.vjp, g, 5)));
    const gap = (x: readonly number[]) =>
      Math.max(...x.map((value, i) => Math.abs(value - (short[i] as number)))) / size;
    t.ok(gap(four) < 1e-12, `${name}: 4 updates are 4 terms`);
    t.ok(gap(five) > 1e-9, `${name}: and not 5`);
  }
});

t.test('every adjoint method agrees with the dense solve', async (t) => {
  let compared = 0;
  for (const [name, parameters] of Object.entries(all)) {
    const dynamics = built(parameters);
    const state = await restingState(dynamics, {});
    const at = dynamics.at(state);
    const g = dynamics.loss(state).gradient;
    const given = { tolerance: 1e-13, relaxation: 0.7 };
    const exact = await solveAdjointSystem(dynamics, at, state, g, { method: 'direct' }, {});
    for (const method of adjointMethods) {
      if (method === 'symmetricConjugateGradient' && dynamics.symmetric === undefined) continue;
      const found = await solveAdjointSystem(dynamics, at, state, g, { ...given, method }, {});
      const error = norm(difference(found.adjoint, exact.adjoint)) / norm(exact.adjoint);
      t.ok(error < 1e-10, `${name}, ${method}: ${error.toExponential(1)}, "${found.status}"`);
      compared++;
    }
  }
  t.ok(compared > 55, `${compared} comparisons`);
});

t.test('forward solvers arrive at one steady state and count their evaluations', async (t) => {
  for (const [name, parameters] of Object.entries({ layer, memory, graph, gated })) {
    const dynamics = built(parameters);
    const exact = await restingState(dynamics, {});
    for (const method of forwardMethods) {
      const found = await solveForward(dynamics, { method, absoluteTolerance: 1e-11 }, {});
      t.equal(found.status, 'converged', `${name}, ${method}`);
      t.equal(found.evaluations, found.residualTrace.length);
      t.ok(norm(difference(found.state, exact)) < 1e-9 * norm(exact), `${name}, ${method}: the same state`);
    }
  }
});

t.test('hard cases have their names', async (t) => {
  const one = affine(Float64Array.of(2), Float64Array.of(1), new Float64Array(1));
  const lost = await solveForward(one, {}, {});
  t.equal(lost.status, 'diverged');
  t.same(Array.from(lost.bestState), [0], 'the lowest residual is that of the start');
  t.equal(lost.bestResidualNorm, 1);
  const rotation = affine(Float64Array.of(0, -1.1, 1.1, 0), Float64Array.of(1, 0), new Float64Array(2));
  const at = rotation.at(rotation.start);
  const g = Float64Array.of(1, 2);
  const by = (method: 'auto' | 'neumann' | 'gmres' | 'richardson' | 'conjugateGradient') =>
    solveAdjointSystem(rotation, at, rotation.start, g, { method, relaxation: 1 / 2.21, tolerance: 1e-12 }, {});
  const series = await by('neumann');
  t.equal(series.status, 'neumannDiverged');
  t.ok(Math.abs((series.growth ?? 0) - 1.1) < 1e-9, `growth ${series.growth}`);
  for (const method of ['auto', 'gmres', 'richardson', 'conjugateGradient'] as const)
    t.ok((await by(method)).converged, `${method} solves a rotation of radius 1.1`);
  const flips = built({
    dynamics: 'hopfield',
    couplings: [
      [0, -20],
      [0, 0],
    ],
    outputs: 2,
  });
  const found = await solveForward(flips, {}, {});
  t.equal(found.status, 'cycle');
  t.equal(found.period, 2);
  const saddle = await numbers('diagnostics', {
    dynamics: 'hopfield',
    couplings: [
      [0, -20],
      [0, 0],
    ],
    outputs: 2,
    components: ['spectralRadius', 'certificate'],
  });
  t.ok(Math.abs((saddle[0] as number) - 1.36667192936) < 1e-9, `the point between them has radius ${saddle[0]}`);
  const none = await solveAdjointSystem(one, one.at(one.start), one.start, new Float64Array(1), {}, {});
  t.same([Array.from(none.adjoint), none.vjpCount], [[0], 0], 'no loss gradient, no product');
  const still = affine(Float64Array.of(1), Float64Array.of(1), new Float64Array(1));
  const direct = await solveAdjointSystem(
    still,
    still.at(still.start),
    still.start,
    Float64Array.of(1),
    { method: 'direct' },
    {},
  );
  t.equal(direct.status, 'singular');
});

t.test('the certificate is never below the spectral radius', async (t) => {
  let [below, largest] = [0, 0];
  for (let k = 0; k < 1000; k++) {
    const n = 2 + (k % 9);
    const entries = minstd(1000 + k, n * n).map((x, i) =>
      k % 3 === 0 && i % 2 === 0 ? 0 : k % 3 === 1 ? Math.abs(x) : x,
    );
    const { radius } = await spectrumOf(n, entries);
    // The radius that is compared carries the error of its own computation.
    if (certificateOf(n, entries) < radius * (1 - 1e-13 * n)) below++;
    largest = Math.max(largest, radius);
  }
  t.equal(below, 0);
  t.ok(largest > 1);
});

t.test('what the structure says: dead update gate, features forgotten, rates that move nothing', async (t) => {
  const gradient = await numbers('gradient', { ...gated, order: ['Wi'] });
  const size = Math.max(...gradient.map(Math.abs));
  const update = gradient.filter((_, k) => Math.floor((k % 6) / 2) === 1);
  t.equal(update.length, 4);
  t.ok(Math.max(...update.map(Math.abs)) < 1e-12 * size, 'the update gate gets no gradient');
  t.ok(((await ask('steadyStateDifferenceOverFeatures', { ...gated, otherFeatureSeed: 99 })) as number) < 1e-12);
  const [rate, momentum, penalty] = await numbers('hyperGradient', descent);
  t.ok(Math.abs(rate as number) < 1e-14 && Math.abs(momentum as number) < 1e-14 && Math.abs(penalty as number) > 1e-3);
});

t.test('an equilibrium layer without a nonlinearity is `identity`, as papers write it, or `linear`', async (t) => {
  const layer = {
    dynamics: 'deepEquilibrium',
    width: 4,
    inputWidth: 2,
    weightScale: 0.3,
    weightSeed: 11,
    inputScale: 1,
    inputSeed: 12,
    biasScale: 0.3,
    biasSeed: 13,
    input: [-1.49, 0.9],
  } as const;
  const at = (activation: 'identity' | 'linear'): Promise<unknown> =>
    evaluate('implicit', 'steadyState', { ...layer, activation } as never);
  t.same(await at('identity'), await at('linear'));
});
