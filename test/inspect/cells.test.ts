// inspect of recurrent cells: steps are PyTorch's, Jacobians differences, fixed points in closed form.
import t from 'tap';
import { inspect, MftError, readArrays } from 'mft-native';
import { fixedPointsOf } from '../../dist/inspect/cells/fixed-points.js';
import { type GivenCell, type GivenKind, gateNames, stateSize } from '../../dist/inspect/cells/given-cell.js';
import { readCells } from '../../dist/inspect/cells/read-cells.js';
import { step } from '../../dist/inspect/cells/step.js';

const said = { cell: 'vanilla', activation: 'tanh' } as const;
const file = new URL('../fixtures/weights/recurrent.pt', import.meta.url).pathname;
const stored = async (path: string) =>
  Object.entries((await readArrays(path)).arrays).map(([name, { shape, values }]) => ({
    ...{ name, shape, type: 'F32', bytes: 0, storage: name },
    read: async () => values,
  }));
const arrays = await stored(file);

/** h after x_t = sin(1 + 3 t + i), t = 0, 1, 2: units 0, 1, 63 and the squared length, by PyTorch 2.13 in float64. */
const torch: Readonly<Record<string, readonly number[]>> = {
  lstm_l0: [0.0698522203449468, -0.013639039064372771, 0.05358319145323253, 0.14803629158229856],
  gru_l0: [0.06546557493299696, -0.039428442474167325, 0.005946372210549226, 1.2284275050796136],
  rnn_l0: [0.04789605670793934, 0.03815665449794831, -0.14994635035290577, 1.6040260011766043],
};

t.test('three steps are those of PyTorch', async (t) => {
  const cells = await readCells(arrays, said);
  t.same(
    cells.map(({ name }) => name),
    Object.keys(torch),
  );
  for (const cell of cells) {
    let state: Float64Array = new Float64Array(stateSize(cell));
    for (let time = 0; time < 3; time++)
      state = step(
        cell,
        state,
        Float64Array.from({ length: cell.inputs }, (_, i) => Math.sin(1 + 3 * time + i)),
        false,
      ).state;
    const h = state.slice(-cell.units);
    const found = [h[0], h[1], h[63], h.reduce((sum, x) => sum + x * x, 0)] as number[];
    const expected = torch[cell.name] as readonly number[];
    t.ok(
      found.every((value, i) => Math.abs(value - (expected[i] as number)) < 1e-14),
      `${cell.name}: ${found}`,
    );
  }
});

const wave = (count: number, phase: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => Math.sin(phase + 12.9898 * i));
const made = (cell: GivenKind, more: Partial<GivenCell> = {}): GivenCell => ({
  ...{ name: cell, cell, units: 5, inputs: 5, resetAfter: false, isRelu: false },
  gates: gateNames(cell).map((_, k) => ({
    recurrent: wave(25, k),
    input: wave(25, 10 + k),
    bias: wave(5, 20 + k),
  })),
  candidateRecurrentBias: wave(5, 30),
  ...more,
});

t.test('Jacobians are central differences', async (t) => {
  const cells = [
    ...(['vanilla', 'minimal', 'gru', 'lstm'] as const).map((cell) => made(cell)),
    made('vanilla', { isRelu: true }),
    made('gru', { resetAfter: true }),
  ];
  for (const cell of cells) {
    const [size, x, width] = [stateSize(cell), wave(5, 40), 1e-5];
    const state = wave(size, 50);
    const { jacobian } = step(cell, state, x, true);
    let worst = 0;
    for (let j = 0; j < size; j++) {
      const [above, below] = [width, -width].map(
        (by) => step(cell, state.with(j, (state[j] as number) + by), x, false).state,
      );
      for (let i = 0; i < size; i++) {
        const difference = ((above?.[i] as number) - (below?.[i] as number)) / (2 * width);
        worst = Math.max(worst, Math.abs(difference - (jacobian?.[i * size + j] as number)));
      }
    }
    t.ok(worst < 1e-9, `${cell.cell}: ${worst}`);
  }
});

t.test('fixed points of units by themselves, h = tanh 2h', async (t) => {
  const alone = (strength: number): GivenCell =>
    made('vanilla', {
      gates: [
        {
          recurrent: Float64Array.from({ length: 25 }, (_, i) => (i % 6 === 0 ? strength : 0)),
          input: new Float64Array(25),
          bias: new Float64Array(5),
        },
      ],
    });
  const starts = [0, 0.8, -0.8].map((value) => new Float64Array(5).fill(value));
  const found = await fixedPointsOf(alone(2), starts, async () => {});
  const h = 0.957504024077268;
  t.same(
    found.map(({ isStable, found: count }) => [isStable, count]),
    [
      [false, 1],
      [true, 1],
      [true, 1],
    ],
  );
  t.ok(Math.abs((found[0]?.spectralRadius as number) - 2) < 1e-12);
  for (const { secondMoment, spectralRadius } of found.slice(1)) {
    t.ok(Math.abs(secondMoment - h * h) < 1e-10, `${secondMoment}`);
    t.ok(Math.abs(spectralRadius - 2 * (1 - h * h)) < 1e-10, `${spectralRadius}`);
  }
  t.match(await fixedPointsOf(alone(0.5), starts, async () => {}), [{ secondMoment: 0, isStable: true, found: 3 }]);
});

t.test('what is no cell says so, what does not fit is refused', async (t) => {
  const plain = new URL('../fixtures/weights/plain.pt', import.meta.url).pathname;
  t.match((await inspect(plain, { recurrent: {} })).cells, { reason: /no recurrent cell/ });
  for (const recurrent of [{ steps: 0 }, { inputVariance: -1 }, { cell: 'lstm' }, { length: 3 }]) {
    const error = await inspect(file, { recurrent: recurrent as never }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    t.ok(error instanceof MftError && error.code !== 'ERR_MFT_INTERNAL', JSON.stringify(recurrent));
  }
});
