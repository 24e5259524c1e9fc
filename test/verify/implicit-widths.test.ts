// The adjoint of random equilibrium layers at 400 and 1,600 units beside its theory, with and without dropout: values, terms of the
// Neumann series for a tolerance, and whether what theory leaves out falls like 1/width.
import t from 'tap';
import { type ImplicitRun, type ImplicitSpec, predict, simulate } from 'mft-native';

interface Estimate {
  readonly name: string;
  readonly theory: number;
  readonly mean: number;
  readonly error: number;
}

const termCount = 24;
const tolerances = [1e-1, 1e-2, 1e-3] as const;
/** Powers from which single terms are no longer an average over a wide layer are left to the geometric mean. */
const places = {
  preActivationVariance: [0, 1, 5, termCount],
  squaredJacobianRadius: [0],
  adjointNorm: [0],
  termNorm: [0, 3, 7],
  neumannError: [0, 3, 7, 11],
} as const;

/** Real number of terms at which a trial's error crosses a tolerance, linear in the logarithm between two counts. */
function crossing(errors: Float64Array, tolerance: number): number {
  const wanted = Math.log(tolerance);
  const at = errors.findIndex((x) => x <= wanted);
  if (at < 0) throw new Error(`no error below ${tolerance} in ${errors.length} terms`);
  const before = at === 0 ? 0 : (errors[at - 1] as number);
  return at + (before - wanted) / (before - (errors[at] as number));
}

async function estimates(given: ImplicitSpec, run: ImplicitRun): Promise<Estimate[]> {
  const spec = { system: 'implicit', ...given } as const;
  const theory = await predict(spec);
  const simulated = await simulate(spec, { ...run, rawTrials: true });
  const found: Estimate[] = Object.entries(places).flatMap(([name, indices]) => {
    const [expected, seen] = [theory.observables, simulated.observables].map((all) => all[name as keyof typeof places]);
    return indices.map((i) => ({
      name: `${name}[${i}]`,
      theory: expected?.values[i] as number,
      mean: seen?.values[i] as number,
      error: (seen as { standardError: Float64Array }).standardError[i] as number,
    }));
  });
  const { trials: raw, count } = simulated.observables.neumannError as { trials: Float64Array; count: Float64Array };
  const trials = count[0] as number;
  t.equal(trials, run.trials, 'every layer came to rest');
  const chi = theory.quantities.squaredJacobianRadius as number;
  for (const tolerance of tolerances) {
    const terms = Array.from({ length: trials }, (_, k) =>
      crossing(raw.subarray(k * termCount, (k + 1) * termCount), tolerance),
    );
    const mean = terms.reduce((sum, x) => sum + x, 0) / trials;
    const variance = terms.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (trials - 1);
    const expected = (2 * Math.log(tolerance)) / Math.log(chi);
    found.push({
      name: `terms to ${tolerance}`,
      theory: expected,
      mean,
      error: Math.sqrt(variance / trials),
    });
  }
  return found;
}

const cases: Readonly<Record<string, ImplicitSpec>> = {
  tanh: { activation: 'tanh', weightVariance: 0.5, inputVariance: 0.5 },
  'tanh with dropout': { activation: 'tanh', weightVariance: 0.4, keepProbability: 0.8 },
  'relu with dropout': { activation: 'relu', weightVariance: 0.5, keepProbability: 0.8 },
};

for (const [name, given] of Object.entries(cases))
  t.test(name, async (t) => {
    const spec = { ...given, termCount };
    const narrow = await estimates({ ...spec, width: 400 }, { trials: 400, seed: 31, threads: 1 });
    const wide = await estimates({ ...spec, width: 1600 }, { trials: 40, seed: 32, threads: 1 });
    for (const [i, { theory, mean, error, ...at }] of narrow.entries()) {
      const other = wide[i] as Estimate;
      const gaps = [400 * (mean - theory), 1600 * (other.mean - theory)] as const;
      const errors = [400 * error, 1600 * other.error] as const;
      const shown = `${at.name}: bias × width ${gaps.map((x, k) => `${x.toFixed(2)} ± ${errors[k]?.toFixed(2)}`).join(', ')}`;
      t.ok(Math.abs(gaps[1] - gaps[0]) < 5 * Math.hypot(...errors), shown);
      // What is left when a bias of order 1/width is taken out by the two widths.
      const limit = (4 * other.mean - mean) / 3;
      const z = (limit - theory) / (Math.hypot(4 * other.error, error) / 3);
      t.ok(Math.abs(z) < 5, `${at.name}: theory ${theory.toPrecision(6)}, widths to infinity z ${z.toFixed(2)}`);
      const direct = (other.mean - theory) / other.error;
      t.ok(Math.abs(direct) < 5, `${at.name}: 1600 units z ${direct.toFixed(2)}`);
    }
  });
