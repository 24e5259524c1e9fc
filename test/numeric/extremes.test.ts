import { predict, simulate } from 'mft-native';
import t from 'tap';
import { largestOf, leastOf } from '../../ts/numeric/extremes.js';

t.test('extremes of lists of any length', (t) => {
  const long = Float64Array.from({ length: 1_000_000 }, (_, i) => Math.sin(i));
  t.equal(largestOf(long), long.slice().sort().at(-1));
  t.equal(leastOf(long), long.slice().sort()[0]);
  t.same([largestOf([]), leastOf([]), largestOf([1, Number.NaN])], [-Infinity, Infinity, Number.NaN]);
  t.end();
});

t.test('a network of 125,000 layers is simulated: no list of layers becomes a list of arguments', async (t) => {
  const { observables } = await simulate({ system: 'feedforward', width: 1, depth: 125_000 }, { trials: 1 });
  t.equal(observables.variance?.values.length, 2 * 125_001 - 2 * 1, 'a row per layer');
});

t.test('theory of 130,000 residual blocks is no list of arguments either', async (t) => {
  const { observables } = await predict({ system: 'residual', width: 20, depth: 130_000 });
  t.equal(observables.gradientSecondMoment?.axes[0]?.values.length, 130_001);
});
