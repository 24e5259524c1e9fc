// Readers of files of weights against what PyTorch, Python and the formats themselves say is in them.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { readArrays, readNpz } from 'mft-native';
import { writeSafetensors } from '../../dist/weights/safetensors.js';
import { encodeNpy } from '../data/encode-npy.js';
import { zip } from '../data/zip.js';
import { protobuf, safetensors, tensorProto } from './encode.js';

const fixtures = 'test/fixtures/weights';
const folder = await mkdtemp(join(tmpdir(), 'mft-weights-'));
t.teardown(() => rm(folder, { recursive: true }));

interface Expected {
  readonly shape: readonly number[];
  readonly values: readonly (number | 'nan' | 'inf')[];
}
const { files } = JSON.parse(await readFile(join(fixtures, 'weights.json'), 'utf8')) as {
  files: Record<string, Record<string, Expected>>;
};
const number = (value: number | 'nan' | 'inf'): number =>
  value === 'nan' ? Number.NaN : value === 'inf' ? Infinity : value;

async function put(name: string, bytes: Buffer | string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}
const refused = (message: RegExp, code = 'ERR_MFT_DATA_FORMAT') => ({ code, message });

t.test('every file of the fixtures: names, shapes and values as they were saved', async (t) => {
  let count = 0;
  for (const [name, arrays] of Object.entries(files)) {
    if (name.endsWith('used')) continue;
    const read = await readArrays(join(fixtures, name));
    for (const [array, { shape, values }] of Object.entries(arrays)) {
      const found = read.arrays[array];
      if (found === undefined) {
        t.fail(`${name}: ${array} is missing`);
        continue;
      }
      t.same(found.shape, shape, `${name}: ${array} has its shape`);
      const wrong = values.findIndex((value, i) => !Object.is(found.values[i], number(value)));
      t.equal(wrong, -1, `${name}: ${array} has its ${values.length} values`);
      t.equal(found.values.length, values.length);
      count++;
    }
    const known = Object.keys(arrays).sort();
    const others = Object.keys(read.arrays).filter((array) => !known.includes(array));
    // ONNX keeps constants of its nodes too.
    t.ok(others.length === 0 || read.format === 'onnx', `${name} has nothing else`);
  }
  t.equal(count, 65);
});

t.test('a checkpoint: level and prefix are reported', async (t) => {
  const { warnings, format } = await readArrays(join(fixtures, 'wrapped.pt'));
  t.equal(format, 'pytorch');
  t.same(
    warnings.map(({ id }) => id),
    ['nestedWeights', 'wrappedWeights'],
  );
  t.match(warnings[0]?.message, /"state_dict"/);
  t.match(warnings[1]?.message, /"module\."/);
});

t.test('what PyTorch files may not hold', async (t) => {
  await t.rejects(
    readArrays(join(fixtures, 'module.pt')),
    refused(/names torch\.nn\.modules\.container\.Sequential.*nothing of a file is executed.*state_dict/),
  );
  await t.rejects(readArrays(join(fixtures, 'old.pt')), refused(/before 1\.6/));
  const pickle = (text: string): Promise<string> => put('a.pt', zip([['a/data.pkl', Buffer.from(text, 'latin1')]], 0));
  for (const name of ['posix\nsystem\n', 'builtins\neval\n', '__builtin__\ngetattr\n', 'torch\nload\n', 'os\nsystem\n'])
    await t.rejects(
      readArrays(await pickle(`\x80\x02c${name}(X\x02\x00\x00\x00lstR.`)),
      refused(/names .* is not read/),
    );
  // The same names by STACK_GLOBAL.
  await t.rejects(readArrays(await pickle('\x80\x04\x8c\x02os\x8c\x06system\x93.')), refused(/names os\.system/));
  // A number of 2^31 bytes, a text beyond the end, a stack that runs out, memory that was never set.
  await t.rejects(readArrays(await pickle('\x80\x02\x8b\xff\xff\xff\x7f.')), refused(/number of 2147483647 bytes/));
  await t.rejects(readArrays(await pickle('\x80\x02X\xff\xff\xff\x7fa.')), refused(/truncated/));
  await t.rejects(readArrays(await pickle('\x80\x02R.')), refused(/contradicts itself/));
  await t.rejects(readArrays(await pickle('\x80\x02h\x05.')), refused(/contradicts itself/));
  await t.rejects(readArrays(await pickle('\x80\x02I5\n.')), refused(/instruction 73/));
  await t.rejects(readArrays(await pickle('\x80\x02}.x')), refused(/left over/));
  const bomb = Buffer.concat([Buffer.from([0x80, 2]), Buffer.alloc(2_000_000, 0x5d), Buffer.from('.')]);
  await t.rejects(readArrays(await put('a.pt', zip([['a/data.pkl', bomb]], 0))), refused(/memory/, 'ERR_MFT_MEMORY'));
});

t.test('a tensor that stands on little and is large', async (t) => {
  // ('storage', FloatStorage, '0', 'cpu', 1) seen as 2^20 × 2^20 with strides 0.
  const pickled = (shape: string): Buffer =>
    Buffer.from(
      `\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n` +
        `X\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x01tQK\x00${shape}\x89)tRs.`,
      'latin1',
    );
  const file = (shape: string): Promise<string> =>
    put(
      'expanded.pt',
      zip(
        [
          ['a/data.pkl', pickled(shape)],
          ['a/data/0', Buffer.alloc(4)],
        ],
        0,
      ),
    );
  const size = 'J\x00\x00\x10\x00';
  t.same((await readArrays(await file('K\x03K\x02\x86K\x00K\x00\x86'))).arrays.w?.shape, [3, 2]);
  await t.rejects(readArrays(await file(`${size}${size}\x86K\x00K\x00\x86`)), refused(/memory/, 'ERR_MFT_MEMORY'));
  await t.rejects(readArrays(await file('K\x03K\x02\x86K\x01K\x00\x86')), refused(/beyond its storage/));
});

t.test('safetensors: what the reference reader refuses', async (t) => {
  const entry = (shape: number[], data_offsets: number[], dtype = 'F32') => ({ dtype, shape, data_offsets });
  const file = (header: object | string, bytes: number) =>
    put('a.safetensors', safetensors(header, Buffer.alloc(bytes)));
  const empty = await readArrays(await file({ __metadata__: { format: 'pt' } }, 0));
  t.same([Object.keys(empty.arrays), empty.metadata], [[], { format: 'pt' }]);
  t.same((await readArrays(await file({ a: entry([0, 3], [0, 0]), b: entry([], [0, 4]) }, 4))).arrays.b?.shape, []);
  const wrong: [object | string, number, RegExp][] = [
    [{ a: entry([1], [0, 4]) }, 14, /10 bytes after the last tensor/],
    [{ a: entry([2], [0, 8]) }, 4, /truncated/],
    [{ a: entry([1], [0, 4]), b: entry([1], [2, 6]) }, 6, /within the array before/],
    [{ a: entry([1], [0, 4]), b: entry([1], [8, 12]) }, 12, /after a gap/],
    [{ a: entry([1], [4, 8]) }, 8, /after a gap/],
    [{ a: entry([2], [0, 4]) }, 4, /needs 8/],
    [{ a: entry([-1], [0, 4]) }, 4, /shape/],
    [{ a: entry([1.5], [0, 6]) }, 6, /shape/],
    [{ a: entry([2 ** 40, 2 ** 40], [0, 4]) }, 4, /too large/],
    [{ a: entry([1], [0, 4], 'F4') }, 4, /type "F4"/],
    [{ a: { ...entry([1], [0, 4]), more: 1 } }, 4, /no entry/],
    [{ __metadata__: { a: 1 } }, 0, /metadata/],
    [
      '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
      4,
      /two entries "a"/,
    ],
    ['{"a":{"dtype":"F32","dtype":"I32","shape":[1],"data_offsets":[0,4]}}', 4, /two entries "dtype"/],
    [
      '{"\\u0061":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
      4,
      /two entries "a"/,
    ],
    ['[]', 0, /begin with/],
    ['{"a":', 0, /no JSON/],
  ];
  for (const [header, bytes, message] of wrong)
    await t.rejects(readArrays(await file(header, bytes)), refused(message), String(message));
  const giant = Buffer.from('ffffffffffffff7f7b7d', 'hex');
  await t.rejects(
    readArrays(await put('a.safetensors', giant)),
    refused(/header of 9\.2\d+e\+?18|header of 92\d+ bytes/),
  );
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n';
  await t.rejects(readArrays(await put('a.safetensors', pointer)), refused(/Git-LFS pointer/));
  // A header of nothing but brackets: refused before it is built.
  const nested = safetensors(`{"a":${'['.repeat(3_000_000)}`, Buffer.alloc(0));
  await t.rejects(readArrays(await put('a.safetensors', nested)), refused(/memory/, 'ERR_MFT_MEMORY'));
});

t.test('what is written is what is read', async (t) => {
  const path = join(folder, 'written.safetensors');
  const arrays = {
    'a.weight': { shape: [2, 3], values: Float32Array.of(1, -2, 3.5, 0, -0, 1e-40) },
    'b "ü"': { shape: [], values: Float64Array.of(Math.PI) },
    none: { shape: [0, 4], values: new Float32Array(0) },
  };
  await writeSafetensors(path, arrays);
  const read = await readArrays(path);
  for (const [name, { shape, values }] of Object.entries(arrays)) {
    t.same(read.arrays[name]?.shape, shape);
    t.equal(
      Buffer.compare(Buffer.from(values.buffer), Buffer.from(read.arrays[name]?.values.buffer as ArrayBuffer)),
      0,
    );
  }
  t.equal((await readFile(path)).readBigUInt64LE(0) % 8n, 0n, 'values begin at a multiple of eight');
  await t.rejects(writeSafetensors(path, { __metadata__: { shape: [0], values: new Float32Array(0) } }), {
    code: 'ERR_MFT_INVALID_ARGUMENT',
  });
  await t.rejects(writeSafetensors(join(folder, 'no', 'a.safetensors'), arrays), { code: 'ERR_MFT_DATA_NOT_FOUND' });
});

t.test('tfjs: quantised shards, two in a group, and what does not fit', async (t) => {
  const place = join(folder, 'tfjs');
  await mkdir(place);
  const put = async (manifest: unknown, shards: Record<string, Buffer>): Promise<string> => {
    for (const [name, bytes] of Object.entries(shards)) await writeFile(join(place, name), bytes);
    await writeFile(join(place, 'model.json'), JSON.stringify(manifest));
    return place;
  };
  const one = { name: 'w', shape: [4], dtype: 'float32', quantization: { dtype: 'uint8', scale: 0.01, min: -1.27 } };
  const whole = { name: 'i', shape: [3], dtype: 'int32', quantization: { dtype: 'uint16', scale: 0.5, min: -1 } };
  const half = { name: 'h', shape: [2], dtype: 'float32', quantization: { dtype: 'float16' } };
  const plain = { name: 'p', shape: [1, 2], dtype: 'float32' };
  const group = (weights: object[], paths = ['a.bin']) => ({ weightsManifest: [{ paths, weights }] });
  const bytes = Buffer.from([0, 1, 128, 255]);
  const read = await readArrays(await put(group([one]), { 'a.bin': bytes }));
  t.equal(read.format, 'tfjs');
  [-1.27, -1.26, 0.01, 1.28].forEach((value, i) => {
    t.ok(Math.abs((read.arrays.w?.values[i] as number) - value) < 1e-7, `${value}`);
  });
  const floats = Buffer.from(Float32Array.of(2.5, -7).buffer);
  const all = Buffer.concat([
    bytes,
    Buffer.from(Uint16Array.of(0, 3, 4).buffer),
    Buffer.from([0x00, 0x3c, 0x01, 0x80]),
    floats,
  ]);
  const split = await readArrays(
    await put(group([one, whole, half, plain], ['a.bin', 'b.bin', 'c.bin']), {
      'a.bin': all.subarray(0, 3),
      'b.bin': all.subarray(3, 15),
      'c.bin': all.subarray(15),
    }),
  );
  t.same(Array.from(split.arrays.i?.values ?? []), [-1, 1, 1], 'int32 is rounded after min + scale q');
  t.same(Array.from(split.arrays.h?.values ?? []), [1, -(2 ** -24)]);
  t.same(Array.from(split.arrays.p?.values ?? []), [2.5, -7], 'across a border of shards');
  const bare = await put([{ paths: ['a.bin'], weights: [one] }], { 'a.bin': bytes });
  t.same(Object.keys((await readArrays(bare)).arrays), ['w'], 'a manifest alone');
  await t.rejects(readArrays(await put(group([one]), { 'a.bin': bytes.subarray(1) })), refused(/4 bytes.*hold 3/));
  await t.rejects(readArrays(await put(group([one, one]), { 'a.bin': bytes })), refused(/two arrays "w"/));
  for (const path of ['../a.bin', '/etc/passwd', 'x/../../a.bin'])
    await t.rejects(readArrays(await put(group([one], [path]), {})), refused(/outside of its folder/));
  await t.rejects(
    readArrays(await put(group([one], ['gone.bin']), {})),
    refused(/not found/, 'ERR_MFT_DATA_NOT_FOUND'),
  );
  await t.rejects(readArrays(await put(group([{ ...one, dtype: 'string' }]), {})), refused(/type "string"/));
  await t.rejects(readArrays(await put({ a: 1 }, {})), refused(/no weightsManifest/));
});

t.test('ONNX: values in every place the format has for them', async (t) => {
  const model = (...tensors: Buffer[]): Buffer =>
    protobuf([
      [1, 8n],
      [7, protobuf(tensors.map((tensor): [number, Buffer] => [5, tensor]))],
    ]);
  const read = async (...tensors: Buffer[]) => readArrays(await put('a.onnx', model(...tensors)));
  const floats = Buffer.from(Float32Array.of(1.5, -2).buffer);
  const raw = await read(tensorProto('w', 1, [2], [[9, floats]]));
  t.same(Array.from(raw.arrays.w?.values ?? []), [1.5, -2]);
  t.same(Array.from((await read(tensorProto('w', 1, [2], [[4, floats]]))).arrays.w?.values ?? []), [1.5, -2], 'packed');
  const single = [floats.subarray(0, 4), floats.subarray(4)].map((part): [number, Buffer] => [4, part]);
  t.same(Array.from((await read(tensorProto('w', 1, [2], single))).arrays.w?.values ?? []), [1.5, -2], 'one by one');
  const halves = tensorProto(
    'w',
    10,
    [2],
    [
      [5, 0x3c00n],
      [5, 0xc000n],
    ],
  );
  t.same(Array.from((await read(halves)).arrays.w?.values ?? []), [1, -2], 'halves as the bits of numbers');
  const whole = tensorProto(
    'w',
    7,
    [2],
    [
      [7, -5n],
      [7, 2n ** 40n],
    ],
  );
  t.same(Array.from((await read(whole)).arrays.w?.values ?? []), [-5, 2 ** 40]);
  const bytes = tensorProto(
    'w',
    3,
    [2],
    [
      [5, -1n],
      [5, 127n],
    ],
  );
  t.same(Array.from((await read(bytes)).arrays.w?.values ?? []), [-1, 127]);
  await t.rejects(read(tensorProto('w', 3, [1], [[5, 300n]])), refused(/no value of its type/));
  await t.rejects(read(tensorProto('w', 1, [3], [[9, floats]])), refused(/8 bytes, its shape needs 12/));
  await t.rejects(read(tensorProto('w', 8, [1], [])), refused(/type STRING/));
  await t.rejects(read(tensorProto('w', 1, [-1n], [])), refused(/shape/));
  await t.rejects(read(tensorProto('w', 1, [0], []), tensorProto('w', 1, [0], [])), refused(/two initialisers "w"/));
  const external = (location: string, offset: bigint) =>
    tensorProto(
      'w',
      1,
      [2],
      [
        [
          13,
          protobuf([
            [1, Buffer.from('location')],
            [2, Buffer.from(location)],
          ]),
        ],
        [
          13,
          protobuf([
            [1, Buffer.from('offset')],
            [2, Buffer.from(String(offset))],
          ]),
        ],
        [14, 1n],
      ],
    );
  await put('beside.data', Buffer.concat([Buffer.alloc(4), floats]));
  t.same(Array.from((await read(external('beside.data', 4n))).arrays.w?.values ?? []), [1.5, -2], 'external data');
  await t.rejects(read(external('beside.data', 8n)), refused(/beyond the 12 bytes/));
  await t.rejects(read(external('../beside.data', 0n)), refused(/outside of the model's folder/));
  await t.rejects(readArrays(await put('a.onnx', Buffer.from([8, 8]))), refused(/no graph/));
  const tiny = protobuf([[7, Buffer.alloc(4_000_000, Buffer.from([0x0a, 0]))]]);
  await t.rejects(readArrays(await put('a.onnx', tiny)), refused(/memory/, 'ERR_MFT_MEMORY'));
});

t.test('.npz and .npy, and names to read', async (t) => {
  const array = encodeNpy([2, 2], '<f4', Float32Array.of(1, 2, 3, 4));
  const path = await put(
    'a.npz',
    zip(
      [
        ['a/w.npy', array],
        ['b.npy', array],
      ],
      8,
    ),
  );
  const { format, arrays } = await readArrays(path, ['b']);
  t.same([format, Object.keys(arrays)], ['npz', ['b']]);
  t.same((await readArrays(path)).arrays['a/w']?.values, (await readNpz(path)).arrays.get('a/w')?.values);
  await t.rejects(readArrays(path, ['c']), refused(/no array "c".*a\/w, b/));
  t.same(Object.keys((await readArrays(await put('one.npy', array))).arrays), ['one']);
  const zeros = encodeNpy([2 ** 25], '<f4', new Float32Array(2 ** 25));
  await t.rejects(readArrays(await put('bomb.npz', zip([['w.npy', zeros]], 8))), refused(/memory/, 'ERR_MFT_MEMORY'));
  t.equal(
    (await readArrays(join(folder, 'bomb.npz'), undefined, { memoryLimit: 2 ** 28 })).arrays.w?.values.length,
    2 ** 25,
    'what is really so is read with room for it',
  );
});

t.test('what is no file of weights says what it is', async (t) => {
  const files: [string, Buffer | string, RegExp][] = [
    ['a.bin', 'nothing known', /no format that is read: safetensors/],
    ['a.h5', Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'), /HDF5/],
    ['a.gguf', 'GGUF........', /GGUF/],
    ['a.pkl', Buffer.from([0x80, 4, 0x95, 0]), /pickle, which is not read/],
    ['a.pt', '<!DOCTYPE html><html>', /web page/],
    ['a.keras', zip([['model.weights.h5', Buffer.alloc(3)]], 0), /Keras/],
    ['a', '', /no format/],
    ['a.safetensors', 'abc', /3 bytes are no safetensors/],
  ];
  for (const [name, bytes, message] of files)
    await t.rejects(readArrays(await put(name, bytes)), refused(message), name);
  await t.rejects(readArrays(join(folder, 'gone.pt')), { code: 'ERR_MFT_DATA_NOT_FOUND' });
  await t.rejects(readArrays(join(fixtures, 'plain.pt'), undefined, { memory: 1 } as never), {
    code: 'ERR_MFT_INVALID_ARGUMENT',
  });
  await t.rejects(readArrays(join(fixtures, 'plain.pt'), undefined, { memoryLimit: 100 }), { code: 'ERR_MFT_MEMORY' });
  const signal = AbortSignal.abort(new Error('enough'));
  await t.rejects(readArrays(join(fixtures, 'plain.safetensors'), undefined, { signal }), { message: 'enough' });
  t.ok(existsSync(folder));
});
