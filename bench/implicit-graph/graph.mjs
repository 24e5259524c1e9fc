// A graph whose ends are drawn alike, in compressed rows with columns in order; the same in every language.

const word = (place) => {
  let state = Math.imul(place + 1, 0x9e3779b1);
  for (let round = 0; round < 2; round++) state = Math.imul(state ^ (state >>> 16), 0x45d9f3b);
  return (state ^ (state >>> 16)) >>> 0;
};

export function graphOf({ nodes, edges, width }) {
  const rowPointers = new Int32Array(nodes + 1);
  const ends = (e) => [word(2 * e) % nodes, word(2 * e + 1) % nodes];
  for (let e = 0; e < edges; e++) rowPointers[ends(e)[0] + 1]++;
  for (let i = 0; i < nodes; i++) rowPointers[i + 1] += rowPointers[i];
  const columns = new Int32Array(edges);
  const next = rowPointers.slice();
  for (let e = 0; e < edges; e++) {
    const [row, column] = ends(e);
    columns[next[row]++] = column;
  }
  for (let i = 0; i < nodes; i++) columns.subarray(rowPointers[i], rowPointers[i + 1]).sort();
  const values = Float64Array.from({ length: edges }, (_, e) => 0.5 + (e % 7) / 16);
  const x = Float64Array.from({ length: nodes * width }, (_, k) => ((k % 1013) - 506) / 512);
  return { rowPointers, columns, values, x };
}
