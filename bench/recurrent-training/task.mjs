// Training steps of recurrent cells on sequences of 35 inputs: the cell and an output of ten classes from its last state.
import { atPeak, besidePyTorch, madeUpImages, meanLoss } from '../runner/training-frame.mjs';

const steps = 35;

/** Mean loss of the updates. */
export function trained({ cell, width, ...run }, seed) {
  const data = madeUpImages(steps * width);
  const spec = { system: 'recurrent', cell, resetAfter: true, width, steps };
  return meanLoss(spec, [steps * width], data, { ...run, learningRate: 0.1 }, seed);
}

const cells = ['vanilla', 'gru', 'lstm', 'minimal'];

export const task = {
  name: 'recurrent-training',
  title: 'Training of recurrent cells, 35 positions: seconds per update (forward, backward, plain descent)',
  cases: (isQuick) =>
    isQuick
      ? cells.map((cell) => ({ name: `${cell}, 32 units`, options: { cell, width: 32, batch: 20, updates: 3 } }))
      : cells.flatMap((cell) =>
          [128, 650].flatMap((width) =>
            [20, 64].map((batch) => ({
              name: `${cell}, ${width} units, ${batch} rows`,
              options: { cell, width, batch, updates: width === 128 ? 60 : 12 },
            })),
          ),
        ),
  check: ({ cell }) => ({ cell, width: 32, batch: 20, updates: 5 }),
  // Other initial weights: the losses of ten classes stay near log 10 for the first updates.
  ...besidePyTorch(trained, 0.25),
  /** Three products of the gates a position, at the multiply-add peak. */
  limit: ({ cell, width, batch }, _competitor, limits) => {
    const gates = { vanilla: 1, gru: 3, lstm: 4, minimal: 1 }[cell];
    return atPeak(12 * steps * batch * gates * width ** 2, limits);
  },
};
