// The quantities against published numbers and deep iteration; test/fixtures/residual.json is held by the contract test.
import t from 'tap';
import { evaluate } from 'mft-native';
import type { quantities } from '../../../dist/systems/residual/quantities.js';

// Values of section 3.6 to 3.8: deep iteration, independent of this package.
t.test('published and derived numbers', async (t) => {
  const ones = { outerWeightVariance: 1, innerWeightVariance: 1, outerBiasVariance: 1, innerBiasVariance: 1 };
  const rows: [keyof typeof quantities, object, number, number][] = [
    ['logGradientRatio', { ...ones, depth: 10_000 }, 74.746249, 1e-8],
    ['logGradientRatio', { ...ones, depth: 1_000_000 }, 751.935417, 1e-9],
    ['logGradientRatio', { ...ones, depth: 1000, depthPower: 0.5 }, 3.6956, 1e-4],
    ['secondMoment', { ...ones, depth: 1000 }, 1965.54, 1e-5],
    ['angularExpressivity', { ...ones, depth: 1000 }, 0.8424, 1e-4],
    ['angularExpressivity', { ...ones, depth: 1000, depthPower: 1 }, 0.7474, 1e-4],
    ['logGradientRatio', { ...ones, depth: 1000, activation: 'relu', depthPower: 0.5 }, 15.6877, 1e-5],
    ['secondMoment', { ...ones, depth: 1000, activation: 'relu', depthPower: 1 }, 3.5941, 1e-4],
    ['alphaReluLaw.estar', { alpha: 0.6 }, 0.9840204, 1e-7],
    [
      'growthLaw.fixedPointPreactivationVariance',
      { ...ones, outerWeightDecay: 0.5, innerWeightDecay: 0.5, outerBiasDecay: 0.5, innerBiasDecay: 0.5 },
      3.19999549,
      1e-8,
    ],
    [
      'growthLaw.angularLimit',
      {
        outerWeightVariance: 8,
        innerWeightVariance: 4,
        outerBiasVariance: 0.5,
        innerBiasVariance: 1,
        outerWeightDecay: 0.5,
        innerWeightDecay: 0.5,
        outerBiasDecay: 0.5,
        innerBiasDecay: 0.5,
      },
      0.1897,
      1e-3,
    ],
    [
      'growthLaw.innerWeight.exponent',
      { ...ones, activation: 'relu', outerWeightDecay: 0, innerWeightDecay: 2, outerBiasDecay: 0.5, innerBiasDecay: 2 },
      -0.5,
      1e-12,
    ],
    [
      'growthLaw.outerWeight.exponent',
      { ...ones, activation: 'relu', outerWeightDecay: 0, innerWeightDecay: 2, outerBiasDecay: 0.5, innerBiasDecay: 2 },
      1.5,
      1e-12,
    ],
    ['varianceOfLogGradient', { ...ones, depth: 16, width: 200 }, 0.06239, 1e-4],
  ];
  for (const [quantity, parameters, value, tolerance] of rows) {
    const got = await evaluate('residual', quantity, parameters);
    t.ok(
      typeof got === 'number' && Math.abs(got / value - 1) <= tolerance,
      `${quantity} ${JSON.stringify(parameters)}: ${JSON.stringify(got)} for ${value}`,
    );
  }
});
