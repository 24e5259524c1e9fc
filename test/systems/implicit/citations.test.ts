// Citation networks: majority baselines, parts that dynamics cannot reach, and what gated networks forget at rest.
import t from 'tap';
import { readCitations } from '../../../dist/data/citations.js';
import { citationFacts, syntheticCitations } from '../../../dist/systems/implicit/experiments/citations.js';
import { structuralFacts } from '../../../dist/systems/implicit/experiments/gated-facts.js';

const known = {
  cora: { majority: '0.319', components: 78, bipartite: 62, unreachableTests: 59, isolated: 0, unlabelledConnected: 0 },
  citeseer: {
    majority: '0.231',
    components: 390,
    bipartite: 351,
    unreachableTests: 310,
    isolated: 48,
    unlabelledConnected: 15,
  },
} as const;

for (const name of ['cora', 'citeseer'] as const) {
  const skip = process.env.MFT_DATA === undefined && !process.env.MFT_REQUIRE ? 'MFT_DATA is not set' : false;
  t.test(`${name} as it is`, { skip }, async (t) => {
    const { testMajority, tests, ...facts } = citationFacts(await readCitations(name));
    const { majority, ...counts } = known[name];
    t.equal(tests, 1000);
    t.equal(testMajority.toFixed(3), majority, 'share of the commonest class among test nodes');
    t.match(facts, counts);
  });
}

t.test('gated networks at rest: no gradient for the update gate, features forgotten; sums do not rest', async (t) => {
  for (const seed of [1, 2, 3]) {
    const facts = await structuralFacts(syntheticCitations(), seed, {});
    t.equal(facts.length, 3);
    const [gate, features, released] = facts;
    // The last one is about a graph with hubs: here it is only said what was seen.
    for (const fact of [gate, features]) t.ok(fact?.holds, `${fact?.what}: ${fact?.measured}`);
    t.ok(Number(gate?.measured) < 1e-9 && Number(features?.measured) < 1e-9, 'numbers, not words');
    t.type(released?.measured, 'string');
  }
});
