// Results as JSON: what `toJson` writes and `fromJson` reads back, bit for bit, and what `JSON.stringify` does with a result.
import t from 'tap';
import {
  advise,
  compare,
  evaluate,
  fromJson,
  map,
  MftError,
  predict,
  simulate,
  toJson,
  varianceBasins,
} from 'mft-native';
import { sameBits } from '../bits.js';

const spec = {
  system: 'feedforward',
  activation: 'relu',
  weightVariance: 2,
  biasVariance: 0,
  depth: 4,
  width: 8,
} as const;

t.test('a result is the same after JSON', async (t) => {
  const prediction = await predict({ ...spec, inputs: { correlation: 0.5 } });
  const simulation = await simulate({ ...spec, inputs: { correlation: 0.5 } }, { trials: 3 });
  for (const result of [prediction, simulation]) {
    const text = JSON.stringify(result);
    t.equal(text, JSON.stringify(toJson(result)), 'JSON.stringify writes toJson');
    const back = fromJson(JSON.parse(text)) as typeof result;
    t.same(back.observables, result.observables);
    for (const [name, { values }] of Object.entries(result.observables))
      sameBits(t, (back.observables as Record<string, { values: Float64Array }>)[name]?.values, values, name);
    t.same(Object.keys(structuredClone(result)), Object.keys(result), 'results are plain data');
  }
  t.equal(prediction.quantities.depthScaleGradient, Infinity);
  t.match(JSON.stringify(prediction), '"depthScaleGradient":"Infinity"');
  const back = fromJson(JSON.parse(JSON.stringify(prediction))) as typeof prediction;
  t.equal(
    compare(back, simulation).verdict,
    compare(prediction, simulation).verdict,
    'compare takes what was read back',
  );
});

t.test('a copy of a result, and a part of it alone, are written as in the result', async (t) => {
  const prediction = await predict({ ...spec, activation: 'tanh', weightVariance: 1 });
  const whole = toJson(prediction) as unknown as typeof prediction;
  t.equal(JSON.stringify({ ...prediction, mine: undefined }), JSON.stringify(whole), 'a copy');
  t.equal(JSON.stringify(prediction.quantities), JSON.stringify(whole.quantities), 'quantities');
  t.match(JSON.stringify(prediction.quantities), '"limitingWeightVariance":"Infinity"');
  const { variance } = prediction.observables;
  t.equal(JSON.stringify(variance), JSON.stringify(whole.observables.variance), 'an observable');
  t.equal(JSON.stringify(variance?.values), JSON.stringify([...(variance?.values ?? [])]), 'its values');
  const layer = { activation: 'relu', weightVariance: 1, biasVariance: 0.1 } as const;
  t.match(JSON.stringify(await evaluate('feedforward', 'varianceBasins', layer)), '"to":"Infinity"');
  t.match(JSON.stringify(varianceBasins(layer)[0]), '"to":"Infinity"');
  t.same(Object.keys(variance?.values ?? []), Object.keys([...(variance?.values ?? [])]), 'plain data');
});

t.test('the other verbs', async (t) => {
  const mapped = await map(spec, [{ field: 'weightVariance', values: [1, 2] }], { quantities: ['depthScaleGradient'] });
  t.match(JSON.stringify(mapped), '"Infinity"');
  t.notMatch(JSON.stringify(mapped), 'null');
  t.notMatch(JSON.stringify(await advise(spec)), 'null');
});

t.test('what has no JSON throws', (t) => {
  t.throws(() => toJson({ a: Number.NaN }), { code: 'ERR_MFT_NOT_FINITE' });
  t.throws(() => toJson({ a: () => 1 }), { code: 'ERR_MFT_INVALID_ARGUMENT' });
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  t.throws(() => toJson(cyclic), MftError);
  t.throws(() => fromJson(cyclic), MftError);
  t.end();
});

t.test('a spec is read once, before the first await', async (t) => {
  let reads = 0;
  const changing = {
    system: 'feedforward',
    get depth() {
      return ++reads;
    },
    width: 4,
  } as const;
  const prediction = await predict(changing);
  t.equal(reads, 1);
  t.equal((prediction.spec as { depth: number }).depth, 1);
  const width = [4, 5];
  const pending = simulate({ system: 'feedforward', depth: 2, width }, { trials: 2 });
  width.length = 0;
  t.same(((await pending).spec as { width: unknown }).width, [4, 5], 'a list emptied while it runs');
  const values = Float64Array.of(1, 2);
  const mapping = map(spec, [{ field: 'weightVariance', values }], { quantities: ['gradientMultiplier'] });
  structuredClone(values.buffer, { transfer: [values.buffer] });
  t.equal((await mapping).quantities.gradientMultiplier?.values.length, 2, 'an axis whose memory was taken away');
});
