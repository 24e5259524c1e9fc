// Noise against decay with the same fixed point: where their mappings differ most.
import { type ControlOptions, pause } from '../../core/control.js';
import { balancedMapping } from './balanced.js';
import { equivalentWeightDecay } from './mode.js';

/** The largest difference of mappings, noise − matched decay, on the steps 0..lastStep: [height, step]. */
export async function peakDifference(
  inputVariance: number,
  noiseVariance: number,
  initialMapping: number,
  noiseLearningRate: number,
  decayLearningRate: number,
  lastStep: number,
  options: ControlOptions = {},
): Promise<[number, number]> {
  const noise = { inputVariance, noiseVariance, weightDecay: 0 };
  const decay = {
    inputVariance,
    noiseVariance: 0,
    weightDecay: equivalentWeightDecay(inputVariance, noiseVariance),
  };
  let [height, at] = [0, 0];
  for (let step = 0; step <= lastStep; step++) {
    const difference =
      balancedMapping(noise, initialMapping, noiseLearningRate * step) -
      balancedMapping(decay, initialMapping, decayLearningRate * step);
    if (difference > height) [height, at] = [difference, step];
    if (step % 500_000 === 499_999) await pause(options);
  }
  return [height, at];
}
