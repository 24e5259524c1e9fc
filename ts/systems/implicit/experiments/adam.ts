// Adam (Kingma and Ba 2015) on arrays by name.
import type { Vector } from '../products.js';

const [decay, squareDecay, floor] = [0.9, 0.999, 1e-8] as const;

/** Takes one step on the arrays in place at every call. */
export function adam(
  learningRate: number,
): (arrays: Readonly<Record<string, Vector>>, gradient: Readonly<Record<string, Vector>>) => void {
  const moments: Record<string, { readonly first: Vector; readonly second: Vector }> = {};
  let step = 0;
  return (arrays, gradient) => {
    step++;
    const [a, b] = [1 - decay ** step, 1 - squareDecay ** step];
    for (const [name, g] of Object.entries(gradient)) {
      const w = arrays[name] as Vector;
      moments[name] ??= { first: new Float64Array(g.length), second: new Float64Array(g.length) };
      const { first, second } = moments[name];
      for (let i = 0; i < g.length; i++) {
        const x = g[i] as number;
        const m = decay * (first[i] as number) + (1 - decay) * x;
        const v = squareDecay * (second[i] as number) + (1 - squareDecay) * x * x;
        first[i] = m;
        second[i] = v;
        w[i] = (w[i] as number) - (learningRate * (m / a)) / (Math.sqrt(v / b) + floor);
      }
    }
  };
}
