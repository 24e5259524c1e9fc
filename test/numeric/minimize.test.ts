// Minima of functions whose minima are known.
import t from 'tap';
import { minimize } from '../../dist/numeric/minimize.js';

const options = { tolerance: 1e-9, iterations: 200 };

t.test('a quadratic form of condition 10^6, and the valley of Rosenbrock', async (t) => {
  const scales = [1, 1e2, 1e4, 1e6];
  const quadratic = await minimize(
    async (x) => ({
      value: x.reduce((sum, value, i) => sum + ((scales[i] as number) * (value - i) ** 2) / 2, 0),
      gradient: x.map((value, i) => (scales[i] as number) * (value - i)),
    }),
    Float64Array.of(5, -3, 2, 8),
    options,
  );
  t.ok(quadratic.isConverged && quadratic.evaluations < 100, `${quadratic.evaluations} evaluations`);
  quadratic.x.forEach((value, i) => t.ok(Math.abs(value - i) < 1e-8, `${value}`));
  const valley = await minimize(
    async ([x = 0, y = 0]) => ({
      value: (1 - x) ** 2 + 100 * (y - x * x) ** 2,
      gradient: Float64Array.of(-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)),
    }),
    Float64Array.of(-1.2, 1),
    options,
  );
  t.ok(valley.isConverged && Math.abs((valley.x[0] as number) - 1) < 1e-7, `${valley.x}`);
});

t.test('a domain with an end, and a limit of iterations', async (t) => {
  // −log x + x: infinite below 0.
  const log = await minimize(
    async ([x = 0]) =>
      x > 0
        ? { value: x - Math.log(x), gradient: Float64Array.of(1 - 1 / x) }
        : { value: Number.POSITIVE_INFINITY, gradient: Float64Array.of(0) },
    Float64Array.of(30),
    options,
  );
  t.ok(log.isConverged && Math.abs((log.x[0] as number) - 1) < 1e-8, `${log.x}`);
  const short = await minimize(
    async ([x = 0]) => ({ value: x ** 4, gradient: Float64Array.of(4 * x ** 3) }),
    Float64Array.of(3),
    { ...options, iterations: 2 },
  );
  t.ok(!short.isConverged && short.iterations === 2);
});
