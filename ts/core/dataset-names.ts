// The names of data sets that specs, plans and commands may use.

/** EMNIST's parts and their numbers of classes; the letters are labelled from 1 in their files. */
export const emnistClasses = {
  'emnist-balanced': 47,
  'emnist-byclass': 62,
  'emnist-bymerge': 47,
  'emnist-digits': 10,
  'emnist-letters': 26,
  'emnist-mnist': 10,
} as const;

/** Every data set that has a name; others are archives. */
export const datasetNames: readonly string[] = [
  'mnist',
  'cifar10',
  'cifar100',
  'synthetic',
  'gratings',
  ...Object.keys(emnistClasses),
];
export const datasetExpectation = `one of ${datasetNames.join(', ')}, or the path of a .npz archive`;

export function isDatasetName(name: unknown): name is string {
  return typeof name === 'string' && (datasetNames.includes(name) || name.endsWith('.npz'));
}
