// What one would write first: network by network, edge by edge from every reached node. Math.random cannot be seeded.
import { readOptions, serve } from '../competitor/serve.mjs';

const { width, depth, edgeKeepProbability, keepProbability, networks } = readOptions();

/** Whether a path from the inputs to the outputs survives in fresh masks. */
function hasPath() {
  let reached = new Uint8Array(width).fill(1);
  for (let layer = 1; layer <= depth + 1; layer++) {
    const next = new Uint8Array(width);
    for (let from = 0; from < width; from++) {
      if (reached[from] === 0) continue;
      for (let to = 0; to < width; to++) if (Math.random() < edgeKeepProbability) next[to] = 1;
    }
    if (layer <= depth) for (let node = 0; node < width; node++) if (Math.random() >= keepProbability) next[node] = 0;
    reached = next;
  }
  return reached.includes(1);
}

await serve(async () => {
  let paths = 0;
  for (let i = 0; i < networks; i++) paths += hasPath() ? 1 : 0;
  return { networks, observables: { pathProbability: [paths / networks] } };
});
