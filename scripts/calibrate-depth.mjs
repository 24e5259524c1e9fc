// Measures the calibration table of ts/systems/feedforward/trainable-depth.ts again: ten tanh networks trained on MNIST by the
// protocol of test/fixtures/advice-settings.json, the depth at which half of the runs reach half of the best training accuracy.
//   MFT_DATA=<folder of the data sets> node scripts/calibrate-depth.mjs [--check]
// Prints the rows as they stand in the table, each with its ratio to the committed one. Single runs change sides with the kernels,
// so the ratios are not 1: --check fails when a boundary has moved by more than `largestRatio`, or when 6 ξ_c is not the table's.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { boundaries, formulaLengths, trainCells } from '../dist/systems/feedforward/experiments/trainable-length.js';
import { calibration } from '../dist/systems/feedforward/trainable-depth.js';

/** The 80 % interval of one boundary about the line is a factor of 1.35; a boundary that moves by less than half of it stays inside. */
const largestRatio = 1.2;

const { dataset, threshold, protocol } = JSON.parse(
  readFileSync(new URL('../test/fixtures/advice-settings.json', import.meta.url), 'utf8'),
);
const columns = calibration.boundaries.map(([weightVariance, keepProbability]) => ({
  activation: 'tanh',
  weightVariance,
  biasVariance: 0.05,
  keepProbability,
}));
const measured = boundaries(await trainCells(dataset, columns, protocol), threshold);

let failures = 0;
for (const [i, boundary] of measured.entries()) {
  const [weightVariance, keepProbability, length, depth] = calibration.boundaries[i];
  const again = formulaLengths(columns[i]).sixCorrelation;
  const row = [weightVariance, keepProbability, Number(again.toFixed(4))];
  const ratio = 'depth' in boundary ? boundary.depth / depth : Number.NaN;
  const isSame = Math.abs(again / length - 1) < 1e-5 && Math.max(ratio, 1 / ratio) < largestRatio;
  if (!isSame) failures++;
  const found = 'depth' in boundary ? boundary.depth.toFixed(2) : `${boundary.censored} the depths tried`;
  process.stdout.write(`    [${row.join(', ')}, ${found}], // ${depth} in the table: ${ratio.toFixed(3)}\n`);
}
process.stdout.write(`${failures} of ${measured.length} boundaries are not those of the table\n`);
if (process.argv.includes('--check') && failures > 0) process.exitCode = 1;
