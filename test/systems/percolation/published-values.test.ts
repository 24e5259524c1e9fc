// Numbers that people asked for, derived twice.
import t from 'tap';
import { evaluate, type Systems } from 'mft-native';

t.test('at which depth are half cut, how fast do paths die, what holds at the critical degree?', async (t) => {
  const cases: readonly [Systems['percolation']['quantity'], object, number, number][] = [
    ['siteDepthForTarget', { width: 10, keepProbability: 0.5, target: 0.5 }, 709.436082867, 1e-11],
    [
      'siteDepthForTarget',
      { width: 10, keepProbability: 0.5, target: 0.5 },
      Math.log(0.5) / Math.log1p(-(2 ** -10)),
      1e-13,
    ],
    ['decayRate', { width: 10, edgeKeepProbability: 0.5 }, 2.09460748948e-27, 1e-11],
    ['pathProbability', { width: 1024, depth: 106, edgeKeepProbability: 1 / 1024 }, 0.504276, 1e-5],
    ['pathProbability', { width: 1024, depth: 107, edgeKeepProbability: 1 / 1024 }, 0.496422, 1e-5],
    // The corner of the critical window: 1 − 3/√64 edges of a node, √64 layers.
    ['pathProbability', { width: 64, depth: 8, edgeKeepProbability: 0.625 / 64 }, 0.2435, 3e-4],
  ];
  for (const [name, parameters, expected, tolerance] of cases) {
    const value = (await evaluate('percolation', name, parameters as never)) as number;
    t.ok(Math.abs(value / expected - 1) < tolerance, `${name} ${JSON.stringify(parameters)}: ${value}`);
  }
});
