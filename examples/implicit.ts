// A gradient through a steady state of one's own network: does it rest, which solver, and how far from right is the answer?
import { diagnoseSteadyState, type FixedPointSystem, implicitGradient, solveSteadyState } from 'mft-native';

// Two units that inhibit each other: h ← tanh(W h + c).
const [weight, bias] = [-0.8, Float64Array.of(0.6, 0.2)];
const other = (v: Float64Array): Float64Array => Float64Array.of(weight * (v[1] as number), weight * (v[0] as number));
const slope = (h: Float64Array): Float64Array => other(h).map((x, i) => 1 / Math.cosh(x + (bias[i] as number)) ** 2);
const times = (a: Float64Array, b: Float64Array): Float64Array => a.map((x, i) => x * (b[i] as number));

const system: FixedPointSystem = {
  stateSize: 2,
  evaluate: (h) => other(h).map((x, i) => Math.tanh(x + (bias[i] as number))),
  vjp: (h, u) => other(times(slope(h), u)),
  jvp: (h, v) => times(slope(h), other(v)),
  parameterCotangent: (h, z) => ({ bias: times(slope(h), z) }),
};

const start = new Float64Array(2);
const { state, status, evaluations } = await solveSteadyState(system, start);
console.log(`${status} after ${evaluations} updates at`, Array.from(state, (x) => x.toFixed(4)).join(', '));

const { stability, spectralRadius, certificate } = await diagnoseSteadyState(system, state);
console.log(
  `${stability as string}: ρ(J) = ${spectralRadius.toFixed(4)}, certified below ${(certificate as number).toFixed(4)}`,
);

const loss = (h: Float64Array) => ({
  value: 0.5 * (h[0] as number) ** 2,
  gradient: Float64Array.of(h[0] as number, 0),
});
for (const options of [{ termCount: 1 }, { termCount: 5 }, {}] as const) {
  const { gradient, solve, errorBound } = await implicitGradient(system, start, loss, {
    method: 'neumann',
    ...options,
  });
  const found = 'bias' in gradient ? Array.from(gradient.bias, (x) => x.toFixed(6)).join(', ') : gradient.reason;
  console.log(`${solve.vjpCount} products: dL/dbias = ${found}, z within ${(errorBound as number).toExponential(1)}`);
}
