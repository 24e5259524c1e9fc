// Weights that are not stored as they are used: of weight_norm and spectral_norm, under their old names and as parametrisations.
import { formatError } from '../data/files.js';
import type { NpyValues } from '../data/npy.js';
import type { StoredArray } from '../weights/stored.js';

/** The arrays, with `NAME.weight` in place of the arrays it is made from, and the names of what was put together. */
export function putTogether(arrays: readonly StoredArray[]): { arrays: StoredArray[]; combined: Map<string, string> } {
  const byName = new Map(arrays.map((array) => [array.name, array]));
  const used = new Set<string>();
  const made = new Map<string, StoredArray>();
  const combined = new Map<string, string>();
  const take = (
    base: string,
    how: string,
    parts: readonly string[],
    combine: (values: NpyValues[], shape: readonly number[]) => NpyValues,
  ): void => {
    const found = parts.map((part) => byName.get(`${base}${part}`));
    const [main, ...others] = found;
    if (main === undefined || others.some((other) => other === undefined)) return;
    const name = `${base}weight`;
    for (const part of parts) used.add(`${base}${part}`);
    combined.set(name, how);
    made.set(main.name, {
      ...main,
      name,
      read: async () => {
        const values = await Promise.all((found as StoredArray[]).map((array) => array.read()));
        return combine(values, main.shape);
      },
    });
  };
  for (const { name } of arrays) {
    const base = (end: string): string | undefined => (name.endsWith(end) ? name.slice(0, -end.length) : undefined);
    const normed = base('weight_v');
    if (normed !== undefined && byName.has(`${normed}weight_g`))
      take(normed, 'weight_norm', ['weight_v', 'weight_g'], rowScaled);
    const parametrised = base('parametrizations.weight.original1');
    if (parametrised !== undefined) {
      const path = 'parametrizations.weight.';
      take(parametrised, 'weight_norm', [`${path}original1`, `${path}original0`], rowScaled);
    }
    const spectral = base('weight_orig');
    if (spectral !== undefined) take(spectral, 'spectral_norm', ['weight_orig', 'weight_u', 'weight_v'], spectrally);
    const original = base('parametrizations.weight.original');
    if (original !== undefined) {
      const path = 'parametrizations.weight.';
      take(original, 'spectral_norm', [`${path}original`, `${path}0._u`, `${path}0._v`], spectrally);
    }
  }
  const rest = arrays.flatMap((array) => made.get(array.name) ?? (used.has(array.name) ? [] : [array]));
  return { arrays: rest, combined };
}

/** g v/‖v‖, row by row. */
function rowScaled([v, g]: NpyValues[], shape: readonly number[]): NpyValues {
  const [values, norms] = [v as NpyValues, g as NpyValues];
  const rows = shape[0] ?? 1;
  if (norms.length !== rows) throw formatError('weight_g', `has ${norms.length} values, the weight has ${rows} rows.`);
  const length = values.length / Math.max(1, rows);
  const result = values.slice();
  for (let row = 0; row < rows; row++) {
    let squares = 0;
    for (let i = 0; i < length; i++) squares += (values[row * length + i] as number) ** 2;
    for (let i = 0; i < length; i++)
      result[row * length + i] = ((values[row * length + i] as number) * (norms[row] as number)) / Math.sqrt(squares);
  }
  return result;
}

/** W/(uᵀ W v), with the vectors of the last step of the power iteration. */
function spectrally([w, u, v]: NpyValues[], shape: readonly number[]): NpyValues {
  const [values, left, right] = [w as NpyValues, u as NpyValues, v as NpyValues];
  const columns = values.length / Math.max(1, shape[0] ?? 1);
  if (left.length !== shape[0] || right.length !== columns)
    throw formatError(
      'weight_u',
      `and weight_v have ${left.length} and ${right.length} values for ${shape[0]} × ${columns} weights.`,
    );
  let norm = 0;
  for (let i = 0; i < left.length; i++)
    for (let j = 0; j < columns; j++)
      norm += (left[i] as number) * (values[i * columns + j] as number) * (right[j] as number);
  return values.map((value) => value / norm);
}
