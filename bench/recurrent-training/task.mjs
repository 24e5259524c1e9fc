// Training steps of recurrent cells on sequences of 35 and 196 inputs: the cell and an output of ten classes from its last
// state.
import { atPeak, besidePyTorch, madeUpImages, meanLoss } from '../runner/training-frame.mjs';

/** Sequences of inputs; few enough of long ones for the memory of small machines. */
export const examplesOf = (steps) => (steps > 35 ? 64 : 256);

const made = new Map();
/** Inputs of sequences, made once: what is timed is the training. */
function sequences(steps, width) {
  const dimension = steps * width;
  if (!made.has(dimension)) made.set(dimension, madeUpImages(dimension, 1, examplesOf(steps)));
  return made.get(dimension);
}

/** Mean loss of the updates. */
export function trained({ cell, width, steps, ...run }, seed) {
  const spec = { system: 'recurrent', cell, resetAfter: true, width, steps };
  return meanLoss(spec, [steps * width], sequences(steps, width), { ...run, learningRate: 0.1 }, seed);
}

/** About as long a run for every size. */
const updatesOf = (width, steps) => Math.round((width === 128 ? 60 : 12) / (steps > 35 ? 4 : 1));

const cells = ['vanilla', 'gru', 'lstm', 'minimal'];

const beside = besidePyTorch(trained, 0.25);

export const task = {
  name: 'recurrent-training',
  title: 'Training of recurrent cells: seconds per update (forward, backward, plain descent)',
  cases: (isQuick) =>
    isQuick
      ? cells.map((cell) => ({
          name: `${cell}, 32 units`,
          options: { cell, width: 32, steps: 35, batch: 20, updates: 3 },
        }))
      : cells.flatMap((cell) =>
          [128, 650].flatMap((width) =>
            [20, 64].flatMap((batch) =>
              [35, 196].map((steps) => ({
                name: `${cell}, ${width} units, ${batch} rows, ${steps} positions`,
                options: { cell, width, steps, batch, updates: updatesOf(width, steps) },
              })),
            ),
          ),
        ),
  check: ({ cell }) => ({ cell, width: 32, steps: 35, batch: 20, updates: 5 }),
  // Other initial weights: the losses of ten classes stay near log 10 for the first updates.
  ...beside,
  competitors: [
    ...beside.competitors,
    {
      name: 'tfjs-wasm',
      program: 'tfjs-wasm.mjs',
      precision: 'float32',
      isFor: ({ width }, threads) => threads === 1 && width <= 128,
    },
  ],
  /** Three products of the gates a position, at the multiply-add peak. */
  limit: ({ cell, width, steps, batch }, _competitor, limits) => {
    const gates = { vanilla: 1, gru: 3, lstm: 4, minimal: 1 }[cell];
    return atPeak(12 * steps * batch * gates * width ** 2, limits);
  },
};
