// When does dropout or dropconnect cut a network in two?
import { compare, evaluate, predict, simulate } from 'mft-native';

// A deep, narrow network: 8 nodes a layer, 30 hidden layers, dropconnect keeps one edge in eight.
const spec = {
  system: 'percolation',
  width: 8,
  depth: 30,
  edgeKeepProbability: 0.125,
  training: { steps: 50_000 },
} as const;
const theory = await predict(spec);
console.log('path probability', theory.quantities.pathProbability);
console.log('expected lost steps', theory.quantities.expectedLostSteps, 'of', spec.training.steps);
console.log('the run breaks at depth', theory.quantities.breakdownDepth);

// Explicit masks, strictly forward reachability, every layer against the exact chain.
const simulation = await simulate(spec, { trials: 102_400, seed: 1 });
console.log('simulation', compare(theory, simulation).verdict);

// The keep rate that leaves 99 % of the masks a path, and the same network with dropout instead.
console.log(
  'keep rate for 99 %',
  await evaluate('percolation', 'bondCriticalKeep', { width: 8, depth: 30, target: 0.99 }),
);
console.log('with dropout', await evaluate('percolation', 'siteCriticalKeep', { width: 8, depth: 30, target: 0.99 }));

// Far too rare to meet by chance: importance splitting.
const deep = await simulate(
  { system: 'percolation', width: 8, depth: 152, edgeKeepProbability: 0.1 },
  { engine: 'splitting', trials: 51_200, seed: 1 },
);
console.log(
  'log path probability',
  deep.observables.rarePathProbability?.values.at(-1),
  '±',
  deep.observables.rarePathProbability?.standardError.at(-1),
);
