// The growth factor of ReLU residual networks in O(1): log Π_{l ≤ L} (1 + W l^−V) by Euler–Maclaurin.
import { legendreRule } from '../../numeric/legendre.js';

const directTerms = 64;
const panelNodes = 16;

/**
 * log Π_{l=1}^{L} (1 + W l^−V): log χ_0/χ_L of a ReLU network with W = ½σ_v²σ_w², V = β_v + β_w.
 *
 * @param coefficient W ≥ 0
 * @param decay V, finite
 * @param depth L ≥ 0, a whole number, as large as 1e15
 *
 * **Numerics**: direct to 64, then Euler–Maclaurin: the integral by Gauss–Legendre panels in log l, derivatives up to the
 * seventh from Taylor series; relative error below 1e-13; cost independent of the depth.
 */
export function reluLogProduct(coefficient: number, decay: number, depth: number): number {
  const term = (l: number): number => Math.log1p(coefficient * l ** -decay);
  let sum = 0;
  const direct = Math.min(depth, directTerms);
  for (let l = 1; l <= direct; l++) sum += term(l);
  if (depth <= directTerms) return sum;
  // Σ_{64 < l ≤ L} f = ∫_64^L f + (f(L) − f(64))/2 + Σ_k B_2k/(2k) [f^(2k−1)/(2k−1)!] between 64 and L.
  const near = taylor(coefficient, decay, directTerms);
  const far = taylor(coefficient, decay, depth);
  const derivative = (k: number): number => far(k) - near(k);
  const corrections =
    derivative(0) / 2 + derivative(1) / 12 - derivative(3) / 120 + derivative(5) / 252 - derivative(7) / 240;
  return sum + integral(term, directTerms, depth) + corrections;
}

/** k ↦ the k-th Taylor coefficient f^(k)(x)/k! of f(x) = log(1 + W x^−V). */
function taylor(coefficient: number, decay: number, x: number): (k: number) => number {
  const order = 7;
  const g = [coefficient * x ** -decay];
  for (let k = 1; k <= order; k++) g.push(((g[k - 1] as number) * (-decay - k + 1)) / (k * x));
  const one = 1 + (g[0] as number);
  const f = [Math.log1p(g[0] as number)];
  for (let k = 1; k <= order; k++) {
    let value = k * (g[k] as number);
    for (let j = 1; j < k; j++) value -= j * (f[j] as number) * (g[k - j] as number);
    f.push(value / (k * one));
  }
  return (k) => f[k] as number;
}

/** ∫_a^b f(l) dl with l = e^t, panels of length at most 1 in t. */
function integral(f: (l: number) => number, a: number, b: number): number {
  const [low, high] = [Math.log(a), Math.log(b)];
  const panels = Math.max(1, Math.ceil(high - low));
  const length = (high - low) / panels;
  const { nodes, weights } = legendreRule(panelNodes);
  let sum = 0;
  for (let panel = 0; panel < panels; panel++) {
    nodes.forEach((node, i) => {
      const l = Math.exp(low + length * (panel + node));
      sum += length * (weights[i] as number) * l * f(l);
    });
  }
  return sum;
}
