// What advise says about a feedforward network: every branch, and that every proposed change does what it says.
import t from 'tap';
import { advise, type FeedforwardSpec, isUndefined } from 'mft-native';
import { feedforward } from '../../../dist/systems/feedforward/index.js';
import { multipliers } from '../../../dist/gaussian/fixed-points.js';
import { calibration, trainableDepth } from '../../../dist/systems/feedforward/trainable-depth.js';

const base: FeedforwardSpec = { activation: 'tanh', biasVariance: 0.05, width: 100 };

const findingsOf = async (spec: FeedforwardSpec) => {
  const found = await feedforward.findings?.(feedforward.resolveSpec({ ...base, ...spec }), {});
  return new Map((found ?? []).map((finding) => [finding.id, finding]));
};

t.test('phase', async (t) => {
  t.match((await findingsOf({ weightVariance: 1, depth: 5 })).get('phase'), {
    severity: 'info',
    claim: /ordered phase.*shrink.*alike/,
  });
  const chaotic = (await findingsOf({ weightVariance: 2.5, depth: 5 })).get('phase');
  t.match(chaotic, { claim: /chaotic phase.*grow.*part/ });
  const scale = chaotic?.evidence.find(({ quantity }) => quantity === 'depthScaleGradient')?.value as number;
  t.ok(Math.abs(scale + 95.75178026186903 / 12) < 1e-6, 'ξ_∇ is negative where gradients grow');
  t.match((await findingsOf({ activation: 'relu', biasVariance: 0, weightVariance: 2, depth: 5 })).get('phase'), {
    claim: /critical phase.*keep their size/,
  });
  t.match((await findingsOf({ weightVariance: 1, keepProbability: 0.9, depth: 5 })).get('phase'), {
    claim: /drives two inputs apart/,
  });
  t.match(
    (await findingsOf({ weightVariance: 1, keepProbability: 0.9, maskSharing: 'shared', depth: 5 })).get('phase'),
    { claim: /ordered phase.*alike/ },
  );
});

t.test('trainable depth: severity by the interval', async (t) => {
  const { low, depth, high } = trainableDepth(
    multipliers({ activation: 'tanh', weightVariance: 1, biasVariance: 0.05 }),
  );
  t.ok(low < depth && depth < high);
  const at = async (layers: number) => (await findingsOf({ weightVariance: 1, depth: layers })).get('trainableDepth');
  t.match(await at(Math.floor(low)), { severity: 'info', claim: /within what trains/ });
  t.match(await at(Math.floor(depth)), { severity: 'warning', claim: /probably trainable/ });
  t.match(await at(Math.floor(high)), { severity: 'warning', claim: /probably too deep/ });
  const deep = await at(Math.ceil(high) + 1);
  t.match(deep, { severity: 'critical', claim: /are too deep/ });
  t.match(deep?.evidence[0], { quantity: 'trainableDepth', value: depth, low, high });
  const far = (await findingsOf({ activation: 'relu', biasVariance: 0, weightVariance: 2, depth: 5 })).get(
    'trainableDepth',
  );
  t.match(far, { claim: /exceed those of the calibration/ }, 'a critical network is not promised more than was seen');
});

t.test('the calibration: its 6 ξ_c are those of its networks, most boundaries lie in the interval', async (t) => {
  let inside = 0;
  for (const [weightVariance, keepProbability, length, boundary] of calibration.boundaries) {
    const found = multipliers({ activation: 'tanh', biasVariance: 0.05, weightVariance, keepProbability });
    t.ok(Math.abs(-6 / Math.log(found.correlationMultiplier as number) - length) < 1e-4);
    const { low, high } = trainableDepth(found);
    if (boundary >= low && boundary <= high) inside++;
  }
  t.ok(inside >= 7, `${inside} of 10`);
  t.same(trainableDepth({ fixedPointVariance: 0, isMarginal: false, varianceMultiplier: 0, gradientMultiplier: 0 }), {
    depth: 0,
    low: 0,
    high: 0,
    isUnbounded: false,
  });
});

t.test('gradients over the depth', async (t) => {
  t.match((await findingsOf({ weightVariance: 1, depth: 4 })).get('gradientsKept'), { severity: 'info' });
  // χ_1 = e^{−12/43.52}: 20 layers are 5.2 e-folds, 60 layers 16.3.
  const vanishing = (await findingsOf({ weightVariance: 1, depth: 20 })).get('vanishingGradients');
  t.match(vanishing, { severity: 'warning', claim: /shrink by a factor e\^5\.2/ });
  t.match((await findingsOf({ weightVariance: 1, depth: 60 })).get('vanishingGradients'), {
    severity: 'critical',
    claim: /e\^16\.3/,
  });
  t.match((await findingsOf({ weightVariance: 2.5, depth: 60 })).get('explodingGradients'), {
    severity: 'warning',
    claim: /grow by a factor e\^7\.4/,
  });
  t.notOk(
    (await findingsOf({ weightVariance: 1, depth: 1 })).get('vanishingGradients'),
    'one layer has no gradient to lose',
  );
});

t.test('shared weights decide the exponent where χ_q² > χ_1', async (t) => {
  const network = { activation: 'softplus', weightVariance: 1.5, biasVariance: 0.05 } as const;
  const { varianceMultiplier, gradientMultiplier } = multipliers(network);
  t.ok(varianceMultiplier ** 2 > gradientMultiplier, 'the setting is one');
  const found = await findingsOf({ ...network, depth: 10 });
  t.match(found.get('sharedWeightExponent'), {
    severity: 'warning',
    evidence: [{ value: varianceMultiplier }, { value: varianceMultiplier ** 2 }, { value: gradientMultiplier }],
  });
  const ratio = found.get('vanishingGradients')?.evidence[0]?.value as number;
  t.ok(Math.abs(ratio - 9 * Math.log(varianceMultiplier ** 2)) < 1e-9, 'the gradient finding counts χ_q², too');
  t.notOk((await findingsOf({ weightVariance: 1.5, depth: 10 })).get('sharedWeightExponent'));
});

t.test('where no field does it alone, two are moved together', async (t) => {
  const spec = { weightVariance: 1.2, keepProbability: 0.9, depth: 24 };
  const found = await findingsOf(spec);
  for (const alone of ['changeWeightVariance', 'changeKeepProbability', 'changeActivation'])
    t.notOk(found.has(alone), alone);
  const together = found.get('changeTogether');
  t.match(together, { claim: /together make 24 layers trainable: 6 ξ_c grows/ });
  t.ok(trainableDepth(multipliers({ ...base, ...spec, ...together?.change } as never)).low >= 24, 'it does');
  t.match(found.get('changeDepth'), { claim: /No change of .* alone makes 24 layers trainable/ });
  t.notOk((await findingsOf({ ...spec, depth: 200 })).has('changeTogether'), 'deeper than anything calibrated');
});

t.test('signals that vanish under dropout lose their correlation all the same', async (t) => {
  // A ReLU network without biases only scales its signals: no σ_w² and no ρ just off the marginal point can change correlations.
  const relu = { activation: 'relu', biasVariance: 0, keepProbability: 0.5 } as const;
  const marginal = multipliers({ ...relu, weightVariance: 1 });
  const vanishing = multipliers({ ...relu, weightVariance: 0.9 });
  t.equal(vanishing.fixedPointVariance, 0);
  t.ok(
    Math.abs((vanishing.vanishingCorrelationMultiplier as number) / (marginal.correlationMultiplier as number) - 1) <
      1e-9,
  );
  t.ok(trainableDepth(vanishing).depth <= trainableDepth(marginal).depth);
  t.notOk(
    (await findingsOf({ ...relu, weightVariance: 1, depth: 30 })).has('changeKeepProbability'),
    'an imperceptible change of ρ is no cure',
  );
  // A smooth φ is linear there: c falls by ρ per layer.
  const smooth = multipliers({ activation: 'tanh', weightVariance: 0.9, biasVariance: 0, keepProbability: 0.9 });
  t.ok(Math.abs((smooth.vanishingCorrelationMultiplier as number) - 0.9) < 1e-8);
  t.equal(
    multipliers({ activation: 'tanh', weightVariance: 0.9, biasVariance: 0 }).vanishingCorrelationMultiplier,
    undefined,
  );
});

t.test('every proposed change makes the depth trainable, and is the nearest that does', async (t) => {
  const spec = { weightVariance: 1, biasVariance: 0.05, activation: 'tanh', keepProbability: 1 } as const;
  const depth = 24;
  const found = await findingsOf({ ...spec, depth });
  const before = trainableDepth(multipliers(spec));
  t.ok(before.low < depth, 'the setting needs a change');
  const weight = found.get('changeWeightVariance');
  const weightVariance = weight?.change?.weightVariance as number;
  t.ok(weightVariance > 1 && weightVariance < 1.7609546396);
  t.ok(trainableDepth(multipliers({ ...spec, weightVariance })).low >= depth);
  t.ok(
    trainableDepth(multipliers({ ...spec, weightVariance: weightVariance - 0.002 })).low < depth,
    'a smaller change does not do',
  );
  t.match(weight, {
    evidence: [{ quantity: 'trainableDepth', value: before.depth }],
    after: [
      { quantity: 'trainableDepth' },
      { quantity: 'trainableDepthLow' },
      { quantity: 'trainableDepthHigh' },
      { quantity: 'depth', value: depth },
    ],
  });
  const other = found.get('changeActivation');
  t.ok(trainableDepth(multipliers({ ...spec, ...other?.change })).low >= depth);
  t.match(found.get('changeDepth'), {
    change: { depth: Math.floor(before.low) },
    after: [{}, {}, {}, { quantity: 'depth', value: Math.floor(before.low) }],
  });
  t.notOk(found.get('changeKeepProbability'), 'nothing is dropped');
  t.notOk((await findingsOf({ ...spec, depth: 5 })).get('changeDepth'), 'no change where none is needed');
});

t.test('keep probability upwards', async (t) => {
  const spec = { weightVariance: 2, biasVariance: 0.05, activation: 'tanh', keepProbability: 0.8 } as const;
  const depth = Math.floor(trainableDepth(multipliers({ ...spec, keepProbability: 0.95 })).low);
  t.ok(depth > trainableDepth(multipliers(spec)).low, 'the setting needs a change');
  const keepProbability = (await findingsOf({ ...spec, depth })).get('changeKeepProbability')?.change
    ?.keepProbability as number;
  t.ok(keepProbability > 0.8 && keepProbability <= 0.9501);
  t.ok(trainableDepth(multipliers({ ...spec, keepProbability })).low >= depth);
  const hopeless = await findingsOf({ ...spec, depth: 100_000 });
  t.notOk(
    hopeless.get('changeKeepProbability') ?? hopeless.get('changeWeightVariance') ?? hopeless.get('changeActivation'),
    'a depth that no change reaches gets none',
  );
  t.ok(hopeless.get('changeDepth'));
});

t.test('networks without advice say why', async (t) => {
  const reason = async (spec: FeedforwardSpec): Promise<string> => {
    const [section] = (await advise({ system: 'feedforward', ...spec })).sections;
    return section !== undefined && isUndefined(section.findings) ? section.findings.reason : '';
  };
  t.match(await reason({ depth: 2, weightVariance: [1, 2] }), /layers to have equal/);
  t.match(await reason({ activation: 'sign' }), /χ₁ is infinite/);
  t.match(await reason({ activation: 'relu', weightVariance: 2, biasVariance: 0.1 }), /fixed point/);
});

t.test('dropout networks as path problems', async (t) => {
  const { sections } = await advise({
    system: 'feedforward',
    weightVariance: 1.5,
    width: 8,
    depth: 31,
    inputWidth: 20,
    keepProbability: 0.3,
  });
  t.same(
    sections.map(({ system }) => system),
    ['feedforward', 'percolation'],
  );
  t.match(sections[1]?.spec, {
    width: 8,
    depth: 30,
    inputWidth: 20,
    keepProbability: 0.3,
    hasBiases: false,
    activeProbability: 1,
  });
  const findings = sections[1]?.findings;
  t.match(findings !== undefined && !isUndefined(findings) ? findings[0] : {}, { id: 'pathsDie' });
  const relatedOf = (spec: FeedforwardSpec) => feedforward.related?.(feedforward.resolveSpec(spec));
  t.same(relatedOf({ depth: 5 }), [], 'without dropout there is nothing to percolate');
  t.same(relatedOf({ depth: 1, inputKeepProbability: 0.5 }), []);
  t.match(relatedOf({ depth: 3, width: [4, 5, 6], inputWidth: 7, keepProbability: [0.5, 0.6], activation: 'relu' }), [
    { width: [7, 4, 5, 6], keepProbability: [0.5, 0.6], activeProbability: 0.5 },
  ]);
  t.match(relatedOf({ depth: 3, keepProbability: 0.5, activation: 'relu', biasVariance: 0.1 }), [
    { hasBiases: true, activeProbability: 1 },
  ]);
});
