// What the comparisons of training with PyTorch share: the images of a fixture, and how a run is held against its numbers.
import type { Test } from 'tap';
import type { Dataset, Training } from 'mft-native';

export function imagesOf(
  fixture: { readonly images: readonly number[]; readonly labels: readonly number[] },
  dimension: number,
  classes: number,
): Dataset {
  return {
    name: 'fixture',
    split: 'train',
    count: fixture.labels.length,
    shape: [dimension],
    dimension,
    classes,
    images: Float32Array.from(fixture.images),
    labels: Uint8Array.from(fixture.labels),
    verified: true,
    files: [],
    sha256: '',
  };
}

export function largestDifference(a: ArrayLike<number>, b: readonly number[]): number {
  return b.reduce(
    (worst, value, i) => Math.max(worst, Math.abs((a[i] as number) - value)),
    a.length === b.length ? 0 : Infinity,
  );
}

/** The trained numbers of a run, array by array; what is fixed stands last and is left out. */
const trained = ({ weights }: Training): number[] =>
  Object.entries(weights ?? {}).flatMap(([name, { values }]) => (name.endsWith('projection') ? [] : [...values]));

/** What PyTorch gave, in double and in single precision. */
export interface Expected {
  readonly losses: readonly number[];
  readonly parameters: readonly number[];
  readonly losses32: readonly number[];
  readonly parameters32: readonly number[];
}

/** Trains in both precisions and holds parameters and losses against PyTorch's. */
export async function holdAgainst(
  t: Test,
  expected: Expected,
  run: (precision: 'float64' | 'float32') => Promise<Training>,
): Promise<void> {
  for (const [precision, parameters, losses, tolerance] of [
    ['float64', expected.parameters, expected.losses, 1e-12],
    ['float32', expected.parameters32, expected.losses32, 2e-5],
  ] as const) {
    const training = await run(precision);
    const difference = largestDifference(trained(training), parameters);
    t.ok(difference < tolerance, `${precision}: parameters differ by at most ${difference.toExponential(1)}`);
    const lossDifference = largestDifference(
      training.reports.map((report) => report.trainLoss),
      losses,
    );
    t.ok(lossDifference < tolerance, `${precision}: losses differ by at most ${lossDifference.toExponential(1)}`);
  }
}
