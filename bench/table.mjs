// Renders the rows of a benchmark file as Markdown: node bench/table.mjs FILE > table.md; with --write DOCUMENT the part between
// <!-- bench --> and <!-- /bench --> is replaced.
import { readFileSync, writeFileSync } from 'node:fs';
import { ratio, time } from './runner/print.mjs';

const [file, flag, documentPath] = process.argv.slice(2);
if (file === undefined || (flag !== undefined && (flag !== '--write' || documentPath === undefined))) {
  console.error('node bench/table.mjs FILE [--write DOCUMENT]');
  process.exit(2);
}
const { command, clock, machine, limits, rows } = JSON.parse(readFileSync(file, 'utf8'));
const text = [heading(), ...grouped().map(section)].join('\n\n');
if (documentPath === undefined) console.log(text);
else {
  const old = readFileSync(documentPath, 'utf8');
  const parts = /(<!-- bench -->\n)[\s\S]*(<!-- \/bench -->)/;
  if (!parts.test(old)) throw new Error(`${documentPath} has no <!-- bench --> … <!-- /bench -->`);
  writeFileSync(
    documentPath,
    old.replace(parts, (_, start, end) => `${start}${text}\n${end}`),
  );
}

function heading() {
  const { cpu, processors, memoryGiB, blas, blasCore, instructionSet, node, date, loadAverage } = machine;
  const how = clock === 'processor' ? 'Seconds are processor time.' : 'Seconds are wall time.';
  return (
    `Measured with \`${command} ` +
    `--json FILE\` on ` +
    `${date.slice(0, 10)}: ${cpu}, ` +
    `${processors} processors, ` +
    `${memoryGiB} GiB; ${blas}, ` +
    `core ${blasCore}; ` +
    `kernels ${instructionSet}; ` +
    `Node ${node}; load ` +
    `average at the start ` +
    `${loadAverage}. ${how} Medians ` +
    `of alternating runs; spread ` +
    `is half the range.`
  );
}

function grouped() {
  const groups = new Map();
  for (const row of rows) {
    const key = `${row.task}, ${row.case}, ${row.threads} thread${row.threads === 1 ? '' : 's'}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups];
}

function section([title, group]) {
  const [{ task, case: name, threads }] = group;
  const measured = limits.find((one) => one.task === task && one.case === name && one.threads === threads);
  const loads = group.flatMap(({ loadAverage }) => loadAverage ?? []);
  const load = loads.length > 0 ? ` Load average ${Math.min(...loads)} to ${Math.max(...loads)}.` : '';
  const spread = (row) => (row.seconds === undefined ? '' : `± ${(50 * row.spread).toFixed(0)} %`);
  const cells = (row) => [
    row.competitor,
    row.precision,
    time(row),
    spread(row),
    ratio(row.ratioToOurs),
    ofLimit(row),
    remark(row),
  ];
  const lines = group.map((row) => `| ${cells(row).join(' | ')} |`);
  return [
    `### ${title}`,
    '',
    `${limitsLine(measured)}${load}`.trim(),
    '',
    '| competitor | precision | seconds | spread | seconds / ours | part of the limit | |',
    '|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

function limitsLine(measured) {
  if (measured?.multiplyAddFloat32 === undefined) return '';
  const billions = (value, digits) => (value / 1e9).toFixed(digits);
  const { multiplyAddFloat32, multiplyAddFloat64, copyBandwidth, normalsFloat32, normalsFloat64 } = measured;
  const multiplyAdd = `${billions(multiplyAddFloat32, 0)} and ${billions(multiplyAddFloat64, 0)} Gflop/s`;
  const normals = `${billions(normalsFloat32, 2)}e9 and ${billions(normalsFloat64, 2)}e9 a second`;
  const copy = `${billions(copyBandwidth, 1)} GB/s`;
  return `Limits in this run: multiply-add ${multiplyAdd} (float32, float64), copy ${copy}, our normals ${normals}.`;
}

function ofLimit({ fractionOfLimit, limit }) {
  return fractionOfLimit === undefined ? '' : `${fractionOfLimit.toFixed(2)} of ${limit}`;
}

function remark({ wrong, absent, algorithm, memory }) {
  if (wrong !== undefined) return `wrong answer, not timed: ${wrong}`;
  if (absent !== undefined) return `absent: ${absent}`;
  if (memory !== undefined) return `memory + ${memory.grown} MiB (${memory.estimated} estimated)`;
  return algorithm ?? '';
}
