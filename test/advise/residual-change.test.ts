// Residual connections among the changes that advise proposes for a plain network.
import t from 'tap';
import { advise, isUndefined, predict, type SpecOf } from 'mft-native';

const changeOf = async (spec: SpecOf<'feedforward'>) => {
  const [section] = (await advise({ ...spec, system: 'feedforward' })).sections;
  const findings = section === undefined || isUndefined(section.findings) ? [] : section.findings;
  return findings.find(({ id }) => id === 'changeResidual');
};

t.test('a deep sigmoid network: blocks keep the gradients that it loses', async (t) => {
  const found = await changeOf({ system: 'feedforward', activation: 'sigmoid', weightVariance: 16, depth: 30 });
  t.match(found, { severity: 'info', claim: /Residual connections/, change: { system: 'residual', depth: 30 } });
  const again = await predict(found?.change as unknown as SpecOf<'residual'>);
  t.equal(again.quantities.logGradientRatio, found?.after?.[0]?.value, 'as predicted');
  t.ok(Math.abs(found?.after?.[0]?.value as number) < 1);
});

t.test('not where nothing is wrong, nor with dropout, which blocks do not have', async (t) => {
  t.equal(await changeOf({ system: 'feedforward', weightVariance: 1.5, biasVariance: 0.05, depth: 4 }), undefined);
  t.equal(await changeOf({ system: 'feedforward', weightVariance: 0.5, keepProbability: 0.9, depth: 12 }), undefined);
});
