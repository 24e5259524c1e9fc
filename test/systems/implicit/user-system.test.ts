// Systems of callbacks: every forward solver, every adjoint method, bounds, unrolled gradients, diagnoses; hostile callbacks by name.
import t from 'tap';
import {
  diagnoseSteadyState,
  fixedPointSystem,
  type FixedPointSystem,
  implicitGradient,
  isUndefined,
  MftError,
  solveSteadyState,
  unrolledGradient,
} from 'mft-native';
import { minstd } from '../../../dist/systems/implicit/minstd.js';
import { sameBits } from '../../bits.js';

const size = 6;
const weights = minstd(7, size * size).map((x) => 0.6 * x);
const bias = minstd(9, size);
const entry = (array: Float64Array, i: number): number => array[i] as number;

/** h ← tanh(W h + c), written out without the package's kernels. */
function layer(W: Float64Array, c: Float64Array): Required<FixedPointSystem> {
  const n = c.length;
  const times = (v: Float64Array, isTransposed: boolean): Float64Array =>
    Float64Array.from({ length: n }, (_, i) => {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += entry(W, isTransposed ? j * n + i : i * n + j) * entry(v, j);
      return sum;
    });
  const slope = (h: Float64Array): Float64Array => times(h, false).map((x, i) => 1 / Math.cosh(x + entry(c, i)) ** 2);
  return {
    stateSize: n,
    evaluate: (h) => times(h, false).map((x, i) => Math.tanh(x + entry(c, i))),
    vjp: (h, u) =>
      times(
        slope(h).map((x, i) => x * entry(u, i)),
        true,
      ),
    jvp: (h, v) => times(v, false).map((x, i) => x * entry(slope(h), i)),
    parameterCotangent: (h, z) => {
      const inner = slope(h).map((x, i) => x * entry(z, i));
      return { W: W.map((_, k) => entry(inner, Math.floor(k / n)) * entry(h, k % n)), c: inner };
    },
  };
}
const mine = layer(weights, bias);
const zero = new Float64Array(size);
const loss = (h: Float64Array) => ({ value: h.reduce((sum, x) => sum + 0.5 * x * x, 0), gradient: h });
const matrixSystem = (matrix: readonly (readonly number[])[]): Required<FixedPointSystem> => ({
  stateSize: matrix.length,
  evaluate: (h) => Float64Array.from(matrix, (row, i) => row.reduce((sum, x, j) => sum + x * entry(h, j), i + 1)),
  vjp: (_, u) =>
    Float64Array.from(matrix, (_row, i) => matrix.reduce((sum, row, j) => sum + (row[i] ?? 0) * entry(u, j), 0)),
  jvp: (_, v) => Float64Array.from(matrix, (row) => row.reduce((sum, x, j) => sum + x * entry(v, j), 0)),
  parameterCotangent: (_, z) => ({ c: z }),
});
const arrays = (gradient: unknown): Readonly<Record<string, Float64Array>> => {
  if (isUndefined(gradient)) throw new Error(gradient.reason);
  return gradient as Readonly<Record<string, Float64Array>>;
};
const distance = (a: Float64Array, b: Float64Array): number => Math.hypot(...a.map((x, i) => x - entry(b, i)));
const failure = async (work: Promise<unknown>): Promise<MftError> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof MftError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

t.test('every forward solver finds the same state; the built-in layer is the same map', async (t) => {
  const { system, start } = await fixedPointSystem({
    dynamics: 'deepEquilibrium',
    weights: Array.from({ length: size }, (_, i) => Array.from(weights.subarray(i * size, (i + 1) * size))),
    inputWeights: Array.from({ length: size }, () => [0]),
    input: [0],
    bias: Array.from(bias),
  });
  const built = await solveSteadyState(system, start, { absoluteTolerance: 1e-13 });
  for (const method of ['picard', 'anderson', 'broyden', 'newtonKrylov'] as const) {
    const found = await solveSteadyState(mine, zero, { method, absoluteTolerance: 1e-12 });
    t.equal(found.status, 'converged', method);
    t.ok(distance(found.state, built.state) < 1e-11, `${method}: ${distance(found.state, built.state)}`);
    t.equal(found.residualTrace.length, found.evaluations);
  }
});

t.test('every adjoint method is within its bound of the direct one; differences agree', async (t) => {
  const forward = { absoluteTolerance: 1e-14, method: 'newtonKrylov' } as const;
  const exact = await implicitGradient(mine, zero, loss, { method: 'direct', forward });
  const methods = [
    'auto',
    'neumann',
    'originalRbp',
    'richardson',
    'conjugateGradient',
    'gmres',
    'biCgStab',
    'anderson',
  ] as const;
  for (const method of methods)
    for (const tolerance of [1e-3, 1e-10]) {
      const found = await implicitGradient(mine, zero, loss, { method, tolerance, forward });
      const bound = found.errorBound as number;
      const away = distance(found.adjoint, exact.adjoint);
      t.ok(away <= bound + (exact.errorBound as number), `${method} at ${tolerance}: ${away} within ${bound}`);
      t.ok(bound < 20 * tolerance, `${method}: the bound ${bound} says something`);
      t.equal(found.isApproximate, false);
      t.same(found.warnings, []);
    }
  for (const termCount of [1, 3]) {
    const found = await implicitGradient(mine, zero, loss, { method: 'neumann', termCount, forward });
    t.equal(found.solve.status, 'truncated');
    t.equal(found.isApproximate, true);
    t.ok(
      distance(found.adjoint, exact.adjoint) <= (found.errorBound as number),
      `${termCount} terms within their bound`,
    );
    t.ok(distance(found.adjoint, exact.adjoint) > 0.2 * (found.errorBound as number), 'which is no wild one');
    const unrolled = await unrolledGradient(mine, found.state, termCount, loss);
    t.ok(distance(arrays(unrolled.gradient).W as Float64Array, arrays(found.gradient).W as Float64Array) < 1e-12);
  }
  const whole = await unrolledGradient(mine, zero, 300, loss);
  const { W, c } = arrays(exact.gradient) as { W: Float64Array; c: Float64Array };
  t.ok(distance(arrays(whole.gradient).W as Float64Array, W) < 1e-12, 'back-propagation through 300 updates');
  const restingLoss = async (W_: Float64Array, c_: Float64Array): Promise<number> =>
    loss((await solveSteadyState(layer(W_, c_), zero, forward)).state).value;
  for (const k of [0, 8, 35]) {
    const moved = (by: number): Promise<number> =>
      restingLoss(
        weights.map((x, i) => (i === k ? x + by : x)),
        bias,
      );
    const h = 1e-3;
    const [a, b] = [(await moved(h)) - (await moved(-h)), (await moved(h / 2)) - (await moved(-h / 2))];
    t.ok(Math.abs((8 * b - a) / (6 * h) - entry(W, k)) < 1e-9, `W[${k}] against differences`);
  }
  const moved = (by: number): Promise<number> =>
    restingLoss(
      weights,
      bias.map((x, i) => (i === 2 ? x + by : x)),
    );
  t.ok(Math.abs(((await moved(1e-5)) - (await moved(-1e-5))) / 2e-5 - entry(c, 2)) < 1e-8, 'c[2] against differences');
});

t.test('what is asked for beside: shifts, guesses, contraction, direct terms, no gradient of the loss', async (t) => {
  const exact = await implicitGradient(mine, zero, loss, { method: 'direct' });
  const shifted = await implicitGradient(mine, zero, loss, { method: 'shiftedNeumann', shift: 0.1 });
  t.ok(isUndefined(shifted.errorBound), 'a shift biases: no bound');
  t.match(shifted.solve.note, /biased/);
  const warm = await implicitGradient(mine, zero, loss, {
    method: 'gmres',
    initialGuess: exact.adjoint,
    tolerance: 1e-8,
  });
  t.equal(warm.solve.vjpCount, 1, 'the right guess takes one product');
  for (const initialGuess of ['zero', 'uniform', 'gradient'] as const) {
    const found = await implicitGradient(mine, zero, loss, { method: 'originalRbp', initialGuess, seed: 3 });
    t.ok(distance(found.adjoint, exact.adjoint) < 1e-8, initialGuess);
  }
  const known = await implicitGradient(mine, zero, loss, { contractionFactor: 0.9, largestMatrix: 0, tolerance: 1e-4 });
  t.ok((known.errorBound as number) < 1e-2 && distance(known.adjoint, exact.adjoint) <= (known.errorBound as number));
  t.ok(isUndefined((await implicitGradient(mine, zero, loss, { largestMatrix: 0 })).errorBound));
  const direct = await implicitGradient(mine, zero, (h) => ({ ...loss(h), parameters: { c: bias, d: bias } }));
  const before = arrays(exact.gradient).c as Float64Array;
  const after = arrays(direct.gradient);
  t.ok(
    distance(
      after.c as Float64Array,
      before.map((x, i) => x + entry(bias, i)),
    ) < 1e-9,
    'direct terms are added',
  );
  sameBits(t, after.d, bias, 'an array of the loss alone');
  const flat = await implicitGradient(mine, zero, () => ({ value: 1, gradient: new Float64Array(size) }));
  t.equal(flat.solve.vjpCount, 0, 'g = 0: no product');
  t.ok(arrays(flat.gradient).W?.every((x) => x === 0));
  const { evaluate, vjp } = mine;
  const bare = await implicitGradient({ stateSize: size, evaluate, vjp }, zero, loss, { method: 'direct' });
  t.ok(isUndefined(bare.gradient), 'no parameterCotangent: the adjoint only');
  t.ok(distance(bare.adjoint, exact.adjoint) < 1e-12);
});

t.test('unrolled: checkpoints change no bit, memory is counted, losses on the way, truncation', async (t) => {
  const whole = await unrolledGradient(mine, zero, 100, loss);
  t.equal(whole.workingFloats, 103 * size);
  t.equal(whole.evaluations, 100);
  for (const checkpointEvery of [7, 10, 100, 1000]) {
    const found = await unrolledGradient(mine, zero, 100, loss, { checkpointEvery });
    sameBits(t, arrays(found.gradient), arrays(whole.gradient), `every ${checkpointEvery}`);
    const floats = Math.floor(100 / checkpointEvery) + 1 + Math.min(checkpointEvery, 100) + 2;
    t.ok(found.workingFloats <= floats * size, `${found.workingFloats / size} states held, at most ${floats}`);
    t.ok(found.evaluations <= 200, 'at most twice the updates');
  }
  const some = [3, 10, 25];
  const sum = await unrolledGradient(mine, zero, 25, loss, { lossSteps: some, checkpointEvery: 4 });
  const each = await Promise.all(some.map((steps) => unrolledGradient(mine, zero, steps, loss)));
  t.ok(Math.abs(sum.loss - each.reduce((total, found) => total + found.loss, 0)) < 1e-13);
  const together = each.reduce(
    (total, { gradient }) => total.map((x, i) => x + entry(arrays(gradient).W as Float64Array, i)),
    new Float64Array(36),
  );
  t.ok(distance(together, arrays(sum.gradient).W as Float64Array) < 1e-13, 'the gradient of a sum of losses');
  const tail = await unrolledGradient(mine, zero, 100, loss, { termCount: 5 });
  t.equal(tail.vjpCount, 5);
  t.equal(tail.workingFloats, 8 * size);
  const neumann = await implicitGradient(mine, zero, loss, { method: 'neumann', termCount: 5 });
  t.ok(distance(arrays(tail.gradient).W as Float64Array, arrays(neumann.gradient).W as Float64Array) < 1e-9);
  t.equal((await failure(unrolledGradient(mine, zero, 0, loss))).code, 'ERR_MFT_OUT_OF_RANGE');
  t.equal((await failure(unrolledGradient(mine, zero, 5, loss, { lossSteps: [6] }))).code, 'ERR_MFT_OUT_OF_RANGE');
});

t.test('hard cases are called by their names', async (t) => {
  const switching = matrixSystem([
    [0, -1.5],
    [-1.5, 0],
  ]);
  switching.evaluate = (h) => Float64Array.of(-2 * Math.tanh(2 * entry(h, 1)), -2 * Math.tanh(2 * entry(h, 0)));
  const cycle = await solveSteadyState(switching, Float64Array.of(1, 1));
  t.equal(cycle.status, 'cycle');
  t.equal(cycle.period, 2);
  t.match(await failure(implicitGradient(switching, Float64Array.of(1, 1), loss)), {
    code: 'ERR_MFT_NO_CONVERGENCE',
    message: /a cycle of 2 updates.*damping/,
  });
  t.equal((await solveSteadyState(matrixSystem([[2]]), new Float64Array(1))).status, 'diverged');
  t.equal(
    (await solveSteadyState(matrixSystem([[1]]), new Float64Array(1), { evaluationLimit: 50 })).status,
    'evaluationLimit',
  );

  const unstable = matrixSystem([
    [1.5, 0.2],
    [0, 0.5],
  ]);
  const start = Float64Array.of(0, 4);
  const forward = { method: 'newtonKrylov' } as const;
  const diverges = await failure(implicitGradient(unstable, start, loss, { method: 'neumann', forward }));
  t.match(diverges, { code: 'ERR_MFT_NO_CONVERGENCE', message: /neumannDiverged.*grow by 1\.5.*gmres/ });
  const right = await implicitGradient(unstable, start, loss, { method: 'direct', forward });
  for (const method of ['auto', 'gmres', 'biCgStab', 'conjugateGradient'] as const) {
    const found = await implicitGradient(unstable, start, loss, { method, forward });
    t.ok(distance(found.adjoint, right.adjoint) < 1e-8, `${method} finds the gradient of an unstable state`);
  }
  const saddle = await diagnoseSteadyState(unstable, right.state);
  t.equal(saddle.stability, 'saddle');
  t.match(
    saddle.warnings.map(({ id }) => id),
    ['notStable'],
  );
  const singular = matrixSystem([
    [1, 0],
    [0, 0.5],
  ]);
  singular.evaluate = (h) => Float64Array.of(entry(h, 0), 0.5 * entry(h, 1));
  t.equal(
    (
      await failure(
        implicitGradient(singular, new Float64Array(2), () => ({ value: 0, gradient: Float64Array.of(1, 1) }), {
          method: 'direct',
        }),
      )
    ).code,
    'ERR_MFT_DEGENERATE',
  );
  const near = await diagnoseSteadyState(singular, new Float64Array(2));
  t.equal(near.isNearSingular, true);
  t.ok(isUndefined(near.conditionNumber));
  const settled = (await solveSteadyState(mine, zero, { absoluteTolerance: 1e-13 })).state;
  const stable = await diagnoseSteadyState(mine, settled);
  t.equal(stable.stability, 'stable');
  t.same(stable.warnings, []);
  t.ok((stable.certificate as number) >= stable.spectralRadius);
  t.ok((stable.adjointIdentityDefect as number) < 1e-14 && stable.derivativeDefect < 1e-8);
  const products = await diagnoseSteadyState(mine, settled, { largestMatrix: 0 });
  t.ok(
    Math.abs(products.spectralRadius - stable.spectralRadius) < 1e-10,
    'Ritz values of the whole space are the spectrum',
  );
  t.ok(
    Math.abs((products.spectralNorm as number) - (stable.spectralNorm as number)) <
      1e-4 * (stable.spectralNorm as number),
  );
  t.ok(isUndefined(products.certificate) && isUndefined(products.stability));
  t.ok((await diagnoseSteadyState(mine, zero)).warnings.some(({ id }) => id === 'notAtRest'));
});

t.test('hostile callbacks: a code and a name, never NaN; spoilt arguments spoil nothing', async (t) => {
  const gradient = (changes: object): Promise<unknown> =>
    implicitGradient({ ...mine, ...changes } as FixedPointSystem, zero, loss);
  const nan = (h: Float64Array): Float64Array => h.map((x, i) => (i === 3 ? Number.NaN : x));
  const boom = (): never => {
    throw new TypeError('boom');
  };
  const cases: readonly (readonly [object, string, RegExp])[] = [
    [{ evaluate: nan }, 'ERR_MFT_NOT_FINITE', /system\.evaluate.*component 3 of call 1 is NaN/],
    [{ vjp: nan }, 'ERR_MFT_NOT_FINITE', /system\.vjp.*component 3/],
    [
      { parameterCotangent: () => ({ W: Float64Array.of(1, Infinity) }) },
      'ERR_MFT_NOT_FINITE',
      /parameterCotangent\.W/,
    ],
    [{ evaluate: () => new Float64Array(5) }, 'ERR_MFT_SHAPE', /6 numbers, received 5/],
    [{ vjp: () => new Float64Array(7) }, 'ERR_MFT_SHAPE', /system\.vjp/],
    [{ evaluate: () => [1, 2, 3, 4, 5, 6] }, 'ERR_MFT_INVALID_ARGUMENT', /Float64Array/],
    [{ evaluate: async () => zero }, 'ERR_MFT_INVALID_ARGUMENT', /Float64Array/],
    [{ evaluate: undefined }, 'ERR_MFT_INVALID_ARGUMENT', /system\.evaluate/],
    [{ vjp: 3 }, 'ERR_MFT_INVALID_ARGUMENT', /system\.vjp/],
    [{ stateSize: 0 }, 'ERR_MFT_OUT_OF_RANGE', /stateSize/],
    [{ evaluate: boom }, 'ERR_MFT_INVALID_ARGUMENT', /call 1 threw boom/],
    [{ parameterCotangent: () => null }, 'ERR_MFT_INVALID_ARGUMENT', /parameterCotangent/],
    [
      { jvp: (h: Float64Array, v: Float64Array) => mine.jvp(h, v).map((x) => 1.01 * x) },
      'ERR_MFT_INVALID_ARGUMENT',
      /transpose/,
    ],
  ];
  for (const [changes, code, message] of cases) {
    const error = await failure(gradient(changes));
    t.equal(error.code, code, `${Object.keys(changes)[0]}: ${error.message}`);
    t.match(error.message, message);
  }
  for (const [bad, code] of [
    [() => ({ value: Number.NaN, gradient: zero }), 'ERR_MFT_NOT_FINITE'],
    [() => ({ value: 1, gradient: new Float64Array(2) }), 'ERR_MFT_SHAPE'],
    [() => null, 'ERR_MFT_INVALID_ARGUMENT'],
    [boom, 'ERR_MFT_INVALID_ARGUMENT'],
    [(h: Float64Array) => ({ ...loss(h), parameters: { W: zero } }), 'ERR_MFT_SHAPE'],
  ] as const)
    t.equal((await failure(implicitGradient(mine, zero, bad as unknown as typeof loss))).code, code);
  const { evaluate, vjp } = mine;
  for (const options of [{ method: 'conjugateGradient' }, { forward: { method: 'newtonKrylov' } }] as const)
    t.match(await failure(implicitGradient({ stateSize: size, evaluate, vjp }, zero, loss, options)), {
      code: 'ERR_MFT_UNSUPPORTED',
      message: /gmres/,
    });
  t.match(await failure(implicitGradient(mine, zero, loss, { method: 'symmetricConjugateGradient' })), {
    code: 'ERR_MFT_UNSUPPORTED',
  });
  for (const [options, name] of [
    [{ termCount: 0 }, 'termCount'],
    [{ tolerance: 0 }, 'tolerance'],
    [{ forward: { damping: 1.5 } }, 'damping'],
    [{ window: 0 }, 'window'],
    [{ initialGuess: 'ones' }, 'initialGuess'],
    [{ initialGuess: new Float64Array(2), method: 'gmres' }, 'initialGuess'],
  ] as const)
    t.equal((await failure(implicitGradient(mine, zero, loss, options as object))).parameter, name);
  t.equal((await failure(implicitGradient(mine, new Float64Array(3), loss))).code, 'ERR_MFT_SHAPE');
  t.equal(
    (await failure(implicitGradient(mine, Float64Array.of(0, 0, 0, NaN, 0, 0), loss))).code,
    'ERR_MFT_NOT_FINITE',
  );

  // Consistent with each other, but not with F: two products of a wrong matrix.
  const wrong = await implicitGradient(
    { ...mine, vjp: (h, u) => mine.vjp(h, u).map((x) => 2 * x), jvp: (h, v) => mine.jvp(h, v).map((x) => 2 * x) },
    zero,
    loss,
    { method: 'gmres' },
  );
  t.match(
    wrong.warnings.map(({ id }) => id),
    ['derivativeMismatch'],
  );

  // Writes into what it is given and returns the same array every time.
  const buffer = new Float64Array(size);
  const spoiling: FixedPointSystem = {
    ...mine,
    evaluate: (h) => {
      buffer.set(mine.evaluate(h));
      h.fill(99);
      return buffer;
    },
    vjp: (h, u) => {
      buffer.set(mine.vjp(h, u));
      h.fill(98);
      u.fill(97);
      return buffer;
    },
  };
  const spoilt = await implicitGradient(spoiling, zero, loss);
  const clean = await implicitGradient(mine, zero, loss);
  sameBits(t, spoilt.adjoint, clean.adjoint, 'spoilt arguments');
  t.ok(
    zero.every((x) => x === 0),
    'the start is the caller’s',
  );
});

t.test('abort between two evaluations: nothing is called any more', async (t) => {
  for (const where of ['evaluate', 'vjp'] as const) {
    const controller = new AbortController();
    let calls = 0;
    const system: FixedPointSystem = {
      ...mine,
      [where]: (h: Float64Array, u: Float64Array) => {
        if (++calls === 5) controller.abort(new Error('enough'));
        return where === 'vjp' ? mine.vjp(h, u) : mine.evaluate(h).map((x, i) => x + Math.sin(calls + i));
      },
    };
    await t.rejects(
      implicitGradient(system, zero, loss, {
        signal: controller.signal,
        method: 'neumann',
        tolerance: 1e-300,
        allowApproximate: true,
      }),
      { message: 'enough' },
    );
    t.equal(calls, 5, `${where} is not called after the signal`);
  }
  const late = new AbortController();
  setTimeout(() => late.abort(new Error('late')), 20);
  const slow: FixedPointSystem = { ...mine, evaluate: (h) => h.map((x) => x * (1 - 1e-9)) };
  await t.rejects(solveSteadyState(slow, bias, { absoluteTolerance: 0, evaluationLimit: 1e8, signal: late.signal }), {
    message: /late/,
  });
});
