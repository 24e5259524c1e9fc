// One case on the terminal.

export function printCase(task, one, threads, { rows, limits }) {
  console.log(`${task.name}, ${one.name}, ${threads} thread${threads === 1 ? '' : 's'}: ${task.title}`);
  if (limits.multiplyAddFloat32 !== undefined) {
    const billions = (value) => (value / 1e9).toFixed(value < 2e10 ? 2 : 0);
    console.log(
      `  limits: multiply-add ` +
        `${billions(limits.multiplyAddFloat32)} ` +
        `(float32), ` +
        `${billions(limits.multiplyAddFloat64)} ` +
        `(float64) ` +
        `Gflop/s; copy ${billions(limits.copyBandwidth)} ` +
        `GB/s; our normals ${billions(limits.normalsFloat32)}, ${billions(limits.normalsFloat64)} e9/s`,
    );
  }
  const table = rows.map((row) => [
    row.competitor,
    row.precision,
    time(row),
    row.seconds === undefined ? '' : `± ${(50 * row.spread).toFixed(0)} %`,
    ratio(row.ratioToOurs),
    share(row),
    remark(row),
  ]);
  const heads = ['competitor', 'precision', 'seconds', 'spread', 'ratio to ours', 'of the limit', ''];
  const widths = heads.map((head, i) =>
    Math.max(head.length, ...table.map((cells) => (i === heads.length - 1 ? 0 : cells[i].length))),
  );
  for (const cells of [heads, ...table])
    console.log(
      `  ${cells
        .map((cell, i) => cell.padEnd(widths[i]))
        .join('  ')
        .trimEnd()}`,
    );
  console.log('');
}

export function time({ seconds }) {
  if (seconds === undefined) return '—';
  return seconds >= 100 ? seconds.toFixed(0) : seconds.toPrecision(3);
}

export function ratio(value) {
  if (value === undefined || value === null) return '';
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function share({ fractionOfLimit, limit }) {
  return fractionOfLimit === undefined ? '' : `${fractionOfLimit.toFixed(2)} of ${limit}`;
}

function remark({ wrong, absent, algorithm, memory }) {
  if (wrong !== undefined) return `WRONG, not timed: ${wrong}`;
  if (absent !== undefined) return `absent: ${absent}`;
  if (memory !== undefined) return `memory grew by ${memory.grown} MiB, ${memory.estimated} MiB estimated`;
  return algorithm === undefined ? '' : '(another, exact algorithm)';
}
