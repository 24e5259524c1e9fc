// What advise says about a feedforward network: every branch, and that every proposed change does what it says.
import t, { type Test } from 'tap';
import { advise, type FeedforwardSpec, isUndefined, predict } from 'mft-native';
import { feedforward } from '../../../dist/systems/feedforward/index.js';
import { multipliers } from '../../../dist/gaussian/multipliers.js';
import { calibration, trainableDepth } from '../../../dist/systems/feedforward/trainable-depth.js';

const base: FeedforwardSpec = { activation: 'tanh', biasVariance: 0.05, width: 100 };

const search = async (spec: FeedforwardSpec) => {
  const found = await feedforward.findings?.(feedforward.resolveSpec({ ...base, ...spec }), {});
  return new Map((found ?? []).map((finding) => [finding.id, finding]));
};
const searched = new Map<string, ReturnType<typeof search>>();

/** What is found of a network, searched for once: a second and more where there are changes to propose. */
function findingsOf(spec: FeedforwardSpec): ReturnType<typeof search> {
  const key = JSON.stringify(spec);
  const known = searched.get(key) ?? search(spec);
  searched.set(key, known);
  return known;
}

t.test('phase', async (t) => {
  t.match((await findingsOf({ weightVariance: 1, depth: 5 })).get('phase'), {
    severity: 'info',
    claim: /ordered phase.*shrink.*become more alike: correlation 0\.5\d* at layer 1/,
  });
  const chaotic = (await findingsOf({ weightVariance: 2.5, depth: 30, inputs: { correlation: 0.99 } })).get('phase');
  t.match(chaotic, { claim: /chaotic phase.*grow.*Two inputs part/ });
  const scale = chaotic?.evidence.find(({ quantity }) => quantity === 'depthScaleGradient')?.value as number;
  t.ok(Math.abs(scale + 95.75178026186903 / 12) < 1e-6, 'ξ_∇ is negative where gradients grow');
  t.match((await findingsOf({ activation: 'relu', biasVariance: 0, weightVariance: 2, depth: 5 })).get('phase'), {
    claim: /critical phase/,
  });
  t.match((await findingsOf({ weightVariance: 1, keepProbability: 0.9, depth: 5 })).get('phase'), {
    claim: /drives two inputs apart/,
  });
  t.notMatch(
    (await findingsOf({ weightVariance: 1, keepProbability: 0.9, maskSharing: 'shared', depth: 5 })).get('phase')
      ?.claim,
    /drives two inputs apart/,
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

const differenceOver = (observable: { readonly values: Float64Array } | undefined, inputs: number): number => {
  const values = observable?.values as Float64Array;
  return (values[0] as number) - (values[values.length - inputs] as number);
};

// Sign and size of every claim are those of the prediction of this network; the values beside it were found by other means.
const claims: readonly (readonly [question: string, spec: FeedforwardSpec, id: string, logRatio: number])[] = [
  [
    'GELU with He initialisation, 20 layers',
    { activation: 'gelu', weightVariance: 2, depth: 20 },
    'explodingGradients',
    1,
  ],
  [
    'the same with dropout 0.1, 30 layers: in the basin that grows',
    { activation: 'gelu', weightVariance: 2, depth: 30, keepProbability: 0.9 },
    'explodingGradients',
    7.95,
  ],
  [
    'GELU, random read-out, 50 layers',
    { activation: 'gelu', weightVariance: 2, depth: 50, output: 'randomReadout' },
    'vanishingGradients',
    -25.645,
  ],
  [
    'tanh at 1/0 loses gradients as 1/L',
    { weightVariance: 1, depth: 100, output: 'randomReadout' },
    'vanishingGradients',
    -4.932735,
  ],
  [
    'ELU at 1/0 loses them as 1/L²',
    { activation: 'elu', weightVariance: 1, depth: 100, output: 'randomReadout' },
    'vanishingGradients',
    -7.06887,
  ],
  ['He ReLU: 1 + 2(L − 1)', { activation: 'relu', weightVariance: 2, depth: 50 }, 'explodingGradients', 4.59512],
  [
    'He ReLU with dropout: 1 + 2(L − 1)/ρ',
    { activation: 'relu', weightVariance: 1, keepProbability: 0.5, depth: 20 },
    'explodingGradients',
    4.343805,
  ],
  [
    'ReLU above 2: no fixed point',
    { activation: 'relu', weightVariance: 2.02, depth: 50, output: 'randomReadout' },
    'gradientsKept',
    0.4876,
  ],
  [
    'He ReLU with dropout ½, 20 layers',
    { activation: 'relu', weightVariance: 2, keepProbability: 0.5, depth: 20 },
    'explodingGradients',
    17.5,
  ],
  [
    "PyTorch's defaults in a funnel",
    {
      activation: 'relu',
      weightVariance: 1 / 3,
      biasVariance: [784, 512, 256, 128, 64].map((n) => 1 / (3 * n)),
      width: [512, 256, 128, 64, 10],
      inputWidth: 784,
      depth: 5,
      output: 'randomReadout',
    },
    'vanishingGradients',
    Number.NaN,
  ],
];
for (const [question, fields, id, logRatio] of claims) {
  t.test(question, async (t) => {
    const spec = { system: 'feedforward', activation: 'tanh', width: 1000, inputs: { count: 1 }, ...fields } as const;
    const theory = await predict(spec);
    const [section] = (await advise(spec)).sections;
    const findings = section === undefined || isUndefined(section.findings) ? [] : section.findings;
    const finding = findings.find((one) => one.id === id);
    t.ok(finding, findings.map((one) => one.id).join(' '));
    const [signals, weights] = finding?.evidence ?? [];
    t.ok(
      Math.abs((signals?.value as number) - differenceOver(theory.observables.errorNorm, 1)) < 1e-9,
      '∂E/∂z as predicted',
    );
    t.ok(
      Math.abs((weights?.value as number) - differenceOver(theory.observables.gradientSingle, 1)) < 1e-9,
      '∂E/∂W as predicted',
    );
    if (!Number.isNaN(logRatio)) t.ok(Math.abs((signals?.value as number) - logRatio) < 0.02, `${signals?.value}`);
    t.match(finding?.claim, /∂E\/∂z/, 'says which gradient');
    const depth = findings.find((one) => one.id === 'trainableDepth')?.evidence[0];
    t.equal(theory.quantities.trainableLength, depth?.value, 'one number for the depth');
  });
}

t.test('two basins: the one that the network starts in, and that there are two', async (t) => {
  const gelu = { activation: 'gelu', biasVariance: 0, keepProbability: 0.9, weightVariance: 2, depth: 30 } as const;
  const above = (await findingsOf(gelu)).get('bistable');
  t.match(above, { severity: 'critical', claim: /two ends.*starts at variance 2 and tends to growth without bound/ });
  t.ok(Math.abs((above?.evidence[1]?.value as number) - 1.56473) < 1e-4);
  const below = await findingsOf({ ...gelu, inputs: { secondMoment: 0.5 } });
  t.match(below.get('bistable'), { claim: /tends to no signal/ });
  t.ok(below.has('vanishingSignals') || below.has('vanishingGradients') || below.has('explodingGradients'));
  t.notOk((await findingsOf({ weightVariance: 1.5, depth: 10 })).has('bistable'));
});

t.test('the trainable depth goes on smoothly through the marginal point of ReLU and to small biases', async (t) => {
  const depthOf = async (weightVariance: number, biasVariance: number, keepProbability = 1): Promise<number> => {
    const spec = { activation: 'relu', weightVariance, biasVariance, keepProbability, depth: 50 } as const;
    return (await predict({ system: 'feedforward', ...spec })).quantities.trainableLength as number;
  };
  for (const [keep, exact, critical] of [
    [1, await depthOf(2, 0), 2],
    [0.9, await depthOf(1.8, 0, 0.9), 1.8],
  ] as const)
    for (const [factor, biasVariance] of [
      [1, 1e-12],
      [1, 1e-6],
      [1, 1e-3],
      [0.999, 1e-6],
      [0.999, 0],
      [1.001, 0],
    ] as const) {
      const depth = await depthOf(factor * critical, biasVariance, keep);
      t.ok(Math.abs(depth / exact - 1) < 2e-3, `ρ ${keep}, ${factor}, ${biasVariance}: ${depth} for ${exact}`);
    }
  t.ok((await depthOf(2.2, 0)) < 0.6 * (await depthOf(2, 0)), 'growth counts where it is one');
});

t.test('networks that may end elsewhere: every claim says of which networks it is', async (t) => {
  const found = await findingsOf({
    activation: 'mish',
    weightVariance: 1.1053578649689948,
    biasVariance: 0,
    keepProbability: 0.5,
    width: 256,
    depth: 100,
  });
  for (const id of ['explodingGradients', 'growingSignals'])
    t.match(found.get(id), { claim: /^In networks that tend to growth without bound: / }, id);
  t.notOk(found.has('typicalNetwork'), 'there is no typical one');
});

t.test(
  'a point where correlations freeze and gradients fall as 1/L is no cure: tanh at σ_w² = 1 without biases',
  async (t) => {
    const found = await findingsOf({
      activation: 'elu',
      weightVariance: 1,
      biasVariance: 0,
      depth: 100,
      output: 'randomReadout',
    });
    t.ok(found.has('changeActivation'));
    t.notSame(found.get('changeActivation')?.change, { activation: 'tanh' });
  },
);

t.test('weights without a fourth moment have no typical network of order 1/width', async (t) => {
  const found = await findingsOf({
    activation: 'relu',
    weightVariance: 2,
    biasVariance: 0,
    depth: 30,
    width: 100,
    weights: { law: 'studentT', degreesOfFreedom: 2.5 },
  });
  t.match(found.get('beyondInfiniteWidth'), { claim: /no fourth moment.*width\^-0\.4.*Simulate/ });
  t.notOk(found.has('typicalNetwork'));
});

t.test('networks that scatter: the typical one is named', async (t) => {
  const narrow = await findingsOf({
    activation: 'relu',
    biasVariance: 0,
    weightVariance: 2,
    width: 32,
    depth: 100,
    output: 'randomReadout',
  });
  const { value, low, high } = narrow.get('typicalNetwork')?.evidence[0] ?? { value: 0 };
  // −βL/2n with β = 5; the exact value is −8.25 ± 4.2.
  t.ok(Math.abs(value + 7.7) < 0.3, `${value}`);
  t.ok(Math.abs(((high ?? 0) - (low ?? 0)) / 2 - 3.95) < 0.3);
  const wide = narrow.get('changeWidth')?.change as FeedforwardSpec;
  t.notOk(
    (await findingsOf({ activation: 'relu', biasVariance: 0, weightVariance: 2, depth: 100, ...wide })).has(
      'typicalNetwork',
    ),
  );
});

t.test('no signal, no gradient', async (t) => {
  t.match((await findingsOf({ activation: 'sign', depth: 5 })).get('noGradient'), { severity: 'critical' });
  t.match((await findingsOf({ weightVariance: [1, 0, 1], depth: 3 })).get('noGradient'), { claim: /passes nothing/ });
  const nothing = await findingsOf({ biasVariance: 0, inputs: { values: [[0, 0]] }, depth: 3 });
  t.match(nothing.get('vanishingSignals'), { severity: 'critical', claim: /no signal/ });
  const one = await findingsOf({ weightVariance: 1, depth: 1 });
  t.match(one.get('gradientsKept'), { severity: 'info' }, 'one layer has no gradient to lose');
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
  t.notOk((await findingsOf({ weightVariance: 1.5, depth: 10 })).get('sharedWeightExponent'));
});

t.test('dropout loses correlations at any variances: what is left to win, and what it takes', async (t) => {
  const spec = { activation: 'gelu', biasVariance: 0, weightVariance: 2, keepProbability: 0.9, depth: 20 } as const;
  const found = await findingsOf({ ...spec, inputs: { count: 1 } });
  t.match(found.get('changeVariances'), {
    claim: /keep signals and gradients.*although correlations are lost earlier/,
  });
  t.match(found.get('changeTogether'), { claim: /`keepProbability` .*together make 20 layers trainable/ });
  t.ok((await findingsOf({ weightVariance: 1.2, keepProbability: 0.9, depth: 200 })).has('changeDepth'));
});

type Found = Awaited<ReturnType<typeof findingsOf>>;

/** Every change, predicted again, does what it says. */
async function promised(t: Test, spec: FeedforwardSpec, found: Found): Promise<void> {
  for (const [id, { change, after, claim }] of found) {
    if (change === undefined) continue;
    const again = await predict({ system: 'feedforward', ...base, ...spec, inputs: { count: 1 }, ...change } as never);
    const value = (name: string): number => after?.find(({ quantity }) => quantity === name)?.value as number;
    const { trainableLengths } = again.quantities as { trainableLengths: { trainableLength: number; low: number } };
    t.ok(Math.abs(trainableLengths.trainableLength / value('trainableDepth') - 1) < 1e-9, `${id}: the depth it names`);
    const ratio = differenceOver((again.observables as { errorNorm: { values: Float64Array } }).errorNorm, 1);
    t.ok(Math.abs(ratio - value('logGradientRatio')) < 1e-9, `${id}: the gradients it names`);
    t.ok(Math.abs(ratio) <= 6 + 1e-9, `${id}: which are of a size`);
    if (/layers trainable|layers are trainable/.test(claim))
      t.ok(trainableLengths.low >= value('depth'), `${id}: trainable`);
  }
}

t.test('changes for networks as people build them', async (t) => {
  for (const [spec, wanted] of [
    [{ activation: 'gelu', weightVariance: 1, biasVariance: 0, depth: 30 }, 'changeVariances'],
    [{ activation: 'gelu', weightVariance: 3, biasVariance: 0, depth: 30 }, 'changeVariances'],
    [
      { activation: 'relu', weightVariance: 2, biasVariance: 0, keepProbability: 0.5, depth: 20 },
      'changeWeightVariance',
    ],
    [{ activation: 'sigmoid', weightVariance: 16, biasVariance: 0, depth: 30 }, 'changeActivation'],
    [
      {
        activation: 'relu',
        weightVariance: 1,
        biasVariance: 0,
        width: [100, 80, 60, 40, 20, 10, 10, 10, 10, 10],
        depth: 10,
      },
      'changeWeightVariance',
    ],
  ] as const) {
    const found = await findingsOf({ ...spec, inputs: { count: 1 } });
    t.ok(found.has(wanted), `${JSON.stringify(spec)}: ${[...found.keys()].join(' ')}`);
    await promised(t, spec, found);
  }
  const sigmoid = {
    activation: 'sigmoid',
    weightVariance: 16,
    biasVariance: 0,
    depth: 30,
    inputs: { count: 1 },
  } as const;
  const cure = (await findingsOf(sigmoid)).get('changeActivation');
  t.ok((cure?.change?.biasVariance as number) > 0, 'no critical point without bias is a cure: it freezes as 1/L');
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
      { quantity: 'logGradientRatio' },
    ],
  });
  const other = found.get('changeActivation');
  t.ok(trainableDepth(multipliers({ ...spec, ...other?.change } as never)).low >= depth);
  t.match(found.get('changeDepth'), {
    change: { depth: Math.floor(before.low) },
    after: [{}, {}, {}, { quantity: 'depth', value: Math.floor(before.low) }, {}],
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
  const hopeless = await findingsOf({ ...spec, depth: 2000 });
  t.notOk(
    hopeless.get('changeKeepProbability') ?? hopeless.get('changeWeightVariance') ?? hopeless.get('changeActivation'),
    'a depth that no change reaches gets none',
  );
  t.ok(hopeless.get('changeDepth'));
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
