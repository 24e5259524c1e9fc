// What a case of a reference file says (scripts/reference.mjs describes it) against what `evaluate` gives.
import { evaluate } from 'mft-native';

const asNumber = (value) => (value === 'Infinity' ? Infinity : value === '-Infinity' ? -Infinity : value);

/** What is wrong with `found`, or undefined. */
function mismatch(found, wanted, relative, absolute, path) {
  const [x, y] = [asNumber(found), asNumber(wanted)];
  if (typeof y === 'number') {
    if (typeof x !== 'number') return `${path}: expected ${y}, received ${JSON.stringify(found)}`;
    if (x === y) return undefined;
    const error = Math.abs(x - y);
    return error <= absolute + relative * Math.abs(y)
      ? undefined
      : `${path}: expected ${y}, received ` +
          `${x} (relative error ` +
          `${(error / Math.abs(y)).toExponential(2)}, ` +
          `tolerance ${relative} relative, ${absolute} absolute)`;
  }
  if (y === null || typeof y !== 'object')
    return x === y ? undefined : `${path}: expected ${JSON.stringify(wanted)}, received ${JSON.stringify(found)}`;
  if (Array.isArray(y)) {
    const list = ArrayBuffer.isView(x) ? Array.from(x) : x;
    if (!Array.isArray(list) || list.length !== y.length)
      return (
        `${path}: expected a list of ` +
        `${y.length}, received ` +
        `${Array.isArray(list) ? `a list of ${list.length}` : JSON.stringify(found)}`
      );
    return y
      .map((item, i) => mismatch(list[i], item, relative, absolute, `${path}[${i}]`))
      .find((text) => text !== undefined);
  }
  return Object.entries(y)
    .map(([key, item]) => mismatch(x?.[key], item, relative, absolute, `${path}.${key}`))
    .find((text) => text !== undefined);
}

/** What is wrong with a case of a reference file, or undefined. */
export async function check(
  system,
  { quantity, parameters, value, relativeTolerance = 0, absoluteTolerance = 0, expectError },
) {
  try {
    const found = await evaluate(system, quantity, parameters ?? {});
    if (expectError !== undefined) return `expected the error ${expectError}, received ${JSON.stringify(found)}`;
    return mismatch(found, value, relativeTolerance, absoluteTolerance, 'value');
  } catch (error) {
    if (expectError !== undefined)
      return error.code === expectError
        ? undefined
        : `expected the error ${expectError}, received ${error.code ?? error.name}: ${error.message}`;
    return `${error.code ?? error.name}: ${error.message}`;
  }
}
