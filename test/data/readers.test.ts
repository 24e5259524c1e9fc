// Files as other programs write them, and files that try to say two things at once: the same values as their own libraries
// read, or a refusal by name.
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { MftError, readCifar10, readIdx, readNpy, readNpz } from 'mft-native';
import { encodeNpy } from './encode-npy.js';
import { encodeIdx } from '../../dist/data/idx.js';
import { zip } from './zip.js';
import { zip64 } from './zip64.js';

const folder = await mkdtemp(join(tmpdir(), 'mft-readers-'));
t.teardown(() => rm(folder, { recursive: true }));
const format = 'ERR_MFT_DATA_FORMAT';

/** A .npy file with this text as its header. */
function npy(header: string, data: Buffer, version: 1 | 2 = 1): Buffer {
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  if (version === 1) length.writeUInt16LE(header.length);
  else length.writeUInt32LE(header.length);
  return Buffer.concat([
    Buffer.from('\x93NUMPY', 'latin1'),
    Buffer.from([version, 0]),
    length,
    Buffer.from(header),
    data,
  ]);
}

const six = Buffer.from(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);
const inOrder = "'fortran_order': False";
const path = join(folder, 'array.npy');

t.test('types by name, and codes without a byte order, are those of this machine', async (t) => {
  for (const type of ['f4', 'float32', '=f4'])
    for (const version of [1, 2] as const) {
      await writeFile(path, npy(`{'descr': '${type}', ${inOrder}, 'shape': (2, 3), }\n`, six, version));
      const array = await readNpy(path);
      t.same([array.shape, array.type, ...array.values], [[2, 3], '=f4', 1, 2, 3, 4, 5, 6], type);
    }
  for (const type of ['constructor', 'complex64', 'f', ''])
    for (const version of [1, 2] as const) {
      await writeFile(path, npy(`{'descr': '${type}', ${inOrder}, 'shape': (2, 3), }\n`, six, version));
      await t.rejects(readNpy(path), { code: 'ERR_MFT_DATA_FORMAT' }, type);
    }
});

t.test('headers of Python 2, with double quotes, without blanks, over several lines', async (t) => {
  const headers = [
    `{'descr': '<f4', ${inOrder}, 'shape': (2L, 3L), }\n`,
    '{"descr": "<f4", "fortran_order": False, "shape": (2, 3)}\n',
    "{'descr':'<f4','fortran_order':False,'shape':(2,3)}",
    `{'shape': (2, 3,), 'descr': u'<f4',\n ${inOrder}}  \n`,
  ];
  for (const header of headers) {
    for (const version of [1, 2] as const) {
      await writeFile(path, npy(header, six, version));
      const array = await readNpy(path);
      t.same([array.shape, array.type, ...array.values], [[2, 3], '<f4', 1, 2, 3, 4, 5, 6], header);
    }
  }
});

t.test('a header that Python or NumPy would not read so is refused, by what is wrong', async (t) => {
  const entry = (type: string, shape: string): string => `{'descr': '${type}', ${inOrder}, 'shape': ${shape}, }\n`;
  const refused: readonly (readonly [string, RegExp])[] = [
    [`{'descr': '<f4', ${inOrder}, 'shape': (2, 3), 'shape': (3, 2), }`, /two entries 'shape'/],
    [`{'descr': '<i4', 'descr': '<f4', ${inOrder}, 'shape': (2, 3), }`, /two entries 'descr'/],
    [`{'descr': '<f4', 'fortran_order': True, ${inOrder}, 'shape': (2, 3), }`, /two entries 'fortran_order'/],
    [entry('<f4', '(6)'), /no tuple/],
    [entry('<f4', '(06,)'), /not understood at "06/],
    [entry('<f4', '(2,,3)'), /no tuple/],
    [entry('<f4', '(,6)'), /no tuple/],
    [entry('<f4', '(2 3)'), /no tuple/],
    [entry('<f4', '(-6,)'), /not understood at "-6/],
    [entry('<f4', '(6.0,)'), /not understood/],
    [`{'descr': '<f4'; ${inOrder}, 'shape': (2, 3)}`, /not understood at ";/],
    [`{'descr': "'shape': (6,)", ${inOrder}, 'shape': (2, 3)}`, /values of type/],
    [`{'descr': '<f4', ${inOrder}, 'shape': (2, 3), 'note': 'x'}`, /unknown key 'note'/],
    [`{'descr': '<f4', ${inOrder}}`, /without 'shape'/],
    [`{'descr': [('a', '<f4')], ${inOrder}, 'shape': (6,)}`, /structured array/],
    [`{'descr': '<f4', ${inOrder}, 'shape': (2, 3)} # more`, /not understood|something after/],
    [`{'descr': '<f4', ${inOrder}, 'shape': (2, 3)}{}`, /something after its dictionary/],
    [`{,'descr': '<f4', ${inOrder}, 'shape': (2, 3)}`, /key that is no text/],
    [entry('<c8', '(3,)'), /values of type "<c8"/],
    [entry('|O', '(6,)'), /values of type "\|O"/],
  ];
  for (const [header, message] of refused) {
    await writeFile(path, npy(header, six));
    await t.rejects(readNpy(path), { code: format, message }, header);
  }
});

t.test('Fortran order is the same array, row-major', async (t) => {
  const header = (shape: string): string => `{'descr': '<i2', 'fortran_order': True, 'shape': ${shape}, }\n`;
  // numpy.asfortranarray(numpy.arange(6).reshape(2, 3)) and the like: the first index runs fastest.
  await writeFile(path, npy(header('(2, 3)'), Buffer.from(Int16Array.of(0, 3, 1, 4, 2, 5).buffer)));
  t.same([...(await readNpy(path)).values], [0, 1, 2, 3, 4, 5]);
  const cube = Int16Array.from({ length: 24 }, (_, at) => {
    const [i, j, k] = [at % 2, Math.floor(at / 2) % 3, Math.floor(at / 6)];
    return 12 * i + 4 * j + k;
  });
  await writeFile(path, npy(header('(2, 3, 4)'), Buffer.from(cube.buffer)));
  t.same(
    [...(await readNpy(path)).values],
    Array.from({ length: 24 }, (_, i) => i),
  );
  await writeFile(path, npy(header('(0, 3)'), Buffer.alloc(0)));
  t.same([...(await readNpy(path)).values], []);
});

t.test('float16: every kind of number, both byte orders', async (t) => {
  const halves = [0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x03ff, 0x0000, 0x7c00, 0xfc00, 0x3555];
  const expected = [1, -2, 65504, 2 ** -14, 2 ** -24, 1023 * 2 ** -24, 0, Infinity, -Infinity, 0.333251953125];
  for (const order of ['<', '>']) {
    const data = Buffer.from(Uint16Array.from(halves).buffer);
    if (order === '>') data.swap16();
    await writeFile(path, npy(`{'descr': '${order}f2', ${inOrder}, 'shape': (10,)}`, data));
    t.same([...(await readNpy(path)).values], expected);
  }
  await writeFile(path, npy(`{'descr': '<f2', ${inOrder}, 'shape': (2,)}`, Buffer.from([0, 0x80, 1, 0x7e])));
  const { values } = await readNpy(path);
  t.ok(Object.is(values[0], -0) && Number.isNaN(values[1]));
});

t.test('booleans are 0 and 1', async (t) => {
  const header = `{'descr': '|b1', ${inOrder}, 'shape': (3,)}`;
  await writeFile(path, npy(header, Buffer.from([0, 1, 1])));
  t.same([...(await readNpy(path)).values], [0, 1, 1]);
  await writeFile(path, npy(header, Buffer.from([0, 255, 1])));
  await t.rejects(readNpy(path), { code: format, message: /element 1 is the byte 255; booleans are 0 or 1/ });
});

t.test('ZIP64 in the central directory, ZIP64 end records, archive comments', async (t) => {
  const array = encodeNpy([2, 3], '<f4', Float32Array.of(1, 2, 3, 4, 5, 6));
  const archive = join(folder, 'a.npz');
  for (const options of [
    { wide: true },
    { records: true },
    { wide: true, records: true },
    { comment: 'x' },
    { wide: true, records: true, comment: 'saved with PK\x05\x06 in its comment' },
  ]) {
    const bytes = zip64('a.npy', array, options);
    await writeFile(archive, bytes);
    t.same([...((await readNpz(archive)).arrays.get('a')?.values ?? [])], [1, 2, 3, 4, 5, 6], JSON.stringify(options));
    await writeFile(archive, Buffer.concat([bytes, Buffer.from('?')]));
    await t.rejects(readNpz(archive), { code: format, message: /data after its end/ });
  }
  const contradicting = zip64('a.npy', array, { records: true });
  contradicting.writeUInt16LE(2, contradicting.length - 12);
  contradicting.writeUInt16LE(2, contradicting.length - 14);
  await writeFile(archive, contradicting);
  await t.rejects(readNpz(archive), { code: format, message: /contradict/ });
});

t.test('two members of one name are refused: readers differ in which they take', async (t) => {
  const one = encodeNpy([1], '<f4', Float32Array.of(1));
  const two = encodeNpy([1], '<f4', Float32Array.of(2));
  const archive = join(folder, 'twice.npz');
  await writeFile(archive, zip([['x_train.npy', one], ['x_train.npy', two]], 0)); // biome-ignore format: a list of two
  await t.rejects(readNpz(archive, ['x_train']), { code: format, message: /two members "x_train.npy"/ });
});

t.test('a member that needs a newer version of the format is refused, as NumPy does', async (t) => {
  const bytes = zip([['x_train.npy', encodeNpy([1], '<f4', Float32Array.of(1))]], 0);
  const archive = join(folder, 'newer.npz');
  const needed = bytes.indexOf(Buffer.from([0x50, 0x4b, 1, 2])) + 6;
  for (const [version, isRead] of [
    [63, true],
    [64, false],
    [173, false],
  ] as const) {
    bytes[needed] = version;
    await writeFile(archive, bytes);
    if (isRead) t.same([...((await readNpz(archive)).arrays.get('x_train')?.values ?? [])], [1]);
    else
      await t.rejects(readNpz(archive), { code: format, message: /needs version \d+\.\d of the format; 6\.3 is read/ });
  }
});

t.test('control characters of a foreign file never reach a message', async (t) => {
  const archive = join(folder, 'evil.npz');
  const one = encodeNpy([1], '<f4', Float32Array.of(1));
  await writeFile(archive, zip([['\x1b[2J\u202e.npy', one]], 0));
  const error = await readNpz(archive, ['x_train']).catch((error: unknown) => error);
  t.match(error, { code: format, message: /it has .*\\x1b\[2J/ });
  t.notMatch((error as Error).message, /[\x1b\u202e]/);
});

t.test('several gzip members are one file; what follows the last is found', async (t) => {
  const values = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) % 251);
  const file = encodeIdx([300, 1000], values);
  const packed = join(folder, 'images-idx3-ubyte.gz');
  for (const cuts of [[], [1], [10, 5000], [65_536, 131_072, 299_999], [150_000, 150_000]]) {
    const bounds = [0, ...cuts, file.length];
    const members = bounds.slice(1).map((end, i) => gzipSync(file.subarray(bounds[i], end)));
    await writeFile(packed, Buffer.concat(members));
    const read = await readIdx(packed);
    t.same(Buffer.from(read.values as Uint8Array), Buffer.from(values), `${members.length} members`);
    for (const rubbish of [[0], [0x1f], [0x1f, 0x8b, 8], [1, 2, 3]]) {
      await writeFile(packed, Buffer.concat([...members, Buffer.from(rubbish)]));
      await t.rejects(readIdx(packed), { code: format }, `${rubbish.join(' ')} behind ${members.length} members`);
    }
    const damaged = Buffer.concat(members);
    damaged[damaged.length - 6] = (damaged[damaged.length - 6] as number) ^ 1;
    await writeFile(packed, damaged);
    await t.rejects(readIdx(packed), { code: 'ERR_MFT_DATA_CHECKSUM' });
  }
});

t.test('IDX of every type', async (t) => {
  const idx = join(folder, 'labels-idx1-int');
  const types: readonly (readonly [number, number, (target: DataView, at: number, value: number) => void])[] = [
    [0x08, 1, (view, at, value) => view.setUint8(at, value)],
    [0x09, 1, (view, at, value) => view.setInt8(at, value)],
    [0x0b, 2, (view, at, value) => view.setInt16(at, value)],
    [0x0c, 4, (view, at, value) => view.setInt32(at, value)],
    [0x0d, 4, (view, at, value) => view.setFloat32(at, value)],
    [0x0e, 8, (view, at, value) => view.setFloat64(at, value)],
  ];
  for (const [type, bytes, set] of types) {
    const numbers =
      type === 8 ? [0, 7, 255, 1] : type < 0x0b ? [0, 7, -128, 1] : type < 0x0d ? [0, 300, -2, 9] : [0.5, -3, 1e9, 0];
    const view = new DataView(new ArrayBuffer(8 + bytes * 4));
    [0, 0, type, 1, 0, 0, 0, 4].forEach((value, i) => view.setUint8(i, value));
    numbers.forEach((value, i) => set(view, 8 + bytes * i, value));
    await writeFile(idx, Buffer.from(view.buffer));
    t.same([...(await readIdx(idx)).values], numbers, `type ${type.toString(16)}`);
  }
  await writeFile(idx, Buffer.from([0, 0, 0x0a, 1, 0, 0, 0, 0]));
  await t.rejects(readIdx(idx), { code: format, message: /type 0xa/ });
});

t.test('CIFAR-100 under the names of CIFAR-10 is guessed', async (t) => {
  const batch = join(folder, 'data_batch_1.bin');
  await writeFile(batch, Buffer.alloc(50 * 3074));
  await t.rejects(readCifar10([batch]), {
    code: format,
    message: /153700 bytes.*50 records of 3074: it looks like CIFAR-100/,
  });
});

t.test('folders, pipes, devices and loops of links are refused at once; missing files have their code', async (t) => {
  const pipe = join(folder, 'pipe.npz');
  execFileSync('mkfifo', [pipe]);
  await mkdir(join(folder, 'folder.npz'));
  await symlink(join(folder, 'loop.npz'), join(folder, 'loop.npz'));
  const cases: readonly (readonly [string, string, RegExp])[] = [
    [pipe, format, /is a pipe/],
    [join(folder, 'folder.npz'), format, /is a folder/],
    ['/dev/zero', format, /is a device/],
    [join(folder, 'loop.npz'), format, /loop of symbolic links/],
    [join(folder, 'missing.npz'), 'ERR_MFT_DATA_NOT_FOUND', /was not found/],
    [join(path, 'below-a-file'), 'ERR_MFT_DATA_NOT_FOUND', /was not found/],
    ['', 'ERR_MFT_INVALID_ARGUMENT', /path/],
    ['a\0b', 'ERR_MFT_INVALID_ARGUMENT', /path/],
  ];
  const readers = [readIdx, readNpy, readNpz, (one: string): Promise<unknown> => readCifar10([one])];
  for (const [file, code, message] of cases)
    for (const read of readers) {
      const error: unknown = await read(file).catch((error: unknown) => error);
      t.ok(error instanceof MftError);
      t.match(error, { code, message }, `${file}: ${String(error)}`);
    }
});

t.test('declared sizes are held against the memory allowed before anything is allocated', async (t) => {
  const huge = join(folder, 'huge-idx1-ubyte');
  await writeFile(huge, Buffer.from([0, 0, 8, 2, 0, 0x32, 0, 0, 0, 0, 0xff, 0xff]));
  const size = 12 + 0x320000 * 0xffff;
  await truncate(huge, size);
  const before = process.memoryUsage().arrayBuffers;
  await t.rejects(readIdx(huge), { code: 'ERR_MFT_MEMORY', message: /bytes of memory, more than/ });
  t.ok(process.memoryUsage().arrayBuffers - before < 2 ** 24);
  await rm(huge);
  await writeFile(path, encodeNpy([100], '<f8', new Float64Array(100)));
  await t.rejects(readNpy(path, { memoryLimit: 799 }), { code: 'ERR_MFT_MEMORY' });
  t.equal((await readNpy(path, { memoryLimit: 800 })).values.length, 100);
  // A packed file whose last bytes agree with what its header promises, but which holds less.
  const promise = encodeIdx([60_000_000], new Uint8Array(60_000_000)).subarray(0, 1000);
  const packed = Buffer.concat([gzipSync(promise), Buffer.alloc(60_000)]);
  packed.writeUInt32LE(60_000_008, packed.length - 4);
  await writeFile(`${huge}.gz`, packed);
  const held = process.memoryUsage().arrayBuffers;
  await t.rejects(readIdx(`${huge}.gz`), { code: format });
  t.ok(process.memoryUsage().arrayBuffers - held < 2 ** 25);
});
