// npm run reference -- FILE.json [FILE ...]: evaluates every case of reference files through the public API.
//
// A file is {"system", "cases": [{"quantity", "parameters", "value", "relativeTolerance"?, "absoluteTolerance"?,
// "expectError"?, "source"?}]}. Numbers pass within absoluteTolerance + relativeTolerance·|value| (both 0 when absent: exact);
// "Infinity" and "-Infinity" stand for the numbers; strings and booleans are compared exactly, lists per element, objects
// per key of the expected value; expectError names the code of the error that must be thrown. Prints a line per failing
// case and last "N passed, M failed"; exit code 1 on any failure or unknown quantity, 2 without a file.
import { readFileSync } from 'node:fs';
import { check } from './reference-cases.mjs';

const files = process.argv.slice(2);
if (files.length === 0) {
  process.stderr.write('usage: npm run reference -- FILE.json [FILE.json ...]\n');
  process.exit(2);
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
