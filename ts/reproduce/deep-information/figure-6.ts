// Figure 6: training accuracy over depth and σ_w² with dropout: a bound on depth at every σ_w².
import {
  mapBoundaries,
  type MeasuredMap,
  network,
  trainedMaps,
  type TrainabilityScale,
} from '../deep-dropout/trainability.js';
import { accuracyMaps, formulaCurves } from '../deep-dropout/trainability-figures.js';
import { deeperRow, multipleRows, inPaperSetting } from '../deep-dropout/trainability-rows.js';
import { informationRuns, quickMaps, quickTraining } from '../deep-dropout/trainability-scales.js';
import type { Reproduction, ReproductionRow } from '../types.js';
import { paper, sources } from './paper.js';

const keeps = [0.99, 0.98, 0.94] as const;

export const figure6: Reproduction<TrainabilityScale> = {
  id: 'deep-information-figure-6',
  paper,
  system: 'feedforward',
  title: 'Training accuracy over depth and σ_w² with dropout: a bound on depth even where σ_w² is critical',
  settings: {
    ...network,
    width: 300,
    depth: '10 … 300',
    weightVariance: '1 … 4',
    keepProbability: keeps,
    overlay: '6 ξ_c',
    recalled: true,
  },
  scales: {
    quick: { ...quickTraining, maps: quickMaps(keeps, ['mnist']), cost: '30 s' },
    paper: { ...informationRuns, maps: paperMaps(), cost: '14 days' },
  },
  run: async (scale, options) => {
    const { maps, missing } = await trainedMaps(scale, options);
    const rows = [
      ...maps.flatMap((map) => multipleRows([map], map.name, scale, sources.statement)),
      ...inPaperSetting(boundRows(maps), scale),
    ];
    return {
      figures: await accuracyMaps(
        'maps',
        `Training accuracy with dropout, width ${scale.width}`,
        maps,
        formulaCurves(['sixCorrelation', 'twelveMinimum']),
        3,
      ),
      rows: [...rows, ...missing],
    };
  },
};

function paperMaps(): TrainabilityScale['maps'] {
  const weightVariances = Array.from({ length: 16 }, (_, i) => 1 + 0.2 * i);
  const depths = Array.from({ length: 15 }, (_, i) => 10 + Math.round((290 * i) / 14));
  return keeps.map((keepProbability) => ({
    dataset: 'mnist',
    keepProbability,
    weightVariances,
    depths,
    steps: 2000,
    learningRates: [1e-3, 3e-4, 1e-4],
  }));
}

/** At the σ_w² nearest to the critical one: the more dropout, the shallower. */
function boundRows(maps: readonly MeasuredMap[]): ReproductionRow[] {
  const near = maps.map((map) => ({
    map,
    found: mapBoundaries(map, 0.5).find(({ column }) => column.weightVariance === 2),
  }));
  return near
    .slice(1)
    .map(({ map, found }) =>
      deeperRow(
        `boundary at σ_w² = 2, ρ = ${near[0]?.map.keepProbability} against ρ = ${map.keepProbability}, MNIST`,
        'dropout bounds the depth, near the critical line too',
        sources.statement,
        near[0]?.found,
        found,
      ),
    );
}
