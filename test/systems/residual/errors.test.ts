// Bad input: every code and parameter that the page promises.
import t from 'tap';
import { evaluate, MftError, predict } from 'mft-native';

t.test('specs', async (t) => {
  const cases: readonly (readonly [object, string, string])[] = [
    [{ outerWeightVariance: -1 }, 'ERR_MFT_OUT_OF_RANGE', 'outerWeightVariance'],
    [{ innerBiasVariance: Number.POSITIVE_INFINITY }, 'ERR_MFT_OUT_OF_RANGE', 'innerBiasVariance'],
    [{ innerWeightDecay: Number.NaN }, 'ERR_MFT_OUT_OF_RANGE', 'innerWeightDecay'],
    [{ depth: 1.5 }, 'ERR_MFT_OUT_OF_RANGE', 'depth'],
    [{ depth: -1 }, 'ERR_MFT_OUT_OF_RANGE', 'depth'],
    [{ depth: 3, width: [8, 8, 8] }, 'ERR_MFT_SHAPE', 'width'],
    [{ depth: 3, hiddenWidth: [8, 8] }, 'ERR_MFT_SHAPE', 'hiddenWidth'],
    [{ depth: 3, outerBiasVariance: [1, 2] }, 'ERR_MFT_SHAPE', 'outerBiasVariance'],
    [{ width: 0 }, 'ERR_MFT_OUT_OF_RANGE', 'width'],
    [{ depth: 3, width: { start: 8, halveAt: [4] } }, 'ERR_MFT_OUT_OF_RANGE', 'width.halveAt'],
    [{ depth: 3, width: { start: 2, halveAt: [1, 2] } }, 'ERR_MFT_OUT_OF_RANGE', 'width.halveAt'],
    [{ skipStrength: 0.5 }, 'ERR_MFT_UNSUPPORTED', 'skipStrength'],
    [{ block: 'generalized', skipStrength: 0.5, depth: 2, width: [8, 4, 4] }, 'ERR_MFT_UNSUPPORTED', 'width'],
    [{ block: 'reduced', depth: 2, width: [8, 4, 4] }, 'ERR_MFT_UNSUPPORTED', 'width'],
    [{ block: 'reduced', depthPower: 1 }, 'ERR_MFT_UNSUPPORTED', 'depthPower'],
    [{ block: 'reduced', outerWeightVariance: 2 }, 'ERR_MFT_UNSUPPORTED', 'outerWeightVariance'],
    [{ block: 'half' }, 'ERR_MFT_INVALID_ARGUMENT', 'block'],
    [{ activation: 'step' }, 'ERR_MFT_DEGENERATE', 'activation'],
    [{ activation: { name: 'alphaRelu', alpha: 0.5 } }, 'ERR_MFT_DEGENERATE', 'activation.alpha'],
    [{ inputs: { correlation: 1.1 } }, 'ERR_MFT_OUT_OF_RANGE', 'inputs.correlation'],
    [
      {
        inputs: {
          values: [
            [1, 2],
            [3, 4],
            [5, 6],
          ],
        },
        width: 2,
      },
      'ERR_MFT_UNSUPPORTED',
      'inputs.values',
    ],
    [{ inputs: { values: [[1, 2]] }, width: 3 }, 'ERR_MFT_SHAPE', 'inputs.values'],
    [{ activation: { name: 'alphaRelu', alpha: 3 }, depth: 60 }, 'ERR_MFT_NOT_FINITE', 'depth'],
    [{ innerWeigthVariance: 1 }, 'ERR_MFT_INVALID_ARGUMENT', 'innerWeigthVariance'],
  ];
  for (const [fields, code, parameter] of cases) {
    const error = await predict({ system: 'residual', ...fields } as { system: 'residual' }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    t.ok(error instanceof MftError, `${JSON.stringify(fields)} is refused`);
    t.match(error, { code, parameter }, JSON.stringify(fields));
  }
});

t.test('quantities', async (t) => {
  const cases: readonly (readonly [Parameters<typeof evaluate<'residual'>>[1], object, string])[] = [
    ['metricExpressivity', { inputSecondMoment: 0, inputCorrelation: 0.5 }, 'ERR_MFT_DEGENERATE'],
    ['metricExpressivity', { inputCorrelation: -1.5 }, 'ERR_MFT_OUT_OF_RANGE'],
    ['metricExpressivity', { inputCorrelation: 0, inputOneMinusCorrelation: 1 }, 'ERR_MFT_INVALID_ARGUMENT'],
    ['secondMoment', { inputSecondMoment: -1 }, 'ERR_MFT_OUT_OF_RANGE'],
    ['secondMoment', { activation: 'relu', depth: 3000 }, 'ERR_MFT_NOT_FINITE'],
    ['logGradientRatio', { depth: 5, fromLayer: 6 }, 'ERR_MFT_OUT_OF_RANGE'],
    ['logGradientRatio', { weightVariance: 1 }, 'ERR_MFT_INVALID_ARGUMENT'],
    ['logParameterGradient', { depth: 5, layer: 6, parameter: 'innerBias' }, 'ERR_MFT_OUT_OF_RANGE'],
    ['logParameterGradientRatio', { architecture: 'reduced', parameter: 'outerBias' }, 'ERR_MFT_UNSUPPORTED'],
    ['logParameterGradientRatio', { depth: 0, parameter: 'outerBias' }, 'ERR_MFT_OUT_OF_RANGE'],
    ['varianceOfLogGradient', { architecture: 'plain' }, 'ERR_MFT_UNSUPPORTED'],
    ['gaussianHalfMeanSquareDifference', { variance: 1, gap: 2.5 }, 'ERR_MFT_OUT_OF_RANGE'],
    ['tanhLaw.A', { outerWeightVariance: 0 }, 'ERR_MFT_DEGENERATE'],
    ['tanhLaw.A', { activation: 'relu' }, 'ERR_MFT_UNSUPPORTED'],
    ['alphaReluLaw.R', { alpha: 1 }, 'ERR_MFT_OUT_OF_RANGE'],
    ['decayForGradientBudget', { depth: 64, budget: 1e-6 }, 'ERR_MFT_OUT_OF_RANGE'],
    ['widthsForFlatGradient', { depth: 64, start: 4 }, 'ERR_MFT_OUT_OF_RANGE'],
  ];
  for (const [quantity, parameters, code] of cases)
    await t.rejects(evaluate('residual', quantity, parameters), { code }, `${quantity} ${JSON.stringify(parameters)}`);
});

t.test('two inputs of which one or both are zero are answered without their pair', async (t) => {
  for (const values of [
    [
      [0, 0],
      [1, 2],
    ],
    [
      [0, 0],
      [0, 0],
    ],
  ]) {
    const { warnings, observables } = await predict({
      system: 'residual',
      depth: 2,
      width: 2,
      innerBiasVariance: 0.3,
      inputs: { values },
    });
    t.ok(
      warnings.some(({ id }) => id === 'zeroInput'),
      'said so',
    );
    t.notOk('preactivationCorrelation' in observables, 'no pair');
    const { values: found } = observables.secondMoment as { values: Float64Array };
    t.equal(found[0], -Infinity, 'nothing in');
    t.ok((found[2] as number) > -3 && (found[2] as number) < 0, 'the bias through tanh and the outer weights');
  }
});
