// What predictions and simulations of `autoencoder` take: arithmetic and memory.
import { threadsFor } from '../../core/memory.js';
import { rowBytes } from '../../statistics/trials.js';
import { recordsOf, type ResolvedAutoencoderRun, type ResolvedAutoencoderSpec, spectrumOf } from './spec.js';

/** Room for the code, the stacks of the threads and a result. */
const base = 2 ** 22;
/** Nodes of the law of a direction's start, both squares together: a few hundred in a network, a few thousand of aligned starts. */
const nodesPerMode = 1000;

export function predictionFlops(spec: ResolvedAutoencoderSpec): number {
  const modes = spectrumOf(spec).length;
  const times = spec.dynamics === 'descent' ? spec.steps : 10 * recordsOf(spec).length;
  return 10_000 + 10 * modes * times * nodesPerMode + spec.width / 1000;
}

export function predictionBytes(spec: ResolvedAutoencoderSpec): number {
  return base + 40 * recordsOf(spec).length * (spectrumOf(spec).length + 2);
}

export function simulationFlops(spec: ResolvedAutoencoderSpec, { trials }: ResolvedAutoencoderRun): number {
  const modes = spectrumOf(spec).length;
  const step = spec.initial === 'aligned' ? 10 * modes + spec.width / 1000 : 8 * modes * spec.width ** 2;
  return trials * spec.steps * step;
}

/** Rows of the trials, statistics of each place, the matrices of a network per thread. */
export function simulationBytes(spec: ResolvedAutoencoderSpec, run: ResolvedAutoencoderRun): number {
  const modes = spectrumOf(spec).length;
  const row = recordsOf(spec).length * (modes + 2);
  const { width } = spec;
  const network = spec.initial === 'aligned' ? 16 * Math.min(modes, width) : 32 * modes * width + 32 * width * width;
  const workers = Math.min(threadsFor(run.threads), run.trials);
  return (
    base +
    rowBytes(row, run.trials) +
    48 * row +
    (run.rawTrials ? 8 * row * run.trials : 0) +
    network * workers +
    8 * width
  );
}

export const simulationLower = (): readonly string[] => ['trials', 'width', 'recordEvery'];
