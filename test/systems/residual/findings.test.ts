// What advise says about residual networks, and the figures as data.
import t from 'tap';
import { advise, evaluate, type Finding } from 'mft-native';
import { residual } from '../../../dist/systems/residual/index.js';

const findingsOf = async (fields: object): Promise<readonly Finding[]> =>
  (await residual.findings?.(residual.resolveSpec(fields), {})) ?? [];
const ones = { innerWeightVariance: 1, innerBiasVariance: 1, outerWeightVariance: 1, outerBiasVariance: 1 };

t.test('a deep tanh network: the decay proposed does what it says', async (t) => {
  const findings = await findingsOf({ ...ones, depth: 200 });
  const growth = findings.find(({ id }) => id === 'gradientGrowth');
  t.match(growth, { severity: 'critical', evidence: [{ quantity: 'logGradientRatio' }] });
  const after = growth?.after?.find(({ quantity }) => quantity === 'logGradientRatio')?.value as number;
  t.ok(Math.abs(after - Math.log(10)) < 1e-9);
  const ratio = (await evaluate('residual', 'logGradientRatio', { ...ones, depth: 200, ...growth?.change })) as number;
  t.ok(Math.abs(ratio - Math.log(10)) < 1e-9, 'and the change, put into the spec, gives it');
  const scaled = findings.find(({ id }) => id === 'inverseRootDepth');
  t.ok((scaled?.after?.[0]?.value as number) < 0.5, '1/√L: bounded');
  for (const id of ['zeroBranch', 'fixup'])
    t.equal(findings.find((finding) => finding.id === id)?.after?.[0]?.value, 0, `${id} is the identity`);
});

t.test('relu: activations grow, inputs merge; a shallow network is in order', async (t) => {
  const deep = await findingsOf({ ...ones, activation: 'relu', depth: 1000 });
  for (const id of ['activationGrowth', 'inputsMerge', 'gradientGrowth'])
    t.ok(
      deep.some((finding) => finding.id === id),
      id,
    );
  const shallow = await findingsOf({ depth: 3, width: 4000 });
  t.equal(shallow.find(({ id }) => id === 'gradientGrowth')?.severity, 'info');
  t.notOk(shallow.some(({ id }) => id === 'finiteWidth'));
  const narrow = await findingsOf({ depth: 30, width: 20 });
  t.ok(narrow.some(({ id }) => id === 'finiteWidth'));
  const widths = (await findingsOf({ depth: 3, width: 4000 })).find(({ id }) => id === 'widthVariation');
  t.ok(Math.abs(widths?.after?.[0]?.value as number) < 1e-2, 'widths hold the gradient');
  const { sections } = await advise({ system: 'residual', depth: 5 });
  t.equal(sections[0]?.system, 'residual');
});

t.test('vanishing gradients, reduced blocks, branches that are zero already', async (t) => {
  const vanishing = await findingsOf({ block: 'generalized', skipStrength: 0.5, outerWeightVariance: 0.1, depth: 100 });
  t.match(
    vanishing.find(({ id }) => id === 'gradientGrowth'),
    { severity: 'critical', claim: /are smaller than those at the output by a factor e\^105/ },
  );
  const reduced = (await findingsOf({ block: 'reduced', depth: 100 })).find(({ id }) => id === 'gradientGrowth');
  t.same(
    Object.keys(reduced?.change ?? {}),
    ['innerWeightDecay', 'innerBiasDecay'],
    'the reduced block has no outer parameters',
  );
  const ratio = (await evaluate('residual', 'logGradientRatio', {
    architecture: 'reduced',
    depth: 100,
    ...reduced?.change,
  })) as number;
  t.ok(Math.abs(ratio - Math.log(10)) < 1e-9, `log ratio ${ratio}`);
  t.same(
    (await findingsOf({ outerWeightVariance: 0, depth: 100 })).map(({ id, severity }) => [id, severity]),
    [['gradientGrowth', 'info']],
    'an identity needs no scheme',
  );
});

t.test(
  'width schedules: the budget is met, the spread is that of the changed spec, impossible ones say the width needed',
  async (t) => {
    const spec = { ...ones, depth: 100, width: 20_000 };
    const findings = await findingsOf(spec);
    for (const [id, budget] of [
      ['widthVariation', 0],
      ['widthsForBudget', Math.log(10)],
    ] as const) {
      const finding = findings.find((candidate) => candidate.id === id);
      for (const { quantity, value } of finding?.after ?? []) {
        const again = (await evaluate('residual', quantity as 'logGradientRatio', {
          ...spec,
          ...finding?.change,
        })) as number;
        t.ok(
          Math.abs(again / (value as number) - 1) < 1e-9 || Math.abs(again - (value as number)) < 1e-12,
          `${id}: ${quantity} ${value}, by the change ${again}`,
        );
      }
      const widths = (finding?.change?.width ?? []) as readonly number[];
      // Rounding moves the last width by at most ½, the logarithm by its share.
      t.ok(
        Math.abs((finding?.after?.[0]?.value as number) - budget) <= 0.5 / ((widths.at(-1) as number) - 0.5),
        `${id}: log ratio ${finding?.after?.[0]?.value}`,
      );
    }
    const [flat, budgeted] = ['widthVariation', 'widthsForBudget'].map(
      (id) => findings.find((finding) => finding.id === id)?.after?.[1]?.value as number,
    );
    t.ok((budgeted as number) < (flat as number), 'less shrinking, less spread');
    const narrow = (await findingsOf({ ...spec, width: 32 })).find(({ id }) => id === 'widthsForBudget');
    t.match(narrow?.claim, /A first width of 100 is enough/, '997.81/10; from 32 the last would be 0.32');
    t.equal(narrow?.change, undefined);
    const growing = (await findingsOf({ ...ones, depth: 5, outerWeightDecay: -3 })).find(
      ({ id }) => id === 'gradientGrowth',
    );
    t.match(
      growing,
      { claim: /Constant variances keep/, change: { outerWeightDecay: 0 } },
      'growing variances: constant ones are enough',
    );
  },
);

interface Panel {
  readonly title: string;
  readonly data: {
    readonly values: readonly {
      readonly x: number;
      readonly y: number;
      readonly form?: string;
      readonly mark?: string;
      readonly series?: string;
    }[];
  };
}
const panelsOf = (figure: unknown): readonly Panel[] => (figure as { readonly concat: readonly Panel[] }).concat;

t.test('figures', async (t) => {
  const build = (name: string, fields: object, run: object = {}): Promise<unknown> => {
    const spec = residual.resolveSpec(fields);
    return (residual.figures[name] as (typeof residual.figures)[string]).build(
      spec,
      residual.resolveRun(run, spec),
      {},
    );
  };
  const phases = panelsOf(await build('phaseDiagram', {}));
  t.same(
    phases.map(({ title }) => title),
    ['tanh: χ_0/χ_l', 'tanh: p_l', 'relu: χ_0/χ_l', 'relu: p_l'],
  );
  const formAt = (panel: number, x: number, y: number): string | undefined =>
    phases[panel]?.data.values.find((cell) => Math.abs(cell.x - x) < 1e-9 && Math.abs(cell.y - y) < 1e-9)?.form;
  t.equal(formAt(0, 0, 0), 'stretchedExponential');
  t.equal(formAt(0, 0.5, 0.5), 'power');
  t.equal(formAt(2, 0.5, 1), 'power');
  t.equal(formAt(2, 1, 1.5), 'bounded');
  t.equal(formAt(3, 1, 1), 'log');
  const exponents = panelsOf(await build('phaseTable', {})).flatMap(({ data }) =>
    data.values.filter(({ mark }) => mark === 'point'),
  );
  t.ok(
    exponents.length >= 12 && exponents.every(({ x, y }) => Math.abs(x - y) < 0.05),
    'fitted exponents lie on the diagonal',
  );
  const growth = panelsOf(await build('growth', { depth: 40 }));
  t.equal(growth.length, 4);
  t.ok(growth.every(({ data }) => data.values.every(({ y }) => Number.isFinite(y))));
  const widths = panelsOf(
    await build('widthVariation', { ...ones, depth: 20, width: { start: 64, halveAt: [9, 16] } }, { trials: 5 }),
  );
  t.equal(widths.length, 4);
  const total = widths[3]?.data.values.filter(({ mark }) => mark === 'line') ?? [];
  const bySeries = (series: string): number[] => total.filter((point) => point.series === series).map(({ y }) => y);
  t.ok(
    bySeries('widths of the spec').every((y, i) => Math.abs(y / (bySeries('constant width')[i] as number) - 1) < 1e-12),
    'the theory of the total does not see the widths',
  );
});

t.test("the seed paper's width schedule", async (t) => {
  const widths = { start: 2048, halveAt: [16, 25, 36, 49, 64, 81] };
  const ratio = (fields: object): Promise<number> =>
    evaluate('residual', 'logGradientRatio', { ...ones, depth: 100, ...fields }) as Promise<number>;
  t.ok(Math.abs(Math.exp(await ratio({})) - 997.81) < 0.01);
  t.ok(Math.abs(Math.exp(await ratio({ width: widths })) - 15.591) < 0.001);
  for (let fromLayer = 15; fromLayer <= 100; fromLayer++) {
    const value = Math.exp(await ratio({ width: widths, fromLayer }));
    if (value < 1 - 1e-12 || value > 2.8825) t.fail(`χ at layer ${fromLayer} is ${value}`);
  }
  t.ok(
    Math.abs(
      ((await evaluate('residual', 'relativeStandardDeviationOfSecondMoment', {
        ...ones,
        depth: 100,
        width: 2048,
      })) as number) - 0.0316,
    ) < 5e-5,
  );
});

t.test('numbers beyond the range are left out of advice, never NaN', async (t) => {
  const spec = { system: 'residual', activation: { expression: 'x * x' }, depth: 6 } as const;
  const advice = await advise({ ...spec, outerBiasVariance: 1e300, innerWeightDecay: 1e12 });
  const text = JSON.stringify(advice.sections.map(({ findings }) => findings));
  t.ok(text.length > 100);
  t.notMatch(text, /NaN|null/);
});
