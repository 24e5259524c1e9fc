// Simulation against theory: every layer within 5 standard errors, and the power to see 2 %.
import t, { type Test } from 'tap';
import { compare, type FeedforwardSpec, predict, type Prediction, simulate, type Simulation } from 'mft-native';

type Names = 'variance' | 'covariance' | 'correlation' | 'typicalGradientSingle' | 'errorNorm';

function spec(changed: FeedforwardSpec): { system: 'feedforward' } & FeedforwardSpec {
  return {
    system: 'feedforward',
    weightVariance: 1.4,
    biasVariance: 0.1,
    width: 20_000,
    depth: 20,
    inputs: { correlation: 0.6 },
    output: 'postactivation',
    ...changed,
  };
}

/** Largest |z| over all layers with the theory multiplied by `factor` (added to logarithms). */
function largestZ(
  theory: Prediction<'feedforward'>,
  simulation: Simulation<'feedforward'>,
  name: Names,
  factor: number,
): { largest: number; smallest: number } {
  const [a, b] = [theory.observables[name], simulation.observables[name]];
  if (a === undefined || b === undefined) throw new Error(`${name} is missing`);
  const isLog = name === 'typicalGradientSingle' || name === 'errorNorm';
  const z = Array.from(b.values, (value, i) => {
    const expected = isLog ? (a.values[i] as number) + Math.log(factor) : (a.values[i] as number) * factor;
    return Math.abs(value - expected) / (b.standardError[i] as number);
  });
  return { largest: Math.max(...z), smallest: Math.min(...z) };
}

async function hold(t: Test, changed: FeedforwardSpec): Promise<void> {
  const network = spec(changed);
  const theory = await predict(network);
  const simulation = await simulate(network, { engine: 'conditioned', trials: 700, seed: 2024 });
  for (const name of ['variance', 'covariance', 'correlation', 'typicalGradientSingle', 'errorNorm'] as const) {
    const agrees = largestZ(theory, simulation, name, 1);
    const planted = largestZ(theory, simulation, name, 1.02);
    t.ok(agrees.largest < 5, `${name}: largest |z| ${agrees.largest.toFixed(2)}`);
    t.ok(planted.largest > 5, `${name}: a planted 2 % gives |z| up to ${planted.largest.toFixed(1)}`);
  }
  const comparison = compare(theory, simulation, {
    observables: ['variance', 'covariance', 'correlation', 'typicalGradientSingle', 'errorNorm'],
  });
  t.not(comparison.verdict, 'disagrees');
  t.comment(
    `${JSON.stringify(changed)}: ${comparison.verdict}, largest |z| ${comparison.largestZ.toFixed(2)} over ${comparison.tests} points`,
  );
}

for (const activation of ['tanh', 'erf', 'relu', 'silu'] as const) {
  for (const keepProbability of [1, 0.8]) {
    t.test(`${activation}, keep ${keepProbability}`, { timeout: 600_000 }, (t) =>
      hold(t, {
        activation,
        keepProbability,
        ...(activation === 'silu' ? { weightVariance: 1.3 } : activation === 'relu' ? { weightVariance: 1.2 } : {}),
      }),
    );
  }
}

t.test('dense against conditioned at width 500', { timeout: 600_000 }, async (t) => {
  for (const activation of ['tanh', 'relu'] as const) {
    const network = spec({
      activation,
      keepProbability: 0.8,
      width: 500,
      depth: 15,
      weightVariance: activation === 'relu' ? 1.2 : 1.4,
    });
    const comparison = compare(
      await simulate(network, { engine: 'dense', trials: 600, seed: 8 }),
      await simulate(network, { engine: 'conditioned', trials: 6000, seed: 9 }),
    );
    t.equal(
      comparison.verdict,
      'agrees',
      `${activation}: largest |z| ${comparison.largestZ.toFixed(2)} over ${comparison.tests} points`,
    );
  }
});
