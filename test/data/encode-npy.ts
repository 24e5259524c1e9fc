// Writes .npy files for tests of their readers.
const magic = Buffer.from('\x93NUMPY', 'latin1');

/** The bytes of a .npy file (version 1) with these values. */
export function encodeNpy(
  shape: readonly number[],
  type: '|u1' | '<i4' | '<f4' | '<f8',
  values: Uint8Array | Int32Array | Float32Array | Float64Array,
): Buffer {
  const dictionary = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  const padded = `${dictionary.padEnd(64 * Math.ceil((dictionary.length + 11) / 64) - 11)}\n`;
  const start = Buffer.from([...magic, 1, 0, padded.length % 256, Math.floor(padded.length / 256)]);
  return Buffer.concat([
    start,
    Buffer.from(padded, 'latin1'),
    Buffer.from(values.buffer, values.byteOffset, values.byteLength),
  ]);
}
