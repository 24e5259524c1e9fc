// What commands print: data on stdout, everything else on stderr.
import { toJson } from '../core/codec.js';
import { MftError } from '../core/errors.js';
import { replaceFile } from '../core/replace-file.js';
import { printable, printableJson } from '../core/text.js';
import { isUndefined, type Observable, type QuantityValue, type Warning } from '../core/results.js';

export function printJson(value: unknown): void {
  process.stdout.write(`${printableJson(JSON.stringify(toJson(value), null, 2))}\n`);
}

/** Columns of text: the first and columns of words to the left, numbers to the right. */
export function table(header: readonly string[], given: readonly (readonly string[])[]): string {
  const rows = given.map((row) => row.map(printable));
  const isNumeric = header.map(
    (_, column) => column > 0 && rows.every((row) => /^$|^-?(\d|Infinity)/.test(row[column] ?? '')),
  );
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        isNumeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

const longestShown = 90;

const cut = (text: string): string =>
  text.length > longestShown ? `${text.slice(0, longestShown)}… (in full with --json)` : text;

/** A number for people: six significant digits. */
export function shown(value: QuantityValue | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number')
    return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : value > 0 ? 'Infinity' : '-Infinity';
  if (isUndefined(value)) return `undefined (${value.reason})`;
  return typeof value === 'object' ? cut(JSON.stringify(toJson(value))) : String(value);
}

/** Names and values for people: what has parts is a line for each, `bounds.stated.value`; lists have six digits too. */
export function shownQuantities(
  quantities: Readonly<Record<string, QuantityValue | undefined>>,
  prefix = '',
): [string, string][] {
  return Object.entries(quantities).flatMap(([name, value]): [string, string][] => {
    const path = `${prefix}${name}`;
    if (value === undefined) return [];
    const text = shown(value);
    if (typeof value !== 'object' || isUndefined(value)) return [[path, prefix === '' ? text : cut(text)]];
    if (!Array.isArray(value)) return shownQuantities(value as Readonly<Record<string, QuantityValue>>, `${path}.`);
    const isPlain = value.every((one) => typeof one !== 'object' || isUndefined(one));
    return [[path, isPlain ? cut(`[${value.map(shown).join(', ')}]`) : shown(value)]];
  });
}

/** Positions of an observable as "layer 3, input 0". */
export function positionText(observable: Pick<Observable, 'axes'>, index: number): string {
  let rest = index;
  const parts: string[] = [];
  for (let a = observable.axes.length - 1; a >= 0; a--) {
    const axis = observable.axes[a];
    if (axis === undefined) continue;
    const length = axis.values.length;
    parts.unshift(`${axis.name} ${axis.values[rest % length]}`);
    rest = Math.floor(rest / length);
  }
  return parts.join(', ');
}

/** At most `most` of 0..count − 1, evenly spread, first and last included. */
export function spreadIndices(count: number, most: number): number[] {
  if (count <= most) return Array.from({ length: count }, (_, i) => i);
  return Array.from({ length: most }, (_, i) => Math.round((i * (count - 1)) / (most - 1)));
}

/**
 * About `most` of the positions `index` (ascending; all positions when left out): evenly spread values of the first axis, each
 * with all its inputs or pairs.
 */
export function shownPositions(
  observable: Pick<Observable, 'axes'>,
  most: number,
  index?: ArrayLike<number>,
): number[] {
  const inner = observable.axes.slice(1).reduce((product, axis) => product * axis.values.length, 1);
  const all = Array.from(index ?? { length: inner * (observable.axes[0]?.values.length ?? 1) }, (value, i) =>
    index === undefined ? i : (value as number),
  );
  const layers = [...new Set(all.map((position) => Math.floor(position / inner)))];
  const chosen = new Set(spreadIndices(layers.length, Math.max(2, Math.ceil(most / inner))).map((i) => layers[i]));
  return all.filter((position) => chosen.has(Math.floor(position / inner)) && position % inner < most);
}

/** The value at a position, or why it has none. */
export function shownAt(observable: Observable, position: number): string {
  const missing = observable.undefinedAt?.find(({ index }) => index === position);
  return shown(missing === undefined ? observable.values[position] : { reason: missing.reason });
}

export function printWarnings(warnings: readonly Warning[]): void {
  for (const warning of warnings) process.stderr.write(`mft: warning: ${printable(warning.message)}\n`);
}

/** Writes an output file, or says why it could not be written. */
export async function writeOutput(file: string, content: string | Uint8Array): Promise<void> {
  try {
    await replaceFile(file, [content]);
  } catch (cause) {
    throw new MftError(
      'ERR_MFT_DISK',
      `Could not write ${file}: ${cause instanceof Error ? cause.message : String(cause)}.`,
      { parameter: 'output', cause },
    );
  }
  process.stderr.write(`mft: wrote ${file}\n`);
}
