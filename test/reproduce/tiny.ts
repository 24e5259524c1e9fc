/** Heat maps of training accuracy: two seeds of small networks on the synthetic images. */
const trained = { width: 24, batchSize: 20, trainCount: 400, validationCount: 200, seeds: 2 };

/** Level sets of residual networks. */
const levelRuns = {
  width: 16,
  batchSize: 20,
  trainCount: 200,
  validationCount: 100,
  steps: 20,
  seeds: 1,
  depths: [4, 8, 12, 16],
};

function trainedMap(keepProbability: number): Readonly<Record<string, unknown>> {
  return {
    dataset: 'mnist',
    keepProbability,
    weightVariances: [1, 2, 3],
    depths: [4, 12, 36],
    steps: 40,
    learningRates: [0.1, 0.03],
  };
}

// Scales so small that every reproduction runs in about a second.
export const tiny: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'deep-dropout-figure-1': { width: 500, trials: 20, points: 3 },
  'deep-dropout-figure-2': { width: 300, depth: 80, trials: 20 },
  'deep-dropout-figure-3': { width: 300, depth: 80, trials: 16 },
  'deep-dropout-figure-4': { trials: 40, width: 300, depth: 200, keeps: [0.8] },
  'deep-dropout-figure-5': { depth: 60, trials: 80, widths: [200, 400] },
  'deep-dropout-figure-6': {
    width: 32,
    steps: 30,
    validationCount: 200,
    seeds: 2,
    learningRates: [0.01, 0.05, 0.2],
    panels: [
      { keepProbability: 1, depths: [3, 6] },
      { keepProbability: 0.8, depths: [2, 4, 40] },
    ],
  },
  'deep-dropout-figure-7': { ...trained, maps: [1, 0.8].map(trainedMap) },
  'deep-dropout-figure-7-curves': { points: 4 },
  'deep-information-figure-1': { width: 5000, trials: 8, weights: [0.3, 1] },
  'deep-information-figure-2': { width: 5000, trials: 8, points: 4, simulated: [0.8] },
  'deep-information-figure-3': { width: 1000, trials: 12, points: 3 },
  'deep-information-figure-4': { width: 300, depth: 60, trials: 20, weights: [1, 2.5] },
  'deep-information-figure-5': { ...trained, maps: [1].map(trainedMap) },
  'deep-information-figure-6': { ...trained, maps: [0.9, 0.8].map(trainedMap) },
  'expressivity-figure-1': { width: 500, trials: 20, points: 3, grid: 3 },
  'expressivity-figure-2': { width: 500, trials: 20, points: 3 },
  'expressivity-figures-3-4': { width: 200, depth: 11, trials: 20 },
  'residual-width-variation': { start: 1024, trials: 120 },
  'weight-laws-normalized-kernels': { width: 100, networks: 12, depths: [1, 4, 16], negativeSlopes: [0, 0.2] },
  'residual-growth-laws': { depth: 100_000 },
  'residual-mnist-tanh': { ...levelRuns, points: 2 },
  'residual-mnist-relu': { ...levelRuns, points: 2 },
  'residual-mnist-weights': { ...levelRuns, points: 2 },
  'linear-autoencoders-figure-1': { grid: 9 },
  'linear-autoencoders-figure-2': { points: 9 },
  'linear-autoencoders-figure-3': { points: 9 },
  'linear-autoencoders-figure-4': {},
  'linear-autoencoders-figure-6': { count: 100, width: 8, steps: 60 },
  'linear-autoencoders-figure-5': { sets: ['mnist'], modes: 40, count: 500, width: 8, steps: 60 },
  'weight-laws-real-data': { sets: ['mnist'], samples: 20, inputs: 2, width: 50, networks: 6 },
  'gaussian-processes-regression': {
    counts: [70, 100],
    validationCount: 200,
    width: 32,
    steps: 20,
    subsets: 2,
  },
  'percolation-path-curves': { trials: 1024 },
  'percolation-critical-collapse': { trials: 1024 },
  'percolation-zero-gradients': { seeds: 1 },
  'deep-cnn-gap-gratings': { samples: [50, 200], seeds: 2, steps: 60 },
  'deep-cnn-bound-race': { points: 1 },
  'deep-cnn-norms': { values: [0.5, 8], seeds: 2, steps: 20 },
  'deep-cnn-ranks': { values: [1, 8], seeds: 2, steps: 20 },
  'deep-cnn-gradient-noise': { samples: [25, 400], repeats: 20, steps: 10 },
  'deep-cnn-stationary-points': { images: 40, samples: [40_000, 160_000], repeats: 2 },
  'deep-cnn-ranking': { samples: [50], seeds: 2, steps: 20, channels: [2] },
  'deep-cnn-gap': { samples: [50, 200], seeds: 2, steps: 60, codeSamples: 2000, codeEpochs: 2 },
  'recurrent-trainability': {
    lengths: [5, 10],
    biasMeans: [-2, 6],
    weightDeviations: [1.05],
    width: 32,
    steps: 60,
    testCount: 200,
  },
  'recurrent-forget-bias': { cells: ['minGru'], lengths: [4, 8], width: 16, steps: 30, seeds: 2, testCount: 200 },
  'recurrent-table-1': { cells: ['vanilla', 'gru', 'lstm'], width: 12, positions: 10, batchSize: 10, reports: 2 },
  'recurrent-back-propagation-documents': { epochs: 8, seeds: 2 },
  'recurrent-back-propagation-memory': { pixels: 7, hidden: 10, updates: 20, reports: [20], counts: [1, 3, 5] },
  'percolation-three-arms': { seeds: 2, steps: 60, depths: [1, 2], testCount: 200 },
};

type Json = { readonly [key: string]: unknown };

/** What a figure is made of, without its numbers: per panel a line of title, axes, marks and series. */
export function structure(figure: unknown): string[] {
  const { concat, title, ...body } = figure as Json & { concat?: readonly Json[]; title?: { text: string | string[] } };
  const heading = [title?.text ?? ''].flat().join(' ');
  return [heading, ...(concat ?? [body]).map(panel)];
}

function panel(body: Json): string {
  const layers = (body.layer ?? []) as readonly Json[];
  const encodings = layers.map(
    (layer) => layer.encoding as Readonly<Record<string, { title?: string; scale?: { type?: string } }>>,
  );
  const axis = (name: string): string =>
    [encodings[0]?.[name]?.title, encodings[0]?.[name]?.scale?.type].filter(Boolean).join(' ');
  const marks = layers.map((layer) => (layer.mark as { type: string }).type).join(' ');
  const data = [body, ...layers].flatMap(
    (part) => (part.data as { values?: readonly { series?: string; mark?: string }[] } | undefined)?.values ?? [],
  );
  // Cells of a heat map have no name, and are there or not with the accuracy of a short training: its seed is no structure.
  const names = new Set(data.map((row) => `${row.series ?? ''} ${row.mark ?? ''}`.trim()));
  const series = [...names].filter((name) => name !== '').join('; ');
  return `${typeof body.title === 'string' ? body.title : ''} | x ${axis('x')} | y ${axis('y')} | ${marks} | ${series}`;
}

/** Every number of a figure's data. */
export function numbersOf(figure: unknown): number[] {
  if (typeof figure === 'number') return [figure];
  if (typeof figure !== 'object' || figure === null) return [];
  return Object.values(figure).flatMap(numbersOf);
}
