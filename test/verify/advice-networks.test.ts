// What advise says of networks that scatter, against as many simulated ones.
import t from 'tap';
import { type FeedforwardSpec, simulate } from 'mft-native';
import { feedforward } from '../../dist/systems/feedforward/index.js';

async function findingsOf(spec: FeedforwardSpec) {
  const found = await feedforward.findings?.(feedforward.resolveSpec(spec), {});
  return new Map((found ?? []).map((finding) => [finding.id, finding]));
}

t.test('a start near the parting point: the share of networks that goes the other way', async (t) => {
  const trials = 200;
  for (const [activation, weightVariance, keepProbability, width] of [
    ['gelu', 2, 0.9, 256],
    ['gelu', 1.1758578070366863, 0.5, 256],
    ['mish', 1.1053578649689948, 0.5, 256],
    ['gelu', 2, 0.9, 4096],
  ] as const) {
    const spec = { activation, weightVariance, keepProbability, biasVariance: 0, width, depth: 30 } as const;
    const found = (await findingsOf(spec)).get('bistable');
    const value = (name: string) => found?.evidence.find(({ quantity }) => quantity === name)?.value;
    const [share = 0, parting] = [value('otherSideProbability'), value('fixedPointVariance') as number];
    if (width > 1000) {
      t.equal(share, 0, 'wide networks follow infinite width');
      t.notMatch(found?.claim, /other way/);
      continue;
    }
    t.match(found?.claim, /about \d+ % of networks go the other way/);
    const run = await simulate(
      { system: 'feedforward', ...spec, inputs: { count: 1 } },
      { trials, seed: 6, rawTrials: true },
    );
    const rows = run.observables.variance?.trials as Float64Array;
    const other = Array.from({ length: trials }, (_, i) => rows[30 * i + 29] as number).filter((q) => q < parting);
    const seen = other.length / trials;
    const error = Math.sqrt((seen * (1 - seen)) / trials);
    const said = `${activation}: ${other.length} of ${trials}, said ${share.toFixed(3)}`;
    t.ok(Math.abs(seen - share) < 4 * error, said);
  }
});

t.test('gradients of a typical network where they scatter: as simulated, with no allowance', async (t) => {
  // Finite-width terms of shared weights below the default loss; orthogonal ones by size.
  const [trials, depth] = [300, 30];
  for (const spec of [
    { activation: 'softplus', weightVariance: 1, keepProbability: 0.5 },
    { activation: 'gelu', weightVariance: 1, keepProbability: 0.5 },
    { activation: 'relu', weightVariance: 1, keepProbability: 0.5 },
    { activation: 'selu', weightVariance: 2, keepProbability: 0.5, weights: 'orthogonal' },
  ] as const) {
    const network = { ...spec, biasVariance: 0, width: 256, depth, inputs: { count: 1 } } as const;
    const found = (await findingsOf(network)).get('typicalNetwork');
    const typical = found?.evidence.find(({ quantity }) => quantity === 'typicalLogGradientRatio');
    const variance = found?.evidence.find(({ quantity }) => quantity === 'logGradientVariance')?.value as number;
    const run = await simulate({ system: 'feedforward', ...network }, { trials, seed: 2027, rawTrials: true });
    const rows = run.observables.errorNorm?.trials as Float64Array;
    const ratios = Array.from(
      { length: trials },
      (_, i) => (rows[depth * i] as number) - (rows[depth * i + depth - 1] as number),
    );
    const mean = ratios.reduce((sum, x) => sum + x, 0) / trials;
    const seen = ratios.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (trials - 1);
    const z = (mean - (typical?.value as number)) / Math.sqrt(seen / trials);
    const name = `${spec.activation}: ${mean.toFixed(2)}, said ${typical?.value?.toFixed(2)}, z ${z.toFixed(1)}`;
    t.ok(Math.abs(z) < 4, name);
    t.ok(
      Math.abs(Math.log(seen / variance)) < 0.5,
      `${name}: variance ${seen.toFixed(2)}, said ${variance.toFixed(2)}`,
    );
  }
});
