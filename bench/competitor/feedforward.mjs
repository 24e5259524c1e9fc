// The network of the tasks as a spec of the public API, and its answer in the form that all competitors give.

/**
 * Inputs of mean square 1 with correlation 1/2 for each pair: a constant plus a Walsh function. Exact when the width is
 * divisible by every power of two up to the number of inputs. The law of a random Gaussian network depends on the inputs only
 * through these numbers, so a drawn pair serves as well.
 */
export function inputVectors(count, width) {
  return Array.from({ length: count }, (_, a) =>
    Float32Array.from({ length: width }, (_, j) => (parity((a + 1) & j) === 0 ? Math.SQRT2 : 0)),
  );
}

function parity(bits) {
  let odd = 0;
  for (let rest = bits; rest > 0; rest >>>= 1) odd ^= rest & 1;
  return odd;
}

/** The spec of a case. */
export function specOf({ width, depth, inputs, weightVariance, biasVariance, keepProbability }) {
  const given = inputs > 2 ? { inputs: { values: inputVectors(inputs, width).map((row) => Array.from(row)) } } : {};
  return {
    system: 'feedforward',
    activation: 'tanh',
    output: 'preactivation',
    width,
    depth,
    weightVariance,
    biasVariance,
    keepProbability,
    ...given,
  };
}

/** Per layer: variance and log gradient averaged over the inputs, correlation and error correlation of the first two inputs. */
export function networkAnswer(simulation, { depth, inputs, networks }) {
  const { variance, correlation, typicalGradientSingle, errorCorrelation } = simulation.observables;
  const pairs = correlation.values.length / depth;
  const overInputs = ({ values }) =>
    Array.from(
      { length: depth },
      (_, l) => values.subarray(l * inputs, (l + 1) * inputs).reduce((sum, value) => sum + value, 0) / inputs,
    );
  const ofFirstPair = ({ values }) => Array.from({ length: depth }, (_, l) => values[l * pairs]);
  return {
    networks,
    observables: {
      variance: overInputs(variance),
      correlation: ofFirstPair(correlation),
      typicalGradientSingle: overInputs(typicalGradientSingle),
      errorCorrelation: ofFirstPair(errorCorrelation),
    },
  };
}
