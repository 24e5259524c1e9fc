// npm run reference -- FILE.json [FILE ...]: evaluates every case of reference files through the public API.
//
// A file is {"system", "cases": [{"quantity", "parameters", "value", "relativeTolerance"?, "absoluteTolerance"?,
// "expectError"?, "source"?}]}. Numbers pass within absoluteTolerance + relativeTolerance·|value| (both 0 when absent: exact);
// "Infinity" and "-Infinity" stand for the numbers; strings and booleans are compared exactly, lists per element, objects
// per key of the expected value; expectError names the code of the error that must be thrown. Prints a line per failing
// case and last "N passed, M failed"; exit code 1 on any failure or unknown quantity, 2 without a file.
import { readFileSync } from 'node:fs';
import { evaluate } from 'mft-native';

const files = process.argv.slice(2);
if (files.length === 0) {
  process.stderr.write('usage: npm run reference -- FILE.json [FILE.json ...]\n');
  process.exit(2);
}

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

async function check(
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

let passed = 0;
let failed = 0;
for (const file of files) {
  const { system, cases } = JSON.parse(readFileSync(file, 'utf8'));
  for (const [index, entry] of cases.entries()) {
    const problem = await check(system, entry);
    if (problem === undefined) {
      passed++;
      continue;
    }
    failed++;
    process.stdout.write(`${system} case ${index} ${entry.quantity} ${JSON.stringify(entry.parameters)}: ${problem}\n`);
  }
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exit(failed > 0 ? 1 : 0);
