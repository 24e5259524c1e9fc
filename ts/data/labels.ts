// Labels as whole numbers from 0: from the numbers of a file, from one-hot rows, from the columns of QMNIST.
import { formatError } from './files.js';

/** Labels of a data set, and what the file's form of them was. */
interface Labels {
  readonly values: Uint8Array<SharedArrayBuffer>;
  /** `numbers`: as they are; `oneHot`: rows with a single 1, whose place is the label. */
  readonly form: 'numbers' | 'oneHot';
  /** One-hot: the columns; else one more than the largest label. */
  readonly classes: number;
}

/**
 * @param values row-major
 * @param shape (n), (n, 1), or (n, k) for one-hot rows
 * @param name what messages call the array
 * @throws MftError ERR_MFT_DATA_FORMAT
 */
export function labelsOf(values: ArrayLike<number>, shape: readonly number[], name: string): Labels {
  const count = shape[0] ?? 0;
  const columns = shape.slice(1).reduce((product, size) => product * size, 1);
  if (shape.length < 1 || (shape.length > 1 && columns !== 1 && shape.length !== 2))
    throw formatError(name, `has shape (${shape.join(', ')}); labels have (images) or, one-hot, (images, classes).`);
  if (columns !== 1) return { values: placesOfOnes(values, count, columns, name), form: 'oneHot', classes: columns };
  const labels = new Uint8Array(new SharedArrayBuffer(count));
  for (let i = 0; i < count; i++) {
    const label = values[i] as number;
    if (!(label >= 0 && label < 256 && Number.isInteger(label)))
      throw formatError(name, `label ${i} is ${label}; labels are whole numbers from 0 to 255.`);
    labels[i] = label;
  }
  const classes = 1 + labels.reduce((largest, label) => Math.max(largest, label), 0);
  return { values: labels, form: 'numbers', classes };
}

function placesOfOnes(
  values: ArrayLike<number>,
  count: number,
  columns: number,
  name: string,
): Uint8Array<SharedArrayBuffer> {
  const refuse = (why: string): never => {
    throw formatError(
      name,
      `has shape (${count}, ${columns}), as one-hot labels have, but ${why}; give one whole number per image.`,
    );
  };
  if (columns < 2 || columns > 256) refuse(`${columns} classes are not read`);
  const labels = new Uint8Array(new SharedArrayBuffer(count));
  for (let i = 0; i < count; i++) {
    let place = -1;
    for (let k = 0; k < columns; k++) {
      const value = values[i * columns + k] as number;
      if (value === 1 && place < 0) place = k;
      else if (value !== 0) refuse(`row ${i} is not one 1 among zeros`);
    }
    if (place < 0) refuse(`row ${i} has no 1`);
    labels[i] = place;
  }
  return labels;
}

/** Classes below the largest label that no image has. */
export function missingClasses(labels: Uint8Array, classes: number): number[] {
  const seen = new Uint8Array(256);
  for (const label of labels) seen[label] = 1;
  return Array.from({ length: classes }, (_, label) => label).filter((label) => seen[label] === 0);
}
