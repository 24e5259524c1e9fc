// Just enough of the ONNX format (a protocol buffer) to write a model from JavaScript.

function varint(value) {
  const bytes = [];
  let rest = BigInt(value);
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 128 : low);
  } while (rest > 0n);
  return Buffer.from(bytes);
}

const whole = (field, value) => Buffer.concat([varint(field * 8), varint(value)]);
const bytes = (field, content) => Buffer.concat([varint(field * 8 + 2), varint(content.length), content]);
const text = (field, value) => bytes(field, Buffer.from(value));

/** A constant of the graph. */
export function constant(name, dimensions, values) {
  const type = values instanceof Float32Array ? 1 : 7; // float or int64
  return Buffer.concat([
    ...dimensions.map((d) => whole(1, d)),
    whole(2, type),
    text(8, name),
    bytes(9, Buffer.from(values.buffer, values.byteOffset, values.byteLength)),
  ]);
}

/** An operation; `attributes` are whole numbers or lists of whole numbers. */
export function operation(type, inputs, output, attributes = {}) {
  const encoded = Object.entries(attributes).map(([name, value]) =>
    bytes(
      5,
      Buffer.concat(
        Array.isArray(value)
          ? [text(1, name), ...value.map((v) => whole(8, v)), whole(20, 7)]
          : [text(1, name), whole(3, value), whole(20, 2)],
      ),
    ),
  );
  return Buffer.concat([...inputs.map((name) => text(1, name)), text(2, output), text(4, type), ...encoded]);
}

function valueInfo(name, dimensions) {
  const shape = Buffer.concat(dimensions.map((d) => bytes(1, whole(1, d))));
  return Buffer.concat([text(1, name), bytes(2, bytes(1, Buffer.concat([whole(1, 1), bytes(2, shape)])))]);
}

/** The model as bytes: `inputs` and `outputs` are name → dimensions, all single precision. */
export function model({ operations, constants, inputs, outputs }) {
  const graph = Buffer.concat([
    ...operations.map((node) => bytes(1, node)),
    text(2, 'graph'),
    ...constants.map((tensor) => bytes(5, tensor)),
    ...Object.entries(inputs).map(([name, dimensions]) => bytes(11, valueInfo(name, dimensions))),
    ...Object.entries(outputs).map(([name, dimensions]) => bytes(12, valueInfo(name, dimensions))),
  ]);
  return Buffer.concat([whole(1, 8), bytes(7, graph), bytes(8, Buffer.concat([text(1, ''), whole(2, 13)]))]);
}
