// 30 networks of every activation: as test/systems/feedforward/finite-size.test.ts asks six.
import t from 'tap';
import { foundAmong } from '../systems/feedforward/random-networks.js';

t.test('30 random networks, 1000 trials each: right simulations never disagree, a variance 2 % off does', async (t) => {
  const found = await foundAmong(t, 30);
  t.ok(found >= 28, `${found} of 30 planted errors of 2 % in the weight variance are found`);
});
