import t from 'tap';
import { canonicalHash, canonicalJson } from '../../dist/core/codec.js';
import { describe, nearest } from '../../dist/core/errors.js';
import { predict, MftError, toJson } from 'mft-native';

t.test('errors show values briefly', async (t) => {
  t.equal(describe(undefined), 'nothing');
  t.equal(describe('x'.repeat(100)).length, 62);
  t.equal(describe([1, 2, 3, 4, 5, 6]), 'a list of 6 (1, 2, 3, 4, ...)');
  t.equal(describe({ a: 1 }), 'an object with keys a');
});

t.test('did you mean', async (t) => {
  t.equal(nearest('weigthVariance', ['weightVariance', 'biasVariance']), 'weightVariance');
  t.equal(nearest('zzzzzz', ['weightVariance']), undefined);
});

t.test('canonical JSON sorts keys, keeps infinities, refuses NaN', async (t) => {
  t.equal(canonicalJson({ b: 1, a: [Infinity, -0, 1e21] }), '{"a":["Infinity",0,1e+21],"b":1}');
  t.equal(canonicalHash({ a: 1, b: 2 }), canonicalHash({ b: 2, a: 1 }));
  t.throws(() => canonicalJson({ a: NaN }), { code: 'ERR_MFT_NOT_FINITE', parameter: 'value.a' });
});

t.test('a list of rows is the inputs as numbers', async (t) => {
  const rows = [
    [0.9, -0.4, 1.3],
    [0.2, 1.1, -0.7],
  ];
  const spec = { system: 'feedforward', activation: 'relu', depth: 2, weightVariance: 2 } as const;
  const [plain, named] = [
    await predict({ ...spec, inputs: rows }),
    await predict({ ...spec, inputs: { values: rows } }),
  ];
  t.strictSame(plain.spec, named.spec);
  t.strictSame(plain.observables, named.observables);
  const typed = rows.map((row) => Float64Array.from(row));
  for (const each of [spec, { system: 'kernel', depth: 2 }, { system: 'residual', depth: 2, width: 3 }] as const) {
    const found = await predict({ ...each, inputs: typed });
    t.strictSame(found.observables, (await predict({ ...each, inputs: rows })).observables, each.system);
    t.strictSame(toJson(found.spec), toJson((await predict({ ...each, inputs: rows })).spec), each.system);
  }
  await t.rejects(predict({ ...spec, inputs: 3 as never }), {
    code: 'ERR_MFT_INVALID_ARGUMENT',
    message: /to be an object: .*or a list of rows.*, received 3\./u,
  });
});

t.test('a bad spec gets the documented error', async (t) => {
  const cases: [object, string, string][] = [
    [{ weightVariance: -1 }, 'ERR_MFT_OUT_OF_RANGE', 'weightVariance'],
    [{ weightVariance: Number.NaN }, 'ERR_MFT_OUT_OF_RANGE', 'weightVariance'],
    [{ weightVariance: 'a' }, 'ERR_MFT_INVALID_ARGUMENT', 'weightVariance'],
    [{ keepProbability: 0 }, 'ERR_MFT_OUT_OF_RANGE', 'keepProbability'],
    [{ depth: 0 }, 'ERR_MFT_OUT_OF_RANGE', 'depth'],
    [{ width: 1e12 }, 'ERR_MFT_OUT_OF_RANGE', 'width'],
    [{ inputs: { correlation: 1.5 } }, 'ERR_MFT_OUT_OF_RANGE', 'inputs.correlation'],
    [{ inputs: { values: [] } }, 'ERR_MFT_INVALID_ARGUMENT', 'inputs.values'],
    [{ inputs: [] }, 'ERR_MFT_INVALID_ARGUMENT', 'inputs.values'],
    [{ inputs: [[1, 2], [3]] }, 'ERR_MFT_SHAPE', 'inputs.values.1'],
    [{ inputs: 3 }, 'ERR_MFT_INVALID_ARGUMENT', 'inputs'],
    [{ dropRate: 0.1 }, 'ERR_MFT_INVALID_ARGUMENT', 'dropRate'],
    [{ activation: 'tahn' }, 'ERR_MFT_INVALID_ARGUMENT', 'activation'],
    [{ weightVariance: [1, 2], depth: 3 }, 'ERR_MFT_SHAPE', 'weightVariance'],
  ];
  for (const [fields, code, parameter] of cases) {
    const error = await predict({ system: 'feedforward', ...fields }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    t.ok(error instanceof MftError, `${JSON.stringify(fields)} is refused`);
    t.match(error, { code, parameter }, JSON.stringify(fields));
  }
});
