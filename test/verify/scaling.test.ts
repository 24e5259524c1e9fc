// Scaling rules: the factors against the tables of maximal update and CompleteP, and exponents found where a rule is wrong.
import t from 'tap';
import { checkScaling, train, type TrainOptions } from 'mft-native';

const quick: TrainOptions = { steps: 4, batchSize: 16, trainCount: 64, trainEvaluation: 1, learningRate: 0.01 };

t.test('muP is its table: bits of a run with the factors written out', async (t) => {
  const spec = { system: 'feedforward', width: 40, depth: 4, weightVariance: 2, activation: 'relu' } as const;
  // m = 40/10. The readout starts with the variance σ_w²/fan-in and the factor m^−1/2: in all the σ_w² m/fan-in · 1/m² of the table.
  const m = 4;
  const written: Record<string, TrainOptions> = {
    adam: {
      optimizer: 'adam',
      rateMultipliers: { 'layer2.weight': 1 / m, 'layer3.weight': 1 / m, 'layer4.weight': m ** -0.5 },
      forwardMultipliers: { layer4: m ** -0.5 },
    },
    sgd: {
      optimizer: 'sgd',
      rateMultipliers: { layer1: m, 'layer2.bias': m, 'layer3.bias': m },
      forwardMultipliers: { layer4: m ** -0.5 },
    },
  };
  for (const [name, factors] of Object.entries(written)) {
    const optimizer = name as 'adam' | 'sgd';
    const byRule = await train(spec, 'synthetic', { ...quick, optimizer, scaling: { rule: 'muP', baseWidth: 10 } });
    const byHand = await train(spec, 'synthetic', { ...quick, ...factors });
    t.equal(byRule.checksum, byHand.checksum, name);
    const standard = { rule: 'standard', baseWidth: 10 } as const;
    const plain = await train(spec, 'synthetic', { ...quick, optimizer, scaling: standard });
    t.equal(plain.checksum, (await train(spec, 'synthetic', { ...quick, optimizer })).checksum, `${name}, standard`);
    t.not(plain.checksum, byRule.checksum);
  }
});

t.test('CompleteP is its table', async (t) => {
  const spec = { system: 'residual', width: 30, hiddenWidth: 30, depth: 6, outerBiasVariance: 0.1 } as const;
  for (const depthExponent of [1, 0.5]) {
    const [m, deeper] = [3, 2];
    const branch = deeper ** -depthExponent;
    const rate = deeper ** (depthExponent - 1);
    const blocks = Array.from({ length: 6 }, (_, l) => `layer${l + 2}`);
    const run = (more: TrainOptions, own: object = {}) =>
      train({ ...spec, ...own }, 'synthetic', { ...quick, optimizer: 'adam', ...more });
    const byRule = await run({ scaling: { rule: 'completeP', baseWidth: 10, baseDepth: 3, depthExponent } });
    const byHand = await run(
      {
        epsilon: 1e-8 * (branch / m),
        rateMultipliers: Object.fromEntries([
          ...blocks.flatMap((name) => [
            [`${name}.inner.weight`, rate / m],
            [`${name}.outer.weight`, rate / m],
            [`${name}.inner.bias`, rate],
            [`${name}.outer.bias`, rate * branch],
          ]),
          ['layer8.weight', m ** -0.5],
        ]),
        forwardMultipliers: {
          ...Object.fromEntries(blocks.map((name) => [`${name}.outer`, branch])),
          layer8: m ** -0.5,
        },
      },
      { outerBiasVariance: 0.1 * branch ** 2 },
    );
    t.equal(byRule.checksum, byHand.checksum, `α ${depthExponent}`);
  }
});

t.test('a wrong rule is found, a right one is not accused', async (t) => {
  const spec = { activation: 'relu', weightVariance: 2, depth: 3 } as const;
  const of = (rule: 'standard' | 'muP', optimizer: 'adam' | 'sgd') =>
    checkScaling(spec, [32, 128, 512], {
      optimizer,
      scaling: { rule, baseWidth: 32 },
      seeds: 4,
      batchSize: 16,
      steps: 2,
    });
  const wrong = await of('standard', 'adam');
  t.equal(wrong.verdict, 'unstable');
  const output = wrong.exponents.find(({ layer, what }) => layer === 3 && what === 'change');
  t.ok(output !== undefined && output.exponent > 0.4 && output.exponent < 1.1, `output: ${output?.exponent}`);
  t.equal(output?.verdict, 'grows');
  t.ok(
    wrong.exponents.every(({ what, verdict }) => what === 'change' || verdict !== 'grows'),
    'nothing grows at the start',
  );
  const right = await of('muP', 'adam');
  t.not(right.verdict, 'unstable');
  for (const { layer, what, exponent, standardError, note } of right.exponents) {
    const expected = note === undefined ? 0 : -0.5;
    t.ok(
      Math.abs(exponent - expected) < 0.13 + 3 * standardError,
      `layer ${layer} ${what}: ${exponent} ± ${standardError}`,
    );
  }
  const small = await of('standard', 'sgd');
  const first = small.exponents.find(({ layer, what }) => layer === 1 && what === 'change');
  t.equal(first?.verdict, 'shrinks', 'inputs learn less and less under plain gradient descent');
});

t.test('what a rule does not cover is refused', async (t) => {
  const spec = { system: 'feedforward', width: 20, depth: 3 } as const;
  const refused = (more: object, code: string, parameter: string) =>
    t.rejects(train(spec, 'synthetic', { ...quick, ...more }), { code, parameter });
  await refused({ scaling: { rule: 'completeP', baseWidth: 10 }, optimizer: 'adam' }, 'ERR_MFT_UNSUPPORTED', 'scaling');
  await refused({ scaling: { rule: 'completeP', baseWidth: 10 } }, 'ERR_MFT_UNSUPPORTED', 'optimizer');
  await refused({ scaling: { rule: 'muP', baseWidth: 10 }, weightDecay: 0.1 }, 'ERR_MFT_UNSUPPORTED', 'weightDecay');
  await refused({ scaling: { rule: 'other', baseWidth: 10 } }, 'ERR_MFT_INVALID_ARGUMENT', 'scaling');
  await t.rejects(checkScaling({ depth: 3 }, [10, 20]), { code: 'ERR_MFT_INVALID_ARGUMENT', parameter: 'widths' });
  await t.rejects(checkScaling({ depth: 3, width: 5 }, [10, 20, 40]), {
    code: 'ERR_MFT_INVALID_ARGUMENT',
    parameter: 'width',
  });
  await t.rejects(checkScaling({ depth: 3, keepProbability: 0.5 }, [10, 20, 40]), { code: 'ERR_MFT_UNSUPPORTED' });
});
