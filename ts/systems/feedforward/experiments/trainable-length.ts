// How deep networks train: accuracy over depth for several networks, the boundary, and which multiple of which depth scale
// describes it.
//
// The criterion, fixed before any accuracy was looked at:
//   * a column is one network (activation, σ_w², σ_b², ρ, width) at several depths; a cell is a column at one depth;
//   * every cell trains with plain SGD at each rate with the first seed; the rate of the cell is the one with the highest
//     accuracy on validation images (a tie takes the larger rate); the other seeds train at that rate only;
//   * the accuracy of a run is that of its first training images, without masks, after the last step; a diverged run has 0;
//   * a run succeeds when its accuracy is at least 0.3, 0.5 or 0.7 of the best accuracy of any run of the experiment;
//   * the boundary of a column is the level set 1/2 of a logistic law in log depth over all its runs; columns whose boundary
//     lies outside the depths tried are censored, counted, and left out of what follows;
//   * the formulas are 6 ξ_c, 12 ξ_1, 12 ξ_c and 12 min(ξ_1, ξ_c); for each: the fitted multiple of ξ (geometric mean over
//     columns, 95 % interval of Student's t), the rms of log(boundary/formula) about that multiple, and about the formula itself.
import { dataOptionsOf } from '../../../data/options.js';
import type { ControlOptions } from '../../../core/control.js';
import type { DataOptions } from '../../../data/bytes.js';
import { readDataset } from '../../../data/dataset.js';
import { fitLevelSet, type LevelSet } from '../../../fit/level-set.js';
import { multipliers } from '../../../gaussian/multipliers.js';
import { trainableLengths } from '../trainability.js';
import { studentQuantile } from '../../../statistics/distributions.js';
import type { ActivationSpec } from '../../../gaussian/activations.js';
import { heldOut } from '../../../training/hold-out.js';
import { trainMany } from '../../../verbs/train.js';

/** Fractions of the best accuracy at which a network counts as trained. */
export const accuracyThresholds = [0.3, 0.5, 0.7] as const;

/** A network whose depth varies. */
export interface LengthColumn {
  readonly activation: ActivationSpec;
  readonly weightVariance: number;
  readonly biasVariance: number;
  readonly keepProbability: number;
}

/** How every cell is trained. */
export interface LengthProtocol {
  readonly width: number;
  readonly depths: readonly number[];
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRates: readonly number[];
  readonly seeds: readonly number[];
  /** Training images: the first of the training set. Validation images: the next ones. */
  readonly trainCount: number;
  readonly validationCount: number;
}

/** The runs of one column at one depth. */
export interface LengthCell {
  readonly column: number;
  readonly depth: number;
  readonly learningRate: number;
  /** Training accuracy per seed. */
  readonly accuracies: readonly number[];
}

/**
 * Trains every column at every depth, networks side by side.
 *
 * @param dataset name of a data set; only its training images are used
 * @returns cells, column by column
 * @throws MftError (rejects) as `trainMany`; ERR_MFT_OUT_OF_RANGE when the data set has fewer images than asked for
 */
export async function trainCells(
  dataset: string,
  columns: readonly LengthColumn[],
  protocol: LengthProtocol,
  options: DataOptions & ControlOptions & { readonly threads?: number } = {},
): Promise<readonly LengthCell[]> {
  const { depths, learningRates, seeds } = protocol;
  const data = heldOut(
    await readDataset(dataset, 'train', dataOptionsOf(options)),
    protocol.trainCount,
    protocol.validationCount,
  );
  const keys = columns.flatMap((_, column) => depths.map((depth) => ({ column, depth })));
  const accuracies = async (
    runs: readonly (Key & { readonly learningRate: number; readonly seed: number })[],
  ): Promise<readonly { train: number; validation: number }[]> => {
    if (runs.length === 0) return [];
    const jobs = runs.map(({ column, depth, learningRate, seed }) => ({
      spec: { system: 'feedforward' as const, ...(columns[column] as LengthColumn), width: protocol.width, depth },
      options: {
        optimizer: 'sgd' as const,
        steps: protocol.steps,
        batchSize: protocol.batchSize,
        learningRate,
        seed,
        reportEvery: protocol.steps,
        trainEvaluation: protocol.validationCount,
      },
    }));
    const results = await trainMany(jobs, data, options);
    return results.map((result) =>
      result.stopped === undefined
        ? { train: result.train.accuracy ?? 0, validation: result.test?.accuracy ?? 0 }
        : { train: 0, validation: 0 },
    );
  };
  const [firstSeed, ...otherSeeds] = seeds;
  const first = await accuracies(
    keys.flatMap((key) => learningRates.map((learningRate) => ({ ...key, learningRate, seed: firstSeed as number }))),
  );
  const chosen = keys.map((key, i) => {
    const best = bestRate(
      learningRates.map((learningRate, r) => ({
        learningRate,
        ...(first[i * learningRates.length + r] as { train: number; validation: number }),
      })),
    );
    return { ...key, learningRate: best.learningRate, train: best.train };
  });
  const rest = await accuracies(
    chosen.flatMap(({ column, depth, learningRate }) =>
      otherSeeds.map((seed) => ({ column, depth, learningRate, seed })),
    ),
  );
  return chosen.map(({ column, depth, learningRate, train }, i) => ({
    column,
    depth,
    learningRate,
    accuracies: [train, ...otherSeeds.map((_, s) => rest[i * otherSeeds.length + s]?.train as number)],
  }));
}

/** The run with the highest accuracy on validation images; a tie takes the larger rate. */
export function bestRate<R extends { readonly learningRate: number; readonly validation: number }>(
  tried: readonly R[],
): R {
  return tried.reduce((a, b) =>
    b.validation > a.validation || (b.validation === a.validation && b.learningRate > a.learningRate) ? b : a,
  );
}

interface Key {
  readonly column: number;
  readonly depth: number;
}

/** Boundary of every column at one threshold. */
export function boundaries(cells: readonly LengthCell[], threshold: number): readonly LevelSet[] {
  const best = Math.max(...cells.flatMap((cell) => cell.accuracies));
  const columns = 1 + Math.max(...cells.map((cell) => cell.column));
  return Array.from({ length: columns }, (_, column) =>
    fitLevelSet(
      cells
        .filter((cell) => cell.column === column)
        .flatMap(({ depth, accuracies }) =>
          accuracies.map((accuracy) => ({ depth, isSuccess: accuracy >= threshold * best })),
        ),
    ),
  );
}

/** The four formulas: the factor of the papers and the scale it multiplies. */
export const lengthFormulas = {
  sixCorrelation: { label: '6 ξ_c', factor: 6 },
  twelveGradient: { label: '12 ξ_1', factor: 12 },
  twelveCorrelation: { label: '12 ξ_c', factor: 12 },
  twelveMinimum: { label: '12 min(ξ_1, ξ_c)', factor: 12 },
} as const;

export type LengthFormula = keyof typeof lengthFormulas;

/** The four lengths of a column. @throws MftError as `multipliers` */
export function formulaLengths(column: LengthColumn): Readonly<Record<LengthFormula, number>> {
  const lengths = trainableLengths(multipliers(column));
  return {
    sixCorrelation: lengths.trainableLengthSixCorrelation,
    twelveGradient: lengths.trainableLengthTwelveGradient,
    twelveCorrelation: lengths.trainableLengthTwelveCorrelation,
    twelveMinimum: lengths.trainableLengthTwelveMin,
  };
}

/** One formula against the measured boundary. */
interface FormulaFit {
  readonly formula: LengthFormula;
  /** Columns with a measured boundary and a finite formula. */
  readonly columns: number;
  /** Multiple of the depth scale (not of 6 or 12 of them) with its 95 % interval. */
  readonly multiple: number;
  readonly low: number;
  readonly high: number;
  /** Of the multiple. */
  readonly standardError: number;
  /** rms of log(boundary/(multiple · ξ)). */
  readonly scatter: number;
  /** rms of log(boundary/formula), nothing fitted. */
  readonly misfit: number;
}

/** How well every formula describes the boundaries. Needs two measured columns: fewer give an empty list. */
export function fitFormulas(columns: readonly LengthColumn[], measured: readonly LevelSet[]): readonly FormulaFit[] {
  return (Object.keys(lengthFormulas) as LengthFormula[]).flatMap((formula) => {
    const logs = columns.flatMap((column, i) => {
      const boundary = measured[i];
      const length = formulaLengths(column)[formula];
      return boundary === undefined || 'censored' in boundary || !Number.isFinite(length)
        ? []
        : [Math.log(boundary.depth / length)];
    });
    const n = logs.length;
    if (n < 2) return [];
    const mean = logs.reduce((sum, log) => sum + log, 0) / n;
    const scatter = Math.sqrt(logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / n);
    const logError = scatter / Math.sqrt(n - 1);
    const half = studentQuantile(0.05, n - 1) * logError;
    const multiple = lengthFormulas[formula].factor * Math.exp(mean);
    return [
      {
        formula,
        columns: n,
        multiple,
        low: multiple * Math.exp(-half),
        high: multiple * Math.exp(half),
        standardError: multiple * logError,
        scatter,
        misfit: Math.hypot(mean, scatter),
      },
    ];
  });
}
