// The largest eigenvalue of the Jacobian of random equilibrium layers, by dense eigenvalues, beside its mean field theory.
import t from 'tap';
import { predict } from 'mft-native';
import { addon, seedHalves } from '../../dist/core/addon.js';
import { spectrumOf } from '../../dist/systems/implicit/products.js';

const count = 12;
const weightVariance = 0.5;

const normals = (n: number, trial: number, layer: number): Float64Array =>
  addon().normals({ seed: seedHalves(77), trial, layer, purpose: 'weights', first: 0, count: n });

/** Jacobian at rest of h = tanh(W m h + u), N(0, σ²/n) weights and drive N(0, ½), by plain iteration here. */
function jacobian(n: number, trial: number, keep: number): Float64Array {
  const scale = Math.sqrt(weightVariance / n);
  const weights = normals(n * n, trial, 1).map((x) => scale * x);
  const drive = normals(n, trial, 2).map((x) => Math.sqrt(0.5) * x);
  // Every fifth unit is dropped: as good as a random mask, for weights are independent of it.
  const mask = Float64Array.from({ length: n }, (_, i) => (keep < 1 && i % 5 === 0 ? 0 : 1 / keep));
  let h = new Float64Array(n);
  for (let step = 0; step < 80; step++) {
    const kept = h.map((x, j) => x * (mask[j] as number));
    h = drive.map((u, i) => {
      let sum = u;
      for (let j = 0; j < n; j++) sum += (weights[i * n + j] as number) * (kept[j] as number);
      return Math.tanh(sum);
    });
  }
  return weights.map((w, at) => (1 - (h[Math.floor(at / n)] as number) ** 2) * w * (mask[at % n] as number));
}

const meanOf = (values: readonly number[]): readonly [mean: number, error: number] => {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const squares = values.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return [mean, Math.sqrt(squares / (values.length - 1) / values.length)];
};

for (const keepProbability of [1, 0.8])
  t.test(`keep probability ${keepProbability}`, async (t) => {
    const spec = { system: 'implicit', weightVariance, inputVariance: 0.5, keepProbability } as const;
    const chi = (await predict(spec)).quantities.squaredJacobianRadius as number;
    const excess: number[] = [];
    for (const n of [100, 400]) {
      const [layers, plain]: [number[], number[]] = [[], []];
      for (let trial = 0; trial < count; trial++) {
        layers.push((await spectrumOf(n, jacobian(n, trial, keepProbability))).radius / Math.sqrt(chi));
        const independent = normals(n * n, trial, 3).map((x) => x / Math.sqrt(n));
        plain.push((await spectrumOf(n, independent)).radius);
      }
      // At finite width the largest of n eigenvalues lies off the circle; that of independent entries says by how much.
      const [[mean, error], [other, otherError]] = [meanOf(layers), meanOf(plain)];
      const z = (mean - other) / Math.hypot(error, otherError);
      t.ok(
        Math.abs(z) < 5,
        `${n} units: ρ/√χ ${mean.toFixed(4)}, independent entries ${other.toFixed(4)}, z ${z.toFixed(2)}`,
      );
      t.ok(error < 0.03, `standard error ${error.toFixed(4)}`);
      excess.push(Math.abs(mean - 1) - 3 * error);
    }
    t.ok((excess[1] as number) < 0.03, `ρ is √χ within 3 % and three errors at 400 units: ${excess[1]?.toFixed(4)}`);
  });
