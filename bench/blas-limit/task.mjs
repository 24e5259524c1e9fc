// How near OpenBLAS and oneDNN come to the multiply-add peak for the shapes of the engines; PyTorch on the same products beside it.
const shapes = [
  { name: 'square 1024', m: 1024, n: 1024, k: 1024, transposed: 'no' },
  { name: 'square 4096', m: 4096, n: 4096, k: 4096, transposed: 'no' },
  { name: 'forward, 256 inputs, width 2048', m: 256, n: 2048, k: 2048, transposed: 'yes' },
  { name: 'backward, 256 inputs, width 2048', m: 256, n: 2048, k: 2048, transposed: 'no' },
  { name: 'forward, 64 inputs, width 2048', m: 64, n: 2048, k: 2048, transposed: 'yes' },
  { name: 'training, 64 inputs, width 300', m: 64, n: 300, k: 300, transposed: 'yes' },
  { name: 'training, gradient of the weights, width 300', m: 300, n: 300, k: 128, transposed: 'no' },
  { name: 'training, 128 inputs, width 300', m: 128, n: 300, k: 300, transposed: 'yes' },
];

const asInstalled = { core: 'as-installed' };

export const task = {
  name: 'blas-limit',
  title: 'Matrix products of single precision against the multiply-add peak; seconds per product',
  perNetwork: false,
  cases: (isQuick) =>
    (isQuick ? shapes.slice(2, 3) : shapes).map(({ name, ...shape }) => ({
      name,
      options: { ...shape, products: Math.max(1, Math.round(5e9 / (2 * shape.m * shape.n * shape.k))) },
    })),
  reference: undefined,
  competitors: [
    { name: 'our product', program: 'native.cc', precision: 'float32', isFor: (_, threads) => threads === 1 },
    { name: 'OpenBLAS', program: 'openblas.cc', precision: 'float32' },
    { name: 'OpenBLAS as installed', program: 'openblas.cc', precision: 'float32', options: () => asInstalled },
    { name: 'oneDNN', program: 'onednn.cc', precision: 'float32' },
    { name: 'PyTorch', program: 'torch.py', precision: 'float32' },
  ],
  scale: ({ products }) => 1 / products,
  expected: async () => ({}),
  // One entry of the product against a sum in double precision, in units of its own standard deviation.
  isRight: (_, answer) => {
    const error = Math.abs(answer.observables.error?.[0] ?? Number.NaN);
    return { isRight: error < 1e-5, detail: `error of an entry ${error.toExponential(1)} of its standard deviation` };
  },
  limit: ({ m, n, k }, _, limits) => ({
    limit: `multiply-add peak ${(limits.multiplyAddFloat32 / 1e9).toFixed(0)} Gflop/s`,
    seconds: (2 * m * n * k) / limits.multiplyAddFloat32,
  }),
};
