// What advise says about paths, and the figures.
import t from 'tap';
import { evaluate, figure, type PercolationSpec } from 'mft-native';
import { percolation } from '../../../dist/systems/percolation/index.js';

const findingsOf = async (spec: PercolationSpec) =>
  (await percolation.findings?.(percolation.resolveSpec(spec), {})) ?? [];

t.test('irrelevant for a wide network', async (t) => {
  const [finding] = await findingsOf({ width: 512, depth: 1, keepProbability: 0.5 });
  t.match(finding, { id: 'percolationIrrelevant', severity: 'info', claim: /about 1e-154/ });
});

t.test('where paths die, and when a run breaks', async (t) => {
  const [finding] = await findingsOf({ width: 8, depth: 30, keepProbability: 0.3, training: { steps: 10_000 } });
  // (1 − 0.7^8)^i < 1/2 first at i = 12; 10,000 θ(L) < 1 first at L = 156.
  t.match(finding, {
    id: 'pathsDie',
    severity: 'critical',
    claim: /die at layer 12;.*exactly zero.*breaks at depth 156/,
  });
  const keepProbability = finding?.change?.keepProbability as number;
  t.ok(Math.abs((1 - (1 - keepProbability) ** 8) ** 30 - 0.999) < 1e-12, 'the proposed keep rate does what it says');
  const [shallow] = await findingsOf({ width: 8, depth: 5, keepProbability: 0.3, hasBiases: true });
  t.match(shallow, { severity: 'warning', claim: /would die at depth 12;.*constant/ });
  const [bond] = await findingsOf({ width: 6, depth: 40, edgeKeepProbability: 0.2 });
  t.ok((bond?.change?.edgeKeepProbability as number) > 0.2);
  const [image] = await findingsOf({ width: 8, depth: 3, keepProbability: 0.5, topology: { kind: 'conv2d' } });
  t.match(image, { id: 'percolationUnknown' });
});

interface Panel {
  readonly title: string;
  readonly data: {
    readonly values: readonly {
      readonly x: number;
      readonly y: number;
      readonly mark: string;
      readonly series: string;
    }[];
  };
}

t.test('figures are Vega-Lite JSON with theory and simulation', async (t) => {
  const spec = { system: 'percolation', width: 4, depth: 6, keepProbability: 0.7, edgeKeepProbability: 0.6 } as const;
  const profile = await figure(spec, 'profile', { run: { trials: 2048, seed: 3 } });
  const panels = profile?.concat as readonly Panel[];
  t.same(
    panels.map((panel) => panel.title),
    ['pathProbability', 'reachFraction', 'outputReachProbability', 'outputReachFraction', 'edgeParticipation'],
  );
  t.equal(panels[0]?.data.values.filter((point) => point.mark === 'point').length, 8);
  t.equal(panels[0]?.data.values.filter((point) => point.mark === 'line').length, 8);
  const phase = await figure({ system: 'percolation', keepProbability: 0.5 }, 'phaseDiagram');
  t.match(phase, { $schema: /vega-lite/, title: { text: 'Where paths die' } });
  t.same(JSON.parse(JSON.stringify(phase)), phase, 'plain JSON');
});

t.test('half-way keep rates of the path-probability curves', async (t) => {
  const table: [number, readonly number[], readonly number[]][] = [
    [2, [0.2929, 0.7412, 0.9169], [0.3226, 0.6152, 0.7885]],
    [4, [0.1591, 0.4913, 0.7117], [0.1195, 0.3022, 0.4172]],
    [8, [0.083, 0.2868, 0.4631], [0.0416, 0.1361, 0.1885]],
    [16, [0.0424, 0.1555, 0.2672], [0.0143, 0.0606, 0.0839]],
    [32, [0.0214, 0.081, 0.144], [0.0049, 0.0272]],
  ];
  for (const [width, site, bond] of table) {
    for (const [i, depth] of [1, 10, 100].entries()) {
      const parameters = { width, depth, target: 0.5 };
      t.equal(
        ((await evaluate('percolation', 'siteCriticalKeep', parameters)) as number).toFixed(4),
        site[i]?.toFixed(4),
        `site W ${width} L ${depth}`,
      );
      if (bond[i] === undefined) continue;
      t.equal(
        ((await evaluate('percolation', 'bondCriticalKeep', parameters)) as number).toFixed(4),
        bond[i].toFixed(4),
        `bond W ${width} L ${depth}`,
      );
    }
  }
});
