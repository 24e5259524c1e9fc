// What predictions and simulations of `autoencoder` take: arithmetic and memory.
import { addon } from '../../core/addon.js';
import { leftBehind, leftByRows, threadsFor } from '../../core/memory.js';
import { rowBytes } from '../../statistics/trials.js';
import { nativeSimulation } from './simulate.js';
import { recordsOf, type ResolvedAutoencoderRun, type ResolvedAutoencoderSpec, spectrumOf } from './spec.js';

/** Nodes of the law of a direction's start, both squares together: a few hundred in a network, a few thousand of aligned starts. */
const nodesPerMode = 1000;

/** Updates of directions beyond which a prediction of the flow says nothing of its descent: a second. */
const mostUpdates = 300_000;

/** Whether a prediction of the flow follows the steps of the descent as well. */
export const followsSteps = (spec: ResolvedAutoencoderSpec): boolean =>
  spec.steps * spectrumOf(spec).length <= mostUpdates;

/** Times at which every node of a direction is evaluated. */
function timesOf(spec: ResolvedAutoencoderSpec): number {
  const flow = spec.dynamics === 'flow' ? 10 * recordsOf(spec).length : 0;
  return flow + (spec.dynamics === 'descent' || followsSteps(spec) ? spec.steps : 0);
}

export function predictionFlops(spec: ResolvedAutoencoderSpec): number {
  const modes = spectrumOf(spec).length;
  const times = timesOf(spec);
  return 10_000 + 10 * modes * times * nodesPerMode + spec.width / 1000;
}

/** Bytes of objects that a mode leaves behind: at its start, in a step. */
const [perStart, perStep] = [2 ** 20, 300_000] as const;

/** In doubles, of a record: what is found of a mode and of the network; the means of a mode at hand. */
const [perRecordOfMode, perRecord, perMeans] = [5, 16, 8] as const;

/** Bytes of objects that grow old: of a step of a mode; of a record in the flow, where they double V8's young generation in the end. */
const [perOld, mostOld, perFlowing, doubled] = [400, 2 ** 21, 280, 2 ** 24] as const;

/** What the integration leaves behind; the records beside it, those of descent beside those of the flow. */
export function predictionBytes(spec: ResolvedAutoencoderSpec): number {
  const modes = spectrumOf(spec).length;
  const times = timesOf(spec);
  const records = recordsOf(spec).length;
  // With all units, and with those that the modes before have left.
  const means = perMeans * (modes === 1 ? 1 : 2);
  const flows = spec.dynamics === 'flow';
  const held = records * (perRecordOfMode * modes + perRecord + means) * (flows && followsSteps(spec) ? 2 : 1);
  const old = Math.min(mostOld, perOld * modes * times) + (flows ? Math.min(doubled, perFlowing * modes * records) : 0);
  return leftBehind(2 ** 19 + modes * (perStart + perStep * times)) + old + 8 * held;
}

export function simulationFlops(spec: ResolvedAutoencoderSpec, { trials, examples }: ResolvedAutoencoderRun): number {
  const modes = spectrumOf(spec).length;
  // As many hidden units as the columns of both matrices span, at most.
  const width = Math.min(spec.width, 2 * modes);
  const isScalar = spec.initial === 'aligned' && examples === 0;
  const step = isScalar ? 10 * modes : examples > 0 ? 8 * examples * modes * width : 8 * modes * width ** 2;
  // Singular values: two triangles and the values of a square matrix.
  const record = isScalar ? 20 * modes : 4 * modes * width ** 2 + 8 * Math.min(width, modes) ** 3;
  // Normal numbers, and the triangle that keeps the columns of a wide network.
  const start = 40 * modes * spec.width + (spec.width > width ? 2 * spec.width * width ** 2 : 0);
  return trials * (start + spec.steps * step + recordsOf(spec).length * record);
}

/** Rows of the trials, statistics of each place, the matrices of a network per thread. */
export function simulationBytes(spec: ResolvedAutoencoderSpec, run: ResolvedAutoencoderRun): number {
  const modes = spectrumOf(spec).length;
  const row = recordsOf(spec).length * (2 * modes + 2);
  const workers = Math.min(threadsFor(run.threads), run.trials);
  return (
    leftByRows(row, run.trials) +
    rowBytes(row, run.trials) +
    48 * row +
    (run.rawTrials ? 8 * row * run.trials : 0) +
    addon().autoencoderEngineBytes(nativeSimulation(spec, run)) * workers +
    8 * spec.width
  );
}

export const simulationLower = (): readonly string[] => ['trials', 'width', 'steps'];
