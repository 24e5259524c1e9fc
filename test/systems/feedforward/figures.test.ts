// The figures of the system: each is built, holds what theory says, and refuses what it cannot draw.
import t from 'tap';
import { evaluate, render } from 'mft-native';
import { loadSystem } from '../../../dist/systems/registry.js';
import { numbersOf, structure } from '../../reproduce/tiny.js';

const spec = {
  activation: 'tanh',
  weightVariance: 1.4,
  biasVariance: 0.1,
  keepProbability: 0.9,
  width: 200,
  depth: 12,
};
const system = await loadSystem('feedforward');

async function build(name: string, given: object, run: object = { trials: 6, seed: 2 }): Promise<unknown> {
  const resolved = system.resolveSpec(given);
  return system.figures[name]?.build(resolved, system.resolveRun(run, resolved), {});
}

for (const name of Object.keys(system.figures)) {
  t.test(name, async (t) => {
    const figure = await build(name, spec);
    t.ok(numbersOf(figure).every(Number.isFinite), 'finite numbers only');
    t.matchSnapshot(structure(figure).join('\n'), name);
    t.match(await render(figure as never), /^<svg/);
  });
}

t.test('fixed points lie on the maps', async (t) => {
  const points = (figure: unknown, series: string): { x: number; y: number }[] =>
    (figure as { data: { values: { x: number; y: number; series: string }[] } }).data.values.filter((point) =>
      point.series.startsWith(series),
    );
  const parameters = { activation: 'tanh', weightVariance: 1.4, biasVariance: 0.1, keepProbability: 0.9 };
  const fixed = points(await build('varianceMap', spec), 'fixed point')[0];
  t.equal(fixed?.x, await evaluate('feedforward', 'fixedPointVariance', parameters));
  const correlation = points(await build('correlationMap', spec), 'c* =')[0];
  t.equal(correlation?.x, await evaluate('feedforward', 'fixedPointCorrelation', parameters));
  const theory = points(await build('correlationMap', spec), 'theory');
  const crossing = theory.findIndex(({ x, y }) => y < x);
  t.ok(
    (theory[crossing - 1]?.x as number) < (correlation?.x as number) &&
      (correlation?.x as number) <= (theory[crossing]?.x as number),
    'c* is where the map crosses the diagonal',
  );
});

t.test('per-layer fields have no map; no fixed point, no correlation map', async (t) => {
  const lists = { ...spec, weightVariance: Array.from({ length: 12 }, () => 1.4) };
  for (const name of ['varianceMap', 'correlationMap', 'phaseDiagram', 'depthScales'])
    await t.rejects(build(name, lists), { code: 'ERR_MFT_UNSUPPORTED', parameter: 'weightVariance' }, name);
  await t.rejects(build('correlationMap', { ...spec, activation: 'relu', weightVariance: 2.5 }), {
    code: 'ERR_MFT_NO_FIXED_POINT',
  });
  t.ok(await build('gradientProfile', lists), 'profiles take lists');
  t.ok(
    await build('varianceMap', { ...spec, activation: 'relu', weightVariance: 2.5 }),
    'a variance map without fixed point is drawn',
  );
});
