// How much the diagonal of a kernel scatters over networks, and that a few trials of a heavy tail are not taken for a disagreement.
import t from 'tap';
import { compare, predict, simulate } from 'mft-native';

t.test('the spread of kernels under dropout is predicted', async (t) => {
  const spec = { system: 'kernel', width: 94, keepProbability: 0.1837, inputWidth: 39, depth: 3 } as const;
  const theory = await predict(spec);
  const measured = await simulate(spec, { trials: 3000, seed: 3, hasTangent: false });
  const { values, standardError, count } = measured.observables.variance as {
    values: Float64Array;
    standardError: Float64Array;
    count: ArrayLike<number>;
  };
  const spread = theory.observables.variance?.spread as Float64Array;
  t.equal(spread[0], 0, 'layer 1 has the same kernel in every network');
  for (const i of [2, 4]) {
    const found = ((standardError[i] as number) ** 2 * (count[i] as number)) / (values[i] as number) ** 2;
    t.ok(Math.abs((spread[i] as number) / found - 1) < 0.25, `${i}: ${spread[i]}, measured ${found}`);
  }
  const deep = { ...spec, depth: 5 } as const;
  t.not(compare(await predict(deep), await simulate(deep, { trials: 60, seed: 500_045 })).verdict, 'disagrees');
});

t.test('masks of few inputs before a curved activation: no claim where the first order says nothing', async (t) => {
  const spec = {
    system: 'kernel',
    activation: 'hardTanh',
    width: 130,
    inputWidth: 4,
    inputKeepProbability: 0.113,
    depth: 3,
    inputs: { count: 1 },
  } as const;
  const theory = await predict(spec);
  const { spread, finiteSize } = theory.observables.variance ?? {};
  t.ok(Math.abs((spread?.[0] as number) - (1 / 0.113 - 1)) < 1e-9, `${spread?.[0]}`);
  t.equal(finiteSize?.allowance?.[1], Infinity);
  t.not(compare(theory, await simulate(spec, { trials: 60, seed: 2 })).verdict, 'disagrees');
  const few = await predict({ ...spec, inputKeepProbability: 1 });
  t.ok((few.observables.variance?.finiteSize?.allowance?.[1] as number) < 1, 'without masks there is one');
});
