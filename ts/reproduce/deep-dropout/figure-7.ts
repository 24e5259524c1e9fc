// Figure 7: training accuracy over depth and σ_w² (and ρ), with 12ξ₁, 6ξ₂ and 12ξ₂ over it: which of them is the boundary?
import { network, trainedMaps, type MeasuredMap, type TrainabilityScale } from './trainability.js';
import { accuracyMaps, formulaCurves, keepMap, multiplesFigure } from './trainability-figures.js';
import { comparisonRows, multipleRows } from './trainability-rows.js';
import { dropoutRuns, quickMaps, quickTraining } from './trainability-scales.js';
import type { Reproduction } from '../types.js';
import { paper, sources } from './paper.js';

const keeps = [1, 0.99, 0.95, 0.9, 0.8] as const;
/** Of the map over depth and keep probability: the measured σ_w² nearest to the critical one. */
const nearCritical = 2;

export const figure7: Reproduction<TrainabilityScale> = {
  id: 'deep-dropout-figure-7',
  paper,
  system: 'feedforward',
  title: 'Trainability heat maps, MNIST and CIFAR-10: which of 6ξ₂, 12ξ₁, 12ξ₂, 12 min(ξ₁, ξ₂) is the boundary?',
  settings: {
    ...network,
    width: 400,
    batchSize: 1000,
    depth: '10 … 250',
    weightVariance: '1 … 4',
    keepProbability: '1, 0.99, 0.98, 0.95 (here also 0.9, 0.8)',
    panels: 'MNIST and CIFAR-10, SGD and RMSProp, Gaussian and orthogonal weights, 1000 to 10 000 steps',
    overlay: '12 ξ₁, 6 ξ₂, 12 ξ₂',
  },
  scales: {
    quick: { ...quickTraining, maps: quickMaps(keeps, ['mnist', 'cifar10']), cost: '80 s' },
    paper: { ...dropoutRuns, maps: paperMaps(), cost: '5 years' },
  },
  run: async (scale, options) => {
    const { maps, missing } = await trainedMaps(scale, options);
    const groups = [...new Set(maps.map((map) => map.dataset))].map((dataset) =>
      maps.filter((map) => map.dataset === dataset),
    );
    const curves = formulaCurves(['twelveGradient', 'sixCorrelation', 'twelveCorrelation']);
    const title = `width ${scale.width}`;
    const figures = [
      ...(
        await Promise.all(
          groups.map((group) => accuracyMaps(nameOf(group), `Training accuracy, ${title}`, group, curves, 3)),
        )
      ).flat(),
      ...keepMap('keep', `Training accuracy at σ_w² = ${nearCritical}, ${title}`, groups, nearCritical, curves),
      multiplesFigure(maps),
    ];
    const comparisons = groups.flatMap((group) => [
      ...comparisonRows(group, scale, imagesOf(group), sources.question),
      ...multipleRows(group, `${imagesOf(group)}, all ρ`, scale, sources.caption),
    ]);
    return {
      figures,
      rows: [
        ...comparisons,
        ...maps.flatMap((map) => multipleRows([map], map.name, scale, sources.caption)),
        ...missing,
      ],
    };
  },
};

function imagesOf(group: readonly MeasuredMap[]): string {
  return (group[0]?.name ?? '').split(',')[0] as string;
}

function nameOf(group: readonly MeasuredMap[]): string {
  return imagesOf(group)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '');
}

/** The panels of the paper, then the keep probabilities and CIFAR-10 maps it does not have. */
function paperMaps(): TrainabilityScale['maps'] {
  const weightVariances = Array.from({ length: 31 }, (_, i) => (10 + i) / 10);
  const map = {
    weightVariances,
    depths: Array.from({ length: 25 }, (_, i) => 10 + 10 * i),
    learningRates: [0.01, 0.003, 0.001],
  } as const;
  const orthogonal = { ...map, weights: 'orthogonal', steps: 3000 } as const;
  const further = keeps.flatMap((keepProbability) =>
    (['mnist', 'cifar10'] as const).map((dataset) => ({ ...orthogonal, dataset, keepProbability })),
  );
  return [
    { ...map, dataset: 'mnist', keepProbability: 1, steps: 2000 },
    {
      ...map,
      dataset: 'mnist',
      keepProbability: 1,
      steps: 1000,
      optimizer: 'rmsProp',
      learningRates: [1e-4, 3e-5, 1e-5],
    },
    { ...orthogonal, dataset: 'mnist', keepProbability: 0.98 },
    { ...map, dataset: 'mnist', keepProbability: 0.98, steps: 10_000 },
    ...further,
  ];
}
