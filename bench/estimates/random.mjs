// Random specs of every system for predict, simulate and compare, each in a fresh process: the estimate of memory is never below
// the growth of the peak, and at most three times it for 19 of 20. Small jobs count too; memory.mjs says what is measured.
//   node bench/estimates/random.mjs [--count 60] [--seed 1]
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { count: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
});

// A multiplicative generator (Lehmer's, 48271 modulo 2^31 − 1): the same specs on every machine.
const modulus = 2 ** 31 - 1;
let state = Number(values.seed) % modulus || 1;
const uniform = () => {
  state = (48_271 * state) % modulus;
  return state / modulus;
};
/** A whole number in [low, high], its logarithm uniform. */
const whole = (low, high) => Math.round(low * (high / low) ** uniform());
const pick = (...choices) => choices[Math.floor(choices.length * uniform())];

/** A network of a system and the trials of its run: sizes over two or more powers of ten. */
const networks = {
  feedforward: () => ({ activation: pick('tanh', 'relu'), width: whole(10, 20_000), depth: whole(2, 300) }),
  residual: () => ({ activation: pick('tanh', 'relu'), width: whole(10, 20_000), depth: whole(2, 1000) }),
  percolation: () => ({ width: whole(2, 100), depth: whole(2, 10_000), edgeKeepProbability: 0.1 + 0.9 * uniform() }),
  kernel: () => ({ activation: pick('relu', 'erf'), width: whole(10, 2000), depth: whole(1, 30) }),
  autoencoder: () => ({
    inputVariance: Array.from({ length: whole(1, 20) }, (_, i) => 1 / (1 + i)),
    width: whole(1, 30),
    steps: whole(10, 10_000),
  }),
  recurrent: () => ({
    cell: 'minimal',
    weightSharing: 'untied',
    recurrentWeightVariance: 4,
    biasMean: 1,
    width: whole(10, 1000),
    steps: whole(2, 100),
  }),
  convolution: () => ({ input: [whole(12, 40), 20, 1], kernel: 3, pool: 1, width: whole(2, 40), depth: whole(1, 3) }),
  implicit: () => ({ width: whole(10, 1500), termCount: whole(2, 300) }),
};

const child = fileURLToPath(new URL('memory.mjs', import.meta.url));
const systems = Object.keys(networks);
let [below, above, failed] = [0, 0, 0];
const count = Number(values.count);
for (let i = 0; i < count; i++) {
  const system = systems[i % systems.length];
  const verb = pick('predict', 'simulate', 'compare');
  const base = { system, ...networks[system]() };
  const plan = {
    verb,
    base,
    ...(verb === 'predict' ? {} : { run: { trials: whole(2, 200), rawTrials: uniform() < 0.3 } }),
  };
  try {
    const text = execFileSync(process.execPath, [child, JSON.stringify([plan, system])], {
      env: { ...process.env, OPENBLAS_NUM_THREADS: '1' },
      encoding: 'utf8',
      timeout: 120_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [growth, estimate] = JSON.parse(text);
    const [said, measured] = [estimate, growth].map((bytes) => (bytes / 2 ** 20).toFixed(1));
    const verdict = estimate < growth ? 'BELOW' : estimate > 3 * growth ? 'above' : 'holds';
    if (verdict === 'BELOW') below++;
    if (verdict === 'above') above++;
    console.log(`${verdict} ${verb}: said ${said} MiB, measured ${measured} MiB: ${JSON.stringify(plan)}`);
  } catch (error) {
    failed++;
    console.log(`failed ${verb}: ${String(error.stderr ?? error.message).slice(-300)}: ${JSON.stringify(plan)}`);
  }
}
console.log(`${count} specs: ${below} below, ${above} above three times, ${failed} without a measurement`);
if (below > 0 || failed > 0 || above > count / 20) process.exitCode = 1;
