// The runs of figure 5: networks in moment form from several starts, and theory of the leading modes without a free parameter.
import { meanOf } from '../../statistics/measured.js';
import { predict } from '../../verbs/predict.js';
import { type SimulatedRun, simulatedRuns } from '../simulating.js';
import type { ImageSet } from '../training.js';
import type { ReproductionOptions, Scale } from '../types.js';
import { initialVariance, kinds, type Kind, type PublishedSet } from './figure-5-published.js';

export interface ImageScale extends Scale {
  /** Data sets, as many as are run. */
  readonly sets: readonly ImageSet[];
  /** Modes of the runs that are held against the stored numbers; 0 = all. */
  readonly modes: number;
  /** Starts of every set: their mean is what is compared. */
  readonly starts: Readonly<Record<ImageSet, number>>;
  /** Where there is one start: leading modes of the runs that tell how starts scatter, and how many; none with 0. */
  readonly spread: { readonly modes: number; readonly starts: number };
  readonly steps: number;
  readonly count: number;
  readonly width: number;
}

/** A number by record and mode. */
type Curve = (record: number, mode: number) => number;

/** The runs of one kind: means over starts, and how much the losses scatter (0 for a single start whose scatter is not known). */
export interface Measured {
  readonly starts: number;
  readonly loss: readonly number[];
  readonly lossDeviation: readonly number[];
  readonly mapping: Curve;
  readonly theory: Curve;
  /** Where theory has 5 and 95 per cent of the starts. */
  readonly low: Curve;
  readonly high: Curve;
  /** Share of the mappings of single starts, while modes are learnt, in the band of theory: as it is, and with its error around it. */
  readonly inBand: { readonly share: number; readonly widened: number };
  readonly records: readonly number[];
}

export const every = 20;
/** Directions that theory is asked for. */
const predicted = 32;
/** Error of the mappings of theory, as docs/systems/autoencoder.md states it. */
export const mappingError = 0.02;

/** Runs of all kinds on the leading `modes` modes (0 = all) from `starts` starts. */
function runsOf(
  { width, learningRate, runs }: PublishedSet,
  inputVariance: readonly number[],
  starts: number,
  scale: ImageScale,
  options: ReproductionOptions,
): Promise<readonly SimulatedRun[]> {
  const { seed = 1 } = options;
  return simulatedRuns(
    {
      base: {
        system: 'autoencoder',
        inputVariance: [...inputVariance],
        width: scale.width || width,
        learningRate,
        initialVariance,
        steps: scale.steps,
        recordEvery: every,
      },
      axes: {
        zip: {
          weightDecay: kinds.map((kind) => runs[kind].weightDecay),
          noiseVariance: kinds.map((kind) => runs[kind].noiseVariance),
        },
      },
      run: { trials: 1 },
      seeds: Array.from({ length: starts }, (_, i) => seed + i),
      outputs: ['loss', 'modeMapping'],
    },
    options,
  );
}

const curveOf =
  (values: ArrayLike<number> | undefined, modes: number): Curve =>
  (record, mode) =>
    values?.[record * modes + mode] ?? 0;

interface Band {
  readonly mean: Curve;
  readonly low: Curve;
  readonly high: Curve;
}

/** Of the points at which theory has a mode between a tenth and nine tenths of its end: elsewhere every start is alike. */
function shareInBand(curves: readonly Curve[], records: number, modes: number, band: Band, error: number): number {
  const { mean, low, high } = band;
  let [inside, all] = [0, 0];
  for (let mode = 0; mode < modes; mode++) {
    const end = mean(records - 1, mode);
    for (let record = 0; record < records; record++) {
      const share = mean(record, mode) / end;
      if (share < 0.1 || share > 0.9) continue;
      for (const curve of curves) {
        const w = curve(record, mode);
        if (w >= low(record, mode) - error && w <= high(record, mode) + error) inside++;
        all++;
      }
    }
  }
  return all === 0 ? 1 : inside / all;
}

/** The runs of all kinds on one data set, with theory. */
export async function measuredRuns(
  set: PublishedSet,
  variances: readonly number[],
  scale: ImageScale,
  options: ReproductionOptions,
): Promise<ReadonlyMap<Kind, Measured>> {
  const leading = (count: number): readonly number[] => (count > 0 ? variances.slice(0, count) : variances);
  const own = leading(scale.modes);
  const starts = scale.starts[set.set];
  const runs = await runsOf(set, own, starts, scale, options);
  const { spread } = scale;
  const scattered =
    starts > 1 || spread.starts === 0 ? runs : await runsOf(set, leading(spread.modes), spread.starts, scale, options);
  // Modes that are left out are never learnt: they add half their variance.
  const rest = variances.slice(own.length).reduce((sum, nu) => sum + nu / 2, 0);
  const result = new Map<Kind, Measured>();
  for (const kind of kinds) {
    const { weightDecay, noiseVariance } = set.runs[kind];
    const isOfKind = ({ spec }: SimulatedRun): boolean =>
      spec.weightDecay === weightDecay && spec.noiseVariance === noiseVariance;
    const ofKind = runs.filter(isOfKind);
    const axis = ofKind[0]?.observables.loss?.axes[0]?.values ?? [];
    const losses = (from: readonly SimulatedRun[]) =>
      Array.from(axis, (_, record) => meanOf(from.map(({ observables }) => observables.loss?.values[record] ?? 0)));
    const curves = ofKind.map(({ observables }) => curveOf(observables.modeMapping?.values, own.length));
    const modes = Math.min(predicted, own.length);
    const { signal } = options;
    const theory = await predict(
      {
        system: 'autoencoder',
        inputVariance: own.slice(0, modes),
        width: scale.width || set.width,
        learningRate: set.learningRate,
        weightDecay,
        noiseVariance,
        initialVariance,
        steps: scale.steps,
        recordEvery: every,
      },
      signal === undefined ? {} : { signal },
    );
    const { modeMapping, modeMappingLow, modeMappingHigh } = theory.observables;
    const band = {
      mean: curveOf(modeMapping?.values, modes),
      low: curveOf(modeMappingLow?.values, modes),
      high: curveOf(modeMappingHigh?.values, modes),
    };
    const share = (error: number) => shareInBand(curves, axis.length, modes, band, error);
    result.set(kind, {
      starts: ofKind.length,
      loss: losses(ofKind).map(({ mean }) => mean + rest),
      lossDeviation: losses(scattered.filter(isOfKind)).map(({ standardError, count }) =>
        count > 1 ? standardError * Math.sqrt(count) : 0,
      ),
      mapping: (record, mode) => meanOf(curves.map((curve) => curve(record, mode))).mean,
      theory: band.mean,
      low: band.low,
      high: band.high,
      inBand: { share: share(0), widened: share(mappingError) },
      records: Array.from(axis),
    });
  }
  return result;
}
