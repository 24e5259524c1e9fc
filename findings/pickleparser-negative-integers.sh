#!/usr/bin/env bash
# pickleparser 0.2.1 (npm), which reads Python pickles such as PyTorch's .pt files: integers below -2^31 come out positive, without an
# error. Python writes them as LONG1: little-endian two's complement in as few bytes as needed; the sign bit of the last byte is taken
# for a bit of the value, so -2^31 - 1 (five bytes) becomes 2^40 - 2^31 - 1. Integers from -2^31 up, and positive ones, are right.
#
# Seen with Node.js 20.20 (the bytes below are what Python 3.11 writes for pickle.dumps([...], protocol=2)):
#   -5 -> -5   -2147483648 -> -2147483648   -2147483649 -> 1097364144127   -1099511627776 -> 280375465082880   1099511627776 -> right
# Met where a state dictionary holds 64-bit counters or seeds. Fails when this behaviour changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --ignore-scripts --no-audit --no-fund --loglevel=error pickleparser@0.2.1 >/dev/null
cat >run.mjs <<'JS'
import { Parser } from 'pickleparser';

/** A pickle of protocol 2 that holds one integer, as Python writes it. */
function pickled(value) {
  if (value >= -(2n ** 31n) && value < 2n ** 31n) {
    const bytes = Buffer.alloc(8);
    bytes.set([0x80, 2, 'J'.charCodeAt(0)]);
    bytes.writeInt32LE(Number(value), 3);
    bytes[7] = '.'.charCodeAt(0);
    return bytes;
  }
  let size = 1;
  while (value < -(2n ** BigInt(8 * size - 1)) || value >= 2n ** BigInt(8 * size - 1)) size++;
  const body = Array.from({ length: size }, (_, i) => Number((BigInt.asUintN(64, value) >> BigInt(8 * i)) & 255n));
  return Buffer.from([0x80, 2, 0x8a, size, ...body, '.'.charCodeAt(0)]);
}

const seen = [-5n, -(2n ** 31n), -(2n ** 31n) - 1n, -(2n ** 40n), 2n ** 40n].map((value) => [
  String(value),
  String(new Parser().parse(pickled(value))),
]);
for (const [value, read] of seen) console.log(`${value} is read as ${read}`);
const expected = ['-5', '-2147483648', '1097364144127', '280375465082880', '1099511627776'];
if (seen.some(([, read], i) => read !== expected[i])) {
  console.error('The behaviour has changed.');
  process.exit(1);
}
JS
node run.mjs
