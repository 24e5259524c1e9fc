// Figure 5: training accuracy over depth and σ_w² without dropout, with multiples of ξ_c over it.
import { formulaLengths, fitFormulas } from '../../systems/feedforward/experiments/trainable-length.js';
import {
  mapBoundaries,
  type MeasuredMap,
  network,
  trainedMaps,
  type TrainabilityScale,
} from '../deep-dropout/trainability.js';
import { accuracyMaps, type TheoryCurve } from '../deep-dropout/trainability-figures.js';
import { deeperRow, multipleRows, inPaperSetting } from '../deep-dropout/trainability-rows.js';
import { informationRuns, quickMaps, quickTraining } from '../deep-dropout/trainability-scales.js';
import type { Reproduction } from '../types.js';
import { paper, sources } from './paper.js';

export const figure5: Reproduction<TrainabilityScale> = {
  id: 'deep-information-figure-5',
  paper,
  system: 'feedforward',
  title: 'Training accuracy over depth and σ_w² without dropout: how many ξ_c can be trained?',
  settings: {
    ...network,
    width: 300,
    depth: '10 … 300',
    weightVariance: '1 … 4',
    panels: 'MNIST 200 steps SGD; CIFAR-10 2000 steps SGD; MNIST 14 000 steps SGD; MNIST 300 steps RMSProp',
    overlay: 'n ξ_c, 6 ξ_c',
    recalled: true,
  },
  scales: {
    quick: { ...quickTraining, maps: quickMaps([1], ['mnist', 'cifar10']), cost: '50 s' },
    paper: { ...informationRuns, maps: paperMaps(), cost: '38 days' },
  },
  run: async (scale, options) => {
    const { maps, missing } = await trainedMaps(scale, options);
    const rows = maps.flatMap((map) => [
      ...multipleRows([map], map.name, scale, sources.statement),
      ...inPaperSetting(peakRows(map), scale),
    ]);
    const figures = (
      await Promise.all(
        maps.map((map, i) =>
          accuracyMaps(`map-${i + 1}`, `Training accuracy, width ${scale.width}`, [map], [sixScales, fitted(map)]),
        ),
      )
    ).flat();
    return { figures, rows: [...rows, ...missing] };
  },
};

function paperMaps(): TrainabilityScale['maps'] {
  const weightVariances = Array.from({ length: 16 }, (_, i) => 1 + 0.2 * i);
  const depths = Array.from({ length: 15 }, (_, i) => 10 + Math.round((290 * i) / 14));
  const map = { keepProbability: 1, weightVariances, depths, learningRates: [1e-3, 3e-4, 1e-4] } as const;
  return [
    { ...map, dataset: 'mnist', steps: 200 },
    { ...map, dataset: 'cifar10', steps: 2000 },
    { ...map, dataset: 'mnist', steps: 14_000 },
    { ...map, dataset: 'mnist', steps: 300, optimizer: 'rmsProp', learningRates: [1e-4, 3e-5, 1e-5] },
  ];
}

const sixScales: TheoryCurve = { name: '6 ξ_c', depth: (column) => formulaLengths(column).sixCorrelation };

/** The multiple that was fitted to this map. */
function fitted(map: MeasuredMap): TheoryCurve {
  const fit = fitFormulas(
    map.columns,
    mapBoundaries(map, 0.5).map(({ boundary }) => boundary),
  ).find(({ formula }) => formula === 'sixCorrelation');
  const multiple = fit?.multiple ?? 6;
  return { name: 'n ξ_c, n fitted (rows)', depth: (column) => (multiple / 6) * formulaLengths(column).sixCorrelation };
}

/** The critical weight variance at σ_b² = 0.05. */
const critical = 1.760954639607;

/** Near the critical line networks train deeper than far from it, on both sides. */
function peakRows(map: MeasuredMap): ReturnType<typeof deeperRow>[] {
  const all = mapBoundaries(map, 0.5);
  const distance = (at: number): number => Math.abs(at - critical);
  const near = [...all].sort((a, b) => distance(a.column.weightVariance) - distance(b.column.weightVariance))[0];
  const ends = [all[0], all.at(-1)];
  return ends.map((end) =>
    deeperRow(
      `boundary at σ_w² = ${near?.column.weightVariance} against σ_w² = ${end?.column.weightVariance}, ${map.name}`,
      'deepest near the critical line',
      sources.statement,
      near,
      end,
    ),
  );
}
