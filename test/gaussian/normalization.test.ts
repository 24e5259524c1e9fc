// Gradients of normalised layers: SciPy's quadrature, and networks written out here, with their own forward and backward pass.
import t from 'tap';
import { type ActivationSpec, normalizedGradient } from 'mft-native';

/** E φ'²/E φ² and E φ'²/Var φ over N(0, 1): SciPy, 20-point panels. */
const reference: readonly (readonly [ActivationSpec, number, number])[] = [
  ['relu', 1, 1.4669422069],
  ['gelu', 1.0720315984, 1.3188449709],
  ['silu', 1.0666342412, 1.2120811148],
  ['tanh', 1.1778072323, 1.1778072323],
  ['erf', 1.2257000038, 1.2257000038],
  ['softplus', 0.3184589837, 1.0805280525],
  ['elu', 1.0359047186, 1.0790134555],
  ['selu', 1.0715749925, 1.0715749925],
  [{ name: 'leakyRelu', slope: 0.01 }, 1, 1.4533707611],
  ['sigmoid', 0.1528270117, 1.03359239],
  ['linear', 1, 1],
];

const near = (a: number, b: number, tolerance = 1e-9): boolean => Math.abs(a - b) < tolerance * Math.abs(b);

t.test('wide layers', async (t) => {
  for (const [activation, plain, centred] of reference) {
    const what = JSON.stringify(activation);
    for (const normalization of ['layer', 'rms'] as const) {
      const found = normalizedGradient(activation, { normalization });
      t.ok(near(found.gradientMultiplier, plain), `${what}, ${normalization}`);
      t.ok(near(found.residualExponent as number, plain), `${what}: power of the depth`);
    }
    const batch = normalizedGradient(activation, { normalization: 'batch' }).gradientMultiplier;
    t.ok(near(batch, centred), `${what}, batch`);
    t.ok(batch >= 1 - 1e-12, `${what}: never below 1`);
    const before = normalizedGradient(activation, { normalization: 'layer', of: 'activation' });
    t.ok(near(before.gradientMultiplier, centred), `${what}: normalised before W`);
  }
  // ReLU has no scale: neither factor knows σ_w.
  const relu = normalizedGradient('relu', { normalization: 'layer', of: 'activation', weightVariance: 5 });
  t.ok(near(relu.gradientMultiplier, Math.PI / (Math.PI - 1)) && near(relu.residualExponent as number, 1));
});

t.test('finite batches of ReLU and of linear layers', async (t) => {
  const of = (activation: ActivationSpec, batchSize: number) =>
    normalizedGradient(activation, { normalization: 'batch', batchSize });
  const relu = [
    [4, 3.0840609481],
    [8, 1.7881899767],
    [16, 1.5899504167],
    [256, 1.4732342631],
  ] as const;
  for (const [batch, value] of relu) t.ok(near(of('relu', batch).gradientMultiplier, value), `B = ${batch}`);
  t.ok(near(of('relu', 1e8).gradientMultiplier, Math.PI / (Math.PI - 1), 1e-6), 'B → ∞');
  for (const batch of [4, 7, 100])
    t.ok(near(of('linear', batch).gradientMultiplier, (batch - 2) / (batch - 3)), `linear, B = ${batch}`);
  t.equal(of('relu', 3).gradientMultiplier, Infinity);
  t.equal(of('relu', 2).gradientMultiplier, 0);
  for (const [batch, warns] of [
    [2, true],
    [3, true],
    [5, true],
    [6, false],
    [8, false],
  ] as const)
    t.equal(of('relu', batch).warnings.length > 0, warns, `warning at B = ${batch}`);
});

/** Normal numbers by Box and Muller's transform, from a small generator with a fixed seed. */
function normals(seed: number): () => number {
  let state = seed;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 4294967296;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

interface Setting {
  readonly kind: 'layer' | 'rms' | 'batch';
  readonly phi: readonly [(z: number) => number, (z: number) => number];
  readonly batch: number;
  readonly width: number;
  readonly depth: number;
}

/**
 * log of |δ_1|²/|δ_L|² per layer of one network: z = W φ(ẑ) normalised to ẑ = (z − mean)/scale over units (one example) or examples (one
 * unit), errors δ at z drawn at the last layer and taken back through W, φ' and the normalisation.
 */
function logFactor({ kind, phi: [phi, slope], batch, width, depth }: Setting, seed: number): number {
  const draw = normals(seed);
  const size = batch * width;
  // Groups that are normalised together: of unit i the examples, or of example a the units. Number (a, i) lies at a·width + i.
  const [groups, members, at] =
    kind === 'batch'
      ? [width, batch, (g: number, m: number) => m * width + g]
      : [batch, width, (g: number, m: number) => g * width + m];
  const layers: { readonly weights: Float64Array; readonly normal: Float64Array; readonly scales: Float64Array }[] = [];
  let u = Float64Array.from({ length: size }, draw);
  for (let l = 0; l < depth; l++) {
    const weights = Float64Array.from({ length: width * width }, () => draw() / Math.sqrt(width));
    const z = product(u, weights, batch, width, false);
    const scales = new Float64Array(groups);
    for (let g = 0; g < groups; g++) {
      let [mean, square] = [0, 0];
      for (let m = 0; m < members; m++) mean += (z[at(g, m)] as number) / members;
      if (kind === 'rms') mean = 0;
      for (let m = 0; m < members; m++) square += ((z[at(g, m)] as number) - mean) ** 2 / members;
      scales[g] = Math.sqrt(square);
      for (let m = 0; m < members; m++) z[at(g, m)] = ((z[at(g, m)] as number) - mean) / Math.sqrt(square);
    }
    layers.push({ weights, normal: z, scales });
    u = Float64Array.from(z, phi);
  }
  let error = Float64Array.from({ length: size }, draw);
  const norms: number[] = [];
  for (let l = depth - 1; l >= 0; l--) {
    const { weights, normal, scales } = layers[l] as (typeof layers)[number];
    // At ẑ, then at z: without what is parallel to ẑ (and to 1).
    if (l < depth - 1) for (let i = 0; i < size; i++) error[i] = (error[i] as number) * slope(normal[i] as number);
    for (let g = 0; g < groups; g++) {
      let [mean, parallel] = [0, 0];
      for (let m = 0; m < members; m++) {
        mean += (error[at(g, m)] as number) / members;
        parallel += ((error[at(g, m)] as number) * (normal[at(g, m)] as number)) / members;
      }
      if (kind === 'rms') mean = 0;
      for (let m = 0; m < members; m++) {
        const i = at(g, m);
        error[i] = ((error[i] as number) - mean - parallel * (normal[i] as number)) / (scales[g] as number);
      }
    }
    norms.push(error.reduce((sum, d) => sum + d * d, 0));
    error = product(error, weights, batch, width, true);
  }
  // The first layer has other inputs, the last an error that knows nothing of the network.
  const [last, first] = [norms[2] as number, norms[depth - 2] as number];
  return first / last;
}

/** Rows times the transposed matrix, or times the matrix. */
function product(
  u: Float64Array,
  weights: Float64Array,
  batch: number,
  width: number,
  isBack: boolean,
): Float64Array<ArrayBuffer> {
  const out = new Float64Array(batch * width);
  for (let a = 0; a < batch; a++)
    for (let i = 0; i < width; i++) {
      if (isBack) {
        const d = u[a * width + i] as number;
        for (let j = 0; j < width; j++) (out[a * width + j] as number) += d * (weights[i * width + j] as number);
      } else {
        let sum = 0;
        for (let j = 0; j < width; j++) sum += (weights[i * width + j] as number) * (u[a * width + j] as number);
        out[a * width + i] = sum;
      }
    }
  return out;
}

const relu = [(z: number) => Math.max(z, 0), (z: number) => (z > 0 ? 1 : 0)] as const;
const tanh = [Math.tanh, (z: number) => 1 - Math.tanh(z) ** 2] as const;

t.test('networks of two widths have these factors', async (t) => {
  const [depth, networks] = [7, 16];
  const settings = [
    ['relu', relu, 'layer', 3],
    ['tanh', tanh, 'rms', 3],
    ['relu', relu, 'batch', 12],
  ] as const;
  for (const width of [60, 100])
    for (const [activation, phi, kind, batch] of settings) {
      const factors = Array.from({ length: networks }, (_, i) =>
        logFactor({ kind, phi, batch, width, depth }, 1000 * width + i),
      );
      const mean = factors.reduce((sum, x) => sum + x, 0) / networks;
      const spread = factors.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (networks - 1);
      const { gradientMultiplier: chi } = normalizedGradient(activation, {
        normalization: kind,
        ...(kind === 'batch' ? { batchSize: batch } : {}),
      });
      // From layer L − 2 back to layer 2; a width n adds terms of order 1/n to every factor.
      const layers = depth - 4;
      const expected = chi ** layers;
      const z = (mean - expected) / (Math.sqrt(spread / networks) + (3 * layers * expected) / width);
      t.ok(Math.abs(z) < 3, `${activation} ${kind}, width ${width}: ${mean} for ${expected}, ${z}`);
      t.ok(Math.abs(mean / expected - 1) < 0.25, `${activation} ${kind}, width ${width}`);
    }
});

t.test('what is not known is refused', async (t) => {
  const refused = (activation: ActivationSpec, layer: object, code: string) =>
    t.throws(() => normalizedGradient(activation, layer as never), { code }, JSON.stringify(layer));
  refused('tanh', { normalization: 'batch', batchSize: 8 }, 'ERR_MFT_UNSUPPORTED');
  refused('relu', { normalization: 'batch', of: 'activation' }, 'ERR_MFT_UNSUPPORTED');
  refused('relu', { normalization: 'layer', batchSize: 8 }, 'ERR_MFT_UNSUPPORTED');
  refused('relu', { normalization: 'batch', batchSize: 1 }, 'ERR_MFT_OUT_OF_RANGE');
  refused('relu', { normalization: 'group' }, 'ERR_MFT_INVALID_ARGUMENT');
  refused({ expression: '1' }, { normalization: 'batch' }, 'ERR_MFT_DEGENERATE');
});
