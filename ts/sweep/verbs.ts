// The verbs a sweep can run. This table is also the allow-list of the workers: what is not in it does not run.
import type { VerbTable } from './verb.js';
import { evaluateVerb } from './verbs/evaluate.js';
import { fitVerb } from './verbs/fit.js';
import { compareVerb, predictVerb, simulateVerb } from './verbs/network.js';
import { trainVerb } from './verbs/train.js';

export const verbs: VerbTable = {
  predict: predictVerb,
  simulate: simulateVerb,
  compare: compareVerb,
  fit: fitVerb,
  evaluate: evaluateVerb,
  train: trainVerb,
};
