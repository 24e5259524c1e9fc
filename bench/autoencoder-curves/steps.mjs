// The steps of the curves, and the points of a curve that are compared.
export const stepsOf = (points) => Float64Array.from({ length: points }, (_, i) => (20_000 * i) / points);
export const looked = (curve) =>
  Array.from({ length: 64 }, (_, i) => curve[Math.floor(((i + 1) * (curve.length - 1)) / 64)]);
