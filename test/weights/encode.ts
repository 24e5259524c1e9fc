// Writes files of weights for tests of their readers.

/** A message of protocol buffers: field → number (varint) or bytes. */
export function protobuf(fields: readonly (readonly [number, bigint | Buffer])[]): Buffer {
  const varint = (value: bigint): Buffer => {
    const bytes: number[] = [];
    let rest = BigInt.asUintN(64, value);
    do {
      bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
      rest >>= 7n;
    } while (rest > 0n);
    return Buffer.from(bytes);
  };
  return Buffer.concat(
    fields.flatMap(([number, value]) =>
      typeof value === 'bigint'
        ? [varint(BigInt(number) << 3n), varint(value)]
        : [varint((BigInt(number) << 3n) | 2n), varint(BigInt(value.length)), value],
    ),
  );
}

/** A TensorProto of ONNX with its values in the given fields. */
export function tensorProto(
  name: string,
  type: number,
  shape: readonly (number | bigint)[],
  values: readonly (readonly [number, bigint | Buffer])[],
): Buffer {
  return protobuf([
    ...shape.map((size): [number, bigint] => [1, BigInt(size)]),
    [2, BigInt(type)],
    [8, Buffer.from(name)],
    ...values,
  ]);
}

/** A safetensors file with this header, as an object or as text, and these bytes of values. */
export function safetensors(header: object | string, data: Buffer): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, data]);
}
